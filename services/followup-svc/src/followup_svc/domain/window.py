"""When a message may go out: delays, and the hours of the week in somebody's time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from service_kit.errors import InvalidError

from followup_svc.domain.holiday import NO_HOLIDAYS, Holidays

MINUTES_OF_DAY = 24 * 60
SATURDAY = 5
MAX_DAYS_OFF = 400
"""More than a year's dates."""


class WindowClosedError(InvalidError):
    """The send window is never open."""

    slug = "send-window-closed"


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
    """On `days`, from `opens` up to `closes`: minutes after midnight by the clock on the wall.

    One that closes before it opens goes over midnight: its hours belong to the day it opens on.
    """

    days: tuple[Weekday, ...]
    opens: int
    closes: int

    def __post_init__(self) -> None:
        """Refuse a window that never opens."""
        if not self.days:
            raise WindowClosedError("days: name one or more, or send null for always")
        in_a_day = 0 <= self.opens < MINUTES_OF_DAY and 0 <= self.closes <= MINUTES_OF_DAY
        if not in_a_day or self.opens == self.closes:
            raise WindowClosedError("from and to must differ, both between 00:00 and 24:00")

    def includes(self, local: datetime) -> bool:
        """Return whether the window is open at `local`, a time in the zone it is meant for."""
        minute = local.hour * 60 + local.minute
        today = _WEEK[local.weekday()] in self.days
        if self.opens < self.closes:
            return today and self.opens <= minute < self.closes
        since_yesterday = _WEEK[local.weekday() - 1] in self.days and minute < self.closes
        return since_yesterday or (today and minute >= self.opens)

    def next_open(self, at: datetime, zone: tzinfo) -> datetime:
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

    def after(self, at: datetime, zone: tzinfo, days_off: Holidays = NO_HOLIDAYS) -> datetime:
        """Return the time (UTC) that is this delay after `at`.

        Business days are Monday to Friday without holidays.
        """
        at = at.astimezone(UTC)  # sums of other zones' times count by the clock on the wall
        match self.unit:
            case DelayUnit.MINUTES:
                return at + timedelta(minutes=self.amount)
            case DelayUnit.HOURS:
                return at + timedelta(hours=self.amount)
            case DelayUnit.DAYS:
                days = self.amount
            case DelayUnit.BUSINESS_DAYS:
                days = _business_days(at.astimezone(zone).date(), self.amount, days_off)
        if days == 0:
            return at
        wall = at.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
        return wall.replace(tzinfo=zone).astimezone(UTC)


A_DAY = Delay(amount=1, unit=DelayUnit.DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Where a lead's clock stands, and when it may be written to (null: always)."""

    zone: tzinfo
    window: SendWindow | None
    days_off: Holidays = NO_HOLIDAYS
    warning: str | None = None
    """What a person should know of the zone."""

    def next_open(self, at: datetime) -> datetime:
        """Return `at`, or when the window next opens on a day that is no holiday (UTC)."""
        for _ in range(MAX_DAYS_OFF):
            opening = self.window.next_open(at, self.zone) if self.window else at.astimezone(UTC)
            local = opening.astimezone(self.zone)
            if local.date() not in self.days_off:
                return opening
            next_day = local.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
            at = (next_day + timedelta(days=1)).replace(tzinfo=self.zone).astimezone(UTC)
        raise WindowClosedError("every day of more than a year is a holiday")

    def end_of_day(self, at: datetime) -> datetime:
        """Return the midnight (UTC) after `at` where the lead is."""
        day = at.astimezone(self.zone).date() + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def next_window(self, due_at: datetime) -> datetime:
        """Return when a step that is due then goes out a day later: in the next day's window."""
        if self.window is None:
            return self.due(A_DAY, due_at)
        return self.next_open(self.end_of_day(due_at))

    def due(self, delay: Delay, after: datetime) -> datetime:
        """Return when a step is due (UTC) whose predecessor was sent at `after`."""
        return self.next_open(delay.after(after, self.zone, self.days_off))


def _business_days(start: date, amount: int, days_off: Holidays) -> int:
    """Return how many days `amount` business days are from `start`, which ends on the Friday."""
    day = start - timedelta(days=max(0, start.weekday() - SATURDAY + 1))
    for _ in range(amount):
        day += timedelta(days=1)
        while day.weekday() >= SATURDAY or day in days_off:
            day += timedelta(days=1)
    return max(0, (day - start).days)
