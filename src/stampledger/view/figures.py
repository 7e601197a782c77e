"""Reading figures: what went on in a business, span by span of its calendar."""

from datetime import datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from stampledger import checks, codec, projections
from stampledger.errors import InvalidInput
from stampledger.lookup import Lookup
from stampledger.projections import Activity, ActivitySpan, Period
from stampledger.store import lists
from stampledger.store.activity import KnownFigures, Reach
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
