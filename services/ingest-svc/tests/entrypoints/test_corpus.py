"""All of the corpus of real documents: each ready or failed for the right reason, cited by page."""

import asyncio

import pytest
from corpus import BAD, OK, citations, needs_corpus, paths, plain
from quotations import holds, parts_of, sentences
from service_devkit.testing.api import running, service_env
from service_devkit.testing.waiting import HANG_SECONDS
from shelf import Shelf

pytestmark = [needs_corpus, pytest.mark.processes, pytest.mark.faults, pytest.mark.long]
TOP = 5


@pytest.fixture(scope="module")
def nats(own_nats):
    return own_nats


@pytest.fixture
async def shelf(database, nats_url, connection, tmp_path):
    """Return a shelf in a service that embeds with MiniLM."""
    own = database("ingest_svc")
    env = service_env(tmp_path, database_url=own.login_url, nats_url=nats_url)
    service = running("ingest_svc", tmp_path, env)
    api = await asyncio.to_thread(service.__enter__)
    async with api.client("corpus") as client:
        yield Shelf("corpus", connection, client, tmp_path)
    await asyncio.to_thread(service.__exit__, None, None, None)


async def test_every_real_document_is_known_by_its_page_or_refused_for_a_reason(shelf):
    anna = await shelf.persona()
    events = {
        path.name: await shelf.announce(anna, path.name, path.read_bytes()) for path in paths()
    }
    for name, event in events.items():
        file = await shelf.settled(anna, event.file_id)
        if name in BAD:
            assert (file["status"], file["error"]["code"]) == ("failed", BAD[name]), name
            assert 20 < len(file["error"]["title"] + file["error"]["detail"]) <= 500
        else:
            assert (file["error"], file["kind"], file["pages"]) == (None, *OK[name]), name
    files = {
        path.name: await asyncio.to_thread(parts_of, path) for path in paths() if path.name in OK
    }
    quoted = sentences(files, 5)
    assert len({name for name, _ in quoted}) >= 10
    for mode in ("words", "both"):
        if mode == "both":
            for name in OK:
                await shelf.vectors(anna, events[name].file_id, timeout_seconds=4 * HANG_SECONDS)
        first = [await rank(shelf, anna, cited) == 0 for cited in citations()]
        first += [await rank_of_sentence(shelf, anna, *one) == 0 for one in quoted]
        assert sum(first) >= 0.95 * len(first), f"{sum(first)} of {len(first)}: {mode}"


async def rank_of_sentence(shelf, anna, name, sentence):
    """Return at which place a sentence is found; it must be among the first five."""
    found = (await shelf.search(anna, sentence, TOP))["passages"]
    places = [
        place
        for place, passage in enumerate(found)
        if passage["source"] == name and holds(passage["text"], sentence)
    ]
    assert places, (name, sentence, [(item["source"], item["text"]) for item in found])
    return places[0]


async def rank(shelf, anna, cited):
    """Return at which place the phrase's page is found; it must be among the first five."""
    found = (await shelf.search(anna, cited["phrase"], TOP))["passages"]
    places = [
        place
        for place, passage in enumerate(found)
        if passage["source"] == cited["file"]
        and passage["page_start"] <= cited["page"] <= passage["page_end"]
    ]
    assert places, (cited, [(item["source"], item["page_start"]) for item in found])
    assert plain(cited["phrase"])[:12] in "".join(plain(item["text"]) for item in found)
    return places[0]
