"""Erase what was written in the voice of a persona."""

from dataclasses import asdict

from persona_contracts import DraftError, DraftFailedV1
from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store, database_now

from draft_svc.adapters.erasing import blank_drafts
from draft_svc.domain.draft import DraftFailure
from draft_svc.usecases.describe_draft import describe_draft
from draft_svc.usecases.publish_drafts import publish_drafts

BATCH = 500
ERASED = DraftFailure(
    type="persona-erased",
    title="The persona that the draft was written as is erased.",
    detail="regenerate the draft: another persona speaks now",
)


async def erase_persona(store: Store, erasure: Erasure) -> None:
    """Blank the persona's drafts: the reply, the decision and the figures stay.

    A draft that is still open fails, and can be regenerated.
    """
    while await _blank_some(store, erasure):
        crash_point("erase-after-commit")
    async with store.worker() as session:
        await erase_traces(session, erasure.workspace_id, [erasure.subject_id])
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")


async def _blank_some(store: Store, erasure: Erasure) -> bool:
    async with store.worker() as session:
        blanked = await blank_drafts(
            session, erasure.workspace_id, erasure.subject_id, ERASED, BATCH
        )
        now = await database_now(session)
        failed = [
            DraftFailedV1(
                **describe_draft(draft, now), error=DraftError(**asdict(ERASED)), attempts=0
            )
            for draft in blanked
            if draft.was_open
        ]
        await publish_drafts(session, failed, of=blanked)
        crash_point("erase-before-commit")
    return bool(blanked)
