"""F9: an event that cannot be handled is parked once with its reason, and costs no other."""

import json

import pytest
from following import LATER, persona, step
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.clock import utc_now

pytestmark = pytest.mark.processes


def bodies(workspace_id):
    """Return bad events by type, each with the reason with which it is parked."""
    now = utc_now().isoformat()
    answer = {"workspace_id": workspace_id, "request_id": "r", "attempt": 1, "sent_at": now}
    outcome = {"workspace_id": workspace_id, "lead_id": "l", "occurred_at": now}
    good = {**outcome, "outcome": "positive"}
    return [
        ("message.sent", b"{not json", "malformed"),
        ("message.sent", b"[" * 50_000, "malformed"),
        ("message.sent", json.dumps({**answer, "attempt": 0}).encode(), "invalid"),
        ("message.sent", json.dumps({**answer, "sent_at": "soon"}).encode(), "invalid"),
        ("message.sent", json.dumps({**answer, "request_id": "a\0b"}).encode(), "invalid"),
        ("message.sent", json.dumps(answer).encode(), "request-unknown"),
        ("message.failed", json.dumps(answer).encode(), "invalid"),
        (
            "message.failed",
            json.dumps({**answer, "error": "x" * 600_000, "permanent": True}).encode(),
            "too-large",
        ),
        ("lead.outcome", json.dumps(outcome).encode(), "invalid"),
        ("lead.outcome", json.dumps({**good, "outcome": "delighted"}).encode(), "invalid"),
        (
            "lead.outcome",
            json.dumps({**good, "workspace_id": "others"}).encode(),
            "workspace-mismatch",
        ),
    ]


async def test_bad_events_are_parked_once_and_their_neighbours_are_handled(campaigner):
    await campaigner.default(persona())
    instance = await campaigner.started(step(), step(delay=LATER))
    (request,) = await campaigner.requests()
    bad = bodies(campaigner.workspace_id)
    for event, body, _ in bad:
        await campaigner.js.publish(f"{event}.v1.{campaigner.workspace_id}", body)
    await campaigner.sent(request)
    await campaigner.until(instance, lambda shown: shown["step"] == 2)
    subscription = await campaigner.js.subscribe("dead.CRM.*", ordered_consumer=True)
    found = []
    while len(found) < len(bad):
        letter = await subscription.next_msg(timeout=HANG_SECONDS)
        if letter.headers["dlq-subject"].endswith(f".{campaigner.workspace_id}"):
            event = letter.headers["dlq-subject"].rpartition(".v1.")[0]
            found.append((event, letter.headers["dlq-error"]))
    await subscription.unsubscribe()
    assert sorted(found) == sorted((event, reason) for event, _, reason in bad)
