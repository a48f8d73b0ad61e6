"""TXT, Markdown and CSV: decoded with care, cited by line or by heading."""

import re
from collections.abc import Iterator
from pathlib import Path

from service_kit.charsets import declared_in_markup, decode

from ingest_svc.adapters.extraction.parts import Part, Parts
from ingest_svc.domain.failure import FailureCode, FileFailedError

SAMPLE_CHARS = 64 * 1024
MIN_PRINTABLE = 0.95
PART_CHARS = 1_000_000
_XML = re.compile(rb"\s*<\?xml\b")
_HEADING = re.compile(r"^(?:#{1,6}[ \t]+(?P<title>\S.*)|(?P<fence>```|~~~).*)$", re.MULTILINE)
_BLANK_ROW = re.compile(r"^[,;|\t \"]+$", re.MULTILINE)
"""A row of empty cells; its line still counts."""
_WORD = re.compile(r"\w")
MIN_SECTION_CHARS = 400
MAX_SECTION_CHARS = 200


def read_plain(path: Path, kind: str) -> Parts:
    """Return the sections of Markdown, or the lines of anything else.

    Raises:
        FileFailedError: it is no text.
    """
    content = path.read_bytes()
    read = decode(content, declared_in_markup(content) if _XML.match(content) else None)
    if not _is_text(read.text[:SAMPLE_CHARS]):
        raise FileFailedError(FailureCode.UNSUPPORTED, "It is no text.")
    text = read.text.replace("\r\n", "\n").replace("\r", "\n")
    if kind == "csv":
        text = _BLANK_ROW.sub("", text)
    parts = sections(text) if kind == "md" else text_parts(text)
    charset = read.charset if read.is_guessed else None
    return Parts(parts, None, FailureCode.EMPTY, guessed_charset=charset)


def sections(text: str) -> Iterator[Part]:
    """Yield the text under each Markdown heading, with the heading; `#` in code is none.

    A short section is one with what follows it.
    """
    start, title, fence = 0, None, None
    for match in _HEADING.finditer(text):
        if match["fence"]:
            fence = None if fence == match["fence"] else fence or match["fence"]
        elif fence is None and _WORD.search(match["title"]):
            if text[start : match.start()].strip():
                if match.start() - start < MIN_SECTION_CHARS:
                    continue
                yield Part(text=text[start : match.start()], section=title)
            shown = match["title"].rstrip("#").rstrip(" \t")
            start, title = match.start(), shown[:MAX_SECTION_CHARS]
    yield Part(text=text[start:], section=title)


def text_parts(text: str) -> Iterator[Part]:
    """Yield stretches of at most a million characters, cited by line."""
    start, line = 0, 1
    while start < len(text):
        end = text.rfind("\n", start, start + PART_CHARS) + 1 or start + PART_CHARS
        end = end if len(text) - start > PART_CHARS else len(text)
        part = text[start:end]
        yield Part(text=part, first_line=line)
        line += part.count("\n")
        start = end


def _is_text(sample: str) -> bool:
    good = sum(letter.isprintable() or letter in "\n\r\t\f" for letter in sample)
    good -= sample.count("\ufffd")
    return good >= MIN_PRINTABLE * len(sample)
