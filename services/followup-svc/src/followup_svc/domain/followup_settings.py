"""How a workspace sends follow-ups."""

from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from followup_svc.domain.window import OFFICE_HOURS, SendWindow, time_zone

ANSWER_TIMEOUT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupSettings:
    """The settings of a workspace; `send_window` null: always. `version` 0: never saved."""

    time_zone: str = "UTC"
    send_window: SendWindow | None = OFFICE_HOURS
    booking_link: str | None = None
    answer_timeout: timedelta = ANSWER_TIMEOUT
    version: int = 0

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of leads that have none."""
        return time_zone(self.time_zone)

    def replaced_by(self, other: "FollowupSettings") -> "FollowupSettings":
        """Return `other` as the next version of these."""
        return replace(other, version=self.version + 1)


DEFAULTS = FollowupSettings()
