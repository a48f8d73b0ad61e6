"""One of our services as a process."""

import http.client
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from service_devkit.embedded.ports import LOOPBACK, check_port, free_port
from service_devkit.embedded.process import Command, ServerProcess

PROBE_SECONDS = 2


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

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=PROBE_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
