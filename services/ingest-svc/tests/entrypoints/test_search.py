"""Questions, over REST and over NATS: the right persona's passages, and nobody else's."""

import json

import pytest
from persona_contracts import KNOWLEDGE_SEARCH_SUBJECT
from service_devkit.testing.waiting import HANG_SECONDS
from shelf import persona

pytestmark = pytest.mark.processes

PRICES = b"A bicycle costs 49 euros a month."


async def test_a_question_over_nats_is_answered_like_one_over_rest(shelf):
    anna = await shelf.persona()
    file = await shelf.add(anna, "prices.txt", PRICES)
    over_rest = await shelf.search(anna, "bicycles?")
    (passage,) = over_rest["passages"]
    assert passage["text"] == PRICES.decode()
    assert (passage["source"], passage["file_id"]) == ("prices.txt", file["file_id"])
    assert passage["persona_id"] == str(anna.persona_id)
    over_nats = await shelf.ask(anna, "bicycles?")
    assert over_nats["passages"][0]["chunk_id"] == passage["chunk_id"]
    assert (over_nats["mode"], over_nats["knowledge_revision"]) == ("lexical", 1)


async def test_a_persona_knows_what_its_ancestors_know(shelf):
    parent = await shelf.persona(name="Parent")
    child = await shelf.persona(name="Child", lineage=[parent.persona_id], revision=2)
    stranger = await shelf.persona(name="Stranger", revision=3)
    await shelf.add(parent, "parent.txt", PRICES)
    await shelf.add(child, "child.txt", b"A bicycle for children costs 29 euros.")
    found = (await shelf.search(child, "bicycle"))["passages"]
    assert {(item["source"], item["persona_id"]) for item in found} == {
        ("parent.txt", str(parent.persona_id)),
        ("child.txt", str(child.persona_id)),
    }
    assert [item["source"] for item in (await shelf.search(parent, "bicycle"))["passages"]] == [
        "parent.txt"
    ]
    assert (await shelf.search(stranger, "bicycle"))["passages"] == []
    known = (await shelf.client.get(f"/api/personas/{child.persona_id}/knowledge")).json()
    assert (known["chunks"], known["inherited_chunks"]) == (1, 1)
    assert known["summary"] == "1 passage from 1 file; 1 passage of its ancestors."


async def test_an_unknown_persona_is_an_error_and_never_anothers_passages(shelf):
    anna = await shelf.persona()
    await shelf.add(anna, "prices.txt", PRICES)
    unknown = persona()
    answer = await shelf.ask(unknown, "bicycle")
    assert answer == {"error": "persona-not-found"}
    elsewhere = await shelf.ask(anna, "bicycle", workspace_id="elsewhere")
    assert elsewhere == {"error": "persona-not-found"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"no json", "invalid: not JSON"),
        (b"{}", "invalid: persona_id, query, workspace_id"),
        (json.dumps({"workspace_id": "a b", "persona_id": "1", "query": ""}).encode(), "invalid"),
    ],
)
async def test_a_question_that_cannot_be_read_is_an_error(shelf, body, message):
    answer = await shelf.connection.request(KNOWLEDGE_SEARCH_SUBJECT, body, timeout=HANG_SECONDS)
    assert json.loads(answer.data)["error"].startswith(message)


async def test_a_question_in_the_language_of_the_passages_finds_other_forms_of_a_word(shelf):
    anna = await shelf.persona()
    german = (
        "Die Preise für Fahrräder richten sich nach der Anzahl der Mitarbeiter. "
        "Unternehmen erhalten die Rechnungen jeweils am Ende des Monats."
    )
    await shelf.add(anna, "preise.txt", german.encode())
    await shelf.add(anna, "prices.txt", PRICES)
    assert (await shelf.texts(anna, "Wann kommt eine Rechnung des Unternehmens?"))[0] == german


async def test_questions_have_limits(shelf):
    anna = await shelf.persona()
    path = f"/api/personas/{anna.persona_id}/knowledge/search"
    for body in ({"query": ""}, {"query": "a", "limit": 21}, {"query": "a", "more": 1}):
        assert (await shelf.client.post(path, json=body)).status_code == 422
