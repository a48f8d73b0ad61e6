"""What the API takes and gives: the follow-up settings."""

from datetime import date, timedelta
from typing import Annotated, Self

from persona_contracts import Text
from pydantic import AfterValidator, Field, model_validator
from service_kit.requests import StrictRequest

from followup_svc.domain.followup_settings import ANSWER_TIMEOUT, FollowupSettings
from followup_svc.domain.holiday import MAX_DATES, HolidayRegionUnknownError, Holidays
from followup_svc.domain.time_zone import TimeZoneUnknownError, time_zone
from followup_svc.domain.window import OFFICE_HOURS
from followup_svc.entrypoints.schemas.windows import WindowDocument

MIN_ANSWER_TIMEOUT = timedelta(seconds=1)
MAX_ANSWER_TIMEOUT = timedelta(days=7)


def _known_zone(name: str) -> str:
    try:
        time_zone(name)
    except TimeZoneUnknownError as error:
        raise ValueError(str(error)) from error
    return name


class HolidaysDocument(StrictRequest):
    """Days on which nothing is sent, by the date where the lead is."""

    dates: list[date] = Field(default_factory=list[date], max_length=MAX_DATES)
    region: str | None = Field(
        default=None,
        max_length=20,
        description="Its public holidays too: a country, or a part of it (ISO 3166).",
        examples=["DE-BY"],
    )

    @model_validator(mode="after")
    def _known_region(self) -> Self:
        try:
            self.holidays()
        except HolidayRegionUnknownError as error:
            raise ValueError(str(error)) from error
        return self

    def holidays(self) -> Holidays:
        """Return them as the domain sees them."""
        return Holidays(dates=frozenset(self.dates), region=self.region)

    @classmethod
    def of(cls, holidays: Holidays) -> Self:
        """Return the document of holidays."""
        return cls(dates=sorted(holidays.dates), region=holidays.region)


class SaveSettingsRequest(StrictRequest):
    """How the workspace sends follow-ups."""

    time_zone: Annotated[str, Field(max_length=100), AfterValidator(_known_zone)] = Field(
        default="UTC",
        description="Of leads without one that is known: a name of the tz database or of Windows,"
        " or an offset.",
        examples=["Europe/Berlin"],
    )
    send_window: WindowDocument | None = Field(
        default_factory=lambda: WindowDocument.of(OFFICE_HOURS),
        description="When sequences without their own window may send; null: always.",
    )
    holidays: HolidaysDocument = Field(default_factory=HolidaysDocument)
    postpone_on_auto_reply: bool = Field(
        default=True,
        description="Whether a step that is due on the day of an auto-reply waits for the next"
        " window.",
    )
    booking_link: Text | None = Field(default=None, max_length=2_000, pattern=r"^https?://\S+$")
    answer_timeout: timedelta = Field(
        default=ANSWER_TIMEOUT,
        ge=MIN_ANSWER_TIMEOUT,
        le=MAX_ANSWER_TIMEOUT,
        description="After how long without an answer of the CRM the outcome is unknown"
        " (ISO 8601, or seconds).",
        examples=["PT15M"],
    )

    def settings(self) -> FollowupSettings:
        """Return them as the service keeps them."""
        return FollowupSettings(
            time_zone=self.time_zone,
            send_window=self.send_window.window() if self.send_window else None,
            booking_link=self.booking_link,
            holidays=self.holidays.holidays(),
            postpone_on_auto_reply=self.postpone_on_auto_reply,
            answer_timeout=timedelta(seconds=int(self.answer_timeout.total_seconds())),
        )


class SettingsDocument(SaveSettingsRequest):
    """The settings of a workspace; version 0 are the defaults."""

    version: int

    @classmethod
    def of(cls, settings: FollowupSettings) -> Self:
        """Return the document of settings."""
        window = settings.send_window
        return cls(
            time_zone=settings.time_zone,
            send_window=WindowDocument.of(window) if window else None,
            booking_link=settings.booking_link,
            holidays=HolidaysDocument.of(settings.holidays),
            postpone_on_auto_reply=settings.postpone_on_auto_reply,
            answer_timeout=settings.answer_timeout,
            version=settings.version,
        )
