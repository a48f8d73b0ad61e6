"""Field types that every event shares: ids, texts without NUL, UTC times."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, StringConstraints

SUBJECT_ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"


class Channel(StrEnum):
    """Where a message travels."""

    EMAIL = "email"
    SMS = "sms"
    LINKEDIN = "linkedin"


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL characters")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must contain printable characters only")
    return text


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


def is_subject_id(text: str) -> bool:
    """Say whether `text` may stand in a subject: 1 to 64 of letters, digits, `_` and `-`."""
    return re.fullmatch(SUBJECT_ID_PATTERN, text) is not None


SubjectId = Annotated[str, StringConstraints(pattern=SUBJECT_ID_PATTERN)]
"""`workspace_id` and `campaign_id`: the CRM's strings that stand in subjects."""
ExternalId = Annotated[
    str, StringConstraints(min_length=1, max_length=255), AfterValidator(_printable)
]
"""Any other id of the CRM: opaque, 1 to 255 printable characters."""
Text = Annotated[str, AfterValidator(_no_nul)]
UtcTime = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A time with an offset in JSON (RFC 3339), always UTC in Python."""
Tier = Literal["sequence", "campaign", "default", "settings", "none"]
Reason = Literal["SEQUENCE", "CAMPAIGN", "DEFAULT", "SETTINGS", "NONE"]
