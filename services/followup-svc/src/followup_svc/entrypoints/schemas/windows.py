"""What the API takes and gives: hours of the week."""

import re
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from service_kit.requests import StrictRequest

from followup_svc.domain.window import SendWindow, Weekday, WindowClosedError

_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
_HOUR_MINUTE = re.compile(r"(\d\d):(\d\d)")
Clock = Annotated[str, Field(pattern=_CLOCK, examples=["09:00"])]


class WindowDocument(StrictRequest):
    """Hours of the week, by the clock on the wall of the lead's time zone, else the workspace's."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True, validate_by_name=True)

    days: list[Weekday] = Field(min_length=1, max_length=7, examples=[["monday", "friday"]])
    opens: Clock = Field(alias="from")
    closes: Clock = Field(
        alias="to",
        description="Exclusive; 24:00 is the end of the day. Before `from`: on the next day.",
    )

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        try:
            self.window()
        except WindowClosedError as error:
            raise ValueError(f"the window is never open: {error}") from error
        return self

    def window(self) -> SendWindow:
        """Return it as the domain sees it."""
        days = tuple(day for day in Weekday if day in self.days)
        return SendWindow(days=days, opens=_minute(self.opens), closes=_minute(self.closes))

    @classmethod
    def of(cls, window: SendWindow) -> Self:
        """Return the document of a window."""
        return cls.model_validate(
            {"days": list(window.days), "from": _clock(window.opens), "to": _clock(window.closes)}
        )


def _minute(clock: str) -> int:
    match = _HOUR_MINUTE.fullmatch(clock)
    if match is None:
        raise ValueError("must be a time such as 09:00")
    return int(match[1]) * 60 + int(match[2])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
