"""When a message may go out: delays, and the hours of the week in somebody's time zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from service_kit.errors import InvalidError

MINUTES_OF_DAY = 24 * 60
SATURDAY = 5


class WindowClosedError(InvalidError):
    """The send window is never open."""

    slug = "send-window-closed"


class TimeZoneUnknownError(InvalidError):
    """There is no such time zone."""

    slug = "time-zone-unknown"


class Weekday(StrEnum):
    """A day of the week, in the order of `datetime.weekday`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEK = tuple(Weekday)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWindow:
    """On `days`, from `opens` up to `closes`: minutes after midnight by the clock on the wall."""

    days: tuple[Weekday, ...]
    opens: int
    closes: int

    def __post_init__(self) -> None:
        """Refuse a window that never opens."""
        if not self.days:
            raise WindowClosedError("days: name one or more, or send null for always")
        if not 0 <= self.opens < self.closes <= MINUTES_OF_DAY:
            raise WindowClosedError("from must be before to, both between 00:00 and 24:00")

    def includes(self, local: datetime) -> bool:
        """Return whether the window is open at `local`, a time in the zone it is meant for."""
        minute = local.hour * 60 + local.minute
        return _WEEK[local.weekday()] in self.days and self.opens <= minute < self.closes

    def next_open(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return `at`, or when the window next opens (UTC).

        An opening in the hour that daylight saving skips waits for the next day of the window.
        """
        local = at.astimezone(zone)
        if self.includes(local):
            return at.astimezone(UTC)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        for days in range(15):
            wall = (midnight + timedelta(days=days, minutes=self.opens)).replace(tzinfo=zone)
            for opening in sorted(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1)):
                if opening > at and self.includes(opening.astimezone(zone)):
                    return opening
        raise WindowClosedError("the window does not open within two weeks")


OFFICE_HOURS = SendWindow(days=_WEEK[:SATURDAY], opens=9 * 60, closes=17 * 60)


class DelayUnit(StrEnum):
    """What a delay counts."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    BUSINESS_DAYS = "business_days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """How long after the step before; days keep the time on the wall, whatever the clocks do."""

    amount: int
    unit: DelayUnit

    def after(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the time (UTC) that is this delay after `at`; business days end on Friday."""
        at = at.astimezone(UTC)  # sums of other zones' times count by the clock on the wall
        match self.unit:
            case DelayUnit.MINUTES:
                return at + timedelta(minutes=self.amount)
            case DelayUnit.HOURS:
                return at + timedelta(hours=self.amount)
            case DelayUnit.DAYS:
                days = self.amount
            case DelayUnit.BUSINESS_DAYS:
                days = _business_days(at.astimezone(zone).weekday(), self.amount)
        if days == 0:
            return at
        wall = at.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
        return wall.replace(tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Where a lead's clock stands, and when it may be written to (null: always)."""

    zone: ZoneInfo
    window: SendWindow | None

    def next_open(self, at: datetime) -> datetime:
        """Return `at`, or when the window next opens (UTC)."""
        return self.window.next_open(at, self.zone) if self.window else at.astimezone(UTC)

    def due(self, delay: Delay, after: datetime) -> datetime:
        """Return when a step is due (UTC) whose predecessor was sent at `after`."""
        return self.next_open(delay.after(after, self.zone))


@lru_cache(maxsize=1_024)
def time_zone(name: str) -> ZoneInfo:
    """Return the time zone of a name such as `Europe/Berlin`.

    Raises:
        TimeZoneUnknownError: the tz database has no such name.
    """
    if name not in _zone_names():
        raise TimeZoneUnknownError(
            f"{name[:80]!r} is no time zone of the tz database, such as Europe/Berlin"
        )
    return ZoneInfo(name)


@cache
def _zone_names() -> frozenset[str]:
    """All that are the same everywhere: not this machine's own, nor the one of no place."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def lead_zone(name: str | None, workspace_zone: ZoneInfo) -> ZoneInfo:
    """Return the lead's own zone, or the workspace's if it has none that is known."""
    try:
        return time_zone(name) if name else workspace_zone
    except TimeZoneUnknownError:
        return workspace_zone


def _business_days(weekday: int, amount: int) -> int:
    """Return how many days `amount` business days are, from a day of the week (Monday 0)."""
    since_monday = min(weekday, SATURDAY - 1) + amount
    return max(0, since_monday // SATURDAY * 7 + since_monday % SATURDAY - weekday)
