"""The layers `rag` and `user` of a persona, rendered for one message with its data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from persona_prompts import (
    Passage,
    RenderingFailedError,
    Template,
    TemplateRefusedError,
    Values,
    template,
)
from service_kit.errors import InvalidError

from persona_model.fence import Piece, fence
from persona_model.knowledge import PassageText
from persona_model.persona_block import within
from persona_model.plain_text import plain_text
from persona_model.voice import Voice

MAX_PASSAGES_CHARS: Final = 24_000
"""Together with a persona of 32,000 characters about 20,000 tokens."""
MAX_PLACE_CHARS: Final = 120
"""Of the name of a file or of a section, outside the markers."""
_DATA_NAMES: Final = {"passages", "query"}
"""What a layer that names it places itself."""


class PromptFailedError(InvalidError):
    """A layer of the persona's prompts cannot be rendered for this message."""

    slug = "prompt-failed"


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers, rendered: with the instructions, or where they place data."""

    instructions: list[str]
    data: list[str]


def render_layers(
    voice: Voice, passages: Sequence[PassageText], others: Sequence[Piece], query: Piece
) -> Layers:
    """Render both layers, and add the data that neither of them places: all of it fenced.

    `query` is what is answered; `others` are told between the passages and it.

    Raises:
        PromptFailedError: a layer makes no prompt of this message.
    """
    pieces = _pieces(passages)
    *fenced, asked = fence([*pieces, *others, query])
    shown, beside = fenced[: len(pieces)], fenced[len(pieces) :]
    numbered = enumerate(zip(passages, shown, strict=False), start=1)
    values = Values(
        query=asked,
        passages=[_shown(number, *pair) for number, pair in numbered],
        persona_name=voice.sender_name,
        language=voice.language,
    )
    rag, user = (_template(source) for source in (voice.rag_prompt, voice.user_prompt))
    places = (rag.used | user.used) & _DATA_NAMES
    instructions, data = list[str](), list[str]()
    for layer, unplaced in (
        (rag, [*([] if "passages" in places else shown), *beside]),
        (user, [] if "query" in places else [asked]),
    ):
        rendered = _rendered(layer, values)
        (data if layer.used & _DATA_NAMES else instructions).extend(rendered)
        data.extend(unplaced)
    return Layers(instructions, data)


def _template(source: str) -> Template:
    try:
        return template(source)
    except TemplateRefusedError as error:
        raise PromptFailedError(f"a prompt of the persona is no template: {error}") from error


def _rendered(layer: Template, values: Values) -> list[str]:
    try:
        text = layer.render(values)
    except RenderingFailedError as error:
        raise PromptFailedError(f"a prompt of the persona does not render: {error}") from error
    return [text] if text else []


def _shown(number: int, passage: PassageText, fenced: str) -> Passage:
    return Passage(
        number=number,
        source=_one_line(passage.source) or "",
        page=passage.page_start,
        section=_one_line(passage.section),
        text=fenced,
    )


def _one_line(text: str | None) -> str | None:
    """Return a name from a file as it may stand outside the markers: short, and on one line."""
    return " ".join(plain_text(text).split())[:MAX_PLACE_CHARS] if text else None


def _pieces(passages: Sequence[PassageText]) -> list[Piece]:
    texts = within(MAX_PASSAGES_CHARS, (passage.text for passage in passages))
    return [
        Piece(f"passage {number}", f"{_place(passages[number - 1])}\n{text}")
        for number, text in enumerate(texts, start=1)
    ]


def _place(passage: PassageText) -> str:
    pages = (
        f", pages {passage.page_start}-{passage.page_end or passage.page_start}"
        if passage.page_start
        else ""
    )
    section = f", section {passage.section}" if passage.section else ""
    return f"From {passage.source}{pages}{section}:"
