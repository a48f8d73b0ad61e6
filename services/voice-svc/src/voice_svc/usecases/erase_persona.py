"""Erase what is kept of a persona."""

from uuid import UUID

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store

from voice_svc.adapters.erasing import delete_calls_of_persona


async def erase_persona(store: Store, erasure: Erasure) -> None:
    """Delete the persona's calls, and every event about the persona."""
    async with store.worker() as session:
        await erase_traces(session, erasure.workspace_id, [erasure.subject_id])
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
    await delete_calls_of_persona(store, erasure.workspace_id, UUID(erasure.subject_id))
