"""What every read stands on: one snapshot, asked about as of one moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from stampledger import checks, codec
from stampledger.lookup import EVERYTHING, Lookup, Moment
from stampledger.sources import Clock
from stampledger.store.store import Store


class Looking:
    """Whoever asks about a business, as of one moment."""

    def __init__(self, store: Store, clock: Clock, moment: Moment | None = None) -> None:
        self._store = store
        self._clock = clock
        self._moment = moment

    @contextmanager
    def _look(self) -> Iterator[Lookup]:
        moment = self._moment or Moment(EVERYTHING, self._clock())
        with self._store.reading() as session:
            yield Lookup(session, moment, self._store.templates)

    @property
    def seq(self) -> int:
        """The last entry this view knows; 0 where there is none."""
        if self._moment is not None:
            return self._moment.seq
        with self._look() as look:
            return look.session.end()[0]

    @property
    def moment(self) -> Moment:
        """What this view knows, its last entry, and the time it asks about; `Ledger.at` takes it again.

        Of the live ledger it is the moment of asking: whoever makes several pages of one answer keeps it, and all of
        them are as of the same entry.
        """
        if self._moment is not None:
            return self._moment
        with self._look() as look:
            return Moment(look.session.end()[0], look.moment.at)


def searched(search: str | None) -> str | None:
    """Check what is searched for; None where that is nothing."""
    if search is None:
        return None
    return checks.text(search, "search", empty=True).strip() or None


def microseconds(at: datetime, field: str) -> int:
    """Check a moment of a filter."""
    return codec.microseconds(checks.instant(at, field))
