"""All rows of studio-svc; no logic."""

from datetime import datetime
from uuid import UUID

from service_kit.store import Base, OwnedByWorkspace
from sqlalchemy.orm import Mapped, mapped_column


class BrowserSessionRow(OwnedByWorkspace, Base):
    """A browser in which somebody is signed in."""

    __tablename__ = "browser_session"

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes]
    subject: Mapped[str]
    role: Mapped[str]
    name: Mapped[str | None]
    email: Mapped[str | None]
    user_agent: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class LoginCodeRow(OwnedByWorkspace, Base):
    """The code of a one-time link; it goes when it is used."""

    __tablename__ = "login_code"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    subject: Mapped[str]
    role: Mapped[str]
    expires_at: Mapped[datetime]
