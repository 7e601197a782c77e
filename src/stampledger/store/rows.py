"""The live rows that follow from a stream's state: said once, for whoever appends and for `rebuild`."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from stampledger import codec, events
from stampledger.aggregates import Aggregate, Coupon, Customer
from stampledger.cards import StampCard
from stampledger.errors import Corrupt
from stampledger.frozen import changed
from stampledger.projections import Entry
from stampledger.rewards import reward_id
from stampledger.store.history import CHECKPOINT_EVERY, without_rewards
from stampledger.store.session import CardRow, RewardRow, Scope, Session, StreamKind, StreamRow
from stampledger.store.transaction import CHANGING, DROPPING
from stampledger.values import Person


def save_rows(
    session: Session,
    row: StreamRow,
    is_new: bool,
    before: Aggregate | None,
    entries: Sequence[Entry],
    at_hand: Mapping[UUID, RewardRow],
    again: bool = False,
) -> None:
    """Write a stream's row, which holds its state after *entries*, and the rows that follow from that.

    *again* says that the stream has its row already, new as all the others are.
    """
    state = row.state
    assert not isinstance(state, bytes) and state is not None
    if isinstance(state, Customer):
        seal = session.sealer(row.id, row.id) if state.person is not None else None
        row = changed(row, state=codec.dump_state(state, seal))
    elif isinstance(state, StampCard) and state.rewards:
        row = changed(row, state=without_rewards(state))
    session.save_stream(row, is_new and not again)
    if is_new and again:
        session.defer(session.sql.set_stream_customer, (row.customer, session.business, row.number))
    if isinstance(state, StampCard):
        _save_card(session, row, before if isinstance(before, StampCard) else None, state, entries)
        if row.version // CHECKPOINT_EVERY > (row.version - len(entries)) // CHECKPOINT_EVERY:
            remembered = (session.business, row.number, row.seq, row.version, codec.dump_state(state))
            session.defer(session.sql.add_checkpoint, remembered)
    elif isinstance(state, Customer):
        _save_customer(session, row, is_new, before, state)
    if isinstance(state, (StampCard, Coupon)):  # Unlike a union of them, made once.
        _save_rewards(session, row, state, entries, at_hand)


def _save_card(
    session: Session, row: StreamRow, before: StampCard | None, card: StampCard, entries: Sequence[Entry]
) -> None:
    due, deleted = due_at(card), int(card.deleted_at is not None)
    if before is None:
        template = number_of(session, card.template_id)
        new = CardRow(card.number, template, card.template_version, row.number, due, deleted)
        session.save_card(row.number, new, True)
        return
    moved = (before.template_id, before.template_version) != (card.template_id, card.template_version)
    if not moved and due == due_at(before) and before.deleted_at == card.deleted_at:
        return
    earlier = session.card(row.number)
    if earlier is None:
        raise Corrupt(session.business_name, row.id, row.seq, "the card is missing in the list of cards")
    moves = [entry.seq for entry in entries if isinstance(entry.event, events.TemplateChanged)]
    since = earlier.template_since
    if moves:
        under = (earlier.template, earlier.template_version)
        session.defer(session.sql.add_placement, (session.business, row.number, since, moves[-1], *under))
        since = moves[-1]
    template = number_of(session, card.template_id)
    session.save_card(row.number, CardRow(card.number, template, card.template_version, since, due, deleted), False)


def due_at(card: StampCard) -> int | None:
    """Answer when something of a card lapses next: the card itself, or stamps of it."""
    if not card.credits and (card.expires_at is None or card.expired):
        return None
    moments: list[datetime] = [
        credit.expires_at for credit in card.credits if credit.live and credit.expires_at is not None
    ]
    if card.expires_at is not None and not card.expired:
        moments.append(card.expires_at)
    return codec.microseconds(min(moments)) if moments and card.deleted_at is None else None


def customer_of(session: Session, number: int, kind: StreamKind, state: Aggregate) -> int | None:
    """Answer the stream of the customer a stream is about."""
    if kind is StreamKind.CUSTOMER:
        return number
    customer_id = state.customer_id if isinstance(state, StampCard | Coupon) else None
    return None if customer_id is None else number_of(session, customer_id)


def number_of(session: Session, stream_id: UUID) -> int:
    """Answer the number of a stream that another one names."""
    row = session.stream(stream_id)
    if row is None:
        raise Corrupt(session.business_name, stream_id, None, "a card names a stream that does not exist")
    return row.number


def _save_rewards(
    session: Session,
    row: StreamRow,
    state: StampCard | Coupon,
    entries: Sequence[Entry],
    at_hand: Mapping[UUID, RewardRow],
) -> None:
    touched: dict[UUID, list[Entry]] = {}
    for entry in entries:
        touched_id = reward_id(entry.event)
        if touched_id is not None:
            touched.setdefault(touched_id, []).append(entry)
    for touched_id, told in touched.items():
        reward = state.rewards[touched_id] if isinstance(state, StampCard) else state.voucher
        known = at_hand.get(touched_id)
        first = told[0].seq if known is None else known.issued_seq
        versions = ",".join(str(entry.version) for entry in told)
        if known is not None:
            versions = f"{known.versions},{versions}"
        session.save_reward(RewardRow(row.number, first, told[-1].seq, versions, reward), known is None)


def _save_customer(
    session: Session, row: StreamRow, is_new: bool, before: Aggregate | None, customer: Customer
) -> None:
    business = session.business
    if customer.person is None:
        if isinstance(before, Customer) and before.person is not None:
            if before.person.reference is not None:
                session.drop_claim(Scope.REFERENCE, before.person.reference)
            session.defer(session.sql.drop_customer, (business, row.number), DROPPING)
            session.sweep_words()
        if customer.forgotten:
            session.drop_key(row.id)
        return
    columns = customer_columns(customer.person)
    if is_new:
        session.defer(session.sql.add_customer, (business, row.number, *columns, "", None))
    else:
        session.defer(session.sql.set_customer, (*columns, row.seq, business, row.number), CHANGING)


def customer_columns(person: Person) -> tuple[str, str | None, int | None, str]:
    """Answer (name, e-mail, birthday as month and day, words for search) of a person."""
    birthday = None if person.birthday is None else person.birthday.month * 100 + person.birthday.day
    return person.name, person.email, birthday, searchable(f"{person.name}\n{person.email or ''}")


def searchable(text: str) -> str:
    """Fold text for search: composed alike, without regard to case."""
    return unicodedata.normalize("NFKC", text).casefold()
