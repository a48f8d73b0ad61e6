"""A TCP link between a client and a server of this machine that breaks in the ways networks do."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from service_devkit.embedded.ports import LOOPBACK
from service_devkit.testing.tcp import LoopbackServer, reset

CHUNK_BYTES = 65_536
CHUNKS_HELD = 64
"""Per direction; then the sender waits, as it would for a full TCP window."""


@dataclass(eq=False)
class _Connection:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    is_silent: bool = False


class FaultLink(LoopbackServer):
    """Passes bytes between its own `port` and `target`, a port or a socket's path."""

    def __init__(self, target: int | Path) -> None:
        super().__init__()
        self._target = target
        self._delay_seconds = 0.0
        self._is_cut = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[_Connection] = set()

    def restore(self) -> None:
        """Let bytes and connections pass again, first the bytes that were held back."""
        self._delay_seconds, self._is_cut = 0.0, False
        self._flows.set()

    def stall(self) -> None:
        """Hold all bytes back, without closing anything, until `restore`."""
        self._flows.clear()

    def delay(self, seconds: float) -> None:
        """Pass bytes of either direction `seconds` after they come."""
        self._delay_seconds = seconds

    def cut(self) -> None:
        """Reset all connections, and each new one until `restore`."""
        self._is_cut = True
        for connection in self._open:
            _reset(connection)

    def say(self, data: bytes) -> None:
        """Have all clients read `data` as if the server had sent it."""
        for connection in self._open:
            connection.client.write(data)

    def half_open(self) -> None:
        """Lose all that the present connections send from now on, without closing them.

        So it looks when the peer's machine has gone. New connections work.
        """
        for connection in self._open:
            connection.is_silent = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            reset(writer)
            return
        server_reader, server_writer = await self._connect()
        connection = _Connection(writer, server_writer)
        self._open.add(connection)
        try:
            async with asyncio.TaskGroup() as group:
                for source, sink in ((reader, server_writer), (server_reader, writer)):
                    held = asyncio.Queue[tuple[float, bytes]](CHUNKS_HELD)
                    group.create_task(self._receive(source, held))
                    group.create_task(self._send(held, sink, connection))
        except* OSError:
            _reset(connection)
        finally:
            self._open.discard(connection)
            server_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection(LOOPBACK, self._target)

    async def _receive(
        self, source: asyncio.StreamReader, held: asyncio.Queue[tuple[float, bytes]]
    ) -> None:
        now = asyncio.get_running_loop().time
        while chunk := await source.read(CHUNK_BYTES):
            await held.put((now() + self._delay_seconds, chunk))
        await held.put((now() + self._delay_seconds, b""))

    async def _send(
        self,
        held: asyncio.Queue[tuple[float, bytes]],
        sink: asyncio.StreamWriter,
        connection: _Connection,
    ) -> None:
        """Pass on what is due; no bytes mean that the sender has ended."""
        now = asyncio.get_running_loop().time
        chunk = b" "
        while chunk or connection.is_silent:
            due_at, chunk = await held.get()
            await asyncio.sleep(due_at - now())
            await self._flows.wait()
            if connection.is_silent:
                continue
            sink.write(chunk)
            await sink.drain()
        sink.write_eof()


def _reset(connection: _Connection) -> None:
    reset(connection.client)
    reset(connection.server)
