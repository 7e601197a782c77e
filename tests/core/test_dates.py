"""
Days, months, birthdays and validities, by the calendar and in the business's zone.
"""

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from stampledger import events, rules
from stampledger.testing import Till
from stampledger.testing.life import told
from stampledger.values import Award, BirthdayGift, LeapDay, Voucher
from tests.core.shop import coffee, progress, utc

GIFT = Award(title="Cheers")
days = st.dates(date(1971, 1, 1), date(2036, 12, 31))
leap_days = st.sampled_from([date(year, 2, 29) for year in range(1904, 2040, 4)])
zones = st.sampled_from(
    (
        "UTC",
        "America/New_York",
        "America/Sao_Paulo",  # Midnight skipped in spring, until 2018.
        "America/Havana",  # Midnight twice in autumn.
        "Pacific/Apia",  # 30 December 2011 did not exist.
        "Asia/Kathmandu",
        "Australia/Lord_Howe",  # Half an hour of summer time.
        "Europe/Berlin",
        "Asia/Gaza",
        "Africa/Casablanca",
    )
)


@given(zones, days)
@example("America/Sao_Paulo", date(2018, 11, 4))
@example("America/Havana", date(2024, 11, 3))
@example("Pacific/Apia", date(2011, 12, 30))
def test_first_instant_of_a_day(zone: str, day: date):
    """
    A day begins at its first instant: nothing of it is before that, also where clocks change at midnight.
    """
    begin = rules.start_of_day(day, ZoneInfo(zone))
    local = begin.astimezone(ZoneInfo(zone))

    event(f"begins at {local:%H:%M}")
    assert local.date() >= day
    assert (begin - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() < day
    assert local.date() == day or (zone, day) == ("Pacific/Apia", date(2011, 12, 30))


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("UTC", date(2024, 2, 29), utc(2024, 2, 29)),
        ("America/New_York", date(2024, 3, 10), utc(2024, 3, 10, 5)),
        ("America/New_York", date(2024, 3, 11), utc(2024, 3, 11, 4)),
        ("America/New_York", date(2024, 11, 4), utc(2024, 11, 4, 5)),
        ("America/Sao_Paulo", date(2018, 11, 3), utc(2018, 11, 3, 3)),
        ("America/Sao_Paulo", date(2018, 11, 4), utc(2018, 11, 4, 3)),  # At one o'clock: midnight is skipped.
        ("America/Sao_Paulo", date(2018, 11, 5), utc(2018, 11, 5, 2)),
        ("America/Havana", date(2024, 11, 3), utc(2024, 11, 3, 4)),  # The first of two midnights.
        ("Pacific/Apia", date(2011, 12, 31), utc(2011, 12, 30, 10)),
        ("Asia/Seoul", date(2024, 1, 1), utc(2023, 12, 31, 15)),
    ],
)
def test_start_of_day(zone: str, day: date, begins: datetime):
    """
    Where a day begins can be looked up.
    """
    assert begins == rules.start_of_day(day, ZoneInfo(zone))


def months_on(day: date, months: int) -> date:
    """Month by month, as a finger goes over a calendar."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@given(days | leap_days, st.integers(0, 240))
@example(date(2024, 1, 31), 1)
@example(date(2023, 1, 31), 1)
@example(date(2024, 2, 29), 12)
@example(date(2024, 12, 31), 2)
def test_months_later(day: date, months: int):
    """
    Months later is the same day of that month, or its last one where it is shorter.
    """
    assert months_on(day, months) == rules.months_later(day, months)


@pytest.mark.parametrize(
    ("voucher", "zone", "issued", "expires"),
    [
        (Voucher(title="x"), "UTC", utc(2024, 1, 1), None),
        (Voucher(title="x", valid_for=timedelta(days=30)), "UTC", utc(2024, 2, 1), utc(2024, 3, 2)),
        (Voucher(title="x", valid_months=1), "UTC", utc(2024, 1, 31, 9), utc(2024, 2, 29, 9)),
        (Voucher(title="x", valid_months=12), "UTC", utc(2024, 2, 29, 9), utc(2025, 2, 28, 9)),
        # The time of day is the business's, over a change of its clocks.
        (Voucher(title="x", valid_months=1), "America/New_York", utc(2024, 2, 20, 17), utc(2024, 3, 20, 16)),
        # Its day too: 31 January in Seoul is still the 30th in UTC.
        (Voucher(title="x", valid_months=1), "Asia/Seoul", utc(2023, 1, 30, 20), utc(2023, 2, 27, 20)),
        # The last day is good until its end.
        (Voucher(title="x", valid_until=date(2024, 6, 30)), "UTC", utc(2024, 1, 1), utc(2024, 7, 1)),
        (Voucher(title="x", valid_until=date(2024, 6, 30)), "America/New_York", utc(2024, 1, 1), utc(2024, 7, 1, 4)),
        (Voucher(title="x", valid_until=date(2018, 11, 3)), "America/Sao_Paulo", utc(2018, 1, 1), utc(2018, 11, 4, 3)),
        # Beyond the calendar's end is never.
        (Voucher(title="x", valid_until=date.max), "UTC", utc(2024, 1, 1), None),
        (Voucher(title="x", valid_for=timedelta(days=36_525)), "UTC", utc(9950, 1, 1), None),
    ],
)
def test_voucher_expiry(voucher: Voucher, zone: str, issued: datetime, expires: datetime | None):
    """
    A voucher is valid without limit, for a time, for months or until the end of a day.
    """
    till = Till(coffee(1, reward=voucher), zone, issued)

    (voucher_issued,) = told(till.add(), events.VoucherIssued)

    assert expires == voucher_issued.expires_at
    assert expires is None or UTC.utcoffset(None) == expires.utcoffset()


# Birthdays.


def celebrated(birthday: date, year: int, leap_day: LeapDay) -> date:
    if (birthday.month, birthday.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 2, 28) if leap_day is LeapDay.FEBRUARY_28 else date(year, 3, 1)
    return date(year, birthday.month, birthday.day)


@given(
    st.dates(date(1930, 1, 1), date(2000, 12, 31)) | leap_days,
    st.integers(2005, 2030),
    st.integers(0, 180),
    st.integers(0, 180),
    st.sampled_from(LeapDay),
    st.integers(-182, 182),
)
def test_birthday_window(birthday: date, year: int, before: int, after: int, leap_day: LeapDay, off: int):
    """
    The gift of a year can be given from so many days before the day of that year to so many after it, and only then.
    """
    birthday = birthday.replace(year=min(birthday.year, 2004))
    gift = BirthdayGift(reward=GIFT, days_before=before, days_after=after, leap_day=leap_day)
    off = {-182: -before, -181: -before - 1, 182: after, 181: after + 1}.get(off, off)
    on = celebrated(birthday, year, leap_day) + timedelta(days=off)
    years = [
        candidate
        for candidate in (year - 1, year, year + 1)
        if -before <= (on - celebrated(birthday, candidate, leap_day)).days <= after
    ]

    event(f"due: {years != []}, leap: {birthday.month == 2 and birthday.day == 29}")
    assert (years[0] if years else None) == rules.birthday_due(birthday, gift, on)
    assert len(years) <= 1


@pytest.mark.parametrize(
    ("birthday", "gift", "on", "year"),
    [
        # 29 February, both ways, in leap years and others.
        (date(2000, 2, 29), BirthdayGift(reward=GIFT), date(2023, 2, 28), 2023),
        (date(2000, 2, 29), BirthdayGift(reward=GIFT), date(2023, 3, 1), None),
        (date(2000, 2, 29), BirthdayGift(reward=GIFT), date(2024, 2, 29), 2024),
        (date(2000, 2, 29), BirthdayGift(reward=GIFT), date(2024, 2, 28), None),
        (date(2000, 2, 29), BirthdayGift(reward=GIFT, leap_day=LeapDay.MARCH_1), date(2023, 3, 1), 2023),
        (date(2000, 2, 29), BirthdayGift(reward=GIFT, leap_day=LeapDay.MARCH_1), date(2023, 2, 28), None),
        (date(2000, 2, 29), BirthdayGift(reward=GIFT, leap_day=LeapDay.MARCH_1), date(2024, 2, 29), 2024),
        (date(2000, 2, 29), BirthdayGift(reward=GIFT), date(1900 + 200, 2, 28), 2100),
        # Over the edge of a year.
        (date(1990, 1, 3), BirthdayGift(reward=GIFT, days_before=7), date(2023, 12, 27), 2024),
        (date(1990, 1, 3), BirthdayGift(reward=GIFT, days_before=7), date(2023, 12, 26), None),
        (date(1990, 12, 30), BirthdayGift(reward=GIFT, days_after=7), date(2024, 1, 6), 2023),
        (date(1990, 12, 30), BirthdayGift(reward=GIFT, days_after=7), date(2024, 1, 7), None),
        # Nobody has a birthday before being born, and the calendar has an end.
        (date(2024, 1, 3), BirthdayGift(reward=GIFT, days_before=7), date(2023, 12, 30), 2024),
        (date(2024, 6, 1), BirthdayGift(reward=GIFT), date(2023, 6, 1), None),
        (date(1990, 1, 1), BirthdayGift(reward=GIFT, days_before=7), date(9999, 12, 31), None),
        (date(1, 1, 1), BirthdayGift(reward=GIFT, days_after=7), date(1, 1, 2), 1),
    ],
)
def test_birthday_due(birthday: date, gift: BirthdayGift, on: date, year: int | None):
    """
    Which year's gift is due on a day.
    """
    assert year == rules.birthday_due(birthday, gift, on)


def test_birthday_gift():
    """
    A birthday gives its reward and its stamps, and these may reach a goal.
    """
    till = Till(coffee(3, birthday=BirthdayGift(reward=GIFT, stamps=4)))

    story = till.celebrate(2024)

    assert [2024] == [reached.year for reached in told(story, events.BirthdayReached)]
    assert ["birthday", "goal"] == [granted.source for granted in told(story, events.Granted)]
    assert [(4, True)] == [(added.count, added.bonus) for added in told(story, events.StampAdded)]
    assert "1/3" == progress(till)


def test_no_birthday_without_gift():
    """
    Where the programme has no birthday gift, nothing happens.
    """
    assert () == Till(coffee()).celebrate()
