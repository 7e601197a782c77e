"""Stamp and goal rules: what follows from numbers and dates alone. Each function only computes.

A card's stamps are counted on one line: cycle 1 takes places 1 to *size*, cycle 2 the next *size*, and so on. Goals,
overflow and voids are all questions about places on that line, so that exactly reaching a goal, crossing several, and
going back over a cycle's edge need no cases of their own.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from zoneinfo import ZoneInfo

from stampledger.checks import PERCENTAGE_PLACES_MAX, units
from stampledger.refusals import DailyLimitReached, RollingLimitReached, ScanLimitReached
from stampledger.values import BirthdayGift, CardTemplate, LeapDay, Limits, Voucher

DRAW_TOTAL = 10 ** (2 + PERCENTAGE_PLACES_MAX)  # A draw is a whole number below this one.


def position(total: int, size: int) -> tuple[int, int]:
    """Answer (completed cycles, progress) of *total* stamps on cards of *size*.

    A full card stays full, *size* of *size*, until the next stamp begins a new cycle.
    """
    if total <= 0:
        return 0, 0
    cycles = (total - 1) // size
    return cycles, total - cycles * size


def next_goal(template: CardTemplate, progress: int) -> int:
    """Answer the index of the next goal above *progress*; the number of goals where all are reached."""
    goals = template.goals
    if len(goals) == 1:
        return 0 if progress < goals[0].stamps else 1
    return bisect_right([goal.stamps for goal in goals], progress)


def stamps_missing(template: CardTemplate, progress: int) -> int:
    """Answer how many stamps are missing to the next reward; on a full card, to the first of the next cycle."""
    index = next_goal(template, progress)
    if index == len(template.goals):
        return template.goals[0].stamps
    return template.goals[index].stamps - progress


# Money.


def stamps_for(amount_minor: int, remainder_minor: int, unit_minor: int) -> tuple[int, int]:
    """Answer (stamps, remainder) that an amount earns beside what had remained, all in minor units."""
    return divmod(amount_minor + remainder_minor, unit_minor)


# Time.


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Answer the business's calendar day of an instant."""
    return at.astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Answer the first instant of a calendar day, also where the clocks change at midnight."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def months_later(day: date, months: int) -> date:
    """Answer the same day *months* later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        if last <= day.day:
            try:
                return date(year, month + 1, last)
            except ValueError:
                if year > 9999:
                    return date.max
    raise AssertionError("every month has 28 days")


def voucher_expiry(voucher: Voucher, issued_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Answer the instant from which a voucher is no longer good; None is never.

    Months are the calendar's and keep the time of day; a last day is good until its end in the business's zone.
    """
    try:
        if voucher.valid_for is not None:
            return issued_at + voucher.valid_for
        if voucher.valid_months is not None:
            local = issued_at.astimezone(zone)
            later = months_later(local.date(), voucher.valid_months)
            return datetime.combine(later, local.timetz()).astimezone(UTC)
        if voucher.valid_until is not None:
            return start_of_day(voucher.valid_until + timedelta(days=1), zone)
    except OverflowError:  # Beyond the calendar's end.
        return None
    return None


def birthday_in(birthday: date, year: int, leap_day: LeapDay) -> date:
    """Answer the day a birthday is celebrated in a year."""
    if (birthday.month, birthday.day) == (2, 29):
        try:
            return date(year, 2, 29)
        except ValueError:
            return date(year, 2, 28) if leap_day is LeapDay.FEBRUARY_28 else date(year, 3, 1)
    return birthday.replace(year=year)


def birthday_due(birthday: date, gift: BirthdayGift, on: date) -> int | None:
    """Answer the year whose birthday gift can be given on a day, or None.

    A gift given in late December for a January birthday is the coming year's.
    """
    for year in (on.year - 1, on.year, on.year + 1):
        if not birthday.year <= year <= 9999:
            continue
        day = birthday_in(birthday, year, gift.leap_day)
        if -gift.days_after <= (day - on).days <= gift.days_before:
            return year
    return None


# Limits. A counted credit is (when, how many).

Counted = Sequence[tuple[datetime, int]]


def limit_of(limits: Limits, rule: str) -> int | None:
    """Answer the number of stamps that a rule, named by its refusal's code, allows; None where it does not count."""
    numbers = {
        ScanLimitReached.code: limits.per_scan,
        DailyLimitReached.code: limits.per_day,
        RollingLimitReached.code: limits.per_24_hours,
    }
    return numbers.get(rule)


def day_room(counted: Counted, limit: int, at: datetime, zone: ZoneInfo, wanted: int) -> tuple[int, datetime]:
    """Answer (stamps that still fit into the calendar day of *at*, when the next day with room for *wanted* begins)."""
    used: dict[date, int] = {}
    for when, count in counted:
        day = local_day(when, zone)
        used[day] = used.get(day, 0) + count
    today = local_day(at, zone)
    later = today + timedelta(days=1)
    while wanted <= limit < used.get(later, 0) + wanted:
        later += timedelta(days=1)
    return max(0, limit - used.get(today, 0)), start_of_day(later, zone)


def rolling_room(counted: Counted, limit: int, at: datetime, wanted: int) -> tuple[int, datetime]:
    """Answer (stamps that still fit at *at*, when all *wanted* would), so that no 24 hours hold more than *limit*.

    A till may report late, so the 24 hours may also end at a credit after *at*. Credits 24 hours apart do not meet.
    """
    window = timedelta(hours=24)
    ordered = sorted(counted)
    times = [when for when, _ in ordered]
    sums = [0, *accumulate(count for _, count in ordered)]

    def used(end: datetime) -> int:
        return sums[bisect_right(times, end)] - sums[bisect_right(times, end - window)]

    def room(start: datetime) -> int:
        later = times[bisect_right(times, start) : bisect_left(times, start + window)]
        return limit - max(used(end) for end in (start, *later))

    ends = (when + window for when in times if when + window > at)
    retry_at = next((end for end in (at, *ends) if room(end) >= wanted), at)
    return max(0, room(at)), retry_at


# Chance.


def drawn_variant(draw: int, percentages: Sequence[Decimal]) -> int:
    """Answer the index of the variant in whose share a draw lies, exactly.

    The shares lie one after another on the line from 0 to `DRAW_TOTAL`, in the order of the variants.
    """
    assert 0 <= draw < DRAW_TOTAL
    reached = 0
    for index, percentage in enumerate(percentages):
        reached += units(percentage, PERCENTAGE_PLACES_MAX)
        if draw < reached:
            return index
    raise AssertionError("percentages sum to 100")
