"""A real ledger that is asked for everything, in any order, and held against the laws after every step.

`LedgerMachine` works cards of your own templates. It is one of Hypothesis's rule-based state machines: subclass it, add
a `rule` for what your service does, and a `law` for what must hold.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, precondition, rule

from stampledger import events
from stampledger.errors import Refused
from stampledger.projections import Entry, RewardView
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.rules import DRAW_TOTAL
from stampledger.testing.courses import customers
from stampledger.testing.laws import LAWS, Law, check
from stampledger.testing.life import Life
from stampledger.testing.telling import LawBroken
from stampledger.testing.under_test import LedgerUnderTest, law
from stampledger.values import CardTemplate, CodeScope, Goal, PerAmount, Person, Platform, Voucher
from stampledger.view import Scan

CODES = st.sampled_from((0, 0, 1, 2, None))  # Most credits are for a receipt.
TEN = PerAmount(amount=Decimal(10))
SIMPLE = CardTemplate(name="Coffee card", goals=(Goal(stamps=3, reward=Voucher(title="Free coffee")),))


class LedgerMachine(LedgerUnderTest):
    """Cards of your templates, worked by every verb; after each step the laws are held against what was recorded.

    Set `templates` to your own. Rules of a subclass may draw from the bundles `cards` (a card's id) and `scans` (the id
    of a scan that added stamps); `attempt` carries out a command that may be refused.
    """

    templates: ClassVar[Sequence[CardTemplate]] = (SIMPLE,)
    laws: ClassVar[Sequence[Law]] = LAWS
    codes: ClassVar[Sequence[str]] = ("R-1", "R-2", "R-3")  # Few, so that they come twice.

    cards = Bundle("cards")
    scans = Bundle("scans")

    def __init__(self) -> None:
        super().__init__()
        self.lives: dict[UUID, Life] = {}
        self.programme: dict[UUID, CardTemplate] = {}  # By the card.
        self.refused: list[Refused] = []
        self._keys = 0
        self._changed: dict[UUID, None] = {}  # The cards the laws have to be held against.

    def attempt(self, verb: Callable[..., Scan], *arguments: Any, **named: Any) -> Scan | None:
        """Carry out a command; None where a rule of the programme refuses it."""
        try:
            scan = verb(*arguments, **named)
        except Refused as refusal:
            self.refused.append(refusal)
            return None
        if scan.entries and scan.subject in self.programme:
            self.remember(scan.last, scan.subject)
        return scan

    def rewards(self, card: UUID, *kinds: RewardKind) -> list[RewardView]:
        """Answer a card's rewards of some kinds, the latest first."""
        return [reward for reward in self.ledger.rewards(card) if reward.kind in kinds]

    @initialize(target=cards, count=st.integers(1, 2))
    def begin(self, count: int) -> Any:
        """Publish the templates, and give out the first cards."""
        if self.brand is not None:
            self.ledger.set_brand(self.brand)
        for place, template in enumerate(self.templates):
            self.ledger.publish_template(f"template-{place}", template)
        return multiple(*(self._issued(place, None) for place in range(count)))

    # Cards and stamps.

    @rule(target=cards, place=st.integers(0, 9), customer=st.none() | customers())
    def issue(self, place: int, customer: Person | None) -> UUID:
        """Give out a card."""
        return self._issued(place, customer)

    def _issued(self, place: int, customer: Person | None) -> UUID:
        place %= len(self.templates)
        person = None
        if customer is not None:
            about = attrs.asdict(customer, recurse=False)
            person = self.ledger.register_customer(**about).subject
        card = self.ledger.issue_card(f"template-{place}", customer=person).subject
        assert card is not None
        self.programme[card] = self.templates[place]
        return card

    @rule(target=scans, card=cards, count=st.integers(1, 4), code=CODES)
    def add(self, card: UUID, count: int, code: int | None) -> Any:
        """Credit a few stamps."""
        return self._credit(card, count=count, code=self._code(code))

    @rule(target=scans, card=cards, beyond=st.integers(0, 3), code=CODES)
    def reach(self, card: UUID, beyond: int, code: int | None) -> Any:
        """Credit what the next goal still needs, or a few more."""
        count = max(1, self.ledger.card(card).stamps_missing) + beyond
        return self._credit(card, count=count, code=self._code(code))

    @precondition(lambda self: any(template.per_amount for template in self.programme.values()))
    @rule(target=scans, card=cards, sevenths=st.integers(1, 21))
    def pay(self, card: UUID, sevenths: int) -> Any:
        """Credit an amount; where the template earns by visit, it is only noted."""
        price = self.programme[card].per_amount or TEN
        minor = max(1, price.unit_minor * sevenths // 7)
        return self._credit(card, amount=Decimal(minor).scaleb(-price.decimals))

    def _code(self, code: int | None) -> str | None:
        return None if code is None else self.codes[code % len(self.codes)]

    def _credit(self, card: UUID, **what: Any) -> Any:
        """Credit stamps twice under one key: the second time changes nothing."""
        self._keys += 1
        key = f"key-{self._keys}"
        scan = self.attempt(self.ledger.add_stamps, card, **what, idempotency_key=key)
        if scan is None:
            return multiple()
        assert scan.entries, "nothing was given, and nothing was refused"
        for entry in scan.entries if scan.repeated and "count" in what else ():
            if isinstance(entry.event, events.StampAdded):
                given = entry.event.count + entry.event.withheld + entry.event.dropped
                assert given == what["count"], f"{given} stamps were given for the code, {what['count']} are asked for"
        before = self.ledger.seq
        again = self.ledger.add_stamps(card, **what, idempotency_key=key)
        assert (True, scan.id, before) == (again.repeated, again.id, self.ledger.seq), "sent twice, it was done twice"
        return multiple() if scan.repeated else scan.id

    @rule(scan=scans)
    def void(self, scan: int) -> None:
        """Take back the stamps of a scan; once more changes nothing."""
        done = self.attempt(self.ledger.void_stamps, scan)
        if done is not None:
            before = self.ledger.seq
            again = self.ledger.void_stamps(scan)
            assert (True, done.id, before) == (again.repeated, again.id, self.ledger.seq), "it was taken back twice"

    @rule(target=scans, scan=scans, card=cards, use=st.sampled_from((True, True, False)))
    def return_and_bring_again(self, scan: int, card: UUID, use: bool) -> Any:
        """Use what a scan gave or not, take its stamps back, and bring its receipt again, to whichever card."""
        told = [entry for entry in self.ledger.entries(after=scan - 1) if entry.scan == scan]
        credit = next(entry.event for entry in told if isinstance(entry.event, events.StampAdded))
        for voucher in [entry.event.voucher_id for entry in told if isinstance(entry.event, events.VoucherIssued)]:
            if use:
                self.attempt(self.ledger.redeem, voucher)
        self.void(scan)
        return self._credit(card, count=max(1, credit.count), code=credit.code)

    # Rewards.

    @precondition(lambda self: self.has(RewardStatus.ACTIVE))
    @rule(card=cards, number=st.integers(0, 3))
    def redeem(self, card: UUID, number: int) -> None:
        """Use a voucher, the latest first."""
        self._on_reward(self.ledger.redeem, card, number, RewardKind.VOUCHER)

    @precondition(lambda self: self.has(RewardStatus.REDEEMED))
    @rule(card=cards, number=st.integers(0, 3))
    def reverse(self, card: UUID, number: int) -> None:
        """Take a redemption back."""
        self._on_reward(self.ledger.reverse_redemption, card, number, RewardKind.VOUCHER)

    @precondition(lambda self: self.has(RewardStatus.ACTIVE, RewardStatus.GRANTED))
    @rule(card=cards, number=st.integers(0, 3))
    def take_away(self, card: UUID, number: int) -> None:
        """Take a voucher or a lottery back by hand."""
        self._on_reward(self.ledger.void_voucher, card, number, RewardKind.VOUCHER, RewardKind.LOTTERY)

    @precondition(lambda self: self.has(RewardStatus.GRANTED, RewardStatus.PLAYED))
    @rule(card=cards, number=st.integers(0, 3), draw=st.integers(0, DRAW_TOTAL - 1))
    def play(self, card: UUID, number: int, draw: int) -> None:
        """Draw a lottery."""
        self.chance.draws[:] = [draw]
        self._on_reward(self.ledger.play_lottery, card, number, RewardKind.LOTTERY)

    def has(self, *statuses: RewardStatus) -> bool:
        """Whether any card has a reward of such a status: a rule that has nothing to do is a step for nothing."""
        return any(reward.status in statuses for life in self.lives.values() for reward in life.rewards)

    def _on_reward(self, verb: Callable[..., Scan], card: UUID, number: int, *kinds: RewardKind) -> None:
        found = self.rewards(card, *kinds)
        if found:
            self.attempt(verb, found[number % len(found)].id)

    @rule(card=cards, days=st.integers(1, 9))
    def coupon(self, card: UUID, days: int) -> None:
        """Give a voucher by hand."""
        self.attempt(self.ledger.issue_coupon, Voucher(title="Sorry", valid_for=timedelta(days=days)), card=card)

    # The rest of a card's life.

    @precondition(lambda self: any(self._edges(life) for life in self.lives.values()))
    @rule(card=cards, microseconds=st.sampled_from((0, 0, 1)))
    def wait_until_something_is_over(self, card: UUID, microseconds: int) -> None:
        """Wait to the very instant at which something of a card lapses, or to just before it."""
        edges = self._edges(self.lives[card])
        if edges:
            self.clock.at = min(edges) - timedelta(microseconds=microseconds)

    def _edges(self, life: Life) -> list[datetime]:
        edges = [credit.expires_at for credit in life.card.credits if credit.live]
        edges += [reward.expires_at for reward in life.rewards if reward.status is RewardStatus.ACTIVE]
        return [edge for edge in (*edges, life.card.expires_at) if edge is not None and edge > self.clock()]

    @rule(card=cards, platform=st.sampled_from(Platform))
    def save(self, card: UUID, platform: Platform) -> None:
        """Keep a card on a platform."""
        self.attempt(self.ledger.save_to_wallet, card, platform)

    @precondition(lambda self: any(template.birthday for template in self.programme.values()))
    @rule()
    def celebrate(self) -> None:
        """Give the birthday gifts that are due today."""
        self.ledger.celebrate_birthdays(self.clock().date())

    @precondition(lambda self: len(self.programme) > 1)
    @rule(card=cards)
    def delete(self, card: UUID) -> None:
        """Take a card out of use."""
        self.ledger.delete_card(card)

    # The laws.

    def catch_up(self) -> list[Entry]:
        """Read what was recorded since, and let the cards' lives go on by it."""
        new = super().catch_up()
        for entry in new:
            if entry.stream in self.numbers:
                begun = self.lives.get(entry.stream)
                if begun is None:
                    zone = "UTC" if self.brand is None else self.brand.time_zone
                    begun = self.lives[entry.stream] = Life(zone=zone)
                begun.tell(entry.event, self.programme_of(entry))
                self._changed[entry.stream] = None
        return new

    def programme_of(self, entry: Entry) -> CardTemplate:
        """Answer the template a card's entry happened under."""
        if isinstance(entry.event, events.CardIssued | events.CardImported):
            info = self.ledger.template((entry.event.template_id, entry.event.template_version))
            self.programme[entry.stream] = info.template
        return self.programme[entry.stream]

    @invariant()
    def the_laws_hold(self) -> None:
        """Every law, for each card to which something was told."""
        self.catch_up()
        changed, self._changed = self._changed, {}
        for card in changed:
            for held in self.laws:
                try:
                    check(self.lives[card], held)
                except LawBroken:
                    self.hold(lambda machine, card=card, held=held: held(machine.lives[card]))  # type: ignore[misc]
            self.hold(lambda machine, card=card: _is_shown(machine, card))  # type: ignore[misc]

    @law
    def a_code_is_good_where_the_template_says(self) -> None:
        """A code that is good once in the business has credited one card only, unless its stamps were taken back."""
        given: dict[str, UUID] = {}
        reusable = any(template.voided_code_reusable for template in self.templates)
        for entry in self.entries:
            if entry.stream not in self.lives or entry.code is None:
                continue
            template = self.programme[entry.stream]
            if isinstance(entry.event, events.StampVoided) and reusable:
                given.pop(entry.code, None)
            if isinstance(entry.event, events.StampAdded) and template.code_scope is CodeScope.BUSINESS:
                assert entry.code not in given, f"{entry.code} was used before"
                given[entry.code] = entry.stream


def _is_shown(machine: LedgerMachine, card: UUID) -> None:
    """What is shown of a card is what its entries make of it."""
    shown, told = machine.ledger.card(card), machine.lives[card].card
    now = machine.clock()
    if told.held_for is None and not any(credit.expires_at for credit in told.credits):
        assert (shown.cycle, shown.progress.stamps) == (told.standing.cycle, told.standing.progress)
        assert shown.stamps_total == told.stamps_total and shown.carried == told.standing.carried
    stands = {reward.id: reward.status_at(now) for reward in told.rewards.values()}
    assert {reward.id: reward.status for reward in shown.rewards} == stands, "a reward is shown otherwise"
