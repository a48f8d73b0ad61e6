"""Which passages an answer names; its words stay as they were streamed."""

from collections.abc import Sequence

from persona_model.citations import split_citations
from persona_model.knowledge import PassageText

from chat_svc.domain.message import CitedPassage


def cited_passages(text: str, passages: Sequence[PassageText]) -> tuple[CitedPassage, ...]:
    """Return the passages that `text` names as `[number]`, in their order."""
    numbers = split_citations(text, len(passages), keep_marks=True).numbers
    return tuple(_cited(number, passages[number - 1]) for number in numbers)


def _cited(number: int, passage: PassageText) -> CitedPassage:
    return CitedPassage(
        number=number,
        text=passage.text,
        source=passage.source,
        page=passage.page_start,
        section=passage.section,
        file_id=passage.file_id,
        chunk_id=passage.chunk_id,
    )
