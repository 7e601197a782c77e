"""A card's scans: which entries each has, which was before and which came after."""

from collections.abc import Iterator

import attrs

from stampledger.errors import ScanNotFound
from stampledger.projections import JournalRow
from stampledger.view import View

BATCH = 20  # Entries read at once; hardly any scan has as many.
SEQ_MAX = 2**53  # No Journal is as long, and every store can look for it.


@attrs.frozen(kw_only=True)
class CardScan:
    """What one command wrote on a card."""

    rows: tuple[JournalRow, ...]  # The oldest first.

    @property
    def id(self) -> int:
        """The number of the scan: the seq of its first entry."""
        return self.rows[0].scan

    @property
    def first(self) -> int:
        """The first of the card's own entries in it."""
        return self.rows[0].seq

    @property
    def last(self) -> int:
        """The last of them: the moment right after the scan."""
        return self.rows[-1].seq


def scan_of(view: View, card: int, seq: int) -> CardScan:
    """Answer the scan of a card that an entry belongs to, as far as the view knows it.

    Raises:
        CardNotFound: There is no such card.
        ScanNotFound: There is no such entry, or it is not about this card.
    """
    if not 0 < seq < SEQ_MAX:
        raise ScanNotFound(seq)
    found = _from(view, card, seq)
    if not found:
        raise ScanNotFound(seq)
    if found[0].seq != seq and found[0].scan != seq:  # What was found is of a later scan.
        raise ScanNotFound(seq)
    return CardScan(rows=found if found[0].scan == seq else _from(view, card, found[0].scan))


def newest_scan(view: View, card: int) -> CardScan:
    """Answer a card's latest scan.

    Raises:
        CardNotFound: There is no such card.
    """
    return scan_of(view, card, view.journal(card=card, limit=1)[0].seq)


def beside(view: View, card: int, scan: CardScan) -> tuple[int | None, int | None]:
    """Answer the scans of the card before and after one; None where there is none."""
    before = view.journal(card=card, before=scan.first, limit=1)
    after = view.journal(card=card, after=scan.last, limit=1)
    return (before[0].scan if before else None), (after[0].scan if after else None)


def _from(view: View, card: int, seq: int) -> tuple[JournalRow, ...]:
    """Answer the card's next entries from a seq on, as many as are of the same scan."""
    rows = _each(view, card, seq)
    first = next(rows, None)
    if first is None:
        return ()
    found = [first]
    for row in rows:
        if row.scan != first.scan:
            break
        found.append(row)
    return tuple(found)


def _each(view: View, card: int, seq: int) -> Iterator[JournalRow]:
    after: int | None = seq - 1
    while after is not None:
        page = view.journal(card=card, after=after, limit=BATCH)
        yield from reversed(page.rows)
        after = page.previous
