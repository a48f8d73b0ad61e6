"""Personas over REST: what people rely on when they edit them."""

import json
from base64 import b64encode
from pathlib import Path
from zlib import crc32

import pytest

CASES = Path(__file__).resolve().parents[4] / "tests/cases/cases.json"
(NAMES,) = (case for case in json.loads(CASES.read_text()) if case["kind"] == "names")
MATCH_ANY = {"If-Match": "*"}


def path(persona, more=""):
    return f"/api/personas/{persona['persona_id']}{more}"


async def settings_of(client):
    return (await client.get("/api/workspace/settings")).json()


async def test_the_first_persona_becomes_the_default_and_its_values_are_mirrored(admin, create):
    first = await create("Anna", persona_name="Anna Berg", tone="calm", signature="Anna\nAcme")
    second = await create("Bo")
    assert first["is_default"]
    assert not second["is_default"]
    settings = await settings_of(admin)
    assert settings["default_persona_id"] == first["persona_id"]
    assert settings["ai_persona_name"] == "Anna Berg"
    assert settings["ai_signature"] == "Anna\nAcme"


async def test_created_answers_say_where_and_which_version(admin):
    answer = await admin.post("/api/personas", json={"name": "Anna"})
    assert answer.headers["Location"] == path(answer.json())
    assert answer.headers["ETag"] == '"1"'
    shown = await admin.get(answer.headers["Location"])
    assert shown.json() == answer.json()


async def test_a_name_is_taken_whatever_its_case(admin, create):
    await create("Anna")
    answer = await admin.post("/api/personas", json={"name": "  ANNA "})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:dramatis:problem:persona-name-taken"


@pytest.mark.parametrize(
    "name", [*NAMES["names"][1:], "\u2065Vela", "Ve\U000e0100la", "V\u00adela"]
)
async def test_a_name_is_taken_whatever_is_not_seen_in_it(admin, create, name):
    await create(NAMES["names"][0])
    assert (await admin.post("/api/personas", json={"name": name})).status_code == 409


@pytest.mark.parametrize("field", ["name", "persona_name", "display_name"])
async def test_a_name_that_turns_text_around_is_refused(admin, create, field):
    persona = await create("Anna")
    turned = {field: "Vela \u202egnp.exe"}
    match = {"If-Match": "*"}
    front = json.dumps({"name": "Bo", **turned})
    for answer in (
        await admin.post("/api/personas", json={"name": "Bo", **turned}),
        await admin.patch(path(persona), json=turned, headers=match),
        await admin.post("/api/personas/import", content=f"---\n{front}\n---\n"),
    ):
        assert answer.status_code == 422, answer.text
        (error,) = answer.json()["errors"]
        assert error["field"] == field
        assert "U+202E" in error["message"]


async def test_the_ways_around_a_turned_name_are_closed(admin, create):
    persona = await create("Anna")
    unseen = await admin.post("/api/personas", json={"name": "\u3164\u2800"})
    assert unseen.json()["errors"][0]["message"].startswith("has no visible character")
    clone = await admin.post(path(persona, "/clone"), json={"name": "a\u202eb"})
    settings = await admin.put("/api/workspace/settings", json={"ai_persona_name": "a\u202db"})
    for answer in (clone, settings):
        assert answer.status_code == 422
        assert "turns text around" in answer.json()["detail"]


async def test_an_edit_needs_the_version_that_was_read(admin, create):
    persona = await create("Anna", tone="calm")
    without = await admin.patch(path(persona), json={"tone": "warm"})
    assert without.status_code == 428
    first = await admin.patch(path(persona), json={"tone": "warm"}, headers={"If-Match": '"1"'})
    assert first.json()["version"] == 2
    assert first.headers["ETag"] == '"2"'
    late = await admin.patch(path(persona), json={"tone": "cold"}, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert late.json()["current"]["tone"] == "warm"


async def test_an_edit_that_changes_nothing_makes_no_version(admin, create):
    persona = await create("Anna", tone="calm")
    same = await admin.patch(path(persona), json={"tone": "calm"}, headers=MATCH_ANY)
    assert same.json()["version"] == 1
    assert same.json()["revision"] == persona["revision"]


async def test_every_version_can_be_read_compared_and_restored(admin, create):
    persona = await create("Anna", tone="calm")
    await admin.patch(path(persona), json={"tone": "warm"}, headers=MATCH_ANY)
    listed = (await admin.get(path(persona, "/versions"))).json()["items"]
    assert [item["version"] for item in listed] == [2, 1]
    diff = (await admin.get(path(persona, "/versions/1/diff/2"))).json()
    assert [(c["field"], c["before"], c["after"]) for c in diff["changes"]] == [
        ("tone", "calm", "warm")
    ]
    restored = (await admin.post(path(persona, "/versions/1/restore"))).json()
    assert (restored["tone"], restored["version"]) == ("calm", 3)
    assert (await admin.get(path(persona, "/versions/9"))).status_code == 404


async def test_a_child_shows_what_it_inherits_and_a_parent_edit_raises_its_revision(admin, create):
    parent = await create("Parent", tone="calm", content="# Always\nBe kind.")
    child = await create("Child", parent_id=parent["persona_id"], content="# Also\nBe brief.")
    resolved = (await admin.get(path(child, "/resolved"))).json()
    assert resolved["tone"] == "calm"
    assert resolved["inherited_from"]["tone"] == parent["persona_id"]
    assert resolved["lineage"] == [parent["persona_id"]]
    assert resolved["content"].index("Be kind") < resolved["content"].index("Be brief")
    assert resolved["tokens_total"] == sum(resolved["tokens"].values())
    await admin.patch(path(parent), json={"tone": "warm"}, headers=MATCH_ANY)
    again = (await admin.get(path(child, "/resolved"))).json()
    assert again["tone"] == "warm"
    assert again["version"] == 1
    assert again["revision"] > resolved["revision"]


async def test_a_circle_of_parents_is_refused_with_its_path(admin, create):
    parent = await create("Parent")
    child = await create("Child", parent_id=parent["persona_id"])
    answer = await admin.patch(
        path(parent), json={"parent_id": child["persona_id"]}, headers=MATCH_ANY
    )
    assert answer.status_code == 422
    assert answer.json()["path"] == [
        parent["persona_id"],
        child["persona_id"],
        parent["persona_id"],
    ]


async def test_a_parent_edit_that_would_overflow_a_child_names_it(admin, create):
    parent = await create("Parent")
    await create("Child", parent_id=parent["persona_id"], content="x" * 20_000)
    answer = await admin.patch(path(parent), json={"content": "y" * 20_000}, headers=MATCH_ANY)
    assert answer.status_code == 422
    assert "Child" in answer.text
    assert (await admin.get(path(parent))).json()["content"] is None


async def test_a_mirrored_setting_that_is_written_changes_the_default_persona(admin, create):
    persona = await create("Anna", signature="Anna")
    await admin.put(
        "/api/workspace/settings",
        json={"ai_signature": "Anna\nAcme", "ideal_customer_profile": "Small firms"},
    )
    assert (await admin.get(path(persona))).json()["signature"] == "Anna\nAcme"
    settings = await settings_of(admin)
    assert settings["ai_signature"] == "Anna\nAcme"
    assert settings["ideal_customer_profile"] == "Small firms"


async def test_an_ancestors_edit_of_the_default_persona_reaches_the_mirror(admin, create):
    parent = await create("Parent", tone="calm")
    child = await create("Child", parent_id=parent["persona_id"])
    await admin.post(path(child, "/default"))
    await admin.patch(path(parent), json={"tone": "warm"}, headers=MATCH_ANY)
    assert (await settings_of(admin))["ai_tone"] == "warm"


async def test_an_empty_workspace_shows_a_virtual_default_and_reading_stores_nothing(admin, viewer):
    await admin.put("/api/workspace/settings", json={"ai_tone": "calm", "ai_persona_name": "Anna"})
    (shown,) = (await viewer.get("/api/personas")).json()["items"]
    assert shown["virtual"] is True
    assert (shown["tone"], shown["persona_name"]) == ("calm", "Anna")
    assert (await settings_of(viewer))["default_persona_id"] is None


async def test_ensure_default_makes_one_from_the_settings_and_then_changes_nothing(admin):
    await admin.put("/api/workspace/settings", json={"ai_signature": "Anna\nAcme"})
    first = (await admin.post("/api/personas/ensure-default")).json()
    second = (await admin.post("/api/personas/ensure-default")).json()
    assert (first["created"], second["created"]) == (True, False)
    assert first["persona"] == second["persona"]
    assert first["persona"]["name"] == "Default Persona"
    assert first["persona"]["signature"] == "Anna\nAcme"


async def test_the_default_cannot_be_deleted_or_deactivated_while_there_are_others(admin, create):
    default = await create("Anna")
    other = await create("Bo")
    assert (await admin.delete(path(default), headers=MATCH_ANY)).status_code == 409
    inactive = await admin.patch(path(default), json={"is_active": False}, headers=MATCH_ANY)
    assert inactive.status_code == 409
    promoted = await admin.delete(
        path(default), params={"promote": other["persona_id"]}, headers=MATCH_ANY
    )
    assert promoted.status_code == 204
    assert (await admin.get(path(default))).status_code == 404
    assert (await settings_of(admin))["default_persona_id"] == other["persona_id"]


async def test_the_only_persona_may_go_and_what_it_mirrored_stays_as_settings(admin, create):
    persona = await create("Anna", tone="calm")
    assert (await admin.delete(path(persona), headers=MATCH_ANY)).status_code == 204
    settings = await settings_of(admin)
    assert settings["default_persona_id"] is None
    assert settings["ai_tone"] == "calm"


async def test_a_persona_with_children_is_not_deleted_and_they_are_named(admin, create):
    await create("Default")
    parent = await create("Parent")
    child = await create("Child", parent_id=parent["persona_id"])
    answer = await admin.delete(path(parent), headers=MATCH_ANY)
    assert answer.status_code == 409
    assert answer.json()["children"] == [child["persona_id"]]
    assert "Child" in answer.json()["detail"]


async def test_a_clone_has_the_same_fields_and_a_free_name(admin, create):
    original = await create("Anna", tone="calm", metadata={"a": 1})
    first = (await admin.post(path(original, "/clone"), json={})).json()
    second = (await admin.post(path(original, "/clone"), json={})).json()
    assert [first["name"], second["name"]] == ["Anna (copy)", "Anna (copy 2)"]
    assert (first["tone"], first["metadata"]) == ("calm", {"a": 1})


async def test_export_and_import_lose_nothing(admin, create, api):
    original = await create(
        "Anna", tone="calm", signature="Anna\n-- \nAcme ", content="# Hi\n---\nthere", language="no"
    )
    file = await admin.get(path(original, "/export"))
    assert file.headers["content-type"].startswith("text/markdown")
    async with api.client("elsewhere") as other:
        answer = await other.post(
            "/api/personas/import", content=file.text, headers={"content-type": "text/markdown"}
        )
        assert answer.status_code == 201, answer.text
    names = ("name", "tone", "signature", "content", "language", "metadata", "voice", "model")
    assert {n: answer.json()[n] for n in names} == {n: original[n] for n in names}


async def test_unknown_front_matter_is_kept_in_metadata(admin):
    text = "---\nname: Anna\nteam: west\n---\n\nHello\n"
    answer = await admin.post(
        "/api/personas/import", content=text, headers={"content-type": "text/markdown"}
    )
    assert answer.json()["metadata"] == {"team": "west"}


async def test_every_starter_can_be_imported(admin):
    listed = (await admin.get("/api/starters")).json()["items"]
    assert len(listed) == 4
    for item in listed:
        answer = await admin.post("/api/personas/import", params={"starter": item["starter_id"]})
        assert answer.status_code == 201, answer.text
    unknown = await admin.post("/api/personas/import", params={"starter": "nobody"})
    assert unknown.status_code == 422
    assert "direct-aggressive" in unknown.text


async def test_reads_need_a_viewer_and_writes_an_admin(api, workspace_id, viewer):
    assert (await viewer.get("/api/personas")).status_code == 200
    async with api.client(workspace_id, "editor") as editor:
        assert (await editor.post("/api/personas", json={"name": "Anna"})).status_code == 403
    viewer.headers.pop("Authorization")
    assert (await viewer.get("/api/personas")).status_code == 401


async def test_the_same_idempotency_key_creates_one_persona(admin):
    headers = {"Idempotency-Key": "k1"}
    first = await admin.post("/api/personas", json={"name": "Anna"}, headers=headers)
    again = await admin.post("/api/personas", json={"name": "Anna"}, headers=headers)
    assert again.json() == first.json()
    other = await admin.post("/api/personas", json={"name": "Bo"}, headers=headers)
    assert other.status_code == 422
    assert len((await admin.get("/api/personas")).json()["items"]) == 1


async def test_lists_come_in_pages(admin, create):
    for number in range(5):
        await create(f"Persona {number}")
    names, after = [], None
    while True:
        params = {"limit": 2} | ({"after": after} if after else {})
        page = (await admin.get("/api/personas", params=params)).json()
        names += [item["name"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert names == [f"Persona {number}" for number in range(5)]
    alias = (await admin.get("/api/personas/list")).json()
    assert [item["name"] for item in alias["items"]] == names


async def test_everything_wrong_with_a_persona_is_said_at_once(admin):
    answer = await admin.post(
        "/api/personas",
        json={
            "name": "",
            "tone": "x" * 501,
            "voice": {"provider": "elevenlabs", "settings": {"stability": 50.0}},
        },
    )
    assert answer.status_code == 422
    problem = answer.json()
    fields = {error["field"] for error in problem["errors"]}
    assert fields == {"name", "tone", "voice.settings.stability"}
    assert "0.0 to 1.0" in answer.text


@pytest.mark.parametrize("field", ["nickname", "is_default", "version"])
async def test_an_unknown_field_is_refused_by_name(admin, field):
    answer = await admin.post("/api/personas", json={"name": "Anna", field: 1})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_every_write_is_in_the_audit_trail(admin, create):
    persona = await create("Anna", tone="calm")
    await admin.patch(path(persona), json={"tone": "warm"}, headers=MATCH_ANY)
    entries = (await admin.get("/api/audit", params={"entity_id": persona["persona_id"]})).json()
    shown = [
        (e["action"], e["actor"], e["before_version"], e["after_version"]) for e in entries["items"]
    ]
    assert shown == [
        ("persona.update", "tester", 1, 2),
        ("persona.create", "tester", None, 1),
    ]


async def test_voice_and_model_are_chosen_in_the_other_spelling(admin, create):
    anna = await create("Anna", model={"name": "gpt-5-mini"}, tone="calm")
    chosen = {"voiceId": "v1", "temperature": 0.4}
    answer = await admin.put(path(anna, "/settings"), json=chosen)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == '"2"'
    assert answer.json()["settings"] == {
        "voiceId": "v1",
        "defaultModel": "gpt-5-mini",
        "temperature": 0.4,
        "maxTokens": None,
    }
    shown = (await admin.get(path(anna))).json()
    assert shown["voice"]["voice_id"] == "v1"
    assert shown["tone"] == "calm"


async def test_a_wrong_choice_of_model_is_refused_by_field(admin, create):
    anna = await create("Anna")
    answer = await admin.put(path(anna, "/settings"), json={"temperature": 20})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["model.temperature"]


def card_png(card, *, picture=0):
    """Return a PNG with a card, and a picture of so many bytes."""
    chunks = [
        (b"IDAT", bytes(picture)),
        (b"tEXt", b"chara\0" + b64encode(json.dumps(card).encode())),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4) + kind + data + crc32(kind + data).to_bytes(4)
        for kind, data in (*chunks, (b"IEND", b""))
    )


CARD = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        "name": "Nova",
        "description": "{{char}} sells bicycles.",
        "first_mes": "Hi {{user}},",
        "alternate_greetings": ["Yo"],
        "extensions": {"acme": {"team": ["west", 1, None]}},
    },
}


@pytest.mark.parametrize("content_type", ["application/octet-stream", "text/markdown", None])
@pytest.mark.parametrize(
    "body",
    [json.dumps(CARD).encode(), card_png(CARD), card_png(CARD, picture=5 * 1024 * 1024)],
    ids=["json", "png", "large-png"],
)
async def test_a_character_card_is_imported_and_exported(admin, body, content_type):
    headers = {"content-type": content_type} if content_type else {}
    answer = await admin.post("/api/personas/import", content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    persona = answer.json()
    assert persona["greeting"] == "Hi {firstName|there},"
    assert persona["content"] == "Nova sells bicycles."
    assert [item["field"] for item in persona["dropped"]] == ["alternate_greetings"]
    markdown = await admin.get(path(persona, "/export"))
    assert "team:" in markdown.text
    card = await admin.get(path(persona, "/export"), params={"format": "card"})
    assert card.headers["content-type"] == "application/json"
    assert card.json()["data"]["extensions"] == CARD["data"]["extensions"]


async def test_instructions_without_front_matter_are_imported(admin):
    text = "# CLAUDE.md\n\n@docs/style.md\n\n## Voice of Acme\n\nBe brief.\n"
    answer = await admin.post("/api/personas/import", content=text)
    persona = answer.json()
    assert (answer.status_code, persona["name"]) == (201, "Voice of Acme")
    assert persona["content"] == text.rstrip("\n")
    assert "docs/style.md" in persona["dropped"][0]["reason"]
    named = await admin.post("/api/personas/import", params={"name": "Nova"}, content=text)
    assert named.json()["name"] == "Nova"
    agent = "---\nname: helper\nmodel: sonnet\ntools: Read\n---\nBe brief."
    persona = (await admin.post("/api/personas/import", content=agent)).json()
    assert persona["model"]["name"] == "sonnet"
    assert persona["metadata"] == {"tools": "Read"}


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"", 422, "persona-file-invalid"),
        (card_png(CARD)[:60], 422, "persona-file-invalid"),
        (b'{"a":' * 100_000, 422, "persona-file-invalid"),
        (b"GIF89a\xff", 422, "persona-file-unreadable"),
        (b"x" * 600 * 1024, 422, "persona-file-invalid"),
        (card_png(CARD, picture=11 * 1024 * 1024), 413, "too-large"),
    ],
    ids=["empty", "cut", "deep", "gif", "long", "huge"],
)
async def test_what_is_no_persona_s_file_is_refused(admin, body, status, slug):
    answer = await admin.post("/api/personas/import", content=body)
    assert answer.status_code == status
    assert answer.json()["type"] == f"urn:dramatis:problem:{slug}"


async def test_only_imports_may_be_that_large(admin):
    body = json.dumps({"name": "a", "content": "x" * 2 * 1024 * 1024})
    headers = {"content-type": "application/json"}
    assert (await admin.post("/api/personas", content=body, headers=headers)).status_code == 413


async def listed(client, **params):
    answer = await client.get("/api/personas", params={"view": "summary", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_summary_tells_who_they_are_and_nothing_of_what_they_say(admin, create, feed):
    anna = await create("Anna", content="# Long", tone="calm", tags=["sales", "en"], language="en")
    await create("Bo", voice={"provider": "elevenlabs", "voice_id": "v1", "enabled": True})
    await feed.synced("spring")
    await feed.synced("autumn")
    for channel in ("email", "sms"):
        assigned = {"persona_id": anna["persona_id"], "channel": channel}
        await admin.put("/api/campaigns/spring/persona", json=assigned)
    await admin.put("/api/campaigns/autumn/persona", json={"persona_id": anna["persona_id"]})
    first, second = (await listed(admin))["items"]
    assert (first["tags"], first["language"], first["is_default"]) == (["sales", "en"], "en", True)
    assert (first["campaigns"], second["campaigns"]) == (2, 0)
    shown = {"provider": "elevenlabs", "voice_id": "v1", "name": None, "enabled": True}
    assert (first["voice"], second["voice"]) == (None, shown)
    assert not {"content", "tone", "metadata", "named_prompts"} & first.keys()
    await feed.removed("autumn", minute=1)
    assert (await listed(admin))["items"][0]["campaigns"] == 1


@pytest.mark.parametrize("view", ["full", "summary"])
async def test_personas_are_sorted_and_filtered_page_by_page(admin, create, view):
    names = ["Cara", "anna", "Bo", "Dan"]
    made = [await create(name, tags=["team", name.lower()]) for name in names]
    assert (
        await admin.patch(path(made[1]), json={"is_active": False}, headers=MATCH_ANY)
    ).is_success
    expected = {
        "name": ["anna", "Bo", "Cara", "Dan"],
        "-name": ["Dan", "Cara", "Bo", "anna"],
        "-created_at": ["Dan", "Bo", "anna", "Cara"],
        "-updated_at": ["anna", "Dan", "Bo", "Cara"],
    }
    for sort, names in expected.items():
        found, after = [], {}
        while after is not None:
            page = await listed(admin, view=view, sort=sort, limit=1, tag="team", **after)
            found += [item["name"] for item in page["items"]]
            after = {"after": page["next"]} if page["next"] else None
        assert found == names, sort
    assert [each["name"] for each in (await listed(admin, tag="bo"))["items"]] == ["Bo"]
    assert (await listed(admin, tag="b"))["items"] == []
    inactive = await listed(admin, view=view, active=False)
    assert [each["name"] for each in inactive["items"]] == ["anna"]
    assert len((await listed(admin, active=True))["items"]) == 3


async def test_an_empty_workspace_shows_its_virtual_default_as_a_summary_too(admin):
    (item,) = (await listed(admin))["items"]
    assert (item["virtual"], item["persona_id"], item["campaigns"]) == (True, None, 0)


async def test_tags_are_a_field_that_says_nothing(admin, create):
    anna = await create("Anna", tags=[" sales ", "sales", "Sales"])
    assert anna["tags"] == ["sales", "Sales"]
    emptied = await admin.patch(path(anna), json={"tags": None}, headers=MATCH_ANY)
    assert emptied.json()["tags"] == []
    assert (emptied.json()["version"], emptied.headers["ETag"]) == (2, '"2"')
    for wrong in ([""], ["x" * 41], ["two\nlines"], [str(n) for n in range(21)]):
        refused = await admin.patch(path(anna), json={"tags": wrong}, headers=MATCH_ANY)
        assert refused.status_code == 422, wrong
        assert refused.json()["errors"][0]["field"].startswith("tags")
