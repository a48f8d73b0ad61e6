"""When a message may go out: delays, windows, time zones, and the days on which clocks change."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from followup_svc.domain.holiday import HolidayRegionUnknownError, Holidays
from followup_svc.domain.time_zone import TimeZoneUnknownError, lead_zone, time_zone
from followup_svc.domain.window import (
    OFFICE_HOURS,
    Calendar,
    Delay,
    DelayUnit,
    SendWindow,
    Weekday,
    WindowClosedError,
)
from hypothesis import given, settings
from hypothesis import strategies as st

BERLIN, KOLKATA, NEW_YORK = map(ZoneInfo, ("Europe/Berlin", "Asia/Kolkata", "America/New_York"))
ALL_DAYS = tuple(Weekday)


def at(text, zone=UTC):
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def window(opens, closes, days=ALL_DAYS):
    hours = [int(clock[:2]) * 60 + int(clock[3:]) for clock in (opens, closes)]
    return SendWindow(days=days, opens=hours[0], closes=hours[1])


@pytest.mark.parametrize(
    ("opens", "closes", "days"),
    [
        ("09:00", "17:00", ()),
        ("09:00", "09:00", ALL_DAYS),
        ("24:00", "09:00", ALL_DAYS),
        ("09:00", "24:01", ALL_DAYS),
    ],
)
def test_a_window_that_is_never_open_is_refused(opens, closes, days):
    with pytest.raises(WindowClosedError):
        window(opens, closes, days)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-02T09:00", "2026-03-02T09:00"),
        ("2026-03-02T16:59:59", "2026-03-02T16:59:59"),
        ("2026-03-02T08:59", "2026-03-02T09:00"),
        ("2026-03-02T17:00", "2026-03-03T09:00"),
        ("2026-03-06T17:00", "2026-03-09T09:00"),
        ("2026-03-07T12:00", "2026-03-09T09:00"),
    ],
)
@pytest.mark.parametrize("zone", [BERLIN, KOLKATA, NEW_YORK], ids=str)
def test_office_hours_are_those_of_the_zone(now, opens, zone):
    assert OFFICE_HOURS.next_open(at(now, zone), zone) == at(opens, zone)


def test_a_whole_day_is_from_midnight_to_midnight():
    sundays = window("00:00", "24:00", (Weekday.SUNDAY,))
    saturday = at("2026-03-07T23:59", BERLIN)
    assert sundays.next_open(saturday, BERLIN) == at("2026-03-08T00:00", BERLIN)
    assert sundays.next_open(at("2026-03-08T23:59", BERLIN), BERLIN) == at(
        "2026-03-08T23:59", BERLIN
    )


def test_a_window_in_the_hour_that_spring_skips_waits_for_the_next_day():
    night = window("02:15", "02:45")
    before = at("2026-03-28T03:00", BERLIN)
    assert night.next_open(before, BERLIN) == at("2026-03-30T02:15", BERLIN)


def test_a_window_that_spring_shortens_opens_when_the_clock_is_in_it():
    night = window("02:30", "04:00")
    opens = night.next_open(at("2026-03-29T01:00", BERLIN), BERLIN)
    assert night.includes(opens.astimezone(BERLIN))
    assert opens == at("2026-03-29T03:30", BERLIN)


def test_in_autumn_a_window_opens_the_first_time_its_hour_comes():
    night = window("02:15", "02:45")
    assert night.next_open(at("2026-10-25T00:00", BERLIN), BERLIN) == at("2026-10-25T00:15")


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"])
def test_days_keep_the_time_on_the_wall_when_clocks_change(day):
    start = at(f"{day}T12:00", BERLIN)
    after = Delay(amount=1, unit=DelayUnit.DAYS).after(start, BERLIN).astimezone(BERLIN)
    assert (after.hour, after.minute) == (12, 0)
    assert (after.date() - start.astimezone(BERLIN).date()).days == 1
    hours = Delay(amount=24, unit=DelayUnit.HOURS).after(start, BERLIN)
    assert hours - start == timedelta(hours=24)
    assert hours.astimezone(BERLIN).hour != 12


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        ("2026-03-02", 1, "2026-03-03"),
        ("2026-03-05", 2, "2026-03-09"),
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-07", 1, "2026-03-09"),
        ("2026-03-08", 1, "2026-03-09"),
        ("2026-03-08", 6, "2026-03-16"),
        ("2026-03-06", 5, "2026-03-13"),
        ("2026-03-07", 0, "2026-03-07"),
        ("2026-03-08", 0, "2026-03-08"),
    ],
)
def test_business_days_leave_out_weekends(start, amount, end):
    delay = Delay(amount=amount, unit=DelayUnit.BUSINESS_DAYS)
    assert delay.after(at(f"{start}T10:00", BERLIN), BERLIN) == at(f"{end}T10:00", BERLIN)


@pytest.mark.parametrize(
    "name",
    ["Mars/Phobos", "", "../etc/passwd", "/etc/passwd", "a\0b", "x" * 10_000, "Europe", "europe "],
)
def test_an_unknown_zone_is_refused_and_a_leads_falls_to_the_workspaces(name):
    with pytest.raises(TimeZoneUnknownError):
        time_zone(name)
    found = lead_zone(name, KOLKATA)
    assert (found.zone, found.unknown) == (KOLKATA, name or None)
    assert not name or "Asia/Kolkata" in found.warning


def test_a_lead_without_a_zone_has_the_workspaces():
    assert lead_zone(None, BERLIN).zone is BERLIN
    assert lead_zone("N/A", BERLIN).warning is None
    assert lead_zone("America/New_York", BERLIN).zone == NEW_YORK


def test_without_a_window_it_is_always_open():
    calendar = Calendar(zone=BERLIN, window=None)
    night = at("2026-03-08T03:00", BERLIN)
    assert calendar.next_open(night) == night
    assert calendar.due(Delay(amount=5, unit=DelayUnit.MINUTES), night) == night + timedelta(
        minutes=5
    )


instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)
windows = st.builds(
    lambda days, hours: SendWindow(days=tuple(days), opens=min(hours), closes=max(hours)),
    st.lists(st.sampled_from(ALL_DAYS), min_size=1, unique=True),
    st.lists(st.integers(0, 1440), min_size=2, max_size=2, unique=True),
)
zones = st.sampled_from(
    [
        BERLIN,
        KOLKATA,
        NEW_YORK,
        *map(ZoneInfo, ("UTC", "Australia/Lord_Howe", "Pacific/Kiritimati", "Africa/Casablanca")),
    ]
)
delays = st.builds(Delay, amount=st.integers(0, 365), unit=st.sampled_from(list(DelayUnit)))


@settings(max_examples=5 * settings.default.max_examples)
@given(moment=instants, hours=windows, zone=zones, delay=delays)
def test_nothing_is_early_and_the_window_is_open_then(moment, hours, zone, delay):
    opens = hours.next_open(moment, zone)
    assert opens >= moment
    assert hours.includes(opens.astimezone(zone))
    assert hours.next_open(opens, zone) == opens
    due = Calendar(zone=zone, window=hours).due(delay, moment)
    assert due >= delay.after(moment, zone) >= moment
    assert hours.includes(due.astimezone(zone))


def test_a_window_cannot_open_before_midnight():
    with pytest.raises(WindowClosedError):
        SendWindow(days=ALL_DAYS, opens=-1, closes=60)


@pytest.mark.parametrize("zone", [BERLIN, KOLKATA, NEW_YORK], ids=str)
def test_a_window_that_never_closes_opens_at_once(zone):
    whole = window("00:00", "24:00")
    for moment in ("2026-03-29T01:00", "2026-10-25T00:59:59.999999", "2026-12-31T23:59"):
        assert whole.next_open(at(moment), zone) == at(moment)


@pytest.mark.parametrize(
    ("friday", "monday"),
    [
        ("2026-03-27T16:30+00:00", "2026-03-30T07:00+00:00"),
        ("2026-10-23T16:30+00:00", "2026-10-26T08:00+00:00"),
    ],
)
def test_office_hours_open_by_the_new_clock_after_a_change(friday, monday):
    closed, opens = map(datetime.fromisoformat, (friday, monday))
    assert OFFICE_HOURS.next_open(closed, BERLIN) == opens


def test_in_autumn_a_window_is_open_both_times_its_hour_comes():
    night = window("02:15", "02:45")
    for twice in ("2026-10-25T00:20", "2026-10-25T01:20"):
        assert night.next_open(at(twice), BERLIN) == at(twice)


def test_in_autumn_a_window_that_opens_in_the_second_hour_does_not_wait_a_week():
    sunday = window("02:15", "03:30", (Weekday.SUNDAY,))
    second_ten_past_two = at("2026-10-25T01:10")
    assert sunday.next_open(second_ten_past_two, BERLIN) == at("2026-10-25T01:15")


def test_a_sunday_window_in_the_hour_that_spring_skips_waits_for_the_next_sunday():
    sunday = window("02:15", "02:45", (Weekday.SUNDAY,))
    before = at("2026-03-22T02:45", BERLIN)
    assert sunday.next_open(before, BERLIN) == at("2026-04-05T02:15", BERLIN)


@pytest.mark.parametrize(
    ("start", "days"),
    [
        ("2026-03-02", (0, 1, 2, 3, 4, 7, 8)),
        ("2026-03-03", (0, 1, 2, 3, 6, 7, 8)),
        ("2026-03-04", (0, 1, 2, 5, 6, 7, 8)),
        ("2026-03-05", (0, 1, 4, 5, 6, 7, 8)),
        ("2026-03-06", (0, 3, 4, 5, 6, 7, 10)),
        ("2026-03-07", (0, 2, 3, 4, 5, 6, 9)),
        ("2026-03-08", (0, 1, 2, 3, 4, 5, 8)),
    ],
    ids=ALL_DAYS,
)
def test_business_days_are_counted_from_every_weekday(start, days):
    moment = at(f"{start}T10:00", BERLIN)
    for amount, expected in enumerate(days):
        delay = Delay(amount=amount, unit=DelayUnit.BUSINESS_DAYS)
        assert delay.after(moment, BERLIN) == moment + timedelta(days=expected)


def test_the_weekday_is_that_of_the_leads_zone():
    friday_evening_there = at("2026-03-07T03:00")
    delay = Delay(amount=1, unit=DelayUnit.BUSINESS_DAYS)
    assert delay.after(friday_evening_there, NEW_YORK) == at("2026-03-09T22:00", NEW_YORK)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-03-27T12:00", "2026-03-30T12:00"), ("2026-10-23T12:00", "2026-10-26T12:00")],
)
@pytest.mark.parametrize(
    ("amount", "unit"), [(3, DelayUnit.DAYS), (1, DelayUnit.BUSINESS_DAYS)], ids=str
)
def test_the_time_on_the_wall_is_kept_over_a_weekend_on_which_clocks_change(
    start, end, amount, unit
):
    delay = Delay(amount=amount, unit=unit)
    assert delay.after(at(start, BERLIN), BERLIN) == at(end, BERLIN)


def test_a_day_that_ends_in_the_hour_that_spring_skips_ends_after_it():
    delay = Delay(amount=1, unit=DelayUnit.DAYS)
    assert delay.after(at("2026-03-28T02:30", BERLIN), BERLIN) == at("2026-03-29T03:30", BERLIN)


@pytest.mark.parametrize("unit", [DelayUnit.DAYS, DelayUnit.BUSINESS_DAYS])
@pytest.mark.parametrize("moment", ["2026-10-25T00:30", "2026-10-25T01:30"])
def test_no_days_at_all_are_no_delay_in_the_hour_that_comes_twice(unit, moment):
    assert Delay(amount=0, unit=unit).after(at(moment), BERLIN) == at(moment)


@pytest.mark.parametrize("start", ["2026-03-28T12:00", "2026-03-29T00:59", "2026-10-25T00:30"])
@pytest.mark.parametrize(
    ("unit", "one"),
    [(DelayUnit.MINUTES, timedelta(minutes=1)), (DelayUnit.HOURS, timedelta(hours=1))],
)
@pytest.mark.parametrize("amount", [0, 1, 48, 365])
def test_minutes_and_hours_are_absolute_when_clocks_change(start, unit, one, amount):
    delay = Delay(amount=amount, unit=unit)
    assert delay.after(at(start), BERLIN) - at(start) == amount * one


@pytest.mark.parametrize(
    ("sent", "due"),
    [
        ("2026-03-06T10:00", "2026-03-09T10:00"),
        ("2026-03-05T18:00", "2026-03-09T09:00"),
        ("2026-03-05T08:00", "2026-03-06T09:00"),
    ],
)
def test_a_step_is_due_when_the_window_opens_after_its_delay(sent, due):
    calendar = Calendar(zone=BERLIN, window=OFFICE_HOURS)
    delay = Delay(amount=1, unit=DelayUnit.BUSINESS_DAYS)
    assert calendar.due(delay, at(sent, BERLIN)) == at(due, BERLIN)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "Europe/../Europe/Berlin", "\ud800", "UTC\n", " ", "Europe/Berlin/x"],
)
def test_a_name_that_is_garbage_is_no_zone(name):
    with pytest.raises(TimeZoneUnknownError):
        time_zone(name)
    assert lead_zone(name, BERLIN).zone is BERLIN


def test_a_name_that_is_far_too_long_is_not_repeated_whole():
    with pytest.raises(TimeZoneUnknownError) as refused:
        time_zone("x/" * 50_000)
    assert len(str(refused.value)) < 200


CASES = json.loads(
    (Path(__file__).resolve().parents[4] / "tests" / "cases" / "cases.json").read_text()
)
(WINDOWS,) = (case for case in CASES if case["id"] == "time-zone-windows")
NAMED = {
    **WINDOWS["expect"]["zones"],
    "Romance Standard Time": "Europe/Paris",
    "Tokyo Standard Time": "Asia/Tokyo",
    "India Standard Time": "Asia/Calcutta",
    "Pacific Daylight Time": "America/Los_Angeles",
    "w. europe standard time": "Europe/Berlin",
    " GMT Standard Time ": "Europe/London",
    "europe/berlin": "Europe/Berlin",
    "AMERICA/NEW_YORK": "America/New_York",
    "America/New York": "America/New_York",
    "utc": "UTC",
    "Z": "UTC",
}


@pytest.mark.parametrize(("name", "zone"), NAMED.items())
def test_a_zone_is_known_by_every_usual_name(name, zone):
    assert time_zone(name) == ZoneInfo(zone)


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("UTC+2", 2),
        ("utc+02:00", 2),
        ("GMT-5", -5),
        ("GMT-0530", -5.5),
        ("+05:30", 5.5),
        ("-0800", -8),
        ("UTC\u22123", -3),
        ("+14:00", 14),
    ],
)
def test_an_offset_is_a_zone(name, hours):
    assert time_zone(name).utcoffset(None) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "name", ["UTC+15", "+2:99", "+", "5", "Mars Standard Time", "Europe", "localtime", "CST/Ulm"]
)
def test_a_name_that_may_mean_anything_is_unknown(name):
    with pytest.raises(TimeZoneUnknownError):
        time_zone(name)


NIGHT = window("22:00", "06:00", ALL_DAYS[:5])


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-02T22:00", "2026-03-02T22:00"),
        ("2026-03-02T21:59", "2026-03-02T22:00"),
        ("2026-03-03T05:59", "2026-03-03T05:59"),
        ("2026-03-03T06:00", "2026-03-03T22:00"),
        ("2026-03-02T03:00", "2026-03-02T22:00"),
        ("2026-03-07T05:00", "2026-03-07T05:00"),
        ("2026-03-07T06:00", "2026-03-09T22:00"),
        ("2026-03-07T23:00", "2026-03-09T22:00"),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_opens_on(now, opens):
    for zone in (BERLIN, KOLKATA, NEW_YORK):
        assert NIGHT.next_open(at(now, zone), zone) == at(opens, zone)


@given(
    minute=st.integers(0, 366 * 24 * 60),
    hours=st.tuples(st.integers(0, 23), st.integers(0, 24)).filter(lambda pair: pair[0] != pair[1]),
    days=st.sets(st.sampled_from(ALL_DAYS), min_size=1),
)
def test_the_window_is_open_when_it_says_so(minute, hours, days):
    made = SendWindow(
        days=tuple(sorted(days, key=ALL_DAYS.index)), opens=hours[0] * 60, closes=hours[1] * 60
    )
    now = at("2026-01-01") + timedelta(minutes=minute)
    opening = made.next_open(now, UTC)
    assert opening >= now
    assert made.includes(opening)
    if opening > now:
        assert not made.includes(now)
        assert not made.includes(opening - timedelta(minutes=1))


BAVARIA = Holidays(region="DE-BY", dates=frozenset({date(2026, 12, 24)}))


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-12-23T18:00", "2026-12-28T09:00"),
        ("2026-12-24T10:00", "2026-12-28T09:00"),
        ("2027-01-05T17:00", "2027-01-07T09:00"),
        ("2026-06-04T10:00", "2026-06-05T09:00"),
        ("2026-12-23T10:00", "2026-12-23T10:00"),
    ],
)
def test_on_a_holiday_nothing_is_sent(now, opens):
    calendar = Calendar(zone=BERLIN, window=OFFICE_HOURS, days_off=BAVARIA)
    assert calendar.next_open(at(now, BERLIN)) == at(opens, BERLIN)


def test_a_holiday_is_one_where_the_lead_is_and_ends_at_midnight():
    new_year = Holidays(dates=frozenset({date(2027, 1, 1)}))
    calendar = Calendar(zone=KOLKATA, window=None, days_off=new_year)
    assert calendar.next_open(at("2026-12-31T20:00")) == at("2027-01-02T00:00", KOLKATA)


def test_business_days_leave_out_holidays():
    calendar = Calendar(zone=BERLIN, window=None, days_off=BAVARIA)
    delay = Delay(amount=2, unit=DelayUnit.BUSINESS_DAYS)
    assert calendar.due(delay, at("2026-12-23T10:00", BERLIN)) == at("2026-12-29T10:00", BERLIN)


@pytest.mark.parametrize("region", ["US-CA", "GB-SCT", "FR", "IN-KA", "de-by", "JP"])
def test_a_region_has_its_holidays(region):
    assert date(2027, 1, 1) in Holidays(region=region) or region.startswith("IN")


@pytest.mark.parametrize("region", ["XX", "DE-XX", "Bavaria", "", "DE-BY-M"])
def test_a_region_without_a_calendar_is_refused(region):
    with pytest.raises(HolidayRegionUnknownError):
        Holidays(region=region)


def test_a_calendar_of_holidays_alone_never_opens():
    every = frozenset(date(2026, 1, 1) + timedelta(days=day) for day in range(500))
    with pytest.raises(WindowClosedError):
        Calendar(zone=UTC, window=None, days_off=Holidays(dates=every)).next_open(at("2026-01-01"))
