"""Templates of prompts: shipped ones, a workspace's own, taken over whole, updated by a look."""

import pytest
from persona_svc.adapters.prompt_templates import shipped
from persona_svc.domain.prompt_template import require_usable

MATCH_ANY = {"If-Match": "*"}
SHIPPED = [
    "creative_writer",
    "custom",
    "direct_mentor",
    "empathetic_therapist",
    "researcher",
    "technical_expert",
]
OWN = {"title": "Sales", "system": "You sell.", "rag": "Quote prices.", "user": "Answer briefly."}


def path(persona, rest=""):
    return f"/api/personas/{persona['persona_id']}/prompts{rest}"


@pytest.mark.parametrize("template", shipped().values(), ids=shipped())
def test_a_shipped_template_can_be_used_as_it_is(template):
    require_usable(template.texts)
    assert (template.title, template.languages) != ("", ())


async def test_the_shipped_templates_are_listed_with_previews(admin):
    items = (await admin.get("/api/prompt-templates")).json()["items"]
    assert [item["template_id"] for item in items] == SHIPPED
    assert all(item["preview"] for item in items)
    assert (await admin.get("/persona/templates")).json()["items"] == items


async def test_a_template_gives_all_layers_in_one_step(admin, create, feed):
    nova = await create("Nova", tone="calm")
    body = {"templateName": "researcher"}
    answer = await admin.post(path(nova, "/from-template"), json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    shown = (await admin.get(f"/api/personas/{nova['persona_id']}")).json()
    texts = shipped()["researcher"].texts
    assert [shown["content"], shown["rag_prompt"], shown["user_prompt"]] == list(texts.values())
    assert (shown["version"], shown["prompt_template"], shown["tone"]) == (
        2,
        "researcher@1",
        "calm",
    )
    for layer in texts:
        (prompt,) = (await admin.get(path(nova))).json()["prompts"][layer]
        assert (prompt["active"]["origin"], prompt["source"]) == ("template", "own")
    await feed.published()
    assert (await feed.state("persona", nova["persona_id"]))["prompts"]["rag"] == texts["rag"]


async def test_every_spelling_takes_a_template_over(admin, create):
    nova = await create("Nova")
    old = f"/persona/{nova['persona_id']}/prompts/from-template"
    for where, body in (
        (path(nova, "/from-template"), {"template_id": "therapist"}),
        (old, {"templateName": "empathetic_therapist"}),
        (old, {"template_name": "therapist"}),
    ):
        answer = await admin.post(where, json=body)
        assert answer.status_code == 200, answer.text
    shown = (await admin.get(f"/api/personas/{nova['persona_id']}")).json()
    assert (shown["prompt_template"], shown["version"]) == ("empathetic_therapist@1", 2)


async def test_an_unknown_template_is_refused_with_those_there_are(admin, create):
    nova = await create("Nova")
    await admin.put("/api/prompt-templates/sales", json=OWN)
    refused = await admin.post(path(nova, "/from-template"), json={"templateName": "nobody"})
    assert refused.status_code == 422
    assert refused.json()["type"] == "urn:dramatis:problem:prompt-template-unknown"
    (error,) = refused.json()["errors"]
    assert error["message"] == f"must be one of {', '.join(sorted([*SHIPPED, 'sales']))}"
    assert (await admin.get("/api/prompt-templates/nobody")).status_code == 404


async def test_a_new_version_changes_no_persona_and_is_offered_as_a_diff(admin, create):
    nova = await create("Nova")
    await admin.put("/api/prompt-templates/sales", json=OWN)
    await admin.post(path(nova, "/from-template"), json={"templateName": "sales"})
    newer = await admin.put("/api/prompt-templates/sales", json={**OWN, "rag": "Quote pages."})
    assert newer.json()["version"] == 2
    shown = (await admin.get(f"/api/personas/{nova['persona_id']}")).json()
    assert (shown["rag_prompt"], shown["prompt_template"]) == ("Quote prices.", "sales@1")
    offered = (await admin.get(path(nova, "/template-update"))).json()
    assert (offered["taken"], offered["version"], offered["is_newer"]) == ("sales@1", 2, True)
    assert list(offered["diffs"]) == ["rag"]
    assert offered["diffs"]["rag"].splitlines()[1:] == ["-Quote prices.", "+Quote pages."]
    await admin.post(path(nova, "/from-template"), json={"templateName": "sales"})
    offered = (await admin.get(path(nova, "/template-update"))).json()
    assert (offered["is_newer"], offered["diffs"]) == (False, {})


async def test_a_template_is_checked_by_layer_and_line(admin):
    wrong = {**OWN, "rag": "fine\n{{ secret }}", "user": "{{ query.upper() }}"}
    refused = await admin.put("/api/prompt-templates/sales", json=wrong)
    assert refused.status_code == 422
    told = [(e["field"], e["message"].split(":")[0]) for e in refused.json()["errors"]]
    assert told == [("rag", "line 2"), ("user", "line 1")]


@pytest.mark.parametrize("template_id", ["researcher", "therapist"])
async def test_the_products_templates_stay_as_they_are(admin, template_id):
    refused = await admin.put(f"/api/prompt-templates/{template_id}", json=OWN)
    assert refused.status_code == 409


async def test_a_persona_without_a_template_has_no_update(admin, create):
    nova = await create("Nova")
    assert (await admin.get(path(nova, "/template-update"))).status_code == 404
    offered = (await admin.get(path(nova, "/template-update?template_id=custom"))).json()
    assert (offered["taken"], sorted(offered["diffs"])) == (None, ["rag", "system", "user"])


async def test_many_take_a_template_over_each_whole_or_not_at_all(admin, create):
    await create("Default")
    nova = await create("Nova", user_prompt="Answer.")
    parent = await create("Parent", content="word " * 4_000)
    full = await create("Full", parent_id=parent["persona_id"], content="word " * 2_200)
    await admin.put("/api/prompt-templates/long", json={**OWN, "system": "word " * 4_000})
    body = {"persona_ids": [nova["persona_id"], full["persona_id"]], "dry_run": True}

    async def applied(**more):
        answer = await admin.post("/api/prompt-templates/long/apply", json=body | more)
        assert answer.status_code == 200, answer.text
        return [(item["error"] is None, sorted(item["diffs"])) for item in answer.json()["items"]]

    async def prompts_of(persona):
        shown = (await admin.get(f"/api/personas/{persona['persona_id']}")).json()
        return shown["user_prompt"], shown["rag_prompt"], shown["version"]

    expected = [(True, ["rag", "system", "user"]), (False, [])]
    assert await applied() == expected
    assert await prompts_of(nova) == ("Answer.", None, 1)
    assert await applied(dry_run=False) == expected
    assert await prompts_of(nova) == ("Answer briefly.", "Quote prices.", 2)
    assert await prompts_of(full) == (None, None, 1)
    (rag,) = (await admin.get(path(nova))).json()["prompts"]["rag"]
    assert rag["active"]["origin"] == "template"
