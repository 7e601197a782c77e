"""Lists: pages of the Journal and of cards, by key and never by offset, as of any entry."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import and_, bindparam, exists, func, literal_column, or_, select, union_all
from sqlalchemy.sql import ColumnElement

from stampledger import codec
from stampledger.errors import Corrupt
from stampledger.events import CardIssued
from stampledger.projections import Entry
from stampledger.store import searching
from stampledger.store.compiled import Statement
from stampledger.store.history import entry_of
from stampledger.store.narrowing import WALK, Narrowed, Span, Way, streams_of
from stampledger.store.schema import Schema
from stampledger.store.session import EVERYTHING, Session, StreamKind, StreamRow
from stampledger.store.statements import LIMIT, Shape, Statements

PROBES = 63  # Moments looked at by one statement.


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


@attrs.frozen(kw_only=True)
class CardFilter:
    """What a page of cards is narrowed to."""

    upto: int
    search: str | None = None
    customer: int | None = None
    template: int | None = None
    version: int | None = None
    deleted: bool = True  # Whether deleted cards are shown.
    before: int | None = None  # Card numbers.
    after: int | None = None
    limit: int = 50


def _ever_under(session: Session, template: int) -> Way | None:
    """Answer the cards that are or were under a template, and itself, where they are few."""
    statement = session.sql.page(_ever_under_statement, ())
    cards = session.all(statement, b_template=template, b_limit=searching.FEW + 1)
    return None if len(cards) > searching.FEW else Way("streams", tuple({template, *(card for (card,) in cards)}))


def _ever_under_statement(sql: Statements, shape: Shape) -> Statement:
    places = (sql.tables.card.c, sql.tables.placement.c)
    found = [
        select(place.stream).where(place.business == bindparam("b_business"), place.template == bindparam("b_template"))
        for place in places
    ]
    return Statement(union_all(*found).limit(LIMIT), sql.dialect)


# The Journal.


def journal_rows(session: Session, wanted: Filter) -> list[Any]:
    """Answer rows that `history.entry_of` reads: newest first, or oldest first after a cursor."""
    narrowed = _narrowed_journal(session, wanted)
    if narrowed is None:
        return []
    low = max((wanted.since or 1) - 1, wanted.after or 0)
    high = wanted.upto if wanted.before is None else min(wanted.upto, wanted.before - 1)
    span = Span(low, high, wanted.after is None)
    if wanted.search is None:
        return narrowed.rows(span, wanted.limit, narrowed.way)
    span = span.upto(session.end()[0])
    search = searching.understood(session, wanted.search, wanted.known)
    has = searching.exactly(session, search)

    def fits(row: Any) -> bool:
        return row[1] == search.card or (row[9] or "").startswith(search.text) or has(row[14])

    return narrowed.searched(span, wanted.limit, search, fits)


def _narrowed_journal(session: Session, wanted: Filter) -> Narrowed | None:
    """Answer the Journal narrowed; None where nothing can fit, as by an actor who never was."""
    narrowed = Narrowed(session, _journal_statement)
    if wanted.code is not None:
        narrowed.take(Way("seqs", tuple(code_seqs(session, wanted.code))))
    if wanted.stream is not None:
        narrowed.take(Way("streams", (wanted.stream,)))
    if wanted.customer is not None:
        narrowed.take(Way("streams", tuple(streams_of(session, [wanted.customer]))))
    if wanted.template is not None:
        narrowed.narrow("template", wanted.template)
        if wanted.version is not None:
            narrowed.narrow("version", wanted.version)
        few = _ever_under(session, wanted.template) if narrowed.way is WALK else None
        if few is not None:
            narrowed.take(few)
    for name in ("actor", "channel"):
        text = getattr(wanted, name)
        if text is not None:
            number = session.known_word(text)
            if number is None:
                return None
            narrowed.narrow(name, number)
    if wanted.kinds is not None:
        known = {name: number for name in wanted.kinds if (number := session.known_word(name)) is not None}
        if not known:
            return None
        narrowed.narrow("kind", *known.values())
        if narrowed.way is WALK and not any(map(_may_carry_a_code, known)):
            narrowed.take(Way("kinds", tuple(known.values())))
    return narrowed


def _may_carry_a_code(name: str) -> bool:
    return codec.FACTS[codec.KINDS[codec.present_name(name)]][2]


def _journal_statement(sql: Statements, shape: Shape) -> Statement:
    tables, chosen = sql.tables, dict(shape)
    j, st, ca = tables.journal.c, tables.stream.c, tables.card.c
    few = "streams" in chosen  # Then the stream is joined from outside: SQLite would look for each of them in each.
    source = tables.journal.join(tables.stream, (st.business == j.business) & (st.number == j.stream), isouter=few)
    if "template" in chosen:
        source = source.outerjoin(tables.card, (ca.business == j.business) & (ca.stream == j.stream))
    key = j.seq + literal_column("0") if chosen.keys() & {"streams", "seqs"} else j.seq  # No planner walks along this.
    kind = func.coalesce(st.kind, int(StreamKind.OTHER)) if few else st.kind
    where = [j.business == bindparam("b_business"), *_spanned(key), kind != int(StreamKind.OTHER)]
    for name, column in (("kind", j.kind), ("actor", j.actor), ("channel", j.channel)):
        if name in chosen:
            where.append(column.in_([bindparam(f"b_{name}{index}") for index in range(chosen[name])]))
    if "kinds" in chosen:  # As its index wants it, which is of what has no code.
        where += [sql.backend.rare(j.kind == bindparam("b_kinds")), j.code.is_(None)]
    for name, column in (("streams", j.stream), ("seqs", j.seq)):
        if name in chosen:
            where.append(sql.backend.rare(sql.backend.among(column, f"b_{name}")))
    if "template" in chosen:
        where.append(_under(tables, *(bindparam(f"b_{name}0") for name in ("template", "version") if name in chosen)))
    if "present" in chosen or "past" in chosen:
        named = searching.named(sql, j.business, st.customer, "past" in chosen)
        fits = or_(j.stream == bindparam("b_card"), named)
        where.append(or_(searching.begins(j.code), fits) if "codes" in chosen else fits)
    statement = _page(sql, select(*sql.entry_columns).select_from(source), where, key, chosen)
    if few:
        by_stream = next(index for index in tables.journal.indexes if list(index.columns)[1] is j.stream)
        statement.sql = sql.backend.by_index(statement.sql, tables.journal, by_stream)
    return statement


def _spanned(key: Any) -> list[ColumnElement[bool]]:
    return [key > bindparam("b_low"), key <= bindparam("b_high")]


def _page(sql: Statements, rows: Any, where: list[ColumnElement[bool]], key: Any, chosen: dict[str, int]) -> Statement:
    order = key.desc() if chosen["downwards"] else key.asc()
    return Statement(rows.where(*where).order_by(order).limit(LIMIT), sql.dialect)


def _under(tables: Schema, template: Any, version: Any = None) -> ColumnElement[bool]:
    """Choose the entries of a template, or of one version of it, and those of cards while they were under it."""
    j = tables.journal.c
    its_own = j.stream == template
    if version is not None:
        its_own = and_(its_own, j.version == version)
    return or_(its_own, _placed(tables, j.business, j.stream, j.seq, template, version))


def _placed(
    tables: Schema, business: Any, stream: Any, seq: Any, template: Any, version: Any = None
) -> ColumnElement[bool]:
    """Choose the cards that were under a template at an entry."""
    ca, pl = tables.card.c, tables.placement.c
    now = [ca.template == template, ca.template_since <= seq]
    earlier = [pl.business == business, pl.stream == stream, pl.since <= seq, pl.until > seq, pl.template == template]
    if version is not None:
        now.append(ca.template_version == version)
        earlier.append(pl.template_version == version)
    return or_(and_(*now), exists().where(*earlier))


# Codes and moments.


def code_seqs(session: Session, code: str) -> list[int]:
    """Answer the entries that speak of a code: its use, its uses per template or card, and further mentions."""
    uses = [seq for _, seq in session.claims_of_code(code)]
    return sorted({*uses, *(seq for (seq,) in session.all(session.sql.mentions, b_code=code))})


def code_entries(session: Session, code: str, upto: int) -> tuple[Entry, ...]:
    """Answer the entries that speak of a code, oldest first."""
    rows = [session.one(session.sql.entry, b_seq=seq) for seq in code_seqs(session, code) if seq <= upto]
    return tuple(entry_of(session, row) for row in rows)


def recorded_at(session: Session, seq: int) -> int:
    """Answer when an entry was recorded."""
    found = session.all(session.sql.recorded_at, b_seqs=session.backend.numbers([seq]))
    if not found or not isinstance(found[0][1], int):
        raise Corrupt(session.business_name, None, seq, "the entry is missing, or no moment of it")
    moment: int = found[0][1]
    return moment


def seqs_at(session: Session, moments: Sequence[int]) -> list[int]:
    """Answer for each of several moments, the earliest first, what `seq_at` does; quicker than one by one."""
    found = [0] * len(moments)

    def between(first: int, last: int, low: int, high: int) -> None:
        if first < last:
            middle = (first + last) // 2
            found[middle] = low if low == high else seq_at(session, moments[middle], low, high)
            between(first, middle, low, found[middle])
            between(middle + 1, last, found[middle], high)

    between(0, len(moments), 0, session.end()[0])
    return found


def seq_at(session: Session, at: int, low: int = 0, high: int | None = None) -> int:
    """Answer the last entry recorded at or before a moment: what was known then. 0 where there was none.

    Where it is known to lie from *low* to *high*, only those are looked at.
    """
    high = session.end()[0] if high is None else high
    while low < high:  # recorded_at never decreases: each look at several entries leaves the part between two of them.
        seqs = sorted({low + 1 + (high - low - 1) * part // PROBES for part in range(PROBES + 1)})
        found = dict(session.all(session.sql.recorded_at, b_seqs=session.backend.numbers(seqs)))
        for seq in seqs:
            if not isinstance(found.get(seq), int):
                raise Corrupt(session.business_name, None, seq, "the entry is missing, or no moment of it")
            if found[seq] > at:
                high = seq - 1
                break
            low = seq
    return low


# Cards.


def card_rows(session: Session, wanted: CardFilter) -> list[StreamRow]:
    """Answer cards, the highest number first (the lowest first after a cursor).

    Of an earlier entry's cards it answers some that do not fit, since a card's state then is in no table.
    """
    wanted = attrs.evolve(wanted, upto=searching.unless_now(session, wanted.upto))
    past = wanted.upto != EVERYTHING
    narrowed = Narrowed(session, _cards_statement, b_upto=wanted.upto)
    if not wanted.deleted:
        narrowed.narrow("undeleted")
    if wanted.customer is not None:
        narrowed.take(Way("streams", tuple(streams_of(session, [wanted.customer]))))
    if wanted.template is not None:
        narrowed.narrow("template" if past else "now_under", wanted.template)
        if wanted.version is not None:
            narrowed.narrow("version", wanted.version)
        few = _ever_under(session, wanted.template) if past and narrowed.way is WALK else None
        if few is not None:
            narrowed.take(few)
    high = EVERYTHING if wanted.before is None else wanted.before - 1
    span = Span(wanted.after or 0, min(high, _highest(session, wanted.upto)), wanted.after is None)
    if wanted.search is None:
        rows = narrowed.rows(span, wanted.limit, narrowed.way)
    else:
        search = searching.understood(session, wanted.search, wanted.upto, codes=False)
        span = span.upto(session.last_number())
        has = searching.exactly(session, search)
        rows = narrowed.searched(span, wanted.limit, search, lambda row: row[1] == search.card or has(row[5]))
    return [
        StreamRow(number, UUID(bytes=stream_id), StreamKind.CARD, version, seq, customer, state)
        for _, number, stream_id, version, seq, customer, state in rows
    ]


def _highest(session: Session, upto: int) -> int:
    """Answer a number that no card had exceeded at an entry: each new card's is beyond all there were.

    Imported cards bring their numbers with them, and tell nothing.
    """
    issued = session.known_word(codec.FACTS[CardIssued][0])
    if issued is None or upto == EVERYTHING:
        return EVERYTHING
    following = session.one(session.sql.page(_issued_after, ()), b_upto=upto, b_kind=issued)
    return EVERYTHING if following is None else following[0] - 1


def _issued_after(sql: Statements, shape: Shape) -> Statement:
    ca, j = sql.tables.card.c, sql.tables.journal.c
    source = sql.tables.card.join(sql.tables.journal, (j.business == ca.business) & (j.seq == ca.stream))
    where = (ca.business == bindparam("b_business"), ca.stream > bindparam("b_upto"), j.kind == bindparam("b_kind"))
    found = select(ca.number).select_from(source).where(*where).order_by(ca.stream).limit(1)
    return Statement(found, sql.dialect)


def _cards_statement(sql: Statements, shape: Shape) -> Statement:
    tables, chosen = sql.tables, dict(shape)
    st, ca = tables.stream.c, tables.card.c
    source = tables.card.join(tables.stream, (st.business == ca.business) & (st.number == ca.stream))
    key = ca.number + literal_column("0") if "streams" in chosen else ca.number
    upto: Any = bindparam("b_upto")
    where = [ca.business == bindparam("b_business"), ca.stream + literal_column("0") <= upto, *_spanned(key)]
    version: Any = bindparam("b_version0") if "version" in chosen else None
    if "undeleted" in chosen:
        where.append(or_(ca.deleted == 0, st.seq > upto))
    if "now_under" in chosen:
        where.append(ca.template == bindparam("b_now_under0"))
        if version is not None:
            where.append(ca.template_version == version)
    if "template" in chosen:
        where.append(_placed(tables, ca.business, ca.stream, upto, bindparam("b_template0"), version))
    if "streams" in chosen:
        where.append(sql.backend.rare(sql.backend.among(ca.stream, "b_streams")))
    if "present" in chosen or "past" in chosen:
        named = searching.named(sql, ca.business, st.customer, "past" in chosen)
        where.append(or_(ca.stream == bindparam("b_card"), named))
    columns = (ca.number, st.number, st.id, st.version, st.seq, st.customer, st.state)
    return _page(sql, select(*columns).select_from(source), where, key, chosen)
