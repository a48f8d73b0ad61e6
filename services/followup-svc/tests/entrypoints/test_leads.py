"""What leads do: replies, outcomes, and the sequences that they start by themselves."""

from datetime import timedelta

import pytest
from following import LATER, persona, sequence, step
from service_kit.clock import utc_now

pytestmark = pytest.mark.processes


@pytest.fixture
async def ready(campaigner):
    await campaigner.default(persona())
    return campaigner


async def waiting(campaigner, **values):
    """Return an instance whose step is an hour away."""
    return await campaigner.started(step(delay=LATER), **values)


async def test_a_reply_stops_what_is_on_its_way_to_the_lead(ready):
    made = [await ready.create(step(delay=LATER)) for _ in range(2)]
    instances = [(await ready.start(one, "lead-1"))[0] for one in made]
    other = await waiting(ready, lead_id="lead-2")
    await ready.replies("lead-1")
    for instance in instances:
        stopped = await ready.until(instance, "stopped")
        assert stopped["reason"] == "replied"
        assert stopped["due_at"] is None
    events = await ready.published("followup.stopped", 2)
    assert {event["instance_id"] for event in events} == {one["instance_id"] for one in instances}
    assert (await ready.instance(other))["state"] == "active"


async def test_a_sequence_may_pause_on_a_reply_and_go_on_at_its_time(ready):
    instance = await waiting(ready, on_reply="pause", lead_id="lead-1")
    reply = await ready.replies("lead-1")
    await ready.until(instance, "paused")
    resumed = await ready.do(instance, "resume")
    assert resumed["state"] == "active"
    assert resumed["due_at"] == instance["due_at"]
    await ready.publish(reply, **{"ce-id": "again"})
    await ready.replies("lead-2")
    await ready.until_known("lead-2")
    assert (await ready.instance(instance))["state"] == "active"


async def test_a_sequence_may_ignore_replies(ready):
    instance = await waiting(ready, stop_on_reply=False, lead_id="lead-1")
    await ready.replies("lead-1")
    await ready.until_known("lead-1")
    assert (await ready.instance(instance))["state"] == "active"


async def test_a_reply_from_before_the_start_stops_nothing(ready):
    instance = await waiting(ready, lead_id="lead-1")
    before = utc_now() - timedelta(minutes=5)
    await ready.replies("lead-1", received_at=before.isoformat())
    await ready.until_known("lead-1")
    assert (await ready.instance(instance))["state"] == "active"


async def test_a_reply_refreshes_what_later_steps_say(ready):
    instance = await ready.started(
        step("Hi {firstName} of {company}."), stop_on_reply=False, lead={"company": "Acme"}
    )
    await ready.until(instance, "paused")
    lead = {"first_name": "Bo"}
    await ready.replies(instance["lead_id"], lead=lead)
    await ready.until_known(instance["lead_id"])
    await ready.do(instance, "resume")
    (request,) = await ready.requests()
    assert request["text"].startswith("Hi Bo of Acme.")


async def test_a_late_older_reply_does_not_take_the_leads_campaign_back(ready):
    ben, cleo = persona(name="Ben"), persona(name="Cleo")
    await ready.assign("spring", ben)
    await ready.assign("autumn", cleo)
    earlier = (utc_now() - timedelta(minutes=5)).isoformat()
    await ready.replies("lead-1", campaign_id="spring")
    await ready.replies("lead-1", campaign_id="autumn", received_at=earlier)
    await ready.replies("lead-2")
    await ready.until_known("lead-2")
    made = await ready.create(step())
    path = f"sequences/{made['sequence_id']}/preview"
    shown = await ready.asked("POST", path, json={"lead_id": "lead-1"})
    assert shown["steps"][0]["resolution"]["persona_id"] == str(ben.persona_id)


async def test_a_reply_while_the_answer_is_awaited_stops_and_the_answer_still_counts(ready):
    instance = await ready.started(step(), step(), lead_id="lead-1")
    (request,) = await ready.requests()
    await ready.replies("lead-1")
    await ready.until(instance, "stopped")
    await ready.sent(request)
    answered = await ready.until(instance, lambda one: one["steps"][0]["status"] == "sent")
    assert answered["state"] == "stopped"
    assert answered["steps"][1]["status"] == "waiting"
    assert len(await ready.requests()) == 1


async def test_a_lead_that_unsubscribes_is_never_written_to_again(ready):
    made = await ready.create(step(delay=LATER), stop_on_reply=False)
    (instance,) = await ready.start(made, "lead-1")
    await ready.outcome("lead-1", "unsubscribed")
    stopped = await ready.until(instance, "stopped")
    assert stopped["reason"] == "unsubscribed"
    (listed,) = (await ready.asked("GET", "suppressions"))["items"]
    assert (listed["lead_id"], listed["reason"]) == ("lead-1", "unsubscribed")
    refused = await ready.start(made, "lead-2", "lead-1", expected=409)
    assert refused["type"].endswith("lead-suppressed")
    assert [error["field"] for error in refused["errors"]] == ["leads.1.lead_id"]
    assert (await ready.asked("GET", "instances", params={"lead_id": "lead-2"}))["items"] == []
    (started,) = await ready.start(made, "lead-2", "lead-1", skip_unavailable=True)
    assert started["lead_id"] == "lead-2"
    path = f"suppressions/{listed['suppression_id']}"
    await ready.asked("DELETE", path, 422)
    await ready.asked("DELETE", path, params={"reason": "signed up again"})
    (lifted,) = (await ready.asked("GET", "suppressions/lifted"))["items"]
    assert (lifted["lead_id"], lifted["lift_reason"]) == ("lead-1", "signed up again")
    await ready.start(made, "lead-1")


async def test_a_person_may_suppress_a_lead(ready):
    instance = await waiting(ready, lead_id="lead-1")
    for _ in range(2):
        await ready.asked("POST", "suppressions", json={"lead_id": "lead-1", "reason": "asked"})
    assert (await ready.instance(instance))["state"] == "stopped"
    assert len((await ready.asked("GET", "suppressions"))["items"]) == 1


async def test_a_lead_is_on_its_way_through_a_sequence_once(ready):
    made = await ready.create(step(delay=LATER))
    (instance,) = await ready.start(made, "lead-1")
    refused = await ready.start(made, "lead-1", expected=409)
    assert refused["type"].endswith("instance-live")
    await ready.do(instance, "stop")
    (again,) = await ready.start(made, "lead-1")
    assert again["instance_id"] != instance["instance_id"]


async def started_by_itself(campaigner, made, count=1):
    """Return the instances of a sequence once there are `count`."""

    async def there():
        asked = {"sequence_id": made["sequence_id"]}
        items = (await campaigner.asked("GET", "instances", params=asked))["items"]
        return items if len(items) >= count else None

    return await campaigner.eventually(there)


async def nothing_started(campaigner, made):
    """Return once all that was published before is handled, with nothing started by it."""
    await campaigner.replies("the-last-one")
    await campaigner.until_known("the-last-one")
    asked = {"sequence_id": made["sequence_id"]}
    items = (await campaigner.asked("GET", "instances", params=asked))["items"]
    return [item for item in items if item["lead_id"] != "the-last-one"] == []


async def test_a_reply_starts_the_sequence_that_waits_for_it(ready):
    made = await ready.create(step(delay=LATER), trigger={"event": "lead.replied"})
    reply = await ready.replies("lead-1", lead={"first_name": "Bo"}, campaign_id="spring")
    (instance,) = await started_by_itself(ready, made)
    assert (instance["lead_id"], instance["campaign_id"]) == ("lead-1", "spring")
    assert instance["started_by"] == "lead.replied"
    await ready.do(instance, "stop")
    await ready.publish(reply, **{"ce-id": "again", "ce-source": "urn:example:other"})
    await ready.replies("lead-2")
    assert len(await started_by_itself(ready, made, 2)) == 2


async def test_events_from_before_the_trigger_start_nothing(ready):
    before = utc_now().isoformat()
    made = await ready.create(step(delay=LATER), trigger={"event": "lead.replied"})
    await ready.replies("lead-1", received_at=before)
    assert await nothing_started(ready, made)


@pytest.mark.parametrize(
    ("trigger", "starts", "does_not"),
    [
        ({"campaign_ids": ["spring"]}, {"campaign_id": "spring"}, {"campaign_id": "autumn"}),
        ({"campaign_ids": ["spring"]}, {"campaign_id": "spring"}, {}),
        ({"outcomes": ["positive"]}, {"outcome": "positive"}, {"outcome": "negative"}),
        ({"persona": True}, {"campaign_id": "assigned"}, {"campaign_id": "spring"}),
    ],
)
async def test_filters_let_only_what_they_name_start(ready, trigger, starts, does_not):
    other = persona(name="Ben")
    await ready.assign("assigned", other)
    trigger = dict(trigger)
    if trigger.pop("persona", False):
        trigger["persona_id"] = str(other.persona_id)
    event = "lead.outcome" if "outcomes" in trigger else "lead.replied"
    made = await ready.create(step(delay=LATER), trigger={"event": event, **trigger})

    async def say(lead_id, values):
        values = dict(values)
        if event == "lead.outcome":
            await ready.outcome(lead_id, values.pop("outcome"), **values)
        else:
            await ready.replies(lead_id, **values)

    await say("not-this", does_not)
    await say("this", starts)
    (instance,) = await started_by_itself(ready, made)
    assert instance["lead_id"] == "this"


@pytest.mark.parametrize(
    ("event", "by_sms"),
    [("lead.replied", {"channel": "sms"}), ("lead.outcome", {})],
    ids=["the channel of the reply", "the channel of the first step"],
)
async def test_a_persona_filter_asks_who_speaks_on(ready, event, by_sms):
    in_general, by_text = persona(name="Ben"), persona(name="Cleo")
    await ready.assign("both", in_general, sms=by_text)
    made = {
        who.name: await ready.create(
            step(delay=LATER, channel="sms", body="Hello."),
            trigger={"event": event, "persona_id": str(who.persona_id)},
        )
        for who in (in_general, by_text)
    }
    if event == "lead.replied":
        await ready.replies("by-mail", campaign_id="both")
        await ready.replies("by-sms", campaign_id="both", **by_sms)
        (by_mail,) = await started_by_itself(ready, made["Ben"])
        assert by_mail["lead_id"] == "by-mail"
    else:
        await ready.outcome("by-sms", "positive", campaign_id="both")
    (started,) = await started_by_itself(ready, made["Cleo"])
    assert started["lead_id"] == "by-sms"


async def test_only_the_first_reply_starts_if_the_trigger_says_so(ready):
    await ready.replies("old")
    await ready.until_known("old")
    trigger = {"event": "lead.replied", "first_reply_only": True}
    made = await ready.create(step(delay=LATER), trigger=trigger)
    await ready.replies("old")
    await ready.replies("new")
    (instance,) = await started_by_itself(ready, made)
    assert instance["lead_id"] == "new"


async def test_changing_something_else_keeps_the_trigger_as_it_was(ready):
    trigger = {"event": "lead.replied"}
    made = await ready.create(step(delay=LATER), trigger=trigger)
    between = utc_now().isoformat()
    changed = sequence(step("Hello.", delay=LATER), name=made["name"], trigger=trigger)
    await ready.asked("PUT", f"sequences/{made['sequence_id']}", json=changed)
    await ready.replies("lead-1", received_at=between)
    (instance,) = await started_by_itself(ready, made)
    assert instance["sequence_version"] == 2


async def test_a_suppressed_lead_starts_nothing_by_itself(ready):
    made = await ready.create(step(delay=LATER), trigger={"event": "lead.replied"})
    await ready.asked("POST", "suppressions", json={"lead_id": "lead-1"})
    await ready.replies("lead-1")
    assert await nothing_started(ready, made)
