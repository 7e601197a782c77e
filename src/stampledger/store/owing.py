"""What is owed at a moment: each outstanding reward with its card's template then, in one pass over their rows."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, select

from stampledger import codec
from stampledger.codec import glance
from stampledger.errors import Corrupt
from stampledger.rewards import RewardKind
from stampledger.store.activity import open_times, owed
from stampledger.store.compiled import Statement
from stampledger.store.session import Session
from stampledger.store.statements import LIMIT, Shape, Statements


class Owed(NamedTuple):
    """A voucher that can be redeemed, or a lottery that can be played."""

    template: int | None  # The stream of its card's template; None where it lies on no card.
    kind: RewardKind
    title: str
    issued_at: datetime


def each_owed(session: Session, upto: int, at: int, early: int) -> Iterator[Owed]:
    """Yield what was outstanding when *upto* was the last entry, at a time in microseconds.

    *early* is an entry before that time, after which lies whatever might have recorded that a voucher expired later.
    """
    wanted = dict(b_due=at, b_early=early, b_upto=upto)
    for row in session.each(session.sql.page(_owed, ()), "b_after", b_after=b"", **wanted):
        for kind, since, before, expires in open_times(session, row[:8]):
            if since <= upto < before and at < expires:
                template, since_entry = row[8:]
                if since_entry is not None and since_entry > upto:
                    template = session.one(session.sql.placement, b_stream=row[1], b_seq=upto)[0]
                title, issued_at = _told(session, row)
                yield Owed(template, kind, title, issued_at)


def _told(session: Session, row: tuple[object, ...]) -> tuple[str, datetime]:
    reward_id, seq, state = row[0], row[3], row[7]
    assert isinstance(reward_id, bytes) and isinstance(seq, int) and isinstance(state, bytes)
    try:
        title, issued_at = glance.fields(state, "title", "issued_at")
        return str(title), datetime.fromisoformat(issued_at)
    except (codec.Unreadable, TypeError, ValueError) as error:
        raise Corrupt(session.business_name, UUID(bytes=reward_id), seq, f"a reward cannot be read: {error}") from error


def _owed(sql: Statements, shape: Shape) -> Statement:
    re, ca = sql.tables.reward.c, sql.tables.card.c
    columns, where = owed(sql)
    joined = sql.tables.reward.outerjoin(sql.tables.card, and_(ca.business == re.business, ca.stream == re.holder))
    wanted = select(*columns, ca.template, ca.template_since).select_from(joined).where(*where)
    return Statement(wanted.order_by(re.id).limit(LIMIT), sql.dialect)
