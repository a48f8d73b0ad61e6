"""The checker finds each seeded violation, and nothing in a history where all promises hold."""

from typing import Any

import pytest
from faults.checker import CHECKS, violations
from faults.history import History, Kind

GOOD: list[tuple[Kind, dict[str, Any]]] = [
    ("accepted", {"workspace_id": "a", "event_id": "e1", "message_id": "m1"}),
    ("accepted", {"workspace_id": "a", "event_id": "e2", "message_id": "m2"}),
    ("draft", {"workspace_id": "a", "message_id": "m1", "draft_id": "d1", "status": "ready"}),
    ("parked", {"workspace_id": "a", "event_id": "e2", "consumer": "c"}),
    ("emitted", {"workspace_id": "a", "event_id": "o1", "entity_id": "d1"}),
    ("outbox", {"workspace_id": "a", "event_id": "o1", "published": True}),
    ("model_call", {"message_id": "m1", "step": "plan"}),
    ("model_call", {"message_id": "m1", "step": "write"}),
    ("workspace", {"workspace_id": "a", "persona_ids": ["p"], "default_persona_id": "p"}),
    ("seen", {"workspace_id": "a", "found_workspace_id": "a"}),
    ("applied", {"reader": "r", "subject": "s", "revision": 1}),
    ("applied", {"reader": "r", "subject": "s", "revision": 2}),
    ("state", {"subject": "s", "revision": 2}),
    ("requested", {"request_id": "q", "attempt": 1, "after": "due"}),
    ("step_due", {"instance_id": "i1", "step": 1, "at": 100.0}),
    ("step_due", {"instance_id": "i1", "step": 2, "at": 130.0}),
    ("step_requested", {"instance_id": "i1", "step": 1, "at": 119.0}),
    ("step_requested", {"instance_id": "i1", "step": 2, "at": 139.0}),
    ("all_up", {"at": 110.0, "due_within_seconds": 10}),
    ("read", {"what": "persona", "ok": True}),
    ("secret", {"text": "s3cret"}),
    ("text", {"where": "log", "text": "draft.stored"}),
]

SEEDED: dict[str, list[tuple[Kind, dict[str, Any]]]] = {
    "I1": [("accepted", {"workspace_id": "a", "event_id": "e9", "message_id": "m9"})],
    "I2": [
        ("draft", {"workspace_id": "a", "message_id": "m1", "draft_id": "d2", "status": "ready"})
    ],
    "I3": [("workspace", {"workspace_id": "b", "persona_ids": ["p"], "default_persona_id": None})],
    "I4": [("seen", {"workspace_id": "a", "found_workspace_id": "b"})],
    "I5": [("requested", {"request_id": "q", "attempt": 1, "after": "due"})],
    "I6": [("applied", {"reader": "r", "subject": "s", "revision": 1})],
    "I7": [("read", {"what": "persona", "ok": False})],
    "I8": [("parked", {"workspace_id": "a", "event_id": "e2", "consumer": "c"})],
    "I9": [("outbox", {"workspace_id": "a", "event_id": "o2", "published": True})],
    "I10": [("model_call", {"message_id": "m1", "step": "write"})],
    "I11": [("text", {"where": "log", "text": "key=s3cret"})],
    "F1": [
        ("step_due", {"instance_id": "i2", "step": 1, "at": 100.0}),
        ("step_requested", {"instance_id": "i2", "step": 1, "at": 120.5}),
    ],
}


@pytest.fixture
def history(tmp_path):
    written = History(tmp_path / "history.jsonl")
    for kind, fields in GOOD:
        written.add(kind, **fields)
    return written


def test_a_history_where_all_promises_hold_has_no_violation(history):
    assert violations(history) == []


@pytest.mark.parametrize("promise", CHECKS)
def test_each_broken_promise_is_found_alone(history, promise):
    for kind, fields in SEEDED[promise]:
        history.add(kind, **fields)
    found = violations(history)
    assert len(found) == 1
    assert found[0].startswith(f"{promise}: ")


@pytest.mark.parametrize(
    ("kind", "fields", "promise"),
    [
        ("state", {"subject": "s", "revision": 3}, "I6"),
        ("requested", {"request_id": "z", "attempt": 2, "after": "unknown"}, "I5"),
        ("outbox", {"workspace_id": "a", "event_id": "o1", "published": False}, "I9"),
        ("emitted", {"workspace_id": "a", "event_id": "o1", "entity_id": "d1"}, "I9"),
        ("rolled_back", {"event_id": "o1"}, "I9"),
        ("step_due", {"instance_id": "i3", "step": 1, "at": 100.0}, "F1"),
    ],
)
def test_the_other_side_of_a_promise_is_judged_too(history, kind, fields, promise):
    history.add(kind, **fields)
    assert [violation.partition(":")[0] for violation in violations(history)] == [promise]


def test_one_repeated_call_is_allowed_for_each_death(history):
    history.add("died", message_id="m1")
    history.add("model_call", message_id="m1", step="write")
    assert violations(history) == []
    history.add("model_call", message_id="m1", step="plan")
    assert [violation.partition(":")[0] for violation in violations(history)] == ["I10"]
