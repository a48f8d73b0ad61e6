"""Parts of text as chunks: pieces of 600 to 1,000 characters that keep their place."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from semantic_text_splitter import TextSplitter

from ingest_svc.adapters.extraction.parts import Part

CHUNK_CHARS = (600, 1_000)
OVERLAP_CHARS = 100
BLOCK_CHARS = 64 * 1024
"""What is split at once: splitting takes more than linear time."""
SAMPLE_CHARS = 4_000


def write_chunks(parts: Iterable[Part], path: Path) -> tuple[int, str]:
    """Write chunks as JSON lines; return how many, and a sample of the text."""
    count, sample = 0, ""
    with path.open("w", encoding="utf-8") as file:
        for part in parts:
            for chunk in split(part):
                line = {"number": count, **chunk}
                count += 1
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                if len(sample) < SAMPLE_CHARS:
                    sample += f"{chunk['text']}\n"
    return count, sample[:SAMPLE_CHARS]


def split(part: Part) -> Iterator[dict[str, object]]:
    """Yield the chunks of a part; none if it is blank. NUL is left out: no database takes it."""
    text = part.text.replace("\0", "")
    splitter = TextSplitter(CHUNK_CHARS, overlap=OVERLAP_CHARS)
    line, counted_to = part.first_line, 0
    for start, block in _blocks(text):
        for offset, chunk in splitter.chunk_indices(block):
            section = part.section
            if line is not None:
                at = start + offset
                # Overlapping chunks go back a little.
                line += text.count("\n", counted_to, at) - text.count("\n", at, counted_to)
                counted_to = at
                section = _lines(line, line + chunk.count("\n"))
            yield {
                "text": chunk,
                "page_start": part.page,
                "page_end": part.page,
                "section": section,
            }


def _lines(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"lines {first}-{last}"


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield stretches of text of at most BLOCK_CHARS, cut at newlines where there are any."""
    start = 0
    while start < len(text):
        end = min(start + BLOCK_CHARS, len(text))
        if end < len(text):
            newline = text.rfind("\n", start, end)
            end = newline + 1 if newline > start else end
        yield start, text[start:end]
        start = end
