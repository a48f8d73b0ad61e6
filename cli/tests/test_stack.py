"""The stack as a user starts it, and the commands that talk to it."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from dramatis.broker import connected
from dramatis.folder_lock import FolderLock, make_ephemeral_folder, remove_abandoned
from dramatis.services import SERVICES
from dramatis.stack import Stack
from persona_client import Roster
from service_devkit.embedded import free_port
from service_devkit.embedded.ports import LOOPBACK
from service_devkit.testing.waiting import HANG_SECONDS

pytestmark = [pytest.mark.processes, pytest.mark.long]
DRAMATIS = (sys.executable, "-m", "dramatis")
NAMES = [spec.name for spec in SERVICES]


@pytest.fixture
def call(run, stack):
    """Return a function that runs a command against the stack and returns its JSON lines."""

    def command(*arguments: object):
        result = run(*arguments, "--data-dir", stack.data_dir, "--json")
        assert result.code == 0, result.err
        return [json.loads(line) for line in result.out.splitlines()]

    return command


@pytest.fixture
def ports():
    return [f"--{name}-port={free_port()}" for name in ("nats", *NAMES)]


def test_up_prints_its_addresses_once_all_are_ready_and_leaves_nothing_behind(tmp_path):
    with subprocess.Popen(
        [*DRAMATIS, "up", "--ephemeral", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        assert line.keys() == {"nats", *NAMES, "data_dir", "inbox_dir", "login", "token"}
        assert Path(line["inbox_dir"]).is_dir()
        for name in NAMES:
            assert httpx.get(f"{line[name]}/readyz").status_code == 200
        headers = {"Authorization": f"Bearer {line['token']}"}
        assert httpx.get(f"{line['persona']}/api/personas", headers=headers).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    for name in NAMES:
        with pytest.raises(httpx.ConnectError):
            httpx.get(line[name])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["nats", *NAMES])
def test_a_taken_port_is_named_with_its_flag(run, tmp_path, name, ports):
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        result = run("up", "--data-dir", tmp_path / "data", *ports, f"--{name}-port={port}")
    assert result.code == 1
    assert f"Port {port}" in result.err
    assert f"--{name}-port" in result.err
    assert not (tmp_path / "data" / "stack.json").exists()


def test_a_second_stack_in_the_same_folder_is_refused(run, tmp_path, ports):
    lock = FolderLock(tmp_path)
    lock.acquire()
    result = run("up", "--data-dir", tmp_path, *ports)
    lock.release()
    assert result.code == 1
    assert "Another stack runs" in result.err
    assert "--data-dir" in result.err


def test_a_service_that_dies_at_start_is_shown_with_the_end_of_its_log(
    run, tmp_path, ports, monkeypatch
):
    monkeypatch.setenv("DRAMATIS_LOG_LEVEL", "LOUD")
    result = run("up", "--data-dir", tmp_path, *ports)
    assert result.code == 1
    assert "_svc ended with exit code 2" in result.err
    assert "Input should be 'DEBUG', 'INFO'" in result.err
    assert not (tmp_path / "stack.json").exists()


@pytest.fixture
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


UMASKS = pytest.mark.parametrize(
    "umask",
    [pytest.param(0o022, marks=pytest.mark.slow), 0o000],
    ids=oct,
    indirect=True,
)
"""The usual one, and one that closes nothing."""


def upload_a_file(stack):
    headers = {"Authorization": f"Bearer {stack.token('acme')}"}
    with httpx.Client(headers=headers, timeout=HANG_SECONDS) as client:
        made = client.post(f"{stack.url('persona')}/api/personas", json={"name": "Nova"}).json()
        url = f"{stack.url('ingest')}/api/personas/{made['persona_id']}/files"
        client.post(url, files={"file": ("a.txt", b"text")}).raise_for_status()


def modes_below(folder):
    """Yield what stands in a folder, which is in use, with its mode; links are left out."""
    for place, folders, files in os.walk(folder):
        for path in (Path(place), *(Path(place, name) for name in (*folders, *files))):
            with suppress(FileNotFoundError):  # a service has removed what it worked with
                if not path.is_symlink():
                    yield path, path.lstat().st_mode


@UMASKS
def test_nobody_else_enters_the_data_folder_or_reads_a_file_of_it(tmp_path, umask):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o777 & ~umask)
    with Stack(data_dir=folder, ports={name: free_port() for name in ("nats", *NAMES)}) as stack:
        upload_a_file(stack)
        servers = (stack.nats, stack.postgres, *stack.services.values())
        listening = {
            connection.laddr.ip
            for server in servers
            for connection in psutil.Process(server.pid).net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        modes = {path.relative_to(folder): mode for path, mode in modes_below(folder)}
    assert listening == {LOOPBACK}
    assert stat.S_IMODE(modes[Path()]) == 0o700
    assert [path for path, mode in modes.items() if mode & 0o007] == []
    # Root and who runs Postgres for it share a group.
    shared = {path.parts[0] for path, mode in modes.items() if mode & 0o070}
    assert shared <= {"postgres"}


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Return the place of temporary folders, for this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@UMASKS
@pytest.mark.usefixtures("umask")
def test_nobody_else_enters_the_folder_of_an_ephemeral_stack(temporary):
    folder = make_ephemeral_folder()
    assert folder.is_relative_to(temporary)
    modes = {path.name: stat.S_IMODE(mode) for path, mode in modes_below(folder)}
    assert modes.pop(folder.name) == 0o700
    assert set(modes.values()) == {0o600}


def aged(folder):
    os.utime(folder, (0, 0))
    return folder


def test_folders_of_killed_ephemeral_stacks_go_at_the_next_start(temporary):
    killed = make_ephemeral_folder()
    (killed / "postgres/data").mkdir(parents=True)
    (killed / "stack.lock").touch()
    running = make_ephemeral_folder()
    lock = FolderLock(running)
    lock.acquire()
    young = make_ephemeral_folder()
    (young / "stack.lock").touch()
    kept = temporary / "dramatis-mine"
    kept.mkdir()
    (kept / "stack.lock").touch()
    (temporary / "dramatis-link").symlink_to(kept)
    for folder in (killed, running, kept):
        aged(folder)
    removed = []
    remove_abandoned(removed.append)
    lock.release()
    assert removed == [killed]


def test_a_stack_keeps_its_data_and_its_tokens_over_a_restart(tmp_path):
    ports = {name: free_port() for name in ("nats", *NAMES)}
    with Stack(data_dir=tmp_path, ports=ports) as first:
        token = first.token("acme")
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{first.url('persona')}/api/personas"
        assert httpx.post(url, json={"name": "Nova"}, headers=headers).status_code == 201
    with Stack(data_dir=tmp_path, ports=ports):
        (kept,) = httpx.get(url, headers=headers).json()["items"]
    assert kept["name"] == "Nova"


def test_a_killed_service_can_be_started_again(stack):
    stack.services["draft"].kill()
    with pytest.raises(Exception, match="draft_svc has ended"):
        stack.check()
    stack.services["draft"].start()
    stack.check()


def test_personas_are_imported_listed_shown_and_exported(call, tmp_path):
    (imported,) = call("personas", "import", "--starter", "formal-professional", "--workspace=p1")
    (listed,) = call("personas", "list", "--workspace=p1")
    assert [item["persona_id"] for item in listed["items"]] == [imported["persona_id"]]
    (shown,) = call("personas", "show", imported["name"], "--workspace=p1")
    assert shown["signature"] == imported["signature"]
    file = tmp_path / "persona.md"
    call("personas", "export", imported["name"], "-o", file, "--workspace=p1")
    (again,) = call("personas", "import", file, "--workspace=p2")
    assert again["tone"] == imported["tone"]
    assert again["content"] == imported["content"]


def test_the_default_persona_can_be_moved(call):
    starters = ("--starter", "formal-professional", "--starter", "casual-friendly")
    first, second = call("personas", "import", *starters, "--workspace=p3")
    assert (first["is_default"], second["is_default"]) == (True, False)
    call("personas", "default", second["name"], "--workspace=p3")
    (listed,) = call("personas", "list", "--workspace=p3")
    default = [item["name"] for item in listed["items"] if item["is_default"]]
    assert default == [second["name"]]


def test_a_refusal_of_a_service_is_told_in_its_words(run, stack):
    result = run("personas", "import", "--starter", "x", "--data-dir", stack.data_dir)
    assert result.code == 1
    assert "422" in result.err
    assert "casual-friendly" in result.err


def test_a_viewer_is_told_what_is_missing(run, stack, call):
    (issued,) = call("token", "--role", "viewer", "--workspace=p4")
    arguments = ("--starter", "casual-friendly", "--token", issued["token"])
    result = run("personas", "import", *arguments, "--data-dir", stack.data_dir)
    assert result.code == 1
    assert "403" in result.err


def test_each_reply_that_is_sent_becomes_one_draft(call, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(f"What does it cost? {name}")
    drafts = call("replies", "send", "a.txt", "b.txt", "--wait", "--workspace=r1")
    assert {draft["status"] for draft in drafts} == {"ready"}
    (again,) = call("replies", "send", "a.txt", "--wait", "--workspace=r1")
    assert again["draft_id"] in {draft["draft_id"] for draft in drafts}
    (new,) = call("replies", "send", "a.txt", "--new", "--wait", "--workspace=r1")
    assert new["draft_id"] not in {draft["draft_id"] for draft in drafts}


def test_a_mail_without_new_text_is_a_failed_draft_with_its_reason(call, run, stack, tmp_path):
    (tmp_path / "empty.txt").write_text("> Hello\n> Kim\n")
    (draft,) = call("replies", "send", "empty.txt", "--wait", "--workspace=r2")
    assert (draft["status"], draft["error"]["type"]) == ("failed", "reply-empty")
    arguments = ("empty.txt", "--wait", "--workspace=r2", "--data-dir", stack.data_dir)
    assert draft["error"]["title"] in run("replies", "send", *arguments).out


def test_a_reply_that_cannot_be_read_is_listed_as_dead(call, stack):
    async def publish():
        async with connected(stack.nats_url) as connection:
            await connection.jetstream().publish("lead.replied.v1.dead1", b"{")

    asyncio.run(publish())
    arguments = ("events", "tail", "dead.>", "--since", "1m", "--limit", 2)
    call(*arguments)
    (listed,) = call("dead", "list")
    assert {(item["consumer"], item["reason"], item["subject"]) for item in listed["items"]} == {
        (consumer, "malformed", "lead.replied.v1.dead1")
        for consumer in ("draft-svc_on_lead_replied", "followup-svc_on_lead_replied")
    }


def test_raised_revisions_reach_every_reader(call, stack, monkeypatch):
    call("personas", "import", "--starter", "casual-friendly", "--workspace=b1")
    monkeypatch.setenv(
        "DRAMATIS_MIGRATION_DATABASE_URL", stack.postgres.url("persona_owner", "persona")
    )

    async def resolve_after_bump():
        async with Roster(stack.nats_url, ["b1"]) as roster:
            before = roster.revision("b1") or 1
            done = await asyncio.to_thread(bump)
            await roster.wait_for("b1", before + 1_000_000, HANG_SECONDS)
            return done, roster.resolve("b1")

    def bump():
        return subprocess.run(
            [*DRAMATIS, "topology", "bump-revisions", "--json"], check=True, capture_output=True
        ).stdout

    done, resolution = asyncio.run(resolve_after_bump())
    assert json.loads(done)["raised_by"] == 1_000_000
    assert resolution.revision > 1_000_000
    with psycopg.connect(stack.postgres.url("postgres", "persona")) as connection:
        lagging = connection.execute(
            "select count(*) from state_document where (body->>'revision')::bigint <> revision"
        ).fetchone()
    assert lagging == (0,)


def check_talk(*answers):
    talk = [each["chat"] for each in answers]
    assert (talk[0]["persona_name"], talk[0]["citations"][0]) == ("Nova Lind", "prices.pdf, page 2")
    assert [each["persona_name"] for each in talk[1:]] == ["Kim Berg", "Kim Berg"]
    assert talk[2]["version"] == talk[1]["version"] + 1
    assert "twenty minutes" in talk[2]["text"]


def test_the_demo_shows_the_new_voice(tmp_path):
    done = subprocess.run(
        [*DRAMATIS, "demo", "--json"],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    *drafts, edit, question, phone, priced, taken_over, prompted, email, sms = (
        json.loads(line) for line in done.stdout.splitlines()
    )
    assert edit["version"] == 2
    assert {d["draft"]["resolution"]["tier"] for d in drafts} >= {"campaign", "default"}
    last = drafts[-1]["draft"]
    assert last["resolution"]["version"] == 2
    assert "Cheers" in last["text"]
    answer = question["draft"]
    assert [(c["source"], c["page_start"]) for c in answer["citations"]] == [
        ("prices.pdf", 2),
        ("terms.md", None),
    ]
    assert "15 euros per user and month, from 5 users on. [1]" in answer["text"]
    call = phone["call"]
    assert next((c["source"], c["page"]) for c in call["citations"]) == ("prices.pdf", 2)
    spoken = [turn["message"] for turn in call["transcript"]]
    assert spoken[0] == "Hey there!"
    assert "From prices.pdf, page 2" in spoken[2]
    assert "15 euros per user and month" in spoken[2]
    check_talk(priced, taken_over, prompted)
    steps = [email["followup"], sms["followup"]]
    assert [(step["channel"], step["status"]) for step in steps] == [
        ("email", "sent"),
        ("sms", "sent"),
    ]
    assert {step["resolution"]["persona_id"] for step in steps} == {edit["persona_id"]}
    assert steps[1]["text"].startswith("Nova Lind here")
    assert email["followup"]["text"].endswith(
        "https://book.example/ten-minutes\n\nCheers\nNova\nNorthwind"
    )
    assert list(tmp_path.iterdir()) == []


def test_files_become_knowledge_by_command(run, stack, tmp_path):
    (tmp_path / "prices.md").write_text("# Prices\n\nTen bicycles cost 490 euros a month.\n")
    (tmp_path / "bad.pdf").write_bytes(b"no pdf at all")
    where = ["--workspace", "files", "--data-dir", stack.data_dir]

    def done(*arguments, code=0):
        result = run(*arguments, *where)
        assert result.code == code, result.err
        return result

    done("personas", "import", "--starter", "formal-professional")
    (persona,) = json.loads(done("personas", "list", "--json").out)["items"]
    who = ["--persona", persona["name"]]
    added = done("files", "add", tmp_path / "prices.md", *who)
    assert "prices.md: ready, 1 passage, vectors complete" in added.out
    assert (
        "bad.pdf: failed (corrupted)"
        in done("files", "add", tmp_path / "bad.pdf", *who, code=1).out
    )
    found = done("files", "search", "What do bicycles cost?", *who)
    assert found.out.startswith("prices.md, Prices  (")
    assert "1 passage from 1 file." in done("files", "list", *who).out
    documents = json.loads(done("files", "list", *who, "--json").out)["items"]
    assert [file["status"] for file in documents] == ["failed", "ready"]
    assert "Every file is settled." in done("files", "watch", *who).out
    ids = [file["file_id"] for file in documents]
    removed = done("files", "rm", *ids, "unknown", *who, code=1)
    assert removed.out.count("forgotten") == 2
    assert "Not found: unknown." in removed.err
    assert done("files", "list", *who).out == "No knowledge yet.\n"
    assert "Nothing was found." in done("files", "search", "bicycles", *who).out


def test_passages_can_be_moved_while_the_stack_is_stopped(run, tmp_path, monkeypatch):
    ports = {name: free_port() for name in ("nats", *NAMES)}
    with Stack(data_dir=tmp_path / "data", ports=ports):
        pass
    monkeypatch.setenv("DRAMATIS_INGEST_EMBEDDER", "none")
    moved = run("files", "reembed", "--data-dir", tmp_path / "data")
    assert moved.code == 0, moved.err
    assert "0 contents will be moved to the collection words" in moved.out
    nowhere = run("files", "reembed", "--data-dir", tmp_path / "nowhere")
    assert nowhere.code == 1
    assert "There is no stack in" in nowhere.err


def test_a_stand_in_for_the_speech_vendor_is_shown_as_one():
    with Stack(ephemeral=True, services=["voice"], fake_elevenlabs=True) as stack:
        ready = httpx.get(f"{stack.url('voice')}/readyz").json()
        assert ready["stand_ins"] == ["elevenlabs:fake"]
        token = {"Authorization": f"Bearer {stack.token()}"}
        voices = httpx.get(f"{stack.url('voice')}/api/voices", headers=token, timeout=HANG_SECONDS)
        assert len(voices.json()["items"]) > 100
        assert stack.elevenlabs is not None
        assert stack.elevenlabs.is_running
    assert not stack.elevenlabs.is_running
