"""The peer: eventsourcing's default application, aggregate and SQLite module.

It does less than the ledger: it knows no receipts, goals, rewards or chain.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

SECTION = 5_000  # Notifications read at a time.


class Card(Aggregate):
    """A stamp card."""

    @event("Issued")
    def __init__(self, customer: str, stamps_required: int) -> None:
        self.customer = customer
        self.stamps_required = stamps_required
        self.progress = 0

    @event("Stamped")
    def stamp(self, code: str, count: int, actor: str, channel: str) -> None:
        """Credit stamps."""
        self.progress = (self.progress + count) % self.stamps_required


class Cards(Application[UUID]):
    """The application of the library's own tutorial, on a file."""

    def __init__(self, path: Path, *, full: bool = True) -> None:
        super().__init__(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)})
        if not full:
            self._relax()
        self._codes = 0

    def _relax(self) -> None:
        """Write with synchronous=NORMAL, on the one connection that is used from one thread."""
        recorder: object = self.recorder
        with recorder.datastore.get_connection(commit=True) as connection:  # type: ignore[attr-defined]
            connection.cursor().execute("PRAGMA synchronous=NORMAL")

    def issue(self, count: int) -> list[UUID]:
        """Give out cards."""
        cards = [Card(customer=f"customer {number}", stamps_required=8) for number in range(count)]
        self.save(*cards)
        return [card.id for card in cards]

    def stamp(self, card_id: UUID) -> None:
        """Credit one stamp, the way the library's tutorial does."""
        card: Card = self.repository.get(card_id)
        self._stamp(card)
        self.save(card)

    def import_receipts(self, customers: Sequence[str], known: dict[str, Card]) -> None:
        """Credit one stamp a receipt, each with a save of its own, on cards that are already in memory."""
        for customer in customers:
            card = known.get(customer)
            if card is None:
                card = known[customer] = Card(customer=customer, stamps_required=8)
            self._stamp(card)
            self.save(card)

    def fill(self, events: int, per_card: int, progress: Callable[[int, int], object]) -> None:
        """Write many events quickly."""
        for start in range(0, events, SECTION):
            cards: list[Card] = []
            for number in range(min(SECTION, events - start)):
                if number % per_card == 0:
                    cards.append(Card(customer=f"customer {start + number}", stamps_required=8))
                else:
                    self._stamp(cards[-1])
            self.save(*cards)
            progress(start, events)

    def replay(self) -> int:
        """Read every event: the notification log, and the mapper."""
        start, count = 1, 0
        to_domain_event = self.mapper.to_domain_event
        while notifications := self.recorder.select_notifications(start, SECTION):
            for notification in notifications:
                to_domain_event(notification)
                count += 1
            start = notifications[-1].id + 1
        return count

    def _stamp(self, card: Card) -> None:
        self._codes += 1
        card.stamp(code=f"R-{self._codes:07d}", count=1, actor="till-1", channel="receipt")
