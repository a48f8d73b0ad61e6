"""A server as a child process: start, wait until it serves, stop, kill.

No child outlives the process that started it, even one that is killed: on Linux the kernel signals
the child (PR_SET_PDEATHSIG). Elsewhere a left-over is met by the next start, as a taken port or
data folder.
"""

import os
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired
from typing import BinaryIO, ClassVar, Protocol, Self

from service_kit.errors import ServiceError

from service_devkit.embedded import launch

START_SECONDS = 120.0
"""Only against hanging: a machine under load takes its time."""
STOP_SECONDS = 15.0
POLL_SECONDS = 0.005
LOG_TAIL_CHARS = 2_000

starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")
"""Starts all children, because PR_SET_PDEATHSIG fires when the *thread* that started a child ends:
this one lives as long as the process."""
_ends_with_us, _held_open = os.pipe()
"""Nothing is ever written: it ends with this process."""


class StartError(ServiceError):
    """A server process did not start."""

    slug = "start-failed"


class NotRunningError(ServiceError):
    """The server process is not running."""

    slug = "not-running"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system."""

    user_id: int
    group_id: int


ROOT_OR_PRESENT = Account(0, 0)
"""Keeps whoever runs this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run, and as whom; `env` is the whole environment."""

    arguments: Sequence[str | Path]
    env: Mapping[str, str]
    account: Account = ROOT_OR_PRESENT
    folder: Path | None = None
    """Held open for it as `launch.FOLDER` (Linux): it may lack the right to pass those above."""
    death_signal: signal.Signals = signal.SIGTERM
    """What it gets when this process ends."""


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file that has `mode` from its first byte on, whatever the umask."""
    path.unlink(missing_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(number, "w") as file:
        os.fchmod(number, mode)
        file.write(text)


def start_child(command: Command, log_path: Path) -> Popen[bytes]:
    """Start a child that appends what it prints to `log_path`; terminal signals don't reach it."""
    account = command.account
    numbers = (os.getpid(), int(command.death_signal), account.user_id, account.group_id)
    launcher = [sys.executable, "-I", "-S", launch.__file__, *map(str, numbers)]

    def start() -> Popen[bytes]:
        with open_log(log_path) as log:
            return Popen(  # noqa: S603 — our own command, without a shell
                [*launcher, str(command.folder or ""), *map(str, command.arguments)],
                stdin=DEVNULL if account == ROOT_OR_PRESENT else _ends_with_us,
                stdout=log,
                stderr=STDOUT,
                env=dict(command.env),
                start_new_session=True,
            )

    return starter.submit(start).result()


def open_log(path: Path) -> BinaryIO:
    """Open a file that only its owner may read, to append to it."""
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


class Child(Protocol):
    """A started process, as `subprocess.Popen` shows it."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not in `timeout` seconds.
        """
        ...


class ServerProcess(ABC):
    """A server that can be started and stopped again and again; its address stays the same."""

    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, name: str, log_path: Path) -> None:
        self.name = name
        self.log_path = log_path
        self._child: Child | None = None

    @abstractmethod
    def _command(self) -> Command:
        """Prepare what the server needs, and say how it is run."""

    def _start(self, command: Command) -> Child:
        return start_child(command, self.log_path)

    @abstractmethod
    def _is_ready(self) -> bool:
        """Return whether the server, which was running a moment ago, serves."""

    @property
    def is_running(self) -> bool:
        """Whether the process exists."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """The process id.

        Raises:
            NotRunningError: there is none.
        """
        if self._child is None or self._child.poll() is not None:
            raise NotRunningError(f"{self.name} is not running.")
        return self._child.pid

    def start(self, timeout_seconds: float = START_SECONDS) -> None:
        """Start the server, unless it runs, and return when it serves.

        Raises:
            StartError: it ended, or does not serve in time.
        """
        self.spawn()
        self.wait_ready(timeout_seconds)

    def spawn(self) -> None:
        """Start the process, unless it runs, without waiting until it serves."""
        if not self.is_running:
            self._child = self._start(self._command())

    def wait_ready(self, timeout_seconds: float = START_SECONDS) -> None:
        """Return when the server serves.

        Raises:
            StartError: it ended, or does not serve in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while self.is_running:
            if self._is_ready():
                return
            if time.monotonic() > deadline:
                self.kill()
                raise StartError(
                    f"{self.name} was not ready in {timeout_seconds} s. {self._tail()}"
                )
            time.sleep(POLL_SECONDS)
        code = self._child.returncode if self._child else None
        raise StartError(f"{self.name} ended with exit code {code}. {self._tail()}")

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> None:
        """Ask the server to end, and kill it when it has not in time."""
        self._end(self.stop_signal, timeout_seconds)

    def kill(self) -> None:
        """End the process at once (SIGKILL)."""
        self._end(signal.SIGKILL, STOP_SECONDS)

    def restart(self) -> None:
        """Stop, start, and return when it serves."""
        self.stop()
        self.start()

    def log(self) -> str:
        """Return what the server has printed since the log file was made."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def __enter__(self) -> Self:
        """Start, and return when it serves."""
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _end(self, number: signal.Signals, timeout_seconds: float) -> None:
        if self._child is None:
            return
        if self._child.poll() is None:
            self._signal(number, self._child.pid)
        try:
            self._child.wait(timeout_seconds)
        except TimeoutExpired:
            self._signal(signal.SIGKILL, self._child.pid)
            self._child.wait()

    def _signal(self, number: signal.Signals, *process_ids: int) -> None:
        """Signal processes that may just have ended."""
        for process_id in process_ids:
            with suppress(ProcessLookupError):
                os.kill(process_id, number)

    def _tail(self) -> str:
        return f"{self.log_path} ends with:\n{self.log()[-LOG_TAIL_CHARS:]}"
