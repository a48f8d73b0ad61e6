"""TXT, Markdown and CSV: decoded with care, cited by line or by heading."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from charset_normalizer import from_bytes

from ingest_svc.adapters.extraction.parts import Part, Parts
from ingest_svc.domain.failure import FailureCode, FileFailedError

SAMPLE_BYTES = 64 * 1024
MIN_PRINTABLE = 0.95
PART_CHARS = 1_000_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEADING = re.compile(
    r"^(?:#{1,6}[ \t]+(?P<title>\S.*?)[ \t]*#*|(?P<fence>```|~~~).*)$", re.MULTILINE
)
_WORD = re.compile(r"\w")
MIN_SECTION_CHARS = 400
MAX_SECTION_CHARS = 200


def read_plain(path: Path, kind: str) -> Parts:
    """Return the sections of Markdown, or the lines of anything else.

    Raises:
        FileFailedError: it is no text.
    """
    content = path.read_bytes()
    encoding = _encoding(content[:SAMPLE_BYTES], is_whole=len(content) <= SAMPLE_BYTES)
    text = content.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    parts = sections(text) if kind == "md" else _lines(text)
    return Parts(parts, None, FailureCode.EMPTY)


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
            start, title = match.start(), match["title"][:MAX_SECTION_CHARS]
    yield Part(text=text[start:], section=title)


def _lines(text: str) -> Iterator[Part]:
    start, line = 0, 1
    while start < len(text):
        end = text.rfind("\n", start, start + PART_CHARS) + 1 or start + PART_CHARS
        end = end if len(text) - start > PART_CHARS else len(text)
        part = text[start:end]
        yield Part(text=part, first_line=line)
        line += part.count("\n")
        start = end


def _encoding(sample: bytes, *, is_whole: bool) -> str:
    for bom, encoding in _BOMS:
        if sample.startswith(bom):
            return encoding
    try:
        # The last character of a sample may be cut.
        text = codecs.getincrementaldecoder("utf-8")().decode(sample, final=is_whole)
        encoding = "utf-8"
    except UnicodeDecodeError:
        found = from_bytes(sample).best()
        if found is None:
            raise FileFailedError(FailureCode.UNSUPPORTED, "It is no text.") from None
        text, encoding = str(found), found.encoding
    if not _is_text(text):
        raise FileFailedError(FailureCode.UNSUPPORTED, "It is no text.")
    return encoding


def _is_text(sample: str) -> bool:
    good = sum(letter.isprintable() or letter in "\n\r\t\f" for letter in sample)
    return good >= MIN_PRINTABLE * len(sample)
