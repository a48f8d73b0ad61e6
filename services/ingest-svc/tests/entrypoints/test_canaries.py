"""Personas in five workspaces, each with a sentence that nobody else may ever see."""

import asyncio
import random
from dataclasses import dataclass
from uuid import uuid4

import pytest
from shelf import Shelf

pytestmark = [pytest.mark.processes, pytest.mark.long]

AT_ONCE = 8


@dataclass(frozen=True)
class Size:
    """How many there are."""

    personas: int
    searches: int

    @property
    def workspaces(self):
        return [f"canary-{self.personas}-{number}" for number in range(5)]


SIZES = [Size(3, 200), pytest.param(Size(20, 2_000), marks=pytest.mark.faults)]


def canary(workspace_id, number):
    return f"The canary of persona {number} in {workspace_id} sings a yellow song of bicycles."


@pytest.fixture(params=SIZES, ids=lambda size: f"{5 * size.personas} personas")
def size(request):
    return request.param


@pytest.fixture
async def shelves(api, connection, data_dir, size):
    """Return the shelf and the personas of each workspace, every canary ready to be found."""
    made = {}
    for workspace_id in size.workspaces:
        shelf = Shelf(workspace_id, connection, api.client(workspace_id), data_dir)
        personas = [await shelf.persona(name=f"P{number}") for number in range(size.personas)]
        made[workspace_id] = shelf, personas
    uploads = [
        shelf.add(who, "canary.txt", canary(workspace_id, number).encode())
        for workspace_id, (shelf, personas) in made.items()
        for number, who in enumerate(personas)
    ]
    for some in batches(uploads):
        files = await asyncio.gather(*some)
        assert {file["status"] for file in files} == {"ready"}
    yield made
    for shelf, _ in made.values():
        await shelf.client.aclose()


def batches(things):
    return [things[start : start + AT_ONCE] for start in range(0, len(things), AT_ONCE)]


class Asker:
    """Asks right and wrong questions, and checks each answer."""

    def __init__(self, size, shelves):
        self.size = size
        self.chance = random.Random(3)  # noqa: S311 — which wrong question is asked when
        self.shelves = shelves

    def elsewhere(self, workspace_id):
        return self.chance.choice([item for item in self.size.workspaces if item != workspace_id])

    async def right(self, workspace_id, number):
        shelf, personas = self.shelves[workspace_id]
        ask = self.chance.choice([shelf.search, shelf.ask])
        query = f"canary of {self.chance.choice(self.size.workspaces)}"
        found = (await ask(personas[number], query))["passages"]
        assert [item["text"] for item in found] == [canary(workspace_id, number)]

    async def wrong_workspace(self, workspace_id, number):
        who = self.shelves[self.elsewhere(workspace_id)][1][number]
        shelf = self.shelves[workspace_id][0]
        path = f"/api/personas/{who.persona_id}/knowledge/search"
        assert (await shelf.client.post(path, json={"query": "canary"})).status_code == 404
        over_nats = await shelf.ask(who, "canary")
        assert over_nats == {"error": "persona-not-found"}

    async def wrong_persona(self, workspace_id, _):
        shelf = self.shelves[workspace_id][0]
        path = f"/api/personas/{uuid4()}/knowledge/search"
        assert (await shelf.client.post(path, json={"query": "canary"})).status_code == 404

    async def wrong_token(self, workspace_id, number):
        shelf, personas = self.shelves[workspace_id]
        path = f"/api/personas/{personas[number].persona_id}/knowledge/search"
        for headers in ({"Authorization": "Bearer nonsense"}, {"Authorization": ""}):
            answer = await shelf.client.post(path, json={"query": "canary"}, headers=headers)
            assert answer.status_code == 401
            assert "yellow" not in answer.text

    async def wrong_file(self, workspace_id, number):
        other, theirs = self.shelves[self.elsewhere(workspace_id)]
        shelf, personas = self.shelves[workspace_id]
        listed = (await other.client.get(other.path(theirs[number]))).json()["items"]
        for part in ("", "/chunks", "/original"):
            path = shelf.path(personas[number], f"/{listed[0]['file_id']}{part}")
            assert (await shelf.client.get(path)).status_code == 404


@pytest.mark.slow
async def test_no_canary_is_ever_heard_by_another(size, shelves):
    asker = Asker(size, shelves)
    wrong = [asker.wrong_workspace, asker.wrong_persona, asker.wrong_token, asker.wrong_file]
    kinds = [asker.right, asker.right, asker.right, *wrong]
    asked = [
        asker.chance.choice(kinds)(
            asker.chance.choice(size.workspaces), asker.chance.randrange(size.personas)
        )
        for _ in range(size.searches)
    ]
    for some in batches(asked):
        await asyncio.gather(*some)
