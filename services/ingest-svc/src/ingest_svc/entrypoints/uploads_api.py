"""REST: files that people upload."""

import re
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, File, Form, UploadFile
from service_kit.errors import FieldError, InvalidError, TooLargeError
from service_kit.guard import UploadRoute
from service_kit.identity import Editor
from service_kit.problem import problem_responses
from service_kit.response_headers import Located
from service_kit.routing import AuditRecorder, Recorder, api_router

from ingest_svc.adapters.originals import READ_BYTES
from ingest_svc.domain.failure import EXPLANATIONS, FailureCode
from ingest_svc.entrypoints.dependencies import Deps, Persona
from ingest_svc.entrypoints.schemas.files import Tags, Uploaded, UploadedFile
from ingest_svc.usecases.upload_files import Upload, UploadFailedError, upload_files

MAX_FILES = 20
MAX_REQUEST_BYTES = 200 * 1024 * 1024
ROUTE = UploadRoute(re.compile(r"(/api)?/personas/[^/]+/files"), MAX_REQUEST_BYTES)

router = api_router("/api/personas/{persona_id}/files", "files")


class FileRefusedError(InvalidError):
    """The file cannot be taken in."""

    slug = "file-refused"


class FileTooLargeError(TooLargeError):
    """A file has at most 50 MB."""

    slug = "file-too-large"


async def uploads_of_form(
    files: Annotated[
        list[UploadFile] | None,
        File(max_length=MAX_FILES, description="Up to 50 MB each, 200 MB in all."),
    ] = None,
    file: Annotated[
        list[UploadFile] | None, File(max_length=MAX_FILES, description="The same as `files`.")
    ] = None,
) -> list[UploadFile]:
    """Return the files of both form fields.

    Raises:
        FileRefusedError: there are none, or too many.
    """
    uploads = [*(files or []), *(file or [])]
    if not 1 <= len(uploads) <= MAX_FILES:
        error = FieldError("files", f"needs 1 to {MAX_FILES} files")
        raise FileRefusedError(f"{error.field}: {error.message}", errors=[error])
    return uploads


async def _editing(_: Editor, recorder: AuditRecorder) -> Recorder:
    return recorder


Editing = Annotated[Recorder, Depends(_editing)]
"""An editor, and how the audit trail is told."""
Uploads = Annotated[list[UploadFile], Depends(uploads_of_form)]


@router.post(
    "",
    operation_id="uploadFiles",
    status_code=201,
    summary="Upload files",
    responses=problem_responses(404, 413),
)
async def upload(
    persona: Persona,
    editing: Editing,
    deps: Deps,
    response: Located,
    uploads: Uploads,
    tags: Annotated[Tags | None, Form(description="For every one of the files.")] = None,
) -> Uploaded:
    """Take in files for a persona; each is processed on its own from then on.

    If one of them is refused (empty, too large, without a name), none is taken in.
    """
    names = [_name(file, number) for number, file in enumerate(uploads)]
    try:
        taken = await upload_files(
            deps.store,
            deps.originals,
            [
                Upload(
                    workspace_id=editing.principal.workspace_id,
                    persona_id=persona.persona_id,
                    file_name=name,
                    tags=tags or (),
                    content=_read(file),
                )
                for file, name in zip(uploads, names, strict=True)
            ],
            also=editing.record,
        )
    except UploadFailedError as error:
        raise _refusal(error) from error
    response.headers["Location"] = f"/api/personas/{persona.persona_id}/files/{taken[0].file_id}"
    shown = [UploadedFile(id=item.file_id, file_name=item.file_name) for item in taken]
    return Uploaded(id=shown[0].id, files=shown)


async def _read(file: UploadFile) -> AsyncGenerator[bytes]:
    while part := await file.read(READ_BYTES):
        yield part


def _name(file: UploadFile, number: int) -> str:
    """Return the last part of a file's name, as browsers send it."""
    name = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", "", file.filename or "")
    name = re.split(r"[/\\]", name)[-1].strip()
    if not 0 < len(name) <= 255:
        hint = FieldError(f"files.{number}", "needs a file name of 1 to 255 characters")
        raise FileRefusedError(f"{hint.field}: {hint.message}", errors=[hint])
    return name


def _refusal(error: UploadFailedError) -> FileTooLargeError | FileRefusedError:
    explanation = EXPLANATIONS[error.failure.code]
    hint = FieldError(f"files.{error.number}", f"{explanation.title} {explanation.hint}")
    if error.failure.code is FailureCode.TOO_LARGE:
        return FileTooLargeError(f"{hint.field}: {hint.message}", errors=[hint])
    return FileRefusedError(f"{hint.field}: {hint.message}", errors=[hint])


aliases = api_router("/personas/{persona_id}/files", "files")
"""The address without `/api`, as some clients know it (C73)."""
aliases.add_api_route("", upload, methods=["POST"], status_code=201, include_in_schema=False)
