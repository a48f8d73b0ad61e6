"""Files that the CRM announces: each version once, whatever order the events come in."""

import hashlib
from datetime import timedelta
from uuid import uuid4

import pytest
from persona_contracts import ChatGapAnsweredV1
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now
from shelf import persona

pytestmark = pytest.mark.processes

OLD, NEW = b"The old price is 49 euros.", b"The new price is 59 euros."


async def test_an_announced_file_is_fetched_checked_and_ready(shelf):
    anna = await shelf.persona()
    event = await shelf.announce(
        anna, content=OLD, sha256=hashlib.sha256(OLD).hexdigest().upper(), tags=["prices"]
    )
    file = await shelf.settled(anna, event.file_id)
    assert (file["status"], file["tags"]) == ("ready", ["prices"])
    assert await shelf.texts(anna, "price") == [OLD.decode()]
    assert (await shelf.events("ready"))[0]["file_id"] == event.file_id


async def test_a_file_with_another_checksum_is_refused(shelf, data_dir):
    anna = await shelf.persona()
    event = await shelf.announce(anna, content=OLD, sha256="0" * 64)
    file = await shelf.settled(anna, event.file_id)
    assert file["error"]["code"] == "checksum_mismatch"
    (failed,) = await shelf.events("failed")
    assert failed["error"]["code"] == "checksum_mismatch"
    assert not [
        path for path in (data_dir / "originals" / shelf.workspace_id).rglob("*") if path.is_file()
    ]


async def test_a_later_version_replaces_an_earlier_one(shelf, sql):
    anna = await shelf.persona()
    event = await shelf.announce(anna, content=OLD)
    await shelf.settled(anna, event.file_id)
    later = await shelf.announce(
        anna,
        content=NEW,
        file_id=event.file_id,
        uploaded_at=(event.uploaded_at + timedelta(seconds=1)).isoformat(),
    )
    await shelf.events("ready", 2)
    assert await shelf.texts(anna, "price") == [NEW.decode()]
    shown = await shelf.get(anna, event.file_id)
    assert shown["sha256"] == hashlib.sha256(NEW).hexdigest()
    assert later.uploaded_at > event.uploaded_at
    query = "select count(*) from content where workspace_id = %s"

    async def only_the_new_one_is_left():
        return sql(query, shelf.workspace_id) == [(1,)]

    await wait_until(only_the_new_one_is_left)


async def test_an_earlier_version_that_comes_late_is_ignored(shelf):
    anna = await shelf.persona()
    file_id, now = f"file-{uuid4()}", utc_now()
    await shelf.announce(anna, content=NEW, file_id=file_id, uploaded_at=now.isoformat())
    await shelf.announce(
        anna,
        content=OLD,
        file_id=file_id,
        uploaded_at=(now - timedelta(seconds=1)).isoformat(),
    )
    marker = await shelf.announce(anna, content=b"A marker.")
    await shelf.settled(anna, marker.file_id)
    await shelf.settled(anna, file_id)
    assert await shelf.texts(anna, "price") == [NEW.decode()]
    assert len(await shelf.events("ready", 2)) == 2


async def test_the_same_announcement_twice_is_one_file(shelf):
    anna = await shelf.persona()
    event = await shelf.announce(anna, content=OLD)
    await shelf.publish(event)
    marker = await shelf.announce(anna, content=b"A marker.")
    await shelf.settled(anna, marker.file_id)
    await shelf.settled(anna, event.file_id)
    assert len((await shelf.client.get(shelf.path(anna))).json()["items"]) == 2
    assert len(await shelf.events("ready", 2)) == 2


async def test_a_deleted_file_is_forgotten_and_does_not_come_back(shelf):
    anna = await shelf.persona()
    event = await shelf.announce(anna, content=OLD)
    await shelf.settled(anna, event.file_id)
    await shelf.retract(event.file_id)
    (removed,) = await shelf.events("removed")
    assert removed["file_id"] == event.file_id
    assert await shelf.texts(anna, "price") == []
    again = event.model_copy(update={"uploaded_at": event.uploaded_at + timedelta(milliseconds=1)})
    await shelf.publish(again)
    marker = await shelf.announce(anna, content=b"A marker.")
    await shelf.settled(anna, marker.file_id)
    assert (await shelf.client.get(shelf.path(anna, f"/{event.file_id}"))).status_code == 404


async def test_an_end_that_overtakes_the_beginning_holds(shelf):
    anna = await shelf.persona()
    file_id = f"file-{uuid4()}"
    await shelf.retract(file_id, deleted_at=(utc_now() + timedelta(seconds=5)).isoformat())
    await shelf.announce(anna, content=OLD, file_id=file_id)
    marker = await shelf.announce(anna, content=b"A marker.")
    await shelf.settled(anna, marker.file_id)
    assert (await shelf.client.get(shelf.path(anna, f"/{file_id}"))).status_code == 404


async def test_a_file_that_is_announced_anew_after_its_end_comes_back(shelf):
    anna = await shelf.persona()
    event = await shelf.announce(anna, content=OLD)
    await shelf.settled(anna, event.file_id)
    await shelf.retract(event.file_id)
    later = (utc_now() + timedelta(seconds=2)).isoformat()
    await shelf.announce(anna, content=NEW, file_id=event.file_id, uploaded_at=later)
    file = await shelf.settled(anna, event.file_id)
    assert file["status"] == "ready"

    async def shows_the_new_one():
        return await shelf.texts(anna, "price") == [NEW.decode()]

    await wait_until(shows_the_new_one)


async def test_files_that_may_not_be_fetched_say_which_rule(shelf):
    anna = await shelf.persona()
    for url in (
        "file:///etc/passwd",
        "https://example.com/a.pdf",
        "s3://bucket/a.pdf",
        "ftp://a/b",
    ):
        event = await shelf.announce(anna, url=url)
        file = await shelf.settled(anna, event.file_id)
        assert file["error"]["code"] == "fetch_refused", url
        assert file["error"]["detail"]


async def test_a_file_of_an_unknown_persona_fails_in_the_end(shelf):
    nobody = persona()
    event = await shelf.announce(nobody, content=OLD)
    (failed,) = await shelf.events("failed")
    assert (failed["file_id"], failed["error"]["code"]) == (event.file_id, "persona_unknown")


async def test_a_later_version_that_fails_leaves_the_earlier_one_searchable(shelf):
    anna = await shelf.persona()
    event = await shelf.announce(anna, content=OLD)
    await shelf.settled(anna, event.file_id)
    await shelf.announce(
        anna,
        content=b"\x00\x01\x02" * 500,
        file_id=event.file_id,
        uploaded_at=(event.uploaded_at + timedelta(seconds=1)).isoformat(),
    )
    (failed,) = await shelf.events("failed")
    assert failed["error"]["code"] == "unsupported"
    assert await shelf.texts(anna, "price") == [OLD.decode()]


async def test_no_file_is_processed_for_longer_than_its_time(shelf, sql):
    anna = await shelf.persona()
    event = await shelf.announce(anna, content=OLD)
    await shelf.settled(anna, event.file_id)
    sql(
        "update document set status = 'processing', due_at = now(),"
        " started_at = now() - interval '301 seconds' where file_id = %s",
        event.file_id,
    )
    (failed,) = await shelf.events("failed")
    assert failed["error"]["code"] == "timeout"
    assert failed["error"]["detail"].startswith("Processing exceeded 300 seconds.")
    assert await shelf.texts(anna, "price") == [OLD.decode()]


async def test_an_answer_to_a_question_is_a_document_of_the_persona(shelf):
    anna = await shelf.persona()
    answered = ChatGapAnsweredV1(
        workspace_id=shelf.workspace_id,
        occurred_at=utc_now(),
        gap_id=uuid4(),
        persona_id=anna.persona_id,
        question="Do you rent cargo bicycles?",
        answer="Yes, from 89 euros a month.",
        answered_by="kim",
    )
    await shelf.publish_own(answered)
    await shelf.events("ready")
    file = await shelf.get(anna, f"gap-{answered.gap_id}")
    assert (file["status"], file["tags"]) == ("ready", ["answered-question"])
    assert file["file_name"] == "Do you rent cargo bicycles?.txt"
    (text,) = await shelf.texts(anna, "cargo bicycles")
    assert "89 euros" in text
    again = answered.model_copy(update={"answer": "No more.", "occurred_at": utc_now()})
    await shelf.publish_own(again)
    await shelf.events("ready", 2)
    (text,) = await shelf.texts(anna, "cargo bicycles")
    assert "No more." in text
