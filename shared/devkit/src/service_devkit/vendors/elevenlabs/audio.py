"""Valid MP3 without a sound, that says in its tag what was asked for, and when it was sent."""

import json
import math
import struct
import time
from collections.abc import Iterator, Mapping
from typing import Any

FRAME_SECONDS = 1152 / 44_100
FRAME_BYTES = 417
"""MPEG 1, layer III, mono, 128 kbit/s, 44.1 kHz, without padding (ISO 11172-3)."""
_HEADER = bytes([0xFF, 0xFB, 0x90, 0xC0])
_SIDE_INFO = bytes(17)
"""No bit of main data belongs to the frame: what follows is ancillary, and silence is played."""
_STAMP_AT = len(_HEADER) + len(_SIDE_INFO)
_MARK = b"sent"
CHARS_PER_SECOND = 15
FRAMES_PER_CHUNK = 8


def chunk_count(text: str) -> int:
    """Return in how many chunks `text` is spoken."""
    frames = math.ceil(len(text) / CHARS_PER_SECOND / FRAME_SECONDS)
    return max(1, math.ceil(frames / FRAMES_PER_CHUNK))


def chunk() -> bytes:
    """Return the next chunk, stamped with the time of this machine's monotonic clock."""
    stamp = _MARK + struct.pack(">Q", time.monotonic_ns())
    return _frame(stamp) + _frame() * (FRAMES_PER_CHUNK - 1)


def tag(asked: Mapping[str, Any]) -> bytes:
    """Return an ID3v2.4 tag that holds `asked`."""
    text = b"\x03request\0" + json.dumps(asked).encode()
    frame = b"TXXX" + _synchsafe(len(text)) + b"\0\0" + text
    return b"ID3\x04\0\0" + _synchsafe(len(frame)) + frame


def read_tag(audio: bytes) -> dict[str, Any]:
    """Return what `tag` put in.

    Raises:
        ValueError: there is no tag.
    """
    if not audio.startswith(b"ID3"):
        raise ValueError("no tag at the start")
    text = audio[20 : 10 + _size(audio[6:10])]
    return json.loads(text.partition(b"\0")[2])


def frames(audio: bytes) -> Iterator[bytes]:
    """Yield each frame after the tag.

    Raises:
        ValueError: something in it is no whole frame.
    """
    start = 10 + _size(audio[6:10]) if audio.startswith(b"ID3") else 0
    for at in range(start, len(audio), FRAME_BYTES):
        frame = audio[at : at + FRAME_BYTES]
        if len(frame) < FRAME_BYTES or not frame.startswith(_HEADER):
            raise ValueError(f"no whole frame at byte {at}")
        yield frame


def sent_at_ns(part: bytes) -> int | None:
    """Return when the first chunk in `part` was sent; None if none begins there."""
    at = part.find(_HEADER + _SIDE_INFO + _MARK)
    if at < 0 or len(part) < at + _STAMP_AT + 12:
        return None
    return int.from_bytes(part[at + _STAMP_AT + 4 : at + _STAMP_AT + 12])


def _frame(ancillary: bytes = b"") -> bytes:
    return (_HEADER + _SIDE_INFO + ancillary).ljust(FRAME_BYTES, b"\0")


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _size(number: bytes) -> int:
    return sum(byte << shift for byte, shift in zip(number, (21, 14, 7, 0), strict=True))
