"""Time zones, in the ways in which people and programs name them."""

import re
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from service_kit.errors import InvalidError
from service_kit.templates import is_missing
from tzlocal.windows_tz import win_tz

_OFFSET = re.compile(
    r"(?:utc|gmt)? ?(?P<sign>[+\u2212-]) ?(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?",
    re.IGNORECASE,
)
MAX_OFFSET = timedelta(hours=14)


class TimeZoneUnknownError(InvalidError):
    """There is no such time zone."""

    slug = "time-zone-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadZone:
    """Where a lead's clock stands; `unknown` is the name that is no time zone."""

    zone: tzinfo
    unknown: str | None = None

    @property
    def warning(self) -> str | None:
        """What a person should know of it."""
        if self.unknown is None:
            return None
        shown = self.unknown[:80]
        return f"The lead's time zone {shown!r} is not known: the workspace's counts, {self.zone}."


def time_zone(name: str) -> tzinfo:
    """Return the time zone of a name.

    It is one of the tz database in any case (`europe/berlin`), one of Windows (Unicode CLDR:
    `W. Europe Standard Time`), or an offset (`UTC+05:30`).

    Raises:
        TimeZoneUnknownError: it is none of them.
    """
    zone = _of_folded(" ".join(filter(None, name.split(" "))).casefold())
    if zone is None:
        raise TimeZoneUnknownError(
            f"{name[:80]!r} is no time zone: give one such as Europe/Berlin, UTC+02:00 or"
            " W. Europe Standard Time"
        )
    return zone


def _of_folded(folded: str) -> tzinfo | None:
    key = _zones().get(folded.replace(" ", "_")) or _windows_zones().get(
        folded.replace("daylight time", "standard time")
    )
    if key is not None:
        return ZoneInfo(key)
    offset = _offset(folded)
    return None if offset is None else timezone(offset)


def lead_zone(name: object, workspace_zone: tzinfo) -> LeadZone:
    """Return the lead's own zone, or the workspace's if it has none that is known."""
    if not isinstance(name, str) or is_missing(name):
        return LeadZone(zone=workspace_zone)
    try:
        return LeadZone(zone=time_zone(name))
    except TimeZoneUnknownError:
        return LeadZone(zone=workspace_zone, unknown=name)


def _offset(text: str) -> timedelta | None:
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    size = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    if size > MAX_OFFSET:
        return None
    return size if match["sign"] == "+" else -size


@cache
def _zones() -> dict[str, str]:
    """All that are the same everywhere: not this machine's own, nor the one of no place."""
    names = available_timezones() - {"localtime", "posixrules", "Factory"}
    return {name.casefold(): name for name in names} | {"z": "UTC"}


@cache
def _windows_zones() -> dict[str, str]:
    """The table windowsZones of Unicode CLDR, as tzlocal has it."""
    return {windows.casefold(): zone for windows, zone in win_tz.items()}
