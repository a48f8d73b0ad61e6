"""A file as parts of text, each with the place it stands at."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


def read_parts(path: Path, kind: str) -> Parts:
    """Return the parts of a file of this kind; parsers are only loaded when they are needed.

    Raises:
        FileFailedError: it cannot be read (also while the parts are iterated).
    """
    if kind == "pdf":
        from ingest_svc.adapters.extraction.pdf import read_pdf  # noqa: PLC0415

        return read_pdf(path)
    if kind in {"docx", "pptx", "xlsx", "html", "eml"}:
        from ingest_svc.adapters.extraction.office import read_office  # noqa: PLC0415

        return read_office(path, kind)
    from ingest_svc.adapters.extraction.plain import read_plain  # noqa: PLC0415

    return read_plain(path, kind)
