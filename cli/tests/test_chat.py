"""A conversation by command, on a whole stack."""

import io
import json
import sys

import httpx
import pytest

pytestmark = pytest.mark.processes


@pytest.fixture
def done(run, stack, tmp_path, monkeypatch):
    """Return a function that runs a command in a new workspace that has Nova and Bert."""
    workspace = f"chat-{tmp_path.name}".replace("_", "-")[:60]
    headers = {"Authorization": f"Bearer {stack.token(workspace)}"}
    for name in ("Nova", "Bert"):
        url = f"{stack.url('persona')}/api/personas"
        assert httpx.post(url, headers=headers, json={"name": name}).is_success

    def ran(*arguments, typed="", code=0):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        result = run(*arguments, "--workspace", workspace, "--data-dir", stack.data_dir)
        assert result.code == code, result.err
        return result.err if code else result.out

    return ran


def test_a_conversation_goes_on_with_another_persona_and_is_taken_along(done, tmp_path):
    lines = [
        "Hello, who are you?",
        "/stop",
        "/persona Bert",
        "And you?",
        "/export talk.md",
        "/help",
    ]
    shown = done("chat", "Nova", typed="\n".join(lines))
    assert "Nova: " in shown
    assert "Bert: " in shown
    assert "/persona NAME" in shown
    assert "Hello, who are you?" in (tmp_path / "talk.md").read_text()
    (listed,) = json.loads(done("conversations", "list", "--json"))["items"]
    assert (listed["title"], listed["persona_name"]) == ("Hello, who are you?", "Bert")
    thread = listed["conversation_id"]
    done("chat", "--thread", thread, typed="One more thing.")
    assert "One more thing." in done("conversations", "export", thread)
    assert thread in done("conversations", "search", "thing", "--json")
    done("conversations", "delete", thread)
    assert "No conversations." in done("conversations", "list")


def test_a_persona_that_is_not_there_is_told(done):
    assert "There is no persona 'Nobody' here." in done("chat", "Nobody", code=1)
