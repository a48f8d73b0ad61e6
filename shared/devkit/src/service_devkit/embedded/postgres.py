"""A Postgres server in a folder: a Unix socket, and a TCP port on loopback if asked for."""

import os
import pwd
import shutil
import signal
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psutil
from sqlalchemy import URL

from service_devkit.embedded import binaries
from service_devkit.embedded.ports import LOOPBACK, check_port
from service_devkit.embedded.process import (
    POLL_SECONDS,
    ROOT_OR_PRESENT,
    STOP_SECONDS,
    Account,
    Command,
    ServerProcess,
    StartError,
    start_child,
)

SUPERUSER = "postgres"
SOCKET_PORT = 5432
MAX_SOCKET_PATH_BYTES = 103
"""The shortest limit of the systems we know: sun_path has 104 bytes on macOS, 108 on Linux."""
INITDB_SECONDS = 120
_NOT_DURABLE = ("fsync=off", "full_page_writes=off")


class PostgresProcess(ServerProcess):
    """A Postgres server with its data, log and socket in `folder`, which nobody else can enter.

    The socket needs no password, TCP does. Root cannot run Postgres: then it runs as the owner of
    the data, `nobody` at first.
    """

    stop_signal: ClassVar[signal.Signals] = signal.SIGINT
    """Fast: clients are disconnected, nothing is lost (Postgres manual, 18.5)."""

    def __init__(self, folder: Path, *, port: int | None = None, durable: bool = True) -> None:
        """Listen on TCP `port` too, if given; `durable=False` may lose data in a power cut."""
        super().__init__("postgres", folder.resolve() / "postgres.log")
        self.folder = folder.resolve()
        self.port = port
        self._durable = durable
        self._data = self.folder / "data"
        self._socket_dir: Path | None = None

    @property
    def admin_url(self) -> str:
        """The superuser's address. Never for services: no row-level security applies to it."""
        return self.url(SUPERUSER, SUPERUSER)

    def url(self, user: str, database: str) -> str:
        """Return the address of `database` for `user`, by the socket; valid once started."""
        return URL.create(
            "postgresql",
            username=user,
            database=database,
            query={"host": str(self._socket_folder()), "port": str(self.port or SOCKET_PORT)},
        ).render_as_string()

    @property
    def socket(self) -> Path:
        """The Unix socket; it is there once the server has started."""
        return self._socket_folder() / f".s.PGSQL.{self.port or SOCKET_PORT}"

    def stop_immediately(self) -> None:
        """End without a checkpoint; the next start recovers from the log (`-m immediate`)."""
        self._end(signal.SIGQUIT, STOP_SECONDS)

    def kill(self) -> None:
        """End the server and all its backends at once, as when the machine's power fails."""
        if self._child and self._child.poll() is None:
            server = psutil.Process(self._child.pid)
            server.suspend()  # so that it starts no further backend
            backends = server.children()
            super().kill()
            for backend in backends:
                with suppress(psutil.NoSuchProcess):
                    backend.kill()
            while any(map(_lives, backends)):
                time.sleep(POLL_SECONDS)

    def _command(self) -> Command:
        if self.port:
            check_port(self.port)
        account = self._account()
        for folder in (self.folder, self._socket_folder()):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            if account.user_id:
                os.chown(folder, account.user_id, account.group_id)
        if not self._data.exists():
            self._initialise(account)
        settings = (
            f"listen_addresses={LOOPBACK if self.port else ''}",
            f"port={self.port or SOCKET_PORT}",
            f"unix_socket_directories={self._socket_folder()}",
            "unix_socket_permissions=0700",
            *(() if self._durable else _NOT_DURABLE),
        )
        arguments = [binaries.postgres_program("postgres"), "-D", self._data]
        for setting in settings:
            arguments += ["-c", setting]
        return _command(arguments, account)

    def _is_ready(self) -> bool:
        """Read process id and status in the server's lock file (lines 1 and 8)."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        own_pid = str(self._child.pid) if self._child else None
        return len(lines) >= 8 and lines[0] == own_pid and lines[7].strip() == "ready"

    def _account(self) -> Account:
        if os.geteuid() != 0:
            return ROOT_OR_PRESENT
        if self._data.exists():
            owner = self._data.stat()
            return Account(owner.st_uid, owner.st_gid)
        nobody = pwd.getpwnam("nobody")
        return Account(nobody.pw_uid, nobody.pw_gid)

    def _socket_folder(self) -> Path:
        """Return the data's folder, or a short temporary one if that cannot hold a socket."""
        if self._socket_dir is None:
            socket = self.folder / f".s.PGSQL.{self.port or SOCKET_PORT}"
            # libpq splits hosts at commas, and does not read SQLAlchemy's `+` as a space.
            is_readable = not {",", " "} & set(str(socket))
            if is_readable and len(os.fsencode(socket)) <= MAX_SOCKET_PATH_BYTES:
                self._socket_dir = self.folder
            else:
                self._socket_dir = Path(tempfile.mkdtemp(prefix="dramatis-"))
                weakref.finalize(self, shutil.rmtree, self._socket_dir, ignore_errors=True)
        return self._socket_dir

    def _initialise(self, account: Account) -> None:
        """Make the data folder, whole or not at all."""
        unfinished = self._data.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        initdb = _command(
            [
                binaries.postgres_program("initdb"),
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                # The same order and case rules on every machine (Postgres manual, 23.1.4).
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
                *(() if self._durable else ("--no-sync",)),
            ],
            account,
        )
        if start_child(initdb, self.log_path).wait(INITDB_SECONDS) != 0:
            raise StartError(f"initdb failed. {self._tail()}")
        unfinished.rename(self._data)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command(arguments: list[str | Path], account: Account) -> Command:
    return Command(
        arguments=arguments,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        account=account,
        death_signal=PostgresProcess.stop_signal,
    )
