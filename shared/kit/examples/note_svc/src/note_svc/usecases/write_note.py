"""Write a note: leased work."""

from typing import ClassVar
from uuid import UUID

from persona_contracts import OwnEvent
from service_kit.errors import ServiceError
from service_kit.leases import Claim
from service_kit.outbox import publish
from service_kit.store import Session, database_now
from service_kit.work import Finish

from note_svc.adapters import notes
from note_svc.domain.note import Note


class DraftNotedV1(OwnEvent):
    """A reply has its note. A real service has its events in persona-contracts, and a stream."""

    event_type: ClassVar[str] = "draft.noted"

    note_id: UUID

    @property
    def entity_id(self) -> str:
        """The note."""
        return str(self.note_id)


class WriteNote:
    """Writes a claimed note."""

    async def do(self, claim: Claim[Note]) -> Finish:
        """Do the slow part, outside any transaction, and return how to store its result."""
        note = claim.item.write()

        async def finish(session: Session) -> None:
            await notes.save(session, note)
            now, workspace_id = await database_now(session), claim.workspace_id
            event = DraftNotedV1(workspace_id=workspace_id, occurred_at=now, note_id=note.note_id)
            await publish(session, event)

        return finish

    async def give_up(self, session: Session, claim: Claim[Note], error: ServiceError) -> None:
        """Leave the note without a text."""
