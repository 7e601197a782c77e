"""What went on in a business, span by span of its calendar."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import attrs

from stampledger import events, rules
from stampledger.events import Event


class Period(StrEnum):
    """How long the spans of a series are, by the business's calendar."""

    HOUR = "hour"
    DAY = "day"  # Of 23 or 25 hours where the clocks change.
    WEEK = "week"  # From Monday.
    MONTH = "month"


@attrs.frozen(kw_only=True)
class ActivitySpan:
    """What was recorded from one moment to before another, and what was outstanding at its end.

    A span belongs to the entries that were recorded in it, whatever a till's own clock said.
    """

    begins_at: datetime
    ends_at: datetime  # The first moment that is not in it any more.
    first: int | None = None  # The seqs of its first and last entry; None where there was none.
    last: int | None = None
    final: bool = False  # A later entry is known: these figures are the same for ever.
    stamps_credited: int = 0
    stamps_voided: int = 0
    cards_issued: int = 0
    cards_imported: int = 0
    goals_reached: int = 0
    rewards_issued: int = 0
    redemptions: int = 0
    reversals: int = 0  # Redemptions taken back; they are not taken off the redemptions.
    refusals: tuple[tuple[str, int], ...] = ()  # How many of each rule, such as daily_limit_reached, by its name.
    campaigns: int = 0  # Cards that a campaign reached.
    messages: int = 0
    vouchers_outstanding: int = 0  # At its end, or now where that is yet to come; what has lapsed by then is not.
    lotteries_outstanding: int = 0  # Granted, and still to be played.

    @property
    def rewards_outstanding(self) -> int:
        """What the business still owed at the span's end: vouchers to be redeemed and lotteries to be played."""
        return self.vouchers_outstanding + self.lotteries_outstanding

    @property
    def refused(self) -> int:
        """Refused credits, by whatever rule."""
        return sum(count for _, count in self.refusals)


@attrs.frozen(kw_only=True)
class Activity:
    """A series of spans, the earliest first, without a gap."""

    per: Period
    time_zone: str  # In which its spans begin and end.
    spans: tuple[ActivitySpan, ...]

    def __iter__(self) -> Iterator[ActivitySpan]:
        return iter(self.spans)

    def __getitem__(self, index: int) -> ActivitySpan:
        return self.spans[index]

    def __len__(self) -> int:
        return len(self.spans)


# Which figure of a span an event counts in: by one, or by a number that it tells.
COUNTED: Mapping[type[Event], str] = {
    events.CardIssued: "cards_issued",
    events.CardImported: "cards_imported",
    events.GoalReached: "goals_reached",
    events.AwardGranted: "rewards_issued",
    events.VoucherIssued: "rewards_issued",
    events.LotteryGranted: "rewards_issued",
    events.VoucherRedeemed: "redemptions",
    events.RedemptionReversed: "reversals",
    events.CampaignSent: "campaigns",
    events.MessageSent: "messages",
}
SUMMED: Mapping[type[Event], str] = {events.StampAdded: "stamps_credited", events.StampVoided: "stamps_voided"}
REFUSED = events.StampRejected


def borders(since: datetime, until: datetime, per: Period, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the moments at which whole spans begin, from the one that *since* lies in, and the end of the last.

    The last span is the one that begins before *until*.
    """
    border = _begin(since, per, zone)
    yield border
    while border < until:
        border = _next(border, per, zone)
        yield border


def _begin(at: datetime, per: Period, zone: ZoneInfo) -> datetime:
    day = rules.local_day(at, zone)
    match per:
        case Period.HOUR:
            begun = rules.start_of_day(day, zone)
            return begun + (at - begun) // _HOUR * _HOUR
        case Period.WEEK:
            day -= timedelta(days=day.weekday())
        case Period.MONTH:
            day = day.replace(day=1)
        case Period.DAY:
            pass
    return rules.start_of_day(day, zone)


def _next(border: datetime, per: Period, zone: ZoneInfo) -> datetime:
    day = rules.local_day(border, zone)
    match per:
        case Period.HOUR:  # Where the clocks change by half an hour, the day's last one is as short.
            return min(border + _HOUR, rules.start_of_day(day + timedelta(days=1), zone))
        case Period.DAY:
            day += timedelta(days=1)
        case Period.WEEK:
            day += timedelta(days=7)
        case Period.MONTH:
            day = rules.months_later(day, 1)
    return rules.start_of_day(day, zone)


_HOUR = timedelta(hours=1)
