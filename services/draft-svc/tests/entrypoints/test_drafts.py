"""From reply to draft: the right voice, once, and nothing sent without a person."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from draft_svc.domain.text import edit_distance
from drafting import ANNA, persona, replied
from service_kit.clock import utc_now

QUOTED = "On Mon, Nov 16, 2026 at 9:00 AM Anna <anna@example.com> wrote:\n\n> hi\n> there"


async def test_a_reply_is_drafted_in_the_default_personas_voice(desk):
    anna = persona()
    await desk.default(anna)
    draft = await desk.drafted()
    assert draft["status"] == "ready"
    assert draft["resolution"]["tier"] == "default"
    assert draft["resolution"]["persona_id"] == str(anna.persona_id)
    assert draft["resolution"]["version"] == 1
    assert draft["model"] == "offline"
    assert draft["text"].count(ANNA) == 1
    assert draft["text"].endswith(ANNA)
    assert ANNA not in draft["body"]
    assert draft["knowledge"] == "unavailable"
    assert draft["subject"] == "Re: Bicycles"
    assert draft["strategy"]["intent"]
    (event,) = await desk.events("created")
    assert event["text"] == draft["text"]
    assert event["resolution"]["tier"] == "default"


async def test_what_the_lead_wrote_is_shown_without_what_they_quote(desk):
    await desk.default(persona())
    draft = await desk.drafted(body_text=f"For ten people?\n\n{QUOTED}")
    answer = await desk.client.get(f"/api/drafts/{draft['draft_id']}/reply")
    assert answer.status_code == 200, answer.text
    reply = answer.json()
    assert (reply["subject"], reply["text"]) == ("Re: Bicycles", "For ten people?")
    assert reply["message_id"] == draft["message_id"]
    assert (await desk.client.get(f"/api/drafts/{uuid4()}/reply")).status_code == 404


async def test_the_campaigns_persona_wins_and_others_get_the_default(desk):
    await desk.default(persona(signature="Default\nAcme"))
    await desk.assign("spring", persona(revision=2, name="Bo", signature="Bo\nAcme"))
    assigned = await desk.drafted(campaign_id="spring")
    other = await desk.drafted(campaign_id="autumn")
    assert (assigned["resolution"]["tier"], assigned["signature"]) == ("campaign", "Bo\nAcme")
    assert (other["resolution"]["tier"], other["signature"]) == ("default", "Default\nAcme")


async def test_a_reply_without_a_campaign_belongs_to_the_one_last_named_for_its_lead(desk):
    await desk.default(persona(signature="Default\nAcme"))
    await desk.assign("spring", persona(revision=2, name="Bo", signature="Bo\nAcme"))
    named = await desk.drafted(lead_id="lead", campaign_id="spring")
    remembered = await desk.drafted(lead_id="lead", channel="sms")
    stranger = await desk.drafted(lead_id="another")
    assert [d["resolution"]["campaign_from"] for d in (named, remembered, stranger)] == [
        "reply",
        "remembered",
        None,
    ]
    assert remembered["campaign_id"] == "spring"
    assert remembered["resolution"]["persona_id"] == named["resolution"]["persona_id"]
    assert stranger["resolution"]["tier"] == "default"
    events = {event["draft_id"]: event for event in await desk.events("created", 3)}
    event = events[remembered["draft_id"]]
    assert (event["campaign_id"], event["resolution"]["campaign_from"]) == ("spring", "remembered")


async def test_a_late_older_reply_does_not_take_the_leads_campaign_back(desk):
    await desk.default(persona())
    earlier = (utc_now() - timedelta(minutes=5)).isoformat()
    await desk.drafted(lead_id="lead", campaign_id="spring")
    late = await desk.send(lead_id="lead", campaign_id="autumn", received_at=earlier)
    await desk.until(late.message_id, "superseded")
    assert (await desk.drafted(lead_id="lead"))["campaign_id"] == "spring"


async def test_a_persona_edit_shows_in_the_next_draft_and_marks_the_last_outdated(desk):
    anna = persona()
    await desk.default(anna)
    before = await desk.drafted()
    edited = anna.model_copy(update={"signature": "Anna\nNew Acme", "version": 2, "revision": 2})
    await desk.default(edited)
    after = await desk.drafted()
    assert after["text"].endswith("Anna\nNew Acme")
    assert after["resolution"]["version"] == 2
    shown = (await desk.client.get(f"/api/drafts/{before['draft_id']}")).json()
    assert shown["outdated"] is True
    assert after["outdated"] is False


async def shown(desk, draft):
    return (await desk.client.get(f"/api/drafts/{draft['draft_id']}")).json()


async def test_an_ancestors_edit_marks_an_open_draft_outdated_until_it_is_taken_back(desk):
    anna = persona()
    await desk.default(anna)
    draft = await desk.drafted()
    assert draft["outdated"] is False
    await desk.default(anna.model_copy(update={"goals": "Book a demo.", "revision": 2}))
    assert (await shown(desk, draft))["outdated"] is True
    (listed,) = await desk.drafts()
    assert listed["outdated"] is True
    await desk.default(anna.model_copy(update={"revision": 3}))
    assert (await shown(desk, draft))["outdated"] is False


async def test_a_settings_edit_marks_an_open_draft_outdated(desk):
    anna = persona(tone=None)
    await desk.default(anna)
    draft = await desk.drafted()
    await desk.default(anna, revision=2, ai_tone="brisk")
    assert (await shown(desk, draft))["outdated"] is True
    again = await desk.drafted()
    assert again["outdated"] is False
    await desk.default(anna, revision=3, ai_tone="brisk", qualification_questions=["How many?"])
    assert (await shown(desk, again))["outdated"] is True


async def test_an_edit_that_no_draft_shows_leaves_open_drafts_as_they_are(desk):
    anna = persona()
    await desk.default(anna)
    draft = await desk.drafted()
    await desk.default(
        anna.model_copy(update={"description": "For trials", "version": 2, "revision": 2})
    )
    assert (await shown(desk, draft))["outdated"] is False


async def test_a_workspace_without_personas_still_gets_drafts(desk):
    draft = await desk.drafted()
    assert draft["status"] == "ready"
    assert draft["resolution"]["tier"] == "none"
    assert draft["signature"] is None


async def test_one_reply_delivered_often_and_under_two_ids_makes_one_draft(desk):
    await desk.default(persona())
    event = replied(desk.workspace_id)
    await asyncio.gather(
        *(desk.send(event, headers={"ce-id": f"id-{number % 2}"}) for number in range(50))
    )
    await desk.until(event.message_id, "ready")
    assert len(await desk.drafts()) == 1
    assert len(await desk.events("created")) == 1


async def test_only_the_leads_own_words_are_answered(desk):
    draft = await desk.drafted(body_text=QUOTED)
    assert draft["status"] == "failed"
    assert draft["error"]["type"] == "reply-empty"
    (event,) = await desk.events("failed")
    assert event["error"]["type"] == "reply-empty"


async def test_a_reply_of_long_ago_gets_no_draft_and_says_so(desk):
    draft = await desk.drafted(received_at=(utc_now() - timedelta(days=8)).isoformat())
    assert (draft["status"], draft["error"]["type"]) == ("failed", "too-old")
    assert (await desk.events("failed"))[0]["error"]["type"] == "too-old"


async def test_a_newer_reply_supersedes_the_leads_open_draft(desk):
    first = await desk.drafted(
        lead_id="l", received_at=(utc_now() - timedelta(hours=1)).isoformat()
    )
    second = await desk.drafted(lead_id="l")
    shown = await desk.until(first["message_id"], "superseded")
    assert shown["draft_id"] == first["draft_id"]
    (event,) = await desk.events("superseded")
    assert event["superseded_by"] == second["draft_id"]


async def test_a_reply_older_than_the_leads_newest_starts_superseded(desk):
    await desk.drafted(lead_id="l")
    late = await desk.send(lead_id="l", received_at=(utc_now() - timedelta(hours=1)).isoformat())
    await desk.until(late.message_id, "superseded")


async def test_sms_has_its_own_greeting_no_signature_and_fits(desk):
    await desk.default(persona(sms_greeting="Hi, Anna from Acme:"))
    draft = await desk.drafted(channel="sms", subject=None)
    assert draft["signature"] is None
    assert draft["text"].startswith("Hi, Anna from Acme:")
    assert len(draft["text"]) <= 320
    assert ANNA not in draft["text"]
    assert draft["strategy"] is None


async def test_an_approved_edit_is_signed_once_and_measured(desk):
    await desk.default(persona())
    draft = await desk.drafted()
    assert draft["generated_body"] == draft["body"]
    answer = await desk.decide(draft, "approve", body="Ten people pay 90 euros.")
    approved = answer.json()
    assert approved["status"] == "approved"
    assert approved["text"] == f"Ten people pay 90 euros.\n\n{ANNA}"
    assert approved["generated_body"] == draft["body"]
    assert approved["edit_distance"] == edit_distance(draft["body"], approved["body"]) > 0
    assert approved["decided_by"] == "tester"
    (event,) = await desk.events("approved")
    assert event["text"] == approved["text"]
    assert event["edit_distance"] == approved["edit_distance"]
    again = await desk.decide(draft, "approve")
    assert again.status_code == 409
    assert (await desk.decide(draft, "regenerate")).status_code == 409


async def test_a_decision_says_whose_words_it_is_about_and_to_whom(desk):
    anna = persona()
    await desk.assign("spring", anna)
    for verb in ("approve", "reject"):
        draft = await desk.drafted(campaign_id="spring")
        await desk.decide(draft, verb)
        (event,) = await desk.events({"approve": "approved", "reject": "rejected"}[verb])
        assert event["persona_id"] == str(anna.persona_id)
        assert event["version"] == 1
        assert event["lead_id"] == draft["lead_id"]
        assert event["campaign_id"] == "spring"


async def test_an_unchanged_approval_has_no_distance(desk):
    draft = await desk.drafted()
    assert (await desk.decide(draft, "approve")).json()["edit_distance"] == 0


async def test_a_rejected_draft_says_why(desk):
    draft = await desk.drafted()
    assert (await desk.decide(draft, "reject", reason="off topic")).json()["status"] == "rejected"
    (event,) = await desk.events("rejected")
    assert event["reason"] == "off topic"


async def test_regenerating_keeps_the_id_and_takes_the_persona_of_now(desk):
    anna = persona()
    await desk.default(anna)
    draft = await desk.drafted()
    await desk.default(anna.model_copy(update={"signature": "Anna", "version": 2, "revision": 2}))
    queued = (await desk.decide(draft, "regenerate")).json()
    assert queued["draft_id"] == draft["draft_id"]
    ready = await desk.until(draft["message_id"], "ready")
    assert ready["draft_id"] == draft["draft_id"]
    assert ready["signature"] == "Anna"


async def test_a_decision_on_an_outdated_reading_is_refused(desk):
    draft = await desk.drafted()
    path = f"/api/drafts/{draft['draft_id']}/approve"
    answer = await desk.client.post(path, json={}, headers={"If-Match": '"1"'})
    assert answer.status_code == 412
    assert answer.json()["current"]["revision"] == draft["revision"]


async def test_drafts_are_listed_by_filter_and_in_pages(desk):
    for number in range(3):
        await desk.drafted(campaign_id="spring", lead_id=f"l{number}")
    await desk.drafted(campaign_id="autumn")
    listed = await desk.drafts(campaign_id="spring", status="ready")
    assert [d["lead_id"] for d in listed] == ["l2", "l1", "l0"]
    first = (await desk.client.get("/api/drafts", params={"limit": 3})).json()
    rest = (
        await desk.client.get("/api/drafts", params={"limit": 3, "after": first["next"]})
    ).json()
    assert len(first["items"]) == 3
    assert len(rest["items"]) == 1
    assert rest["next"] is None


async def test_viewers_read_and_editors_decide(desk, api):
    draft = await desk.drafted()
    async with api.client(desk.workspace_id, "viewer") as viewer:
        path = f"/api/drafts/{draft['draft_id']}"
        assert (await viewer.get(path)).status_code == 200
        assert (await viewer.post(f"{path}/approve", json={})).status_code == 403
