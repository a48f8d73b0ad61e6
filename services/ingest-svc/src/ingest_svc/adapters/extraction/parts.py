"""A file as parts of text, each with the place it stands at."""

from collections.abc import Iterator
from dataclasses import dataclass

from ingest_svc.domain.failure import FailureCode

MAX_PAGES = 5_000
MAX_CHARS = 20_000_000
"""Of a file that unpacks; plain text is limited by the size of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A page, a sheet, a section, or a stretch of lines."""

    text: str
    page: int | None = None
    section: str | None = None
    first_line: int | None = None
    """For text without pages or headings: its chunks are cited by line."""


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of a file, read while they are iterated."""

    parts: Iterator[Part]
    pages: int | None
    if_blank: FailureCode
    """Why there is no text, if there is none."""
    guessed_charset: str | None = None
    """How its bytes were read, if nothing but the bytes told."""
