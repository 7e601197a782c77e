"""Figures of spans of the Journal: what was recorded in each, and what was outstanding at its end."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import bindparam, literal_column, or_, select

from stampledger import codec, rewards
from stampledger.codec import glance
from stampledger.errors import Corrupt
from stampledger.events import Event
from stampledger.projections import COUNTED, REFUSED, SUMMED
from stampledger.rewards import IssuedReward, RewardKind, RewardStatus
from stampledger.store import history
from stampledger.store.compiled import Statement
from stampledger.store.session import EVERYTHING, RewardRow, Session
from stampledger.store.statements import LIMIT, Shape, Statements

KNOWN_MAX = 10_000  # Spans remembered: a year's hours, or the days of a quarter of a century.


@attrs.frozen
class Reach:
    """Which entries a span has, from after *low* up to *high*, and the moment at its end, in microseconds."""

    low: int
    high: int
    at: int


@attrs.frozen
class Figures:
    """The figures of a span, by their names; refusals by their rule."""

    told: Mapping[str, int]
    refusals: Mapping[str, int]
    vouchers: int
    lotteries: int


class KnownFigures:
    """Figures of spans that are over, remembered: they never change."""

    def __init__(self) -> None:
        self._known: dict[Reach, Figures] = {}

    def forget(self) -> None:
        """Remember none."""
        self._known.clear()

    def get(self, session: Session, reaches: Sequence[Reach], upto: int, early: int) -> list[Figures]:
        """Answer the figures of spans in their order. *upto* is the last entry known, *early* as in `outstanding`."""
        found = {reach: self._known.get(reach) for reach in reaches}
        fresh = [reach for reach in reaches if found[reach] is None]
        owed = outstanding(session, [(reach.high, reach.at) for reach in fresh], early) if fresh else []
        for reach, (vouchers, lotteries) in zip(fresh, owed, strict=True):
            made = found[reach] = Figures(*told(session, reach.low, reach.high), vouchers, lotteries)
            if reach.high < upto:  # Nobody asks twice for a span that goes on.
                if len(self._known) >= KNOWN_MAX:
                    self._known.clear()
                self._known[reach] = made
        return [figures for reach in reaches if (figures := found[reach]) is not None]


def told(session: Session, low: int, high: int) -> tuple[dict[str, int], dict[str, int]]:
    """Answer what the entries of (low, high] tell: each figure by its name, and refusals by their rule."""
    figures: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    if low >= high:
        return figures, refusals
    reads: dict[int, tuple[str, Callable[[bytes], Any] | None]] = {}
    for seq, kind, body in session.each(session.sql.page(_bodies, ()), "b_after", b_after=low, b_upto=high):
        known = reads.get(kind)
        if known is None:
            known = reads[kind] = _reading(session.text(kind) or "")
        name, read = known
        if read is None:
            figures[name] += 1
            continue
        try:
            event = read(body)
        except codec.Unreadable as error:
            raise Corrupt(session.business_name, None, seq, str(error)) from error
        if name:
            figures[name] += event.count
        else:
            refusals[event.rule] += 1
    figures.pop("", None)  # Of kinds that count in no figure.
    return figures, refusals


def _reading(name: str) -> tuple[str, Callable[[bytes], Any] | None]:
    """Answer which figure a kind counts in, and what reads its body where the event tells by how many."""
    kind = codec.KINDS.get(codec.present_name(name), Event)
    if kind not in SUMMED and kind is not REFUSED:
        return COUNTED.get(kind, ""), None
    read = codec.reader(name)
    at = codec.instant(0)  # Nobody asks for it.
    return SUMMED.get(kind, ""), lambda body: read(body, at, None)


def _bodies(sql: Statements, shape: Shape) -> Statement:
    j = sql.tables.journal.c
    spanned = (j.seq > bindparam("b_after"), j.seq <= bindparam("b_upto"))
    bodies = select(j.seq, j.kind, j.body).where(j.business == bindparam("b_business"), *spanned)
    return Statement(bodies.order_by(j.seq).limit(LIMIT), sql.dialect)


# What is owed.


def outstanding(session: Session, moments: Sequence[tuple[int, int]], early: int) -> list[tuple[int, int]]:
    """Answer (active vouchers, lotteries to be played) as of each of several moments, the earliest first.

    A moment is (the last entry known, the time in microseconds). One pass over the rows of rewards answers for all of
    them. *early* is an entry before the first moment, after which lies whatever might have recorded that a voucher
    expired later than at that moment.

    Vouchers that were settled, or had lapsed, before the first moment are left out by the database; of the others only
    those that changed since are decoded, and only those that changed twice or more cost a look at entries.
    """
    seqs, times = [seq for seq, _ in moments], [at for _, at in moments]
    steps = {kind: [0] * (len(moments) + 1) for kind in (RewardKind.VOUCHER, RewardKind.LOTTERY)}
    wanted = dict(b_due=times[0], b_early=early, b_upto=seqs[-1])
    for row in session.each(session.sql.page(_owed, ()), "b_after", b_after=b"", **wanted):
        for kind, since, before, expires in open_times(session, row):
            begin = bisect_left(seqs, since)
            end = min(bisect_left(seqs, before), bisect_left(times, expires))
            if begin < end:
                steps[kind][begin] += 1
                steps[kind][end] -= 1
    vouchers, lotteries = (list(accumulate(steps[kind]))[:-1] for kind in steps)
    return list(zip(vouchers, lotteries, strict=True))


Open = tuple[RewardKind, int, int, int]  # From an entry on, to before another, and to before a time.


def open_times(session: Session, row: Any) -> Iterator[Open]:
    """Yield when a reward could be redeemed or played; *row* begins as one that `outstanding` reads."""
    issued_seq, seq, versions, redeem_code, due_at, state = row[2:]
    if redeem_code is None:
        try:
            kind, status = glance.fields(state, "kind", "status")
        except codec.Unreadable as error:
            raise Corrupt(
                session.business_name, UUID(bytes=row[0]), seq, f"a reward cannot be read: {error}"
            ) from error
        if kind == RewardKind.LOTTERY:  # Which nothing opens again, and no time ends.
            before = EVERYTHING if status == RewardStatus.GRANTED else seq
            yield RewardKind.LOTTERY, issued_seq, before, EVERYTHING
    elif due_at is not None and "," not in versions:
        yield RewardKind.VOUCHER, issued_seq, EVERYTHING, due_at
    else:
        held = session.reward_row((row[0], row[1], issued_seq, seq, versions, state))
        expires = EVERYTHING if held.reward.expires_at is None else codec.microseconds(held.reward.expires_at)
        stages = [*_stages(session, held), (EVERYTHING, False)]
        for (since, is_open), (before, _) in pairwise(stages):
            if is_open:
                yield RewardKind.VOUCHER, since, before, expires


def _stages(session: Session, held: RewardRow) -> list[tuple[int, bool]]:
    """Answer from which entries on a voucher was open, and was not."""
    if held.versions.count(",") <= 1:
        return [(held.issued_seq, True), (held.seq, _is_open(held.reward))]
    stages: list[tuple[int, bool]] = []
    voucher: IssuedReward | None = None
    for entry in history.reward_entries(session, held, EVERYTHING):
        voucher = rewards.evolve_reward(voucher, entry.event)
        assert voucher is not None
        stages.append((entry.seq, _is_open(voucher)))
    return stages


def _is_open(voucher: IssuedReward) -> bool:
    """Whether nothing but time ends it; that its time was over may have been recorded, by a clock that runs ahead."""
    return voucher.status in (RewardStatus.ACTIVE, RewardStatus.EXPIRED)


def _owed(sql: Statements, shape: Shape) -> Statement:
    columns, where = owed(sql)
    return Statement(select(*columns).where(*where).order_by(sql.tables.reward.c.id).limit(LIMIT), sql.dialect)


def owed(sql: Statements) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Answer (columns, conditions) of the rewards that may be outstanding at a moment, to be paged by their ids."""
    re = sql.tables.reward.c
    due_at = re.due_at + literal_column("0")  # No planner walks along this, to sort what it finds for every batch.
    maybe_open = or_(
        due_at > bindparam("b_due"), due_at.is_(None) & (re.redeem_code.is_(None) | (re.seq > bindparam("b_early")))
    )
    where = (re.business == bindparam("b_business"), re.id > bindparam("b_after"), re.issued_seq <= bindparam("b_upto"))
    columns = (re.id, re.holder, re.issued_seq, re.seq, re.versions, re.redeem_code, re.due_at, re.state)
    return columns, (*where, maybe_open)
