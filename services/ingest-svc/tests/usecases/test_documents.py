"""What is written about documents, in process: every transition, and every refusal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from ingest_svc.adapters import contents, documents, knowledge
from ingest_svc.domain.content import ContentGoneError, VectorState
from ingest_svc.domain.document import FileBusyError, FileStatus, Step, UnknownFileError, Version
from ingest_svc.domain.failure import FailureCode, FileFailedError
from ingest_svc.usecases.accept_version import accept_version
from ingest_svc.usecases.delete_file import delete_file
from ingest_svc.usecases.find_notices import find_notices
from ingest_svc.usecases.retire_content import retire_content
from ingest_svc.usecases.retract_files import retract_files
from ingest_svc.usecases.retry_file import retry_file
from ingest_svc.usecases.set_tags import set_tags
from persona_contracts import FileDeletedV1, Received
from sqlalchemy import text

UPLOADED = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = UPLOADED + timedelta(hours=1)


@pytest.fixture
def version(workspace_id):
    return Version(
        workspace_id=workspace_id,
        file_id=f"file-{uuid4()}",
        persona_id=uuid4(),
        file_name="prices.txt",
        uploaded_at=UPLOADED,
        url="https://files.example.com/prices.txt",
    )


async def locked(session, version):
    return await documents.lock(session, version.workspace_id, version.persona_id, version.file_id)


async def shown(session, version):
    """Return a document that is ready, with its content."""
    document = await accept_version(session, version)
    content = await contents.lock_or_add(session, document, "0" * 64)
    ready = document.ready(content.content_id, LATER)
    await documents.save(session, ready)
    return ready, content


def retraction(version, at):
    event = FileDeletedV1(workspace_id=version.workspace_id, file_id=version.file_id, deleted_at=at)
    return [Received(event=event, event_id="1", source="crm")]


async def test_a_version_is_queued_once_and_an_older_one_never(session, version):
    assert (await accept_version(session, version)).status is FileStatus.PROCESSING
    assert await accept_version(session, version) is None
    assert await accept_version(session, replace(version, uploaded_at=UPLOADED)) is None
    newer = replace(version, uploaded_at=LATER, file_name="prices-2.txt")
    assert (await accept_version(session, newer)).file_name == "prices-2.txt"
    assert await accept_version(session, version) is None


async def test_a_new_version_is_searched_only_once_it_is_ready(session, version):
    _, content = await shown(session, version)
    newer = await accept_version(session, replace(version, uploaded_at=LATER))
    assert newer.content_id == content.content_id
    assert not await retire_content(session, content.content_id)


async def test_a_retracted_file_is_hidden_and_comes_back_only_as_a_later_version(session, version):
    _, content = await shown(session, version)
    await retract_files(session, retraction(version, LATER))
    with pytest.raises(UnknownFileError):
        await locked(session, version)
    assert await accept_version(session, version) is None
    again = await accept_version(
        session, replace(version, uploaded_at=LATER + timedelta(seconds=1))
    )
    assert (again.content_id, again.deleted_at) == (None, None)
    with pytest.raises(ContentGoneError):
        await contents.lock(session, content.content_id)


async def test_a_file_that_was_retracted_before_it_was_announced_stays_away(session, version):
    await retract_files(session, retraction(version, LATER))
    assert await accept_version(session, version) is None


async def test_an_older_retraction_does_not_touch_a_later_version(session, version):
    await accept_version(session, replace(version, uploaded_at=LATER))
    await retract_files(session, retraction(version, UPLOADED))
    assert (await locked(session, version)).deleted_at is None


async def test_a_file_in_work_is_not_tried_again(session, version):
    document = await accept_version(session, version)
    with pytest.raises(FileBusyError):
        await retry_file(session, document)


async def test_a_failed_file_is_tried_again_from_the_beginning(session, version):
    document = await accept_version(session, version)
    failed = document.failed(FileFailedError(FailureCode.NO_TEXT), LATER)
    await documents.save(session, failed)
    retried = await retry_file(session, await locked(session, version))
    assert (retried.status, retried.step, retried.error) == (
        FileStatus.PROCESSING, Step.WAITING, None,
    )  # fmt: skip


async def test_failed_vectors_are_tried_again_and_the_file_stays_ready(session, version):
    document, content = await shown(session, version)
    await contents.save(session, content.failed(FileFailedError(FailureCode.EMBEDDING_FAILED)))
    assert (await retry_file(session, document)).status is FileStatus.READY
    tried = await contents.lock(session, content.content_id)
    assert (tried.vectors, tried.vectors_error) == (VectorState.PENDING, None)


async def test_tags_are_replaced(session, version):
    await accept_version(session, replace(version, tags=["old"]))
    await set_tags(session, await locked(session, version), ["new", "newer"])
    assert (await locked(session, version)).tags == ["new", "newer"]


async def test_a_deleted_file_is_not_found(session, version):
    await accept_version(session, version)
    await delete_file(session, await locked(session, version))
    with pytest.raises(UnknownFileError):
        await locked(session, version)


async def test_a_content_goes_with_the_last_document_that_has_it(session, version):
    first, content = await shown(session, version)
    other = replace(version, file_id=f"file-{uuid4()}")
    second, same = await shown(session, other)
    assert same.content_id == content.content_id
    await delete_file(session, first)
    assert not await retire_content(session, content.content_id)
    await delete_file(session, second)
    assert await retire_content(session, content.content_id)
    assert await retire_content(session, content.content_id)


async def test_nobody_sees_the_files_of_another_workspace(session, version):
    await accept_version(session, version)
    with pytest.raises(UnknownFileError):
        await documents.find(session, "elsewhere", version.persona_id, version.file_id)
    with pytest.raises(UnknownFileError):
        await documents.find(session, version.workspace_id, uuid4(), version.file_id)


async def test_what_several_personas_know_is_counted_at_once(session, version):
    document, content = await shown(session, version)
    copy = await accept_version(session, replace(version, file_id="copy"))
    await documents.save(session, copy.ready(content.content_id, LATER))
    await accept_version(session, replace(version, file_id="coming"))
    deleted = await accept_version(session, replace(version, file_id="deleted"))
    await delete_file(session, deleted)
    await session.execute(text("update content set chunk_count = 3"))
    nobody = uuid4()
    counted = await knowledge.count_by_persona(session, [version.persona_id, nobody])
    mine, none = counted[document.persona_id], counted[nobody]
    assert (mine.files, mine.ready, mine.processing, mine.failed) == (3, 2, 1, 0)
    assert (mine.chunks, none.chunks, none.files) == (3, 0, 0)


async def test_failed_files_are_a_notice_with_what_mends_them(session, version):
    assert await find_notices(session) == []
    failure = FileFailedError(FailureCode.PERSONA_UNKNOWN, "Create the persona.")
    for file_id, at in (("one", LATER), ("two", UPLOADED)):
        document = await accept_version(session, replace(version, file_id=file_id))
        await documents.save(session, document.failed(failure, at))
    (notice,) = await find_notices(session)
    assert (notice.kind, notice.reason) == ("files-failed", FailureCode.PERSONA_UNKNOWN)
    assert (notice.count, notice.since) == (2, UPLOADED)
    assert notice.setting == failure.as_dict()["detail"]


async def test_a_file_has_the_correlation_of_what_announced_it_then_of_its_deletion(
    session, version
):
    announced = await accept_version(session, replace(version, correlation_id="order-42"))
    assert announced.causes == {version.file_id: "order-42"}
    (item,) = retraction(version, LATER)
    await retract_files(session, [replace(item, correlation_id="order-43")])
    hidden = await documents.get(session, announced.document_id)
    assert hidden.causes == {version.file_id: "order-43"}
