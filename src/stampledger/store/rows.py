"""The live rows that follow from a stream's state: said once, for whoever appends and for `rebuild`."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from stampledger import codec, events
from stampledger.aggregates import Aggregate, Coupon, Customer
from stampledger.cards import StampCard
from stampledger.errors import Corrupt
from stampledger.projections import Entry
from stampledger.rewards import IssuedReward, RewardStatus, reward_id
from stampledger.store.history import CHECKPOINT_EVERY
from stampledger.store.session import RewardRow, Scope, Session, StreamKind, StreamRow
from stampledger.values import Person


def save_rows(
    session: Session,
    row: StreamRow,
    is_new: bool,
    before: Aggregate | None,
    state: Aggregate,
    entries: Sequence[Entry],
    at_hand: Mapping[UUID, RewardRow],
    again: bool = False,
) -> None:
    """Write the rows that follow from a stream's state after *entries*; *again* where the stream's own row stands."""
    seal = session.sealer(row.id, row.id) if isinstance(state, Customer) and state.person is not None else None
    stored = codec.dump_state(state, seal)
    if is_new and not again:
        session.add(
            session.sql.add_stream,
            number=row.number,
            id=row.id.bytes,
            kind=int(row.kind),
            version=row.version,
            seq=row.seq,
            customer=row.customer,
            state=stored,
        )
    else:
        session.run(
            session.sql.set_stream,
            b_number=row.number,
            n_version=row.version,
            n_seq=row.seq,
            n_state=stored,
        )
    if is_new and again:
        session.run(session.sql.set_stream_customer, b_number=row.number, n_customer=row.customer)
    if isinstance(state, StampCard):
        _save_card(session, row, before if isinstance(before, StampCard) else None, state, entries)
        if row.version // CHECKPOINT_EVERY > (row.version - len(entries)) // CHECKPOINT_EVERY:
            session.add(session.sql.add_checkpoint, stream=row.number, seq=row.seq, version=row.version, state=stored)
    elif isinstance(state, Customer):
        _save_customer(session, row, is_new, before, state)
    if isinstance(state, StampCard | Coupon):
        _save_rewards(session, row, state, entries, at_hand)


def _save_card(
    session: Session, row: StreamRow, before: StampCard | None, card: StampCard, entries: Sequence[Entry]
) -> None:
    due = due_at(card)
    if before is None:
        session.add(
            session.sql.add_card,
            stream=row.number,
            number=card.number,
            template=number_of(session, card.template_id),
            template_version=card.template_version,
            template_since=row.number,
            due_at=due,
            deleted=int(card.deleted_at is not None),
        )
        return
    moved = (before.template_id, before.template_version) != (card.template_id, card.template_version)
    if not moved and due == due_at(before) and before.deleted_at == card.deleted_at:
        return
    moves = [entry.seq for entry in entries if isinstance(entry.event, events.TemplateChanged)]
    _, template, version, since, _, _ = session.one(session.sql.card, b_stream=row.number)
    if moves:
        session.add(
            session.sql.add_placement,
            stream=row.number,
            since=since,
            until=moves[-1],
            template=template,
            template_version=version,
        )
        since = moves[-1]
    session.run(
        session.sql.set_card,
        b_stream=row.number,
        n_template=number_of(session, card.template_id),
        n_template_version=card.template_version,
        n_template_since=since,
        n_due_at=due,
        n_deleted=int(card.deleted_at is not None),
    )


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
    touched: dict[UUID, list[int]] = {}
    for entry in entries:
        touched_id = reward_id(entry.event)
        if touched_id is not None:
            touched.setdefault(touched_id, []).append(entry.seq)
    for touched_id, seqs in touched.items():
        reward = state.rewards[touched_id] if isinstance(state, StampCard) else state.voucher
        known = at_hand.get(touched_id)
        due = reward_due_at(reward)
        stored = codec.dump_state(reward)
        text = ",".join(map(str, seqs))
        if known is None:
            session.add(
                session.sql.add_reward,
                id=touched_id.bytes,
                holder=row.number,
                issued_seq=seqs[0],
                seq=seqs[-1],
                seqs=text,
                redeem_code=reward.redeem_code,
                due_at=due,
                state=stored,
            )
        else:
            session.run(
                session.sql.set_reward,
                b_id=touched_id.bytes,
                n_seq=seqs[-1],
                n_seqs=f"{known.seqs},{text}",
                n_due_at=due,
                n_state=stored,
            )


NEVER = (1 << 62) - 1  # An active voucher without an end; NULL is one that is not active.


def reward_due_at(reward: IssuedReward) -> int | None:
    """Answer when a reward's expiry is to be recorded; None where it is settled, or cannot expire."""
    if reward.status is not RewardStatus.ACTIVE:
        return None
    return NEVER if reward.expires_at is None else codec.microseconds(reward.expires_at)


def _save_customer(
    session: Session, row: StreamRow, is_new: bool, before: Aggregate | None, customer: Customer
) -> None:
    if customer.person is None:
        if isinstance(before, Customer) and before.person is not None and before.person.reference is not None:
            session.run(session.sql.drop_claim, b_scope=int(Scope.REFERENCE), b_key=before.person.reference)
        session.run(session.sql.drop_customer, b_stream=row.number)
        if customer.forgotten:
            session.run(session.sql.drop_subject_key, b_subject=row.id.bytes)
        return
    name, email, birthday, words = customer_columns(customer.person)
    if is_new:
        session.add(session.sql.add_customer, stream=row.number, name=name, email=email, birthday=birthday, words=words)
    else:
        session.run(
            session.sql.set_customer, b_stream=row.number, n_name=name, n_email=email, n_birthday=birthday,
            n_words=words,
        )  # fmt: skip


def customer_columns(person: Person) -> tuple[str, str | None, int | None, str]:
    """Answer (name, e-mail, birthday as month and day, words for search) of a person."""
    birthday = None if person.birthday is None else person.birthday.month * 100 + person.birthday.day
    return person.name, person.email, birthday, searchable(f"{person.name}\n{person.email or ''}")


def searchable(text: str) -> str:
    """Fold text for search: composed alike, without regard to case."""
    return unicodedata.normalize("NFKC", text).casefold()
