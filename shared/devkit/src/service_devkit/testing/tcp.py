"""A TCP server on loopback that ends at once, whatever its clients do."""

import asyncio
import socket
import struct
from abc import ABC, abstractmethod
from typing import Self

from service_devkit.embedded.ports import LOOPBACK, free_port

_LINGER_ZERO = struct.pack("ii", 1, 0)


class LoopbackServer(ABC):
    """Listens on `port`, by default one that is free, while the block of `async with` runs."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._errors: list[BaseException] = []

    @abstractmethod
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, until cancelled; it is closed afterwards."""

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, and close all connections.

        Raises:
            BaseExceptionGroup: what serving failed with, such as an error in a test's own answer.
        """
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets the transports close their sockets
        if self._errors:
            raise BaseExceptionGroup(f"{type(self).__name__} failed", self._errors)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._handle(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error:
            self._errors.append(error)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            reset(writer)
        finally:
            writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection so that the peer gets RST, not an orderly end (`SO_LINGER`, tcp(7))."""
    if not writer.is_closing():
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    writer.transport.abort()
