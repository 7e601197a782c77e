"""
A ledger in a file against a small dictionary: whatever is asked, in whatever order, with the ledger closed and opened,
the clock set forward and back and requests sent twice, both say the same.
"""

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from stampledger import CardTemplate, Goal, IdempotencyKeyReused, Ledger, Scan, Voucher, refusals
from stampledger.testing import LedgerUnderTest
from tests.ledger.kept import Kept
from tests.ledger.shop import LUCK, Shop, the
from tests.servers.database import SERVERS

SHORT = Voucher(title="Small coffee", valid_for=timedelta(hours=6))
GOALS = {"coffee": (2, 5), "luck": (3,)}
REWARDS: dict[str, Any] = {"coffee": SHORT, "luck": LUCK}
SHARES = ((100_000_000, "cake"), (300_000_000, "topping"), (600_000_000, "again"), (1_000_000_000, "nothing"))


def template(key: str, version: int) -> CardTemplate:
    """Versions differ by name alone, so that a move changes nothing but where counting begins."""
    goals = tuple(Goal(stamps=stamps, reward=REWARDS[key]) for stamps in GOALS[key])
    return CardTemplate(name=f"{key} {version}", goals=goals)


@attrs.define
class Prize:
    """A reward as the model knows it."""

    id: UUID
    kind: str  # voucher, lottery, award
    crossing: tuple[int, int]  # (cycle, goal)
    status: str
    expires_at: datetime | None = None
    origin: UUID | None = None

    def at(self, now: datetime) -> str:
        if self.status != "active" or self.expires_at is None:
            return self.status
        return "expired" if now >= self.expires_at else "active"


@attrs.define
class Card:
    """A card as the model knows it: a heap of stamps, and what it gave."""

    key: str
    latest: datetime
    total: int = 0
    base: int = 0  # Cycles completed under earlier versions.
    prizes: list[Prize] = attrs.Factory(list)
    kept: set[tuple[int, int]] = attrs.Factory(set)
    deleted: bool = False

    @property
    def size(self) -> int:
        return GOALS[self.key][-1]

    @property
    def standing(self) -> tuple[int, int]:
        """(cycle, progress); a full card stays full until the next stamp, or until it is moved."""
        beyond = self.total - self.base * self.size
        cycles = (beyond - 1) // self.size if beyond > 0 else 0
        return self.base + cycles + 1, beyond - cycles * self.size

    def crossings(self, low: int, high: int) -> list[tuple[int, int]]:
        return [
            (place // self.size + 1, place % self.size + 1)
            for place in range(low, high)
            if place % self.size + 1 in GOALS[self.key]
        ]


class ModelMachine(LedgerUnderTest):
    """The rules, each asked of the ledger and of the model."""

    cards = Bundle("cards")
    scans = Bundle("scans")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[UUID, Card] = {}
        self.codes: dict[str, tuple[UUID, int, int]] = {}
        self.counts: dict[int, tuple[UUID, int]] = {}  # Of each scan that added stamps.
        self.voided: dict[int, int] = {}
        self.keys: dict[str, tuple[UUID, int]] = {}
        self.names: dict[UUID, str | None] = {}
        self.versions = dict.fromkeys(GOALS, 1)

    def begin(self) -> Shop:
        return Shop(self.folder / "shop.db", durability="normal", clock=self.clock)

    def open(self) -> Ledger:
        self.folder = Path(tempfile.mkdtemp())
        self.shop = self.begin()
        self.chance = self.shop.chance
        return self.shop.ledger

    def leave(self) -> None:
        self.shop.close()
        shutil.rmtree(self.folder)

    @rule()
    def reopen(self) -> None:
        self.ledger = self.shop.reopen()

    def happened(self, scan: Scan, card: UUID) -> None:
        """Note the moment, and what is answered about it."""
        self.model[card].latest = max(self.model[card].latest, *(event.at for event in scan.events))
        if scan.entries:
            self.remember(scan.last, card)

    def refused(self, card: UUID, kind: type[Exception], wish: Any) -> None:
        with pytest.raises(kind):
            wish()

    @initialize()
    def publish(self) -> None:
        for key in GOALS:
            self.shop.ledger.publish_template(key, template(key, 1))

    # People and cards.

    @rule(target=cards, key=st.sampled_from(sorted(GOALS)), name=st.sampled_from((None, "Anna", "Bo")))
    def issue(self, key: str, name: str | None) -> UUID:
        customer = None
        if name is not None:
            customer = the(self.shop.ledger.register_customer(name=name).subject)
            self.names[customer] = name
        scan = self.shop.ledger.issue_card(key, customer=customer)
        card: UUID = the(scan.subject)
        self.model[card] = Card(key, scan.entries[0].occurred_at)
        self.happened(scan, card)
        return card

    @rule(card=cards)
    def delete(self, card: UUID) -> None:
        scan = self.shop.ledger.delete_card(card)

        assert self.model[card].deleted == scan.repeated
        self.model[card].deleted = True

    @precondition(lambda self: any(self.names.values()))
    @rule(number=st.integers(0, 5))
    def forget(self, number: int) -> None:
        known = [customer for customer, name in self.names.items() if name]
        customer = known[number % len(known)]
        self.shop.ledger.forget_customer(customer)
        self.names[customer] = None

    @precondition(lambda self: self.model)
    @rule(key=st.sampled_from(sorted(GOALS)))
    def move(self, key: str) -> None:
        self.versions[key] += 1
        self.shop.ledger.publish_template(key, template(key, self.versions[key]))
        self.shop.ledger.move_to_template(key, force=True)
        for card in self.model.values():
            if card.key == key and not card.deleted:
                cycle, progress = card.standing
                card.base = cycle if progress == card.size else cycle - 1
                card.latest = max(card.latest, self.shop.clock())

    # Stamps.

    @rule(target=scans, card=cards, count=st.integers(1, 7), code=st.none() | st.integers(0, 6).map("R-{}".format))
    def add(self, card: UUID, count: int, code: str | None) -> Any:
        known, before = self.model[card], self.shop.head
        used = None if code is None else self.codes.get(code)
        if used[:2] != (card, count) if used is not None else known.deleted:
            wanted = refusals.CardIsDeleted if used is None else refusals.CodeAlreadyUsed
            self.refused(card, wanted, lambda: self.shop.ledger.add_stamps(card, count, code=code))
            known.latest = max(known.latest, self.shop.clock())
            assert before + 1 == self.shop.head
            return multiple()
        scan = self.shop.ledger.add_stamps(card, count, code=code)
        if used is not None:
            assert (True, used[2], before) == (scan.repeated, scan.id, self.shop.head)
            return multiple()
        self.credit(card, count, scan)
        if code is not None:
            self.codes[code] = (card, count, scan.id)
        return scan.id

    def credit(self, card: UUID, count: int, scan: Scan) -> None:
        known = self.model[card]
        won = iter([reward for reward in reversed(scan.card.rewards) if reward.id not in {p.id for p in known.prizes}])
        now = max(known.latest, self.shop.clock())
        for crossing in known.crossings(known.total, known.total + count):
            if crossing in known.kept:
                continue
            if known.key == "coffee":
                known.prizes.append(Prize(next(won).id, "voucher", crossing, "active", now + timedelta(hours=6)))
            else:
                known.prizes.append(Prize(next(won).id, "lottery", crossing, "granted"))
        assert next(won, None) is None
        known.total += count
        self.counts[scan.id] = (card, count)
        self.happened(scan, card)

    @precondition(lambda self: self.model)
    @rule(card=cards, count=st.integers(1, 3), key=st.integers(0, 4).map("key-{}".format))
    def add_under_a_key(self, card: UUID, count: int, key: str) -> None:
        if self.model[card].deleted:
            return
        before = self.shop.head
        if key in self.keys and self.keys[key] != (card, count):
            with pytest.raises(IdempotencyKeyReused):
                self.shop.ledger.add_stamps(card, count, idempotency_key=key)
            assert before == self.shop.head
            return
        scan = self.shop.ledger.add_stamps(card, count, idempotency_key=key)
        assert (key in self.keys) == scan.repeated
        if scan.repeated:
            assert before == self.shop.head
        else:
            self.keys[key] = (card, count)
            self.credit(card, count, scan)

    @rule(scan=scans)
    def void(self, scan: int) -> None:
        self.undo(scan)

    def undo(self, scan: int) -> None:
        card, count = self.counts[scan]
        known, before = self.model[card], self.shop.head
        if scan in self.voided:
            again = self.shop.ledger.void_stamps(scan)
            assert (True, self.voided[scan], before) == (again.repeated, again.id, self.shop.head)
            return
        if known.deleted:
            self.refused(card, refusals.CardIsDeleted, lambda: self.shop.ledger.void_stamps(scan))
            return
        taken = min(count, known.total - known.base * known.size)
        now = max(known.latest, self.shop.clock())
        for crossing in known.crossings(known.total - taken, known.total):
            if crossing not in known.kept:
                self.take_back(known, crossing, now)
        known.total -= taken

        done = self.shop.ledger.void_stamps(scan)

        self.voided[scan] = done.id
        assert (taken, count - taken) == (done.events[0].count, done.events[0].missing)  # type: ignore[attr-defined]
        self.happened(done, card)

    @rule(card=cards, use=st.booleans())
    def change_of_mind(self, card: UUID, use: bool) -> None:
        """Use what there is or not, take the latest credit back, and give it again."""
        mine = [scan for scan, (whose, _) in self.counts.items() if whose == card and scan not in self.voided]
        if not mine or self.model[card].deleted:
            return
        for number, prize in enumerate([prize for prize in self.model[card].prizes if prize.kind == "voucher"]):
            if use and prize.status == "active":
                self.use(card, number)
        self.undo(mine[-1])
        count = self.counts[mine[-1]][1]
        self.credit(card, count, self.shop.ledger.add_stamps(card, count))

    def take_back(self, known: Card, crossing: tuple[int, int], now: datetime) -> None:
        here = [prize for prize in known.prizes if prize.crossing == crossing]
        for prize in here:
            status = prize.at(now)
            if status in ("active", "granted") and prize.kind != "award":
                prize.status = "voided"
            else:
                dropped = any(other.origin == prize.id for other in here)
                if status in ("redeemed", "expired", "granted") or (status == "played" and not dropped):
                    known.kept.add(crossing)

    # Rewards.

    def some(self, card: UUID, kind: str, number: int) -> Prize | None:
        fitting = [prize for prize in self.model[card].prizes if prize.kind == kind]
        return fitting[number % len(fitting)] if fitting and not self.model[card].deleted else None

    @rule(card=cards, number=st.integers(0, 5))
    def redeem(self, card: UUID, number: int) -> None:
        self.use(card, number)

    def use(self, card: UUID, number: int) -> None:
        prize = self.some(card, "voucher", number)
        if prize is None:
            return
        now = max(self.model[card].latest, self.shop.clock())
        wrong = {
            "redeemed": refusals.VoucherIsRedeemed,
            "expired": refusals.VoucherIsExpired,
            "voided": refusals.VoucherIsVoided,
        }
        status = prize.at(now)
        if status in wrong:
            self.refused(card, wrong[status], lambda: self.shop.ledger.redeem(prize.id))
        else:
            self.happened(self.shop.ledger.redeem(prize.id), card)
            prize.status = "redeemed"

    @rule(card=cards, number=st.integers(0, 5))
    def reverse(self, card: UUID, number: int) -> None:
        prize = self.some(card, "voucher", number)
        if prize is None:
            return
        if prize.status == "redeemed":
            self.happened(self.shop.ledger.reverse_redemption(prize.id), card)
            prize.status = "active"
        else:
            self.refused(card, refusals.VoucherNotRedeemed, lambda: self.shop.ledger.reverse_redemption(prize.id))

    @rule(card=cards, number=st.integers(0, 5), draw=st.sampled_from((0, 150_000_000, 450_000_000, 700_000_000)))
    def play(self, card: UUID, number: int, draw: int) -> None:
        prize = self.some(card, "lottery", number)
        if prize is None:
            return
        self.shop.chance.draws[:] = [draw]
        if prize.status != "granted":
            wrong = refusals.LotteryIsPlayed if prize.status == "played" else refusals.LotteryIsVoided
            self.refused(card, wrong, lambda: self.shop.ledger.play_lottery(prize.id))
            return
        scan = self.shop.ledger.play_lottery(prize.id)
        outcome = next(name for below, name in SHARES if draw < below)
        prize.status = "granted" if outcome == "again" else "played"
        if outcome == "cake":
            won = Prize(scan.events[1].voucher_id, "voucher", prize.crossing, "active", origin=prize.id)  # type: ignore[attr-defined]
            self.model[card].prizes.append(won)
        elif outcome == "topping":
            self.model[card].prizes.append(Prize(scan.events[1].reward_id, "award", prize.crossing, "granted"))  # type: ignore[attr-defined]
        self.happened(scan, card)

    @rule(card=cards, number=st.integers(0, 5))
    def take_away(self, card: UUID, number: int) -> None:
        prize = self.some(card, "voucher", number)
        if prize is not None and prize.at(max(self.model[card].latest, self.shop.clock())) == "active":
            self.happened(self.shop.ledger.void_voucher(prize.id), card)
            prize.status = "voided"

    # Time, and the ledger itself.

    @rule()
    def expire(self) -> None:
        now = self.shop.clock()
        self.shop.ledger.expire()
        for card in self.model.values():
            lapsed = [prize.expires_at for prize in card.prizes if prize.expires_at and prize.at(now) == "expired"]
            if lapsed and not card.deleted:
                card.latest = max(card.latest, *lapsed)

    @rule()
    def prove(self) -> None:
        self.hold(self.proves_itself)

    @rule()
    def look_back(self) -> None:
        self.hold(self.looks_back)

    @rule()
    def rebuild(self) -> None:
        self.hold(self.rebuilds)

    @staticmethod
    def rebuilds(self: "ModelMachine") -> None:  # type: ignore[override]
        """A rebuild leaves every row of every table as it was."""
        before = self.shop.dump()
        self.ledger.rebuild()
        assert before == self.shop.dump()

    @invariant()
    def same(self) -> None:
        """Progress, rewards and names are what the model says."""
        now = self.shop.clock()
        for card, known in self.model.items():
            shown = self.shop.ledger.card(card)
            assert known.standing == (shown.cycle, shown.progress.stamps)
            assert known.deleted == (shown.status == "deleted")
            assert {prize.id: prize.at(now) for prize in known.prizes} == {
                reward.id: str(reward.status) for reward in shown.rewards
            }
            if shown.customer is not None:
                assert self.names[shown.customer.id] == shown.customer.name
        listed = {card.id for card in self.shop.ledger.cards(limit=1000)}
        assert {card for card, known in self.model.items() if not known.deleted} == listed


TestModelMachine = ModelMachine.TestCase
TestModelMachine.settings = settings(max_examples=max(5, settings().max_examples // 5), stateful_step_count=40)


@pytest.mark.parametrize("kind", sorted(SERVERS))
def test_on_a_server(kept: Kept, kind: str):
    """
    The same on a server, with fewer examples.
    """

    class OnAServer(ModelMachine):
        def begin(self) -> Shop:
            return Shop(database=kept.emptied(kind), clock=self.clock)

    few = settings(max_examples=max(2, settings().max_examples // 100), stateful_step_count=20)
    run_state_machine_as_test(OnAServer, settings=few)
