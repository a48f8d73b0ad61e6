"""Takes the pictures of docs/guides: of the console, after the story of `dramatis demo`.

`make pictures` replaces those that are committed.
"""

import os
from pathlib import Path

import pytest
from dramatis.defaults import WORKSPACE
from dramatis.demo_story import play
from dramatis.login_link import login_link
from dramatis.stack import Stack
from dramatis.tokens import embedded_token
from service_devkit.testing.waiting import HANG_SECONDS

api = pytest.importorskip("playwright.async_api", reason="scripts/uv sync --group web")
expect = api.expect

FOLDER = Path(__file__).parents[2] / "docs/guides/pictures"
VIEW = {"width": 1280, "height": 800}
NAMES = frozenset(
    {
        "chat",
        "drafts",
        "events",
        "files",
        "home",
        "persona",
        "personas",
        "prompts",
        "sequence",
        "voice",
    }
)
"""Every picture there is."""


@pytest.fixture
def told(chromium, tmp_path, monkeypatch):
    """Return a stack on which the story of the demo has been told, with the project's own mails."""
    assert chromium
    monkeypatch.chdir(tmp_path)
    with Stack(ephemeral=True, fake_elevenlabs=True) as running:
        play(running, as_json=True)
        yield running


async def sign_in(context, stack):
    """Return a page on which an admin of the demo's workspace is signed in."""
    page = await context.new_page()
    token = embedded_token(stack.data_dir, WORKSPACE, "admin", "robin")
    await page.goto(login_link(stack.endpoints().services["studio"], token))
    await page.get_by_role("navigation", name="Pages").wait_for()
    return page


async def first(page, path, id_, **fields):
    """Return the id of the first thing of a list that has `fields`."""
    items = (await (await page.request.get(path)).json())["items"]
    return next(each[id_] for each in items if fields.items() <= each.items())


async def paths(page):
    """Return where each picture is taken."""
    nova = await first(page, "/api/personas", "persona_id", name="Nova")
    sequence = await first(page, "/api/sequences", "sequence_id")
    return {
        "home": "/",
        "personas": "/personas",
        "persona": f"/personas/{nova}",
        "prompts": f"/prompts/{nova}",
        "files": f"/files/{nova}",
        "chat": f"/chat/{nova}",
        "drafts": "/drafts",
        "sequence": f"/sequences/{sequence}",
        "voice": f"/voice/{nova}",
        "events": "/activity",
    }


async def ask(page):
    """Ask the persona of an open chat; return when its answer is there, with its page."""
    await page.get_by_label("Message to").fill("What does the plan Team cost?")
    await page.keyboard.press("Enter")
    answer = page.get_by_role("article", name="Answer")
    await answer.get_by_role("button", name="Source 1").click()
    await expect(answer.get_by_role("blockquote").first).to_be_visible()


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.processes
@pytest.mark.slow
async def test_the_console_after_the_story_of_the_demo(told, browser, tmp_path):
    folder = FOLDER if "DRAMATIS_PICTURES" in os.environ else tmp_path
    folder.mkdir(exist_ok=True)
    url = told.endpoints().services["studio"]
    context = await browser.new_context(base_url=url, viewport=VIEW, color_scheme="light")
    context.set_default_timeout(HANG_SECONDS * 1000)
    page = await sign_in(context, told)
    for name, path in (await paths(page)).items():
        await page.goto(path)
        await page.get_by_role("heading", level=1).first.wait_for()
        if name == "chat":
            await ask(page)
        if name == "drafts":
            await page.get_by_role("button", name="a-question").click()
            await expect(page.get_by_text("Reading what the lead wrote")).to_have_count(0)
            await expect(page.get_by_text("What does the plan Team cost")).to_be_visible()
        await expect(page.locator("main .loading")).to_have_count(0)
        await page.screenshot(path=folder / f"{name}.png", animations="disabled")
    await context.close()
    assert {each.stem for each in folder.glob("*.png")} == NAMES


def test_the_guides_show_every_picture_and_none_that_is_missing():
    guides = "".join(each.read_text() for each in FOLDER.parent.glob("*.md"))
    assert {each.stem for each in FOLDER.glob("*.png")} == NAMES
    assert {name for name in NAMES if f"(pictures/{name}.png)" in guides} == NAMES
