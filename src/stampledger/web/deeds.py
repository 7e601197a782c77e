"""What each form of a card does: its fields read, and carried out as one verb of the ledger."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from stampledger import checks
from stampledger.errors import InvalidInput, ScanNotFound
from stampledger.ledger import Ledger
from stampledger.projections import CardView
from stampledger.values import MessageChannel, Voucher
from stampledger.view import Scan
from stampledger.web.cards import own_reward
from stampledger.web.forms import Fields
from stampledger.writer import Call

DAYS_MAX = 36_500
AMOUNT = re.compile(r"[+-]?\d{1,18}(?:[.,]\d{1,18})?")  # In any script's digits, as a keyboard has them.


class Deed:
    """One form that was sent for a card, and what the write it asks for carries."""

    def __init__(self, ledger: Ledger, card: CardView, fields: Fields, call: Call) -> None:
        self.ledger = ledger
        self.card = card
        self.fields = fields
        self.call = call

    def stamp(self) -> Scan:
        """Credit stamps, or the amount that earns them."""
        count, amount = self.fields.whole("count"), _amount(self.fields)
        if count is None and amount is None:
            raise InvalidInput("count", None, "must be given")
        if count is not None and amount is not None:
            raise InvalidInput("count", count, "must not be given beside an amount")
        self._check_decimals(amount)
        return self.ledger.add_stamps(self.card.id, count, amount=amount, code=self.fields.text("code"), **self.call)

    def void(self) -> Scan:
        """Take back the stamps of a scan of this card."""
        scan = self.fields.whole("scan")
        if scan is None:
            raise InvalidInput("scan", None, "must be chosen")
        self._check_own(scan)
        return self.ledger.void_stamps(scan, reason=self._reason, **self.call)

    def redeem(self) -> Scan:
        """Use a voucher, chosen or by its redeem code."""
        code = self.fields.text("redeem_code")
        if self.fields.text("voucher") is not None:
            return self.ledger.redeem(self._reward, redeem_code=code, **self.call)
        if code is None:
            raise InvalidInput("redeem_code", None, "must be given where no voucher is chosen")
        return self.ledger.redeem(redeem_code=code, card=self.card.id, **self.call)

    def reverse(self) -> Scan:
        """Take the redemption of a voucher back."""
        return self.ledger.reverse_redemption(self._reward, reason=self._reason, **self.call)

    def take_back(self) -> Scan:
        """Take back a voucher that was not used, or a lottery that was not played."""
        return self.ledger.void_voucher(self._reward, reason=self._reason, **self.call)

    def play(self) -> Scan:
        """Draw a lottery."""
        return self.ledger.play_lottery(self._reward, **self.call)

    def message(self) -> Scan:
        """Note a message to the customer."""
        channels = [channel for channel in MessageChannel if self.fields.text(channel) is not None]
        return self.ledger.send_message(self.card.id, _lines(self.fields, "text"), channels=channels, **self.call)

    def coupon(self) -> Scan:
        """Give a voucher by hand."""
        valid = self.fields.text("valid") or "always"
        if valid not in LIMITS:
            raise InvalidInput("valid", valid, f"must be one of {', '.join(LIMITS)}")
        for limit in LIMITS if valid == "always" else ():
            if (told := self.fields.text(limit)) is not None:  # Whoever fills a limit in does not mean: without limit.
                raise InvalidInput(limit, told, "must be chosen, or left empty for a coupon without limit")
        voucher = Voucher(
            title=self.fields.text("title") or "",
            description=_lines(self.fields, "description"),
            redeem_code=self.fields.text("redeem_code"),
            **LIMITS[valid](self.fields),
        )
        return self.ledger.issue_coupon(voucher, card=self.card.id, **self.call)

    def delete(self) -> Scan:
        """Take the card out of the lists."""
        return self.ledger.delete_card(self.card.id, reason=self._reason, **self.call)

    @property
    def _reason(self) -> str:
        return self.fields.text("reason") or ""

    @property
    def _reward(self) -> UUID:
        """The reward of this card that the form names."""
        told = self.fields.text("voucher")
        if told is None:
            raise InvalidInput("voucher", None, "must be chosen")
        return own_reward(self.card, told).id

    def _check_decimals(self, amount: Decimal | None) -> None:
        """Refuse more decimals than the currency has, even noughts: 1,000 may have been meant as a thousand."""
        rule = self.ledger.template((self.card.template_id, self.card.template_version)).template.per_amount
        if amount is not None and rule is not None and -int(amount.as_tuple().exponent) > rule.decimals:
            raise InvalidInput("amount", self.fields.text("amount"), f"must have at most {rule.decimals} decimals")

    def _check_own(self, scan: int) -> None:
        """Refuse a scan that gave this card no stamps: another card's is undone on that card's page."""
        if not checks.whole(scan, "scan", -(10**18), 10**18) > 0:
            raise ScanNotFound(scan)
        found = self.ledger.journal(card=self.card, kinds=["stamp_added"], after=scan - 1, limit=1)
        if not found or found[0].scan != scan:
            raise ScanNotFound(scan)


DEEDS: Mapping[str, Callable[[Deed], Scan]] = {
    "stamp": Deed.stamp,
    "void": Deed.void,
    "redeem": Deed.redeem,
    "reverse": Deed.reverse,
    "take-back": Deed.take_back,
    "play": Deed.play,
    "message": Deed.message,
    "coupon": Deed.coupon,
    "delete": Deed.delete,
}


def _amount(fields: Fields) -> Decimal | None:
    """Read an amount of money; a comma parts the decimals as a point does."""
    told = fields.text("amount")
    if told is None:
        return None
    if AMOUNT.fullmatch(told) is None:
        raise InvalidInput("amount", told, "must be an amount like 12.50")
    return Decimal(told.replace(",", "."))


def _lines(fields: Fields, name: str) -> str:
    """Read text of several lines, which browsers part by two characters."""
    return (fields.text(name) or "").replace("\r\n", "\n")


def _given(fields: Fields, name: str, most: int) -> int:
    number = fields.whole(name)
    if number is None:
        raise InvalidInput(name, None, "must be given")
    return checks.whole(number, name, 1, most)


def _until(fields: Fields) -> date:
    told = fields.text("until")
    try:
        return date.fromisoformat(told or "")
    except ValueError:
        raise InvalidInput("until", told, "must be a day like 2026-05-12") from None


LIMITS: Mapping[str, Callable[[Fields], dict[str, Any]]] = {
    "always": lambda fields: {},
    "days": lambda fields: {"valid_for": timedelta(days=_given(fields, "days", DAYS_MAX))},
    "months": lambda fields: {"valid_months": _given(fields, "months", 1_200)},
    "until": lambda fields: {"valid_until": _until(fields)},
}
