"""Lists: pages of the Journal and of cards, by key and never by offset, as of any entry."""

from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import String, and_, bindparam, exists, false, or_, select
from sqlalchemy.sql import ColumnElement

from stampledger.aggregates import Customer
from stampledger.errors import Corrupt
from stampledger.projections import Entry
from stampledger.store.history import entry_of, state_at
from stampledger.store.rows import customer_columns, searchable
from stampledger.store.schema import Schema
from stampledger.store.session import Session, StreamKind, StreamRow
from stampledger.store.statements import LIMIT, Shape, Statement, Statements

WORDS, TEXT = bindparam("b_words", type_=String), bindparam("b_text", type_=String)


@attrs.frozen(kw_only=True)
class Filter:
    """What a page of the Journal is narrowed to; None does not narrow."""

    upto: int
    known: int  # Names are searched as they were known at this entry.
    search: str | None = None
    kinds: tuple[str, ...] | None = None  # Names on disk.
    stream: int | None = None
    customer: int | None = None
    template: int | None = None
    version: int | None = None  # Of the template.
    code: str | None = None
    actor: str | None = None
    channel: str | None = None
    since: int | None = None  # Entries from this one on.
    before: int | None = None
    after: int | None = None
    limit: int = 50


def journal_rows(session: Session, wanted: Filter) -> list[Any]:
    """Answer rows that `history.entry_of` reads: newest first, or oldest first after a cursor."""
    values: dict[str, Any] = {"b_upto": wanted.upto, "b_limit": wanted.limit}
    shape: list[tuple[str, int]] = []

    def narrow(name: str, *chosen: Any) -> None:
        shape.append((name, len(chosen)))
        values.update({f"b_{name}{index}": value for index, value in enumerate(chosen)})

    if wanted.kinds is not None:
        narrow("kind", *[number for name in wanted.kinds if (number := session.known_word(name)) is not None])
    for name in ("actor", "channel"):
        text = getattr(wanted, name)
        if text is not None:
            number = session.known_word(text)
            narrow(name, -1 if number is None else number)
    for name in ("stream", "customer", "template", "version", "since", "before", "after"):
        if getattr(wanted, name) is not None:
            narrow(name, getattr(wanted, name))
    if wanted.code is not None:
        narrow("seq", session.backend.numbers(code_seqs(session, wanted.code)))
    if wanted.search is not None:
        _narrow_search(session, wanted.search, wanted.known, narrow, values)
    return session.all(session.sql.page(_journal_statement, tuple(shape)), **values)


def _narrow_search(session: Session, search: str, upto: int, narrow: Any, values: dict[str, Any]) -> None:
    values["b_words"] = searchable(search)
    values["b_text"] = search
    digits = search.removeprefix("#")  # A card number as it is shown.
    narrow("number", int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else -1)
    changed, matching = changed_customers(session, searchable(search), upto)
    narrow("changed", *([session.backend.numbers(changed)] if changed else ()))
    narrow("matching", *([session.backend.numbers(matching)] if changed else ()))


def changed_customers(session: Session, words: str, upto: int) -> tuple[list[int], list[int]]:
    """Answer (customers changed after an entry, those of them who matched some words as known then).

    All others are as the live rows say.
    """
    changed, matching = [], []
    for (number,) in session.all(session.sql.customers_changed, b_seq=upto):
        changed.append(number)
        row = session.stream_by_number(number)
        state = state_at(session, row, upto)
        person = state.person if isinstance(state, Customer) else None
        if person is not None and words in customer_columns(person)[3]:
            matching.append(number)
    return changed, matching


def _journal_statement(sql: Statements, shape: Shape) -> Statement:
    tables = sql.tables
    j, st, ca, cu = tables.journal.c, tables.stream.c, tables.card.c, tables.customer.c
    chosen = dict(shape)

    source = tables.journal.join(tables.stream, (st.business == j.business) & (st.number == j.stream))
    if "template" in chosen or "number" in chosen:
        source = source.outerjoin(tables.card, (ca.business == j.business) & (ca.stream == j.stream))
    where: list[ColumnElement[bool]] = [j.business == bindparam("b_business"), j.seq <= bindparam("b_upto")]
    where.append(st.kind != int(StreamKind.OTHER))
    for name, column in (
        ("kind", j.kind), ("actor", j.actor), ("channel", j.channel), ("stream", j.stream), ("customer", st.customer),
    ):  # fmt: skip
        if name in chosen:
            where.append(_one_of(column, name, chosen[name]))
    if "seq" in chosen:
        where.append(sql.backend.among(j.seq, "b_seq0"))
    if "since" in chosen:
        where.append(j.seq >= bindparam("b_since0"))
    if "before" in chosen:
        where.append(j.seq < bindparam("b_before0"))
    if "after" in chosen:
        where.append(j.seq > bindparam("b_after0"))
    if "template" in chosen:
        where.append(_under(tables, *(bindparam(f"b_{name}0") for name in ("template", "version") if name in chosen)))
    if "number" in chosen:
        named: ColumnElement[bool] = exists().where(
            cu.business == j.business,
            cu.stream == st.customer,
            sql.backend.contains(cu.words, WORDS),
        )
        if chosen["changed"]:
            named = or_(
                and_(named, ~sql.backend.among(st.customer, "b_changed0")),
                sql.backend.among(st.customer, "b_matching0"),
            )
        where.append(
            or_(
                named,
                sql.backend.contains(j.code, TEXT),
                ca.number == bindparam("b_number0"),
            )
        )
    order = j.seq.asc() if "after" in chosen else j.seq.desc()
    return Statement(
        select(*sql.entry_columns).select_from(source).where(*where).order_by(order).limit(LIMIT),
        sql.dialect,
    )


def code_seqs(session: Session, code: str) -> list[int]:
    """Answer the entries that speak of a code: its use, its uses per template or card, and further mentions."""
    uses = [seq for _, seq in session.claims_of_code(code)]
    return sorted({*uses, *(seq for (seq,) in session.all(session.sql.mentions, b_code=code))})


def code_entries(session: Session, code: str, upto: int) -> tuple[Entry, ...]:
    """Answer the entries that speak of a code, oldest first."""
    rows = [session.one(session.sql.entry, b_seq=seq) for seq in code_seqs(session, code) if seq <= upto]
    return tuple(entry_of(session, row) for row in rows)


def seq_at(session: Session, at: int) -> int:
    """Answer the last entry recorded at or before a moment: what was known then. 0 where there was none."""
    low, high = 0, session.end()[0]
    while low < high:  # recorded_at never decreases, so that halving finds it.
        middle = (low + high + 1) // 2
        recorded_at = session.one(session.sql.recorded_at, b_seq=middle)
        if recorded_at is None or not isinstance(recorded_at[0], int):
            raise Corrupt(session.business_name, None, middle, "the entry is missing, or no moment of it")
        if recorded_at[0] <= at:
            low = middle
        else:
            high = middle - 1
    return low


@attrs.frozen(kw_only=True)
class CardFilter:
    """What a page of cards is narrowed to."""

    upto: int
    search: str | None = None
    customer: int | None = None
    before: int | None = None  # Card numbers.
    after: int | None = None
    limit: int = 50


def card_rows(session: Session, wanted: CardFilter) -> list[StreamRow]:
    """Answer cards, the highest number first (the lowest first after a cursor), deleted ones included."""
    values: dict[str, Any] = {"b_upto": wanted.upto, "b_limit": wanted.limit}
    shape: list[tuple[str, int]] = []

    def narrow(name: str, *chosen: Any) -> None:
        shape.append((name, len(chosen)))
        values.update({f"b_{name}{index}": value for index, value in enumerate(chosen)})

    for name in ("customer", "before", "after"):
        if getattr(wanted, name) is not None:
            narrow(name, getattr(wanted, name))
    if wanted.search is not None:
        _narrow_search(session, wanted.search, wanted.upto, narrow, values)
    rows = session.all(session.sql.page(_cards_statement, tuple(shape)), **values)
    return [
        StreamRow(number, UUID(bytes=stream_id), StreamKind.CARD, version, seq, customer, state)
        for number, stream_id, version, seq, customer, state in rows
    ]


def _cards_statement(sql: Statements, shape: Shape) -> Statement:
    tables = sql.tables
    st, ca, cu = tables.stream.c, tables.card.c, tables.customer.c
    chosen = dict(shape)
    source = tables.card.join(tables.stream, (st.business == ca.business) & (st.number == ca.stream))
    where: list[ColumnElement[bool]] = [ca.business == bindparam("b_business"), ca.stream <= bindparam("b_upto")]
    if "customer" in chosen:
        where.append(st.customer == bindparam("b_customer0"))
    if "before" in chosen:
        where.append(ca.number < bindparam("b_before0"))
    if "after" in chosen:
        where.append(ca.number > bindparam("b_after0"))
    if "number" in chosen:
        named: ColumnElement[bool] = exists().where(
            cu.business == ca.business,
            cu.stream == st.customer,
            sql.backend.contains(cu.words, WORDS),
        )
        if chosen["changed"]:
            named = or_(
                and_(named, ~sql.backend.among(st.customer, "b_changed0")),
                sql.backend.among(st.customer, "b_matching0"),
            )
        where.append(or_(named, ca.number == bindparam("b_number0")))
    order = ca.number.asc() if "after" in chosen else ca.number.desc()
    return Statement(
        select(st.number, st.id, st.version, st.seq, st.customer, st.state)
        .select_from(source)
        .where(*where)
        .order_by(order)
        .limit(LIMIT),
        sql.dialect,
    )


def _as_known(sql: Statements, named: ColumnElement[bool]) -> ColumnElement[bool]:
    """Choose customers by the live rows, but for those who were changed since."""
    customer, among = sql.tables.stream.c.customer, sql.backend.among
    return or_(and_(named, ~among(customer, "b_changed0")), among(customer, "b_matching0"))


def _one_of(column: Any, name: str, count: int) -> ColumnElement[bool]:
    if count == 0:
        return false()
    chosen: ColumnElement[bool] = column.in_([bindparam(f"b_{name}{index}") for index in range(count)])
    return chosen


def _under(tables: Schema, template: Any, version: Any = None) -> ColumnElement[bool]:
    """Choose the entries of a template, or of one version of it, and those of cards while they were under it."""
    j, ca, pl = tables.journal.c, tables.card.c, tables.placement.c
    earlier = exists().where(
        pl.business == j.business, pl.stream == j.stream, pl.since <= j.seq, pl.until > j.seq, pl.template == template,
        *(() if version is None else (pl.template_version == version,)),
    )  # fmt: skip
    its_own = j.stream == template
    now = and_(ca.template == template, ca.template_since <= j.seq)
    if version is not None:
        its_own, now = and_(its_own, j.version == version), and_(now, ca.template_version == version)
    return or_(its_own, now, earlier)
