"""Puts other people's text between marker lines that it cannot contain and so cannot end."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from persona_model.plain_text import plain_text

MARK_CHARS = 32
"""128 bits: a text that holds its own digest cannot be found by trying."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text that is data; `label` is ours and stands in the marker line."""

    label: str
    text: str


def fence(pieces: Sequence[Piece]) -> list[str]:
    """Return each piece between its BEGIN and END lines.

    All these lines carry one mark, made from all the texts and present in none: a piece can neither
    end itself nor pass for another. The same pieces give the same result.
    """
    cleaned = [Piece(piece.label, plain_text(piece.text)) for piece in pieces]
    mark = _mark(cleaned)
    return [f"BEGIN DATA {mark} {piece.label}\n{piece.text}\nEND DATA {mark}" for piece in cleaned]


def _mark(pieces: Sequence[Piece]) -> str:
    mark = sha256("\0".join(piece.text for piece in pieces).encode()).hexdigest()[:MARK_CHARS]
    while any(mark in piece.text for piece in pieces):
        mark = sha256(mark.encode()).hexdigest()[:MARK_CHARS]
    return mark
