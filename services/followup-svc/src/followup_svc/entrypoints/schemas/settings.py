"""What the API takes and gives: the follow-up settings."""

from datetime import timedelta
from typing import Annotated, Self

from persona_contracts import Text
from pydantic import AfterValidator, Field
from service_kit.requests import StrictRequest

from followup_svc.domain.followup_settings import ANSWER_TIMEOUT, FollowupSettings
from followup_svc.domain.window import OFFICE_HOURS, TimeZoneUnknownError, time_zone
from followup_svc.entrypoints.schemas.windows import WindowDocument

MIN_ANSWER_TIMEOUT = timedelta(seconds=1)
MAX_ANSWER_TIMEOUT = timedelta(days=7)


def _known_zone(name: str) -> str:
    try:
        time_zone(name)
    except TimeZoneUnknownError as error:
        raise ValueError(str(error)) from error
    return name


class SaveSettingsRequest(StrictRequest):
    """How the workspace sends follow-ups."""

    time_zone: Annotated[str, Field(max_length=100), AfterValidator(_known_zone)] = Field(
        default="UTC",
        description="Of leads without one that is known.",
        examples=["Europe/Berlin"],
    )
    send_window: WindowDocument | None = Field(
        default_factory=lambda: WindowDocument.of(OFFICE_HOURS),
        description="When sequences without their own window may send; null: always.",
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
            answer_timeout=settings.answer_timeout,
            version=settings.version,
        )
