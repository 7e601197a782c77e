"""What someone asks of a card, a coupon or a customer.

A command carries everything its decision needs beyond the state: the time, the ids and chances it may use, the template
version in force, and the facts that lie outside the aggregate (who used a code first, what a voided scan had added).
"""

from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger.events import RewardSource, StampAdded
from stampledger.values import (
    Award,
    Brand,
    CardTemplate,
    MessageChannel,
    Person,
    Platform,
    Voucher,
)

T_co = TypeVar("T_co", covariant=True)


class Supply(Protocol[T_co]):
    """As many values as a decision may ask for; the same index always answers the same value."""

    def __getitem__(self, index: int, /) -> T_co:
        """Answer the value at *index*."""


class Supplies(Protocol):
    """What a decision may give out, and the zone in which the business's days begin and end."""

    @property
    def ids(self) -> Supply[UUID]:
        """Ids for rewards."""

    @property
    def redeem_codes(self) -> Supply[str]:
        """Codes for vouchers without a shared one."""

    @property
    def zone(self) -> ZoneInfo:
        """The business's time zone."""


@attrs.frozen(kw_only=True)
class Means:
    """Supplies that are all given beforehand."""

    ids: Supply[UUID]
    redeem_codes: Supply[str]
    zone: ZoneInfo


@attrs.frozen(kw_only=True)
class FirstUse:
    """Who used a code first: the same card or another, for how much, and whether all of it was taken back."""

    seq: int
    at: datetime
    same_card: bool
    count: int | None  # As it was asked for.
    amount_minor: int | None
    voided: bool  # A void took the whole credit back: where some of it was missing, the code stays used.


@attrs.frozen(kw_only=True)
class IssueCard:
    """Give out a card."""

    at: datetime
    number: int
    customer_id: UUID | None
    template_id: UUID
    template_version: int
    template: CardTemplate


@attrs.frozen(kw_only=True)
class ImportCard:
    """Bring a card over from another system."""

    at: datetime
    source: str
    external_id: str
    number: int
    progress: int
    customer_id: UUID | None
    template_id: UUID
    template_version: int
    template: CardTemplate


@attrs.frozen(kw_only=True, slots=False)
class AddStamps:
    """Credit stamps: a count, or what an amount is worth."""

    at: datetime
    template: CardTemplate
    means: Supplies
    count: int | None = None
    amount_minor: int | None = None
    code: str | None = None
    first_use: FirstUse | None = None


@attrs.frozen(kw_only=True, slots=False)
class VoidStamps:
    """Take back what one scan had added."""

    at: datetime
    template: CardTemplate
    scan: int
    undone: StampAdded
    credit_version: int  # The card's version at which they had been added.
    means: Supplies
    expired: int = 0  # How many of them have lapsed, as far as that was recorded.
    moved: bool = False  # The card has moved to another template version since they were added.
    cancelled_by: str | None = None
    reason: str = ""


@attrs.frozen(kw_only=True)
class PlayLottery:
    """Draw a lottery that was granted."""

    at: datetime
    lottery_id: UUID
    draw: int  # From 0 to 999 999 999.
    means: Supplies
    template: CardTemplate | None  # None for a voucher that lies on no card.


@attrs.frozen(kw_only=True)
class IssueVoucher:
    """Give a voucher by hand (a coupon) or with a campaign."""

    at: datetime
    voucher: Voucher
    source: RewardSource
    means: Supplies
    origin_id: UUID | None = None
    customer_id: UUID | None = None


@attrs.frozen(kw_only=True)
class Redeem:
    """Use a voucher."""

    at: datetime
    voucher_id: UUID
    template: CardTemplate | None  # None for a voucher that lies on no card.
    means: Supplies


@attrs.frozen(kw_only=True)
class ReverseRedemption:
    """Take a redemption back."""

    at: datetime
    voucher_id: UUID
    reason: str = ""


@attrs.frozen(kw_only=True)
class VoidVoucher:
    """Take a voucher back that has not been used."""

    at: datetime
    voucher_id: UUID
    template: CardTemplate | None  # None for a voucher that lies on no card.
    means: Supplies
    reason: str = ""


@attrs.frozen(kw_only=True)
class CelebrateBirthday:
    """Give the birthday gift of a year."""

    at: datetime
    year: int
    template: CardTemplate
    means: Supplies


@attrs.frozen(kw_only=True)
class SendCampaign:
    """Note that a campaign reached the card, and give its voucher."""

    at: datetime
    campaign_id: UUID
    name: str
    channels: tuple[MessageChannel, ...]
    voucher: Voucher | Award | None
    means: Supplies


@attrs.frozen(kw_only=True)
class SendMessage:
    """Send a personal message."""

    at: datetime
    channels: tuple[MessageChannel, ...]
    text: str


@attrs.frozen(kw_only=True)
class SaveToWallet:
    """Keep the card on a platform."""

    at: datetime
    platform: Platform


@attrs.frozen(kw_only=True)
class RemoveFromWallet:
    """Stop keeping the card on a platform."""

    at: datetime
    platform: Platform


@attrs.frozen(kw_only=True)
class Expire:
    """Record what has lapsed by now: stamps, vouchers, the card."""

    at: datetime
    template: CardTemplate | None  # None for a voucher that lies on no card.
    means: Supplies


@attrs.frozen(kw_only=True)
class MoveToTemplate:
    """Move the card to another template version."""

    at: datetime
    old: CardTemplate
    template: CardTemplate  # The one to move to.
    template_id: UUID
    template_version: int
    means: Supplies
    force: bool = False


@attrs.frozen(kw_only=True)
class DeleteCard:
    """Take the card out of use."""

    at: datetime
    reason: str = ""


CardCommand = (
    IssueCard
    | ImportCard
    | AddStamps
    | VoidStamps
    | PlayLottery
    | IssueVoucher
    | Redeem
    | ReverseRedemption
    | VoidVoucher
    | CelebrateBirthday
    | SendCampaign
    | SendMessage
    | SaveToWallet
    | RemoveFromWallet
    | Expire
    | MoveToTemplate
    | DeleteCard
)


@attrs.frozen(kw_only=True)
class RegisterCustomer:
    """Register a customer."""

    at: datetime
    person: Person


@attrs.frozen(kw_only=True)
class UpdateCustomer:
    """Change what is known of a customer."""

    at: datetime
    person: Person


@attrs.frozen(kw_only=True)
class ForgetCustomer:
    """Forget a customer."""

    at: datetime


CustomerCommand = RegisterCustomer | UpdateCustomer | ForgetCustomer


@attrs.frozen(kw_only=True)
class PublishTemplate:
    """Publish a version of a template."""

    at: datetime
    key: str
    template: CardTemplate


@attrs.frozen(kw_only=True)
class SetBrand:
    """Say how the business shows itself."""

    at: datetime
    brand: Brand


@attrs.frozen(kw_only=True)
class CreateCampaign:
    """Make a campaign ready to be sent."""

    at: datetime
    key: str
    name: str
    channels: tuple[MessageChannel, ...]
    text: str = ""
    voucher: Voucher | None = None
