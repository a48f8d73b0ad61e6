"""Bodies that were sent compressed (RFC 9110 §8.4), unpacked piece by piece, up to a limit."""

import zlib
from collections.abc import Mapping
from typing import Final, Protocol

from starlette.types import Message, Receive

from service_kit.errors import MalformedError, ServiceError, TooLargeError

CODINGS: Final = ("gzip", "deflate")
PIECE_BYTES: Final = 64 * 1024
"""Never more is unpacked at once, whatever a piece of the body says of itself."""
MAX_MEMBERS: Final = 10_000
"""A gzip body may be put together from several; each costs, however little it holds."""
_ZLIB, _GZIP, _RAW = zlib.MAX_WBITS, zlib.MAX_WBITS | 16, -zlib.MAX_WBITS


class UnknownCodingError(ServiceError):
    """The body has a coding that is not known."""

    status = 415
    slug = "content-coding-unknown"


def content_coding(header: str) -> str | None:
    """Return the coding that a `Content-Encoding` names, None if it names none.

    Raises:
        UnknownCodingError: it is neither gzip nor deflate, or there are several.
    """
    named = [coding.strip().lower().removeprefix("x-") for coding in header.split(",")]
    match [coding for coding in named if coding not in {"", "identity"}]:
        case []:
            return None
        case [coding] if coding in CODINGS:
            return coding
        case _:
            raise UnknownCodingError(f"Send the body as it is, or with {' or '.join(CODINGS)}.")


def accepted(error: ServiceError) -> Mapping[str, str]:
    """Return the headers of a problem: what an unknown coding is answered with (§15.5.16)."""
    is_unknown = isinstance(error, UnknownCodingError)
    return {"Accept-Encoding": ", ".join(CODINGS)} if is_unknown else {}


def unpacked(receive: Receive, coding: str, max_bytes: int) -> Receive:
    """Return a `receive` that gives the body unpacked.

    It raises MalformedError where the body is damaged or cut short, and TooLargeError beyond
    `max_bytes`.
    """
    body = _Body(coding, max_bytes)

    async def unpack() -> Message:
        while True:
            if piece := body.unpack():
                return {"type": "http.request", "body": piece, "more_body": True}
            if body.has_ended:
                body.close()
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await receive()
            if message["type"] != "http.request":
                return message
            body.feed(message.get("body", b""), is_last=not message.get("more_body", False))

    return unpack


class _Stream(Protocol):
    """What `zlib.decompressobj` returns."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Body:
    """A body on its way: packed bytes go in, unpacked pieces come out."""

    def __init__(self, coding: str, max_bytes: int) -> None:
        self._coding = coding
        self._max_bytes = max_bytes
        self._left_bytes = max_bytes
        self._packed = b""
        self._stream: _Stream | None = None
        self._members = 0
        self._holds_more = False
        self.has_ended = False

    def feed(self, packed: bytes, *, is_last: bool) -> None:
        self._packed += packed
        self.has_ended = is_last

    def unpack(self) -> bytes:
        """Return the next piece; nothing: more must be fed first, or all is unpacked."""
        while self._holds_more or self._can_go_on():
            stream = self._stream = self._stream or zlib.decompressobj(self._window())
            try:
                piece = stream.decompress(self._packed, PIECE_BYTES)
            except zlib.error:
                raise MalformedError(f"The body is not {self._coding}.") from None
            self._packed = stream.unconsumed_tail or stream.unused_data
            self._holds_more = len(piece) == PIECE_BYTES and not stream.eof
            if stream.eof:
                self._end_stream()
            if piece:
                return self._counted(piece)
        return b""

    def _can_go_on(self) -> bool:
        """Return whether something is left to unpack; a new stream shows its kind in two bytes."""
        has_kind = self.has_ended or self._stream is not None or len(self._packed) > 1
        return bool(self._packed) and has_kind

    def close(self) -> None:
        """Refuse a body whose end is missing."""
        if self._stream is not None:
            raise MalformedError(f"The body ends in the middle of its {self._coding} data.")

    def _end_stream(self) -> None:
        """A gzip body may have several members (RFC 1952 §2.2); deflate has one stream."""
        self._stream = None
        self._members += 1
        most = 1 if self._coding == "deflate" else MAX_MEMBERS
        if self._packed and self._members >= most:
            raise MalformedError(f"The body goes on after its {self._coding} data.")

    def _window(self) -> int:
        """`deflate` means zlib's format; many clients send the data without its header."""
        if self._coding == "gzip":
            return _GZIP
        has_header = self._packed[0] & 0x0F == 8 and int.from_bytes(self._packed[:2]) % 31 == 0
        return _ZLIB if has_header else _RAW

    def _counted(self, piece: bytes) -> bytes:
        self._left_bytes -= len(piece)
        if self._left_bytes < 0:
            raise TooLargeError(f"The body may have at most {self._max_bytes} bytes, unpacked.")
        return piece
