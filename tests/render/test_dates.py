"""
Days and moments read as the customer's calendar and the brand's time zone have them.
"""

import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from stampledger.render.dates import day_text, end_text, moment_text, solar_hijri
from stampledger.render.languages import LANGUAGES

DAY = date(2026, 5, 12)


@pytest.mark.parametrize(
    ("lang", "shown"),
    [
        ("en", "12 May 2026"),
        ("de", "12. Mai 2026"),
        ("ko", "2026년 5월 12일"),
        ("th", "12 พฤษภาคม 2569"),
        ("az", "۲۲ اردیبهشت ۱۴۰۵"),
    ],
)
def test_day(lang: str, shown: str):
    """
    A day is shown in the calendar of its language.
    """
    assert shown == day_text(DAY, lang)


@pytest.mark.parametrize(
    ("day", "persian"),
    [
        (date(2026, 5, 12), (1405, 2, 22)),
        (date(2026, 6, 11), (1405, 3, 21)),
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
def test_known_days_of_the_solar_hijri_calendar(day: date, persian: tuple[int, int, int]):
    """
    Known days, the New Years of leap and common years among them, are where the calendars of Iran have them.
    """
    assert persian == solar_hijri(day)


def test_the_solar_hijri_calendar_has_no_holes():
    """
    Day follows day from 1178 to 1501: six months of 31 days, five of 30, and a last one of 29 or 30.
    """
    day, end = date(1799, 3, 21), date(2123, 3, 20)
    lengths: dict[tuple[int, int], int] = {}

    while day <= end:
        persian = solar_hijri(day)
        assert persian is not None
        year, month, number = persian
        assert number == lengths.get((year, month), 0) + 1
        lengths[year, month] = number
        day += timedelta(days=1)

    assert (1178, 1, 1) == solar_hijri(date(1799, 3, 21))
    assert (1501 - 1178 + 1) * 12 == len(lengths)
    assert all(31 == length for (_, month), length in lengths.items() if month <= 6)
    assert all(30 == length for (_, month), length in lengths.items() if 6 < month < 12)
    assert {29, 30} == {length for (_, month), length in lengths.items() if month == 12}


@pytest.mark.parametrize("day", [date.min, date(1799, 3, 20), date(2123, 3, 21), date.max])
def test_days_beyond_the_exact_calendar(day: date):
    """
    Where arithmetic is not exact, the Gregorian day is shown instead of a wrong one.
    """
    shown = day_text(day, "az")

    assert solar_hijri(day) is None
    assert day.isoformat() == "".join(str(int(letter)) if letter.isdigit() else letter for letter in shown)


def test_moment_in_the_brands_zone():
    """
    A moment is told by the clock of the business, which may already have the next day.
    """
    at = datetime(2026, 5, 12, 20, 30, tzinfo=UTC)

    assert "13 May 2026, 05:30" == moment_text(at, "Asia/Seoul", "en")
    assert "12. Mai 2026, 22:30 Uhr" == moment_text(at, "Europe/Berlin", "de")
    assert "۲۳ اردیبهشت ۱۴۰۵، ۰۰:۰۰" == moment_text(at, "Asia/Tehran", "az")


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


def test_without_babel(monkeypatch: pytest.MonkeyPatch):
    """
    Without Babel, a day that needs it is written as ISO 8601 does.
    """
    monkeypatch.setitem(sys.modules, "babel", None)
    monkeypatch.setitem(sys.modules, "babel.dates", None)

    assert "2026-05-12" == day_text(DAY, "ko")
    assert "2026-05-12" == day_text(DAY, "th")
    assert "۲۲ اردیبهشت ۱۴۰۵" == day_text(DAY, "az")
