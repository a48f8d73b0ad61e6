"""Erase a deleted persona whose retention is over, and let every service follow."""

from uuid import UUID

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store

from persona_svc.adapters import erasing
from persona_svc.usecases.begin_change import SYSTEM, begin_change
from persona_svc.usecases.publish_change import publish_change


async def erase_persona(store: Store, erasure: Erasure) -> None:
    """Erase the persona, its versions and what the audit trail says of it, in one transaction.

    The lock of the workspace decides between this and an undelete: whoever is second finds the
    persona gone, or there.
    """
    persona_id = UUID(erasure.subject_id)
    async with store.worker() as session:
        change = await begin_change(session, erasure.workspace_id, SYSTEM)
        if not await erasing.is_deleted(session, persona_id, erasure.before):
            return
        await erasing.erase_persona(session, erasure.workspace_id, persona_id)
        await erase_traces(session, erasure.workspace_id, [erasure.subject_id])
        change.erased.append(persona_id)
        await publish_change(change, "persona.erase")
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
