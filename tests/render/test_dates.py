"""
Days and moments read as the customer's calendar and the brand's time zone have them.
"""

import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from stampledger.render.dates import GREGORIAN_FROM, day_text, end_text, moment_text
from stampledger.render.languages import LANGUAGES

DAY = date(2026, 5, 12)
EVENING = datetime(2026, 5, 12, 20, 30, tzinfo=UTC)

PERSIAN_MONTHS = ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"]


def persian(day: date) -> tuple[int, int, int]:
    """Year, month and day as a South Azerbaijani page shows them."""
    number, month, year = day_text(day, "az").split()
    assert not any(sign in "0123456789" for sign in number + year)
    return int(year), PERSIAN_MONTHS.index(month) + 1, int(number)


@pytest.mark.parametrize(
    ("lang", "shown"),
    [
        ("en", "12 May 2026"),
        ("ko", "2026년 5월 12일"),
        ("th", "12 พฤษภาคม 2569"),
        ("az", "۲۲ اردیبهشت ۱۴۰۵"),
        ("de", "12. Mai 2026"),
        ("fr", "12 mai 2026"),
        ("es", "12 de mayo de 2026"),
        ("uk", "12 травня 2026\u202fр."),
        ("ja", "2026年5月12日"),
        ("zh", "2026年5月12日"),
    ],
)
def test_day(lang: str, shown: str):
    """
    A day is shown in the calendar of its language.
    """
    assert shown == day_text(DAY, lang)


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2026, 5, 12), (1405, 2, 22)),
        (date(2026, 6, 10), (1405, 3, 20)),
        (date(1979, 2, 11), (1357, 11, 22)),
        (date(1996, 3, 20), (1375, 1, 1)),
        (date(1997, 3, 21), (1376, 1, 1)),
        (date(2016, 3, 20), (1395, 1, 1)),
        (date(2017, 3, 20), (1395, 12, 30)),
        (date(2020, 3, 20), (1399, 1, 1)),
        (date(2021, 3, 20), (1399, 12, 30)),
        (date(2021, 3, 21), (1400, 1, 1)),
        (date(2024, 3, 20), (1403, 1, 1)),
        (date(2025, 3, 20), (1403, 12, 30)),
        (date(2025, 3, 21), (1404, 1, 1)),
        (date(2026, 3, 20), (1404, 12, 29)),
        (date(2026, 3, 21), (1405, 1, 1)),
        (date(2029, 3, 20), (1408, 1, 1)),
    ],
)
def test_known_days_of_the_solar_hijri_calendar(day: date, shown: tuple[int, int, int]):
    """
    Known days, the New Years of leap and common years among them, are where the calendars of Iran have them.
    """
    assert shown == persian(day)


def test_the_solar_hijri_calendar_has_no_holes():
    """
    Day follows day from 1300 to 1500: six months of 31 days, five of 30, and a last one of 29 or 30.
    """
    day, end = date(1921, 3, 21), date(2122, 3, 21)
    lengths: dict[tuple[int, int], int] = {}

    while day < end:
        year, month, number = persian(day)
        assert number == lengths.get((year, month), 0) + 1
        lengths[year, month] = number
        day += timedelta(days=1)

    assert (1300, 1) == min(lengths) and (1500, 12) == max(lengths)
    assert 201 * 12 == len(lengths)
    assert all(31 == length for (_, month), length in lengths.items() if month <= 6)
    assert all(30 == length for (_, month), length in lengths.items() if 6 < month < 12)
    assert {29, 30} == {length for (_, month), length in lengths.items() if month == 12}


@pytest.mark.parametrize(
    ("lang", "shown"),
    [
        ("en", "12 May 2026, 22:30"),
        ("ko", "2026년 5월 12일 22:30"),
        ("th", "12 พฤษภาคม 2569 22:30 น."),
        ("az", "۲۲ اردیبهشت ۱۴۰۵، ۲۲:۳۰"),
        ("de", "12. Mai 2026, 22:30 Uhr"),
        ("fr", "12 mai 2026 à 22:30"),
        ("es", "12 de mayo de 2026, 22:30"),
        ("uk", "12 травня 2026\u202fр., 22:30"),
        ("ja", "2026年5月12日 22:30"),
        ("zh", "2026年5月12日 22:30"),
    ],
)
def test_moment(lang: str, shown: str):
    """
    A moment is shown to the minute, as the language joins a day and a time.
    """
    assert shown == moment_text(EVENING, "Europe/Berlin", lang)


def test_moment_in_the_brands_zone():
    """
    A moment is told by the clock of the business, which may already have the next day.
    """
    assert "13 May 2026, 05:30" == moment_text(EVENING, "Asia/Seoul", "en")
    assert "۲۳ اردیبهشت ۱۴۰۵، ۰۰:۰۰" == moment_text(EVENING, "Asia/Tehran", "az")


def test_hour_that_the_clock_shows_twice():
    """
    On the night the clocks go back, both hours are shown as the clock has them.
    """
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))

    assert "25 October 2026, 02:30" == moment_text(first, "Europe/Berlin", "en")
    assert "25 October 2026, 02:30" == moment_text(second, "Europe/Berlin", "en")


def test_end_of_a_day():
    """
    What ends with a day is good until that day, not until midnight of the next one; another end shows its time.
    """
    midnight = datetime(2026, 6, 11, 22, 0, tzinfo=UTC)

    assert "11 June 2026" == end_text(midnight, "Europe/Berlin", "en")
    assert "11 June 2026, 22:00" == end_text(midnight, "UTC", "en")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("at", [datetime.min, datetime.max])
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "UTC"])
def test_ends_of_the_calendar(lang: str, at: datetime, zone: str):
    """
    The first and last moments there are can be shown in any zone.
    """
    assert "" != end_text(at.replace(tzinfo=UTC), zone, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_days_before_the_calendar(lang: str):
    """
    Days from before the Gregorian calendar are written as ISO 8601 does, not by another calendar.
    """
    first = day_text(GREGORIAN_FROM, lang)

    assert "0001-01-01" == day_text(date.min, lang)
    assert "1582-10-14" == day_text(GREGORIAN_FROM - timedelta(days=1), lang)
    assert "1582-10-15" != first
    assert ("15" in first) == (lang != "az")


@pytest.mark.parametrize(("lang", "year"), [("en", "9999"), ("th", "10542"), ("az", "۹۳۷۸"), ("zh", "9999")])
def test_last_day(lang: str, year: str):
    """
    The last day of all has its year in every calendar.
    """
    assert year in day_text(date.max, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_the_extra(lang: str, monkeypatch: pytest.MonkeyPatch):
    """
    With the core alone, a day is written as ISO 8601 does.
    """
    monkeypatch.setitem(sys.modules, "icu4py", None)
    monkeypatch.setitem(sys.modules, "icu4py.messageformat", None)

    assert "2026-05-12" == day_text(DAY, lang)
    assert "2026-05-12" in moment_text(EVENING, "Europe/Berlin", lang)
