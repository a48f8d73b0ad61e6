"""A sequence from its start to its end, with a CRM that answers well, badly, late or never."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from following import ANNA, LATER, persona, step
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.clock import utc_now

pytestmark = pytest.mark.processes


def when(text):
    return datetime.fromisoformat(text)


async def test_a_sequence_is_sent_step_by_step_in_the_voice_of_the_persona(campaigner):
    await campaigner.default(persona())
    instance = await campaigner.started(
        step(subject="About {company}"),
        step("Still there?"),
        lead={"first_name": "Bo", "company": "Acme"},
    )
    (first,) = await campaigner.requests()
    assert first["text"] == f"Hi Bo, it is Anna Berg.\n\n{ANNA}"
    assert first["subject"] == "About Acme"
    assert (first["step"], first["attempt"], first["channel"]) == (1, 1, "email")
    assert first["resolution"]["tier"] == "default"
    await campaigner.sent(first, provider_message_id="<1@crm>")
    _, second = await campaigner.requests(2)
    assert second["request_id"] != first["request_id"]
    await campaigner.sent(second)
    done = await campaigner.until(instance, "completed")
    assert [one["status"] for one in done["steps"]] == ["sent", "sent"]
    assert done["steps"][0]["provider_message_id"] == "<1@crm>"
    assert done["reason"] == "all-sent"
    assert [one["what"] for one in done["timeline"]] == [
        "started",
        "requested",
        "sent",
        "requested",
        "sent",
    ]
    (completed,) = await campaigner.published("followup.completed")
    assert completed["instance_id"] == instance["instance_id"]
    assert completed["reason"] == "all-sent"


async def test_a_step_waits_for_its_delay_after_the_one_before_was_sent(campaigner):
    await campaigner.default(persona())
    instance = await campaigner.started(step(), step(delay=LATER))
    (first,) = await campaigner.requests()
    await campaigner.sent(first)
    shown = await campaigner.until(instance, lambda one: one["step"] == 2)
    assert shown["steps"][1]["status"] == "waiting"
    waits = when(shown["due_at"]) - when(shown["steps"][0]["sent_at"])
    assert waits == timedelta(hours=1)


@pytest.mark.parametrize("skew", [timedelta(hours=1), -timedelta(hours=1)])
async def test_a_crm_whose_clock_is_wrong_makes_no_step_early(campaigner, skew):
    await campaigner.default(persona())
    instance = await campaigner.started(step(), step(delay=LATER))
    (first,) = await campaigner.requests()
    before = utc_now()
    await campaigner.sent(first, sent_at=(before + skew).isoformat())
    shown = await campaigner.until(instance, lambda one: one["step"] == 2)
    requested_at = when(shown["steps"][0]["requested_at"])
    earliest, latest = requested_at + timedelta(hours=1), utc_now() + timedelta(hours=1)
    assert earliest <= when(shown["due_at"]) <= latest


async def test_a_missing_signature_pauses_until_an_admin_sets_it(campaigner):
    silent = persona(signature=None)
    await campaigner.default(silent)
    made = await campaigner.create(step("Hello.\n\n{signature}"))
    instances = await campaigner.start(made, "lead-1", "lead-2")
    (warning,) = made["warnings"]
    assert (warning["field"], warning["token"]) == ("steps.0.body", "{signature}")
    for instance in instances:
        await campaigner.until(instance, "paused")
    blocked, _ = await campaigner.published("followup.blocked", 2)
    assert blocked["setup_issue"] is True
    assert "{signature} has no value" in blocked["pause_reason"]
    assert [error["token"] for error in blocked["template_errors"]] == ["{signature}"]
    groups = await campaigner.asked("GET", "instances/pause-reasons")
    assert groups["items"] == [{"reason": "missing_value:{signature}", "instances": 2}]
    found = await campaigner.asked(
        "GET", "instances", params={"reason": "missing_value:{signature}", "state": "paused"}
    )
    assert {one["lead_id"] for one in found["items"]} == {"lead-1", "lead-2"}

    speaking = silent.model_copy(update={"signature": ANNA, "revision": 2, "version": 2})
    await campaigner.default(speaking)
    resumed = await campaigner.asked(
        "POST", "instances/resume", json={"reason": "missing_value:{signature}"}
    )
    assert resumed == {"resumed": 2, "more": False}
    requests = await campaigner.requests(2)
    assert [request["text"] for request in requests] == [f"Hello.\n\n{ANNA}"] * 2


async def test_a_lead_without_a_name_is_no_setup_issue(campaigner):
    await campaigner.default(persona())
    instance = await campaigner.started(step("Hi {firstName}"), lead={"first_name": "  "})
    shown = await campaigner.until(instance, "paused")
    (blocked,) = await campaigner.published("followup.blocked")
    assert blocked["setup_issue"] is False
    assert shown["reason"] == "template"
    assert shown["codes"] == ["missing_value:{firstName}"]
    long_ago = "2026-01-01T00:00:00Z"
    await campaigner.replies(instance["lead_id"], lead={"company": "Acme"}, received_at=long_ago)
    await campaigner.do(instance, "resume")
    await campaigner.published("followup.blocked", 2)
    now = utc_now().isoformat()
    lead = {"first_name": "Bo"}
    await campaigner.replies(instance["lead_id"], lead=lead, received_at=now)
    await campaigner.until(instance, "stopped")


async def test_a_failure_for_now_is_tried_three_times_with_the_same_text(campaigner):
    who = persona()
    await campaigner.default(who)
    instance = await campaigner.started()
    for attempt in (1, 2, 3):
        request = (await campaigner.requests(attempt))[-1]
        assert request["attempt"] == attempt
        if attempt == 1:
            await campaigner.default(
                who.model_copy(update={"persona_name": "Another", "revision": 2, "version": 2})
            )
        await campaigner.failed(request, f"busy {attempt}")
    paused = await campaigner.until(instance, "paused")
    requests = await campaigner.requests(3)
    assert len({request["request_id"] for request in requests}) == 1
    assert len({request["text"] for request in requests}) == 1
    assert (paused["reason"], paused["detail"]) == ("send-failed", "busy 3")
    assert paused["steps"][0]["status"] == "failed"
    assert [one["detail"] for one in paused["timeline"] if "failed" in one["what"]] == [
        "busy 1",
        "busy 2",
        "busy 3",
    ]
    await campaigner.do(instance, "resume")
    assert (await campaigner.requests(4))[-1]["attempt"] == 4


async def test_a_failure_for_good_pauses_with_the_vendors_words(campaigner):
    await campaigner.default(persona())
    instance = await campaigner.started()
    (request,) = await campaigner.requests()
    await campaigner.failed(request, "550 no such user", permanent=True)
    paused = await campaigner.until(instance, "paused")
    assert (paused["reason"], paused["detail"]) == ("send-failed", "550 no such user")
    await campaigner.sent(request)
    await campaigner.until(instance, "completed")


async def test_an_answer_that_never_comes_is_decided_by_people_alone(campaigner):
    await campaigner.default(persona())
    await campaigner.settings(send_window=None, answer_timeout="PT1S")
    resent, resolved, late = [await campaigner.started(step()) for _ in range(3)]
    requests = {request["instance_id"]: request for request in await campaigner.requests(3)}
    for instance in (resent, resolved, late):
        shown = await campaigner.until(instance, "paused")
        assert shown["reason"] == "outcome-unknown"
        assert shown["steps"][0]["status"] == "unknown"
        refused = await campaigner.do(instance, "resume", 409)
        assert "resolve" in refused["detail"]
    await campaigner.do(resolved, "resolve", outcome="sent")
    shown = await campaigner.instance(resolved)
    assert shown["state"] == "completed"
    timeline = [(one["what"], one["step"]) for one in shown["timeline"]]
    assert timeline[-2:] == [("outcome unknown", 1), ("resolved as sent", 1)]
    await campaigner.sent(requests[late["instance_id"]])
    await campaigner.until(late, "completed")
    await campaigner.do(resent, "resolve", outcome="resend")
    again = (await campaigner.requests(4))[-1]
    assert again["request_id"] == requests[resent["instance_id"]]["request_id"]
    assert again["attempt"] == 2
    await campaigner.sent(again)
    done = await campaigner.until(resent, "completed")
    await campaigner.do(done, "resolve", 409, outcome="sent")


async def test_an_answer_counts_once_however_often_it_comes(campaigner):
    await campaigner.default(persona())
    instance = await campaigner.started(step(), step(delay=LATER))
    (request,) = await campaigner.requests()
    for number in range(3):
        await campaigner.publish_as(f"answer-{number}", request)
    await campaigner.failed(request)
    await campaigner.sent({"request_id": request["request_id"], "attempt": 9})
    shown = await campaigner.until(instance, lambda one: one["step"] == 2)
    assert shown["state"] == "active"
    assert len(await campaigner.requests()) == 1


async def test_an_answer_to_no_request_is_parked(campaigner):
    subscription = await campaigner.js.subscribe("dead.CRM.*", ordered_consumer=True)
    nowhere = {"request_id": str(uuid4()), "attempt": 1}
    await campaigner.sent(nowhere)
    await campaigner.sent({"request_id": "not-ours", "attempt": 1})
    reasons = []
    while len(reasons) < 2:
        letter = await subscription.next_msg(timeout=HANG_SECONDS)
        if letter.headers["dlq-subject"].endswith(f".{campaigner.workspace_id}"):
            reasons.append(letter.headers["dlq-error"])
    assert set(reasons) == {"request-unknown"}
    await subscription.unsubscribe()


async def test_an_answer_to_anothers_request_changes_nothing(campaigner, api, connection):
    await campaigner.default(persona())
    instance = await campaigner.started()
    (request,) = await campaigner.requests()
    async with api.client("stranger") as client:
        stranger = type(campaigner)("stranger", connection, client)
        await stranger.sent(request)
        subscription = await campaigner.js.subscribe("dead.CRM.*", ordered_consumer=True)
        while True:
            parked = await subscription.next_msg(timeout=HANG_SECONDS)
            if request["request_id"] in parked.data.decode():
                break
        await subscription.unsubscribe()
    assert (await campaigner.instance(instance))["awaiting_answer"]


async def test_a_step_without_a_subject_answers_in_the_leads_thread(campaigner):
    await campaigner.default(persona())
    made = await campaigner.create(step("Hello."), stop_on_reply=False)
    reply = await campaigner.replies("lead-9", subject="Prices")
    await campaigner.until_known("lead-9")
    await campaigner.start(made, "lead-9")
    (request,) = await campaigner.requests()
    assert (request["in_reply_to"], request["subject"]) == (reply.message_id, "Re: Prices")


async def test_the_sequences_persona_speaks_before_the_campaigns(campaigner):
    anna, ben, cleo = (
        persona(name=name, persona_name=name, signature=name) for name in ("Anna", "Ben", "Cleo")
    )
    await campaigner.default(anna)
    await campaigner.assign("spring", ben)
    await campaigner.state("persona", str(cleo.persona_id), cleo)
    own = await campaigner.started(
        step("{senderName}"), ai_persona_id=str(cleo.persona_id), campaign_id="spring"
    )
    of_campaign = await campaigner.started(
        step("{senderName}"), ai_persona_id=str(uuid4()), campaign_id="spring"
    )
    requests = {request["instance_id"]: request for request in await campaigner.requests(2)}
    assert requests[own["instance_id"]]["text"] == "Cleo\n\nCleo"
    assert requests[own["instance_id"]]["resolution"]["tier"] == "sequence"
    assert requests[of_campaign["instance_id"]]["text"] == "Ben\n\nBen"
    shown = await campaigner.instance(of_campaign)
    resolution = shown["steps"][0]["resolution"]
    assert [skipped["reason"] for skipped in resolution["skipped"]] == ["DANGLING_REF"]


async def test_one_persona_speaks_on_every_channel_that_has_none_of_its_own(campaigner):
    anna, ben, cleo = (persona(name=name, persona_name=name) for name in ("Anna", "Ben", "Cleo"))
    await campaigner.default(anna)
    await campaigner.assign("spring", ben, linkedin=cleo)
    channels = ("email", "sms", "linkedin")
    steps = [step("{senderName}", subject="Hi", channel=channel) for channel in channels]
    steps = [
        {k: v for k, v in s.items() if k != "subject" or s["channel"] == "email"} for s in steps
    ]
    await campaigner.started(*steps, campaign_id="spring")
    for number, who in enumerate((ben, ben, cleo), 1):
        *_, request = await campaigner.requests(number)
        assert request["resolution"]["persona_id"] == str(who.persona_id)
        assert request["text"].startswith(who.persona_name)
        await campaigner.sent(request)


async def test_a_change_of_the_sequence_leaves_those_on_their_way_alone(campaigner):
    await campaigner.default(persona())
    made = await campaigner.create(step("Old."), step("Old too."))
    (before,) = await campaigner.start(made, "lead-1")
    (first,) = await campaigner.requests()
    changed = {"name": made["name"], "steps": [step("New.")]}
    saved = await campaigner.asked("PUT", f"sequences/{made['sequence_id']}", json=changed)
    assert saved["version"] == 2
    (after,) = await campaigner.start(made, "lead-2")
    await campaigner.sent(first)
    requests = await campaigner.requests(3)
    texts = {(request["instance_id"], request["text"].split("\n")[0]) for request in requests}
    assert texts == {
        (before["instance_id"], "Old."),
        (before["instance_id"], "Old too."),
        (after["instance_id"], "New."),
    }
    assert before["sequence_version"] == 1
    assert after["sequence_version"] == 2


async def test_outside_the_window_nothing_goes_out(campaigner):
    await campaigner.default(persona())
    tomorrow = (utc_now() + timedelta(days=1)).strftime("%A").lower()
    window = {"days": [tomorrow], "from": "00:00", "to": "24:00"}
    instance = await campaigner.started(send_window=window)
    shown = await campaigner.instance(instance)
    assert when(shown["due_at"]).strftime("%A").lower() == tomorrow
    assert shown["steps"][0]["status"] == "waiting"


async def test_the_campaigns_name_and_link_are_known_when_it_is_synced(campaigner):
    await campaigner.default(persona())
    await campaigner.settings(send_window=None, booking_link="https://book.example/us")
    await campaigner.synced("spring", booking_link="https://book.example/spring")
    made = await campaigner.create(step("{campaignName} {bookingLink}", channel="sms"))

    async def knows():
        asked = {"campaign_id": "spring"}
        shown = await campaigner.asked(
            "POST", f"sequences/{made['sequence_id']}/preview", json=asked
        )
        return shown["steps"][0]["text"]

    assert await campaigner.eventually(knows) == "Spring https://book.example/spring"
    await campaigner.synced("spring", name="Old", updated_at="2026-01-01T00:00:00Z")
    await campaigner.start(made, "lead-1", campaign_id="spring")
    (request,) = await campaigner.requests()
    assert request["text"] == "Spring https://book.example/spring"
    await campaigner.start(made, "lead-2")
    (blocked,) = await campaigner.published("followup.blocked")
    assert [error["token"] for error in blocked["template_errors"]] == ["{campaignName}"]
