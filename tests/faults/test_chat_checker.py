"""The checker of conversations finds each broken promise, and nothing where all hold."""

from dataclasses import replace

import pytest
from faults.chat_checker import ChatHistory, StoredMessage, chat_violations


def message(seq, role, content, **values):
    values = {
        "conversation": "c",
        "seq": seq,
        "message_id": f"m{seq}",
        "role": role,
        "status": "completed",
        "content": content,
        "answers": f"m{seq - 1}" if role == "assistant" else None,
        "run": 1 if role == "assistant" else 0,
        "finished_at": float(seq),
        **values,
    }
    return StoredMessage(**values)


STORED = (
    message(1, "user", "one"),
    message(2, "assistant", "answer to one"),
    message(3, "system", ""),
    message(4, "user", "two"),
    message(5, "assistant", "answer", status="stopped", finished_at=6.0),
    message(6, "user", "three"),
    message(7, "assistant", "answer to three", run=2, finished_at=8.0),
)
GOOD = ChatHistory(
    sent={"c": ["one", "two", "three"]},
    stored=STORED,
    calls=[("one", 1.0), ("two", 5.0), ("three", 6.5), ("three", 7.0)],
    completed=[("e1", "m2"), ("e1", "m2"), ("e2", "m7")],
    reply=lambda text: f"answer to {text}",
)


def stored(number, **values):
    return replace(GOOD, stored=[replace(s, **values) if s.seq == number else s for s in STORED])


def test_where_all_holds_nothing_is_found():
    assert chat_violations(GOOD) == []


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (replace(GOOD, sent={"c": ["one", "two", "three", "four"]}), "was sent"),
        (replace(GOOD, sent={"c": ["two", "one", "three"]}), "was sent"),
        (replace(GOOD, sent={"c": ["one", "two"]}), "was sent"),
        (stored(3, seq=9), "has the places"),
        (replace(GOOD, stored=[s for s in STORED if s.seq != 2]), "has the answers []"),
        (stored(7, status="failed"), "has the answers ['failed']"),
        (stored(7, status="streaming"), "has the answers ['streaming']"),
        (stored(7, answers="m4"), "has the answers ['stopped', 'completed']"),
        (stored(2, content="answer"), "is answered"),
        (stored(5, content="something else"), "is answered"),
        (stored(2, finished_at=5.5), "was begun before"),
        (stored(7, run=1), "2 calls in 1 runs"),
        (replace(GOOD, calls=[("two", 5.0), ("three", 7.0)]), "0 calls in 1 runs"),
        (replace(GOOD, completed=[("e1", "m2")]), "m7 was told 0 times"),
        (replace(GOOD, completed=[*GOOD.completed, ("e3", "m7")]), "m7 was told 2 times"),
        (replace(GOOD, completed=[*GOOD.completed, ("e4", "m5")]), "m5 was told 1 times"),
    ],
)
def test_each_broken_promise_is_found(broken, found):
    assert any(found in violation for violation in chat_violations(broken))
