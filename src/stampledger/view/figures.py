"""Reading figures: what went on in a business, span by span of its calendar."""

from datetime import datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from stampledger import checks, codec, projections
from stampledger.aggregates import PublishedTemplate
from stampledger.errors import InvalidInput
from stampledger.lookup import Lookup
from stampledger.projections import Activity, ActivitySpan, Liability, Period
from stampledger.store import lists
from stampledger.store.activity import KnownFigures, Reach
from stampledger.store.owing import each_owed
from stampledger.view.looking import Looking
from stampledger.writer import AHEAD_MAX

SPANS_MAX = 1_000
MICROSECOND = timedelta(microseconds=1)


class FigureReads(Looking):
    """Reads of figures over time."""

    def activity(self, *, since: datetime, until: datetime | None = None, per: Period | str = Period.DAY) -> Activity:
        """Answer what went on, span by span: hours, days, weeks or months of the business's calendar.

        The first span is the one that *since* lies in, the last the one before *until*, or that of the moment asked
        about where that is earlier. All are whole; what is yet to come of the last is not in it. Figures follow from
        when the ledger recorded a thing, so that those of a span that is over never change.

        Raises:
            InvalidInput: A moment or *per* is none, or there are more than a thousand spans.
        """
        period = checks.choice(Period, per, "per")
        checks.instant(since, "since")
        if until is not None and checks.instant(until, "until") < since:
            raise InvalidInput("until", until, "must not be before since")
        with self._look() as look:
            known, latest = _known(look)
            stop = latest + MICROSECOND if until is None else min(until, latest + MICROSECOND)
            zone = ZoneInfo(look.brand().time_zone)
            borders = list(islice(projections.borders(since, stop, period, zone), SPANS_MAX + 2))
            if len(borders) > SPANS_MAX + 1:
                raise InvalidInput("since", since, f"must be at most {SPANS_MAX} spans back, each a {period}")
            reaches = _reaches(look, borders, known)
            spans: list[ActivitySpan] = []
            if reaches:
                early = lists.seq_at(look.session, reaches[0].at - AHEAD_MAX // MICROSECOND)
                remembered = KnownFigures() if self._store.is_bound else self._store.figures
                figures = remembered.get(look.session, reaches, known, early)
                for (begins_at, ends_at), reach, found in zip(pairwise(borders), reaches, figures, strict=True):
                    is_empty = reach.low == reach.high
                    spans.append(
                        ActivitySpan(
                            begins_at=begins_at,
                            ends_at=ends_at,
                            first=None if is_empty else reach.low + 1,
                            last=None if is_empty else reach.high,
                            final=reach.high < known,
                            refusals=tuple(sorted(found.refusals.items())),
                            vouchers_outstanding=found.vouchers,
                            lotteries_outstanding=found.lotteries,
                            **found.told,
                        )
                    )
        return Activity(per=period, time_zone=str(zone), spans=tuple(spans))

    def liability(self, *, at: datetime | None = None) -> Liability:
        """Answer what is outstanding, by template, title and age: vouchers to be redeemed, lotteries to be played.

        It is as of the moment of this view, or of the time *at*: with what was recorded by then, as far as this view
        knows it, and without what had lapsed by then, recorded or not. A time ahead tells what will be left of what is
        known today. A reward belongs to the template that its card was under at the moment.

        Raises:
            InvalidInput: *at* is no moment.
        """
        with self._look() as look:
            seq, asked = look.moment.seq, look.moment.at
            if at is not None:
                asked = checks.instant(at, "at")
                seq = min(seq, lists.seq_at(look.session, codec.microseconds(asked)))
            seq = min(seq, look.session.end()[0])
            early = min(seq, lists.seq_at(look.session, codec.microseconds(asked - AHEAD_MAX)))
            keys: dict[int | None, str | None] = {None: None}
            owed = (
                (_key(look, keys, found.template), found.title, found.kind, found.issued_at)
                for found in each_owed(look.session, seq, codec.microseconds(asked), early)
            )
            return projections.liability(seq, asked, owed)


def _key(look: Lookup, keys: dict[int | None, str | None], template: int | None) -> str | None:
    """Answer the key of a template, by the number of its stream."""
    if template not in keys:
        assert template is not None
        state = look.session.state(look.session.stream_by_number(template))
        assert isinstance(state, PublishedTemplate)
        keys[template] = state.key
    return keys[template]


def _known(look: Lookup) -> tuple[int, datetime]:
    """Answer the last entry that is known, and the latest moment: that of its recording, or the one asked about."""
    seq, recorded_at, _ = look.session.end()
    if look.moment.seq < seq:
        seq = look.moment.seq
        recorded_at = lists.recorded_at(look.session, seq) if seq else 0
    return seq, max(look.moment.at, codec.instant(recorded_at)) if seq else look.moment.at


def _reaches(look: Lookup, borders: list[datetime], known: int) -> list[Reach]:
    """Answer which entries each span has, as far as they are known."""
    ends = lists.seqs_at(look.session, [codec.microseconds(border) - 1 for border in borders])
    reaches: list[Reach] = []
    for (low, high), ends_at in zip(pairwise(ends), borders[1:], strict=True):
        at = ends_at if high < known else min(ends_at, look.moment.at)
        reaches.append(Reach(min(low, known), min(high, known), codec.microseconds(at)))
    return reaches
