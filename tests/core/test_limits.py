"""
Limits: how many stamps a card may get, and how fast. Every moment at the edge of a day or of 24 hours counts.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from stampledger import events
from stampledger.refusals import DailyLimitReached, IntervalNotOver, RollingLimitReached, ScanLimitReached
from stampledger.testing import START, ZONES, Kind, Moment, Till, Wish, limits, templates, wishes
from stampledger.testing.life import told
from stampledger.values import AfterLastGoal, BirthdayGift, CardTemplate, Limits, OverCap, Overflow, PerAmount
from tests.core.shop import COFFEE, at, coffee, goals_of, progress, utc

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


def credits(till: Till) -> list[tuple[datetime, int]]:
    """(when, how many) of each credit that stands, as far as limits are concerned."""
    return [(credit.event.at, credit.event.count) for credit in till.credits if not credit.event.bonus]


def over_day(counted: Iterable[tuple[datetime, int]], zone: str) -> int:
    """The most stamps of any calendar day."""
    days: dict[object, int] = {}
    for when, count in counted:
        day = when.astimezone(ZoneInfo(zone)).date()
        days[day] = days.get(day, 0) + count
    return max(days.values(), default=0)


def over_24_hours(counted: Iterable[tuple[datetime, int]]) -> int:
    """The most stamps of any 24 hours; two moments exactly 24 hours apart do not meet."""
    counted = list(counted)
    return max(
        (sum(count for when, count in counted if begin <= when < begin + DAY) for begin, _ in counted), default=0
    )


def room(till: Till, rule: Limits, now: datetime, zone: str) -> int:
    """How many stamps fit at a moment: tried one by one."""
    counted = [credit for credit in credits(till) if credit[1]]
    if rule.interval is not None and any(abs(when - now) < rule.interval for when, _ in counted):
        return 0
    fits = 0
    while fits < 50:
        more = [*counted, (now, fits + 1)]
        if rule.per_scan is not None and fits + 1 > rule.per_scan:
            break
        today = [
            one for one in more if one[0].astimezone(ZoneInfo(zone)).date() == now.astimezone(ZoneInfo(zone)).date()
        ]
        if rule.per_day is not None and over_day(today, zone) > rule.per_day:
            break
        near = [one for one in more if abs(one[0] - now) < DAY]
        if rule.per_24_hours is not None and over_24_hours(near) > rule.per_24_hours:
            break
        fits += 1
    return fits


asking = wishes(Kind.ADD, Kind.ADD, Kind.ADD, Kind.PAY, Kind.VOID, Kind.CELEBRATE, size_max=25)
limited = templates(
    limits=limits(),
    goals=goals_of(COFFEE),
    after_last_goal=AfterLastGoal.RESTART,
    overflow=Overflow.CARRY,
    stamps_valid_for=None,
    card_valid_for=None,
)


@given(limited, st.sampled_from(ZONES), asking)
def test_limits_never_exceeded(template: CardTemplate, zone: str, asked: list[Wish]):
    """
    No scan, no day of the business's zone and no 24 hours ever hold more stamps than allowed, and no two credits are
    closer than the interval; voided credits and birthday presents are not counted.
    """
    till, rule = Till(template, zone), template.limits
    for wish in asked:
        till.perform(wish)

    counted = [credit for credit in credits(till) if credit[1]]
    assert rule.per_scan is None or all(count <= rule.per_scan for _, count in counted)
    assert rule.per_day is None or over_day(counted, zone) <= rule.per_day
    assert rule.per_24_hours is None or over_24_hours(counted) <= rule.per_24_hours
    times = sorted(when for when, _ in counted)
    assert rule.interval is None or all(later - earlier >= rule.interval for earlier, later in pairwise(times))
    event(f"day full: {rule.per_day is not None and over_day(counted, zone) == rule.per_day}")
    event(f"24 hours full: {rule.per_24_hours is not None and over_24_hours(counted) == rule.per_24_hours}")


@given(limited, st.sampled_from(ZONES), asking)
def test_all_that_fits(template: CardTemplate, zone: str, asked: list[Wish]):
    """
    A credit that fits is never refused or cut, and one that does not is refused as a whole, or granted up to the cap
    with the rest recorded, as the template says.
    """
    till, rule = Till(template, zone), template.limits
    for wish in asked:
        before = till.fork()
        outcome = till.perform(wish)
        if outcome is None or wish.kind is not Kind.ADD:
            continue
        count = 1 + wish.number % 4
        fits = room(before, rule, till.clock(), zone)
        given_now = told(outcome.events, events.StampAdded)
        event("fits" if fits >= count else "nothing fits" if fits == 0 else "some fit")
        if fits >= count:
            assert (count, 0) == (given_now[0].count, given_now[0].withheld)
        elif fits == 0 or rule.over_cap is OverCap.REFUSE:
            assert outcome.refusal is not None and [] == given_now
        else:
            assert (fits, count - fits) == (given_now[0].count, given_now[0].withheld)


@given(
    limited,
    st.sampled_from(ZONES),
    wishes(Kind.ADD, Kind.ADD, Kind.VOID, moments=(Moment.STILL, Moment.HOUR, Moment.EDGE)),
)
def test_retry_when_told(template: CardTemplate, zone: str, asked: list[Wish]):
    """
    A customer who is told when to come again gets the stamps at that very moment, and not a moment before.
    """
    till = Till(template, zone)
    for wish in asked:
        outcome = till.perform(wish)
        if outcome is None or outcome.refusal is None or till.retry_at is None:
            continue
        event(outcome.refusal.code)
        early, punctual = till.fork(), till.fork()
        early.clock.at = till.retry_at - timedelta(microseconds=1)
        punctual.clock.at = till.retry_at

        again = Wish(Kind.ADD, wish.number)
        assert type(early.perform(again).refusal) is type(outcome.refusal)  # type: ignore[union-attr]
        assert punctual.perform(again).refusal is None  # type: ignore[union-attr]


# By example.


def test_scan_limit_refuses():
    """
    One scan gives at most what one scan may give; waiting does not help.
    """
    till = Till(coffee(limits=Limits(per_scan=2)))

    with pytest.raises(ScanLimitReached, match=r"^a scan may give at most 2 stamps, and 3 were asked for$") as refused:
        till.add(3)

    assert None is refused.value.retry_at
    assert (2, 3) == (refused.value.limit, refused.value.count)
    till.add(2)
    till.add(2)
    assert "4/8" == progress(till)


def test_scan_limit_grants():
    """
    Where the template grants up to the cap, the entry says how much was withheld.
    """
    till = Till(coffee(limits=Limits(per_scan=2, over_cap=OverCap.GRANT)))

    (added,) = told(till.add(5), events.StampAdded)

    assert (2, 3, 0) == (added.count, added.withheld, added.dropped)
    assert "2/8" == progress(till)


def test_day_begins_at_midnight_of_the_business():
    """
    A day is the business's: 23:59 and 0:01 in New York are two days, though one in UTC.
    """
    till = Till(coffee(limits=Limits(per_day=1)), "America/New_York", utc(2024, 1, 11, 4, 59))
    till.add()

    with pytest.raises(DailyLimitReached) as refused:
        till.add()
    assert utc(2024, 1, 11, 5) == refused.value.retry_at
    assert "a day may bring at most 1 stamp; the next from 2024-01-11 05:00 UTC" == str(refused.value)

    till.clock.at = utc(2024, 1, 11, 5)
    till.add()
    assert "2/8" == progress(till)


def test_day_in_which_clocks_change():
    """
    The Sunday on which New York loses an hour ends 23 hours after it began.
    """
    till = Till(coffee(limits=Limits(per_day=1)), "America/New_York", utc(2024, 3, 10, 5))
    till.add()

    with pytest.raises(DailyLimitReached) as refused:
        till.add()

    assert utc(2024, 3, 11, 4) == refused.value.retry_at


def test_day_without_midnight():
    """
    Where the clocks skip midnight, as in São Paulo on 4 November 2018, the day begins at one o'clock.
    """
    till = Till(coffee(limits=Limits(per_day=1)), "America/Sao_Paulo", utc(2018, 11, 4, 2, 59))
    till.add()

    with pytest.raises(DailyLimitReached) as refused:
        till.add()
    assert utc(2018, 11, 4, 3) == refused.value.retry_at

    till.clock.at = utc(2018, 11, 4, 3)
    till.add()


def test_whole_credit_refused_over_the_day():
    """
    What goes over the cap is refused as a whole, never cut silently.
    """
    till = Till(coffee(limits=Limits(per_day=3)))
    till.add(2)

    with pytest.raises(DailyLimitReached):
        till.add(2)

    assert "2/8" == progress(till)
    till.add(1)
    assert "3/8" == progress(till)


def test_credit_above_the_limit_alone():
    """
    A credit that no day could hold is refused without a time at which to try again.
    """
    till = Till(coffee(limits=Limits(per_day=3, per_24_hours=4)))

    with pytest.raises(DailyLimitReached, match=r"^a day may bring at most 3 stamps$") as refused:
        till.add(4)

    assert None is refused.value.retry_at


def test_day_grants_up_to_the_cap():
    """
    Granting up to the cap gives what is left of the day, says what was not given, and refuses once nothing is left.
    """
    till = Till(coffee(limits=Limits(per_day=3, over_cap=OverCap.GRANT)))
    till.add(2)

    (added,) = told(till.add(9), events.StampAdded)
    assert (1, 8) == (added.count, added.withheld)

    with pytest.raises(DailyLimitReached) as refused:
        till.add(9)
    assert utc(2024, 2, 28) == refused.value.retry_at


def test_rolling_window():
    """
    24 hours move with the clock: stamps fall out of them exactly 24 hours later, one credit after the other.
    """
    till = Till(coffee(limits=Limits(per_24_hours=3)))
    till.add(2)
    till.clock.wait(6 * HOUR)
    till.add(1)

    with pytest.raises(RollingLimitReached) as one:
        till.add(1)
    with pytest.raises(RollingLimitReached) as three:
        till.add(3)
    assert (at(days=1), at(days=1, hours=6)) == (one.value.retry_at, three.value.retry_at)
    assert str(one.value).startswith("24 hours may bring at most 3 stamps; the next from 2024-02-28 11:30")

    till.clock.at = at(days=1) - SECOND
    with pytest.raises(RollingLimitReached):
        till.add(1)
    till.clock.at = at(days=1)
    till.add(2)
    assert "5/8" == progress(till)


def test_rolling_window_spans_midnight():
    """
    24 hours do not care for midnight.
    """
    till = Till(coffee(limits=Limits(per_24_hours=1)), at=utc(2024, 1, 10, 23, 59))
    till.add()
    till.clock.at = utc(2024, 1, 11, 0, 1)

    with pytest.raises(RollingLimitReached):
        till.add()


def test_scan_reported_late():
    """
    A scan that an offline till reports late is measured against the stamps after it too.
    """
    till = Till(coffee(limits=Limits(per_24_hours=1)))
    till.clock.wait(HOUR)
    till.add()
    till.clock.wait(-HOUR)

    with pytest.raises(RollingLimitReached) as refused:
        till.add()

    assert at(days=1, hours=1) == refused.value.retry_at


def test_interval():
    """
    Two credits are at least the interval apart.
    """
    till = Till(coffee(limits=Limits(interval=HOUR)))
    till.add(3)

    till.clock.at = at(hours=1) - SECOND
    with pytest.raises(IntervalNotOver) as refused:
        till.add()
    assert at(hours=1) == refused.value.retry_at
    assert "stamps must be 1 hour apart; the next from 2024-02-27 12:30 UTC" == str(refused.value)

    till.clock.at = at(hours=1)
    till.add()
    assert "4/8" == progress(till)


def test_interval_after_void():
    """
    A cashier who scanned the wrong number voids it and scans again at once.
    """
    till = Till(coffee(limits=Limits(interval=7 * DAY)))
    till.add(5)
    till.void()

    till.add(1)

    assert "1/8" == progress(till)


def test_interval_longer_than_memory():
    """
    An interval of a week holds for all of the week, also for a template that has no other limit.
    """
    till = Till(coffee(limits=Limits(interval=7 * DAY), birthday=BirthdayGift(stamps=1)))
    till.add()
    till.clock.wait(4 * DAY)
    till.celebrate()
    till.clock.wait(3 * DAY - SECOND)

    with pytest.raises(IntervalNotOver):
        till.add()

    till.clock.wait(SECOND)
    till.add()


def test_interval_does_not_count_presents():
    """
    A birthday's stamps do not make a customer wait who comes to buy something.
    """
    gift = BirthdayGift(stamps=2)
    till = Till(coffee(limits=Limits(interval=HOUR, per_day=1), birthday=gift))
    till.celebrate()

    till.add()

    assert "3/8" == progress(till)


def test_amount_too_small_is_no_stamp():
    """
    A purchase that earns no stamp starts no interval.
    """
    till = Till(coffee(limits=Limits(interval=HOUR), per_amount=PerAmount(amount=Decimal(10))))
    till.add(amount_minor=500)

    till.add(amount_minor=600)

    assert "1/8" == progress(till)


def test_latest_of_several_limits():
    """
    Where several limits say no, the customer is told the moment at which all of them agree.
    """
    till = Till(coffee(limits=Limits(per_day=2, per_24_hours=2)), at=utc(2024, 1, 10, 23))
    till.add(2)

    with pytest.raises(RollingLimitReached) as refused:
        till.add()

    assert utc(2024, 1, 11, 23) == refused.value.retry_at


def test_void_makes_room():
    """
    Voided stamps no longer count towards a limit.
    """
    till = Till(coffee(limits=Limits(per_day=2, per_24_hours=2)))
    till.add(2)
    till.void()

    till.add(2)

    assert "2/8" == progress(till)


def test_clock_far_ahead():
    """
    One till whose clock is years ahead does not switch the limits off for the card.
    """
    till = Till(coffee(limits=Limits(per_day=1)))
    till.clock.at = utc(2090, 1, 1)
    till.add()
    till.clock.at = START
    till.add()

    with pytest.raises(DailyLimitReached):
        till.add()


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (timedelta(days=7), "7 days"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=1), "1 second"),
    ],
)
def test_interval_read_aloud(interval: timedelta, said: str):
    """
    A length of time is said in its largest whole unit.
    """
    assert f"stamps must be {said} apart; the next from 2024-02-27 11:30 UTC" == str(IntervalNotOver(interval, at()))
