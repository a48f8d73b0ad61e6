"""Both indexes keep the same promises: one suite against qdrant-edge and against qdrant-client.

A Qdrant server is the same client with another address: that of `DRAMATIS_TEST_QDRANT_URL`.
"""

import asyncio
import os
import subprocess
import sys
from uuid import UUID, uuid4

import pytest
from ingest_svc.adapters import edge_index
from ingest_svc.adapters.edge_index import EdgeIndex
from ingest_svc.adapters.passage_index import checked_hits, document_words, payload_of, query_words
from ingest_svc.adapters.qdrant_index import QdrantIndex
from ingest_svc.domain.passage import ForeignPassageError, Hit, Owner, Question, Scope
from qdrant_edge import Prefetch, QueryRequest
from service_kit.settings import SettingsError

SERVER = os.environ.get("DRAMATIS_TEST_QDRANT_URL")
TEXTS = ["The price of one bicycle is 49 euros.", "Dogs run fast.", "Our office is in Oslo."]
MEANINGS = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


needs_server = pytest.mark.skipif(
    SERVER is None, reason="DRAMATIS_TEST_QDRANT_URL is not set: no Qdrant server to test with"
)


@pytest.fixture(params=["edge", "client", pytest.param("server", marks=needs_server)])
async def index(request, tmp_path):
    # The client's local mode warns that it is not for production.
    if request.param == "edge":
        opened = EdgeIndex(tmp_path / "passages", "test-3", 3)
    elif request.param == "client":
        opened = QdrantIndex(":memory:", None, "test-3", 3)
    else:
        opened = QdrantIndex(SERVER, None, f"test-{uuid4().hex}", 3)
    await opened.open()
    yield opened
    await opened.close()


def owner(workspace_id="acme", persona_id=None):
    return Owner(workspace_id=workspace_id, persona_id=persona_id or uuid4(), content_id=uuid4())


def scope(*owners):
    return Scope(owners[0].workspace_id, tuple(item.persona_id for item in owners))


def words(text="price of a bicycle"):
    return Question(words=query_words(text, ["english"]))


async def put(index, whose, texts=TEXTS, vectors=None):
    await index.put_words(whose, 0, document_words(texts, "english"))
    if vectors is not None:
        await index.put_vectors(whose, 0, vectors)
    await index.flush()


async def test_words_find_a_chunk_before_it_has_a_vector(index):
    anna = owner()
    await put(index, anna)
    hits = await index.search(scope(anna), words(), 5)
    assert [(hit.content_id, hit.number) for hit in hits] == [(anna.content_id, 0)]


async def test_meaning_finds_what_no_word_does(index):
    anna = owner()
    await put(index, anna, vectors=MEANINGS)
    question = Question(words=query_words("hound", ["english"]), vector=[0.0, 1.0, 0.1])
    assert (await index.search(scope(anna), question, 1))[0].number == 1


async def test_words_and_meaning_together_beat_either(index):
    anna = owner()
    await put(index, anna, vectors=MEANINGS)
    question = Question(words=query_words("price", ["english"]), vector=[1.0, 0.0, 0.0])
    hits = await index.search(scope(anna), question, 3)
    assert hits[0].number == 0
    assert hits[0].score > hits[1].score


@pytest.mark.parametrize("vector", [None, [1.0, 0.0, 0.0]], ids=["words", "both"])
async def test_nobody_finds_what_is_anothers(index, vector):
    anna, bert, stranger = owner(), owner(), owner("other")
    same_persona_elsewhere = owner("other", anna.persona_id)
    for whose in (anna, bert, stranger, same_persona_elsewhere):
        await put(index, whose, vectors=MEANINGS)
    question = Question(words=words().words, vector=vector)
    for whose in (anna, bert, stranger, same_persona_elsewhere):
        hits = await index.search(scope(whose), question, 20)
        assert {hit.content_id for hit in hits} == {whose.content_id}
    both = await index.search(scope(anna, bert), question, 20)
    assert {hit.content_id for hit in both} == {anna.content_id, bert.content_id}
    assert {hit.persona_id for hit in both} == {anna.persona_id, bert.persona_id}


async def test_contents_can_be_left_out(index):
    anna = owner()
    later = Owner(workspace_id="acme", persona_id=anna.persona_id, content_id=uuid4())
    for whose in (anna, later):
        await put(index, whose, vectors=MEANINGS)
    question = Question(words=words().words, vector=MEANINGS[0], without={anna.content_id})
    hits = await index.search(scope(anna), question, 20)
    assert {hit.content_id for hit in hits} == {later.content_id}


async def test_putting_again_changes_nothing(index):
    anna = owner()
    for _ in range(2):
        await put(index, anna, vectors=MEANINGS)
    assert await index.count("acme", anna.content_id) == 3


async def test_what_is_removed_is_counted_zero_and_nothing_else_goes(index):
    anna, bert = owner(), owner()
    for whose in (anna, bert):
        await put(index, whose, vectors=MEANINGS)
    await index.remove("other", anna.content_id)
    assert await index.count("acme", anna.content_id) == 3
    await index.remove("acme", anna.content_id)
    await index.remove("acme", anna.content_id)
    assert await index.count("acme", anna.content_id) == 0
    assert await index.count("acme", bert.content_id) == 3
    assert await index.search(scope(anna), words(), 5) == []


async def test_an_ask_before_it_is_open_waits(tmp_path):
    anna = owner()
    index = EdgeIndex(tmp_path / "passages", "test-3", 3)
    asked = asyncio.create_task(index.count("acme", anna.content_id))
    await asyncio.sleep(0)
    await index.open()
    assert await asked == 0
    await index.close()


async def test_words_in_each_language_of_the_passages_are_found(index):
    anna = owner()
    await index.put_words(anna, 0, document_words(["Die Preise der Fahrräder"], "german"))
    await index.put_words(anna, 1, document_words(["Prices of bicycles"], "english"))
    languages = ["english", "german"]
    for text, number in (("Preis", 0), ("price", 1)):
        question = Question(words=query_words(text, languages))
        assert [hit.number for hit in await index.search(scope(anna), question, 1)] == [number]


def test_a_scope_is_never_empty():
    with pytest.raises(ValueError, match="at least one persona"):
        Scope("acme", ())
    with pytest.raises(ValueError, match="needs a workspace"):
        Scope("", (uuid4(),))


def test_a_hit_from_elsewhere_is_never_returned():
    anna = owner()
    elsewhere = owner("other", anna.persona_id)
    for payload in (None, {}, payload_of(elsewhere, 0), payload_of(owner(), 0)):
        with pytest.raises(ForeignPassageError):
            checked_hits(scope(anna), [(payload, 1.0)])
    (hit,) = checked_hits(scope(anna), [(payload_of(anna, 7), 0.5)])
    assert hit.number == 7


async def test_what_was_flushed_survives_a_kill(tmp_path):
    folder = tmp_path / "passages"
    program = f"""
import asyncio, os, signal
from pathlib import Path
from uuid import UUID
from ingest_svc.adapters import edge_index
from ingest_svc.adapters.edge_index import EdgeIndex
from ingest_svc.adapters.passage_index import document_words
from ingest_svc.domain.passage import Owner

async def main():
    index = EdgeIndex(Path({str(folder)!r}), "test-3", 3)
    await index.open()
    anna = Owner(workspace_id="acme", persona_id=UUID(int=1), content_id=UUID(int=2))
    await index.put_words(anna, 0, document_words({TEXTS!r}, "english"))
    await index.put_vectors(anna, 0, {MEANINGS!r})
    await index.flush()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    ended = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], check=False)
    assert ended.returncode == -9
    index = EdgeIndex(folder, "test-3", 3)
    await index.open()
    assert await index.count("acme", UUID(int=2)) == 3
    await index.close()


async def test_a_second_process_is_told_which_setting_it_needs(tmp_path, monkeypatch):
    monkeypatch.setattr("ingest_svc.adapters.edge_index.OPEN_SECONDS", 0)
    first, second = (EdgeIndex(tmp_path / "passages", "test-3", 3) for _ in range(2))
    await first.open()
    with pytest.raises(SettingsError, match="DRAMATIS_INGEST_QDRANT_URL"):
        await second.open()
    await first.close()


async def test_a_collection_that_is_no_longer_used_is_dropped(tmp_path):
    for name, dimension in (("old-3", 3), ("new-4", 4)):
        index = EdgeIndex(tmp_path / "passages", name, dimension)
        await index.open()
        await index.close()
    assert [path.name for path in (tmp_path / "passages").iterdir()] == ["new-4"]


def unfiltered(request):
    """Return a request of the adapter without the filter that it built."""
    return QueryRequest(
        limit=request.limit,
        query=request.query,
        with_payload=True,
        prefetches=[
            Prefetch(limit=one.limit, query=one.query, params=None) for one in request.prefetches
        ],
    )


async def test_without_the_filter_these_tests_fail(tmp_path, monkeypatch):
    index = EdgeIndex(tmp_path / "passages", "test-3", 3)
    await index.open()
    built = edge_index._request
    monkeypatch.setattr(edge_index, "_request", lambda *asked: unfiltered(built(*asked)))
    with pytest.raises(ForeignPassageError):
        await test_nobody_finds_what_is_anothers(index, None)
    monkeypatch.setattr(
        edge_index,
        "checked_hits",
        lambda _, points: [
            Hit(
                content_id=UUID(payload["content_id"]),
                number=payload["number"],
                persona_id=UUID(payload["persona_id"]),
                score=score,
            )
            for payload, score in points
        ],
    )
    with pytest.raises(AssertionError):
        await test_nobody_finds_what_is_anothers(index, None)
    await index.close()
