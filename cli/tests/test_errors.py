import asyncio
import json

import pytest
from service_devkit.testing.http_stub import Reply

REST = [
    ("personas", "list"),
    ("personas", "show", "Nova"),
    ("personas", "export", "Nova"),
    ("personas", "default", "Nova"),
]
BROKER = [("dead", "list"), ("dead", "show", "1"), ("events", "tail")]


@pytest.mark.parametrize("command", [*REST, *BROKER])
def test_without_a_stack_a_command_says_how_to_start_one(run, command):
    result = run(*command)
    assert result.code == 1
    assert "No stack runs in .dramatis" in result.err
    assert "dramatis up" in result.err
    assert result.out == ""


@pytest.mark.parametrize("command", REST)
def test_a_service_that_does_not_answer_is_named(run, command):
    result = run(*command, "--url", "http://127.0.0.1:1", "--token", "t")
    assert result.code == 1
    assert "http://127.0.0.1:1 does not answer" in result.err


def test_a_broker_that_does_not_answer_is_named_without_its_password(run):
    result = run("dead", "list", "--nats", "nats://me:secret@127.0.0.1:1")
    assert result.code == 1
    assert "127.0.0.1:1" in result.err
    assert "secret" not in result.err


def test_the_environment_names_a_stack(run, monkeypatch):
    monkeypatch.setenv("DRAMATIS_NATS_URL", "nats://127.0.0.1:2")
    assert "127.0.0.1:2" in run("dead", "list").err


def test_the_stack_file_names_a_stack(run, tmp_path):
    (tmp_path / "stack.json").write_text(
        json.dumps({"nats": "nats://127.0.0.1:3", "services": {"persona": "http://127.0.0.1:4"}})
    )
    assert "127.0.0.1:3" in run("dead", "list", "--data-dir", tmp_path).err
    result = run("personas", "list", "--data-dir", tmp_path, "--token", "t")
    assert "127.0.0.1:4 does not answer" in result.err


def test_a_broken_stack_file_is_named(run, tmp_path):
    (tmp_path / "stack.json").write_text("{")
    assert "stack.json cannot be read" in run("dead", "list", "--data-dir", tmp_path).err


def test_without_keys_no_token_can_be_made(run):
    result = run("token")
    assert result.code == 1
    assert "no signing keys" in result.err


def test_a_token_is_refused_in_production(run, monkeypatch):
    monkeypatch.setenv("DRAMATIS_PROFILE", "production")
    result = run("token")
    assert result.code == 1
    assert "identity provider" in result.err


@pytest.mark.parametrize(
    "command",
    [
        ("nothing",),
        ("token", "--role", "owner"),
        ("up", "--nats-port", "0"),
        ("up", "--draft-port", "x"),
        ("dead", "show", "x"),
        ("personas", "import"),
        ("replies", "send"),
        ("replies", "send", "a.txt", "--campaign", "a.b"),
        ("topology", "apply", "--replicas", "9"),
    ],
)
def test_a_wrong_call_ends_with_2(run, command):
    result = run(*command)
    assert result.code == 2
    assert result.err


@pytest.mark.parametrize(
    "command",
    [
        ("up",),
        ("demo",),
        ("token",),
        *((group, name) for group, name in (("events", "tail"), ("replies", "send"))),
        *(("personas", name) for name in ("list", "show", "import", "export", "default")),
        *(("dead", name) for name in ("list", "show", "replay")),
        *(("topology", name) for name in ("apply", "bump-revisions")),
    ],
)
def test_every_command_shows_examples_and_has_json(run, command):
    result = run(*command, "--help")
    assert result.code == 0
    assert f"dramatis {' '.join(command)}" in result.out
    assert "Examples:" in result.out
    assert "--json" in result.out


@pytest.mark.parametrize("name", ["DRAMATIS_ADMIN_DATABASE_URL"])
def test_topology_names_the_variable_that_is_missing(run, name, monkeypatch):
    monkeypatch.delenv(name, raising=False)
    result = run("topology", "apply", "--nats", "nats://127.0.0.1:1")
    assert result.code == 1
    assert name in result.err


def test_files_that_cannot_be_sent_are_named_before_anything_is_sent(run, tmp_path):
    (tmp_path / "good.txt").write_text("Hello")
    (tmp_path / "bad.txt").write_bytes(b"a\0b")
    result = run("replies", "send", "good.txt", "bad.txt", "--url", "http://127.0.0.1:1")
    assert result.code == 1
    assert "bad.txt cannot be sent: body_text" in result.err


async def test_where_a_service_failed_the_id_of_its_log_is_told(run, http_stub):
    problem = json.dumps({"title": "The service failed.", "detail": "See its log."}).encode()
    failed = Reply(status=500, headers={"Request-Id": "r-7"}, body=problem)
    http_stub.on("GET", "/api/personas", failed)
    asked = ("personas", "list", "--url", http_stub.url, "--token", "t")
    result = await asyncio.to_thread(run, *asked)
    assert result.code == 1
    assert "The service failed. See its log." in result.err
    assert "request_id r-7" in result.err
