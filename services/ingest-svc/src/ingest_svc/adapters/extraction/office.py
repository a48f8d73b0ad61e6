"""DOCX, PPTX, XLSX, HTML and EML, with xberg: only bytes, never an address."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import xberg

from ingest_svc.adapters.extraction.kinds import MAX_UNPACKED_BYTES
from ingest_svc.adapters.extraction.parts import MAX_CHARS, MAX_PAGES, Part, Parts
from ingest_svc.adapters.extraction.plain import sections
from ingest_svc.domain.failure import FailureCode, FileFailedError

MAX_COMPRESSION_RATIO = 1_000
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
"""What the library puts before a web page: its meta tags."""
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_MEDIA_TYPES = {
    "docx": _OPEN_XML + "wordprocessingml.document",
    "pptx": _OPEN_XML + "presentationml.presentation",
    "xlsx": _OPEN_XML + "spreadsheetml.sheet",
    "html": "text/html",
    "eml": "message/rfc822",
}


def read_office(path: Path, kind: str) -> Parts:
    """Return pages (stored page breaks), slides with their notes, sheets, or sections.

    Raises:
        FileFailedError: corrupted, or too large.
    """
    document = _extracted(path.read_bytes(), kind)
    pages = document.pages or []
    if len(document.content) + sum(len(page.content) for page in pages) > 2 * MAX_CHARS:
        raise FileFailedError(FailureCode.TOO_LARGE, "It has more than 20 million characters.")
    if len(pages) > MAX_PAGES:
        raise FileFailedError(FailureCode.TOO_MANY_PAGES)
    if not pages:
        text = _FRONT_MATTER.sub("", document.content)
        return Parts(sections(text), None, FailureCode.NO_TEXT)
    count = None if kind == "xlsx" else max(page.page_number for page in pages)
    return Parts(_pages(pages, kind), count, FailureCode.NO_TEXT)


def _extracted(content: bytes, kind: str) -> xberg.ExtractedDocument:
    config = xberg.ExtractionConfig(
        use_cache=False,
        disable_ocr=True,
        output_format="markdown" if kind == "html" else "plain",
        pages=xberg.PageConfig(extract_pages=True, insert_page_markers=False),
        security_limits=xberg.SecurityLimits(
            max_compression_ratio=MAX_COMPRESSION_RATIO, max_archive_size=MAX_UNPACKED_BYTES
        ),
    )
    source = xberg.ExtractInput(
        kind=xberg.ExtractInputKind.BYTES, bytes=content, mime_type=_MEDIA_TYPES[kind]
    )
    try:
        found = asyncio.run(_extract(source, config))
    except Exception as error:  # the library raises RuntimeError for whatever is wrong
        raise _failure(str(error)) from error
    if not found.results:
        raise _failure(" ".join(str(item.message) for item in found.errors))
    return found.results[0]


async def _extract(
    source: xberg.ExtractInput, config: xberg.ExtractionConfig
) -> xberg.ExtractionResult:
    return await xberg.extract(source, config)


def _failure(message: str) -> FileFailedError:
    words = message.lower()
    if "ratio" in words or "too large" in words or "limit" in words or "bomb" in words:
        return FileFailedError(FailureCode.TOO_LARGE)
    if "encrypt" in words or "password" in words:
        return FileFailedError(FailureCode.ENCRYPTED)
    return FileFailedError(FailureCode.CORRUPTED)


def _pages(pages: Sequence[Any], kind: str) -> Iterator[Part]:
    for page in pages:
        text = page.content
        if page.speaker_notes and page.speaker_notes not in text:
            text = f"{text}\n\n{page.speaker_notes}"
        if kind == "xlsx":
            yield Part(text=text, section=page.sheet_name)
        else:
            yield Part(text=text, page=page.page_number, section=page.section_name)
