"""Versions of prompts over HTTP: saved, compared, activated, recovered, copied."""

import pytest

MATCH_ANY = {"If-Match": "*"}


@pytest.fixture
async def persona(create):
    return await create("Nova", content="Be kind.\nBe brief.")


def path(persona, rest=""):
    return f"/api/personas/{persona['persona_id']}/prompts{rest}"


@pytest.fixture
def save(admin, persona):
    async def saved(content, layer="rag", name="main", **more):
        body = {"content": content, "commitMessage": "why"}
        answer = await admin.post(path(persona, f"/{layer}/{name}/versions"), json=body, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return saved


async def resolved(admin, persona):
    return (await admin.get(f"/api/personas/{persona['persona_id']}/resolved")).json()


async def test_a_saved_version_is_active_at_once_and_says_what_changed(admin, persona, save, feed):
    await save("Quote.\nBriefly.")
    second = await save("Quote.\nAt length.")
    assert second["activated"]
    assert second["validation"] == {"valid": True, "errors": []}
    assert "-Briefly." in second["diff"].splitlines()
    version = second["version"]
    assert (version["version"], version["author_id"], version["commit_message"]) == (
        2,
        "tester",
        "why",
    )
    assert (await resolved(admin, persona))["prompts"]["rag"] == "Quote.\nAt length."
    await feed.published()
    state = await feed.state("persona", persona["persona_id"])
    assert state["prompts"]["rag"] == "Quote.\nAt length."
    assert state["prompt_sources"]["rag"] == "own"
    shown = (await admin.get(f"/api/personas/{persona['persona_id']}")).json()
    assert (shown["rag_prompt"], shown["version"]) == ("Quote.\nAt length.", 3)


async def test_a_version_with_errors_is_stored_by_line_and_the_old_one_stays(admin, persona, save):
    good = await save("Quote.")
    bad = await save("fine\n{{ secret }}\n{{ query.upper() }}")
    assert not bad["activated"]
    assert [error["line"] for error in bad["validation"]["errors"]] == [2, 3]
    assert bad["version"]["state"] == "refused"
    assert (await resolved(admin, persona))["prompts"]["rag"] == "Quote."
    refused = await admin.put(path(persona, f"/{bad['version']['version_id']}/activate"))
    assert refused.status_code == 422
    versions = (await admin.get(path(persona, "/rag/main/versions"))).json()
    assert [item["version"] for item in versions["versions"]] == [2, 1]
    assert versions["activeVersion"]["version_id"] == good["version"]["version_id"]


async def test_a_version_that_makes_a_descendant_too_long_is_not_activated(create, persona, save):
    await create("Child", parent_id=persona["persona_id"], content="word " * 4_000)
    saved = await save("word " * 4_000, layer="system")
    assert not saved["activated"]
    (error,) = saved["validation"]["errors"]
    assert error["line"] is None
    assert '"Child"' in error["message"]


async def test_activating_an_older_version_tells_the_one_before(admin, persona, save):
    first, second = await save("One."), await save("Two.")
    answer = await admin.put(path(persona, f"/{first['version']['version_id']}/activate"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    assert answer.json()["previousActive"]["version_id"] == second["version"]["version_id"]
    assert (await resolved(admin, persona))["prompts"]["rag"] == "One."


async def test_the_last_three_active_versions_are_recovered_in_one_call(admin, persona, save):
    saved = [await save(f"Text {number}.") for number in range(5)]
    ids = [item["version"]["version_id"] for item in saved]
    listed = (await admin.get(path(persona, "/rag/main/versions"))).json()
    assert listed["recoverable"] == [ids[3], ids[2], ids[1]]
    answer = await admin.post(path(persona, "/recover"), json={"layer": "rag"})
    assert answer.json()["active"]["version_id"] == ids[3]
    body = {"layer": "rag", "versionId": ids[2]}
    assert (await admin.post(path(persona, "/recover"), json=body)).is_success
    assert (await resolved(admin, persona))["prompts"]["rag"] == "Text 2."
    refused = await admin.post(
        path(persona, "/recover"), json={"layer": "rag", "version_id": ids[0]}
    )
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:dramatis:problem:prompt-nothing-to-recover"


async def test_if_match_is_about_one_prompt_alone(admin, persona, save):
    await save("One.")
    listed = await admin.get(path(persona, "/rag/main/versions"))
    tag = {"If-Match": listed.headers["ETag"]}
    await save("Answer.", layer="user")
    await admin.patch(
        f"/api/personas/{persona['persona_id']}", json={"tone": "calm"}, headers=MATCH_ANY
    )
    await save("Two.", headers=tag)
    outdated = await admin.post(
        path(persona, "/rag/main/versions"), json={"content": "Three."}, headers=tag
    )
    assert outdated.status_code == 412
    assert outdated.json()["current"]["latest"] == 2


async def test_a_patch_of_a_field_is_a_version_and_null_gives_the_prompt_up(admin, persona):
    person = f"/api/personas/{persona['persona_id']}"
    await admin.patch(person, json={"rag_prompt": "Mine."}, headers=MATCH_ANY)
    await admin.patch(person, json={"rag_prompt": None}, headers=MATCH_ANY)
    listed = (await admin.get(path(persona, "/rag/main/versions"))).json()
    assert [item["origin"] for item in listed["versions"]] == ["edit"]
    assert listed["activeVersion"] is None
    (rag,) = (await admin.get(path(persona))).json()["prompts"]["rag"]
    assert (rag["source"], rag["active"], rag["latest"]) == ("built_in", None, 1)


async def test_named_prompts_have_versions_and_are_published(admin, persona, save, feed):
    await save("Welcome.", layer="user", name="greeting")
    await feed.published()
    state = await feed.state("persona", persona["persona_id"])
    assert state["named_prompts"] == {"user/greeting": "Welcome."}
    shown = (await admin.get(path(persona))).json()["prompts"]["user"]
    assert [(item["name"], item["source"]) for item in shown] == [
        ("main", "built_in"),
        ("greeting", "own"),
    ]


async def test_a_version_is_shown_with_its_text_and_two_are_compared(admin, persona, save):
    ids = [(await save(text))["version"]["version_id"] for text in ("One.", "Two.")]
    shown = (await admin.get(path(persona, f"/versions/{ids[0]}"))).json()
    assert (shown["content"], shown["is_active"]) == ("One.", False)
    compared = (await admin.get(path(persona, f"/versions/{ids[0]}/diff/{ids[1]}"))).json()
    assert compared["diff"].splitlines()[1:] == ["-One.", "+Two."]


async def test_prompts_are_copied_whole_and_nothing_else_of_the_persona(
    admin, create, persona, save
):
    await save("Quote.")
    other = await create("Other", tone="calm", user_prompt="Answer.")
    body = {"sourcePersonaId": persona["persona_id"]}
    answer = await admin.post(path(other, "/clone"), json=body)
    assert answer.status_code == 200, answer.text
    shown = (await admin.get(f"/api/personas/{other['persona_id']}")).json()
    assert [shown[name] for name in ("content", "rag_prompt", "user_prompt", "tone")] == [
        "Be kind.\nBe brief.",
        "Quote.",
        None,
        "calm",
    ]


async def test_a_text_is_checked_by_line_without_being_stored(admin, persona):
    body = {"layer": "rag", "content": "fine\n{{ secret }}"}
    checked = (await admin.post(path(persona, "/validate"), json=body)).json()
    assert not checked["valid"]
    assert checked["errors"][0]["line"] == 2
    assert (await admin.get(path(persona, "/rag/main/versions"))).json()["versions"] == []


@pytest.mark.parametrize("content", [" \n", "a\0b", ""])
async def test_what_no_prompt_can_be_is_refused(admin, persona, content):
    answer = await admin.post(path(persona, "/rag/main/versions"), json={"content": content})
    assert answer.status_code == 422, answer.text


async def test_versions_are_paged(admin, persona, save):
    for number in range(5):
        await save(f"Text {number}.")
    first = (await admin.get(path(persona, "/rag/main/versions?limit=3"))).json()
    rest = (
        await admin.get(path(persona, f"/rag/main/versions?limit=3&after={first['next']}"))
    ).json()
    numbers = [item["version"] for item in first["versions"] + rest["versions"]]
    assert numbers == [5, 4, 3, 2, 1]
    assert rest["next"] is None
