"""One of our services as a process: forked where that can be, for it starts much sooner."""

import atexit
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from service_devkit.embedded.fork_server import ForkServer, is_possible
from service_devkit.embedded.ports import LOOPBACK, answers_200, check_port, free_port
from service_devkit.embedded.process import Child, Command, ServerProcess, open_log, starter

_servers: list[ForkServer] = []
"""At most one, which the first service starts."""


class ServiceProcess(ServerProcess):
    """`python -m <package>` on its own port; it serves when its `/readyz` answers 200."""

    def __init__(
        self, package: str, *, env: Mapping[str, str], log_path: Path, port: int | None = None
    ) -> None:
        """Add `env` to this process's environment; choose a free port if none is given."""
        super().__init__(package, log_path.resolve())
        self.port = port or free_port()
        self._env = env

    @property
    def url(self) -> str:
        """The address of its HTTP API."""
        return f"http://{LOOPBACK}:{self.port}"

    def _command(self) -> Command:
        check_port(self.port)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        return Command(
            arguments=[sys.executable, "-m", self.name],
            env={**os.environ, **self._env, "DRAMATIS_HTTP_PORT": str(self.port)},
        )

    @staticmethod
    def prepare() -> None:
        """Begin what the first service would wait for: it takes a second or two."""
        starter.submit(_start_fork_server)

    def _start(self, command: Command) -> Child:
        return starter.submit(self._fork, command.env).result() or super()._start(command)

    def _fork(self, env: Mapping[str, str]) -> Child | None:
        _start_fork_server()
        if not _servers:
            return None
        with suppress(OSError), open_log(self.log_path) as log:
            if _servers[0].serves(env):
                return _servers[0].start(self.name, env, log.fileno())
        return None

    def _is_ready(self) -> bool:
        return answers_200(self.port, "/readyz")


def _start_fork_server() -> None:
    if is_possible() and not _servers:
        server = ForkServer()
        atexit.register(server.close)
        _servers.append(server)
