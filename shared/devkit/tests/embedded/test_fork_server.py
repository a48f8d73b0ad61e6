import asyncio
import os
import signal
import subprocess
import sys
from contextlib import closing
from itertools import count

import psutil
import pytest
from service_devkit.embedded.fork_server import SHARED, ForkServer, is_possible
from service_devkit.testing import HANG_SECONDS, wait_until

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not is_possible(), reason="services are forked on Linux"),
]


@pytest.fixture(scope="module")
def server():
    with closing(ForkServer()) as running:
        yield running


@pytest.fixture
def fork(server, tmp_path, monkeypatch):
    """Return a function that runs a package of this source in a folder, and prints to its log."""
    monkeypatch.chdir(tmp_path)

    numbers = count()

    def call(source, **env):
        package = f"told_{next(numbers)}_svc"
        (tmp_path / package).mkdir()
        (tmp_path / package / "__main__.py").write_text(source)
        with (tmp_path / "log").open("wb") as log:
            return server.start(package, {**os.environ, **env}, log.fileno())

    return call


def log(tmp_path):
    return (tmp_path / "log").read_text()


def test_a_fork_is_a_program_like_any_other(fork, tmp_path):
    code = (
        "import os, signal, sys\n"
        "print(__name__, sys.argv[0], os.getcwd(), os.environ['WORD'], sys.stdin.read())\n"
        "print(os.getsid(0) == os.getpid(), signal.getsignal(signal.SIGCHLD))\n"
        "print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:4])\n"
    )
    child = fork(code, WORD="one")
    assert child.wait(HANG_SECONDS) == 0
    lines = log(tmp_path).splitlines()
    assert lines[0].split() == [
        "__main__",
        str(tmp_path / "told_0_svc/__main__.py"),
        str(tmp_path),
        "one",
    ]
    assert lines[1] == "True 0"
    assert lines[2] == "[0, 1, 2, 3]"


def test_it_has_imported_what_services_share_and_no_service(fork, tmp_path):
    child = fork("import sys; print(*sys.modules)")
    assert child.wait(HANG_SECONDS) == 0
    modules = log(tmp_path).split()
    assert {*SHARED} <= {*modules}
    assert [name for name in modules if name.endswith("_svc") and not name.startswith("told")] == []


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('no')", 1),
        ("raise ValueError", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_how_it_ended_is_told(fork, code, ends):
    child = fork(code)
    assert child.wait(HANG_SECONDS) == ends
    assert child.poll() == child.returncode == ends


def test_one_that_runs_has_no_exit_code_and_no_other_one_waits_for_it(fork):
    waits = fork("import time; time.sleep(600)")
    assert fork("").wait(HANG_SECONDS) == 0
    assert waits.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        waits.wait(0.01)
    os.kill(waits.pid, signal.SIGTERM)
    assert waits.wait(HANG_SECONDS) == -signal.SIGTERM


def test_forks_do_not_draw_the_same_chances(fork, tmp_path):
    drawn = set()
    for _ in range(3):
        child = fork("import random, uuid; print(random.random(), uuid.uuid4())")
        assert child.wait(HANG_SECONDS) == 0
        drawn.add(log(tmp_path))
    assert len(drawn) == 3


def test_what_is_read_when_a_program_starts_is_not_forked(server):
    assert server.serves(os.environ)
    assert not server.serves({**os.environ, "PYTHONPATH": "/elsewhere"})
    assert not server.serves({**os.environ, "TZ": "Asia/Tokyo"})


def test_forks_end_with_the_server_even_a_killed_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "told_svc.py").write_text("import time; time.sleep(600)")
    with closing(ForkServer()) as server, (tmp_path / "log").open("wb") as file:
        child = server.start("told_svc", os.environ, file.fileno())
        psutil.Process(child.pid).parent().kill()
        assert child.wait(HANG_SECONDS) == -signal.SIGTERM
        asyncio.run(wait_until(lambda: not server.serves(os.environ)))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            server.start("told_svc", os.environ, file.fileno())


def test_the_server_ends_with_who_started_it(tmp_path):
    code = (
        "import os, sys, time\n"
        "from service_devkit.embedded.fork_server import ForkServer\n"
        "server = ForkServer()\n"
        "print(server.start('told_svc', os.environ, 1).pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    (tmp_path / "told_svc.py").write_text("import time; time.sleep(600)")
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        server = child.parent()
        parent.kill()
    _, left = psutil.wait_procs([child, server], timeout=HANG_SECONDS)
    assert left == []
