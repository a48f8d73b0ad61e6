"""The texts of a PNG image (PNG 3rd edition, §11.3.3.2), without a look at its picture."""

from collections.abc import Iterator
from typing import Final
from zlib import crc32

from persona_svc.domain.front_matter import PersonaFileError

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS: Final = 20_000
_OUTSIDE_BYTES: Final = 12
"""Of each chunk: length, type, checksum."""


def png_texts(image: bytes, keywords: set[str]) -> dict[str, bytes]:
    """Return the first text of each of these keywords, from `tEXt` chunks alone.

    Compressed texts (`zTXt`, `iTXt`) are passed over: what they unpack to has no limit.

    Raises:
        PersonaFileError: it is no PNG, is cut short, or such a text is damaged.
    """
    found: dict[str, bytes] = {}
    for kind, data, checksum in _chunks(image):
        keyword, is_text, text = data.partition(b"\0") if kind == b"tEXt" else (b"", b"", b"")
        name = keyword.decode("latin-1")
        if not is_text or name not in keywords or name in found:
            continue
        if crc32(kind + data) != checksum:
            raise PersonaFileError(f"the PNG's text {name} is damaged")
        found[name] = text
    return found


def _chunks(image: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    if not image.startswith(SIGNATURE):
        raise PersonaFileError("the file is no PNG")
    at = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        length = int.from_bytes(image[at : at + 4])
        end = at + _OUTSIDE_BYTES + length
        if at + _OUTSIDE_BYTES > len(image) or end > len(image):
            raise PersonaFileError("the PNG is cut short")
        kind = image[at + 4 : at + 8]
        if kind == b"IEND":
            return
        # Data that nobody asks for is not copied.
        data = image[at + 8 : end - 4] if kind == b"tEXt" else b""
        yield kind, data, int.from_bytes(image[end - 4 : end])
        at = end
    raise PersonaFileError(f"the PNG has more than {MAX_CHUNKS:,} parts")
