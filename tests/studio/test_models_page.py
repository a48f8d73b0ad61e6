"""The page of models: what is allowed, which one does what, the limits, what held earlier."""

import re

import pytest

api = pytest.importorskip("playwright.async_api", reason="scripts/uv sync --group web")
expect = api.expect
PATH = "/api/workspace/models"

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.processes,
]


@pytest.fixture
def models(console):
    """Put back what a test changes."""
    before = console.call("GET", PATH)
    del before["version"]
    yield
    console.call("PUT", PATH, json=before)


@pytest.mark.usefixtures("models")
async def test_a_model_is_set_its_refusal_stands_at_its_field_and_an_undo_gives_the_old_one(
    page, visit, console
):
    visit.expect("422")
    first = console.call("PUT", PATH, json={"allowed": ["mini", "large"], "chat": "mini"})
    await page.goto("/models")
    chat = page.get_by_label(re.compile("^Chat"))
    await expect(chat).to_have_value("mini")
    await chat.fill("other")
    await page.get_by_label(re.compile("^Temperature$")).fill("7")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("is not allowed: use one of mini, large").first).to_be_visible()
    await expect(page.get_by_label(re.compile("^Temperature$"))).to_have_attribute(
        "aria-invalid", "true"
    )
    await chat.fill("large")
    await page.get_by_label("Temperature, slider").fill("0.4")
    await page.get_by_role("button", name="Save").click()
    history = page.get_by_role("complementary", name="History")
    await expect(history).to_contain_text("Temperature: 0.4")
    stored = console.call("GET", PATH)
    assert (stored["chat"], stored["temperature"]) == ("large", 0.4)
    await history.get_by_role("button", name=f"Restore version {first['version']}").click()
    await expect(chat).to_have_value("mini")
    await page.get_by_role("button", name="Undo").click()
    await expect(chat).to_have_value("large")


@pytest.mark.usefixtures("models")
async def test_of_two_who_set_models_the_second_sees_what_the_first_has_set(page, visit, console):
    visit.expect("412")
    await page.goto("/models")
    await page.get_by_label("Most tokens of an answer").fill("300")
    theirs = console.call("PUT", PATH, json={"chat": "mini", "max_tokens": 200})
    await page.get_by_role("button", name="Save").click()
    conflict = page.get_by_role("group", name="Conflict in Most tokens of an answer")
    await expect(conflict).to_contain_text("200")
    await expect(page.get_by_label(re.compile("^Chat"))).to_have_value("mini")
    await conflict.get_by_role("button", name="Keep mine").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text(f"Saved as version {theirs['version'] + 1}")).to_be_visible()
    assert console.call("GET", PATH)["max_tokens"] == 300


async def test_a_viewer_reads_the_models_and_changes_none(visits, console):
    page = await (await visits()).tab()
    await page.goto(console.link(role="viewer"))
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="Models").click()
    await expect(page.get_by_label(re.compile("^Chat"))).to_have_attribute("readonly", "")
    await expect(page.get_by_label("Temperature, slider")).to_be_disabled()
    await expect(page.get_by_role("button", name="Save")).to_have_count(0)
    await expect(page.get_by_text("a stand-in answers there")).to_be_visible()
