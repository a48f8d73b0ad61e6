"""Journeys of people through the console, in a browser, on the services as processes."""

import asyncio
import re
from pathlib import Path
from uuid import uuid4

import dramatis
import pytest
from service_devkit.testing.waiting import HANG_SECONDS, wait_until

api = pytest.importorskip("playwright.async_api", reason="scripts/uv sync --group web")
axe = pytest.importorskip("axe_playwright_python.async_playwright")
expect = api.expect

LONG_MS = HANG_SECONDS * 1000
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
PRICES = Path(dramatis.__file__).parent / "samples/knowledge/prices.pdf"
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.processes,
]


def new(word):
    """Return a name that no other test uses."""
    return f"{word} {uuid4().hex[:6]}"


async def test_a_link_signs_in_once_and_leads_to_the_page_that_was_asked_for(visits, console):
    visit = await visits()
    visit.expect("401", "403")
    page = await visit.tab()
    await page.goto("/trash")
    link = console.link()
    await page.get_by_label("Sign-in link or code").fill(link)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Trash", level=1)).to_be_visible()
    assert page.url == f"{console.url}/trash"
    other = await visits()
    other.expect("401", "403")
    late = await other.tab()
    await late.goto(link)
    await expect(late.get_by_role("alert")).to_contain_text("has been used")
    assert "#" not in late.url


async def test_a_persona_is_made_edited_with_its_preview_and_has_a_history(page):
    name = new("Mia")
    await page.goto("/personas?new=1")
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_role("button", name="Create", exact=True).click()
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    await page.get_by_label("Greeting of an e-mail").fill("Hi {firstName|there},")
    await page.get_by_label("Signature").fill("Mia\nAcme")
    mail = page.get_by_role("article", name="As an e-mail")
    await expect(mail).to_contain_text("Hi there,")
    await page.get_by_label("for", exact=True).fill("Ada")
    await expect(mail).to_contain_text("Hi Ada,")
    await expect(mail).to_contain_text("Mia\nAcme")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("version 2 ·")).to_be_visible()
    await page.get_by_role("link", name="History").click()
    await page.get_by_role("button", name="Changes of version 2").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Hi {firstName|there},")


async def test_of_two_who_edit_one_persona_neither_loses_a_field(page, visit, console):
    visit.expect("412")
    made = console.persona(new("Two"), tone="dry", goals="sell")
    path = f"/api/personas/{made['persona_id']}"
    await page.goto(f"/personas/{made['persona_id']}")
    await page.get_by_label("Tone").fill("warm")
    console.call("PATCH", path, json={"tone": "cold", "goals": "help"}, headers={"If-Match": '"1"'})
    conflict = page.get_by_role("group", name="Conflict in Tone")
    await page.get_by_role("button", name="Save").click()
    await expect(conflict).to_contain_text("cold")
    await expect(page.get_by_label("Goals")).to_have_value("help")
    await conflict.get_by_role("button", name="Keep mine").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("version 3 ·")).to_be_visible()
    stored = console.call("GET", path)
    assert (stored["tone"], stored["goals"]) == ("warm", "help")


async def test_what_another_saves_shows_without_a_reload_and_spares_a_changed_field(page, console):
    made = console.persona(new("Live"), tone="dry", goals="sell")
    await page.goto(f"/personas/{made['persona_id']}")
    await page.get_by_label("Tone").fill("warm")
    await expect(page.get_by_label("Goals")).to_have_value("sell")
    path = f"/api/personas/{made['persona_id']}"
    console.call("PATCH", path, json={"goals": "help"}, headers={"If-Match": '"1"'})
    await expect(page.get_by_label("Goals")).to_have_value("help")
    await expect(page.get_by_label("Tone")).to_have_value("warm")


async def test_text_that_is_not_saved_survives_a_reload(page, console):
    made = console.persona(new("Kept"))
    await page.goto(f"/personas/{made['persona_id']}")
    await page.get_by_label("Goals").fill("Do not lose this")
    await page.reload()
    await expect(page.get_by_label("Goals")).to_have_value("Do not lose this")
    await expect(page.get_by_role("region", name="Unsaved changes")).to_contain_text("1 field")
    await page.get_by_role("button", name="Discard").click()
    await expect(page.get_by_label("Goals")).to_have_value("")


async def test_a_session_that_ends_is_renewed_over_the_page_with_what_was_typed(visits, console):
    visit = await visits()
    visit.expect("401")
    page = await visit.tab()
    made = console.persona(new("Session"))
    await page.goto(console.link())
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    await page.goto(f"/personas/{made['persona_id']}")
    await page.get_by_label("Tone").fill("patient")
    await visit.context.clear_cookies()
    # What asks by itself may have opened the dialog before: then it covers the button.
    await page.get_by_role("button", name="Save").evaluate("button => button.click()")
    dialog = page.get_by_role("dialog", name="Sign in again")
    await dialog.get_by_label("Sign-in link or code").fill(console.link())
    await dialog.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("version 2 ·")).to_be_visible()
    assert console.call("GET", f"/api/personas/{made['persona_id']}")["tone"] == "patient"


async def test_the_default_is_set_and_given_back(page, console):
    before = console.persona(new("Before"))
    console.call("POST", f"/api/personas/{before['persona_id']}/default")
    made = console.persona(new("Next"))
    await page.goto(f"/personas/{made['persona_id']}")
    await page.get_by_role("button", name="Set default").click()
    await expect(page.get_by_text("default", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Set default")).to_be_hidden(timeout=1)
    await wait_until(
        lambda: console.call("GET", f"/api/personas/{before['persona_id']}")["is_default"]
    )


async def test_a_deleted_persona_says_its_impact_and_comes_back_from_the_trash(page, console):
    name = new("Gone")
    parent = console.persona(name)
    child = console.persona(new("Child"), parent_id=parent["persona_id"])
    await page.goto(f"/personas/{child['persona_id']}")
    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Nothing uses it.")
    await dialog.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.get_by_role("heading", name="Personas", level=1)).to_be_visible()
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="Trash").click()
    await page.get_by_role("button", name=f"Bring back {child['name']}").click()
    await expect(page.get_by_text(f"{child['name']} is back.")).to_be_visible()
    assert console.call("GET", f"/api/personas/{child['persona_id']}")["name"] == child["name"]


async def test_a_prompt_names_the_line_of_its_error_and_goes_back_to_what_was_good(page, console):
    made = console.persona(new("Prompted"))
    path = f"/api/personas/{made['persona_id']}/prompts/rag/main/versions"
    console.call("POST", path, json={"content": "First."})
    await page.goto(f"/prompts/{made['persona_id']}")
    await page.get_by_role("tab", name="RAG").click()
    text = page.get_by_label("Rag prompt")
    await text.fill("Second.\n{% if %}")
    await page.get_by_role("button", name="Line 2").click()
    assert await text.evaluate("area => area.value.slice(area.selectionStart)") == "{% if %}"
    await text.fill("Second.")
    await page.get_by_label("What this version changes").fill("Shorter")
    await page.get_by_role("button", name="Save").click()
    history = page.get_by_role("complementary", name="History")
    await expect(history).to_contain_text("Shorter")
    await history.get_by_role("button", name="Compare version 1").click()
    await page.get_by_role("button", name="Use version 1").click()
    await expect(text).to_have_value("First.")


async def test_a_template_shows_what_it_would_change_before_it_does(page, console):
    made = console.persona(new("Templated"))
    await page.goto(f"/prompts/{made['persona_id']}")
    await page.get_by_role("button", name="Templates…").click()
    await page.get_by_role("button", name="See changes of Creative writer").click()
    await expect(page.get_by_label("Changes of system")).to_be_visible()
    await page.get_by_role("button", name="Take it over").click()
    await expect(page.get_by_label("System prompt")).to_have_value(re.compile("You are a writer"))


async def test_drafts_are_decided_by_keyboard(page, console):
    first, second = new("lead").replace(" ", "-"), new("lead").replace(" ", "-")
    drafts = {lead: await console.replied(lead) for lead in (first, second)}
    await page.goto(f"/drafts?lead={first}")
    await expect(page.get_by_role("button", name=first)).to_be_visible()
    await page.keyboard.press("j")
    await expect(page.get_by_role("article", name=f"Draft for {first}")).to_be_visible()
    await page.keyboard.press("e")
    await page.keyboard.press("Control+Home")
    await page.keyboard.type("Dear you, ")
    await page.keyboard.press("Tab")
    await page.keyboard.press("a")
    await expect(page.get_by_text("Approved: the CRM is told.")).to_be_visible()
    await page.goto(f"/drafts?lead={second}")
    await expect(page.get_by_role("button", name=second)).to_be_visible()
    await page.keyboard.press("j")
    await page.keyboard.press("r")
    await page.get_by_label("Why (optional)").fill("Too stiff")
    await page.get_by_role("dialog").get_by_role("button", name="Reject").click()
    await expect(page.get_by_text("Rejected.")).to_be_visible()
    stored = [console.call("GET", f"/api/drafts/{draft['draft_id']}") for draft in drafts.values()]
    assert [draft["status"] for draft in stored] == ["approved", "rejected"]
    assert "Dear you" in stored[0]["body"]


async def test_the_first_page_names_what_stands_in_and_the_setting_that_ends_it(page):
    await page.goto("/")
    await expect(page.get_by_role("heading", name="What needs you")).to_be_visible()
    standing_in = page.get_by_role("region", name="Stand-ins")
    await expect(standing_in).to_contain_text("elevenlabs:fake")
    await expect(standing_in).to_contain_text("DRAMATIS_CHAT_WRITER")


async def test_a_file_is_read_searched_and_cited_in_a_chat_to_its_page(page, console):
    made = console.persona(new("Reader"))
    await page.goto(f"/files/{made['persona_id']}")
    await expect(page.get_by_text("0 passages.")).to_be_visible()
    await page.locator("input[type=file]").set_input_files(PRICES)
    await expect(page.get_by_text("2 pages · 2 passages")).to_be_visible(timeout=LONG_MS)
    await page.get_by_label("Question").fill("What does the plan Team cost?")
    await page.get_by_role("search").get_by_role("button", name="Search").click()
    await expect(
        page.get_by_role("region", name="Search").get_by_text("prices.pdf").first
    ).to_be_visible()
    await page.get_by_role("navigation", name="Pages of").get_by_role("link", name="Chat").click()
    await page.get_by_label("Message to").fill("What does the plan Team cost?")
    await page.keyboard.press("Enter")
    answer = page.get_by_role("article", name="Answer")
    await answer.get_by_role("button", name="Source 1").click(timeout=LONG_MS)
    await expect(answer.get_by_role("blockquote").first).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("article", name="Answer")).to_be_visible()
    await page.get_by_role("button", name="Good").click()
    await expect(page.get_by_role("button", name="Good")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("article", name="Answer").locator("summary").first.click()
    await page.get_by_role("link", name="Open the file").first.click()
    await expect(page.get_by_role("dialog", name="prices.pdf")).to_contain_text("page 1")


async def test_an_answer_that_is_cut_off_goes_on_where_it_was(page, visit, console):
    made = console.persona(new("Cut"), content="Answer at length.")
    visit.expect("ERR_", "503", "Failed to load")
    await page.goto(f"/chat/{made['persona_id']}")
    await page.get_by_label("Message to").fill("Hello, who are you?")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("thread="))
    await page.reload()
    await expect(page.get_by_role("article", name="Answer")).to_have_count(1, timeout=LONG_MS)
    await expect(page.get_by_role("button", name="Answer again")).to_be_visible(timeout=LONG_MS)


async def test_text_that_is_typed_stays_with_its_conversation(page, console):
    made = console.persona(new("Typed"))
    await page.goto(f"/chat/{made['persona_id']}")
    await page.get_by_label("Message to").fill("Hello")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Answer again")).to_be_visible(timeout=LONG_MS)
    await page.get_by_label("Message to").fill("Half a thought")
    await page.get_by_role("link", name="New conversation").click()
    await expect(page.get_by_label("Message to")).to_have_value("")
    await page.go_back()
    await expect(page.get_by_label("Message to")).to_have_value("Half a thought")


async def test_a_sequence_names_a_token_that_is_none_and_shows_what_would_be_sent(page):
    await page.goto("/sequences")
    await page.get_by_role("button", name="New sequence").click()
    body = page.get_by_label("Text", exact=True)
    await body.fill("Hi {firstName|there}, {frstName}")
    await expect(page.get_by_role("list", name="Tokens of step 1")).to_contain_text("frstName")
    await body.fill("Hi {firstName|there}, shall we talk?")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("version 2 ·")).to_be_visible()
    preview = page.get_by_role("article", name="Step 1")
    await expect(preview).to_contain_text("Hi there, shall we talk?")


async def test_the_persona_is_in_the_address_and_one_that_is_gone_is_said(page, visit, console):
    visit.expect("404")
    one, other = console.persona(new("One")), console.persona(new("Other"))
    await page.goto(f"/prompts/{one['persona_id']}")
    await page.get_by_role("button", name="Persona:").click()
    await page.get_by_label("Find a persona").fill(other["name"])
    await page.get_by_role("dialog").get_by_role("link", name=other["name"]).click()
    await expect(page).to_have_url(re.compile(f"/prompts/{other['persona_id']}$"))
    await expect(page.get_by_role("heading", name=other["name"], level=1)).to_be_visible()
    await page.goto(f"/prompts/{uuid4()}")
    await expect(page.get_by_role("heading", name="This persona is not there")).to_be_visible()


async def test_all_is_reached_by_keyboard(page, console):
    made = console.persona(new("Palette"))
    await page.goto("/drafts")
    await expect(page.get_by_role("heading", name="Drafts", level=1)).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Go to Personas")
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("p")
    await expect(page.get_by_role("heading", name="Personas", level=1)).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="Search personas, pages and commands").fill(
        made["name"]
    )
    await expect(page.get_by_role("option", name=made["name"])).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=made["name"], level=1)).to_be_visible()


async def test_a_viewer_reads_and_has_no_button_that_changes(visits, console):
    made = console.persona(new("Read"))
    page = await (await visits()).tab()
    await page.goto(console.link(role="viewer"))
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    await page.goto(f"/personas/{made['persona_id']}")
    await expect(page.get_by_label("Tone")).to_have_attribute("readonly", "")
    for name in ("Set default", "Clone", "Delete", "Save"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)


async def test_a_script_in_a_name_is_a_name(page, console):
    name = f"<img src=x onerror=alert(1)> {uuid4().hex[:6]}"
    made = console.persona(name, description="<script>alert(1)</script>")
    await page.goto(f"/personas/{made['persona_id']}")
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


@pytest.mark.long
@pytest.mark.slow
async def test_every_page_is_accessible_and_fits_a_telephone_in_light_and_dark(
    visits, signed_in, console
):
    made = console.persona(new("Accessible"), tone="warm", greeting="Hi {firstName|there},")
    persona = made["persona_id"]
    pages = ["/", "/drafts", "/personas", "/sequences", "/sequences?tab=paused", "/activity"]
    pages += [
        "/audit",
        "/trash",
        "/models",
        "/agents",
        f"/personas/{persona}",
        f"/personas/{persona}/history",
    ]
    pages += [f"/voice/{persona}", f"/voice/{persona}?tab=agent", f"/voice/{persona}?tab=calls"]
    pages += [f"/prompts/{persona}?layer=try"]
    await console.campaign("accessible", "Accessible", booking_process_id="bp-1", lead_count=3)
    pages += ["/assignments", "/assignments?tab=who&campaign=accessible"]
    pages += ["/assignments?edit=accessible", "/settings", "/settings/followups"]
    pages += ["/settings/suppressions", "/settings/keys", "/settings/people"]
    pages += ["/leads", "/leads/nobody"]
    pages += [f"/prompts/{persona}", f"/files/{persona}", f"/chat/{persona}", "/nowhere"]

    async def look(scheme, width):
        visit = await visits(
            storage_state=signed_in,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            reduced_motion="reduce",
        )
        page, found = await visit.tab(), []
        for path in pages:
            await page.goto(path)
            await expect(page.get_by_role("heading", level=1), path).to_be_visible()
            await expect(page.get_by_text("Loading…"), path).to_have_count(0)
            broken = await axe.Axe().run(page, options=RULES)
            found += [(path, one["id"]) for one in broken.response["violations"]]
            if await page.evaluate("document.documentElement.scrollWidth") > width:
                found.append((path, "sideways"))
        return found

    assert await asyncio.gather(look("light", 1280), look("dark", 320)) == [[], []]


@pytest.mark.long
@pytest.mark.slow
async def test_no_link_leads_nowhere(page, console):
    made = console.persona(new("Linked"))
    seen, waiting = set(), ["/", f"/personas/{made['persona_id']}"]
    while waiting:
        path = waiting.pop()
        kind = IDS.sub("{id}", path)
        if kind in seen:
            continue
        seen.add(kind)
        await page.goto(path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.get_by_text("Loading…")).to_have_count(0)
        await expect(page.get_by_text("There is no page here")).to_have_count(0)
        links = await page.locator("main a, nav a").evaluate_all(
            "links => links.filter(l => !l.hash && !l.download).map(l => l.pathname + l.search)"
        )
        waiting += [link for link in links if not link.startswith("/api/")]
    assert len(seen) >= 12
