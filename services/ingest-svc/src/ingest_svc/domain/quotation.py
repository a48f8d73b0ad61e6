"""Quotations: passages that contain a query's words in their order come first.

Letters and digits alone are compared, for two copies of a text differ in case, spaces, punctuation,
ligatures, and hyphens at the ends of lines; page headers may stand in the middle of a sentence.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from unicodedata import normalize

from ingest_svc.domain.passage import Found

MIN_RUN = 12
"""Letters in a row that a query and a passage share by more than chance."""
STRIDE = 4
"""Letters between two looks for such a run."""
MIN_SHARE = 0.85
"""Of the query, or of the passage if that is shorter, that a quotation has in order."""
MIN_EDGE_RUN = 24
MIN_EDGE_SHARE = 0.4
"""Of the query that a passage has at its edge, and the passage before or after it the rest."""
EDGE = 150
"""Letters of a page's header or footer that may stand between that part and the edge."""
LIFT = 100
"""Well above every score of a search."""
_WORD = re.compile(r"[^\W_]+")


class Quotation:
    """A query, as a text that passages may quote."""

    def __init__(self, query: str) -> None:
        text = _folded(query)
        self._letters = _letters(text)
        self._words = _words(text)

    def lift(self, score: float, text: str) -> float:
        """Return the score of a passage, above that of every passage that quotes less."""
        return score + LIFT * self.share_in(text)

    def share_in(self, text: str) -> float:
        """Return how much of the query `text` quotes: 1 all of it, 0 it is no quotation."""
        text = _folded(text)
        if len(self._letters) < MIN_RUN:
            # So few letters stand together in and across other words, too.
            return float(len(self._words) > 1 and _phrase(self._words) in _phrase(_words(text)))
        letters = _letters(text)
        if self._letters in letters:
            return 1.0
        share = _in_order(self._letters, letters)
        return share if share >= MIN_SHARE else _at_edge(self._letters, letters)


def _folded(text: str) -> str:
    return normalize("NFKC", text).casefold()


def _letters(folded: str) -> str:
    return "".join(filter(str.isalnum, folded))


def _words(folded: str) -> list[str]:
    return _WORD.findall(folded)


def _phrase(words: list[str]) -> str:
    return f" {' '.join(words)} "


def _in_order(query: str, text: str) -> float:
    """Return which share of the shorter is in both, in runs, in one order."""
    length = min(len(query), len(text))
    may_miss = len(query) - MIN_SHARE * length
    covered = at = position = 0
    while at + MIN_RUN <= len(query) and at - covered <= may_miss:
        found = text.find(query[at : at + MIN_RUN], position)
        if found < 0:
            at += STRIDE
            continue
        run = _common(query, at, text, found)
        covered, at, position = covered + run, at + run, found + run
    return min(covered / length, 0.99) if length else 0.0


def _common(query: str, at: int, text: str, found: int) -> int:
    """Return for how many letters both go on alike from `at` and `found`."""
    most = min(len(query) - at, len(text) - found)
    return _longest(most, lambda length: query[at : at + length] == text[found : found + length])


def _at_edge(query: str, text: str) -> float:
    """Return the share of a query that begins at the end of `text`, or ends at its beginning."""
    begins = _longest(len(query), lambda length: query[:length] in text)
    ends = _longest(len(query), lambda length: query[-length:] in text)
    run = 0
    if begins and len(text) - text.rfind(query[:begins]) - begins <= EDGE:
        run = begins
    if ends and text.find(query[-ends:]) <= EDGE:
        run = max(run, ends)
    share = run / len(query)
    return share if run >= MIN_EDGE_RUN and share >= MIN_EDGE_SHARE else 0.0


def _longest(most: int, holds: Callable[[int], bool]) -> int:
    """Return the greatest length up to `most` for which it holds, as it does for all shorter."""
    return bisect_left(range(1, most + 1), 1, key=lambda length: not holds(length))


def quoted_first(found: Sequence[Found], query: str) -> list[Found]:
    """Return passages by their score, after those that quote the query."""
    quotation = Quotation(query)
    lifted = [
        replace(item, hit=replace(item.hit, score=quotation.lift(item.hit.score, item.text)))
        for item in found
    ]
    return sorted(lifted, key=lambda item: item.hit.score, reverse=True)
