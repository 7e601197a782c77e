"""Search: which customers, codes and cards some letters mean, now or as of an earlier entry."""

from collections.abc import Callable
from typing import Any

import attrs
from sqlalchemy import bindparam, exists, literal_column, or_, select, text
from sqlalchemy.sql import ColumnElement

from stampledger.aggregates import Customer
from stampledger.store.compiled import Statement
from stampledger.store.history import state_at
from stampledger.store.kinds import Scope
from stampledger.store.rows import customer_columns, searchable
from stampledger.store.session import EVERYTHING, Session
from stampledger.store.statements import LIMIT, Shape, Statements

FEW = 2_000  # Customers, from which on it is quicker to look at the list itself; and codes looked at together.
PROBE, COMMON = 500, 8  # Words that this many of the newest customers have are common.


@attrs.frozen
class Search:
    """What somebody looks for, as of an entry."""

    text: str  # A code begins with it.
    words: str  # A name or an e-mail holds them.
    card: int  # The stream of the card that has it for a number; 0 where none has.
    known: int  # Names are searched as they were known at this entry.
    codes: bool  # Whether codes are searched at all.

    @property
    def past(self) -> bool:
        """Whether names may have been changed since."""
        return self.known != EVERYTHING

    @property
    def values(self) -> dict[str, Any]:
        """What `fitting` and `named` are bound to."""
        return {"b_words": self.words, "b_from": self.text, "b_to": beyond(self.text), "b_card": self.card}


def understood(session: Session, search: str, known: int, *, codes: bool = True) -> Search:
    """Answer what somebody looks for."""
    digits = search.removeprefix("#")  # A card number as it is shown.
    card = None
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        card = session.one(session.sql.card_stream, b_number=int(digits))
    return Search(search, searchable(search), 0 if card is None else card[0], unless_now(session, known), codes)


def unless_now(session: Session, upto: int) -> int:
    """Answer an earlier entry as it is, and the Journal's last as EVERYTHING: live rows then tell all there is."""
    return upto if upto == EVERYTHING or upto < session.end()[0] else EVERYTHING


def beyond(text: str) -> str:
    """Answer what follows every text that begins with a text, in the order of the databases: that of code points."""
    start = text.rstrip(_LAST)
    if not start:
        return _LAST * 1_000
    following = ord(start[-1]) + 1
    return start[:-1] + chr(0xE000 if following == 0xD800 else following)


_LAST = "\U0010ffff"


# By SQL, for whoever walks through a list. The past is searched by what was ever true, and then `exactly`.


def named(sql: Statements, business: Any, customer: Any, past: bool) -> ColumnElement[bool]:
    """Answer whether a customer has the words.

    For each row by itself: the customers who have them are many wherever this is asked.
    """
    cu, contains = sql.tables.customer.c, sql.backend.contains
    has = contains(cu.words, bindparam("b_words"))
    if past:
        has = or_(has, contains(cu.former, bindparam("b_words")))
    return exists().where(cu.business == business, cu.stream == customer, has)


def begins(column: Any) -> ColumnElement[bool]:
    """Answer whether a code begins with the text."""
    found: ColumnElement[bool] = (column >= bindparam("b_from")) & (column < bindparam("b_to"))
    return found


def exactly(session: Session, search: Search) -> Callable[[int | None], bool]:
    """Answer what tells whether a customer has the words, as known then."""
    told: dict[int, bool] = {}

    def has(customer: int | None) -> bool:
        if customer is None:
            return False
        if customer not in told:
            told[customer] = _has(session, customer, search)
        return told[customer]

    return has


def _has(session: Session, customer: int, search: Search) -> bool:
    row = session.one(session.sql.customer_words, b_stream=customer)
    if row is None:
        return False
    words, changed = row
    if changed is not None and changed > search.known:
        state = state_at(session, session.stream_by_number(customer), search.known)
        if not isinstance(state, Customer) or state.person is None:
            return False
        words = customer_columns(state.person)[3]
    return search.words in words


# By an index, for whoever looks for a few.


def few_customers(session: Session, search: Search) -> list[int] | None:
    """Answer the customers who have the words, or None where they are many."""
    if _is_common(session, search):  # PostgreSQL's index would look at every match before it answers the first.
        return None
    match = session.backend.match(search.words) if session.searchable else None
    statement = session.sql.page(_finding, (("former", search.past), ("indexed", match is not None)))
    rows = session.all(statement, b_words=search.words, b_match=match, b_limit=FEW + 1)
    if len(rows) > FEW:
        return None
    has = exactly(session, search)
    return [customer for (customer,) in rows if not search.past or has(customer)]


def _is_common(session: Session, search: Search) -> bool:
    newest = session.all(session.sql.newest_words, b_limit=PROBE)
    return sum(search.words in words for (words,) in newest) >= COMMON


def _finding(sql: Statements, shape: Shape) -> Statement:
    chosen = dict(shape)
    if chosen["indexed"]:
        return Statement(text(sql.backend.finding(sql.tables, bool(chosen["former"]))), sql.dialect)
    cu, contains = sql.tables.customer.c, sql.backend.contains
    has = contains(cu.words, bindparam("b_words"))
    if chosen["former"]:
        has = or_(has, contains(cu.former, bindparam("b_words")))
    found = select(cu.stream).where(cu.business == bindparam("b_business"), has).limit(LIMIT)
    return Statement(found, sql.dialect)


def coded(session: Session, search: Search, low: int, high: int, downwards: bool) -> list[int]:
    """Answer the first few entries of (low, high], from one end of it, whose code begins with the text."""
    statements = [session.sql.page(build, (("downwards", int(downwards)),)) for build in (_claimed, _mentioned)]
    bounds = {**search.values, "b_scope": int(Scope.CODE), "b_low": low, "b_high": high, "b_limit": FEW}
    found = {seq for statement in statements for (seq,) in session.all(statement, **bounds)}
    return sorted(found, reverse=downwards)[:FEW]


def _claimed(sql: Statements, shape: Shape) -> Statement:
    cl = sql.tables.claim.c
    chosen = select(cl.seq).where(cl.business == bindparam("b_business"), cl.scope == bindparam("b_scope"))
    return _coded(sql, chosen.where(begins(cl.key)), cl.seq, shape)


def _mentioned(sql: Statements, shape: Shape) -> Statement:
    """A void mentions the code that cancelled as well, which is not its own."""
    m, j = sql.tables.mention.c, sql.tables.journal.c
    source = sql.tables.mention.join(sql.tables.journal, (j.business == m.business) & (j.seq == m.seq))
    chosen = select(m.seq).select_from(source).where(m.business == bindparam("b_business"), begins(m.code))
    return _coded(sql, chosen.where(begins(j.code)), m.seq, shape)


def _coded(sql: Statements, chosen: Any, seq: Any, shape: Shape) -> Statement:
    key = seq + literal_column("0")  # No planner walks along this.
    order = key.desc() if dict(shape)["downwards"] else key.asc()
    bounds = (key > bindparam("b_low"), key <= bindparam("b_high"))
    return Statement(chosen.where(*bounds).order_by(order).limit(LIMIT), sql.dialect)
