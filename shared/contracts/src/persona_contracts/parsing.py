"""From bytes to a model; what is wrong is told by field and rule, never by value."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar, cast

from pydantic import BaseModel, ValidationError

MAX_PROBLEMS = 5

ModelT = TypeVar("ModelT", bound=BaseModel)

# An even number of backslashes before it: after an odd one, the text only looks like an escape.
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)(?:(\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Half of an emoji, as programs write it that cut texts by UTF-16 units; whole ones are kept."""
_MAY_HOLD_SURROGATES = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
_SURROGATE_BYTES = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class EnvelopeError(ValueError):
    """A message that is no event; `reason` is a slug such as `malformed` or `bad-subject`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def readable(body: bytes) -> tuple[bytes, int]:
    """Return `body` without a byte order mark, and with U+FFFD for each lone surrogate.

    The second value counts them: half a character is lost, not the reply around it.
    """
    body = body.removeprefix(BOM_UTF8)
    if not _MAY_HOLD_SURROGATES.search(body):
        return body, 0
    count = 0

    def replaced(match: re.Match[bytes]) -> bytes:
        nonlocal count
        if match[2]:
            return match[0]
        count += 1
        return match[1] + rb"\ufffd"

    body = _LONE_SURROGATE.sub(replaced, body)
    body, in_bytes = _SURROGATE_BYTES.subn("\ufffd".encode(), body)
    return body, count + in_bytes


def parse_json(model: type[ModelT], body: bytes) -> ModelT:
    """Return `body` as `model`.

    Raises:
        EnvelopeError: `malformed` (no JSON, or nested more than 200 deep) or `invalid`.
    """
    # JSON can hold a NUL only in this form, so no value needs to be looked at.
    if b"\\u0000" in body and _NUL_ESCAPE.search(body):
        raise EnvelopeError("invalid", "body: must not contain NUL characters")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _envelope_error(model, error) from None


def parse_object(model: type[ModelT], data: object) -> ModelT:
    """Return `data`, which came out of JSON, as `model`.

    Raises:
        EnvelopeError: `invalid`.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _envelope_error(model, error) from None


def _envelope_error(model: type[BaseModel], error: ValidationError) -> EnvelopeError:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    if problems[0]["type"] == "json_invalid":
        return EnvelopeError("malformed", "body: must be JSON in UTF-8, at most 200 levels deep")
    known = _field_names(model)
    told = (
        f"{_path(problem['loc'], known)}: {_rule(problem['type'], problem['msg'])}"
        for problem in problems[:MAX_PROBLEMS]
    )
    return EnvelopeError("invalid", "; ".join(told))


def _path(location: tuple[int | str, ...], known: frozenset[str]) -> str:
    """Name the field; keys that the sender made up are values too and are left out."""
    parts = [str(part) for part in location if isinstance(part, int) or part in known]
    return ".".join(parts) or "body"


def _rule(kind: str, message: str) -> str:
    """Return the rule alone: a parser's message quotes the input after its first comma."""
    rule = message.partition(",")[0] if kind.endswith("_parsing") else message
    return rule.removeprefix("Value error, ")


@lru_cache
def _field_names(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(_property_names(model.model_json_schema()))


def _property_names(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in cast("dict[str, object]", schema).items():
            if key == "properties":
                yield from cast("dict[str, object]", value)
            yield from _property_names(value)
    elif isinstance(schema, list):
        for item in cast("list[object]", schema):
            yield from _property_names(item)
