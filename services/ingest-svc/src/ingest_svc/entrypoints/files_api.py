"""REST: the files of a persona."""

from urllib.parse import quote
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse
from persona_contracts import ExternalId
from service_kit.identity import Editor
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from ingest_svc.adapters import contents, documents
from ingest_svc.domain.document import FileStatus, UnknownFileError
from ingest_svc.entrypoints.dependencies import Deps, FoundDocument, LockedDocument, Persona
from ingest_svc.entrypoints.schemas.files import (
    ChunkDocument,
    DeletedFiles,
    DeleteFilesRequest,
    FileDocument,
    StatusDocument,
    TagsRequest,
)
from ingest_svc.usecases.delete_file import delete_file
from ingest_svc.usecases.retry_file import retry_file
from ingest_svc.usecases.set_tags import set_tags

router = api_router("/api/personas/{persona_id}/files", "files")
FOUND = problem_responses(404)


@router.get("", operation_id="listFiles", summary="List files, newest first", responses=FOUND)
async def list_all(
    persona: Persona,
    session: WorkspaceSession,
    paging: Paging,
    status: FileStatus | None = None,
    tag: ExternalId | None = None,
) -> Page[FileDocument]:
    """Return the files of this persona that match every given filter."""
    given = {"status": status, "tag": tag}
    filters = {name: value for name, value in given.items() if value is not None}
    views = await documents.page(
        session, persona.persona_id, filters, paging.start_after(UUID), paging.rows
    )
    page = paging.page(views, lambda view: view.document.document_id)
    return Page(items=[FileDocument.of(view) for view in page.items], next=page.next)


@router.get("/{file_id}", operation_id="getFile", summary="Show a file", responses=FOUND)
async def get(document: FoundDocument, session: WorkspaceSession) -> FileDocument:
    """Return one file: where it stands, and what it holds."""
    return FileDocument.of(await documents.view(session, document))


@router.get(
    "/{file_id}/status",
    operation_id="getFileStatus",
    summary="Show where a file stands",
    responses=FOUND,
    response_model_exclude_none=True,
)
async def get_status(document: FoundDocument, session: WorkspaceSession) -> StatusDocument:
    """Return `processing`, `ready` or `failed`, and why."""
    failure = document.error
    error = f"{failure['title']} {failure['detail']}" if failure else None
    content = (await documents.view(session, document)).content
    return StatusDocument(
        status=document.status,
        error=error,
        guessed_charset=content.guessed_charset if content else None,
    )


@router.get(
    "/{file_id}/chunks",
    operation_id="listFileChunks",
    summary="List the chunks of a file",
    responses=FOUND,
)
async def list_chunks(
    document: FoundDocument, session: WorkspaceSession, paging: Paging
) -> Page[ChunkDocument]:
    """Return the pieces in which a file is found, in its order; none until it is ready."""
    content = (await documents.view(session, document)).content
    if content is None:
        return Page(items=[], next=None)
    chunks = await contents.chunks(
        session, content.content_id, paging.start_after(int), paging.rows
    )
    items = [ChunkDocument.of(chunk, content.owner) for chunk in chunks]
    return paging.page(items, lambda item: item.number)


@router.get(
    "/{file_id}/original",
    operation_id="downloadFile",
    summary="Download a file as it came",
    responses={**FOUND, 200: {"content": {"application/octet-stream": {}}}},
    response_class=StreamingResponse,
)
async def download(document: FoundDocument, deps: Deps) -> StreamingResponse:
    """Return the bytes that were uploaded or fetched."""
    if document.original_key is None:
        raise UnknownFileError(f"file {document.file_id} has not been fetched")
    name = quote(document.file_name, safe="")
    return StreamingResponse(
        await deps.originals.read(document.original_key),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


@router.put(
    "/{file_id}/tags", operation_id="setFileTags", summary="Set the tags of a file", responses=FOUND
)
async def tag(
    body: TagsRequest, document: LockedDocument, session: WorkspaceSession, _: Editor
) -> FileDocument:
    """Replace the tags."""
    tagged = await set_tags(session, document, body.tags)
    return FileDocument.of(await documents.view(session, tagged))


@router.post(
    "/{file_id}/retry",
    operation_id="retryFile",
    summary="Try a file again",
    responses=problem_responses(404, 409),
)
async def retry(document: LockedDocument, session: WorkspaceSession, _: Editor) -> FileDocument:
    """Process a failed file again, or only its vectors if those failed."""
    retried = await retry_file(session, document)
    return FileDocument.of(await documents.view(session, retried))


@router.delete(
    "/{file_id}",
    operation_id="deleteFile",
    status_code=204,
    summary="Forget a file",
    responses=FOUND,
)
async def delete(document: LockedDocument, session: WorkspaceSession, _: Editor) -> Response:
    """Hide a file at once; its vectors, its text and its original are then deleted."""
    await delete_file(session, document)
    return Response(status_code=204)


@router.post("/delete", operation_id="deleteFiles", summary="Forget several files", responses=FOUND)
async def delete_several(
    body: DeleteFilesRequest, persona: Persona, session: WorkspaceSession, editor: Editor
) -> DeletedFiles:
    """Forget those files that the persona has."""
    deleted: list[str] = []
    not_found: list[str] = []
    for file_id in sorted(set(body.file_ids)):
        try:
            document = await documents.lock(
                session, editor.workspace_id, persona.persona_id, file_id
            )
        except UnknownFileError:
            not_found.append(file_id)
        else:
            await delete_file(session, document)
            deleted.append(file_id)
    return DeletedFiles(deleted=deleted, not_found=not_found)


aliases = api_router("/personas/{persona_id}/files", "files")
"""The addresses without `/api`, as some clients know them (C74, C75)."""
aliases.add_api_route("", list_all, include_in_schema=False)
aliases.add_api_route("/{file_id}", get, include_in_schema=False)
aliases.add_api_route(
    "/{file_id}", delete, methods=["DELETE"], status_code=204, include_in_schema=False
)
aliases.add_api_route(
    "/{file_id}/status", get_status, include_in_schema=False, response_model_exclude_none=True
)
