"""eventsourcing's own application, with its default aggregate and its SQLite or PostgreSQL module.

A receipt is an aggregate whose id is made from its code, saved together with the card: a second one cannot be saved.
It knows no goals, rewards, businesses or chain.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

SECTION = 5_000  # Notifications read at a time.
CHUNK = 200  # Receipts saved at a time, where many are imported.


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


class Receipt(Aggregate):
    """A receipt that gave its stamps."""

    @event("Used")
    def __init__(self, code: str, card_id: UUID) -> None:
        self.code = code
        self.card_id = card_id

    @staticmethod
    def create_id(code: str) -> UUID:
        """Answer the one id a code can have."""
        return uuid5(NAMESPACE_URL, f"/receipts/{code}")


def sqlite(path: Path) -> dict[str, str]:
    """Answer the settings for a file."""
    return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}


def postgresql(dsn: str, *, create: bool = True) -> dict[str, str]:
    """Answer the settings for a server. Only one process creates the tables: several at once can fail."""
    parts = urlsplit(dsn)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.lstrip("/"),
        "POSTGRES_HOST": parts.hostname or "",
        "POSTGRES_PORT": str(parts.port),
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": parts.password or "",
        "CREATE_TABLE": "yes" if create else "no",
    }


class Cards(Application[UUID]):
    """The application of the library's own tutorial."""

    name = "cards"  # Of its tables.
    log_section_size = SECTION

    def __init__(self, settings: dict[str, str], *, full: bool = True, writer: str = "R") -> None:
        super().__init__(env=settings)
        if not full:
            self._relax()
        self._codes = 0
        self._writer = writer

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
        self.save(card, self._stamped(card))

    def _stamped(self, card: Card) -> Receipt:
        self._codes += 1
        code = f"{self._writer}-{self._codes:07d}"
        card.stamp(code=code, count=1, actor="till-1", channel="receipt")
        return Receipt(code=code, card_id=card.id)

    def import_receipts(self, customers: Sequence[str]) -> None:
        """Credit one stamp a receipt on new cards, some hundred a save."""
        cards: dict[str, Card] = {}
        for start in range(0, len(customers), CHUNK):
            touched: dict[str, Card] = {}
            used = []
            for customer in customers[start : start + CHUNK]:
                card = cards.get(customer)
                if card is None:
                    card = cards[customer] = Card(customer=customer, stamps_required=8)
                used.append(self._stamped(card))
                touched[customer] = card
            self.save(*touched.values(), *used)

    def fill(self, events: int, per_card: int, progress: Callable[[int, int], object]) -> None:
        """Write many events quickly, without receipts: what is read again are stamps alone."""
        for start in range(0, events, SECTION):
            cards: list[Card] = []
            for number in range(min(SECTION, events - start)):
                if number % per_card == 0:
                    cards.append(Card(customer=f"customer {start + number}", stamps_required=8))
                else:
                    self._stamped(cards[-1])
            self.save(*cards)
            progress(start, events)

    def replay(self) -> int:
        """Read every event: the notification log, and the mapper."""
        start, count = 1, 0
        log, to_domain_event = self.notification_log, self.mapper.to_domain_event
        while notifications := log.select(start, SECTION):
            for notification in notifications:
                to_domain_event(notification)
                count += 1
            start = notifications[-1].id + 1
        return count
