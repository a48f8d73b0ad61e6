"""The Roster against a real broker: complete at start, fresh while it runs."""

import asyncio
import logging
from uuid import uuid4

import pytest
from persona_client import Freshness, Roster, RosterNotReadyError, UnknownWorkspaceError
from service_devkit.testing.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes


async def test_empty_stream_is_ready_and_answers_none(broker):
    await broker.create_stream()
    async with Roster(broker.url) as roster:
        assert roster.freshness is Freshness.READY
        assert roster.document_count == 0
        assert roster.resolve("acme").tier == "none"
        assert roster.revision("acme") == 0


async def test_documents_are_there_at_start(broker, make):
    persona = make.persona("Ann", revision=2)
    await broker.put(
        make.message(persona), make.message(make.workspace(default_persona_id=persona.persona_id))
    )
    async with Roster(broker.url) as roster:
        resolution = roster.resolve("acme")
        assert (resolution.tier, resolution.sender_name) == ("default", "Ann")
        assert (resolution.persona_id, resolution.version) == (persona.persona_id, 1)
        assert resolution.persona == persona
        assert resolution.freshness is Freshness.READY
        assert 0 <= resolution.age_seconds < 5
        assert roster.document_count == 2
        assert roster.revision("acme") == 2
        assert roster.stream_sequence == 2


async def test_a_persona_is_found_by_its_id_in_its_own_workspace_only(broker, make):
    persona = make.persona("Ann", revision=2)
    resting = make.persona("Resting", is_active=False)
    await broker.put(make.message(persona), make.message(resting))
    async with Roster(broker.url) as roster:
        assert roster.persona("acme", persona.persona_id) == persona
        assert roster.persona("acme", resting.persona_id) == resting
        assert roster.persona("other", persona.persona_id) is None
        assert roster.persona("acme", uuid4()) is None


async def test_more_documents_than_one_batch_are_all_there_at_start(broker, make):
    personas = [make.persona(f"p{number}") for number in range(1_203)]
    await broker.put(*map(make.message, personas))
    async with Roster(broker.url) as roster:
        assert roster.freshness is Freshness.READY
        assert roster.document_count == 1_203


async def test_change_is_seen_at_once_although_the_answer_was_remembered(broker, make):
    first, second = make.persona("first"), make.persona("second")
    await broker.put(
        *map(make.message, [first, second, make.workspace(default_persona_id=first.persona_id)])
    )
    async with Roster(broker.url) as roster:
        assert roster.resolve("acme").sender_name == "first"
        assert roster.resolve("acme").sender_name == "first"

        renamed = first.model_copy(update={"name": "renamed", "revision": 2})
        await broker.put(make.message(renamed))
        await roster.wait_for("acme", 2, HANG_SECONDS)
        assert roster.resolve("acme").sender_name == "renamed"

        await broker.put(
            make.message(make.workspace(revision=3, default_persona_id=second.persona_id))
        )
        await roster.wait_for("acme", 3, HANG_SECONDS)
        assert roster.resolve("acme").sender_name == "second"

        assert roster.resolve("acme", campaign_id="spring").tier == "default"
        await broker.put(make.message(make.campaign("spring", 4, email=first.persona_id)))
        await roster.wait_for("acme", 4, HANG_SECONDS)
        assert roster.resolve("acme", campaign_id="spring").sender_name == "renamed"
        assert roster.resolve("acme", campaign_id="spring", channel="sms").tier == "default"


async def test_change_of_one_workspace_leaves_another_alone(broker, make):
    theirs = make.persona("theirs")
    await broker.put(
        make.message(theirs, "other"),
        make.message(make.workspace(default_persona_id=theirs.persona_id), "other"),
    )
    async with Roster(broker.url) as roster:
        before = roster.resolve("other")
        await broker.put(make.message(make.workspace(revision=2, ai_tone="warm"), "acme"))
        await roster.wait_for("acme", 2, HANG_SECONDS)
        assert roster.resolve("other").persona is before.persona
        assert roster.resolve("acme").tone == "warm"


async def test_lower_revision_changes_nothing(broker, make):
    persona = make.persona("newest", revision=5)
    await broker.put(
        make.message(persona), make.message(make.workspace(default_persona_id=persona.persona_id))
    )
    async with Roster(broker.url) as roster:
        old = persona.model_copy(update={"name": "old", "revision": 4})
        await broker.put(make.message(old), make.message(make.campaign("after", revision=6)))
        await roster.wait_for("acme", 6, HANG_SECONDS)
        assert roster.resolve("acme").sender_name == "newest"


async def test_deleted_persona_is_skipped(broker, make):
    persona = make.persona()
    await broker.put(
        make.message(persona), make.message(make.workspace(default_persona_id=persona.persona_id))
    )
    async with Roster(broker.url) as roster:
        assert roster.resolve("acme").tier == "default"
        await broker.put(make.tombstone(persona, revision=2))
        await roster.wait_for("acme", 2, HANG_SECONDS)
        resolution = roster.resolve("acme")
        assert resolution.tier == "none"
        assert [item.reason for item in resolution.skipped] == ["DANGLING_REF"]
        assert roster.document_count == 1


async def test_undecodable_document_hides_no_other(broker, make, caplog):
    persona, broken = make.persona("Ann"), make.persona()
    subject, _ = make.message(broken)
    await broker.put(
        (subject, b'{"revision": 1, "name": 5}'),
        ("persona-state.v1.acme.campaign.broken", b"no json"),
        make.message(persona),
        make.message(make.workspace(default_persona_id=persona.persona_id)),
    )
    with caplog.at_level(logging.WARNING):
        async with Roster(broker.url) as roster:
            assert roster.freshness is Freshness.READY
            resolution = roster.resolve("acme", sequence_persona_id=broken.persona_id)
            assert resolution.sender_name == "Ann"
            assert [item.reason for item in resolution.skipped] == ["DANGLING_REF"]
    assert str(broken.persona_id) in caplog.text
    assert "campaign.broken" in caplog.text


@pytest.mark.parametrize("status", ["100", "404", "409", "503"])
async def test_document_with_a_status_header_is_a_document(broker, make, until, status):
    persona = make.persona("Ann")
    subject, body = make.message(persona)
    await broker.create_stream()
    async with Roster(broker.url) as roster, broker.jetstream() as js:
        for _ in range(3):
            await js.publish("persona-state.v1.acme.campaign.c", b"", headers={"Status": status})
        await js.publish(subject, body, headers={"Status": status})
        await broker.put(make.message(make.workspace(default_persona_id=persona.persona_id)))
        await until(lambda: roster.resolve("acme").sender_name == "Ann")


async def test_limited_roster_answers_for_its_workspaces_and_refuses_others(broker, make):
    ours, theirs = make.persona("ours"), make.persona("theirs")
    await broker.put(
        make.message(ours, "acme"),
        make.message(make.workspace(default_persona_id=ours.persona_id), "acme"),
        make.message(theirs, "other"),
    )
    async with Roster(broker.url, workspaces=["acme", "empty"]) as roster:
        assert roster.freshness is Freshness.READY
        assert roster.document_count == 2
        assert roster.resolve("acme").sender_name == "ours"
        assert roster.resolve("empty").tier == "none"
        with pytest.raises(UnknownWorkspaceError, match="other"):
            roster.resolve("other")
        with pytest.raises(UnknownWorkspaceError):
            await roster.wait_for("other", 1, 1)
        async with broker.jetstream() as js:
            (consumer,) = await js.consumers_info("PERSONA_STATE")
            assert consumer.config.filter_subjects == [
                "persona-state.v1.acme.>",
                "persona-state.v1.empty.>",
            ]


@pytest.mark.parametrize("workspaces", [[], ["a.b"], ["acme", ">"], [""]])
def test_roster_cannot_be_limited_to_nothing_or_to_impossible_ids(workspaces):
    with pytest.raises(ValueError, match="workspaces"):
        Roster("nats://127.0.0.1:1", workspaces=workspaces)


async def test_impossible_channel_is_an_error(broker):
    await broker.create_stream()
    async with Roster(broker.url) as roster:
        with pytest.raises(ValueError, match="fax"):
            roster.resolve("acme", channel="fax")


async def test_dangling_sequence_persona_is_told(broker, make):
    await broker.put(make.message(make.workspace(ai_persona_name="Old")))
    async with Roster(broker.url) as roster:
        persona_id = uuid4()
        resolution = roster.resolve("acme", sequence_persona_id=persona_id)
        assert (resolution.tier, resolution.sender_name) == ("settings", "Old")
        assert resolution.as_dict()["skipped"] == [
            {"tier": "sequence", "persona_id": str(persona_id), "reason": "DANGLING_REF"}
        ]


async def test_wait_for_returns_at_once_for_what_is_known_and_gives_up_in_time(broker, make):
    await broker.put(make.message(make.workspace(revision=8)))
    async with Roster(broker.url) as roster:
        await roster.wait_for("acme", 8, 1)
        with pytest.raises(TimeoutError):
            await roster.wait_for("acme", 9, 0.1)


async def test_wait_for_takes_a_higher_revision_and_wakes_every_waiter(broker, make):
    await broker.create_stream()
    async with Roster(broker.url) as roster, asyncio.TaskGroup() as group:
        for revision in (1, 2, 3):
            group.create_task(roster.wait_for("acme", revision, HANG_SECONDS))
        await broker.put(make.message(make.workspace(revision=3)))


async def test_wait_for_waits_for_every_document_of_the_revision(broker, make):
    persona = make.persona(revision=2)
    await broker.put(make.message(make.workspace(revision=1)), complete=1)
    async with Roster(broker.url) as roster:
        await broker.put(make.message(persona), complete=1)
        assert await roster.find_persona("acme", persona.persona_id, timeout_seconds=HANG_SECONDS)
        with pytest.raises(TimeoutError):
            await roster.wait_for("acme", 2, 0.2)

        await broker.put(
            make.message(make.workspace(revision=2, default_persona_id=persona.persona_id)),
            complete=2,
        )
        await roster.wait_for("acme", 2, HANG_SECONDS)
        assert roster.resolve("acme").persona == persona


async def test_persona_that_was_created_just_now_is_waited_for(broker, make):
    persona = make.persona()
    await broker.create_stream()
    async with Roster(broker.url) as roster, asyncio.TaskGroup() as group:
        finding = group.create_task(
            roster.find_persona("acme", persona.persona_id, timeout_seconds=HANG_SECONDS)
        )
        await broker.put(make.message(persona))
        assert await finding == persona


async def test_unknown_persona_is_waited_for_once_then_refused_at_once(broker, make):
    persona = make.persona()
    await broker.create_stream()
    async with Roster(broker.url) as roster:
        assert await roster.find_persona("acme", persona.persona_id, timeout_seconds=0.1) is None
        async with asyncio.timeout(HANG_SECONDS):
            assert (
                await roster.find_persona("acme", persona.persona_id, timeout_seconds=9_999) is None
            )

        await broker.put(make.message(persona))
        await roster.wait_for("acme", 1, HANG_SECONDS)
        assert await roster.find_persona("acme", persona.persona_id) == persona


async def test_stream_that_comes_after_the_roster_is_found(broker, make):
    async with Roster(broker.url, start_timeout_seconds=0.3) as roster:
        assert roster.freshness is Freshness.NOT_READY
        assert (roster.age_seconds, roster.document_count, roster.revision("acme")) == (None, 0, 0)
        with pytest.raises(RosterNotReadyError):
            roster.resolve("acme")

        await broker.put(make.message(make.workspace(revision=2, ai_tone="warm")))
        await roster.wait_for("acme", 2, HANG_SECONDS)

        assert roster.resolve("acme").tone == "warm"
        assert roster.freshness is Freshness.READY


async def test_nothing_is_left_running_after_exit(broker):
    await broker.create_stream()
    before = asyncio.all_tasks()
    async with Roster(broker.url) as roster:
        assert asyncio.all_tasks() - before
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert roster.resolve("acme").tier == "none"


async def test_cancelled_start_leaves_nothing_running(broker):
    before = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), Roster(broker.url):
            pytest.fail("there is no stream to be complete of")
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
