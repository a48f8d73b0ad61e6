"""How long a client may take to send a request, and how much of them there may be at once."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_SECONDS = 10
BODY_SECONDS = 15
"""For a body, and one second more for each BODY_BYTES_PER_SECOND that have come."""
BODY_BYTES_PER_SECOND = 100_000
LINGER_SECONDS, LINGER_IDLE_SECONDS = 10.0, 3.0
"""After an answer that did not wait for the body: in all, and without anything that comes."""
MAX_CONNECTIONS = 1_000
MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024
"""Of bodies that are held in memory, together."""
_TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP protocol; a connection whose headers do not come in time is closed (408)."""

    _headers_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] — as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait_for_headers()

    def data_received(self, data: bytes) -> None:
        """Stop the wait once the headers are whole; begin anew with the next request."""
        super().data_received(data)
        if not self._is_between_requests:
            self._stop_waiting()
        elif self._headers_timer is None:
            self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._stop_waiting()
        super().connection_lost(exc)

    @property
    def _is_between_requests(self) -> bool:
        cycle = self.cycle
        return cycle is None or cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] — None at first

    def _wait_for_headers(self) -> None:
        self._headers_timer = self.loop.call_later(HEADERS_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._headers_timer is not None:
            self._headers_timer.cancel()
            self._headers_timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TIMEOUT)
            self.transport.close()
