"""A conversation by command, on a whole stack."""

import io
import json
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from uuid import uuid4

import httpx
import pytest
from service_devkit.testing.waiting import HANG_SECONDS

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
        lines = io.StringIO(typed) if isinstance(typed, str) else typed
        monkeypatch.setattr(sys, "stdin", lines)
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


def test_an_answer_names_the_page_that_it_is_from(done, tmp_path):
    (tmp_path / "prices.md").write_text("# Prices\n\nTen bicycles cost 490 euros a month.\n")
    done("files", "add", "prices.md", "--persona", "Nova")
    shown = done("chat", "Nova", typed="What do ten bicycles cost a month?")
    assert "Ten bicycles cost 490 euros a month. [1]" in shown
    assert "  [1] prices.md" in shown.splitlines()
    (thread,) = json.loads(done("conversations", "list", "--json"))["items"]
    assert "[1] prices.md" in done("conversations", "export", thread["conversation_id"])


class SlowModel(ThreadingHTTPServer):
    """A model that says one word, and goes on until nobody listens."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Words)
        self.has_begun, self.is_left = Event(), Event()
        self.daemon_threads = True


class _Words(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with suppress(OSError):
            for word in ("Once", *[" more"] * 100_000):
                chunk = {"model": "m", "choices": [{"delta": {"content": word}}]}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.server.has_begun.set()
                if self.server.is_left.wait(0.05):
                    return
        self.server.is_left.set()

    def log_message(self, *_):
        pass


@pytest.fixture
def slow_model(stack):
    """Return a model that the stack's chat-svc asks instead of its stand-in."""
    with SlowModel() as model:
        Thread(target=model.serve_forever, daemon=True).start()
        slow = stack.replica(
            "chat",
            DRAMATIS_CHAT_WRITER="openai",
            DRAMATIS_CHAT_MODEL="m",
            DRAMATIS_CHAT_OPENAI_API_KEY="none",
            DRAMATIS_CHAT_OPENAI_BASE_URL=f"http://127.0.0.1:{model.server_port}/v1",
        )
        slow.port = stack.services["chat"].port
        stack.services["chat"].stop()
        slow.start()
        try:
            yield model
        finally:
            model.is_left.set()
            slow.stop()
            stack.services["chat"].start()
            model.shutdown()


class Typing:
    """Somebody who asks, and stops what comes once there is a word of it."""

    def __init__(self, model):
        self._model = model

    def isatty(self):
        return False

    def __iter__(self):
        yield "Tell me a story without an end."
        assert self._model.has_begun.wait(HANG_SECONDS)
        yield "/stop"


def test_what_is_stopped_ends_and_keeps_its_words(done, slow_model):
    shown = done("chat", "Nova", typed=Typing(slow_model))
    assert slow_model.is_left.wait(HANG_SECONDS)
    assert shown.splitlines()[-1] == "(stopped)"
    (thread,) = json.loads(done("conversations", "list", "--json"))["items"]
    told = json.loads(
        done("conversations", "export", thread["conversation_id"], "--format", "json")
    )
    assert told["messages"][-1]["status"] == "stopped"
    assert told["messages"][-1]["content"].startswith("Once")


def test_there_is_nothing_to_stop_before_anything_is_said(done):
    assert "Nothing is being written." in done("chat", "Nova", typed="/stop")


def test_a_conversation_is_taken_over_with_its_ids(done, tmp_path):
    done("chat", "Nova", typed="Hello?\n/persona Bert\nAnd you?")
    (listed,) = json.loads(done("conversations", "list", "--json"))["items"]
    thread = listed["conversation_id"]
    done("conversations", "export", thread, "talk.json", "--format", "json")
    report = json.loads(done("conversations", "import", "talk.json", "--json"))
    assert [item["outcome"] for item in report["items"]] == ["there"]
    talk = json.loads((tmp_path / "talk.json").read_text())
    talk["conversation"]["conversation_id"] = str(uuid4())
    for message in talk["messages"]:
        message["message_id"] = str(uuid4())
    (tmp_path / "other.json").write_text(json.dumps(talk))
    for arguments in (("--dry-run",), ("--user", "somebody"), ()):
        shown = done("conversations", "import", "other.json", *arguments, code=len(arguments) == 0)
        assert ("imported" in shown) == bool(arguments)
    (tmp_path / "bad.json").write_text("[]")
    assert "bad.json is no exported" in done("conversations", "import", "bad.json", code=1)
