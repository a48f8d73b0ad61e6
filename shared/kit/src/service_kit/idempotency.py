"""`Idempotency-Key`: the same request, sent again within a day, gets the same answer once more.

The key is stored in the transaction of what the request changes. A duplicate that comes while the
first still runs waits for the first's commit at the key's row.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

from fastapi import Request, Response
from sqlalchemy import String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from service_kit.errors import InvalidError
from service_kit.identity import Principal
from service_kit.personas import REVISION_HEADER
from service_kit.store import Base, OwnedByWorkspace, Session

KEPT_HOURS = 24
KEPT_HEADERS = {"content-type", "etag", "location", REVISION_HEADER.lower()}
REPLAYED = "Idempotency-Replayed"


class IdempotencyKeyReusedError(InvalidError):
    """The Idempotency-Key was used for another request."""

    slug = "idempotency-key-reused"


class IdempotencyRow(OwnedByWorkspace, Base):
    """A key, the request that it came with, and the answer (null only inside its transaction)."""

    __tablename__ = "idempotency"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request: Mapped[bytes]
    """SHA-256 of method, address, caller with role, and body."""
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AnsweredBefore(Exception):  # noqa: N818 — not an error: it carries the answer out
    """The request was answered before."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


_CLAIM = text(
    "insert into idempotency (workspace_id, key, request) values (:workspace_id, :key, :request)"
    " on conflict (workspace_id, key) do update"
    " set request = excluded.request, status = null, headers = null, body = null,"
    " created_at = now()"
    " where idempotency.created_at < now() - make_interval(hours => :hours) returning key"
)
_PRUNE = text("delete from idempotency where created_at < now() - make_interval(hours => :hours)")


async def claim(session: Session, request: Request, principal: Principal, key: str) -> None:
    """Take `key` for this request, in its transaction.

    The caller is part of the request: nobody is shown what another was answered.

    Raises:
        AnsweredBefore: with the stored response.
        IdempotencyKeyReusedError: the key belongs to another request.
    """
    digest = await _digest(request, principal)
    taken = {"workspace_id": principal.workspace_id, "key": key, "request": digest}
    if await session.scalar(_CLAIM, {**taken, "hours": KEPT_HOURS}) is not None:
        return
    row = await session.get_one(IdempotencyRow, (principal.workspace_id, key))
    if row.request != digest:
        raise IdempotencyKeyReusedError("Send another key, or the same request as before.")
    raise AnsweredBefore(_stored_response(row))


async def keep(session: Session, principal: Principal, key: str, response: Response) -> None:
    """Store the answer beside the claimed key."""
    row = await session.get_one(IdempotencyRow, (principal.workspace_id, key))
    row.status = response.status_code
    row.headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
    row.body = bytes(response.body)


async def prune(session: Session) -> None:
    """Forget keys that are older than KEPT_HOURS."""
    await session.execute(_PRUNE, {"hours": KEPT_HOURS})


async def _digest(request: Request, principal: Principal) -> bytes:
    digest = sha256()
    for part in (
        request.method.encode(),
        str(request.url.path).encode(),
        request.url.query.encode(),
        f"{principal.role} {principal.subject}".encode(),
        await request.body(),
    ):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.digest()


def _stored_response(row: IdempotencyRow) -> Response:
    if row.status is None:
        raise RuntimeError("an idempotency key was committed without its answer")
    return Response(row.body, row.status, {**(row.headers or {}), REPLAYED: "true"})
