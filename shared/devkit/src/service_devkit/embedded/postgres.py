"""A Postgres server in a folder: a Unix socket, and a TCP port on loopback if asked for."""

import os
import pwd
import shutil
import signal
import tempfile
import time
import weakref
from pathlib import Path
from typing import ClassVar

import psutil
from sqlalchemy import URL

from service_devkit.embedded.ports import LOOPBACK, check_port
from service_devkit.embedded.postgres_user import PostgresUser
from service_devkit.embedded.process import (
    POLL_SECONDS,
    STOP_SECONDS,
    Command,
    NotRunningError,
    ServerProcess,
    StartError,
    start_child,
    write_private,
)

SUPERUSER = "postgres"
SOCKET_PORT = 5432
MAX_SOCKET_PATH_BYTES = 103
SHORT_FOLDER = "/tmp"  # nosec B108 # noqa: S108 — mkdtemp makes a folder of its user alone
"""Not TMPDIR, whose path may be long too."""
"""The shortest limit of the systems we know: sun_path has 104 bytes on macOS, 108 on Linux."""
INITDB_SECONDS = 120
_ACCESS = """\
local all all {method}
host all all 127.0.0.1/32 scram-sha-256
"""
_OWNER = """\
owner "{user}" all
"""
"""The kernel says who connects (Postgres manual, 20.9); `all` is every role."""
_NOT_DURABLE = ("fsync=off", "full_page_writes=off")


class PostgresProcess(ServerProcess):
    """A Postgres server with its data, log and socket in `folder`, which nobody else can enter.

    The socket lets in who runs this process, and nobody else, as any role; TCP asks for a password.
    Root cannot run Postgres: see PostgresUser.
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
        self._user = PostgresUser.of(self.folder)

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
            self._signal(signal.SIGSTOP, self._child.pid)  # so that it starts no further backend
            backends = psutil.Process(self._child.pid).children()
            super().kill()
            self._signal(signal.SIGKILL, *(backend.pid for backend in backends))
            while any(map(_lives, backends)):
                time.sleep(POLL_SECONDS)

    def delete_data(self) -> None:
        """Lose all data, as a lost disk would.

        Raises:
            NotRunningError: the server runs; stop or kill it first.
        """
        if self.is_running:
            raise NotRunningError("Stop postgres before its data is deleted.")
        if self.folder.exists():
            self._user.remove("data")

    def _command(self) -> Command:
        if self.port:
            check_port(self.port)
        self._user.open_folder()
        programs = self._user.programs()
        if not self._data.exists():
            self._initialise(programs)
        self._write_access()
        socket_folder = self._user.own_path if self._user.is_other else self._socket_folder()
        settings = (
            f"listen_addresses={LOOPBACK if self.port else ''}",
            f"port={self.port or SOCKET_PORT}",
            f"hba_file={self._user.own_path / 'access.conf'}",
            f"ident_file={self._user.own_path / 'owner.conf'}",
            f"unix_socket_directories={socket_folder}",
            f"unix_socket_permissions={'0770' if self._user.is_other else '0700'}",
            *(() if self._durable else _NOT_DURABLE),
        )
        arguments = [programs / "postgres", "-D", self._user.own_path / "data"]
        for setting in settings:
            arguments += ["-c", setting]
        return self._user.command(arguments)

    def _write_access(self) -> None:
        """Say who may connect; data of older versions trusts everybody on the socket."""
        mode = 0o640 if self._user.is_other else 0o600
        try:
            user, method = pwd.getpwuid(os.geteuid()).pw_name, "peer map=owner"
        except KeyError:  # a user without a name has no folder that others enter
            user, method = "nobody", "trust"
        access = _ACCESS.format(method=method)
        for name, text in (("access.conf", access), ("owner.conf", _OWNER.format(user=user))):
            write_private(self.folder / name, text, mode)

    def _is_ready(self) -> bool:
        """Read process id and status in the server's lock file (lines 1 and 8)."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        own_pid = str(self._child.pid) if self._child else None
        return len(lines) >= 8 and lines[0] == own_pid and lines[7].strip() == "ready"

    def _signal(self, number: signal.Signals, *process_ids: int) -> None:
        if self._user.is_other:
            self._user.signal(number, *process_ids)
        else:
            super()._signal(number, *process_ids)

    def _socket_folder(self) -> Path:
        """Return the folder, or a short temporary link to it if its path cannot hold a socket."""
        if self._socket_dir is None:
            socket = self.folder / f".s.PGSQL.{self.port or SOCKET_PORT}"
            # libpq splits hosts at commas, and does not read SQLAlchemy's `+` as a space.
            is_readable = not {",", " "} & set(str(socket))
            if is_readable and len(os.fsencode(socket)) <= MAX_SOCKET_PATH_BYTES:
                self._socket_dir = self.folder
            else:
                temporary = tempfile.mkdtemp(prefix="dramatis-", dir=SHORT_FOLDER)
                weakref.finalize(self, shutil.rmtree, temporary, ignore_errors=True)
                self._socket_dir = Path(temporary, "postgres")
                self._socket_dir.symlink_to(self.folder)
        return self._socket_dir

    def _initialise(self, programs: Path) -> None:
        """Make the data folder, whole or not at all."""
        unfinished = "data.new"
        self._user.remove(unfinished)
        initdb = self._user.command(
            [
                programs / "initdb",
                f"--pgdata={self._user.own_path / unfinished}",
                f"--username={SUPERUSER}",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                # The same order and case rules on every machine (Postgres manual, 23.1.4).
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
                *(("--allow-group-access",) if self._user.is_other else ()),
                *(() if self._durable else ("--no-sync",)),
            ],
        )
        if start_child(initdb, self.log_path).wait(INITDB_SECONDS) != 0:
            raise StartError(f"initdb failed. {self._tail()}")
        (self.folder / unfinished).rename(self._data)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
