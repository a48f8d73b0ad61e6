"""A NATS server with JetStream, on loopback only."""

import json
import os
import shutil
import socket
from pathlib import Path
from secrets import token_urlsafe
from uuid import uuid4

from service_devkit.embedded import binaries
from service_devkit.embedded.ports import LOOPBACK, check_port, free_port
from service_devkit.embedded.process import Command, NotRunningError, ServerProcess, write_private

USER = "dramatis"
PASSWORD_FILE = "password"  # noqa: S105 — its name
MAX_PAYLOAD_BYTES = 1_048_576
"""The server's own default (docs.nats.io, `max_payload`); events are far smaller."""


class NatsProcess(ServerProcess):
    """A NATS server that keeps its streams, configuration and log in `folder`."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        asks_for_password: bool = False,
        included: str = "",
    ) -> None:
        """Choose a free port if none is given; it stays the same over restarts.

        Every user of the machine reaches the port; `asks_for_password` lets only those in who can
        read the folder. `included` is what its configuration has besides, such as users and TLS.
        """
        super().__init__("nats-server", folder.resolve() / "nats.log")
        self.folder = folder.resolve()
        self.store_dir = self.folder / "store"
        self.port = port or free_port()
        self._asks_for_password = asks_for_password
        self._included = included
        self._server_name = f"dramatis-{uuid4()}"

    @property
    def url(self) -> str:
        """The address for clients, with the password once there is one."""
        password = self._password()
        return f"nats://{f'{USER}:{password}@' if password else ''}{LOOPBACK}:{self.port}"

    @property
    def address(self) -> str:
        """The address without a password."""
        return f"nats://{LOOPBACK}:{self.port}"

    def delete_store(self) -> None:
        """Lose all streams and consumers, as a lost disk would.

        Raises:
            NotRunningError: the server runs; stop or kill it first.
        """
        if self.is_running:
            raise NotRunningError("Stop nats-server before its store is deleted.")
        shutil.rmtree(self.store_dir, ignore_errors=True)

    def _command(self) -> Command:
        check_port(self.port)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if self._asks_for_password and self._password() is None:
            write_private(self.folder / PASSWORD_FILE, token_urlsafe(24))
        password = self._password()
        access = f"authorization {{ user: {USER}, password: {json.dumps(password)} }}\n"
        config = self.folder / "nats.conf"
        write_private(
            config,
            f"server_name: {self._server_name}\n"
            f"host: {LOOPBACK}\n"
            f"port: {self.port}\n"
            f"max_payload: {MAX_PAYLOAD_BYTES}\n"
            f"{access if password else ''}"
            f"{self._included}"
            # Always: what is acknowledged is on disk (docs.nats.io, `sync_interval`).
            f"jetstream {{ store_dir: {json.dumps(str(self.store_dir))}, sync_interval: always }}",
        )
        return Command(arguments=[binaries.nats_server(), "-c", config], env=os.environ)

    def _password(self) -> str | None:
        file = self.folder / PASSWORD_FILE
        return file.read_text() if self._asks_for_password and file.exists() else None

    def _is_ready(self) -> bool:
        """Compare the name in the greeting: another server may have taken the port."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                greeting = connection.recv(4096)
        except OSError:
            return False
        return self._server_name.encode() in greeting
