"""JSON values that nobody can change afterwards: what a persona carries for its owners."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, cast

from service_kit.errors import FieldError, InvalidError

from persona_svc.domain.checks import quotable, unstorable_character

MAX_METADATA_BYTES: Final = 16 * 1024
MAX_METADATA_DEPTH: Final = 8
MAX_JSON_NUMBER: Final = 2**53 - 1
"""Beyond it readers of JSON round whole numbers (RFC 8259, section 6)."""


class InvalidMetadataError(InvalidError):
    """The metadata breaks a rule."""

    slug = "metadata-invalid"

    def __init__(self, message: str) -> None:
        super().__init__(f"metadata: {message}", errors=[FieldError("metadata", message)])


def frozen_metadata(value: object) -> Mapping[str, Any]:
    """Return an unchangeable copy of a JSON object.

    Raises:
        InvalidMetadataError: it is none, holds what JSON cannot, is nested deeper than 8 levels or
            takes more than 16 KiB; the text names the place and what to do.
    """
    if not isinstance(value, Mapping):
        raise InvalidMetadataError("must be an object with named values")
    frozen = cast("Mapping[str, Any]", _frozen(cast("object", value), "", 1))
    size = len(metadata_json(frozen).encode())
    if size > MAX_METADATA_BYTES:
        raise InvalidMetadataError(
            f"takes {size:,} bytes of JSON: shorten it to {MAX_METADATA_BYTES:,}"
        )
    return frozen


def plain_metadata(frozen: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy made of dicts and lists, ready for JSON."""
    return {key: _plain(item) for key, item in frozen.items()}


def metadata_json(frozen: Mapping[str, Any]) -> str:
    """Return the shortest JSON text with sorted keys: equal for equal values, 1 and true differ."""
    plain = plain_metadata(frozen)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _frozen(value: object, path: str, depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _storable(value, path)
    if isinstance(value, int | float):
        return _exact(value, path)
    return _frozen_container(value, path, depth)


def _frozen_container(value: object, path: str, depth: int) -> object:
    if depth > MAX_METADATA_DEPTH:
        message = f"is nested deeper than {MAX_METADATA_DEPTH} levels at {path}: flatten it"
        raise InvalidMetadataError(message)
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return MappingProxyType(
            {_key(key, path): _frozen(item, _inside(path, key), depth + 1) for key, item in items}
        )
    if isinstance(value, list | tuple):
        items = enumerate(cast("Sequence[object]", value))
        return tuple(_frozen(item, _inside(path, place), depth + 1) for place, item in items)
    raise InvalidMetadataError(
        f"holds something at {path} that JSON has no form for: write it as text"
    )


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise InvalidMetadataError(
            f"has a key at {path or 'the top'} that is not text: put it in quotes"
        )
    return _storable(key, _inside(path, key))


def _storable(text: str, path: str) -> str:
    if unstorable := unstorable_character(text):
        raise InvalidMetadataError(f"{unstorable} (at {path})")
    return text


def _exact(number: float, path: str) -> float:
    if abs(number) <= MAX_JSON_NUMBER:
        return number
    raise InvalidMetadataError(f"has a number beyond 2^53 at {path}: write it as text")


def _inside(path: str, key: object) -> str:
    inner = quotable(key) if isinstance(key, str) else str(key)
    return f"{path}.{inner}" if path else inner


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return plain_metadata(cast("Mapping[str, Any]", value))
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    return value
