"""What a command answers, and what a caller may name things by."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from stampledger.errors import CardNotFound
from stampledger.events import Event
from stampledger.projections import CardView, CustomerInfo, Entry, RewardView

if TYPE_CHECKING:
    from stampledger.view import View


@attrs.frozen(kw_only=True, slots=False)
class Scan:
    """What one command wrote; the same again when it was sent before.

    *id* is the seq of the first entry. Where nothing had to be written because the wish was true already, there are
    no entries, *repeated* is true and *id* is the Journal's last entry.
    """

    id: int
    entries: tuple[Entry, ...]
    subject: UUID | None  # The card, customer, template … the command was about.
    repeated: bool = False
    view: "Callable[[], View]" = attrs.field(repr=False, eq=False)

    @property
    def events(self) -> tuple[Event, ...]:
        """The facts, without their entries."""
        return tuple(entry.event for entry in self.entries)

    @property
    def last(self) -> int:
        """The seq of the last entry: the moment right after the scan."""
        return self.entries[-1].seq if self.entries else self.id

    @cached_property
    def card(self) -> CardView:
        """The card right after the scan.

        Raises:
            CardNotFound: The scan was about no card.
        """
        if self.subject is None:
            raise CardNotFound(self.id)
        return self.view().card(self.subject)


CardRef = UUID | str | int | Scan | CardView  # An id, or a card number.
CustomerRef = UUID | str | Scan | CustomerInfo
RewardRef = UUID | str | RewardView
TemplateRef = UUID | str | Scan | tuple[UUID | str, int]  # A key or an id means the newest version.
