"""Bodies in JSON: values are counted before they are read, and large ones read in a thread."""

import asyncio
import json
import re
from typing import Any

from fastapi import Request
from persona_contracts.parsing import readable

from service_kit.errors import FieldError, InvalidError
from service_kit.metrics import replaced_characters_total

THREAD_BYTES = 64 * 1024
"""A larger body is read in a thread: others go on meanwhile."""
MAX_VALUES = 20_000
"""Fields and items of a body: no request needs more, and each takes a hundred bytes of memory."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A string without an end goes to the end of the body, so that each byte is looked at once."""


class TooManyValuesError(InvalidError):
    """The body has more fields and items than are read."""

    slug = "too-many-values"


class JsonRequest(Request):
    """A request whose body may be JSON."""

    async def json(self) -> Any:  # noqa: ANN401 - as Starlette has it
        """Return the body, read; half a character in it is U+FFFD, and counted."""
        body = await self.body()
        return await asyncio.to_thread(_read, body) if _is_large(body) else _read(body)

    def forget(self) -> None:
        """Let the body go: what refers to the request may live until garbage is collected."""
        self._body, self._json = b"", None

    async def require_few_values(self) -> None:
        """Return if the body has at most MAX_VALUES.

        Raises:
            TooManyValuesError: it has more.
        """
        body = await self.body()
        if not _is_large(body):
            return
        values = await asyncio.to_thread(count_values, body)
        if values > MAX_VALUES:
            message = f"has about {values:,} fields and items, and may have {MAX_VALUES:,}"
            raise TooManyValuesError(f"body: {message}", errors=[FieldError("body", message)])


def _read(body: bytes) -> Any:  # noqa: ANN401 - JSON
    text, replaced = readable(body)
    if replaced:
        replaced_characters_total.labels("http").inc(replaced)
    return json.loads(text)


def count_values(body: bytes) -> int:
    """Return how many fields and items a body in JSON has, more or less."""
    found = _separators(body)
    return found if found <= MAX_VALUES else _separators(_STRING.sub(b"", body))


def _separators(body: bytes) -> int:
    return sum(map(body.count, (b",", b"[", b"{"))) + 1


def _is_large(body: bytes) -> bool:
    return len(body) > THREAD_BYTES
