"""What was told of cards: card by card, without the entries around it; and which cards ever spoke of one code."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from stampledger import codec
from stampledger.errors import Corrupt, UnknownEvent
from stampledger.events import BrandSet, Event
from stampledger.store import history
from stampledger.store.compiled import Statement
from stampledger.store.session import EVERYTHING, Scope, Session
from stampledger.store.statements import LIMIT, Shape, Statements

DEFAULT_ZONE = "UTC"


class Fact(NamedTuple):
    """An event, and where it stands in the Journal."""

    seq: int
    scan: int
    event: Event


def card_numbers(session: Session, after: int, upto: int, limit: int) -> list[int]:
    """Answer the streams of the next cards, in the order in which they were given out."""
    statement = session.sql.page(_cards, ())
    return [number for (number,) in session.all(statement, b_after=after, b_upto=upto, b_limit=limit)]


def count_cards(session: Session, upto: int) -> int:
    """Answer how many cards there were at an entry."""
    count: int = session.one(session.sql.page(_count, ()), b_upto=upto)[0]
    return count


def facts(session: Session, card: int, upto: int) -> Iterator[Fact]:
    """Yield what was told of a card, in its order, in bounded memory; what is personal stays sealed.

    Raises:
        Corrupt: An entry cannot be read.
    """
    statement = session.sql.page(_facts, ())
    for seq, place, kind, at, code, body, _ in session.each(
        statement, "b_after", 6, b_stream=card, b_after=0, b_upto=upto
    ):
        try:
            event = codec.decode(session.text(kind) or "", body, codec.instant(at), code)
        except codec.UnknownKind as error:
            raise UnknownEvent(session.business_name, None, seq, str(error)) from error
        except (codec.Unreadable, TypeError, ValueError) as error:
            raise Corrupt(session.business_name, None, seq, str(error)) from error
        yield Fact(seq, seq - place, event)


def shared_codes(session: Session, upto: int) -> list[tuple[str, int]]:
    """Answer (code, card) for each code that several cards spoke of: the database looks for them, in one reading."""
    found: list[tuple[str, int]] = session.all(session.sql.page(_shared, ()), b_upto=upto)
    return found


def zones(session: Session, upto: int) -> list[tuple[int, str]]:
    """Answer since which entries which time zone was the business's, the earliest first."""
    found = [(0, DEFAULT_ZONE)]
    claimed = session.claim(Scope.BRAND, "")
    if claimed is not None and claimed[0] <= upto:
        row = session.stream_by_number(claimed[0])
        for entry in history.stream_entries(session, row, 0, EVERYTHING, upto):
            if isinstance(entry.event, BrandSet):
                found.append((entry.seq, entry.event.brand.time_zone))
    return found


def _cards(sql: Statements, shape: Shape) -> Statement:
    ca = sql.tables.card.c
    where = (ca.business == bindparam("b_business"), ca.stream > bindparam("b_after"), ca.stream <= bindparam("b_upto"))
    return Statement(select(ca.stream).where(*where).order_by(ca.stream).limit(LIMIT), sql.dialect)


def _count(sql: Statements, shape: Shape) -> Statement:
    ca = sql.tables.card.c
    where = (ca.business == bindparam("b_business"), ca.stream <= bindparam("b_upto"))
    return Statement(select(func.count()).select_from(sql.tables.card).where(*where), sql.dialect)


def _facts(sql: Statements, shape: Shape) -> Statement:
    j = sql.tables.journal.c
    at: Any = func.coalesce(j.occurred_at, j.recorded_at)
    where = (
        j.business == bindparam("b_business"), j.stream == bindparam("b_stream"), j.version > bindparam("b_after"),
        j.seq <= bindparam("b_upto"),
    )  # fmt: skip
    columns = (j.seq, j.place, j.kind, at, j.code, j.body, j.version)
    return Statement(select(*columns).where(*where).order_by(j.version).limit(LIMIT), sql.dialect)


def _shared(sql: Statements, shape: Shape) -> Statement:
    j = sql.tables.journal.c
    spoken = (j.business == bindparam("b_business"), j.code.is_not(None), j.seq <= bindparam("b_upto"))
    several = select(j.code).where(*spoken).group_by(j.code).having(func.min(j.stream) != func.max(j.stream))
    columns = select(j.code, j.stream).distinct().where(*spoken, j.code.in_(several))
    return Statement(columns.order_by(j.code, j.stream), sql.dialect)
