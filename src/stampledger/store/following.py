"""How far each follower of a Journal has come, and what lies ahead of it."""

from stampledger.errors import Conflict, Corrupt, FollowerAhead
from stampledger.projections import Entry
from stampledger.store.history import entry_of
from stampledger.store.lists import Filter, journal_rows
from stampledger.store.session import Session
from stampledger.store.store import Store

LOOKED_THROUGH_MAX = 10_000  # Entries, by one statement: whoever wants few of them still gets on in steps.

Stretch = tuple[tuple[Entry, ...], int]  # Entries, and the seq up to which there are no others.


def begin(store: Store, name: str, after: int) -> int:
    """Answer where a follower stands; a new one stands after an entry from now on.

    Raises:
        FollowerAhead: The Journal has no such entry.
    """

    def task(session: Session) -> int:
        found = session.one(session.sql.follower, b_name=name)
        if found is not None:
            seq: int = found[0]
            return seq
        put(session, name, after)
        return after

    touch = store.sql.touch_follower
    try:
        return store.write_beside(task, touch, b_name=name)
    except Conflict as conflict:
        if not conflict.taken:  # By another process, which began at the same time.
            raise
        return store.write_beside(task, touch, b_name=name)


def put(session: Session, name: str, seq: int) -> None:
    """Let a follower stand after an entry, wherever it stood.

    Raises:
        FollowerAhead: The Journal has no such entry.
    """
    head, *_ = session.end()
    if head < seq:
        raise FollowerAhead(name, seq, head)
    session.run(session.sql.drop_follower, b_name=name)
    session.run(session.sql.add_follower, business=session.business, name=name, seq=seq)


def move(store: Store, name: str, before: int, seq: int) -> None:
    """Move a follower on from where it stood before; in the caller's own transaction, where the store is bound to one.

    Raises:
        Conflict: It stands elsewhere by now.
    """

    def task(session: Session) -> bool:
        session.run(session.sql.move_follower, b_name=name, b_seq=before, n_seq=seq)
        is_moved: bool = session.cursor.rowcount == 1
        return is_moved

    if not store.write_beside(task, store.sql.touch_follower, b_name=name):
        raise Conflict(f"the follower {name!r} does not stand at entry {before} any more: somebody else has moved it")


def stretch(session: Session, after: int, kinds: tuple[str, ...] | None, limit: int) -> Stretch:
    """Answer the next entries of some kinds after an entry, up to a limit, and how far they reach.

    Raises:
        Corrupt: The first of them cannot be read. What comes before such an entry is answered first.
    """
    upto = min(session.end()[0], after + LOOKED_THROUGH_MAX)
    rows = journal_rows(session, Filter(upto=upto, known=upto, kinds=kinds, after=after, limit=limit))
    entries: list[Entry] = []
    for row in rows:
        try:
            entries.append(entry_of(session, row))
        except Corrupt:
            if not entries:
                raise
            return tuple(entries), entries[-1].seq
    return tuple(entries), entries[-1].seq if len(rows) == limit else upto
