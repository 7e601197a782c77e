"""
The series of figures: each against a plain count over all entries, by the business's calendar, as of any moment.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from stampledger import (
    Activity,
    ActivitySpan,
    AfterLastGoal,
    Brand,
    InvalidInput,
    Limits,
    Moment,
    Period,
    Refused,
    View,
    Voucher,
)
from stampledger.store.activity import KnownFigures
from tests.ledger.days import LONG_DAY, Day, Wish, wishes
from tests.ledger.shop import AGAIN_DRAW, CAKE_DRAW, LUCK, Shop, at, coffee, the, utc

COUNTED = {
    "card_issued": "cards_issued",
    "card_imported": "cards_imported",
    "goal_reached": "goals_reached",
    "award_granted": "rewards_issued",
    "voucher_issued": "rewards_issued",
    "lottery_granted": "rewards_issued",
    "voucher_redeemed": "redemptions",
    "redemption_reversed": "reversals",
    "campaign_sent": "campaigns",
    "message_sent": "messages",
}
FIGURES = ("stamps_credited", "stamps_voided", *dict.fromkeys(COUNTED.values()))
SHORT = Voucher(title="Today only", valid_for=timedelta(hours=5))


def figures(span: ActivitySpan) -> dict[str, int]:
    """The figures of a span that are not nothing."""
    return {name: count for name in FIGURES if (count := getattr(span, name))}


OPENING: list[Wish] = [  # Cards of every template, with something on them.
    *(("template", number, 0) for number in range(1, 4)),
    *(("issue", number, 0) for number in range(1, 4)),
    *(("add", number, 10) for number in (1, 2, 2)),
]


# A plain count.


def counted(shop: Shop, view: View, span: ActivitySpan) -> dict[str, Any]:
    """A span's figures, from all entries one by one and from all rewards one by one."""
    entries = [entry for entry in view.entries() if span.begins_at <= entry.recorded_at < span.ends_at]
    told: Counter[str] = Counter()
    for entry in entries:
        told[COUNTED.get(entry.kind, "")] += 1
        told["stamps_credited"] += getattr(entry.event, "count", 0) if entry.kind == "stamp_added" else 0
        told["stamps_voided"] += getattr(entry.event, "count", 0) if entry.kind == "stamp_voided" else 0
    rules = Counter(getattr(entry.event, "rule", "") for entry in entries if entry.kind == "stamp_rejected")
    upto = max((entry.seq for entry in view.entries() if entry.recorded_at < span.ends_at), default=0)
    is_over = upto < view.seq
    then = shop.ledger.at(Moment(upto, span.ends_at if is_over else min(span.ends_at, view.moment.at)))
    owed = Counter(reward.status for reward in rewards_of(then) if reward.kind != "award")
    return {
        "figures": {name: told[name] for name in FIGURES if told[name]},
        "refusals": tuple(sorted(rules.items())),
        "ends": (entries[0].seq, entries[-1].seq) if entries else (None, None),
        "final": is_over,
        "owed": (owed["active"], owed["granted"]),
    }


def rewards_of(view: View) -> list[Any]:
    given = ("voucher_id", "lottery_id", "reward_id")
    issued = ("voucher_issued", "lottery_granted", "award_granted")
    events = [entry.event for entry in view.entries() if entry.kind in issued]
    return [view.reward(next(getattr(told, name) for name in given if hasattr(told, name))) for told in events]


def shown(span: ActivitySpan) -> dict[str, Any]:
    return {
        "figures": figures(span),
        "refusals": span.refusals,
        "ends": (span.first, span.last),
        "final": span.final,
        "owed": (span.vouchers_outstanding, span.lotteries_outstanding),
    }


def ahead(day: Day, number: int) -> None:
    """A till whose clock runs ahead: what lapses by its time is recorded before its time is over."""
    day.wish("coupon", number, number)
    card = day.card(number)
    try:
        day.shop.ledger.add_stamps(card, 1, occurred_at=day.shop.clock() + timedelta(hours=2 * number))
    except (Refused, InvalidInput):
        event("refused")


@settings(max_examples=settings().max_examples // 10)
@given(
    days=wishes(size_min=5, size_max=30),
    zone=st.sampled_from(("UTC", "Europe/Berlin", "Australia/Lord_Howe")),
    per=st.sampled_from(Period),
    back=st.integers(0, 60),
    share=st.floats(0, 1),
    late=st.integers(0, 30),
)
def test_figures_are_what_a_plain_count_finds(
    days: list[Wish], zone: str, per: Period, back: int, share: float, late: int
):
    """
    Every span of a series has just the entries that were recorded in it, and what was owed at its end, as of any
    moment; remembered or not.
    """
    with Shop() as shop:
        day = Day(shop)
        shop.ledger.set_brand(Brand(name="Blue Cup", time_zone=zone))
        for place, (verb, one, two) in enumerate((*OPENING, *days)):
            if verb != "brand":
                day.wish(verb, one, two)
            if verb in ("wait", "save"):
                ahead(day, (one + place) % 13)
        for name in ("redeem", "reverse", "wait", "expire", "redeem"):
            day.wish(name, 1, late)
        shop.clock.wait(timedelta(hours=late))

        for view in (shop.ledger, shop.ledger.at(max(1, int(shop.head * share))), shop.ledger.at(shop.ledger.moment)):
            series = view.activity(since=at(hours=-back), per=per)
            again = view.activity(since=at(hours=-back), per=per)

            assert zone == series.time_zone or share < 1
            assert [counted(shop, view, span) for span in series] == [shown(span) for span in series]
            assert [shown(span) for span in series] == [shown(span) for span in again]
            assert all(one.ends_at == two.begins_at for one, two in pairwise(series))
            assert series[0].begins_at <= at(hours=-back) < series[0].ends_at
            last = list(view.entries())[-1]
            assert series[-1].begins_at <= max(view.moment.at, last.recorded_at) < series[-1].ends_at
            if any(span.vouchers_outstanding for span in series):
                event("vouchers owed")
            if any(span.lotteries_outstanding for span in series):
                event("lotteries owed")


@settings(max_examples=settings().max_examples // 10)
@given(st.lists(wishes(size_min=2, size_max=10), min_size=2, max_size=4), st.sampled_from(("hour", "day")))
def test_span_that_is_over_never_changes(days: list[list[Wish]], per: str):
    """
    Once a later entry is known, the figures of a span are the same for ever, whatever tills report late.
    """
    with Shop() as shop:
        day = Day(shop)
        final: dict[datetime, ActivitySpan] = {}
        for part in days:
            for verb, one, two in part:
                if verb != "brand":
                    day.wish(verb, one, two)
            for span in shop.ledger.activity(since=at(days=-1), per=per):
                assert span == final.get(span.begins_at, span)
                if span.final:
                    final[span.begins_at] = span
        shop.reopen()

        assert set(final.values()) <= set(shop.ledger.activity(since=at(days=-1), per=per))


# By example, on every engine.


def test_a_week(shop: Shop):
    """
    Days at a shop: what was credited, refused, won, used and owed, day by day, with the entries behind it.
    """
    shop.ledger.set_brand(Brand(name="Blue Cup"))
    card = shop.card(3, limits=Limits(per_scan=4))
    shop.ledger.add_stamps(card, 3, code="R-1")
    shop.clock.wait(timedelta(days=1))
    with pytest.raises(Refused):
        shop.ledger.add_stamps(card, 9)
    shop.ledger.redeem(shop.ledger.card(card).vouchers[0])
    first = shop.ledger.seq
    shop.clock.wait(timedelta(days=1))
    shop.ledger.reverse_redemption(shop.ledger.card(card).vouchers[0])
    shop.ledger.void_stamps(next(row.seq for row in shop.ledger.journal(kinds=["stamp_added"])))
    shop.ledger.send_message(card, "Hello")
    shop.ledger.send_campaign("spring", name="Spring", cards=[card], voucher=SHORT)

    series = shop.ledger.activity(since=at(), per="day")

    assert (Period.DAY, "UTC", 3) == (series.per, series.time_zone, len(series))
    assert utc(2024, 2, 27) == series[0].begins_at
    assert {"stamps_credited": 3, "cards_issued": 1, "goals_reached": 1, "rewards_issued": 1} == figures(series[0])
    assert {"redemptions": 1} == figures(series[1]) and 1 == series[1].refused
    assert {"stamps_voided": 3, "rewards_issued": 1, "reversals": 1, "campaigns": 1, "messages": 1} == (
        figures(series[2])
    )
    assert [1, 0, 1] == [span.rewards_outstanding for span in series]
    assert (1, first, shop.head) == (series[0].first, series[1].last, series[2].last)
    assert [True, True, False] == [span.final for span in series]
    rows = shop.ledger.journal(since=series[1].begins_at, until=series[1].ends_at - timedelta(microseconds=1))
    assert (series[1].first, series[1].last) == (rows[-1].seq, rows[0].seq)


def test_refusals_by_rule(shop: Shop):
    """
    Refused credits are counted by the rule that said no.
    """
    card = shop.card(8, limits=Limits(per_scan=2))
    for count in (3, 4, 5):
        with pytest.raises(Refused):
            shop.ledger.add_stamps(card, count)
    shop.ledger.add_stamps(card, 1, code="R-1")
    other = shop.ledger.issue_card("free-coffee")
    with pytest.raises(Refused):
        shop.ledger.add_stamps(other.card.id, 1, code="R-1")

    (span,) = shop.ledger.activity(since=at())

    assert (("code_already_used", 1), ("scan_limit_reached", 3)) == span.refusals
    assert 4 == span.refused


def test_owed_at_the_end(shop: Shop):
    """
    What is owed at a span's end is what could be used then: lapsed counts as lapsed, recorded or not; used is not owed,
    nor is what was played; what was given back is owed again.
    """
    card = shop.card(3, reward=SHORT)
    shop.ledger.add_stamps(card, 3)
    shop.clock.wait(timedelta(hours=1))
    shop.ledger.redeem(shop.ledger.card(card).vouchers[0])
    shop.clock.wait(timedelta(hours=1))
    shop.ledger.reverse_redemption(shop.ledger.card(card).vouchers[0])
    shop.clock.wait(timedelta(hours=10))

    before = shop.ledger.activity(since=at(), per="hour")
    shop.ledger.expire()
    shop.clock.wait(timedelta(hours=1))
    after = shop.ledger.activity(since=at(), per="hour")

    # Issued at 11:30 for five hours, used at 12:30, given back at 13:30: at 17:00 its time is over.
    assert [1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0] == [span.rewards_outstanding for span in before]
    assert [span.rewards_outstanding for span in before] == [span.rewards_outstanding for span in after][:13]


def test_used_is_not_owed(shop: Shop):
    """
    A voucher is owed from when it was given to when it was used, or taken back, whatever became of it later.
    """
    card = shop.card(3)
    shop.ledger.add_stamps(card, 3)
    other = shop.ledger.issue_coupon(SHORT, card=card)
    shop.clock.wait(timedelta(hours=1))
    shop.ledger.redeem(shop.ledger.card(card).vouchers[-1])
    shop.clock.wait(timedelta(hours=1))
    shop.ledger.void_voucher(other.events[0].voucher_id)  # type: ignore[attr-defined]

    owed = [span.vouchers_outstanding for span in shop.ledger.activity(since=at(), per="hour")]

    assert [2, 1, 0] == owed


def test_lotteries_owed(shop: Shop):
    """
    A lottery is owed until it is played; another try leaves it owed; the voucher that dropped is owed instead.
    """
    shop.chance.draws = [AGAIN_DRAW, CAKE_DRAW]
    card = shop.card(3, reward=LUCK)
    shop.ledger.add_stamps(card, 3)
    for _ in range(2):
        shop.clock.wait(timedelta(days=1))
        shop.ledger.play_lottery(shop.ledger.card(card).lotteries[0])

    owed = [(span.lotteries_outstanding, span.vouchers_outstanding) for span in shop.ledger.activity(since=at())]

    assert [(1, 0), (1, 0), (0, 1)] == owed


def test_expiry_recorded_ahead_of_its_time(shop: Shop):
    """
    A till whose clock runs ahead lets a voucher's expiry be recorded before its time is over: it is owed until then.
    """
    card = shop.card(3, reward=SHORT, after_last_goal=AfterLastGoal.HOLD)
    shop.ledger.add_stamps(card, 3)
    shop.ledger.add_stamps(card, 1, occurred_at=at(hours=6))
    assert "voucher_expired" in [row.kind for row in shop.ledger.journal()]
    shop.clock.wait(timedelta(hours=8))
    shop.ledger.add_stamps(card, 1)

    owed = [span.vouchers_outstanding for span in shop.ledger.activity(since=at(), per="hour")]

    assert [1, 1, 1, 1, 1, 0, 0, 0, 0] == owed
    assert 1 == shop.ledger.activity(since=at(hours=3), per="hour")[0].vouchers_outstanding


def test_bearer_coupon_is_owed(shop: Shop):
    """
    A coupon without a card is owed as any voucher.
    """
    shop.ledger.issue_coupon(SHORT)

    (span,) = shop.ledger.activity(since=at())

    assert (1, 1) == (span.rewards_issued, span.vouchers_outstanding)


# The calendar.


@pytest.mark.parametrize(
    ("zone", "since", "per", "hours"),
    [
        ("Europe/Berlin", utc(2024, 3, 30, 12), "day", [24, 23, 24]),
        ("Europe/Berlin", utc(2024, 10, 26, 12), "day", [24, 25, 24]),
        ("America/Sao_Paulo", utc(2018, 11, 3, 12), "day", [24, 23, 24]),  # Midnight itself is left out.
        ("America/Sao_Paulo", utc(2018, 2, 16, 12), "day", [24, 25, 24]),  # Midnight comes twice.
        ("Europe/Berlin", utc(2024, 3, 27), "week", [7 * 24 - 1, 7 * 24, 7 * 24]),
        ("Europe/Berlin", utc(2024, 2, 29), "month", [29 * 24, 31 * 24 - 1, 30 * 24]),
        ("UTC", utc(2023, 12, 31), "month", [31 * 24, 31 * 24, 29 * 24]),
        ("Asia/Kolkata", utc(2024, 1, 1, 0, 10), "hour", [1, 1, 1]),
    ],
)
def test_calendar(zone: str, since: datetime, per: str, hours: list[int]):
    """
    Spans are the calendar's: a day has 23 or 25 hours where the clocks change, a month has its own days.
    """
    with Shop() as shop:
        shop.clock.at = since - timedelta(days=1)
        shop.ledger.set_brand(Brand(name="Blue Cup", time_zone=zone))
        shop.clock.at = since + timedelta(days=100)

        spans = shop.ledger.activity(since=since, until=since + timedelta(hours=sum(hours)), per=per).spans[:3]

    assert hours == [(span.ends_at - span.begins_at) / timedelta(hours=1) for span in spans]
    for span in spans:
        local = span.begins_at.astimezone(ZoneInfo(zone))
        assert UTC == span.begins_at.tzinfo and 0 == local.minute
        assert per == "hour" or local.hour == 0 or (zone, local.month) == ("America/Sao_Paulo", 11)
        assert per != "week" or local.weekday() == 0
        assert per != "month" or local.day == 1


def test_the_hour_that_comes_twice():
    """
    The hour that the clocks repeat is two spans; the one they leave out is none.
    """
    with Shop() as shop:
        shop.ledger.set_brand(Brand(name="Blue Cup", time_zone="Europe/Berlin"))
        shop.clock.at = utc(2025, 1, 1)

        autumn = shop.ledger.activity(since=utc(2024, 10, 26, 22), until=utc(2024, 10, 27, 23), per="hour")
        spring = shop.ledger.activity(since=utc(2024, 3, 30, 23), until=utc(2024, 3, 31, 22), per="hour")

    def hours(series: Activity) -> list[int]:
        return [span.begins_at.astimezone(ZoneInfo("Europe/Berlin")).hour for span in series]

    assert [0, 1, 2, 2, *range(3, 24)] == hours(autumn)
    assert [0, 1, *range(3, 24)] == hours(spring)


def test_border(shop: Shop):
    """
    An entry at the very first moment of a day is of that day.
    """
    shop.clock.at = utc(2024, 5, 1)
    shop.template()
    shop.clock.at = utc(2024, 5, 1, 23, 59) + timedelta(seconds=59, microseconds=999_999)
    shop.template(7)
    shop.clock.at = utc(2024, 5, 2)
    shop.template(6)

    series = shop.ledger.activity(since=utc(2024, 4, 30))

    assert [(None, None), (1, 2), (3, 3)] == [(span.first, span.last) for span in series]


def test_until(shop: Shop):
    """
    The last span is the one before *until*; from March to April is March. What is yet to come is in no span.
    """
    shop.clock.at = utc(2024, 4, 20)
    shop.template()

    march = shop.ledger.activity(since=utc(2024, 3, 1), until=utc(2024, 4, 1), per="month")
    more = shop.ledger.activity(since=utc(2024, 3, 1), until=utc(2029, 4, 1), per="month")

    assert [(utc(2024, 3, 1), utc(2024, 4, 1))] == [(span.begins_at, span.ends_at) for span in march]
    assert [utc(2024, 4, 1), utc(2024, 5, 1)] == [span.ends_at for span in more]
    assert 0 == len(shop.ledger.activity(since=utc(2024, 3, 1), until=utc(2024, 3, 1)))
    assert 0 == len(shop.ledger.activity(since=utc(2030, 3, 1)))


def test_empty_ledger(shop: Shop):
    """
    Before anything was recorded there are spans, with nothing in them.
    """
    (span,) = shop.ledger.activity(since=at())

    assert {} == figures(span) and span.first is None and 0 == span.rewards_outstanding and not span.final


def test_late_till(shop: Shop):
    """
    What a till reports late belongs to the span in which it was recorded: the one before is over, and stays.
    """
    card = shop.card(8)
    shop.clock.wait(timedelta(days=2))
    shop.ledger.add_stamps(card, 1)
    before = shop.ledger.activity(since=at())
    shop.ledger.add_stamps(card, 5, occurred_at=at(days=1))

    after = shop.ledger.activity(since=at())

    assert [0, 0, 6] == [span.stamps_credited for span in after]
    assert before.spans[:2] == after.spans[:2]


def test_past_moment(shop: Shop):
    """
    A past moment knows a part of its last span.
    """
    card = shop.card(8)
    scan = shop.ledger.add_stamps(card, 2)
    shop.ledger.add_stamps(card, 3)
    shop.clock.wait(timedelta(days=3))
    shop.ledger.add_stamps(card, 1)

    (then,) = shop.ledger.at(scan).activity(since=at())

    assert (2, scan.last, False) == (then.stamps_credited, then.last, then.final)
    assert [5, 0, 0, 1] == [span.stamps_credited for span in shop.ledger.activity(since=at())]


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("per", {"per": "year"}),
        ("since", {"since": at().replace(tzinfo=None)}),
        ("since", {"since": "today"}),
        ("until", {"until": at(days=-2)}),
        ("until", {"until": at().replace(tzinfo=None)}),
        ("since", {"since": at(days=-1001)}),
        ("since", {"since": utc(1900, 1, 1), "per": "hour"}),
    ],
)
def test_series_that_is_none(shop: Shop, field: str, asked: dict[str, Any]):
    """
    What is no moment, no period, or too long a series, is refused by its name.
    """
    with pytest.raises(InvalidInput, match=field):
        shop.ledger.activity(**{"since": at(), **asked})


def test_thousand_spans(shop: Shop):
    """
    A thousand spans are not too many.
    """
    assert 1000 == len(shop.ledger.activity(since=at(days=-999)))


# What is remembered.


def test_what_is_over_is_not_read_again():
    """
    Figures of spans that are over are remembered by the ledger; those of the last one are not.
    """
    with Shop() as shop:
        card = shop.card(8)
        shop.ledger.add_stamps(card, 2)
        shop.clock.wait(timedelta(days=2))
        shop.ledger.add_stamps(card, 1)
        shop.ledger.activity(since=at())
        shop.sql("UPDATE JOURNAL SET body = ? WHERE seq = 3", b'{"count":7,"progress":2,"stamps_required":8}')
        shop.ledger.add_stamps(card, 1)

        assert [2, 0, 2] == [span.stamps_credited for span in shop.ledger.activity(since=at())]
        shop.reopen()
        assert [7, 0, 2] == [span.stamps_credited for span in shop.ledger.activity(since=at())]


def test_rebuilt_ledger():
    """
    What was remembered of rows that were wrong is forgotten once they are made anew.
    """
    with Shop() as shop:
        card = shop.card(3)
        shop.ledger.add_stamps(card, 3)
        rewards = shop.sql("SELECT * FROM REWARD")
        shop.sql("DELETE FROM REWARD")
        shop.clock.wait(timedelta(days=1))
        shop.ledger.publish_template("tea", coffee(5))
        assert rewards and [0, 0] == [span.rewards_outstanding for span in shop.ledger.activity(since=at())]

        shop.ledger.rebuild()

        assert [1, 1] == [span.rewards_outstanding for span in shop.ledger.activity(since=at())]


def test_what_is_rolled_back_is_not_remembered(shop: Shop):
    """
    Inside the caller's own transaction nothing is remembered: it may be rolled back, and its numbers given anew.
    """
    card = shop.card(8)
    with shop.ledger._store.engine.connect() as connection:
        bound = shop.ledger.using(connection)
        bound.add_stamps(card, 2)
        shop.clock.wait(timedelta(days=1))
        bound.add_stamps(card, 1)
        assert [2, 1] == [span.stamps_credited for span in bound.activity(since=at())]
        connection.rollback()
    shop.clock.wait(timedelta(days=-1))
    shop.ledger.add_stamps(card, 5)
    shop.clock.wait(timedelta(days=1))
    shop.ledger.add_stamps(card, 1)

    assert [5, 1] == [span.stamps_credited for span in shop.ledger.activity(since=at())]


def test_many_spans_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch):
    """
    However many spans are asked about, only so many are remembered.
    """
    from stampledger.store import activity

    monkeypatch.setattr(activity, "KNOWN_MAX", 5)
    with Shop() as shop:
        day = Day(shop)
        for verb, one, two in LONG_DAY[:150]:
            day.wish(verb, one, two)
        series = shop.ledger.activity(since=at(days=-10), per="day")

        known: KnownFigures = shop.ledger._store.figures
        assert 1 <= len(known._known) <= 5
        assert series == shop.ledger.activity(since=at(days=-10), per="day")
        assert the(series[-1].last) == shop.head
