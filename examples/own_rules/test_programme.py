"""The coffee bar's own law, tried on a real ledger: run it with pytest, and read what it says of the programme."""

import os
from uuid import UUID

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from examples.own_rules.programme import COFFEE_CARD, MENDED_CARD
from stampledger.cards import StampCard
from stampledger.events import StampAdded
from stampledger.testing import LedgerMachine, law


class CoffeeBar(LedgerMachine):
    """Two goals, a till, and whoever stands behind it."""

    templates = (MENDED_CARD if os.environ.get("COFFEE_BAR") == "mended" else COFFEE_CARD,)

    @rule(wrong=LedgerMachine.cards, right=LedgerMachine.cards, used=st.booleans())
    def a_receipt_on_the_wrong_card(self, wrong: UUID, right: UUID, used: bool) -> None:
        """It happens at the counter: scanned, the cookie eaten or not, taken back, and scanned where it belongs."""
        receipt = f"W-{self.ledger.seq}"
        scan = self.attempt(self.ledger.add_stamps, wrong, 3, code=receipt)
        if scan is not None:
            for voucher in scan.card.vouchers[:1] if used else ():
                self.attempt(self.ledger.redeem, voucher)
            self.attempt(self.ledger.void_stamps, scan)
            self.attempt(self.ledger.add_stamps, right, 3, code=receipt)

    @law
    def receipts_pay_once(self) -> None:
        """The vouchers in our guests' hands took no more stamps than our receipts, each counted once, have brought."""
        credits = [entry for entry in self.entries if isinstance(entry.event, StampAdded)]
        brought = {entry.code or entry.scan: getattr(entry.event, "count", 0) for entry in credits}
        needed = sum(stamps_behind(life.card) for life in self.lives.values())

        assert needed <= sum(brought.values()), f"the vouchers took {needed} stamps, and there were {brought}"


def stamps_behind(card: StampCard) -> int:
    """How many stamps it took to earn the furthest voucher that can be used, or was."""
    furthest = 0
    for reward in card.rewards.values():
        if reward.cycle and reward.goal_stamps and reward.status in ("active", "redeemed"):
            furthest = max(furthest, (reward.cycle - 1) * card.stamps_required + reward.goal_stamps)
    return furthest


TestCoffeeBar = CoffeeBar.TestCase
TestCoffeeBar.settings = settings(
    max_examples=100, stateful_step_count=6, deadline=None, derandomize=True, phases=(Phase.generate, Phase.shrink)
)
