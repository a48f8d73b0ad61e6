"""Journeys through the pages of a workspace: who speaks where, its settings, people and keys."""

from uuid import uuid4

import pytest
from service_devkit.testing.waiting import wait_until

api = pytest.importorskip("playwright.async_api", reason="scripts/uv sync --group web")
expect = api.expect

expect.set_options(timeout=15_000)
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.processes,
]


def new(word):
    """Return a name that no other test uses."""
    return f"{word} {uuid4().hex[:6]}"


async def test_campaigns_are_assigned_one_by_one_together_and_back(page, console):
    one, two, persona = new("Spring"), new("Summer"), console.persona(new("Assigned"))
    ids = [name.replace(" ", "-").lower() for name in (one, two)]
    await console.campaign(ids[0], one, booking_process_id="bp-12", lead_count=1840)
    await console.campaign(ids[1], two)
    await page.goto("/assignments")
    row = page.get_by_role("listitem").filter(has_text=one)
    await expect(row).to_contain_text("bp-12")
    await expect(row).to_contain_text("1,840 leads")
    await page.get_by_role("button", name=f"Assign… in {one}").click()
    await page.get_by_label("SMS", exact=True).select_option(persona["name"])
    await page.get_by_role("button", name="Assign", exact=True).click()
    await expect(row).to_contain_text(f"SMS: {persona['name']}")
    await expect(row).to_contain_text("Workspace default")
    for name in (one, two):
        await page.get_by_label(f"Mark {name}").check()
    await page.keyboard.press("b")
    await page.get_by_label("Persona", exact=True).select_option(persona["name"])
    await page.get_by_role("button", name="Assign", exact=True).click()
    await expect(page.get_by_text("Assigned in 2 campaigns.")).to_be_visible()
    found = console.campaigns()
    assert {found[each]["assignments"].get("any") for each in ids} == {persona["persona_id"]}
    assert found[ids[0]]["overrides"] == ["sms"]
    await page.get_by_role("button", name="Undo").last.click()
    await wait_until(lambda: "any" not in console.campaigns()[ids[1]]["assignments"])
    assert console.campaigns()[ids[0]]["overrides"] == ["sms"]


async def test_of_two_who_assign_in_one_campaign_both_are_asked(page, console):
    name, mine, theirs = new("Contested"), console.persona(new("Mine")), console.persona(new("Its"))
    campaign_id = name.replace(" ", "-").lower()
    await console.campaign(campaign_id, name)
    await page.goto(f"/assignments?edit={campaign_id}")
    await page.get_by_label("All channels").select_option(mine["name"])
    body = {"persona_id": theirs["persona_id"]}
    console.call("PUT", f"/api/campaigns/{campaign_id}/persona", json=body)
    conflict = page.get_by_role("group", name="Conflict in All channels")
    await expect(conflict).to_contain_text(theirs["name"])
    await expect(page.get_by_role("button", name="Assign", exact=True)).to_be_disabled()
    await conflict.get_by_role("button", name="Take theirs").click()
    await expect(page.get_by_label("All channels")).to_have_value(theirs["persona_id"])


async def test_who_speaks_is_explained_tier_by_tier(page, console):
    name, persona = new("Explained"), console.persona(new("Speaker"), signature="Yours, S.")
    campaign_id, gone = name.replace(" ", "-").lower(), console.persona(new("Asleep"))
    await console.campaign(campaign_id, name)
    console.call("POST", f"/api/personas/{persona['persona_id']}/default")
    path = f"/api/campaigns/{campaign_id}/persona"
    console.call("PUT", path, json={"persona_id": gone["persona_id"]})
    console.call("PUT", path, json={"persona_id": persona["persona_id"], "channel": "sms"})
    console.call(
        "PATCH",
        f"/api/personas/{gone['persona_id']}",
        json={"is_active": False},
        headers={"If-Match": '"1"'},
    )
    await page.goto("/assignments")
    await page.get_by_role("link", name=f"Why {name} has this persona").click()
    ladder = page.get_by_role("region", name="Who speaks, and why").get_by_role("listitem")
    await expect(ladder.nth(0)).to_contain_text("No sequence is asked about.")
    await expect(ladder.nth(1)).to_contain_text(f"{gone['name']} is inactive: passed over.")
    await expect(ladder.nth(2)).to_contain_text(f"{persona['name']} speaks.")
    await expect(ladder.nth(3)).to_contain_text("Not asked")
    texts = page.get_by_role("region", name="What it speaks with")
    await expect(texts).to_contain_text("Yours, S.")
    await page.get_by_label("Channel", exact=True).select_option("SMS")
    await expect(ladder.nth(1)).to_contain_text(f"{persona['name']} speaks.")
    await page.reload()
    await expect(ladder.nth(1)).to_contain_text(f"{persona['name']} speaks.")


async def test_a_viewer_sees_who_speaks_and_assigns_nobody(visits, console):
    name = new("Seen")
    await console.campaign(name.replace(" ", "-").lower(), name)
    page = await (await visits()).tab()
    await page.goto(console.link(role="viewer"))
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    await page.goto("/assignments")
    await expect(page.get_by_text(name, exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Assign")).to_have_count(0)
    await expect(page.get_by_role("checkbox")).to_have_count(0)


async def test_the_settings_of_a_workspace_are_changed_and_the_mirrored_ones_lead_to_the_persona(
    page, console
):
    made = console.persona(new("House"), signature="House of Acme")
    await page.goto("/settings")
    await page.get_by_label("Who speaks where nobody is assigned").select_option(made["name"])
    mirrored = page.get_by_role("region", name="Texts without a persona")
    await expect(mirrored).to_contain_text("House of Acme")
    await expect(mirrored.get_by_role("link", name=made["name"])).to_be_visible()
    await page.get_by_label("Questions that qualify a lead").fill("How many?\n\nBy when?")
    await page.get_by_label("New prompts need approval").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    stored = console.call("GET", "/api/workspace/settings")
    assert stored["qualification_questions"] == ["How many?", "By when?"]
    assert (stored["prompt_approval"], stored["default_persona_id"]) == (True, made["persona_id"])
    console.call("PUT", "/api/workspace/settings", json={"prompt_approval": False})
    await expect(page.get_by_label("New prompts need approval")).not_to_be_checked()


async def test_of_two_who_change_the_settings_neither_loses_a_field(page, visit, console):
    visit.expect("412")
    console.call("PUT", "/api/workspace/settings", json={"ideal_customer_profile": "before"})
    await page.goto("/settings")
    field = page.get_by_label("Ideal customer")
    await expect(field).to_have_value("before")
    await field.fill("mine")
    console.call("PUT", "/api/workspace/settings", json={"ideal_customer_profile": "theirs"})
    conflict = page.get_by_role("group", name="Conflict in Ideal customer")
    await expect(conflict).to_contain_text("theirs")
    await conflict.get_by_role("button", name="Keep mine").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert console.call("GET", "/api/workspace/settings")["ideal_customer_profile"] == "mine"


async def test_follow_up_settings_name_the_field_that_is_wrong(page, visit, console):
    visit.expect("422")
    await page.goto("/settings/followups")
    await page.get_by_label("In a window of the week").check()
    await page.get_by_label("Saturday").check()
    await page.get_by_label("From", exact=True).fill("10:00")
    await page.get_by_label("Public holidays of").fill("DE-BY")
    await page.get_by_label("Other days", exact=True).fill("2027-02-08")
    await page.get_by_role("button", name="Add the day").click()
    zone = page.get_by_label("Time zone of leads")
    await zone.fill("Moon/Crater")
    await page.get_by_role("button", name="Save").click()
    await expect(zone).to_have_attribute("aria-invalid", "true")
    await zone.fill("Europe/Berlin")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    stored = console.call("GET", "/api/followup-settings")
    assert (stored["time_zone"], stored["send_window"]["from"]) == ("Europe/Berlin", "10:00")
    assert "saturday" in stored["send_window"]["days"]
    assert stored["holidays"] == {"region": "DE-BY", "dates": ["2027-02-08"]}


async def test_a_lead_is_suppressed_and_lifted_with_a_reason_that_is_kept(page):
    lead = new("lead").replace(" ", "-")
    await page.goto("/settings/suppressions")
    await expect(page.get_by_role("button", name="Suppress…")).to_be_visible()
    await page.keyboard.press("n")
    await page.get_by_label("Lead or e-mail address").fill(lead)
    await page.get_by_label("Why (optional)").fill("asked on the telephone")
    await page.get_by_role("dialog").get_by_role("button", name="Suppress").click()
    row = page.get_by_role("list", name="Suppressed").get_by_role("listitem").filter(has_text=lead)
    await expect(row).to_contain_text("asked on the telephone")
    await page.get_by_label("Find a lead or an address").fill(lead)
    await page.get_by_role("button", name="Find").click()
    await expect(row).to_be_visible()
    await page.get_by_role("button", name=f"Lift… {lead}").click()
    await page.get_by_label("Why", exact=True).fill("asked to be back")
    await page.get_by_role("dialog").get_by_role("button", name="Lift").click()
    await expect(page.get_by_role("heading", name="Not on the list")).to_be_visible()
    await page.get_by_role("link", name="Lifted").click()
    entry = page.get_by_role("listitem").filter(has_text=lead)
    await expect(entry).to_contain_text("asked to be back")


async def test_a_viewer_reads_the_settings(visits, console):
    page = await (await visits()).tab()
    await page.goto(console.link(role="viewer"))
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    await page.goto("/settings")
    await expect(page.get_by_label("Who speaks where")).to_be_disabled()
    await page.goto("/settings/followups")
    await expect(page.get_by_label("Wait after an automatic reply")).to_be_disabled()
    await page.goto("/settings/suppressions")
    await expect(page.get_by_text("Admins lift a suppression.")).to_be_visible()
    await expect(page.get_by_role("button", name="Suppress…")).to_have_count(0)


async def test_one_lead_has_a_timeline_and_what_they_wrote_stands_beside_the_draft(page, console):
    lead = new("lead").replace(" ", "-")
    quoted = (
        "For 35 of us?\n\nOn Mon, Nov 16, 2026 at 9:00 AM Kim <k@acme.example> wrote:\n\n> hello"
    )
    draft = await console.replied(lead, body_text=quoted)
    console.call("POST", f"/api/drafts/{draft['draft_id']}/approve", json={})
    body = {"lead_id": lead, "reason": "asked on the telephone"}
    console.call("POST", "/api/suppressions", json=body)
    await page.goto("/leads")
    await page.get_by_label("Id of a lead").fill(lead)
    await page.get_by_role("button", name="Show the lead").click()
    entries = page.get_by_role("list", name="Timeline").get_by_role("listitem")
    await expect(entries).to_have_count(3)
    await expect(entries.first).to_contain_text("Suppressed by")
    await expect(entries.nth(1)).to_contain_text("Draft approved by")
    await expect(page.get_by_text("Nothing is sent to them.")).to_be_visible()
    await page.get_by_role("button", name="What they wrote").click()
    wrote = page.get_by_role("region", name="What the lead wrote")
    await expect(wrote).to_contain_text("For 35 of us?")
    await expect(wrote).not_to_contain_text("hello")
    await entries.nth(1).get_by_role("link", name="Open").click()
    article = page.get_by_role("article", name=f"Draft for {lead}")
    await expect(article.get_by_role("region", name="What the lead wrote")).to_contain_text("35")
    await article.get_by_role("link", name=lead).click()
    await page.get_by_role("link", name="Who speaks to them").click()
    await expect(page.get_by_role("status").filter(has_text=lead)).to_contain_text("replied by")


async def test_a_key_is_shown_once_limited_and_revoked(visits, signed_in, console):
    visit = await visits(storage_state=signed_in, permissions=["clipboard-read", "clipboard-write"])
    page, name, persona = await visit.tab(), new("Key"), console.persona(new("Limited"))
    await page.goto("/settings/keys")
    await expect(page.get_by_role("button", name="New key")).to_be_visible()
    await page.keyboard.press("n")
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Role").select_option("editor")
    await page.get_by_label("Days until it expires").fill("7")
    await page.get_by_role("checkbox", name=persona["name"]).check()
    await page.get_by_role("button", name="Make the key").click()
    shown = page.get_by_label("API key", exact=True)
    made = await shown.input_value()
    await page.get_by_role("button", name="Copy").click()
    assert await page.evaluate("navigator.clipboard.readText()") == made
    await page.get_by_role("button", name="I have it").click()
    row = page.get_by_role("list", name="API keys").get_by_role("listitem").filter(has_text=name)
    await expect(row).to_contain_text("expires in 7 days")
    await expect(row).to_contain_text(f"only {persona['name']}")
    await page.reload()
    await expect(row).to_be_visible()
    assert made not in await page.content()
    await page.get_by_role("button", name=f"Revoke… {name}").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text(f"{name} is revoked.")).to_be_visible()
    await expect(row).to_have_count(0)


async def test_people_see_where_they_are_signed_in_and_end_a_session(visits, page, console):
    other = await visits(user_agent="Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/140.0 Other")
    other.expect("401")
    tab = await other.tab()
    await tab.goto(console.link(role="viewer"))
    await expect(tab.get_by_role("navigation", name="Pages")).to_be_visible()
    await page.goto("/settings/people")
    row = page.get_by_role("listitem").filter(has_text="Firefox on Linux").first
    await expect(row).to_contain_text("viewer")
    await expect(page.get_by_text("this browser")).to_be_visible()
    await row.get_by_role("button", name="Sign out…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("Signed out there.")).to_be_visible()
    await tab.goto("/personas")
    await expect(tab.get_by_label("Sign-in link or code")).to_be_visible()


async def test_a_viewer_makes_no_key_and_sees_their_own_sessions(visits, console):
    page = await (await visits()).tab()
    await page.goto(console.link(role="viewer"))
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    await page.goto("/settings/keys")
    await expect(page.get_by_text("Admins make and see API keys.")).to_be_visible()
    await expect(page.get_by_role("button", name="New key")).to_have_count(0)
    await page.goto("/settings/people")
    await expect(page.get_by_text("Where you are signed in.")).to_be_visible()
