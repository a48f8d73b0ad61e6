"""How a workspace sends follow-ups."""

from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo

from followup_svc.domain.holiday import NO_HOLIDAYS, Holidays
from followup_svc.domain.time_zone import time_zone
from followup_svc.domain.window import OFFICE_HOURS, SendWindow

ANSWER_TIMEOUT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupSettings:
    """The settings of a workspace; `send_window` null: always. `version` 0: never saved."""

    time_zone: str = "UTC"
    send_window: SendWindow | None = OFFICE_HOURS
    booking_link: str | None = None
    answer_timeout: timedelta = ANSWER_TIMEOUT
    holidays: Holidays = NO_HOLIDAYS
    postpone_on_auto_reply: bool = True
    """Whether a step that is due on the day of an auto-reply waits for the next window."""
    version: int = 0

    @property
    def zone(self) -> tzinfo:
        """The time zone of leads that have none."""
        return time_zone(self.time_zone)

    def replaced_by(self, other: "FollowupSettings") -> "FollowupSettings":
        """Return `other` as the next version of these."""
        return replace(other, version=self.version + 1)


DEFAULTS = FollowupSettings()
