"""The table, its leases, a handler and the events that the tests use."""

import asyncio
from uuid import UUID

from persona_contracts import DraftRejectedV1, LeadRepliedV1
from service_kit.clock import utc_now
from service_kit.errors import UpstreamError
from service_kit.ids import new_id
from service_kit.leases import Leased, Leases
from service_kit.outbox import publish
from sqlalchemy.orm import Mapped, mapped_column


class Job(Leased):
    """A piece of work made from a reply."""

    __tablename__ = "job"

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str]
    result: Mapped[str | None]


LEASES = Leases(Job, lambda row: row)


def job(workspace_id="acme", message_id="m", **values):
    values.setdefault("due_at", utc_now())
    return Job(job_id=new_id(), workspace_id=workspace_id, message_id=message_id, **values)


def replied(message_id="m", workspace_id="acme", text="hello"):
    return LeadRepliedV1(
        workspace_id=workspace_id,
        message_id=message_id,
        lead_id="lead",
        channel="email",
        received_at=utc_now(),
        body_text=text,
    )


def rejected(message_id="m", workspace_id="acme"):
    return DraftRejectedV1(
        workspace_id=workspace_id,
        occurred_at=utc_now(),
        draft_id=new_id(),
        message_id=message_id,
        decided_by="tests",
    )


class Handler:
    """Stores a job and an event per reply; fails as the reply's text asks for."""

    def __init__(self):
        self.calls = 0
        self.go = asyncio.Event()
        self._held = None

    def hold(self, workspace_id):
        """Let this workspace's events wait until `go` is set, but for the first batch."""
        self._held = workspace_id

    async def on_replied(self, session, batch, _):
        self.calls += 1
        if self.calls > 1 and any(item.workspace_id == self._held for item in batch):
            await self.go.wait()
        for item in batch:
            if item.event.body_text == "bug":
                raise ValueError("a bug")
            if item.event.body_text == "too early" and self.calls == 1:
                raise UpstreamError("not ready yet")
            session.add(job(item.workspace_id, item.event.message_id, due_at=None))
        await session.flush()
        await publish(session, *(rejected(i.event.message_id, i.workspace_id) for i in batch))
