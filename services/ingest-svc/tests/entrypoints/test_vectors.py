"""Knowledge is there by its words at once; vectors follow, whatever becomes of the embedder."""

import asyncio
import contextlib
import os
import sys

import pytest
from service_devkit.embedded.ports import free_port
from service_devkit.testing.api import running, service_env
from service_devkit.testing.http_stub import HttpStub, Reply
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from shelf import Shelf

pytestmark = [pytest.mark.processes, pytest.mark.long]

TEXT = "\n\n".join(f"Paragraph {n}. " + f"Bicycle {n} costs {n} euros. " * 25 for n in range(30))
PATH = "/v1/embeddings"
KEY = "sk-only-for-the-embedder"


def embedded(request):
    data = [
        {"index": index, "embedding": [1.0, float(len(text) % 7), 0.5]}
        for index, text in enumerate(request.json()["input"])
    ]
    return Reply.of_json({"data": data})


@pytest.fixture(scope="module")
def nats(own_nats):
    return own_nats


@pytest.fixture
def ingest_database(database):
    return database("ingest_svc")


@pytest.fixture
async def stub():
    async with HttpStub() as opened:
        yield opened


@pytest.fixture
def shelf_with(ingest_database, nats_url, connection, tmp_path, stub):
    """Return a context: the service with its embedder behind `stub`, and a shelf in it."""

    @contextlib.asynccontextmanager
    async def opened(workspace_id, **env):
        base = service_env(tmp_path, database_url=ingest_database.login_url, nats_url=nats_url)
        chosen = {
            "DRAMATIS_INGEST_EMBEDDER": "openai",
            "OPENAI_API_KEY": KEY,
            "DRAMATIS_INGEST_OPENAI_BASE_URL": f"{stub.url}/v1",
            "DRAMATIS_INGEST_EMBEDDING_MODEL": "stub",
            "DRAMATIS_INGEST_EMBEDDING_DIMENSION": "3",
            "DRAMATIS_INGEST_EMBEDDING_BATCH_TEXTS": "4",
            "DRAMATIS_INGEST_EMBEDDING_TIMEOUT_SECONDS": "1",
            "DRAMATIS_INGEST_EMBED_RETRY_DELAYS_SECONDS": "[0.1, 0.1, 0.1]",
        }
        service = running("ingest_svc", tmp_path, {**base, **chosen, **env})
        api = await asyncio.to_thread(service.__enter__)
        try:
            async with api.client(workspace_id) as client:
                yield Shelf(workspace_id, connection, client, tmp_path)
        finally:
            await asyncio.to_thread(service.__exit__, None, None, None)

    return opened


async def test_vectors_follow_and_both_ways_find(stub, shelf_with):
    stub.on("POST", PATH, embedded)
    async with shelf_with("vectors") as shelf:
        anna = await shelf.persona()
        file = await shelf.add(anna, "a.txt", TEXT.encode())
        assert file["status"] == "ready"
        done = await shelf.vectors(anna, file["file_id"])
        assert done["vectors_error"] is None
        assert (await shelf.search(anna, "bicycle 7"))["mode"] == "hybrid"
        path = f"/api/personas/{anna.persona_id}/knowledge"
        assert (await shelf.client.get(path)).json()["vectors_pending"] == 0


async def test_while_vectors_are_pending_no_passage_without_one_is_worse_off(stub, shelf_with):
    """The file whose vectors are there shares a word with the question; the other quotes it."""
    sentence = "Every bicycle is lent with a helmet, and returned with it."

    def but_not_the_second(request):
        if any(sentence in text for text in request.json()["input"]):
            return Reply(fault="hang")
        return embedded(request)

    stub.on("POST", PATH, but_not_the_second)
    async with shelf_with("pending", DRAMATIS_INGEST_EMBED_RETRY_DELAYS_SECONDS="[60]") as shelf:
        anna = await shelf.persona()
        first = await shelf.add(anna, "first.txt", TEXT.encode())
        await shelf.vectors(anna, first["file_id"])
        assert (await shelf.search(anna, "bicycle 7"))["mode"] == "hybrid"
        second = await shelf.add(anna, "second.txt", f"Our terms. {sentence}".encode())
        assert second["vectors"] == "pending"
        for question in (sentence, "helmet and bicycle"):
            found = await shelf.search(anna, question)
            assert found["mode"] == "lexical"
            assert found["passages"][0]["source"] == "second.txt"
            scores = [item["score"] for item in found["passages"]]
            assert scores == sorted(scores, reverse=True)


async def test_one_error_repeats_a_batch_and_not_the_file(stub, shelf_with):
    seen = []

    def sometimes(request):
        seen.append(tuple(request.json()["input"]))
        return Reply(status=500) if len(seen) == 4 else embedded(request)

    stub.on("POST", PATH, sometimes)
    async with shelf_with("batches") as shelf:
        anna = await shelf.persona()
        file = await shelf.add(anna, "a.txt", TEXT.encode())
        await shelf.vectors(anna, file["file_id"])
    batches = [batch for batch in seen if len(batch) > 1]
    repeated = {batch for batch in batches if batches.count(batch) > 1}
    assert repeated == {seen[3]}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=429),
        Reply(status=500),
        Reply(fault="hang"),
        Reply.of_json({"data": [{"index": 0, "embedding": [1.0, 2.0]}]}),
        Reply(body=b'{"data": [{"index": 0, "embedding": [NaN, 1, 2]}]}'),
    ],
    ids=["429", "500", "hang", "wrong dimension", "NaN"],
)
async def test_without_the_embedder_words_find_and_retry_mends(stub, shelf_with, reply):
    stub.on("POST", PATH, reply)
    async with shelf_with(f"away{abs(hash(reply.body)) % 1000}x{reply.status}") as shelf:
        anna = await shelf.persona()
        file = await shelf.add(anna, "a.txt", b"A bicycle costs 49 euros.")
        assert file["status"] == "ready"
        failed = await shelf.vectors(anna, file["file_id"], "failed")
        assert failed["vectors_error"]["code"] == "embedding_failed"
        assert KEY not in str(failed)
        found = await shelf.search(anna, "bicycle")
        assert found["mode"] == "lexical"
        assert len(found["passages"]) == 1
        stub.on("POST", PATH, embedded)
        again = await shelf.client.post(shelf.path(anna, f"/{file['file_id']}/retry"))
        assert again.status_code == 200
        await shelf.vectors(anna, file["file_id"])
        assert (await shelf.search(anna, "bicycle"))["mode"] == "hybrid"


async def test_another_embedder_is_refused_until_the_passages_are_moved(
    stub, shelf_with, ingest_database, nats_url, tmp_path
):
    stub.on("POST", PATH, embedded)
    async with shelf_with("moving") as shelf:
        anna = await shelf.persona()
        file = await shelf.add(anna, "a.txt", TEXT.encode())
        await shelf.vectors(anna, file["file_id"])
    env = {
        **os.environ,
        **service_env(tmp_path, database_url=ingest_database.login_url, nats_url=nats_url),
        "DRAMATIS_HTTP_PORT": str(free_port()),
        "DRAMATIS_INGEST_EMBEDDER": "none",
    }

    async def run(*arguments):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ingest_svc", *arguments, env=env,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), HANG_SECONDS)
        return process.returncode, out.decode(), err.decode()

    code, _, printed = await run()
    assert code == 2
    assert "dramatis files reembed" in printed
    assert "stub-3" in printed
    code, moved, _ = await run("reembed")
    assert code == 0
    assert "moved to the collection words" in moved
    async with shelf_with("moving", DRAMATIS_INGEST_EMBEDDER="none") as shelf:

        async def found():
            return len((await shelf.search(anna, "bicycle 7"))["passages"]) == 5

        await wait_until(found)
        await shelf.vectors(anna, file["file_id"], "off")
    code, _, _ = await run("reembed")
    assert code == 0
