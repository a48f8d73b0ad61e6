"""Erase what was to be sent, and was sent, in the voice of a persona."""

from uuid import UUID

from persona_contracts import PersonaErasedV1
from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store, database_now

from followup_svc.adapters import instances
from followup_svc.adapters.erasing import blank_requests, open_instances_of_persona
from followup_svc.domain.instance import Note, Reason, SavedInstance
from followup_svc.usecases.save_instances import save_instances

BATCH = 500


async def erase_persona(store: Store, erasure: Erasure) -> None:
    """Stop the open instances of the persona, then blank the requests in its voice.

    Sequences that name it stay, and wait for another persona: they are the workspace's own.
    """
    while await _stop_some(store, erasure):
        crash_point("erase-after-commit")
    while await _blank_some(store, erasure):
        crash_point("erase-after-commit")
    async with store.worker() as session:
        await erase_traces(session, erasure.workspace_id, [erasure.subject_id])
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")


async def _stop_some(store: Store, erasure: Erasure) -> bool:
    async with store.worker() as session:
        ids = await open_instances_of_persona(
            session, erasure.workspace_id, UUID(erasure.subject_id), BATCH
        )
        now = await database_now(session)
        note = Note(what="stopped", by=PersonaErasedV1.event_type)
        stopped = [
            SavedInstance(instance=item.stopped(Reason.PERSONA_DELETED, at=now), note=note)
            for item in await instances.lock_all(session, ids)
            if item.is_live
        ]
        await save_instances(session, stopped, now=now)
        crash_point("erase-before-commit")
    return bool(ids)


async def _blank_some(store: Store, erasure: Erasure) -> bool:
    async with store.worker() as session:
        count = await blank_requests(session, erasure.workspace_id, erasure.subject_id, BATCH)
        crash_point("erase-before-commit")
    return count > 0
