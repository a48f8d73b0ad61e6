"""What the tool of a voice agent answers: a text fit to be spoken, and where it stands."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MAX_CITATIONS = 5
MAX_SPOKEN = 3
"""Of the passages found, so many are spoken: more would be read out for a minute."""
MAX_EXCERPT_CHARS = 220
MAX_QUERY_CHARS = 2_000
STEM_CHARS = 4
"""Words are equal if they start alike: "price" and "pricing"."""
NOT_IN_DOCUMENTS = "That is not in my documents, so I do not know. I can find out for you."
UNAVAILABLE = "I cannot look into my documents right now. I can come back to you with the answer."

_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*\)")
_URL = re.compile(r"\b(?:https?://|www\.)\S+")
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}|>+|[-*+•]|\d{1,2}[.)])[ \t]+")
_RULE = re.compile(r"[|\-:=_*~ \t]*")
_MARKS = re.compile(r"[*`~#<>\\{}\[\]]|(?<!\w)_+|_+(?!\w)")
_CELLS = re.compile(r"(?<![ \t|])(?= *[|\t])[ \t|]+")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_WORD = re.compile(r"\w{3,}")


class AnswerStatus(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageText:
    """A passage of the persona's documents, and where it stands; pages count from 1."""

    text: str
    source: str
    page: int | None
    section: str | None
    file_id: str
    chunk_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCitation:
    """A place in the persona's documents; `quote` is what was taken from it."""

    source: str
    page: int | None
    section: str | None
    quote: str
    file_id: str
    chunk_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """What the agent is told; never empty."""

    status: AnswerStatus
    text: str
    citations: tuple[ToolCitation, ...] = ()

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        texts = [self.text, *(f"{c.source}{c.section}{c.quote}" for c in self.citations)]
        return sum(len(text.encode(errors="replace")) for text in texts) + 400 * len(texts)


NOT_FOUND_ANSWER = ToolAnswer(status=AnswerStatus.NOT_FOUND, text=NOT_IN_DOCUMENTS)
UNAVAILABLE_ANSWER = ToolAnswer(status=AnswerStatus.UNAVAILABLE, text=UNAVAILABLE)


def normalise_question(text: str) -> str:
    """Return what equal questions share: case, spaces, width and last marks do not count."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split()).rstrip(" ?!.…")[:MAX_QUERY_CHARS]


def compose_answer(question: str, passages: Sequence[PassageText]) -> ToolAnswer:
    """Return the answer that these passages, best first, give; without any, an honest no."""
    asked = _stems(question)
    cited = [_cite(passage, asked) for passage in passages[:MAX_CITATIONS]]
    spoken = [citation for citation in cited if citation.quote][:MAX_SPOKEN]
    if not spoken:
        return NOT_FOUND_ANSWER
    text = " ".join(f"{_place(citation)}: {_ended(citation.quote)}" for citation in spoken)
    return ToolAnswer(status=AnswerStatus.ANSWERED, text=text, citations=tuple(cited))


def speakable(text: str) -> list[str]:
    """Return the sentences of `text` without what a voice cannot say: marks, tables, addresses."""
    sentences: list[str] = []
    for line in text.splitlines():
        if _RULE.fullmatch(line):
            continue
        bare = _URL.sub("", _LINK.sub(r"\1", _LINE_MARK.sub("", line)))
        cells = _CELLS.sub(", ", bare.strip(" \t|"))
        spoken = "".join(char if char.isprintable() else " " for char in _MARKS.sub("", cells))
        sentences += [part for part in _SENTENCE.split(" ".join(spoken.split())) if part]
    return sentences


def _cite(passage: PassageText, asked: frozenset[str]) -> ToolCitation:
    return ToolCitation(
        source=passage.source,
        page=passage.page,
        section=passage.section,
        quote=_excerpt(speakable(passage.text), asked),
        file_id=passage.file_id,
        chunk_id=passage.chunk_id,
    )


def _excerpt(sentences: list[str], asked: frozenset[str]) -> str:
    """Return the sentence that shares most words with the question, and what follows it."""
    if not sentences:
        return ""
    scores = [len(asked & _stems(sentence)) for sentence in sentences]
    start = scores.index(max(scores))
    excerpt = _shortened(sentences[start])
    for following in sentences[start + 1 :]:
        longer = f"{_ended(excerpt)} {following}"
        if len(longer) > MAX_EXCERPT_CHARS:
            break
        excerpt = longer
    return excerpt


def _shortened(sentence: str) -> str:
    if len(sentence) <= MAX_EXCERPT_CHARS:
        return sentence
    cut = sentence[: MAX_EXCERPT_CHARS - 1]
    words, space, _ = cut.rpartition(" ")
    return f"{words if space else cut}…"


def _place(citation: ToolCitation) -> str:
    page = f", page {citation.page}" if citation.page is not None else ""
    return f"From {citation.source}{page}"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text.rstrip(' ,;:')}."


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM_CHARS] for word in _WORD.findall(text.casefold()))
