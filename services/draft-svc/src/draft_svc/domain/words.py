"""Texts compared word by word: spacing, case, Markdown and quote marks make no difference."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"\S+")
_MARKS = "*_>,.!:;"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, and where it stands; `bare` is how it compares."""

    start: int
    end: int
    bare: str


def words_of(text: str) -> list[Word]:
    """Return the words; marks alone are no word."""
    found = (
        Word(word.start(), word.end(), word[0].strip(_MARKS).casefold())
        for word in _WORD.finditer(text)
    )
    return [word for word in found if word.bare]


def spans_of(words: Sequence[Word], phrase: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each place where `words` contain `phrase`, without overlaps."""
    if not phrase:
        return
    sought = [word.bare for word in phrase]
    at = 0
    while at + len(sought) <= len(words):
        if all(words[at + n].bare == bare for n, bare in enumerate(sought)):
            yield words[at].start, words[at + len(sought) - 1].end
            at += len(sought)
        else:
            at += 1
