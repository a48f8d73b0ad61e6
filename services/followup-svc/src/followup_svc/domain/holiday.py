"""Days on which a workspace writes to nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import holidays
from service_kit.errors import InvalidError

MAX_DATES: Final = 366


class HolidayRegionUnknownError(InvalidError):
    """There is no holiday calendar of this region."""

    slug = "holiday-region-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holidays:
    """Single dates, and the public holidays of a region such as `DE` or `DE-BY` (ISO 3166)."""

    dates: frozenset[date] = frozenset()
    region: str | None = None

    def __post_init__(self) -> None:
        """Refuse a region without a calendar."""
        if self.region is not None:
            _of_year(self.region, 2026)

    def __contains__(self, day: date) -> bool:
        """Return whether nothing is sent on `day`."""
        if day in self.dates:
            return True
        return self.region is not None and day in _of_year(self.region, day.year)


NO_HOLIDAYS = Holidays()


@lru_cache(maxsize=256)
def _of_year(region: str, year: int) -> Mapping[date, str]:
    country, _, part = region.upper().partition("-")
    try:
        return dict(holidays.country_holidays(country, subdiv=part or None, years=year))
    except NotImplementedError as error:
        raise HolidayRegionUnknownError(
            f"{region[:20]!r} has no holiday calendar: give a country or a part of it, such as DE"
            " or DE-BY"
        ) from error
