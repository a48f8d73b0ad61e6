"""What the model is told for one answer: the persona first, then all that others said, as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from persona_model.fence import Piece
from persona_model.knowledge import KnowledgeStatus, PassageText
from persona_model.layers import render_layers
from persona_model.message import Message
from persona_model.persona_block import FACTS, joined, persona_block, section, within
from persona_model.plain_text import plain_text
from persona_model.usage import TokenUsage
from persona_model.voice import Voice

MAX_TURNS: Final = 20
MAX_HISTORY_CHARS: Final = 24_000
"""About 6,000 tokens."""
MAX_NAME_CHARS: Final = 80
MAX_QUESTION_CHARS: Final = 12_000
_SHAPE: Final = (
    "Answer the last message of a chat, in plain sentences or short Markdown. Do not greet again "
    "in a conversation that has begun, and do not sign."
)
_CITE: Final = (
    "Put the number of the passage behind each fact that you took from one, in square brackets, "
    "such as [1], and no other numbers in brackets."
)
_SWITCH: Final = (
    "Earlier answers in this conversation that are marked as another persona's are not yours: do "
    "not take over their voice."
)
_UNAVAILABLE: Final = (
    "The company's documents cannot be searched now. If the answer would need them, say so."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An earlier message; `speaker` is the name of another persona, None: the one that answers."""

    is_answer: bool
    text: str
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatBrief:
    """One message to answer; `history` oldest first, `passages` best first."""

    voice: Voice
    question: str
    history: Sequence[Turn] = ()
    passages: Sequence[PassageText] = ()
    knowledge: KnowledgeStatus = "none"


@dataclass(frozen=True, slots=True)
class Written:
    """That a model has ended, which one, and what that cost."""

    model: str
    usage: TokenUsage


def compose_messages(brief: ChatBrief) -> list[Message]:
    """Return the messages for the model.

    Raises:
        PromptFailedError: a layer of the persona makes no prompt of this message.
    """
    question = Piece("the message to answer", brief.question[:MAX_QUESTION_CHARS])
    layers = render_layers(brief.voice, brief.passages, _history(brief), question)
    task = [_SHAPE, FACTS]
    if brief.passages:
        task.append(_CITE)
    if any(turn.speaker for turn in brief.history):
        task.append(_SWITCH)
    if brief.knowledge == "unavailable":
        task.append(_UNAVAILABLE)
    persona = [*persona_block(brief.voice, answered="message"), *layers.instructions]
    return [
        ("system", joined([*persona, section("Your task", *task)])),
        ("user", joined([*layers.data, "Write the answer to the message."])),
    ]


def _history(brief: ChatBrief) -> list[Piece]:
    newest_first = [turn for turn in brief.history[::-1] if turn.text.strip()][: 2 * MAX_TURNS]
    texts = within(MAX_HISTORY_CHARS, (turn.text for turn in newest_first))
    told = zip(newest_first, texts, strict=False)
    return [Piece(_label(turn), text) for turn, text in reversed(list(told))]


def _label(turn: Turn) -> str:
    if not turn.is_answer:
        return "earlier message by the user"
    if turn.speaker is None:
        return "your earlier answer"
    name = " ".join(plain_text(turn.speaker).split())[:MAX_NAME_CHARS]
    return f"earlier answer by another persona, {name}"
