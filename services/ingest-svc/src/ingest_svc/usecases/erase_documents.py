"""Erase documents with all that was made of them, step by step; to do it again changes nothing."""

from service_kit.crash_points import crash_point
from service_kit.erasure import erase_traces
from service_kit.store import Store

from ingest_svc.adapters.belongings import (
    Belongings,
    content_ids,
    delete_documents,
    end_work,
    some_documents,
)
from ingest_svc.usecases.erase_folder import erase_folder
from ingest_svc.usecases.ports import Originals, PassageIndex
from ingest_svc.usecases.purge_content import purge_content

BATCH = 100


async def erase_documents(
    store: Store, originals: Originals, index: PassageIndex, belongings: Belongings
) -> None:
    """Erase the points, chunks, originals and rows of all documents of a persona or a workspace.

    Whoever works on one of them loses its lease first, so that nothing new is made of them.

    Raises:
        UpstreamError: the index or the storage is away now.
    """
    async with store.worker() as session:
        await end_work(session, belongings)
    crash_point("erase-after-end")
    async with store.worker() as session:
        ids = await content_ids(session, belongings)
    for content_id in ids:
        await purge_content(store, index, belongings.workspace_id, content_id)
        crash_point("erase-after-content")
    while await _erase_some(store, originals, belongings):
        crash_point("erase-after-documents")


async def _erase_some(store: Store, originals: Originals, belongings: Belongings) -> bool:
    async with store.worker() as session:
        some = await some_documents(session, belongings, BATCH)
    for document in some:
        for key in document.keys:
            await originals.delete(key)
            crash_point("erase-after-original")
        await erase_folder(originals, f"{belongings.workspace_id}/{document.document_id}/")
    async with store.worker() as session:
        await delete_documents(session, [document.document_id for document in some])
        await erase_traces(
            session, belongings.workspace_id, [document.file_id for document in some]
        )
    return bool(some)
