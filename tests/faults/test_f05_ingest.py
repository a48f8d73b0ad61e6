"""F3 and F5 for ingest-svc: broker, database and storage go and come back; no file is lost."""

import asyncio

import nats as nats_client
import pytest
from ingesting import NOTHING, Ingest, check_all, ingest_env, shelf_in, text
from service_devkit.testing.database import Databases
from service_devkit.testing.waiting import wait_until
from service_kit.topology import apply_streams

pytestmark = [pytest.mark.processes, pytest.mark.faults]


@pytest.fixture
async def connection(fresh_nats):
    opened = await nats_client.connect(
        fresh_nats.url, max_reconnect_attempts=-1, reconnect_time_wait=0.2
    )
    await apply_streams(opened.jetstream())
    yield opened
    await opened.close()


@pytest.fixture
async def ingest(fresh_postgres, fresh_nats, tmp_path):
    own = Databases(fresh_postgres).new("ingest_svc")
    running = Ingest(own, tmp_path, ingest_env(tmp_path, own, fresh_nats.url))
    await running.start()
    yield running
    await asyncio.to_thread(running.process.stop)


async def test_no_file_is_lost_when_the_broker_and_the_database_restart(
    ingest, connection, fresh_postgres, fresh_nats
):
    shelf = shelf_in(ingest, connection)
    anna = await shelf.persona()
    events = [
        await shelf.announce(anna, content=text(n, 20), file_id=f"file-{n}") for n in range(20)
    ]
    await wait_until(lambda: ingest.sql("select 1 from document where status = 'ready'"))
    await asyncio.to_thread(fresh_postgres.kill)
    await asyncio.to_thread(fresh_postgres.start)
    await asyncio.to_thread(fresh_nats.kill)
    await asyncio.to_thread(fresh_nats.start)
    await check_all(ingest, shelf, anna, events)


async def test_a_storage_that_is_away_refuses_uploads_and_fails_files_in_the_end(
    ingest, connection, monkeypatch
):
    await asyncio.to_thread(ingest.process.stop)
    for name, value in {
        "DRAMATIS_INGEST_STORAGE_URL": "s3://bucket/prefix",
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "never-shown",
        "AWS_REGION": "eu-north-1",
    }.items():
        monkeypatch.setenv(name, value)
    await ingest.start()
    shelf = shelf_in(ingest, connection)
    anna = await shelf.persona()
    answer = await shelf.post(anna, ("a.txt", text(1)))
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:dramatis:problem:storage-unavailable"
    event = await shelf.announce(anna, content=text(1))
    file = await shelf.settled(anna, event.file_id)
    assert file["error"]["code"] == "internal"
    assert "storage" in file["error"]["detail"]
    assert "never-shown" not in ingest.process.log() + answer.text + str(file)
    await shelf.client.aclose()


async def test_a_file_that_is_deleted_while_it_is_read_leaves_nothing(ingest, connection):
    shelf = shelf_in(ingest, connection)
    anna = await shelf.persona()
    for number in range(6):
        event = await shelf.announce(anna, content=text(number, 800), file_id=f"file-{number}")
        step = ("fetching", "extracting", "indexing")[number % 3]

        def is_there(step=step, file_id=event.file_id):
            query = "select 1 from document where file_id = %s and step in (%s, 'done')"
            return ingest.sql(query, file_id, step)

        await wait_until(is_there)
        await shelf.retract(event.file_id)
    await shelf.events("removed", 6)
    await ingest.until_settled()
    assert await shelf.texts(anna, "paragraph") == []
    await shelf.client.aclose()
    await asyncio.to_thread(ingest.process.stop)
    await ingest.sweep()
    assert await ingest.left_over() == NOTHING
    assert ingest.sql("select count(*) from content") == [(0,)]


async def test_nobody_who_searches_meanwhile_sees_a_mix_of_two_versions(ingest, connection):
    shelf = shelf_in(ingest, connection)
    anna = await shelf.persona()
    event = await shelf.announce(anna, content=text(0, 60), file_id="file")
    await shelf.settled(anna, "file")
    done = asyncio.Event()
    seen = []

    async def keep_searching():
        while not done.is_set():
            found = await shelf.texts(anna, "file paragraph word and more of it", 20)
            seen.append({passage.split(",")[0] for passage in found if passage.startswith("File")})

    searching = [asyncio.create_task(keep_searching()) for _ in range(3)]
    for version in range(1, 6):
        at = event.uploaded_at.replace(year=event.uploaded_at.year + version)
        await shelf.announce(
            anna, content=text(version, 60), file_id="file", uploaded_at=at.isoformat()
        )
        await shelf.events("ready", version + 1)
    done.set()
    await asyncio.gather(*searching)
    assert all(len(versions) == 1 for versions in seen), [item for item in seen if len(item) != 1]
    assert len(set().union(*seen)) > 1
    await ingest.until_settled()
    await shelf.client.aclose()
    await asyncio.to_thread(ingest.process.stop)
    assert await ingest.left_over() == NOTHING
