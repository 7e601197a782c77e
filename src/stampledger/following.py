"""Following the Journal: reading on from where one stopped, for ever or until everything is read."""

import math
import time
from collections.abc import Iterator, Sequence
from threading import Event

from stampledger import checks
from stampledger.errors import FollowerAhead, InvalidInput
from stampledger.lookup import EVERYTHING, names_on_disk
from stampledger.projections import Entry
from stampledger.store import following
from stampledger.store.database import Connection
from stampledger.store.session import Session
from stampledger.store.store import Store

BATCH, BATCH_MAX = 500, 10_000  # Entries.
AT_ONCE = 100  # Entries fetched together for whoever takes them one by one.
PAUSE_FIRST = 0.02  # Seconds between two looks at the head; each pause is twice as long as the one before.
POLL = 1.0  # Seconds; a pause is no longer.
POLL_LEAST, SECONDS_MOST = 0.001, 10_000_000.0
PASSED_OVER_MAX = 1_000  # Entries of other kinds, until a position is kept again for their sake alone.


class EntryBatch:
    """Entries of the Journal in their order, and the seq up to which there are no others that were asked for."""

    def __init__(self, follower: "Follower", entries: tuple[Entry, ...], before: int, seq: int) -> None:
        self.entries = entries
        self.seq = seq
        self.is_done: bool = False
        self._follower = follower
        self._before = before

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def done(self, connection: Connection | None = None) -> None:
        """Move the follower on past this batch: now or, given a connection, when the caller commits.

        With the connection on which the caller has written rows, those rows and the position are there together or not
        at all: each entry counts exactly once. After a rollback the batch may be handled anew.

        Raises:
            Conflict: Somebody else follows under this name and was first, or has moved it: roll back.
            InvalidInput: The follower has no name, or the connection is to another database or in autocommit.
            StorageError: The position cannot be written.
        """
        self._follower._move(self._before, self.seq, connection)
        self.is_done = True


class Follower:
    """Reads the Journal on from where it stopped, in the Journal's order and without a gap.

    Its loops hold no transaction and no connection while the caller is at work, or while there is nothing to do.
    """

    def __init__(
        self, store: Store, name: str | None, kinds: Sequence[str] | None, after: int, wait: float | None, poll: float
    ) -> None:
        self.name: str | None = None if name is None else checks.text(name, "name")
        self._kinds = None if kinds is None else names_on_disk(kinds)
        self._after = checks.whole(after, "after", 0, EVERYTHING)
        self._wait_seconds = None if wait is None else _seconds(wait, "wait", 0)
        self._poll = _seconds(poll, "poll", POLL_LEAST)
        self._store = store
        self._seq = self._kept = after  # How far it has read, and how far the kept position says that it has.
        self._woken = Event()
        self._is_stopped = False

    def __iter__(self) -> Iterator[Entry]:
        """Yield entry after entry; one is done with when the next one is asked for: each is seen at least once.

        Raises:
            FollowerAhead: The Journal ends before the position.
            Conflict: Somebody else follows under this name, or has moved it.
            Corrupt: An entry cannot be read.
            StorageError: The database cannot be used.
        """
        for entries, _ in self._stretches(AT_ONCE):
            for entry in entries:
                yield entry
                self._keep(entry.seq)
                if self._is_stopped:
                    return

    def batches(self, limit: int = BATCH) -> Iterator[EntryBatch]:
        """Yield batch after batch of entries, never an empty one, up to a limit each.

        A batch is done with when its `done` says so or, without that, when the next one is asked for.

        Raises:
            InvalidInput: The limit is none.
            FollowerAhead, Conflict, Corrupt, StorageError: As when taking entry after entry.
        """
        checks.whole(limit, "limit", 1, BATCH_MAX)
        return self._batches(limit)

    def _batches(self, limit: int) -> Iterator[EntryBatch]:
        for entries, seq in self._stretches(limit):
            batch = EntryBatch(self, entries, self._kept, seq)
            yield batch
            if not batch.is_done:
                self._keep(seq)
            if self._is_stopped:
                return

    def stop(self) -> None:
        """End the loop over this follower, from any thread: after the entry or batch that is being handled."""
        self._is_stopped = True
        self._woken.set()

    # Where it stands.

    @property
    def seq(self) -> int:
        """The last entry that is done with, as it is kept; without a name, the last one read so far.

        Raises:
            StorageError: The database cannot be read.
        """
        if self.name is None:
            return self._seq
        with self._store.reading() as session:
            found = session.one(session.sql.follower, b_name=self.name)
        return self._after if found is None else int(found[0])

    def reset(self, seq: int = 0) -> None:
        """Let it go on after an entry; by default from the beginning. A loop that is under way ends with a `Conflict`.

        Raises:
            InvalidInput: It is no seq, or the follower has no name.
            FollowerAhead: The Journal has no such entry.
            StorageError: The position cannot be written.
        """
        name, seq = self._named(), checks.whole(seq, "seq", 0, EVERYTHING)
        self._store.write_beside(
            lambda session: following.put(session, name, seq), self._store.sql.touch_follower, b_name=name
        )

    def forget(self) -> None:
        """Forget its position; under its name another one may begin.

        Raises:
            InvalidInput: The follower has no name.
            StorageError: The database cannot be written.
        """
        name = self._named()

        def task(session: Session) -> None:
            session.run(session.sql.drop_follower, b_name=name)

        self._store.write_beside(task, self._store.sql.touch_follower, b_name=name)

    def _named(self) -> str:
        if self.name is None:
            raise InvalidInput("name", None, "must be given where a position is kept")
        return self.name

    def _move(self, before: int, seq: int, connection: Connection | None) -> None:
        store = self._store if connection is None else self._store.bound_to(connection)
        following.move(store, self._named(), before, seq)
        self._kept = seq

    def _keep(self, seq: int) -> None:
        """Move on to an entry, unless the caller keeps the position."""
        if self.name is not None and seq > self._kept:
            self._move(self._kept, seq, None)

    # Reading on.

    def _stretches(self, limit: int) -> Iterator[following.Stretch]:
        """Yield what is there and then what comes, until there is nothing for too long."""
        if self.name is not None:
            self._seq = self._kept = following.begin(self._store, self.name, self._after)
        bell = self._store.bell
        bell.wait_for(self._woken)
        until = self._until()
        try:
            while self._waited(until):
                with self._store.reading() as session:
                    entries, seq = following.stretch(session, self._seq, self._kinds, limit)
                if entries:
                    yield entries, seq
                    until = self._until()
                self._seq = seq
                if seq - self._kept >= PASSED_OVER_MAX:
                    self._keep(seq)
            self._keep(self._seq)
        finally:
            bell.forget(self._woken)

    def _until(self) -> float:
        return math.inf if self._wait_seconds is None else time.monotonic() + self._wait_seconds

    def _waited(self, until: float) -> bool:
        """Wait until the Journal goes on, but not for ever; answer whether it does.

        Raises:
            FollowerAhead: It ends before what was read.
        """
        pause = PAUSE_FIRST
        while not self._is_stopped:
            self._woken.clear()
            head = self._store.end()
            if head < self._seq:
                raise FollowerAhead(self.name, self._seq, head)
            if head > self._seq:
                return True
            pause = min(pause, self._poll, until - time.monotonic())
            if pause <= 0:
                return False
            if not self._is_stopped:
                self._woken.wait(pause)
            pause *= 2
        return False


def _seconds(value: object, field: str, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= SECONDS_MOST:
        raise InvalidInput(field, value, f"must be seconds, from {least} to {SECONDS_MOST:.0f}")
    return value
