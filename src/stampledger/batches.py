"""Many cards at once: a few hundred a transaction, each card a scan of its own.

What was done is claimed in the Journal, so that a batch that was interrupted, or is run twice, does what is missing and
nothing else. Between two transactions tills get their turn.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import attrs

from stampledger import checks, codec, commands, rules
from stampledger.aggregates import Campaign, Customer, decide, decide_campaign, decide_coupon
from stampledger.aggregates import Coupon as CouponState
from stampledger.cards import StampCard
from stampledger.errors import InvalidInput, Refused
from stampledger.lookup import named
from stampledger.projections import Progress
from stampledger.refusals import CustomerIsForgotten
from stampledger.store.session import RewardRow, Scope, Session, StreamKind, StreamRow
from stampledger.values import BirthdayGift, CardTemplate, MessageChannel, Voucher
from stampledger.writer import AHEAD_MAX, Call, Done, Origin, Work, Writer, at_hand

CHUNK = 200  # Cards a transaction: some 20 ms, in which a till waits.
PUSH_LENGTH_MAX = 20

Report = Callable[[int, int], object]  # Called with (done, total).
T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Move:
    """A card before and after a move to another template version."""

    card_id: UUID
    number: int
    before: Progress
    after: Progress  # Where the card stays, what it would be.
    template_version_before: int
    refusal: Refused | None = None  # Why it stays where it is.


@attrs.frozen(kw_only=True)
class Batch:
    """What a command over many cards did."""

    id: int  # The first scan; where nothing was to be done, the Journal's last entry.
    scans: tuple[int, ...] = ()  # One for each card that was written to, by the seq of its first entry.
    entries_count: int = 0
    skipped: int = 0  # Cards for which it had been done before.
    planned: int = 0  # Of a dry run: cards for which it would be done.
    refused: tuple[tuple[UUID, Refused], ...] = ()
    moves: tuple[Move, ...] = ()

    @property
    def repeated(self) -> bool:
        """Whether there was nothing left to do."""
        return not self.scans


class Tally:
    """A batch while it is being done."""

    def __init__(self) -> None:
        self.scans: list[int] = []
        self.entries_count: int = 0
        self.skipped: int = 0
        self.refused: list[tuple[UUID, Refused]] = []
        self.moves: list[Move] = []

    def count(self, done: Done) -> None:
        """Count what became of one card."""
        if done.repeated:
            self.skipped += 1
        else:
            self.scans.append(done.id)
            self.entries_count += len(done.entries)

    def told(self) -> dict[str, Any]:
        """Answer what has been counted so far."""
        counted = {name: value for name, value in vars(self).items() if isinstance(value, (int, list, dict))}
        return {name: len(value) if isinstance(value, list) else copy(value) for name, value in counted.items()}

    def tell(self, told: dict[str, Any]) -> None:
        """Go back to what had been counted."""
        for name, value in told.items():
            known = getattr(self, name)
            if isinstance(known, list):
                del known[value:]
            else:
                setattr(self, name, copy(value))

    def batch(self, session: Session) -> Batch:
        """Answer the batch as it stands."""
        return Batch(
            id=self.scans[0] if self.scans else session.last_seq,
            scans=tuple(self.scans),
            entries_count=self.entries_count,
            skipped=self.skipped,
            refused=tuple(self.refused),
            moves=tuple(self.moves),
        )


def for_each(
    writer: Writer,
    call: Call,
    request: tuple[Any, ...],
    todo: Sequence[T],
    one: Callable[[Work, T], UUID | None],
    tally: Tally,
    progress: Report | None,
    expect: Callable[[Session, Sequence[T]], None] | None = None,
    dry_run: bool = False,
) -> Batch:
    """Carry out a command for each of many things, some hundred a transaction.

    An idempotency key names the whole *request*. It is claimed with the first of the things, so that a batch that was
    interrupted goes on under its key. *expect* may fetch together what the things of a chunk will look at.
    With *dry_run* nothing is locked, and the command must record nothing.
    """
    done, origin = 0, Origin.of(call)
    for_one = attrs.evolve(origin, key=None)
    digest = b"" if origin.key is None else codec.request_digest(request)
    if progress is not None:
        progress(0, len(todo))
    for start in range(0, len(todo) or 1, CHUNK):
        chunk, before = todo[start : start + CHUNK], tally.told()

        def work(session: Session, chunk: Sequence[T] = chunk, before: dict[str, Any] = before) -> None:
            tally.tell(before)  # Of what an earlier attempt counted, nothing was written.
            key = writer.unclaimed_key(session, origin.key, digest)
            if expect is not None:
                expect(session, chunk)
            for thing in chunk:
                tally.count(writer.perform(session, for_one, (), lambda work, thing=thing: one(work, thing)))  # type: ignore[misc]
            if key is not None:
                writer.claim_key(session, key, tally.batch(session).id)

        if dry_run:
            with writer.store.reading() as session:
                work(session)
        else:
            writer.store.write(work)
        done += len(chunk)
        if progress is not None and chunk:
            progress(done, len(todo))
    with writer.store.reading() as session:
        return tally.batch(session)


def without_key(call: Call) -> Call:
    """Answer a call for one card of many: the key names the whole batch."""
    return {**call, "idempotency_key": None}


# One card's part.


def holder(work: Work, customer: object) -> UUID | None:
    """Answer the id of the customer something is given to.

    Raises:
        CustomerNotFound: There is none.
        Refused: The customer was forgotten.
    """
    if customer is None:
        return None
    row = work.look.customer_row(customer)
    state = work.session.state(row)
    if isinstance(state, Customer) and state.forgotten:
        raise CustomerIsForgotten()
    return row.id


def issue_card(work: Work, template_id: UUID, version: int, template: CardTemplate, customer_id: UUID | None) -> UUID:
    """Give out a card with the next number."""
    card_id = work.new_id()
    command = commands.IssueCard(
        at=work.at(),
        number=next_number(work.session),
        customer_id=customer_id,
        template_id=template_id,
        template_version=version,
        template=template,
    )
    work.record(None, card_id, StreamKind.CARD, None, decide(None, command))
    return card_id


FIRST_NUMBER = 100_001


def next_number(session: Session) -> int:
    """Answer the number of the next card: one above the highest given out."""
    return max(FIRST_NUMBER, session.last_number() + 1)


def message_channels(channels: Iterable[MessageChannel | str], message: str) -> tuple[MessageChannel, ...]:
    """Check the channels of a message, and that its text fits them.

    Raises:
        InvalidInput: A channel is none, or the text is too long for a push.
    """
    chosen = tuple(
        dict.fromkeys(
            checks.choice(MessageChannel, channel, "channels") for channel in checks.items(channels, "channels")
        )
    )
    if not chosen:
        raise InvalidInput("channels", chosen, "must name at least one channel")
    checks.text(message, "text", checks.TEXT_LENGTH_MAX, empty=True)
    if MessageChannel.PUSH in chosen and len(message) > PUSH_LENGTH_MAX:
        raise InvalidInput("text", message, f"must have at most {PUSH_LENGTH_MAX} characters for a push")
    return chosen


# Birthdays.


def celebrate_birthdays(writer: Writer, call: Call, on: date, progress: Report | None) -> Batch:
    """Give the birthday gifts due on a day."""
    if on > (writer.clock() + AHEAD_MAX).date():
        raise InvalidInput("on", on, "must not lie ahead")
    with writer.store.reading() as session:
        gifts = _gifts(writer, session)
        todo = [
            card
            for customer in _born_around(session, on, gifts)
            for (card,) in session.all(session.sql.cards_of, b_customer=customer, b_kind=int(StreamKind.CARD))
        ]
    tally = Tally()

    def one(work: Work, number: int) -> UUID | None:
        row = work.session.stream_by_number(number)
        _, state, held = work.card(row.id)
        template = work.look.card_template(state)
        customer = work.look.customer(row.customer)
        if template.birthday is None or customer is None or customer.birthday is None or state.deleted_at is not None:
            return row.id
        year = rules.birthday_due(customer.birthday, template.birthday, on)
        if year is None or work.session.claim(Scope.BIRTHDAY, f"{year}\n{row.id.hex}") is not None:
            return row.id
        command = commands.CelebrateBirthday(
            at=work.at(state.latest_at), year=year, template=template, means=work.means
        )
        try:
            work.record(row, row.id, StreamKind.CARD, state, decide(state, command), held)
        except Refused as refusal:
            tally.refused.append((row.id, refusal))
        return row.id

    return for_each(writer, call, ("celebrate_birthdays", on), todo, one, tally, progress)


def _gifts(writer: Writer, session: Session) -> list[BirthdayGift]:
    found = []
    for number, version in session.all(session.sql.templates_in_use):
        template_id = session.stream_by_number(number).id
        template = writer.store.templates.get(session, template_id, version)
        if template.birthday is not None:
            found.append(template.birthday)
    return found


def _born_around(session: Session, on: date, gifts: Sequence[BirthdayGift]) -> Iterator[int]:
    """Yield the customers whose birthday may be due: born within the widest window of any gift."""
    if not gifts:
        return
    first = on - timedelta(days=max(gift.days_after for gift in gifts) + 1)
    last = on + timedelta(days=max(gift.days_before for gift in gifts) + 1)
    ranges = [(_day(first), _day(last))]
    if (last - first).days >= 365:
        ranges = [(101, 1231)]
    elif _day(first) > _day(last):
        ranges = [(101, _day(last)), (_day(first), 1231)]
    for start, end in ranges:
        for (number,) in session.all(session.sql.customers_born, b_from=start, b_to=end):
            yield number


def _day(day: date) -> int:
    return day.month * 100 + day.day


# Expiry.


def expire(writer: Writer, call: Call, until: datetime | None, progress: Report | None) -> Batch:
    """Record what has lapsed by a moment."""
    now, request = writer.clock(), ("expire", until)
    until = now if until is None else checks.instant(until, "until")
    if until > now:
        raise InvalidInput("until", until, "must not lie ahead")
    due = codec.microseconds(until)
    with writer.store.reading() as session:
        cards = [number for (number,) in session.all(session.sql.due_cards, b_due=due)]
        holders = [number for (number,) in session.all(session.sql.due_rewards, b_due=due)]
    todo = sorted({*cards, *holders})

    def one(work: Work, number: int) -> UUID | None:
        row = work.session.stream_by_number(number)
        state = work.session.state(row)
        if isinstance(state, CouponState):
            command = commands.Expire(at=until, template=None, means=work.means)
            work.record(row, row.id, StreamKind.COUPON, state, decide_coupon(state, command), _rewards(work, row))
            return row.id
        assert isinstance(state, StampCard)
        if state.deleted_at is not None:
            return row.id
        state, held = at_hand(state, work.session.rewards_of(row.number))
        command = commands.Expire(at=until, template=work.look.card_template(state), means=work.means)
        work.record(row, row.id, StreamKind.CARD, state, decide(state, command), held)
        return row.id

    return for_each(writer, call, request, todo, one, Tally(), progress)


def _rewards(work: Work, row: StreamRow) -> dict[UUID, RewardRow]:
    return {found.reward.id: found for found in work.session.rewards_of(row.number)}


# Campaigns.


@attrs.frozen(kw_only=True)
class Campaigning:
    """A campaign to be sent."""

    key: str
    name: str
    channels: tuple[MessageChannel, ...]
    text: str
    voucher: Voucher | None


def send_campaign(
    writer: Writer, call: Call, campaign: Campaigning, cards: Sequence[object], progress: Report | None
) -> Batch:
    """Create a campaign where it is new, and send it to the cards it has not reached."""
    tally = Tally()
    request = ("send_campaign", campaign, [named(card) for card in cards])
    origin = Origin.of(call)
    for_one = attrs.evolve(origin, key=None)

    def begin(session: Session) -> tuple[list[int], Done]:
        writer.unclaimed_key(session, origin.key, codec.request_digest(request))
        look = writer.lookup(session)
        todo = list(dict.fromkeys(look.card_row(card).number for card in cards))
        return todo, writer.perform(session, for_one, (), lambda work: _create(work, campaign))

    todo, created = writer.store.write(begin)
    if not created.repeated:
        tally.count(created)
    assert created.subject is not None
    campaign_id = created.subject

    def one(work: Work, number: int) -> UUID | None:
        row = work.session.stream_by_number(number)
        if work.session.claim(Scope.SENT, f"{campaign_id.hex}\n{row.id.hex}") is not None:
            return row.id
        _, state, held = work.card(row.id)
        command = commands.SendCampaign(
            at=work.at(state.latest_at),
            campaign_id=campaign_id,
            name=campaign.name,
            channels=campaign.channels,
            voucher=campaign.voucher,
            means=work.means,
        )
        try:
            holder(work, None if state.customer_id is None else state.customer_id)
            work.record(row, row.id, StreamKind.CARD, state, decide(state, command), held)
        except Refused as refusal:
            tally.refused.append((row.id, refusal))
        return row.id

    return for_each(writer, call, request, todo, one, tally, progress)


def _create(work: Work, campaign: Campaigning) -> UUID:
    claimed = work.session.claim(Scope.CAMPAIGN, campaign.key)
    row = None if claimed is None else work.session.stream_by_number(claimed[0])
    before = None if row is None else work.session.state(row)
    assert before is None or isinstance(before, Campaign)
    campaign_id = work.new_id() if row is None else row.id
    command = commands.CreateCampaign(
        at=work.at(),
        key=campaign.key,
        name=campaign.name,
        channels=campaign.channels,
        text=campaign.text,
        voucher=campaign.voucher,
    )
    work.record(row, campaign_id, StreamKind.CAMPAIGN, before, decide_campaign(before, command))
    return campaign_id
