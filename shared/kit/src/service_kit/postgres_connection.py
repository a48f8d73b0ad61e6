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

    async def wait(
        self,
        gen: Any,  # noqa: ANN401 — as psycopg has it
        interval: float = ANSWER_SECONDS,
        timeout: float | None = None,  # noqa: ASYNC109 — as psycopg has it
    ) -> Any:  # noqa: ANN401 — as psycopg has it
        """Wait for the server, without psycopg's look at the socket every 0.1 s."""
        silence = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._hang_up)
        try:
            return await super().wait(gen, interval, timeout)
        finally:
            silence.cancel()

    def _hang_up(self) -> None:
        with socket.socket(fileno=os.dup(self.fileno())) as link:
            link.shutdown(socket.SHUT_RDWR)
