"""The words of the project: CONTRIBUTING.md has the terms, here is what is not written any more."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("shared", "services", "cli", "tests", "bench", "docs")
NAMES = frozenset(
    [
        "mend",
        "mended",
        "said",
        "wanted",
        "tries",
        "put_off",
        "see_through",
        "hand_back",
        "take_in",
        "bury",
        "let_go",
        "tidy_later",
        "heed_leads",
        "steer_instances",
        "speaker_of",
        "exchange_persona",
        "tend_content",
        "settle_answers",
        "InHand",
        "Asked",
        "Requested",
        "Situation",
        "NOBODY",
        "ANYBODY",
    ]
)
PHRASES = re.compile(
    r"\b(say\s+whether|for\s+ever|(on|in)\s+the\s+way\s+through|twice\s+is\s+once|chance\s+does\s+not"
    r"|of\s+(its|their)\s+own|the\s+mend|mend(s|ed|ing)?\s+(it|them|the))\b",
    re.IGNORECASE,
)


def files(pattern: str) -> Iterator[Path]:
    yield from ROOT.glob(pattern.replace("**/", ""))
    for folder in SOURCES:
        for path in (ROOT / folder).glob(pattern):
            if not {".venv", "node_modules", "golden", "cases", "vendor"} & set(
                path.parts
            ) and path != Path(__file__):
                yield path


def names(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


def test_names_are_the_fields_words():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in files("**/*.py")
        for line, name in names(path)
        if name in NAMES
    ]
    assert found == []


@pytest.mark.parametrize("pattern", ["**/*.py", "**/*.md"])
def test_sentences_are_short_and_plain(pattern: str):
    found = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for path in files(pattern)
        for text in [path.read_text()]
        for match in PHRASES.finditer(text)
    ]
    assert found == []
