"""What stands between a version and its use: another admin, or the persona's gate."""

import psycopg
import pytest

MATCH_ANY = {"If-Match": "*"}
RAG = "/rag/main/versions"


def path(persona, rest=""):
    return f"/api/personas/{persona['persona_id']}/prompts{rest}"


async def rag_of(client, persona):
    resolved = await client.get(f"/api/personas/{persona['persona_id']}/resolved")
    return resolved.json()["prompts"]["rag"]


@pytest.fixture
async def ben(api, workspace_id):
    async with api.client(workspace_id, subject="ben") as client:
        yield client


@pytest.fixture
async def nova(create):
    return await create("Nova", rag_prompt="First.")


@pytest.fixture
async def approval(admin, nova):
    """Turn approval on; return the persona, which had its first prompt before."""
    answer = await admin.put("/api/workspace/settings", json={"prompt_approval": True})
    assert answer.json()["prompt_approval"] is True
    return nova


@pytest.fixture
async def proposed(admin, approval):
    answer = await admin.post(path(approval, RAG), json={"content": "Second."})
    assert answer.status_code == 201, answer.text
    return answer.json()


def refusal(answer):
    return answer.status_code, answer.json()["type"].removeprefix("urn:dramatis:problem:")


async def test_a_version_waits_until_another_admin_approves_it(admin, ben, nova, proposed):
    assert (proposed["activated"], proposed["version"]["state"]) == (False, "proposed")
    version_id = proposed["version"]["version_id"]
    approve = path(nova, f"/versions/{version_id}/approve")
    assert refusal(await admin.put(path(nova, f"/{version_id}/activate"))) == (
        409,
        "prompt-approval-required",
    )
    assert refusal(await admin.post(approve)) == (403, "prompt-self-approval")
    assert await rag_of(admin, nova) == "First."
    approved = await ben.post(approve)
    assert approved.status_code == 200, approved.text
    assert approved.json()["active"]["version_id"] == version_id
    assert await rag_of(admin, nova) == "Second."


async def test_a_key_that_the_author_made_does_not_approve(admin, ben, nova, proposed):
    approve = path(nova, f"/versions/{proposed['version']['version_id']}/approve")
    for maker, expected in ((admin, (403, "prompt-self-approval")), (ben, None)):
        made = await maker.post("/api/keys", json={"name": "k", "role": "admin"})
        bearer = {"Authorization": f"Bearer {made.json()['api_key']}"}
        answer = await admin.post(approve, headers=bearer)
        if expected:
            assert refusal(answer) == expected
        else:
            assert answer.status_code == 200, answer.text


async def test_every_other_door_is_closed_to_a_text_that_nobody_has_approved(admin, approval):
    nova = approval
    person = f"/api/personas/{nova['persona_id']}"
    refused = [
        await admin.patch(person, json={"rag_prompt": "Sly."}, headers=MATCH_ANY),
        await admin.patch(person, json={"rag_prompt": None}, headers=MATCH_ANY),
        await admin.patch(person, json={"content": "Sly."}, headers=MATCH_ANY),
        await admin.post("/api/personas", json={"name": "Other", "content": "Sly."}),
        await admin.post("/api/personas/import?name=Other", content=b"# Sly\n\nSly."),
        await admin.post(path(nova, "/from-template"), json={"templateName": "custom"}),
    ]
    assert {refusal(answer) for answer in refused} == {(409, "prompt-approval-required")}
    assert await rag_of(admin, nova) == "First."
    patched = await admin.patch(person, json={"tone": "calm"}, headers=MATCH_ANY)
    assert patched.status_code == 200


async def test_what_was_active_before_is_recovered_without_approval(admin, ben, nova, proposed):
    await ben.post(path(nova, f"/versions/{proposed['version']['version_id']}/approve"))
    recovered = await admin.post(path(nova, "/recover"), json={"layer": "rag"})
    assert recovered.status_code == 200, recovered.text
    assert await rag_of(admin, nova) == "First."
    assert (await admin.post(f"/api/personas/{nova['persona_id']}/versions/1/restore")).is_success


@pytest.fixture
async def gated(admin, nova):
    person = f"/api/personas/{nova['persona_id']}"
    assert (await admin.patch(person, json={"prompt_gate": True}, headers=MATCH_ANY)).is_success
    saved = (await admin.post(path(nova, RAG), json={"content": "Second."})).json()
    assert (saved["activated"], saved["gate"]["state"]) == (False, "waiting")
    return path(nova, f"/versions/{saved['version']['version_id']}/gate")


async def test_a_version_that_passes_its_gate_is_active_in_that_step(admin, nova, gated):
    assert await rag_of(admin, nova) == "First."
    passed = await admin.post(gated, json={"outcome": "passed"})
    assert passed.json()["state"] == "passed"
    assert await rag_of(admin, nova) == "Second."
    assert refusal(await admin.post(gated, json={"outcome": "failed"})) == (
        409,
        "prompt-gate-closed",
    )


async def test_one_that_fails_stays_out_until_somebody_overrides_it_with_a_reason(
    admin, nova, gated
):
    failed = await admin.post(gated, json={"outcome": "failed", "why": "3 of 5"})
    assert (failed.json()["state"], failed.json()["why"]) == ("failed", "3 of 5")
    assert await rag_of(admin, nova) == "First."
    assert (await admin.post(gated, json={"outcome": "overridden"})).status_code == 422
    overridden = await admin.post(gated, json={"outcome": "overridden", "why": "launch day"})
    assert overridden.json()["state"] == "overridden"
    assert await rag_of(admin, nova) == "Second."
    entries = (await admin.get("/api/audit?limit=5")).json()["items"]
    assert ("prompt_gate.overridden", "launch day") in [
        (entry["action"], entry["summary"]) for entry in entries
    ]


async def test_a_version_that_waits_at_its_deadline_has_failed(
    admin, nova, gated, persona_database
):
    with psycopg.connect(persona_database.admin_url) as connection:
        connection.execute(
            "update prompt_gate set deadline = now() where persona_id = %s", [nova["persona_id"]]
        )
    assert (await admin.get(gated)).json()["state"] == "failed"
    assert refusal(await admin.post(gated, json={"outcome": "passed"})) == (
        409,
        "prompt-gate-closed",
    )


@pytest.mark.usefixtures("gated")
async def test_a_gate_closes_the_other_doors_too(admin, nova):
    person = f"/api/personas/{nova['persona_id']}"
    change = await admin.patch(person, json={"rag_prompt": "Sly."}, headers=MATCH_ANY)
    assert refusal(change) == (409, "prompt-gate-required")


async def test_approval_comes_before_the_gate(admin, ben, approval):
    nova = approval
    person = f"/api/personas/{nova['persona_id']}"
    await admin.patch(person, json={"prompt_gate": True}, headers=MATCH_ANY)
    saved = (await admin.post(path(nova, RAG), json={"content": "Second."})).json()
    version = path(nova, f"/versions/{saved['version']['version_id']}")
    assert saved["gate"] is None
    approved = await ben.post(f"{version}/approve")
    assert approved.json()["gate"]["state"] == "waiting"
    assert await rag_of(admin, nova) == "First."
    await admin.post(f"{version}/gate", json={"outcome": "passed"})
    assert await rag_of(admin, nova) == "Second."
