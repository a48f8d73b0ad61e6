import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nats as nats_client
import psycopg
import pytest
from nats.js.api import StreamConfig
from service_devkit.embedded import (
    BinaryMissingError,
    NatsProcess,
    NotRunningError,
    PortTakenError,
    PostgresProcess,
    ServiceProcess,
    StartError,
    binaries,
    free_port,
)
from service_devkit.embedded.process import Command, start_child
from service_devkit.testing import HANG_SECONDS, wait_until


def execute(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def lives(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_postgres_keeps_what_was_committed_when_it_is_killed(fresh_postgres):
    execute(fresh_postgres.admin_url, "create table kept as select 1 as one")
    url = fresh_postgres.admin_url

    fresh_postgres.kill()
    assert not fresh_postgres.is_running
    fresh_postgres.start()

    assert fresh_postgres.admin_url == url
    assert execute(url, "select one from kept") == [(1,)]


def test_postgres_starts_at_once_after_it_is_killed_with_busy_clients(fresh_postgres):
    with psycopg.connect(fresh_postgres.admin_url) as busy:
        sleeping = threading.Thread(
            target=pytest.raises,
            args=(psycopg.OperationalError, busy.execute, "select pg_sleep(60)"),
        )
        sleeping.start()
        fresh_postgres.kill()
        fresh_postgres.start()
        sleeping.join(5)
        assert not sleeping.is_alive()
    assert execute(fresh_postgres.admin_url, "select 1") == [(1,)]


def test_postgres_recovers_from_an_immediate_stop(fresh_postgres):
    execute(fresh_postgres.admin_url, "create table kept as select 1 as one")
    fresh_postgres.stop_immediately()
    fresh_postgres.start()
    assert execute(fresh_postgres.admin_url, "select one from kept") == [(1,)]
    assert "automatic recovery in progress" in fresh_postgres.log()


def test_postgres_does_not_run_as_root_and_syncs(fresh_postgres):
    assert Path(f"/proc/{fresh_postgres.pid}").stat().st_uid != 0
    assert execute(fresh_postgres.admin_url, "show fsync") == [("on",)]


def test_only_the_owner_and_for_root_its_group_enter_the_folder_of_postgres(fresh_postgres):
    folder = fresh_postgres.folder.stat()
    assert folder.st_mode & 0o777 == (0o770 if os.geteuid() == 0 else 0o700)
    assert (folder.st_uid, folder.st_gid) == (os.geteuid(), os.getegid())


@pytest.mark.parametrize("user", ["postgres", "nobody", "draft", "postgres:", "postgres:postgres"])
def test_tcp_needs_a_password(fresh_postgres, user):
    with pytest.raises(psycopg.OperationalError, match="password"):
        execute(f"postgresql://{user}@127.0.0.1:{fresh_postgres.port}/postgres", "select 1")


@pytest.mark.processes
@pytest.mark.parametrize("name", ["x" * 120, "a, b"])
def test_postgres_works_in_a_folder_whose_path_cannot_hold_a_socket(tmp_path, name):
    with PostgresProcess(tmp_path / name, durable=False) as postgres:
        url = postgres.admin_url
        assert execute(url, "select 1") == [(1,)]
        postgres.restart()
        assert execute(url, "select 1") == [(1,)]


@pytest.mark.processes
def test_postgres_works_where_the_path_of_temporary_folders_is_long_too(tmp_path, monkeypatch):
    folder = tmp_path / ("t" * 60)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with PostgresProcess(folder / "dramatis" / "postgres", durable=False) as postgres:
        assert execute(postgres.admin_url, "select 1") == [(1,)]


@pytest.mark.processes
def test_postgres_works_in_a_folder_with_odd_characters(tmp_path):
    with PostgresProcess(tmp_path / "my data % é", durable=False) as postgres:
        assert execute(postgres.admin_url, "select 1") == [(1,)]


@pytest.mark.processes
def test_postgres_starts_after_its_making_was_interrupted(tmp_path):
    (tmp_path / "pg" / "data.new").mkdir(parents=True)
    (tmp_path / "pg" / "data.new" / "PG_VERSION").write_text("18")
    with PostgresProcess(tmp_path / "pg", durable=False) as postgres:
        assert execute(postgres.admin_url, "select 1") == [(1,)]


def answer_of(port, **credentials):
    """Return what a NATS server answers a client with these credentials."""
    with socket.create_connection(("127.0.0.1", port), timeout=HANG_SECONDS) as connection:
        connection.sendall(f"CONNECT {json.dumps(credentials)}\r\nPING\r\n".encode())
        answer = b""
        while not answer.endswith((b"PONG\r\n", b"'\r\n")):
            answer += connection.recv(4096)
    return answer.decode().splitlines()[-1]


def said_to(port, words):
    """Return all that a NATS server says to who sends these words without a CONNECT, to its end."""
    with socket.create_connection(("127.0.0.1", port), timeout=HANG_SECONDS) as connection:
        connection.sendall(words)
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.processes
@pytest.mark.parametrize(
    "words",
    [
        b"SUB > 1\r\nPING\r\n",
        b"PUB persona-state.v1.demo.persona.x 2\r\n{}\r\nPING\r\n",
        b"PUB $JS.API.STREAM.DELETE.CRM 0\r\n\r\nPING\r\n",
        b'CONNECT {"auth_token":"dramatis"}\r\nSUB > 1\r\nPING\r\n',
        b'CONNECT {"nkey":"UX","sig":"x"}\r\nPING\r\n',
        b"GET /varz HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["subscribe", "publish", "delete-a-stream", "token", "nkey", "http"],
)
async def test_nats_does_nothing_for_who_has_not_said_the_password(tmp_path, words):
    with NatsProcess(tmp_path / "nats", asks_for_password=True) as server:
        async with await nats_client.connect(server.url) as client:
            await client.jetstream().add_stream(StreamConfig(name="CRM", subjects=["crm.>"]))
            answer = said_to(server.port, words)
            assert b"-ERR" in answer
            assert b"PONG" not in answer
            await client.jetstream().stream_info("CRM")


@pytest.mark.processes
async def test_nats_lets_nobody_in_without_the_password_in_its_folder(tmp_path):
    with NatsProcess(tmp_path / "nats", asks_for_password=True) as server:
        password = (tmp_path / "nats/password").read_text()
        violation = "-ERR 'Authorization Violation'"
        assert answer_of(server.port) == violation
        assert answer_of(server.port, user="dramatis", **{"pass": "another"}) == violation
        assert answer_of(server.port, user="admin", **{"pass": password}) == violation
        assert answer_of(server.port, user="dramatis", **{"pass": password}) == "PONG"
        assert password in server.url
        assert password not in server.address
        async with await nats_client.connect(server.url) as client:
            await client.jetstream().add_stream(StreamConfig(name="A", subjects=["a"]))
        for name in ("password", "nats.conf"):
            assert (tmp_path / "nats" / name).stat().st_mode & 0o777 == 0o600
        server.restart()
        async with await nats_client.connect(server.url) as client:
            await client.jetstream().stream_info("A")


async def test_nats_keeps_its_streams_when_it_is_killed(fresh_nats):
    async with await nats_client.connect(fresh_nats.url) as client:
        stream = client.jetstream()
        await stream.add_stream(StreamConfig(name="KEPT", subjects=["kept.>"]))
        await stream.publish("kept.one", b"1")
    fresh_nats.kill()
    fresh_nats.start()
    async with await nats_client.connect(fresh_nats.url) as client:
        assert (await client.jetstream().stream_info("KEPT")).state.messages == 1


async def test_a_deleted_store_is_an_empty_server(fresh_nats):
    async with await nats_client.connect(fresh_nats.url) as client:
        await client.jetstream().add_stream(StreamConfig(name="LOST", subjects=["lost.>"]))
    with pytest.raises(NotRunningError):
        fresh_nats.delete_store()
    fresh_nats.stop()
    fresh_nats.delete_store()
    fresh_nats.start()
    async with await nats_client.connect(fresh_nats.url) as client:
        assert await client.jetstream().streams_info() == []


def test_nats_syncs_each_write(fresh_nats):
    config = (fresh_nats.folder / "nats.conf").read_text()
    assert "sync_interval: always" in config
    assert "host: 127.0.0.1" in config


def test_a_taken_port_is_named(fresh_nats, tmp_path):
    for other in (
        NatsProcess(tmp_path / "nats", port=fresh_nats.port),
        PostgresProcess(tmp_path / "postgres", port=fresh_nats.port),
        ServiceProcess("note_svc", env={}, log_path=tmp_path / "log", port=fresh_nats.port),
    ):
        with pytest.raises(PortTakenError, match=str(fresh_nats.port)) as caught:
            other.start()
        assert caught.value.port == fresh_nats.port


def test_two_cannot_serve_one_data_folder(fresh_postgres):
    with pytest.raises(StartError, match=r"postmaster\.pid"):
        PostgresProcess(fresh_postgres.folder).start()
    assert execute(fresh_postgres.admin_url, "select 1") == [(1,)]


@pytest.mark.parametrize(
    ("package", "find"),
    [("NATS_PACKAGE", binaries.nats_server), ("POSTGRES_PACKAGE", binaries.postgres_folder)],
)
def test_a_missing_program_names_the_package_to_install(monkeypatch, package, find):
    monkeypatch.setattr(binaries, package, "not-installed")
    with pytest.raises(BinaryMissingError, match=r"program (nats-server|postgres) .*not-installed"):
        find()


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
@pytest.mark.processes
def test_no_server_outlives_a_killed_parent(tmp_path):
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from service_devkit.embedded import NatsProcess, PostgresProcess\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "servers = PostgresProcess(folder / 'pg', durable=False), NatsProcess(folder / 'nats')\n"
        "for server in servers: server.start()\n"
        "print(*(server.pid for server in servers), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(lives(pid) for pid in pids)
        parent.kill()
    asyncio.run(wait_until(lambda: not any(lives(pid) for pid in pids)))


def test_a_child_outlives_the_thread_that_asked_for_it(tmp_path):
    children = []

    def start():
        command = Command(arguments=["/bin/sleep", "60"], env={})
        children.append(start_child(command, tmp_path / "log"))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    with pytest.raises(subprocess.TimeoutExpired):
        children[0].wait(0.3)
    children[0].kill()
    assert children[0].wait() == -signal.SIGKILL


def test_a_service_that_cannot_start_says_why(tmp_path):
    service = ServiceProcess("no_such_svc", env={}, log_path=tmp_path / "service.log")
    with pytest.raises(StartError, match="No module named no_such_svc"):
        service.start()


def test_a_server_that_does_not_serve_in_time_is_killed(tmp_path):
    (tmp_path / "idle_svc.py").write_text("import time; time.sleep(60)")
    service = ServiceProcess(
        "idle_svc", env={"PYTHONPATH": str(tmp_path)}, log_path=tmp_path / "service.log"
    )
    started_at = time.monotonic()
    with pytest.raises(StartError, match=r"not ready in 0\.5 s"):
        service.start(timeout_seconds=0.5)
    assert time.monotonic() - started_at < HANG_SECONDS
    assert not service.is_running


def test_a_service_is_ready_when_it_says_so_and_stops_when_asked(tmp_path):
    (tmp_path / "tiny_svc.py").write_text(
        "import http.server, os, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    asked = 0\n"
        "    def do_GET(self):\n"
        "        Handler.asked += 1\n"
        "        self.send_response(200 if Handler.asked > 2 else 503)\n"
        "        self.end_headers()\n"
        "    def log_message(self, *parts): print(Handler.asked, flush=True)\n"
        "address = ('127.0.0.1', int(os.environ['DRAMATIS_HTTP_PORT']))\n"
        "http.server.HTTPServer(address, Handler).serve_forever()\n"
    )
    with ServiceProcess(
        "tiny_svc", env={"PYTHONPATH": str(tmp_path)}, log_path=tmp_path / "service.log"
    ) as service:
        assert service.url == f"http://127.0.0.1:{service.port}"
        assert service.log().splitlines() == ["1", "2", "3"]
    assert not service.is_running
    with pytest.raises(NotRunningError):
        _ = service.pid


def test_free_ports_are_out_of_the_range_of_outgoing_connections():
    assert all(free_port() < 32_768 for _ in range(5))
