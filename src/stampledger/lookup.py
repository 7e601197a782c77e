"""Finding things by what a caller calls them, and showing them, within one snapshot and as of one moment."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs

from stampledger import checks, codec, projections
from stampledger.aggregates import BrandState, Customer, PublishedTemplate
from stampledger.cards import StampCard
from stampledger.errors import (
    CardNotFound,
    Corrupt,
    CustomerNotFound,
    InvalidInput,
    NotFound,
    RewardNotFound,
    TemplateNotFound,
)
from stampledger.events import TemplatePublished
from stampledger.projections import CardView, CustomerInfo, Entry, JournalRow, RewardView, TemplateInfo
from stampledger.store import fetching, history, session
from stampledger.store.session import CardRow, RewardRow, Scope, Session, StreamKind, StreamRow
from stampledger.values import Brand, CardTemplate

EVERYTHING = session.EVERYTHING


@attrs.frozen(slots=False)
class Moment:
    """What is known (entries up to *seq*) and the time asked about."""

    seq: int
    at: datetime
    scan: bool = False  # It is the moment right after a scan, whose popup the customer saw.


def id_of(reference: object, field: str, missing: type[NotFound]) -> UUID:
    """Answer the id a caller means: an id, its text, or anything that came from this library and has one.

    Raises:
        InvalidInput: It is nothing of the kind.
        NotFound: It is text, but no id.
    """
    if isinstance(reference, str):
        checks.text(reference, field)
        try:
            return UUID(reference)
        except ValueError as error:
            raise missing(reference) from error
    found = getattr(reference, "subject", None) or getattr(reference, "id", reference)
    if not isinstance(found, UUID):
        raise InvalidInput(field, reference, "must be an id")
    return found


def names_on_disk(kinds: Sequence[str]) -> tuple[str, ...]:
    """Answer the names on disk of kinds that a caller means, those of earlier versions included.

    Raises:
        InvalidInput: One is no kind.
    """
    names: list[str] = []
    for kind in checks.items(kinds, "kinds"):
        if kind not in codec.SHORT_NAMES:
            raise InvalidInput("kinds", kind, f"must be among {', '.join(codec.SHORT_NAMES)}")
        names.extend(codec.names_of(kind))
    return tuple(names)


def named(reference: object) -> object:
    """Answer what a caller named, as an idempotency key remembers it."""
    if isinstance(reference, tuple):
        return [named(part) for part in reference]
    found = getattr(reference, "subject", None) or getattr(reference, "id", reference)
    return str(found) if isinstance(found, UUID) else found


def named_template(template: object) -> object:
    """Answer what a caller named: of a scan that published a template, the version too."""
    entries = getattr(template, "entries", ())
    return [named(template), entries[0].version] if isinstance(entries, tuple) and entries else named(template)


class Lookup:
    """One snapshot, asked about as of one moment."""

    def __init__(self, session: Session, moment: Moment, templates: history.Templates) -> None:
        self.session = session
        self.moment = moment
        self._templates = templates
        self._customers: dict[int, CustomerInfo] = {}
        self._places: dict[int, tuple[UUID, int, int, int]] = {}  # Template, version, since, until.

    # Finding.

    def stream(self, stream_id: UUID, kind: StreamKind, missing: type[NotFound], key: object) -> StreamRow:
        """Answer a stream of one kind that existed at the moment."""
        row = self.session.stream(stream_id)
        if row is None or row.kind is not kind or row.number > self.moment.seq:
            raise missing(key)
        return row

    def card_row(self, card: object) -> StreamRow:
        """Find a card by id or number, which may be text as it is shown, #100001."""
        if (
            isinstance(card, str)
            and len(card) < 20
            and (digits := card.removeprefix("#")).isascii()
            and digits.isdigit()
        ):
            card = int(digits)
        if isinstance(card, int) and not isinstance(card, bool):
            found = self.session.one(self.session.sql.card_stream, b_number=card) if 0 < card < EVERYTHING else None
            if found is None or found[0] > self.moment.seq:
                raise CardNotFound(card)
            return self.session.stream_by_number(found[0])
        return self.stream(id_of(card, "card", CardNotFound), StreamKind.CARD, CardNotFound, card)

    def card(self, card: object) -> tuple[StreamRow, StampCard]:
        """Find a card, and its state at the moment."""
        row = self.card_row(card)
        state = history.state_at(self.session, row, self.moment.seq)
        assert isinstance(state, StampCard)
        return row, state

    def card_place(self, stream: int) -> CardRow:
        """Answer what lists know of a card."""
        card = self.session.card(stream)
        if card is None:
            raise Corrupt(self.session.business_name, None, stream, "the card is missing in the list of cards")
        return card

    def customer_row(self, customer: object) -> StreamRow:
        """Find a customer."""
        found = id_of(customer, "customer", CustomerNotFound)
        return self.stream(found, StreamKind.CUSTOMER, CustomerNotFound, customer)

    def template_filter(self, template: object) -> tuple[StreamRow, int | None]:
        """Find the template a list is narrowed to, and its version where one is named."""
        if isinstance(template, tuple):
            row, version, _ = self.template(template)
            return row, version
        return self._template_row(template), None

    def template(self, template: object) -> tuple[StreamRow, int, CardTemplate]:
        """Find a template version: (its stream, the version, the template). A key means the newest version."""
        version: int | None = None
        if isinstance(template, tuple) and len(template) == 2:
            template, version = template
        row = self._template_row(template)
        entries = getattr(template, "entries", ())
        if version is None and entries:
            version = entries[0].version
        if version is None:
            state = history.state_at(self.session, row, self.moment.seq)
            assert isinstance(state, PublishedTemplate)
            return row, state.version, state.template
        if isinstance(version, bool) or not isinstance(version, int):
            raise InvalidInput("template", version, "must name a version by a whole number")
        return row, version, self._templates.get(self.session, row.id, version)

    def _template_row(self, template: object) -> StreamRow:
        if isinstance(template, str):
            claimed = self.session.claim(Scope.TEMPLATE, checks.text(template, "template"))
            if claimed is not None and claimed[0] <= self.moment.seq:
                return self.session.stream_by_number(claimed[0])
        found = id_of(template, "template", TemplateNotFound)
        return self.stream(found, StreamKind.TEMPLATE, TemplateNotFound, template)

    def reward_row(self, reward: object) -> RewardRow:
        """Find a reward."""
        row = self.session.reward(id_of(reward, "reward", RewardNotFound))
        if row is None or row.issued_seq > self.moment.seq:
            raise RewardNotFound(reward if isinstance(reward, UUID | str) else getattr(reward, "id", reward))
        return row

    # Showing.

    def brand(self) -> Brand:
        """Answer the brand of the moment; before one was set, the business's own name."""
        claimed = self.session.claim(Scope.BRAND, "")
        if claimed is not None and claimed[0] <= self.moment.seq:
            state = history.state_at(self.session, self.session.stream_by_number(claimed[0]), self.moment.seq)
            assert isinstance(state, BrandState)
            return state.brand
        return Brand(name=self.session.business_name)

    def templates(self) -> Iterator[TemplateInfo]:
        """Show every card template there was, by their keys in order."""
        for _, seq, _ in self.session.each(
            self.session.sql.claims_after, "b_after", b_scope=int(Scope.TEMPLATE), b_after=""
        ):
            if seq <= self.moment.seq:
                row = self.session.stream_by_number(seq)
                state = history.state_at(self.session, row, self.moment.seq)
                assert isinstance(state, PublishedTemplate)
                yield projections.template_info(row.id, state)

    def customer(self, number: int | None) -> CustomerInfo | None:
        """Show a customer by the number of the stream."""
        if number is None or number > self.moment.seq:
            return None
        known = self._customers.get(number)
        if known is None:
            row = self.session.stream_by_number(number)
            state = history.state_at(self.session, row, self.moment.seq)
            assert isinstance(state, Customer)
            if row.seq > self.moment.seq and self._forgotten_since(row):
                state = attrs.evolve(state, person=None, forgotten=True)
            known = self._customers[number] = projections.customer_info(row.id, state)
        return known

    def _forgotten_since(self, row: StreamRow) -> bool:
        """Whether the person was forgotten later: then the past says so too, since nobody can read it any more."""
        now = self.session.state(row)
        return isinstance(now, Customer) and now.forgotten

    def card_view(self, row: StreamRow, state: StampCard, *, with_rewards: bool = True) -> CardView:
        """Show a card."""
        rewards = history.rewards_at(self.session, row.number, self.moment.seq) if with_rewards else []
        template = self._templates.get(self.session, state.template_id, state.template_version)
        held = None if state.held_for is None else self.session.reward(state.held_for)
        waits_for = None if held is None else history.reward_at(self.session, held, self.moment.seq)
        customer = self.customer(row.customer)
        return projections.card_view(row.id, state, template, customer, rewards, self.moment.at, waits_for)

    def card_template(self, state: StampCard) -> CardTemplate:
        """Answer the template version a card is under."""
        return self._templates.get(self.session, state.template_id, state.template_version)

    def reward_view(self, row: RewardRow) -> RewardView:
        """Show a reward."""
        holder = self.session.stream_by_number(row.holder)
        reward = history.reward_at(self.session, row, self.moment.seq)
        card_id = holder.id if holder.kind is StreamKind.CARD else None
        return projections.reward_view(reward, self.moment.at, card_id)

    def journal_rows(self, rows: Iterable[tuple[Any, ...]]) -> list[JournalRow]:
        """Show rows of the Journal."""
        rows = list(rows)
        self.foresee([row[14] for row in rows], [row[1] for row in rows if row[3] == StreamKind.CARD])
        return [self.journal_row(history.entry_of(self.session, row), row[1], row[14]) for row in rows]

    def foresee(self, customers: Iterable[Any], cards: Iterable[Any] = ()) -> None:
        """Fetch together what a page will show of customers and cards."""
        session = self.session
        fetching.fetch_shown(session, customers, cards)
        fetching.fetch_shown(session, [card.template for number in cards if (card := session.card(number)) is not None])

    def journal_row(self, entry: Entry, stream: object, customer: object) -> JournalRow:
        """Show an entry, by the numbers of its stream and of the customer it is about."""
        assert isinstance(stream, int) and (customer is None or isinstance(customer, int))
        number, template = self._placed(entry, stream)
        return projections.journal_row(entry, self.customer(customer), template, number)

    def _placed(self, entry: Entry, stream: int) -> tuple[int | None, tuple[str, int] | None]:
        """Answer the card's number, and the template that applied at the entry."""
        if isinstance(entry.event, TemplatePublished):
            return None, (entry.event.template.name, entry.version)
        card = self.session.card(stream)
        if card is None:
            return None, None
        number, template, version, since = card[:4]
        if entry.seq < since:
            template_id, version = self._earlier_place(stream, entry.seq)
        else:
            template_id = self.session.stream_by_number(template).id
        return number, (self._templates.get(self.session, template_id, version).name, version)

    def _earlier_place(self, stream: int, seq: int) -> tuple[UUID, int]:
        """Answer the template and version that a card was under before it moved, remembered from entry to entry."""
        known = self._places.get(stream)
        if known is None or not known[2] <= seq < known[3]:
            template, *place = self.session.one(self.session.sql.placement, b_stream=stream, b_seq=seq)
            known = self._places[stream] = (self.session.stream_by_number(template).id, *place)
        return known[:2]
