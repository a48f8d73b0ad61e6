"""Erase what all personas of a workspace know."""

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_all_traces
from service_kit.store import Store

from ingest_svc.adapters.belongings import Belongings, delete_counters
from ingest_svc.usecases.erase_documents import erase_documents
from ingest_svc.usecases.erase_folder import erase_folder
from ingest_svc.usecases.ports import Originals, PassageIndex


async def erase_workspace(
    store: Store, originals: Originals, index: PassageIndex, erasure: Erasure
) -> None:
    """Erase all documents of the workspace, and every original that lies in its folder.

    Raises:
        UpstreamError: the index or the storage is away now.
    """
    workspace_id = erasure.workspace_id
    belongings = Belongings(workspace_id)
    await erase_documents(store, originals, index, belongings)
    await erase_folder(originals, f"{workspace_id}/")
    async with store.worker() as session:
        await delete_counters(session, belongings)
        await erase_all_traces(session, workspace_id)
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
