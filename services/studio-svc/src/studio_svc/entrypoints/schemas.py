"""Bodies and answers of the API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from persona_contracts import Text
from pydantic import BaseModel, Field, StringConstraints
from service_kit.identity import Principal, Role
from service_kit.requests import StrictRequest

from studio_svc.domain.browser_session import BrowserSession
from studio_svc.domain.secret import MAX_CHARS
from studio_svc.domain.services import ServiceHealth

Code = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_CHARS)]


class LoginRequest(StrictRequest):
    """The code of a one-time link."""

    code: Code = Field(description="What stands behind `#` in the link.", examples=["q3Zk…"])


class LoginWaysDocument(BaseModel):
    """How people sign in here."""

    oidc: bool = Field(description="At the company's identity provider: `/login/oidc`.")
    code: bool = Field(description="With a one-time link of the embedded profile.")


class LoginCodeDocument(BaseModel):
    """A one-time link: whoever opens it is signed in as the caller."""

    code: str
    url: str


class StandInDocument(BaseModel):
    """Something that only looks like the real thing."""

    service: str = Field(examples=["chat-svc"])
    stand_in: str = Field(examples=["writer:offline"])

    @classmethod
    def all_of(cls, found: Sequence[ServiceHealth]) -> list[Self]:
        """Return the documents of all that services have."""
        return [
            cls(service=each.name, stand_in=stand_in)
            for each in found
            for stand_in in each.stand_ins
        ]


class ServiceHealthDocument(BaseModel):
    """How a service is."""

    name: str = Field(examples=["chat-svc"])
    ok: bool
    reason: str | None = Field(description="What it lacks.")


class HealthDocument(BaseModel):
    """How the services are."""

    services: list[ServiceHealthDocument]
    stand_ins: list[StandInDocument]

    @classmethod
    def of(cls, found: Sequence[ServiceHealth]) -> Self:
        """Return the document of what services have told."""
        services = [
            ServiceHealthDocument(name=each.name, ok=each.ok, reason=each.reason) for each in found
        ]
        return cls(services=services, stand_ins=StandInDocument.all_of(found))


class MeDocument(BaseModel):
    """Who is signed in."""

    subject: str
    name: str | None
    email: str | None
    role: Role
    workspace_id: str
    stand_ins: list[StandInDocument]

    @classmethod
    def of(
        cls,
        principal: Principal,
        session: BrowserSession | None,
        found: Sequence[ServiceHealth],
    ) -> Self:
        """Return the document of a caller, with what is known from a sign-in, and of services."""
        return cls(
            subject=principal.subject,
            name=session.person.name if session else None,
            email=session.person.email if session else None,
            role=principal.role,
            workspace_id=principal.workspace_id,
            stand_ins=StandInDocument.all_of(found),
        )


class SessionDocument(BaseModel):
    """A browser in which somebody is signed in."""

    session_id: UUID
    subject: str
    name: str | None
    email: str | None
    role: Role
    user_agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool = Field(description="Whether this request comes from it.")

    @classmethod
    def of(cls, shown: BrowserSession, *, current: BrowserSession | None) -> Self:
        """Return the document of a session."""
        return cls(
            session_id=shown.session_id,
            subject=shown.person.subject,
            name=shown.person.name,
            email=shown.person.email,
            role=shown.person.role,
            user_agent=shown.user_agent,
            created_at=shown.created_at,
            seen_at=shown.seen_at,
            expires_at=shown.expires_at,
            current=current is not None and current.session_id == shown.session_id,
        )
