"""A Postgres connection that notices when nobody answers (half-open, stalled): F6."""

import asyncio
import os
import socket
from typing import Any

from psycopg import AsyncConnection

ANSWER_SECONDS = 30
"""No statement of ours takes so long: whoever waits longer waits for a server that has gone."""


class PostgresConnection(AsyncConnection[Any]):
    """Hangs up after ANSWER_SECONDS without an answer; the caller gets `OperationalError`."""

    async def wait(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 — as psycopg has it
        """Wait for the server."""
        silence = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._hang_up)
        try:
            return await super().wait(*args, **options)
        finally:
            silence.cancel()

    def _hang_up(self) -> None:
        with socket.socket(fileno=os.dup(self.fileno())) as link:
            link.shutdown(socket.SHUT_RDWR)
