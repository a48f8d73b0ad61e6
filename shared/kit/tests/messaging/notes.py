"""The notes of the example service as rows, a handler and the events that the tests use."""

import asyncio

from note_svc.adapters.tables import NoteRow
from persona_contracts import DraftRejectedV1, LeadRepliedV1
from service_kit.clock import utc_now
from service_kit.errors import ConflictError, UpstreamError
from service_kit.ids import new_id
from service_kit.leases import Leases
from service_kit.outbox import publish

LEASES = Leases(NoteRow, lambda row: row)


def note(workspace_id="acme", body="m", **values):
    values.setdefault("due_at", utc_now())
    return NoteRow(note_id=new_id(), workspace_id=workspace_id, body=body, **values)


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
    """Stores a note and an event per reply; fails as the reply's text asks for."""

    def __init__(self):
        self.calls = 0
        self.is_mended = False
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
            if item.event.body_text == "refused" and not self.is_mended:
                raise ConflictError("not as things are")
            if item.event.body_text == "too early" and self.calls == 1:
                raise UpstreamError("not ready yet")
            session.add(note(item.workspace_id, item.event.message_id, due_at=None))
        await session.flush()
        await publish(session, *(rejected(i.event.message_id, i.workspace_id) for i in batch))
