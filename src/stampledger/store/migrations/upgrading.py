"""An upgrade: the steps that are missing, then every row that follows from the Journal made anew by today's rules.

Where the engine takes changes of tables back with a transaction, an upgrade happens or it does not. Elsewhere it may be
interrupted, and is simply run again: a step that was begun is begun anew, and what is done is marked as done.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from stampledger import codec
from stampledger.errors import NotALedger
from stampledger.sources import system_random
from stampledger.store import opening, rebuilding
from stampledger.store.compiled import Statement
from stampledger.store.head import Head
from stampledger.store.history import Templates
from stampledger.store.migrations import steps
from stampledger.store.schema import FORMAT
from stampledger.store.session import Session
from stampledger.store.statements import Statements
from stampledger.store.transaction import Place, Words

Report = Callable[[int, int], object]  # Called with (done, total).


def upgrade(sql: Statements, cursor: Any, progress: Report | None = None) -> int:
    """Bring the tables to today's format; answer the one they had. Where they have it already, nothing is touched.

    Raises:
        NotALedger: There are no tables.
        SchemaTooNew: A newer release made them.
        Corrupt: An entry cannot be read.
    """
    backend = sql.backend
    before = opening.format_of(backend, sql, cursor)
    if before is None:
        raise NotALedger("the database holds no ledger")
    if not 1 <= before < FORMAT:
        opening.demand_format(before)
        if not opening.is_unfinished(sql, cursor):
            return before
    with backend.alone(cursor), opening.transaction(backend, cursor):
        now = _locked_format(sql, cursor)
        for number in range(now + 1, FORMAT + 1):
            _restructure(sql, cursor, number)
        if not backend.creates_at_once:  # Its changes of tables have been committed one by one.
            cursor.execute("COMMIT")
            backend.begin_writing(cursor)
        _finish(sql, cursor, progress)
    return before


def step(sql: Statements, cursor: Any, number: int) -> None:
    """Take the step to a format, inside a transaction that somebody else ends; where it was taken, do nothing.

    Raises:
        NotALedger: There are tables, but their format cannot be told.
        Corrupt: An entry cannot be read.
    """
    backend = sql.backend
    before = opening.format_of(backend, sql, cursor)
    if before == 0:
        opening.demand_format(before)
    if before is None or before < number:
        if backend.creates_at_once and not backend.in_transaction(cursor.connection):
            backend.begin_writing(cursor)
        _restructure(sql, cursor, number)
    if number == FORMAT and (before is None or before <= FORMAT):
        _finish(sql, cursor)


def _restructure(sql: Statements, cursor: Any, number: int) -> None:
    for statement in steps.statements(number, sql.backend, sql.tables):
        cursor.execute(statement)
    if number == FORMAT:
        sql.backend.make_searchable(cursor, sql.tables)


def _finish(sql: Statements, cursor: Any, progress: Report | None = None) -> None:
    """Make anew what follows from the Journal, of every business, where that is still to be done."""
    if not opening.is_unfinished(sql, cursor):
        return
    h, meta = sql.tables.head.c, sql.tables.meta
    heads = _fetched(cursor, Statement(select(h.business, h.name, h.seq).order_by(h.business), sql.dialect))
    total = sum(seq for _, _, seq in heads)
    done = 0
    searchable = sql.backend.is_searchable(cursor, sql.tables)
    for number, name, seq in heads:
        place = Place(sql.backend, sql, number, name, system_random, searchable)
        _make_anew(
            Session(place, cursor, Words(), _lock(sql, cursor, number), writes=True), _shifted(progress, done, total)
        )
        done += seq
    unmark = Statement(delete(meta).where(meta.c.name == bindparam("b_name")), sql.dialect)
    cursor.execute(unmark.sql, (opening.REBUILD,))


def _make_anew(session: Session, progress: Report | None) -> None:
    rebuilding.rebuild(session, Templates(), progress)
    session.flush()
    sql = session.sql
    last = session.one(sql.entry, b_seq=session.last_seq)
    before = None if last is None else session.one(sql.entry, b_seq=session.last_seq - last[PLACE] - 1)
    previous = codec.genesis(session.business_name) if before is None else before[HASH]
    head = sql.tables.head
    change = update(head).where(head.c.business == bindparam("b_business")).values(previous=bindparam("n_previous"))
    session.run(Statement(change, sql.dialect), n_previous=previous)


PLACE, HASH = 6, 13  # In an entry's row.


def _locked_format(sql: Statements, cursor: Any) -> int:
    """Answer the format once nobody else can change it; somebody may have done so by now."""
    meta = sql.tables.meta.c
    locked = Statement(select(meta.value).where(meta.name == bindparam("b_name")).with_for_update(), sql.dialect)
    cursor.execute(locked.sql, ("format",))
    found: int = cursor.fetchone()[0]
    return found


def _lock(sql: Statements, cursor: Any, business: int) -> Head | None:
    if not sql.backend.locks_head:
        return None
    cursor.execute(sql.lock_head.sql, (business,))
    return Head(*cursor.fetchone())


def _fetched(cursor: Any, statement: Statement) -> list[Any]:
    cursor.execute(statement.sql, statement.arguments({}))
    rows: list[Any] = cursor.fetchall()
    return rows


def _shifted(progress: Report | None, done: int, total: int) -> Report | None:
    """Let one business's progress be told as that of all."""
    return None if progress is None else lambda further, _: progress(done + further, total)
