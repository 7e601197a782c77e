"""A shop to be tested in: a ledger on a real store whose time, chance and ids are the same in every run."""

from types import TracebackType
from typing import Any, Self
from uuid import UUID

from stampledger.ledger import Ledger
from stampledger.store.database import open_engine
from stampledger.testing.faults import Faults
from stampledger.testing.scenes import COFFEE_CARD
from stampledger.testing.supplies import Chance, Clock, Supplies
from stampledger.values import CardTemplate
from stampledger.view import CustomerRef


class Shop:
    """A ledger, with what it runs on, and what may go wrong: `shop.ledger`, `shop.clock`, `shop.chance`, `shop.faults`.

    Without a URL it lies in SQLite's memory. Options are those of `Ledger`.
    """

    def __init__(
        self,
        url: str = "sqlite://",
        *,
        business: str = "shop",
        supplies: Supplies | None = None,
        **options: Any,
    ) -> None:
        self.supplies = supplies or Supplies()
        self._engine = open_engine(url)
        self._options = options
        self.faults = Faults()
        self.ledger = self.faults.ledger(self._engine, business=business, **{**self.supplies, **options})

    @property
    def clock(self) -> Clock:
        """The shop's clock: `shop.clock.wait(timedelta(days=1))`."""
        return self.supplies.clock

    @property
    def chance(self) -> Chance:
        """What lotteries draw next is `shop.chance.draws`."""
        return self.supplies.random

    def card(
        self, template: CardTemplate = COFFEE_CARD, *, key: str = "card", customer: CustomerRef | None = None
    ) -> UUID:
        """Publish a template, where it is new, and issue a card under it."""
        issued = self.ledger.issue_card(self.ledger.publish_template(key, template), customer=customer)
        assert issued.subject is not None
        return issued.subject

    def reopen(self) -> Ledger:
        """Close the ledger and open it again: nothing is remembered but what was written."""
        business = self.ledger.business
        self.ledger.close()
        self.ledger = self.faults.ledger(self._engine, business=business, **{**self.supplies, **self._options})
        return self.ledger

    def close(self) -> None:
        """Close the ledger, and the database with it."""
        self.ledger.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
