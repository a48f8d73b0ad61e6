"""What a file becomes: chunks of its text, each with the place it stands at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some text of a file that is found and cited as one piece."""

    number: int
    """From 0, in the order of the file."""
    text: str
    page_start: int | None = None
    page_end: int | None = None
    """Pages count from 1 and are inclusive; None where the kind of file has none."""
    section: str | None = None
    """The heading, sheet, or lines (`lines 10-42`) where there are no pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """What extraction found out about a file."""

    kind: str
    """`pdf docx pptx xlsx html md txt csv eml`, by content."""
    pages: int | None
    chunk_count: int
    language: str
    """The language for word stemming, as `qdrant_edge.Bm25Config` names it, such as `english`."""
