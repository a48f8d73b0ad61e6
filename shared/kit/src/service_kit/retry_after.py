"""How long a server asks to be left alone (RFC 9110 §10.2.3)."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from service_kit.clock import utc_now

MAX_SECONDS = 300.0
"""Work is tried for about five minutes: a longer wait would only lose it."""


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the wait that an answer's headers ask for, at most MAX_SECONDS; None without one.

    `retry-after-ms` is OpenAI's finer form.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return min(milliseconds / 1000, MAX_SECONDS)
    asked = headers.get("retry-after")
    seconds = _number(asked)
    if seconds is None:
        seconds = _until(asked)
    return None if seconds is None else min(seconds, MAX_SECONDS)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _until(date: str | None) -> float | None:
    try:
        return max(0.0, (parsedate_to_datetime(date or "") - utc_now()).total_seconds())
    except (ValueError, TypeError):
        return None
