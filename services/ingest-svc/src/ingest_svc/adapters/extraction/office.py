"""DOCX, PPTX, HTML and EML, with xberg: only bytes, never an address."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.header import Header
from email.message import Message
from html import unescape
from pathlib import Path
from typing import Any

import xberg
from service_kit.charsets import Decoded, declared_in_markup, decode

from ingest_svc.adapters.extraction.kinds import MAX_UNPACKED_BYTES
from ingest_svc.adapters.extraction.parts import MAX_CHARS, MAX_PAGES, Part, Parts
from ingest_svc.adapters.extraction.plain import sections
from ingest_svc.adapters.extraction.visible import visible_copy
from ingest_svc.domain.failure import FailureCode, FileFailedError

MAX_COMPRESSION_RATIO = 1_000
_TITLE = re.compile(r"<title\b[^>]{0,200}>([^<]{1,500})</title", re.IGNORECASE)
_NOISE = re.compile(r"\[\^\d{1,4}\]")
"""What the library writes for a footnote."""
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_MEDIA_TYPES = {
    "docx": _OPEN_XML + "wordprocessingml.document",
    "pptx": _OPEN_XML + "presentationml.presentation",
    "html": "text/html",
    "eml": "message/rfc822",
}


def read_office(path: Path, kind: str) -> Parts:
    """Return pages (stored page breaks), slides with their notes, or sections.

    Raises:
        FileFailedError: corrupted, or too large.
    """
    content, charset = _content(path, kind)
    document = _extracted(content, kind)
    pages = document.pages or []
    if len(document.content) + sum(len(page.content) for page in pages) > 2 * MAX_CHARS:
        raise FileFailedError(FailureCode.TOO_LARGE, "It has more than 20 million characters.")
    if len(pages) > MAX_PAGES:
        raise FileFailedError(FailureCode.TOO_MANY_PAGES)
    if not pages:
        text = _titled(document.content, content) if kind == "html" else document.content
        parts = sections(_NOISE.sub("", text))
        return Parts(parts, None, FailureCode.NO_TEXT, guessed_charset=charset)
    count = max(page.page_number for page in pages)
    return Parts(_pages(pages), count, FailureCode.NO_TEXT)


def _content(path: Path, kind: str) -> tuple[bytes, str | None]:
    """Return the bytes for the library, text as UTF-8, and the charset if it was guessed."""
    match kind:
        case "docx" | "pptx":
            return visible_copy(path, kind), None
        case "html":
            data = path.read_bytes()
            read = decode(data, declared_in_markup(data))
            return read.text.encode(), read.charset if read.is_guessed else None
        case _:
            return _mail_in_utf_8(path.read_bytes())


def _mail_in_utf_8(content: bytes) -> tuple[bytes, str | None]:
    """Return a mail whose texts are UTF-8, and the charset of the first that was guessed.

    One that is nested too deeply stays as it is.
    """
    try:
        mail = message_from_bytes(content)
        texts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
        read = [each for each in map(_read_in_utf_8, texts) if each]
        guessed = next((each.charset for each in read if each.is_guessed), None)
        return mail.as_bytes() if read else content, guessed
    except (RecursionError, LookupError, ValueError):
        return content, None


def _read_in_utf_8(part: Message) -> Decoded | None:
    """Write a part's text as UTF-8, and return how it was read; None: it is UTF-8 already."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return None
    declared = str(part.get_param("charset", "") or "")
    if not declared and part.get_content_subtype() == "html":
        declared = declared_in_markup(data) or ""
    read = decode(data, declared)
    if read.text.encode(errors="replace") == data:
        return None
    if isinstance(part["content-type"], Header):  # bytes that no header may have
        part.replace_header("content-type", part.get_content_type())
    del part["content-transfer-encoding"]
    part.set_payload(read.text, "utf-8")
    return read


def _titled(text: str, html: bytes) -> str:
    """Return the text of a web page below its title, unless it begins with that."""
    found = _TITLE.search(html.decode(errors="replace"))
    title = " ".join(unescape(found[1]).split()) if found else ""
    return text if title in text[: 2 * len(title) + 10] else f"{title}\n\n{text}"


def _extracted(content: bytes, kind: str) -> xberg.ExtractedDocument:
    config = xberg.ExtractionConfig(
        use_cache=False,
        disable_ocr=True,
        output_format="markdown" if kind == "html" else "plain",
        html_options=xberg.ConversionOptions(extract_metadata=False),
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


def _pages(pages: Sequence[Any]) -> Iterator[Part]:
    for page in pages:
        text = _NOISE.sub("", page.content)
        if page.speaker_notes and page.speaker_notes not in text:
            text = f"{text}\n\n{page.speaker_notes}"
        yield Part(text=text, page=page.page_number, section=page.section_name)
