"""
What the processes of a crew do with a ledger.
"""

import hashlib
import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from stampledger import Conflict, Ledger, Scan
from stampledger.refusals import CodeAlreadyUsed, DailyLimitReached, VoucherIsRedeemed
from stampledger.testing import Clock
from tests.engines.crew import Start

BUSINESS = "blue-cup"

Answer = TypeVar("Answer")


class Patience:
    """Tries again when others were in the way, as a caller does; counts how often that was."""

    def __init__(self) -> None:
        self.conflicts = 0

    def __call__(self, command: Callable[[], Answer]) -> Answer:
        while True:
            try:
                return command()
            except Conflict:
                self.conflicts += 1


def fingerprint(scan: Scan) -> str:
    """What a scan tells, shorter."""
    return f"{scan.id} {hashlib.sha256(repr(scan.entries).encode()).hexdigest()}"


def send_receipts(
    start: Start, url: str, till: str, receipts: Sequence[tuple[str, str]]
) -> tuple[int, list[tuple[str, str]]]:
    """Send receipts (code, card); answers the conflicts there were, and each code with what was answered."""
    patience = Patience()
    answers = []
    with Ledger.open(url, business=BUSINESS) as ledger:
        start()
        for code, card in receipts:
            scan = patience(lambda code=code, card=card: ledger.add_stamps(card, code=code, actor=till))  # type: ignore[misc]
            answers.append((code, fingerprint(scan)))
    return patience.conflicts, answers


def claim_all(
    start: Start, url: str, card: Any, codes: Sequence[str], together: Any
) -> tuple[int, list[tuple[str, int]]]:
    """Stamp a card of one's own for each code at the moment all others do; answers who had it first, for each."""
    patience = Patience()
    answers = []
    with Ledger.open(url, business=BUSINESS) as ledger:
        start()
        for code in codes:
            together.wait()
            try:
                scan = patience(lambda code=code: ledger.add_stamps(card, code=code))  # type: ignore[misc]
                answers.append(("won", scan.id))
            except CodeAlreadyUsed as refusal:
                answers.append(("refused", refusal.first_seq))
    return patience.conflicts, answers


def issue_all(start: Start, url: str, template: Any, keys: Sequence[str], together: Any) -> tuple[int, list[str]]:
    """Issue a card for each idempotency key at the moment all others do; answers what was answered."""
    patience = Patience()
    answers = []
    with Ledger.open(url, business=BUSINESS) as ledger:
        start()
        for key in keys:
            together.wait()
            scan = patience(lambda key=key: ledger.issue_card(template, idempotency_key=key))  # type: ignore[misc]
            answers.append(fingerprint(scan))
    return patience.conflicts, answers


def redeem_all(
    start: Start, url: str, till: str, vouchers: Sequence[Any], together: Any
) -> tuple[int, list[tuple[str, str | None, int | None]]]:
    """Redeem each voucher at the moment all others do; answers for each who has redeemed it, and in which entry."""
    patience = Patience()
    answers: list[tuple[str, str | None, int | None]] = []
    with Ledger.open(url, business=BUSINESS) as ledger:
        start()
        for voucher in vouchers:
            together.wait()
            try:
                scan = patience(lambda voucher=voucher: ledger.redeem(voucher, actor=till))  # type: ignore[misc]
                answers.append(("won", till, scan.id))
            except VoucherIsRedeemed as refusal:
                answers.append(("refused", refusal.redeemed_by, refusal.redeemed_seq))
    return patience.conflicts, answers


def stamp_cards(
    start: Start, url: str, till: str, cards: Sequence[Any], attempts: int, together: Any
) -> tuple[int, int, int]:
    """Stamp each card some times while all others do; answers the conflicts, and how often it was granted and not."""
    patience = Patience()
    granted = refused = 0
    with Ledger.open(url, business=BUSINESS, clock=Clock()) as ledger:  # Whose day does not end.
        start()
        for card in cards:
            together.wait()
            for _ in range(attempts):
                try:
                    patience(lambda card=card: ledger.add_stamps(card, actor=till))  # type: ignore[misc]
                    granted += 1
                except DailyLimitReached:
                    refused += 1
    return patience.conflicts, granted, refused


def write_until_killed(start: Start, url: str, till: str, card: Any, diary: str) -> None:
    """Stamp a card for ever; a diary holds what was sent, and before the next is sent what was answered."""
    with Ledger.open(url, business=BUSINESS) as ledger, open(diary, "ab", buffering=0) as written:
        start()
        patience = Patience()
        for number in itertools.count():
            key = f"{till}-{number}"
            written.write(f"sent {key}\n".encode())
            scan = patience(lambda key=key: ledger.add_stamps(card, idempotency_key=key))  # type: ignore[misc]
            written.write(f"done {key} {scan.id}\n".encode())


def start_ledger(start: Start, url: str, business: str) -> int:
    """Open a ledger and write an entry; answers its number."""
    start()
    with Ledger.open(url, business=business) as ledger:
        return ledger.register_customer(name="Anna").id
