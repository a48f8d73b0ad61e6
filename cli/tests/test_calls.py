"""Calls by command, on a whole stack."""

import json
from uuid import uuid4

import psycopg
import pytest

pytestmark = pytest.mark.processes
TURNS = [
    {"role": "agent", "message": "Hello, this is Nova.", "at_seconds": 0},
    {"role": "user", "message": "What does it cost?", "at_seconds": 3},
]
CITATION = {
    "source": "prices.pdf",
    "page": 3,
    "section": None,
    "quote": "A team of ten pays 490 EUR a month.",
    "file_id": "f1",
    "chunk_id": "c1",
}


@pytest.fixture
def called(run, stack, tmp_path):
    """Return a function that runs a command in a workspace with two calls."""
    workspace = f"called-{tmp_path.name}".replace("_", "-")[:60]
    with psycopg.connect(stack.postgres.url("postgres", "voice"), autocommit=True) as admin:
        for number in range(2):
            admin.execute(
                "insert into call (call_id, workspace_id, conversation_id, persona_id, revision,"
                " agent_id, lead_id, started_at, duration_seconds, turns, transcript, citations)"
                " values (%s, %s, %s, %s, 4, 'agent', %s, now(), 42, 2, %s, %s)",
                [
                    uuid4(),
                    workspace,
                    f"conv-{number}",
                    uuid4(),
                    f"lead-{number}",
                    json.dumps(TURNS),
                    json.dumps([CITATION]),
                ],
            )

    def done(*arguments, code=0):
        result = run(*arguments, "--workspace", workspace, "--data-dir", stack.data_dir)
        assert result.code == code, result.err
        return result.out

    return done


def test_calls_are_listed_and_shown(called):
    listed = json.loads(called("calls", "list", "--lead", "lead-1", "--json"))["items"]
    assert [call["conversation_id"] for call in listed] == ["conv-1"]
    table = called("calls", "list")
    assert "lead-0" in table
    assert "lead-1" in table
    shown = called("calls", "show", listed[0]["call_id"])
    assert "at revision 4" in shown
    assert "user: What does it cost?" in shown
    assert "told from prices.pdf, page 3: A team of ten pays 490 EUR a month." in shown
    assert called("calls", "list", "--persona", uuid4()).startswith("No calls.")


def test_calls_are_exported_to_a_file_and_to_the_screen(called, tmp_path):
    assert called("calls", "export", tmp_path / "calls.jsonl").startswith("2 calls in ")
    lines = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text().splitlines()]
    assert {line["lead_id"] for line in lines} == {"lead-0", "lead-1"}
    assert all(line["transcript"] == TURNS for line in lines)
    (line,) = called("calls", "export", "--lead", "lead-0").splitlines()
    assert json.loads(line)["citations"] == [CITATION]
