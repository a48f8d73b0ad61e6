"""What the deterministic stand-ins for a model are made of.

They understand little: they pick sentences whose words match a question, and cost nothing.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from persona_model.knowledge import PassageText
from persona_model.message import Message
from persona_model.sentences import sentences
from persona_model.usage import TokenUsage

NAME: Final = "offline"
CHARS_PER_TOKEN: Final = 4
"""OpenAI's rule of thumb for English text."""
STEM_CHARS: Final = 4
"""Words are equal if they start alike: "price" and "pricing"."""

_WORD = re.compile(r"\w{3,}")
_COMMON = frozenset(
    _WORD.findall(
        "about and any are but can could does for from get have how into just let like much need "
        "our out please should tell that the their them there they this use want was what when "
        "where which who why will with would you your"
    )
)


@dataclass(frozen=True, slots=True)
class PickedSentence:
    """A sentence of a passage, which is numbered from 1."""

    sentence: str
    passage_number: int


def best_sentence(question: str, passages: Sequence[PassageText]) -> PickedSentence | None:
    """Return the sentence that shares most words with `question`; the first of equals."""
    asked = stems(question)
    best, best_score = None, min(2, len(asked)) - 1
    for number, passage in enumerate(passages, start=1):
        for sentence in sentences(passage.text):
            score = len(asked & stems(sentence))
            if score > max(best_score, 0):
                best, best_score = PickedSentence(sentence, number), score
    return best


def stems(text: str) -> frozenset[str]:
    """Return how the words of `text` begin, but for the commonest."""
    words = (word.lower() for word in _WORD.findall(text))
    return frozenset(word[:STEM_CHARS] for word in words if word not in _COMMON)


def estimated_usage(messages: Sequence[Message], answer: str) -> TokenUsage:
    """Return what a model would have read and written, at no cost."""
    asked = sum(len(content) for _, content in messages)
    return TokenUsage(
        input_tokens=math.ceil(asked / CHARS_PER_TOKEN),
        output_tokens=math.ceil(len(answer) / CHARS_PER_TOKEN),
        cost_microusd=0,
    )
