"""Every rule that can say no: one class each, with the facts and a sentence a cashier can read aloud."""

from datetime import datetime, timedelta
from uuid import UUID

import attrs

from stampledger.errors import Refused


@attrs.frozen
class CodeAlreadyUsed(Refused):
    """The receipt or insert has already given its stamps."""

    used: str
    first_seq: int
    first_at: datetime
    code = "code_already_used"

    def __str__(self) -> str:
        return (
            f"the code {self.used} was already used on {self.first_at:%Y-%m-%d at %H:%M} UTC (entry {self.first_seq})"
        )


@attrs.frozen
class ScanLimitReached(Refused):
    """One scan asks for more stamps than one scan may give."""

    limit: int
    count: int
    code = "scan_limit_reached"

    def __str__(self) -> str:
        return f"a scan may give at most {_stamps(self.limit)}, and {self.count} were asked for"


@attrs.frozen
class DailyLimitReached(Refused):
    """The card has had all the stamps one day allows."""

    limit: int
    retry_at: datetime | None  # None where the credit alone is above the limit.
    code = "daily_limit_reached"

    def __str__(self) -> str:
        return f"a day may bring at most {_stamps(self.limit)}{_next(self.retry_at)}"


@attrs.frozen
class RollingLimitReached(Refused):
    """The card has had all the stamps 24 hours allow."""

    limit: int
    retry_at: datetime | None  # None where the credit alone is above the limit.
    code = "rolling_limit_reached"

    def __str__(self) -> str:
        return f"24 hours may bring at most {_stamps(self.limit)}{_next(self.retry_at)}"


@attrs.frozen
class IntervalNotOver(Refused):
    """The last stamp is too recent."""

    interval: timedelta
    retry_at: datetime
    code = "interval_not_over"

    def __str__(self) -> str:
        return f"stamps must be {_span(self.interval)} apart{_next(self.retry_at)}"


@attrs.frozen
class CardIsClosed(Refused):
    """The card reached its last goal and takes no more stamps."""

    code = "card_is_closed"

    def __str__(self) -> str:
        return "the card is complete and takes no more stamps"


@attrs.frozen
class CardIsHeld(Refused):
    """The card is full and waits until its reward is used."""

    reward_id: UUID
    code = "card_is_held"

    def __str__(self) -> str:
        return "the card is full: its reward has to be used before new stamps can be added"


@attrs.frozen
class CardNotYetIssued(Refused):
    """The stamps are from a time before the card was given out."""

    issued_at: datetime
    code = "card_not_yet_issued"

    def __str__(self) -> str:
        return f"the card was issued on {self.issued_at:%Y-%m-%d at %H:%M} UTC, after these stamps"


@attrs.frozen
class CardIsExpired(Refused):
    """The card's time is over."""

    expired_at: datetime
    code = "card_is_expired"

    def __str__(self) -> str:
        return f"the card expired on {self.expired_at:%Y-%m-%d %H:%M} UTC"


@attrs.frozen
class CardIsDeleted(Refused):
    """The card was taken out of use."""

    code = "card_is_deleted"

    def __str__(self) -> str:
        return "the card was deleted"


@attrs.frozen
class VoucherIsRedeemed(Refused):
    """The voucher has been used once, which is all it is good for."""

    title: str
    redeemed_at: datetime
    redeemed_by: str | None
    redeemed_seq: int | None
    code = "voucher_is_redeemed"

    def __str__(self) -> str:
        by = f" by {self.redeemed_by}" if self.redeemed_by else ""
        entry = f" (entry {self.redeemed_seq})" if self.redeemed_seq else ""
        return f"the voucher {self.title} was already redeemed on {self.redeemed_at:%Y-%m-%d at %H:%M} UTC{by}{entry}"


@attrs.frozen
class VoucherIsExpired(Refused):
    """The voucher's time is over."""

    title: str
    expired_at: datetime
    code = "voucher_is_expired"

    def __str__(self) -> str:
        return f"the voucher {self.title} expired on {self.expired_at:%Y-%m-%d %H:%M} UTC"


@attrs.frozen
class VoucherIsVoided(Refused):
    """The voucher was taken back."""

    title: str
    code = "voucher_is_voided"

    def __str__(self) -> str:
        return f"the voucher {self.title} was taken back"


@attrs.frozen
class VoucherNotRedeemed(Refused):
    """There is no redemption to reverse."""

    title: str
    code = "voucher_not_redeemed"

    def __str__(self) -> str:
        return f"the voucher {self.title} has not been redeemed, so there is nothing to reverse"


@attrs.frozen
class LotteryIsPlayed(Refused):
    """The lottery has been drawn."""

    title: str
    code = "lottery_is_played"

    def __str__(self) -> str:
        return f"the lottery {self.title} has already been played"


@attrs.frozen
class LotteryIsVoided(Refused):
    """The lottery was taken back before it was played."""

    title: str
    code = "lottery_is_voided"

    def __str__(self) -> str:
        return f"the lottery {self.title} was taken back"


@attrs.frozen
class RewardIsRedeemed(Refused):
    """The stamps cannot be voided: their reward has been used, and the template says to refuse then."""

    title: str
    reward_id: UUID
    code = "reward_is_redeemed"

    def __str__(self) -> str:
        return f"the stamps stay: their reward {self.title} has already been used"


@attrs.frozen
class FurtherFromReward(Refused):
    """The new template version would move the reward away from the customer."""

    missing_before: int
    missing_after: int
    code = "further_from_reward"

    def __str__(self) -> str:
        return (
            f"{self.missing_before} stamps are missing now and {self.missing_after} would be missing then; "
            "move with force=True to do it all the same"
        )


@attrs.frozen
class CustomerIsForgotten(Refused):
    """The customer asked to be forgotten; nothing more can be written about the person."""

    code = "customer_is_forgotten"

    def __str__(self) -> str:
        return "the customer was forgotten on request"


def _next(retry_at: datetime | None) -> str:
    return "" if retry_at is None else f"; the next from {retry_at:%Y-%m-%d %H:%M} UTC"


def _stamps(count: int) -> str:
    return "1 stamp" if count == 1 else f"{count} stamps"


def _span(length: timedelta) -> str:
    """Say a length of time in its largest whole unit."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds % size == 0:
            return f"1 {unit}" if seconds == size else f"{seconds // size} {unit}s"
    return str(length)
