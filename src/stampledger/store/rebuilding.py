"""Every live row and every claim made anew, from the Journal alone."""

from collections.abc import Callable, Iterator
from typing import Any

from stampledger.errors import Corrupt
from stampledger.store.claims import DERIVED
from stampledger.store.fetching import fetch_streams
from stampledger.store.folding import fold, whole_scans
from stampledger.store.history import Templates
from stampledger.store.session import Session
from stampledger.store.told import stream_id_of, well_typed

PLACE = 6  # Where an entry's row has its place in its scan.


def rebuild(session: Session, templates: Templates, progress: Callable[[int, int], object] | None = None) -> int:
    """Make every live row and every claim that follows from the Journal anew; answer how many entries were read.

    Claims of idempotency keys are no part of the Journal and stay as they are.
    """
    session.demand_alone()
    for clear in session.sql.clear.values():
        session.run(clear)
    for scope in DERIVED:
        session.run(session.sql.drop_claims, b_scope=int(scope))
    last = session.last_seq
    for rows in whole_scans(_entries(session, last), lambda row: row[PLACE]):
        fetch_streams(session, {row[2] for row in rows})
        fold(session, templates, rows, again=True)
        session.flush()
        session.forget()
        if progress is not None:
            progress(rows[-1][0], last)
    session.sweep_words()
    return last


def _entries(session: Session, last: int) -> Iterator[Any]:
    for row in session.each(session.sql.entries_after, "b_after", b_after=0, b_upto=last):
        if not well_typed(row) or not isinstance(row[2], bytes) or len(row[2]) != 16:
            reason = f"entry {row[0]} has a value of another type than was written"
            raise Corrupt(session.business_name, stream_id_of(row[2]), row[0], reason)
        yield row
