"""Prompts that are tried before they are used, and what stands between a version and its use."""

from uuid import uuid4

import pytest
from service_devkit.testing.waiting import HANG_SECONDS

api = pytest.importorskip("playwright.async_api", reason="scripts/uv sync --group web")
expect = api.expect
LONG_MS = HANG_SECONDS * 1000
SETTINGS = "/api/workspace/settings"

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.processes,
]


@pytest.fixture
def prompted(console):
    """Return a persona with one version of its RAG prompt in use."""
    persona = console.persona(f"Prompted {uuid4().hex[:6]}")
    path = f"/api/personas/{persona['persona_id']}/prompts/rag/main/versions"
    console.call("POST", path, json={"content": "First."})
    return {**persona, "versions": path}


@pytest.fixture
def proposed(console, prompted):
    """Return a persona whose new texts of prompts another admin approves."""
    console.call("PUT", SETTINGS, json={"prompt_approval": True})
    yield prompted
    console.call("PUT", SETTINGS, json={"prompt_approval": False})


async def test_a_question_is_answered_by_the_active_prompts_and_by_drafts_side_by_side(
    page, console, prompted
):
    await page.goto(f"/prompts/{prompted['persona_id']}?layer=try")
    await page.get_by_role("region", name="Drafts").get_by_text("RAG", exact=True).click()
    await page.get_by_label("Draft of RAG").fill("Answer with one word only.")
    await page.get_by_label("Question").fill("What does it cost?")
    await page.keyboard.press("Control+Enter")
    active = page.get_by_role("article", name="As it is in use")
    draft = page.get_by_role("article", name="With your drafts")
    for side in (active, draft):
        await expect(side.get_by_text("First word", exact=True)).to_be_visible(timeout=LONG_MS)
        await expect(side.get_by_text("Cost", exact=True)).to_be_visible()
    await draft.get_by_text("What the model is told").click()
    await expect(draft).to_contain_text("Answer with one word only.")
    await active.get_by_text("What the model is told").click()
    await expect(active).to_contain_text("First.")
    await page.get_by_text("What tests have taken").click()
    await expect(page.get_by_role("listitem").filter(has_text="tokens")).to_have_count(2)
    await page.get_by_role("button", name="Go on in the editor for RAG").click()
    await expect(page.get_by_label("Rag prompt")).to_have_value("Answer with one word only.")
    await page.get_by_role("tab", name="Playground").click()
    await expect(page.get_by_label("Draft of RAG")).to_have_value("Answer with one word only.")
    stored = console.call("GET", f"/api/personas/{prompted['persona_id']}")
    assert stored["rag_prompt"] == "First."


async def test_a_draft_that_is_no_template_is_refused_by_its_line(page, visit, prompted):
    visit.expect("422")
    await page.goto(f"/prompts/{prompted['persona_id']}?layer=try")
    await page.get_by_role("region", name="Drafts").get_by_text("RAG", exact=True).click()
    await page.get_by_label("Draft of RAG").fill("One.\n{% if %}")
    await page.get_by_label("Question").fill("What does it cost?")
    await page.get_by_role("button", name="Ask both").click()
    await expect(page.get_by_role("listitem").filter(has_text="line 2")).to_be_visible()


async def test_a_proposal_waits_until_another_than_its_author_approves_it(
    page, visits, console, proposed
):
    await page.goto(f"/prompts/{proposed['persona_id']}?layer=rag")
    text = page.get_by_label("Rag prompt")
    await text.fill("Second.")
    await page.get_by_role("button", name="Save").click()
    waiting = page.get_by_role("region", name="Waits for approval")
    await expect(waiting).to_contain_text("Another admin approves it")
    await expect(waiting.get_by_role("button", name="Approve")).to_have_count(0)
    other = await (await visits()).tab()
    await other.goto(console.link(subject="another-admin"))
    await expect(other.get_by_role("navigation", name="Pages")).to_be_visible()
    await other.goto(f"/prompts/{proposed['persona_id']}?layer=rag")
    await other.get_by_role("button", name="Approve version 2").click()
    await expect(other.get_by_text("Version 2 is in use.")).to_be_visible()
    await expect(waiting).to_have_count(0)
    await other.get_by_role("button", name="Undo").click()
    await expect(text).to_have_value("First.")
    await expect(waiting).to_have_count(0)


async def test_a_version_waits_before_its_gate_and_is_used_against_it_with_a_reason(
    page, console, prompted
):
    persona = prompted["persona_id"]
    await page.goto(f"/prompts/{persona}?layer=rag")
    await page.get_by_label("New texts must pass a gate").check()
    await expect(page.get_by_text("New texts must pass a gate.")).to_be_visible()
    await page.get_by_label("Rag prompt").fill("Second.")
    await page.get_by_role("button", name="Save").click()
    gate = page.get_by_role("region", name="Gate")
    await expect(gate).to_contain_text("waiting")
    await gate.get_by_role("button", name="It has failed").click()
    await expect(gate).to_contain_text("It has failed")
    await gate.get_by_role("button", name="Override…").click()
    await page.get_by_label("Reason").fill("The test is broken")
    await page.get_by_role("dialog").get_by_role("button", name="Override").click()
    await expect(page.get_by_text("Version 2 is in use.")).to_be_visible()
    stored = console.call("GET", f"/api/personas/{persona}")
    assert stored["rag_prompt"] == "Second."
    told = console.call("GET", f"/api/audit?entity_id={persona}&action=prompt_gate.overridden")
    assert [entry["summary"] for entry in told["items"]] == ["The test is broken"]


async def test_a_viewer_reads_the_playground_and_asks_nothing(visits, console, prompted):
    page = await (await visits()).tab()
    await page.goto(console.link(role="viewer"))
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    await page.goto(f"/prompts/{prompted['persona_id']}?layer=try")
    await expect(page.get_by_text("Editors and admins ask questions here.")).to_be_visible()
    await expect(page.get_by_role("button", name="Ask both")).to_have_count(0)
