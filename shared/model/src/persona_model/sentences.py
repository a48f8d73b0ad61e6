"""The sentences of a text, and which of them ask something."""

import re
from typing import Final

MAX_SENTENCE_CHARS: Final = 300
QUESTION_MARKS: Final = "?\N{FULLWIDTH QUESTION MARK}\N{ARABIC QUESTION MARK}"

_SENTENCE = re.compile(r"(?<=[.!?\u061f])\s+|(?<=[\u3002\uff01\uff1f])|\n+")
_LIST_MARK = re.compile(r"^[ \t]*(?:\d{1,2}[.)]|[-*•])[ \t]+", re.MULTILINE)


def sentences(text: str) -> list[str]:
    """Return the sentences of `text`, without the marks of lists."""
    parts = (part.strip() for part in _SENTENCE.split(_LIST_MARK.sub("", text)))
    return [part[:MAX_SENTENCE_CHARS] for part in parts if part]


def questions(text: str) -> list[str]:
    """Return the sentences of `text` that end with a question mark."""
    return [each for each in sentences(text) if each.endswith(tuple(QUESTION_MARKS))]
