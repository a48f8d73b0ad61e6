"""The pages of voice: a persona's voice, its agent, its calls, and all agents of a workspace."""

import re
from uuid import uuid4

import pytest
from dramatis.login_link import login_link
from dramatis.stack import Stack
from service_devkit.testing.waiting import HANG_SECONDS, wait_until

api = pytest.importorskip("playwright.async_api", reason="scripts/uv sync --group web")
expect = api.expect
LONG_MS = HANG_SECONDS * 1000
SPEECH = "POST /v1/text-to-speech/{voice_id}/stream"
FACTS = b"# Prices\n\nThe plan Team costs 49 euros per user and month.\n"

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.processes,
]


def new(word):
    """Return a name that no other test uses."""
    return f"{word} {uuid4().hex[:6]}"


async def with_agent(console, word):
    """Return a persona whose agent runs its newest revision."""
    persona = console.persona(new(word), greeting="Hello, this is Mia.")
    path = f"/api/personas/{persona['persona_id']}"
    console.call("POST", f"{path}/voice/setup")

    def ready():
        shown = console.call("GET", f"{path}/agent/status")
        return shown["status"] == "ready" and shown["revision"] == shown["persona_revision"]

    await wait_until(ready)
    return persona


async def knowing(console, persona, name, text):
    """Return once a persona can answer from a file."""
    path = f"/api/personas/{persona['persona_id']}/files"
    console.call("POST", path, files={"files": (name, text)})
    await wait_until(lambda: console.call("GET", path)["items"][0]["status"] == "ready")


async def test_a_voice_is_found_and_heard_on_click_alone(page, console):
    made = console.persona(new("Heard"))
    heard = []
    page.on("request", lambda request: heard.append(request.url) if "preview" in request.url else 0)
    await page.goto(f"/voice/{made['persona_id']}")
    voices = page.get_by_role("group", name="Choose a voice")
    await expect(voices).to_be_visible(timeout=LONG_MS)
    await page.get_by_label("Gender").select_option("male")
    await page.get_by_label("Language").select_option("de")
    await page.get_by_label("Name or description").fill("daniel 5")
    await expect(voices.get_by_role("radio")).to_have_count(1)
    assert heard == []
    await voices.get_by_role("button", name="Sample Daniel").click()
    await expect(voices.get_by_role("button", name="Stop Daniel")).to_be_visible()
    await expect(voices.get_by_role("button", name="Sample Daniel")).to_be_visible()
    assert len(heard) == 1


async def test_a_voice_is_chosen_with_how_it_sounds_and_a_refused_value_stands_at_its_field(
    page, visit, console
):
    visit.expect("422")
    made = console.persona(new("Voiced"))
    path = f"/api/personas/{made['persona_id']}"
    await page.goto(f"/voice/{made['persona_id']}")
    await page.get_by_role("radio", name="Daniel").first.check(timeout=LONG_MS)
    stability = page.get_by_label(re.compile("^Stability$"))
    await stability.fill("75")
    await page.get_by_role("button", name="Save").click()
    await expect(stability).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Stability, slider").fill("0.75")
    await page.get_by_label("Add a voice that stands in").select_option(label="Sarah")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    voice = console.call("GET", path)["voice"]
    assert (voice["name"], voice["settings"]) == ("Daniel", {"stability": 0.75})
    assert len(voice["fallback_voice_ids"]) == 1
    await page.get_by_role("button", name="Reset Stability").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved as version 3.")).to_be_visible()
    assert console.call("GET", path)["voice"]["settings"] == {}


async def test_a_text_is_heard_and_downloaded_and_shown_where_it_could_not_be_spoken(
    page, visit, console, stack
):
    visit.expect("50[0-9]")
    made = console.persona(new("Speaks"))
    await page.goto(f"/voice/{made['persona_id']}")
    speak = page.get_by_role("region", name="Speak a text")
    await speak.get_by_label("Text", exact=True).fill("Good morning, how can I help?")
    await speak.get_by_role("button", name="Speak").click()
    async with page.expect_download() as downloading:
        await speak.get_by_role("link", name="Download").click()
    audio = await (await downloading.value).path()
    assert audio.read_bytes()[:3] == b"ID3"
    await expect(speak.get_by_role("status")).to_contain_text("Spoken by")
    usage = page.get_by_role("region", name="Usage")
    await usage.get_by_role("button", name="Read again").click()
    await expect(usage).to_contain_text("29 of")
    stack.elevenlabs.fail({"operation": SPEECH, "status": 500})
    try:
        await speak.get_by_label("Text", exact=True).fill("This one is lost.")
        await page.keyboard.press("Control+Enter")
        await expect(speak.get_by_role("alert")).to_be_visible(timeout=LONG_MS)
    finally:
        stack.elevenlabs.fail()
    await expect(speak.get_by_role("figure")).to_have_text("This one is lost.")


async def test_an_agent_is_set_up_called_and_its_call_read_with_what_it_cited(page, console):
    made = console.persona(new("Called"), greeting="Hello, this is Mia.")
    await knowing(console, made, "prices.md", FACTS)
    await page.goto(f"/voice/{made['persona_id']}?tab=agent")
    await page.get_by_role("button", name="Set up an agent").click()
    agent = page.get_by_role("region", name="Agent", exact=True)
    await expect(agent.get_by_text("ready", exact=True)).to_be_visible(timeout=LONG_MS)
    await agent.get_by_role("button", name="Compare").click()
    await expect(agent.get_by_text("The agent is what it should be.")).to_be_visible()
    await agent.get_by_role("button", name="Test call").click()
    call = page.get_by_role("region", name="Test call")
    await expect(call.get_by_text("Hello, this is Mia.")).to_be_visible()
    await call.get_by_label("Say to").fill("What does the plan Team cost?")
    await page.keyboard.press("Enter")
    await expect(call.get_by_role("listitem")).to_have_count(3, timeout=LONG_MS)
    await call.get_by_role("button", name="Hang up").click()
    await page.get_by_role("link", name="Calls").first.click()
    await page.get_by_role("button", name="Read the call").click(timeout=LONG_MS)
    detail = page.get_by_role("dialog")
    await expect(detail.get_by_label("Transcript")).to_contain_text("What does the plan Team cost?")
    await expect(detail.get_by_text("prices.md").first).to_be_visible()
    await expect(detail).to_contain_text("credit")


async def test_agents_are_compared_before_they_are_brought_into_step(page, console, stack):
    made = await with_agent(console, "Drifted")
    path = f"/api/personas/{made['persona_id']}/agent"
    agent_id = console.call("GET", f"{path}/status")["agent_id"]
    changed = {"conversation_config": {"tts": {"speed": 0.8}}}
    stack.elevenlabs.change("agents", agent_id, changed)
    await page.goto("/agents")
    await page.get_by_role("checkbox", name=f"Choose {made['name']}").check()
    await page.keyboard.press("c")
    row = page.get_by_role("list", name="Agents").get_by_role("listitem")
    row = row.filter(has_text=made["name"])
    await expect(row.get_by_role("status")).to_contain_text("speed")
    assert console.call("GET", f"{path}/differences")["result"] == "differs"
    await page.get_by_role("button", name="Bring into step").click()
    await wait_until(lambda: console.call("GET", f"{path}/differences")["result"] == "in_step")
    await page.get_by_role("button", name="Make anew…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Make anew").click()
    await wait_until(lambda: console.call("GET", f"{path}/status")["agent_id"] != agent_id)
    await expect(row.get_by_text("ready", exact=True)).to_be_visible(timeout=LONG_MS)


async def test_a_removed_agent_comes_back_by_undo(page, console):
    made = await with_agent(console, "Removed")
    await page.goto(f"/voice/{made['persona_id']}?tab=agent")
    await page.get_by_role("button", name="Remove…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await page.get_by_role("button", name="Undo").click()
    agent = page.get_by_role("region", name="Agent", exact=True)
    await expect(agent.get_by_text("ready", exact=True)).to_be_visible(timeout=LONG_MS)


async def test_a_viewer_hears_voices_and_changes_neither_voice_nor_agent(visits, console):
    made = await with_agent(console, "Seen")
    page = await (await visits()).tab()
    await page.goto(console.link(role="viewer"))
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    await page.goto(f"/voice/{made['persona_id']}")
    await expect(page.get_by_role("radio").first).to_be_disabled()
    await expect(page.get_by_label("Stability, slider")).to_be_disabled()
    await expect(page.get_by_role("button", name=re.compile("^Sample")).first).to_be_enabled()
    await page.goto(f"/voice/{made['persona_id']}?tab=agent")
    await expect(page.get_by_role("button", name="Compare")).to_be_visible()
    for name in ("Bring into step", "Make anew…", "Remove…", "Test call"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)


@pytest.fixture
def mute_stack():
    """Return a stack whose voice-svc has no key of the vendor."""
    with Stack(ephemeral=True, services=("persona", "voice", "studio")) as running:
        yield running


@pytest.mark.slow
async def test_without_a_key_of_the_vendor_the_page_names_the_setting(browser, mute_stack):
    url = mute_stack.endpoints().services["studio"]
    context = await browser.new_context(base_url=url)
    page = await context.new_page()
    await page.goto(login_link(url, mute_stack.token()))
    await page.get_by_role("link", name="Personas").click()
    await page.get_by_role("button", name="New persona").first.click()
    await page.get_by_label("Name", exact=True).fill("Mute")
    await page.get_by_role("button", name="Create", exact=True).click()
    await page.get_by_role("navigation", name="Pages of").get_by_role("link", name="Voice").click()
    await expect(page.get_by_role("heading", name="Voice is not set up")).to_be_visible()
    await expect(page.get_by_text("DRAMATIS_VOICE_ELEVENLABS_API_KEY")).to_be_visible()
    await expect(page.get_by_label("Stability, slider")).to_be_enabled()
    await context.close()
