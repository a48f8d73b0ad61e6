"""REST: the files of a persona."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import StreamingResponse
from service_kit.clock import utc_now
from service_kit.identity import Editor
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from ingest_svc.adapters import contents, documents
from ingest_svc.domain.document import FileBusyError, FileStatus, UnknownFileError, VectorState
from ingest_svc.entrypoints.dependencies import Deps, Persona
from ingest_svc.entrypoints.schemas import (
    BulkDelete,
    BulkDeleted,
    ChunkDocument,
    FileDocument,
    StatusDocument,
    TagsRequest,
)

router = api_router("/api/personas/{persona_id}/files", "files")
FOUND = problem_responses(404)


@router.get("", operation_id="listFiles", summary="List files, newest first", responses=FOUND)
async def list_files(
    persona: Persona,
    session: WorkspaceSession,
    paging: Paging,
    status: FileStatus | None = None,
    tag: Annotated[str | None, Query(min_length=1, max_length=255)] = None,
) -> Page[FileDocument]:
    """Return the files of this persona that match every given filter."""
    wanted = {"status": status, "tag": tag}
    filters = {name: value for name, value in wanted.items() if value is not None}
    position = paging.after(tuple[UUID])
    after = position[0] if position else None
    views = await documents.page(session, persona.persona_id, filters, after, paging.limit + 1)
    page = paging.page(views, lambda view: (view.row.document_id,))
    return Page(items=[FileDocument.of(view) for view in page.items], next=page.next)


@router.get("/{file_id}", operation_id="getFile", summary="Show a file", responses=FOUND)
async def get_file(file_id: str, persona: Persona, session: WorkspaceSession) -> FileDocument:
    """Return one file: where it stands, and what it holds."""
    row = await documents.load(session, persona.persona_id, file_id)
    return FileDocument.of(await documents.view(session, row))


@router.get(
    "/{file_id}/status",
    operation_id="getFileStatus",
    summary="Show where a file stands",
    responses=FOUND,
    response_model_exclude_none=True,
)
async def get_status(file_id: str, persona: Persona, session: WorkspaceSession) -> StatusDocument:
    """Return `processing`, `ready` or `failed`, and why."""
    row = await documents.load(session, persona.persona_id, file_id)
    error = f"{row.error['title']} {row.error['detail']}" if row.error else None
    return StatusDocument(status=FileStatus(row.status), error=error)


@router.get(
    "/{file_id}/chunks",
    operation_id="listFileChunks",
    summary="List the chunks of a file",
    responses=FOUND,
)
async def list_chunks(
    file_id: str, persona: Persona, session: WorkspaceSession, paging: Paging
) -> Page[ChunkDocument]:
    """Return the pieces in which a file is found, in its order; none until it is ready."""
    row = await documents.load(session, persona.persona_id, file_id)
    content = (await documents.view(session, row)).content
    if content is None:
        return Page(items=[], next=None)
    position = paging.after(tuple[int])
    after = position[0] if position else -1
    chunks = await contents.chunks(session, content.content_id, after, paging.limit + 1)
    owner = contents.owner_of(content)
    items = [ChunkDocument.of(chunk, owner) for chunk in chunks]
    return paging.page(items, lambda item: (item.number,))


@router.get(
    "/{file_id}/original",
    operation_id="downloadFile",
    summary="Download a file as it came",
    responses={**FOUND, 200: {"content": {"application/octet-stream": {}}}},
    response_class=StreamingResponse,
)
async def get_original(
    file_id: str, persona: Persona, session: WorkspaceSession, deps: Deps
) -> StreamingResponse:
    """Return the bytes that were uploaded or fetched."""
    row = await documents.load(session, persona.persona_id, file_id)
    if row.original_key is None:
        raise UnknownFileError(f"file {file_id} has not been fetched")
    return StreamingResponse(
        await deps.originals.read(row.original_key),
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.file_name, safe='')}",
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.put(
    "/{file_id}/tags", operation_id="setFileTags", summary="Set the tags of a file", responses=FOUND
)
async def set_tags(
    file_id: str, wanted: TagsRequest, persona: Persona, session: WorkspaceSession, _: Editor
) -> FileDocument:
    """Replace the tags."""
    row = await documents.load(session, persona.persona_id, file_id, for_update=True)
    row.tags = wanted.tags
    await session.flush()
    return FileDocument.of(await documents.view(session, row))


@router.post(
    "/{file_id}/retry",
    operation_id="retryFile",
    summary="Try a file again",
    responses=problem_responses(404, 409),
)
async def retry(
    file_id: str, persona: Persona, session: WorkspaceSession, _: Editor
) -> FileDocument:
    """Process a failed file again, or only its vectors if those failed."""
    row = await documents.load(session, persona.persona_id, file_id, for_update=True)
    if row.status == FileStatus.PROCESSING:
        raise FileBusyError(f"file {file_id} is being processed: wait until it is not")
    content = (await documents.view(session, row)).content
    if row.status == FileStatus.FAILED:
        await documents.start(session, row)
    elif content is not None and content.vectors == VectorState.FAILED:
        await contents.embed_again(session, content.content_id)
    await session.refresh(row)
    return FileDocument.of(await documents.view(session, row))


@router.delete(
    "/{file_id}",
    operation_id="deleteFile",
    status_code=204,
    summary="Forget a file",
    responses=FOUND,
)
async def delete_file(
    file_id: str, persona: Persona, session: WorkspaceSession, _: Editor
) -> Response:
    """Hide a file at once; its vectors, its text and its original are then deleted."""
    row = await documents.load(session, persona.persona_id, file_id, for_update=True)
    await documents.forget(session, row, utc_now())
    return Response(status_code=204)


@router.post("/delete", operation_id="deleteFiles", summary="Forget several files", responses=FOUND)
async def delete_files(
    wanted: BulkDelete, persona: Persona, session: WorkspaceSession, _: Editor
) -> BulkDeleted:
    """Forget those files that the persona has."""
    deleted: list[str] = []
    not_found: list[str] = []
    for file_id in sorted(set(wanted.file_ids)):
        try:
            row = await documents.load(session, persona.persona_id, file_id, for_update=True)
        except UnknownFileError:
            not_found.append(file_id)
        else:
            await documents.forget(session, row, utc_now())
            deleted.append(file_id)
    return BulkDeleted(deleted=deleted, not_found=not_found)


aliases = api_router("/personas/{persona_id}/files", "files")
"""The addresses without `/api`, as some clients know them (C74, C75)."""
aliases.add_api_route("", list_files, include_in_schema=False)
aliases.add_api_route("/{file_id}", get_file, include_in_schema=False)
aliases.add_api_route(
    "/{file_id}", delete_file, methods=["DELETE"], status_code=204, include_in_schema=False
)
aliases.add_api_route(
    "/{file_id}/status", get_status, include_in_schema=False, response_model_exclude_none=True
)
