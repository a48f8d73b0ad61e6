"""The Roster while the broker dies, freezes, loses its store or never was there."""

import asyncio

import pytest
from persona_client import Freshness, Roster, RosterNotReadyError
from service_devkit.testing.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes


def company(make, *, revision=1, **fields):
    """Return a default persona and the messages that make it so."""
    persona = make.persona("Ann", revision=revision, **fields)
    settings = make.workspace(revision=revision, default_persona_id=persona.persona_id)
    return persona, [make.message(persona), make.message(settings)]


async def test_killed_broker_changes_no_answer_and_it_is_fresh_again_afterwards(broker, make):
    persona, messages = company(make)
    await broker.put(*messages)
    async with Roster(broker.url) as roster:
        broker.kill()
        assert roster.resolve("acme").sender_name == "Ann"

        await broker.start()
        await broker.put(make.message(persona.model_copy(update={"name": "Bea", "revision": 2})))
        await roster.wait_for("acme", 2, HANG_SECONDS)

        assert roster.resolve("acme").sender_name == "Bea"
        assert roster.resolve("acme").freshness is Freshness.READY


async def test_changes_made_while_the_roster_was_cut_off_are_not_missed(broker, make):
    persona, messages = company(make)
    await broker.put(*messages)
    async with Roster(broker.url) as roster:
        for revision in range(2, 5):
            broker.kill()
            await broker.start()
            changed = persona.model_copy(update={"name": f"r{revision}", "revision": revision})
            await broker.put(make.message(changed))
        await roster.wait_for("acme", 4, HANG_SECONDS)
        assert roster.resolve("acme").sender_name == "r4"


async def test_change_that_was_lost_on_a_cut_connection_is_read_again(broker, make, link, until):
    persona, messages = company(make)
    await broker.put(*messages)
    async with Roster(link.url) as roster:
        # A connection older than the reconnect wait is made anew within milliseconds.
        await until(lambda: roster.age_seconds > 1.2)
        link.is_losing = True
        await broker.put(make.message(persona.model_copy(update={"name": "Bea", "revision": 2})))
        await link.lost.wait()
        link.cut()
        await roster.wait_for("acme", 2, HANG_SECONDS)
        assert roster.resolve("acme").sender_name == "Bea"


async def test_lost_consumer_is_made_anew(broker, make):
    persona, messages = company(make)
    await broker.put(*messages)
    async with Roster(broker.url) as roster:
        async with broker.jetstream() as js:
            (consumer,) = await js.consumers_info("PERSONA_STATE")
            assert consumer.config.mem_storage
            assert not consumer.config.durable_name
            await js.delete_consumer("PERSONA_STATE", consumer.name)
        await broker.put(make.message(persona.model_copy(update={"name": "Bea", "revision": 2})))
        await roster.wait_for("acme", 2, HANG_SECONDS)
        assert roster.resolve("acme").sender_name == "Bea"


async def test_frozen_broker_makes_it_stale_after_15_seconds_and_ready_again(broker, make, until):
    _, messages = company(make)
    await broker.put(*messages)
    async with Roster(broker.url) as roster:
        await asyncio.sleep(6)
        assert roster.age_seconds < 5.5
        broker.freeze()
        await until(lambda: roster.freshness is Freshness.STALE)
        assert roster.age_seconds >= 15
        resolution = roster.resolve("acme")
        assert (resolution.sender_name, resolution.freshness) == ("Ann", Freshness.STALE)
        assert resolution.age_seconds >= 15
        broker.thaw()
        await until(lambda: roster.freshness is Freshness.READY)


@pytest.mark.parametrize("refilled", [1, 50], ids=["before", "past"])
async def test_replaced_store_is_read_again_wherever_the_reader_was(broker, make, until, refilled):
    persona, messages = company(make)
    gone = make.persona("gone")
    await broker.put(*messages, make.message(gone))
    async with Roster(broker.url) as roster:
        broker.kill()
        broker.delete_store()
        await broker.start()
        others = [make.persona(f"p{number}") for number in range(refilled)]
        changed = persona.model_copy(update={"name": "Bea", "revision": 2})
        await broker.put(make.message(changed), messages[1], *map(make.message, others))

        await roster.wait_for("acme", 2, HANG_SECONDS)
        assert roster.resolve("acme").sender_name == "Bea"
        assert roster.resolve("acme", sequence_persona_id=gone.persona_id).persona == gone
        await until(lambda: roster.document_count == 2 + refilled)

        missing = roster.resolve("acme", sequence_persona_id=gone.persona_id)
        assert [item.reason for item in missing.skipped] == ["DANGLING_REF"]
        for other in others:
            found = roster.resolve("acme", sequence_persona_id=other.persona_id)
            assert found.persona == other
        assert roster.freshness is Freshness.READY


async def test_nothing_vanishes_while_a_replaced_store_is_still_being_refilled(broker, make):
    persona, messages = company(make)
    await broker.put(*messages)
    async with Roster(broker.url) as roster:
        broker.kill()
        broker.delete_store()
        await broker.start()
        await broker.create_stream()
        # One document has come, so the new stream is being read; the others are still missing.
        await broker.put(make.message(make.campaign("spring", revision=2)))
        await roster.wait_for("acme", 2, HANG_SECONDS)
        assert roster.resolve("acme").persona == persona

        await broker.put(*messages, make.message(make.campaign("autumn", revision=3)))
        await roster.wait_for("acme", 3, HANG_SECONDS)
        assert roster.resolve("acme").persona == persona


async def test_replaced_store_that_stays_empty_never_empties_the_roster(broker, make, until):
    _, messages = company(make)
    await broker.put(*messages)
    async with Roster(broker.url) as roster:
        broker.kill()
        broker.delete_store()
        await broker.start()
        await broker.create_stream()
        await until(lambda: roster.freshness is Freshness.STALE)
        assert roster.resolve("acme").sender_name == "Ann"


async def test_away_broker_without_a_snapshot_is_an_error_until_it_comes(broker, make):
    _, messages = company(make)
    await broker.put(*messages)
    broker.kill()
    async with Roster(broker.url, start_timeout_seconds=0.5) as roster:
        assert roster.freshness is Freshness.NOT_READY
        with pytest.raises(RosterNotReadyError):
            roster.resolve("acme")

        await broker.start()
        await roster.wait_for("acme", 1, HANG_SECONDS)

        assert roster.resolve("acme").sender_name == "Ann"
        assert roster.freshness is Freshness.READY


async def test_exit_is_quick_while_the_broker_is_away(broker, make):
    _, messages = company(make)
    await broker.put(*messages)
    async with asyncio.timeout(5):
        async with Roster(broker.url):
            broker.kill()
        async with Roster(broker.url, start_timeout_seconds=0.1):
            pass


async def test_snapshot_answers_stale_while_the_broker_is_away(broker, make, tmp_path, until):
    persona, messages = company(make)
    await broker.put(*messages)
    path = tmp_path / "roster.gz"
    async with Roster(broker.url, snapshot_path=path):
        pass
    broker.kill()

    async with Roster(broker.url, snapshot_path=path, start_timeout_seconds=0.5) as roster:
        resolution = roster.resolve("acme")
        assert (resolution.sender_name, resolution.freshness) == ("Ann", Freshness.STALE)
        assert 0.4 < resolution.age_seconds < 20
        assert roster.freshness is Freshness.STALE

        await broker.start()
        await broker.put(make.message(persona.model_copy(update={"name": "Bea", "revision": 2})))
        await roster.wait_for("acme", 2, HANG_SECONDS)
        assert roster.resolve("acme").sender_name == "Bea"
        await until(lambda: roster.freshness is Freshness.READY)


async def test_snapshot_is_written_while_running_and_goes_on_where_it_ends(
    broker, make, tmp_path, until
):
    persona, messages = company(make)
    await broker.put(*messages)
    path = tmp_path / "roster.gz"
    async with Roster(broker.url, snapshot_path=path):
        await until(path.exists)
    await broker.put(
        make.message(persona.model_copy(update={"name": "Bea", "revision": 2})),
        make.tombstone(make.persona(), revision=3),
    )
    async with Roster(broker.url, snapshot_path=path) as roster:
        assert roster.freshness is Freshness.READY
        assert roster.resolve("acme").sender_name == "Bea"
        assert roster.revision("acme") == 3


async def test_snapshot_of_another_store_does_not_bring_back_the_dead(
    broker, make, tmp_path, until
):
    _, messages = company(make)
    path = tmp_path / "roster.gz"
    await broker.put(*messages, make.message(make.persona("dead")))
    async with Roster(broker.url, snapshot_path=path):
        pass
    broker.kill()
    broker.delete_store()
    await broker.start()
    await broker.put(*messages)

    async with Roster(broker.url, snapshot_path=path, start_timeout_seconds=0.1) as roster:
        await until(lambda: roster.document_count == 2)
        await until(lambda: roster.freshness is Freshness.READY)


async def test_corrupt_snapshot_costs_nothing_but_a_warning(broker, make, tmp_path, caplog):
    _, messages = company(make)
    await broker.put(*messages)
    path = tmp_path / "roster.gz"
    path.write_bytes(b"\x1f\x8b corrupt")
    async with Roster(broker.url, snapshot_path=path) as roster:
        assert roster.resolve("acme").sender_name == "Ann"
    assert "ignored" in caplog.text
    broker.kill()
    async with Roster(broker.url, snapshot_path=path, start_timeout_seconds=0.1) as roster:
        assert roster.resolve("acme").sender_name == "Ann"


async def test_snapshot_that_cannot_be_written_stops_nothing(broker, make, tmp_path, caplog):
    _, messages = company(make)
    await broker.put(*messages)
    async with Roster(broker.url, snapshot_path=tmp_path / "missing" / "roster.gz") as roster:
        assert roster.resolve("acme").sender_name == "Ann"
    assert "no snapshot: FileNotFoundError" in caplog.text
