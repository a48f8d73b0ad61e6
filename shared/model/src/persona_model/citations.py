"""Which passages an answer used: the model says so on its last line, or by marks in the text."""

import re
from dataclasses import dataclass

CITATION_LINE = "Passages used:"

_MARKS = re.compile(r" ?\[(?:passages? )?(?P<numbers>\d{1,3}(?:\s*,\s*\d{1,3})*)\]", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,3}")


@dataclass(frozen=True, slots=True)
class Cited:
    """A text and the passages it relies on."""

    text: str
    """With marks, if they stay: `[1]` is the first of `numbers`."""
    numbers: tuple[int, ...]
    """Of the passages, ascending from 1."""
    dropped: int = 0
    """How many numbers named no passage that was given."""


def split_citations(text: str, passage_count: int, *, keep_marks: bool = False) -> Cited:
    """Return the text with or without its marks, and what it cites.

    Numbers of passages that were not given are dropped. Without passages, `[2]` is plain text.
    """
    named: set[int] = set()
    above, _, last_line = text.rstrip().rpartition("\n")
    if last_line.strip(" *_").lower().startswith(CITATION_LINE.lower()):
        named.update(map(int, _NUMBER.findall(last_line)))
        text = above
    if passage_count:
        for mark in _MARKS.finditer(text):
            named.update(map(int, _NUMBER.findall(mark["numbers"])))
    given = tuple(sorted(number for number in named if 1 <= number <= passage_count))
    places = {number: place for place, number in enumerate(given, start=1)}

    def renumbered(mark: re.Match[str]) -> str:
        numbers = [places.get(int(number)) for number in _NUMBER.findall(mark["numbers"])]
        kept = ", ".join(str(number) for number in numbers if number is not None)
        return f" [{kept}]" if keep_marks and kept else ""

    if passage_count:
        text = _MARKS.sub(renumbered, text)
    return Cited(text.rstrip(), given, len(named) - len(given))
