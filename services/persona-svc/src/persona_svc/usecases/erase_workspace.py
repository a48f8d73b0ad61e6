"""Erase a workspace: personas, campaigns, settings and the trail of who changed them."""

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_all_traces
from service_kit.store import Store

from persona_svc.adapters import api_keys, erasing, state_documents, workspaces


async def erase_workspace(store: Store, erasure: Erasure) -> None:
    """Erase all rows of the workspace, in one transaction; tombstones tell the readers.

    Its counter stays: would it start again, readers would take what is new for old.
    """
    async with store.worker() as session:
        emptied = (await workspaces.lock(session, erasure.workspace_id)).emptied()
        await workspaces.save(session, emptied)
        await erasing.erase_workspace(session, erasure.workspace_id)
        await api_keys.erase_workspace(session, erasure.workspace_id)
        await state_documents.write_all_tombstones(session, erasure.workspace_id, emptied.revision)
        await erase_all_traces(session, erasure.workspace_id)
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
