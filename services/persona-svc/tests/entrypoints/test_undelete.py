"""Deleting can be taken back until the persona is erased."""

from datetime import datetime

import pytest

MATCH_ANY = {"If-Match": "*"}


def path(persona, rest=""):
    return f"/api/personas/{persona['persona_id']}{rest}"


@pytest.fixture
def delete(admin):
    async def deleted(persona, **params):
        answer = await admin.delete(path(persona), headers=MATCH_ANY, params=params)
        assert answer.status_code == 204, answer.text

    return deleted


async def test_an_undeleted_persona_is_back_in_a_new_version_with_its_old_ones(
    admin, create, delete, feed
):
    await create("Default")
    anna = await create("Anna", tone="calm")
    await admin.patch(path(anna), json={"tone": "warm"}, headers=MATCH_ANY)
    await delete(anna)
    answer = await admin.post(path(anna, "/undelete"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == '"3"'
    assert (answer.json()["tone"], answer.json()["is_default"]) == ("warm", False)
    versions = (await admin.get(path(anna, "/versions"))).json()["items"]
    assert [item["version"] for item in versions] == [3, 2, 1]
    assert versions[0]["changes_summary"] == "undeleted"
    await feed.published()
    assert (await feed.state("persona", anna["persona_id"]))["tone"] == "warm"
    (event,) = await feed.events("persona.undeleted")
    assert (event["version"], event["persona"]["tone"]) == (3, "warm")
    assert event["revision"] == answer.json()["revision"]
    audit = (await admin.get("/api/audit", params={"entity_id": anna["persona_id"]})).json()
    assert audit["items"][0]["action"] == "persona.undelete"


async def test_neither_assignments_nor_the_default_come_back(admin, create, delete, feed):
    anna = await create("Anna")
    kim = await create("Kim")
    await feed.synced("spring")
    assigned = {"persona_id": anna["persona_id"], "channel": "email"}
    assert (await admin.put("/api/campaigns/spring/persona", json=assigned)).status_code == 200
    await delete(anna, promote=kim["persona_id"])
    assert (await admin.post(path(anna, "/undelete"))).status_code == 200
    shown = {item["name"]: item for item in (await admin.get("/api/personas")).json()["items"]}
    assert {name: item["is_default"] for name, item in shown.items()} == {
        "Anna": False,
        "Kim": True,
    }
    (campaign,) = (await admin.get("/api/campaigns")).json()["items"]
    assert not any(campaign["assignments"].values())


async def test_the_only_persona_is_the_default_again(admin, create, delete):
    anna = await create("Anna")
    await delete(anna)
    assert (await admin.post(path(anna, "/undelete"))).json()["is_default"]


async def test_a_name_that_is_taken_is_in_the_way(admin, create, delete):
    await create("Default")
    anna = await create("Anna")
    await delete(anna)
    other = await create("anna")
    answer = await admin.post(path(anna, "/undelete"))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:dramatis:problem:persona-name-taken"
    assert "'Anna'" in answer.json()["detail"]
    await admin.patch(path(other), json={"name": "Ann"}, headers=MATCH_ANY)
    assert (await admin.post(path(anna, "/undelete"))).status_code == 200


async def test_a_parent_that_is_gone_is_in_the_way(admin, create, delete):
    await create("Default")
    parent = await create("Parent", tone="calm")
    child = await create("Child", parent_id=parent["persona_id"])
    await delete(child)
    await delete(parent)
    answer = await admin.post(path(child, "/undelete"))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:dramatis:problem:persona-parent-gone"
    assert answer.json()["parent_id"] == parent["persona_id"]
    assert (await admin.post(path(parent, "/undelete"))).status_code == 200
    assert (await admin.post(path(child, "/undelete"))).status_code == 200
    resolved = (await admin.get(path(child, "/resolved"))).json()
    assert (resolved["tone"], resolved["lineage"]) == ("calm", [parent["persona_id"]])


async def test_what_is_not_deleted_cannot_be_undeleted(admin, create, api):
    anna = await create("Anna")
    answer = await admin.post(path(anna, "/undelete"))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:dramatis:problem:persona-not-deleted"
    missing = await admin.post("/api/personas/01890000-0000-7000-8000-000000000000/undelete")
    assert missing.status_code == 404
    async with api.client("elsewhere") as stranger:
        assert (await stranger.post(path(anna, "/undelete"))).status_code == 404


@pytest.mark.parametrize("role", ["viewer", "editor"])
async def test_undeleting_needs_an_admin(api, workspace_id, create, delete, role):
    await create("Default")
    anna = await create("Anna")
    await delete(anna)
    async with api.client(workspace_id, role) as client:
        assert (await client.post(path(anna, "/undelete"))).status_code == 403


async def test_deleted_personas_are_listed_with_the_end_of_their_retention(
    admin, create, delete, feed
):
    await create("Default")
    anna, bo = await create("Anna"), await create("Bo")
    for persona in (anna, bo):
        await delete(persona)
    page = (await admin.get("/api/personas/deleted", params={"limit": 1})).json()
    (first,) = page["items"]
    assert first["name"] == "Anna"
    rest = (await admin.get("/api/personas/deleted", params={"after": page["next"]})).json()
    assert [item["name"] for item in rest["items"]] == ["Bo"]
    deleted_at, erase_after = (
        datetime.fromisoformat(first[name]) for name in ("deleted_at", "erase_after")
    )
    assert (erase_after - deleted_at).days == 30
    assert (first["deleted_by"], first["days_left"]) == ("tester", 30)
    trash = await admin.get("/api/personas", params={"deleted": True, "limit": 1})
    assert trash.json() == page
    event, _ = await feed.events("persona.deleted")
    assert datetime.fromisoformat(event["erase_after"]) == erase_after
