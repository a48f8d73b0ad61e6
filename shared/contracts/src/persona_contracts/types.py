"""Field types that every event shares: ids, texts, free-form objects, UTC times."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, cast

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

SUBJECT_ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"

_SUBJECT_ID = re.compile(SUBJECT_ID_PATTERN)
# Rust, ECMAScript and Python read it alike: it also stands in the JSON Schemas.
_NO_CONTROL_CHARACTERS = r"^[^\u0000-\u001F\u007F-\u009F\u2028\u2029]*$"
_PRINTABLE = re.compile(r"[^\u0000-\u001F\u007F-\u009F\u2028\u2029\uD800-\uDFFF]*")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Channel(StrEnum):
    """Where a message travels."""

    EMAIL = "email"
    SMS = "sms"
    LINKEDIN = "linkedin"


class ReplyKind(StrEnum):
    """Who answers: a person, a program in a person's place, or a mail server."""

    REPLY = "reply"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"


def is_subject_id(text: str) -> bool:
    """Return whether `text` may stand in a subject: 1 to 64 of letters, digits, `_` and `-`."""
    return _SUBJECT_ID.fullmatch(text) is not None


def is_printable(text: str) -> bool:
    """Return whether `text` has no control character and can be written in UTF-8."""
    return _PRINTABLE.fullmatch(text) is not None


def format_time(time: datetime) -> str:
    """Return an aware `time` as RFC 3339 in UTC, such as `2026-03-01T10:00:00Z`."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL characters")
    return text


def _only_json(free: dict[str, Any]) -> dict[str, Any]:
    """Refuse what pydantic lets through and no JSON column takes: NUL, NaN and infinity."""
    waiting: list[object] = [free]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            members = cast("dict[str, object]", value)
            waiting.extend(members)
            waiting.extend(members.values())
        elif isinstance(value, list):
            waiting.extend(cast("list[object]", value))
        elif isinstance(value, str):
            _no_nul(value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise ValueError("must not contain NaN or infinity")
    return free


def _rfc_3339(time: object) -> object:
    """Refuse the other notations that pydantic knows: seconds since 1970, also as text."""
    if isinstance(time, datetime) or (isinstance(time, str) and _RFC_3339.fullmatch(time)):
        return time
    raise ValueError("must be a time as in RFC 3339, with its offset")


def _utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie in the years 1 to 9999, in UTC") from None


def _absent_if_null(empty: Callable[[], object]) -> Callable[[object], object]:
    return lambda value: empty() if value is None else value


def null_is_absent(empty: Callable[[], object], schema: object) -> BeforeValidator:
    """Return a validator that takes null for an object or list that was left out.

    `schema` is the type as it is written to the JSON Schema: the field's, or null.
    """
    return BeforeValidator(_absent_if_null(empty), json_schema_input_type=schema)


SubjectId = Annotated[str, StringConstraints(pattern=SUBJECT_ID_PATTERN)]
"""`workspace_id` and `campaign_id`: the CRM's strings that stand in subjects."""
ExternalId = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=_NO_CONTROL_CHARACTERS)
]
"""Any other id of the CRM: opaque, 1 to 255 characters, no control character among them."""
Text = Annotated[
    str, AfterValidator(_no_nul), Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})
]
"""Free text without NUL, which no store and no vendor takes."""
JsonObject = Annotated[dict[str, Any], AfterValidator(_only_json)]
"""Whatever the sender likes, as long as it is JSON."""
UtcTime = Annotated[AwareDatetime, BeforeValidator(_rfc_3339), AfterValidator(_utc)]
"""A time with an offset in JSON (RFC 3339), always UTC in Python."""
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A number of things, or money in its smallest unit; every JSON reader can hold it exactly."""

Tier = Literal["session", "sequence", "campaign", "default", "settings", "none"]
Reason = Literal["SESSION", "SEQUENCE", "CAMPAIGN", "DEFAULT", "SETTINGS", "NONE"]

# Enums may grow (events.md §1): in what we publish, a reader must not stumble over a new value.
AnyChannel = Annotated[Channel | str, Field(union_mode="left_to_right")]
"""A Channel, or the name of one that this version does not know."""
ANY_CHANNEL: Final = "any"
"""In assignments: every channel that is not listed."""
AnyTier = Tier | str
AnyReason = Reason | str
