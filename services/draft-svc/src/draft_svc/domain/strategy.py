"""The plan of an answer, made before it is written; it shows people why a draft is as it is."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar, cast

from persona_model.plain_text import plain_text
from service_kit.errors import InvalidError

INTENTS: Final = (
    "interested",
    "question",
    "objection",
    "not_now",
    "not_interested",
    "referral",
    "out_of_office",
    "unsubscribe",
    "other",
)
ItemT = TypeVar("ItemT")

MAX_TEXT_CHARS: Final = 1_000
MAX_ITEMS: Final = 20
MAX_CANDIDATES: Final = 50
"""Opening braces that are tried: prose around the object has few."""


class StrategyInvalidError(InvalidError):
    """The model's strategy is not what was asked for."""

    slug = "strategy-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What the lead wants, and how to answer; `answer_from` are numbers of passages, from 1."""

    intent: str
    questions: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()
    answer_from: tuple[int, ...] = ()
    next_step: str
    qualification_question: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON, as STRATEGY_SCHEMA has them."""
        return {
            **asdict(self),
            "questions": list(self.questions),
            "objections": list(self.objections),
            "answer_from": list(self.answer_from),
        }


def _text_list(description: str) -> dict[str, object]:
    return {"type": "array", "description": description, "items": {"type": "string"}}


_PROPERTIES: Final[dict[str, dict[str, object]]] = {
    "intent": {"type": "string", "enum": list(INTENTS), "description": "What the lead wants"},
    "questions": _text_list("Each question that the lead asks"),
    "objections": _text_list("Each objection that the lead raises"),
    "answer_from": {
        "type": "array",
        "description": "Numbers of the passages that answer the questions",
        "items": {"type": "integer"},
    },
    "next_step": {"type": "string", "description": "The step to propose, towards the goals"},
    "qualification_question": {
        "type": ["string", "null"],
        "description": "The one qualification question to ask now, or null",
    },
}
STRATEGY_SCHEMA: Final[dict[str, object]] = {
    "type": "object",
    "properties": _PROPERTIES,
    "required": list(_PROPERTIES),
    "additionalProperties": False,
}
"""For `response_format`: strict mode needs all properties required and no others (OpenAI's guide to
structured outputs). Only `parse_strategy` checks lengths: not every server knows such rules."""


def parse_strategy(text: str) -> Strategy:
    """Return the strategy in a model's answer; fences and prose around the object are skipped.

    Raises:
        StrategyInvalidError: no object in it follows STRATEGY_SCHEMA; the text says which field
            of the first object does not.
    """
    first_problem: StrategyInvalidError | None = None
    for document in _objects(plain_text(text)):
        try:
            return _strategy(document)
        except StrategyInvalidError as error:
            first_problem = first_problem or error
    raise first_problem or StrategyInvalidError("the answer holds no JSON object")


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    decoder = json.JSONDecoder()
    end = 0
    for brace in list(re.finditer(r"\{", text))[:MAX_CANDIDATES]:
        if brace.start() < end:
            continue
        try:
            document, end = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            continue
        yield document


def _strategy(document: Mapping[str, Any]) -> Strategy:
    if set(document) != set(_PROPERTIES):
        wrong = ", ".join(sorted(set(document) ^ set(_PROPERTIES)))
        raise StrategyInvalidError(f"fields missing or unknown: {wrong[:200]}")
    if document["intent"] not in INTENTS:
        raise StrategyInvalidError("intent is not one of those allowed")
    question = document["qualification_question"]
    return Strategy(
        intent=document["intent"],
        questions=_items(document, "questions", _text),
        objections=_items(document, "objections", _text),
        answer_from=_items(document, "answer_from", _passage_number),
        next_step=_text("next_step", document["next_step"]),
        qualification_question=None if question is None else _text("question", question) or None,
    )


def _items(
    document: Mapping[str, Any], field: str, read: Callable[[str, object], ItemT]
) -> tuple[ItemT, ...]:
    items = document[field]
    if not isinstance(items, list) or len(cast("list[object]", items)) > MAX_ITEMS:
        raise StrategyInvalidError(f"{field} is not a list of up to {MAX_ITEMS}")
    return tuple(dict.fromkeys(read(field, item) for item in cast("list[object]", items)))


def _text(field: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARS:
        raise StrategyInvalidError(f"{field} is not a text of up to {MAX_TEXT_CHARS} characters")
    return plain_text(value).strip()


def _passage_number(field: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise StrategyInvalidError(f"{field} holds something else than passage numbers")
    return value
