"""Starts services in a fifth of the time: a process that has imported what all share, and forks.

`ForkServer` is its client. The server runs `python -m service_devkit.embedded.fork_server`, has one
thread, and ends with its client; its children end with it (PR_SET_PDEATHSIG, see `launch`).
"""

import array
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, TypedDict

from service_devkit.embedded import launch

SHARED: Final = ("service_kit.service", "service_kit.erasure", "service_kit.requests")
"""Every service imports them. What one alone imports is not here: metrics register at import."""
MAX_REQUEST_BYTES: Final = 200_000
READ_AT_START: Final = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "TZ")
"""How the names of variables begin that Python and the C library read when a program starts."""


def is_possible() -> bool:
    """Return whether this is Linux; elsewhere services are started as any other program."""
    return sys.platform == "linux"


class _Request(TypedDict):
    package: str
    env: Mapping[str, str]
    folder: str


class ForkedProcess:
    """A child of the fork server, as `subprocess.Popen` would show it."""

    def __init__(self, pid: int, ended: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = ended

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when the process has ended.

        Raises:
            subprocess.TimeoutExpired: it has not in `timeout` seconds.
        """
        if self.returncode is None:
            ended = select.poll()
            ended.register(self._ended, select.POLLIN)
            if not ended.poll(None if timeout is None else timeout * 1_000):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            # Nothing: the server was killed, and its children with it.
            self.returncode = int(os.read(self._ended, 16) or -signal.SIGTERM)
            os.close(self._ended)
        return self.returncode


class ForkServer:
    """A running fork server; call it from a thread that lasts as long as this process."""

    def __init__(self) -> None:
        """Start it; it imports what services share while the caller goes on."""
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._client_pid = os.getpid()
        self._read_at_start = _read_at_start(os.environ)
        self._socket = ours
        launcher = [sys.executable, "-I", "-S", launch.__file__, str(self._client_pid)]
        self._server = subprocess.Popen(  # noqa: S603 — our own command, without a shell
            [*launcher, str(int(signal.SIGTERM)), "0", "0", "", sys.executable, "-m", __name__],
            stdin=its.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        its.close()

    def serves(self, env: Mapping[str, str]) -> bool:
        """Return whether a process with `env` can be forked here: Python reads its own at start."""
        return (
            self._client_pid == os.getpid()
            and self._server.poll() is None
            and self._read_at_start == _read_at_start(env)
        )

    def start(self, package: str, env: Mapping[str, str], log: int) -> ForkedProcess:
        """Start `python -m <package>` with the whole environment `env`; it prints to `log`.

        Raises:
            OSError: the server has ended.
        """
        ended, tells = os.pipe()
        try:
            request: _Request = {"package": package, "env": dict(env), "folder": str(Path.cwd())}
            socket.send_fds(self._socket, [json.dumps(request).encode()], [log, tells])
            answer = self._socket.recv(16)
            if not answer:
                raise ConnectionResetError("the fork server has ended")
        except OSError:
            os.close(ended)
            raise
        finally:
            os.close(tells)
        return ForkedProcess(int(answer), ended)

    def close(self) -> None:
        """End the server; its children get SIGTERM."""
        self._socket.close()
        self._server.wait()


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(READ_AT_START)}


@dataclass(frozen=True, slots=True)
class _Child:
    request: _Request
    log: int


def main() -> None:
    """Serve; in a child: become the service."""
    for name in SHARED:
        importlib.import_module(name)
    gc.freeze()
    child = _serve(socket.socket(fileno=0))
    _become(child)


def _serve(requests: socket.socket) -> _Child:
    """Fork for each request, and tell how children end; return in a child."""
    woken, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _wake)
    running: dict[int, int] = {}
    ready = select.poll()
    ready.register(requests, select.POLLIN)
    ready.register(woken, select.POLLIN)
    server_pid = os.getpid()
    while True:
        for number, _ in ready.poll():
            if number == woken:
                os.read(woken, 1_024)
                _reap(running)
                continue
            body, (log, tells) = _received(requests)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                launch.end_with(server_pid, signal.SIGTERM)
                for each in (woken, wakes, tells, *running.values()):
                    os.close(each)
                requests.detach()
                return _Child(json.loads(body), log)
            os.close(log)
            running[pid] = tells
            requests.send(str(pid).encode())


def _wake(_number: int, _frame: object) -> None:
    """A signal with a handler writes to the wake-up descriptor."""


def _received(requests: socket.socket) -> tuple[bytes, "array.array[int]"]:
    body, numbers, _, _ = socket.recv_fds(requests, MAX_REQUEST_BYTES, 2)
    if not body:  # the client has ended
        sys.exit()
    return body, array.array("i", numbers)


def _reap(running: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            pid, status = ended
            tells = running.pop(pid)
            with suppress(BrokenPipeError):
                os.write(tells, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(tells)


def _become(child: _Child) -> NoReturn:
    """Run the service as `python -m` would."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, standard in ((nothing, 0), (child.log, 1), (child.log, 2)):
        os.dup2(number, standard)
    os.close(nothing)
    os.close(child.log)
    os.environ.clear()
    os.environ.update(child.request["env"])
    os.chdir(child.request["folder"])
    package = child.request["package"]
    Path("/proc/self/comm").write_text(package)
    sys.argv = [package]
    sys.path[0] = child.request["folder"]
    runpy.run_module(package, run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    main()
