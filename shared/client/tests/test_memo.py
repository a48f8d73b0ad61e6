"""Remembered choices stay bounded."""

from persona_client import WorkspaceView, resolve_in
from persona_client.memo import Memo

CHOICE = resolve_in(WorkspaceView(workspace=None, personas={}, campaigns={}))


def question(number):
    return f"campaign-{number}", None, "email"


def test_memo_never_holds_more_than_its_limit():
    memo = Memo(limit=10)
    for number in range(95):
        memo.remember(f"workspace-{number % 3}", question(number), CHOICE)
        assert sum(map(len, memo.choices.values())) <= 10


def test_forgetting_a_workspace_makes_room_and_keeps_others():
    memo = Memo(limit=10)
    for number in range(5):
        memo.remember("a", question(number), CHOICE)
        memo.remember("b", question(number), CHOICE)
    memo.forget("a")
    memo.forget("never seen")
    for number in range(5, 10):
        memo.remember("b", question(number), CHOICE)
    assert {key: len(value) for key, value in memo.choices.items()} == {"b": 10}
