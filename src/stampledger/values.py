"""The nouns of a programme: template, goal, reward, policies, brand and person.

Every policy is a field with a documented default; there are no hidden rules. Values are checked when they are made:
whatever exists is valid, and what is not raises `InvalidInput` with the field's name and the value.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import attrs

from stampledger.checks import (
    PERCENTAGE_PLACES_MAX,
    TEXT_LENGTH_MAX,
    calendar_day,
    checked,
    email,
    items,
    language,
    minor_units,
    of,
    percentage,
    policy,
    span,
    text,
    time_zone,
    units,
    web_address,
    whole,
)
from stampledger.errors import InvalidInput

STAMPS_MAX = 1_000  # The largest card, and the largest single credit.
VARIANTS_MAX = 100  # Each is recorded with every draw.

_title = checked(text)
_prose = checked(text, TEXT_LENGTH_MAX, empty=True)
_span = checked(span)
_percentage = checked(percentage)
_email = checked(email)
_language = checked(language)
_time_zone = checked(time_zone)


# What can be won.


@attrs.frozen(kw_only=True)
class Award:
    """A reward that is only said, such as "a free topping today": text without a life of its own."""

    title: str = attrs.field(validator=_title)
    description: str = attrs.field(default="", validator=_prose)


@attrs.frozen(kw_only=True)
class Voucher:
    """A reward that is issued, then redeemed once, or expires.

    It is valid without limit, for a time, for calendar months, or until a day (its end, in the business's zone).
    A *redeem_code* given here is shared by all vouchers made from this one (a till's promo code such as FREECOFFEE);
    without one, each voucher gets a code of its own.
    """

    title: str = attrs.field(validator=_title)
    description: str = attrs.field(default="", validator=_prose)
    redeem_code: str | None = attrs.field(default=None, validator=checked(text, 64))
    valid_for: timedelta | None = attrs.field(default=None, validator=_span)
    valid_months: int | None = attrs.field(default=None, validator=checked(whole, 1, 1_200))
    valid_until: date | None = attrs.field(default=None, validator=checked(calendar_day))

    def __attrs_post_init__(self) -> None:
        limits = [limit for limit in (self.valid_for, self.valid_months, self.valid_until) if limit is not None]
        if len(limits) > 1:
            raise InvalidInput("Voucher.valid_for", limits, "must not be combined with another limit")


def _exact(value: Decimal | int) -> Decimal:
    return Decimal(value) if type(value) is int else value  # type: ignore[return-value]


@attrs.frozen(kw_only=True)
class Variant:
    """One thing a lottery can drop: an award, a voucher, another try, or nothing."""

    percentage: Decimal = attrs.field(
        converter=_exact,
        validator=_percentage,
    )
    name: str = attrs.field(validator=_title)
    greeting: str = attrs.field(default="", validator=_prose)
    reward: Award | Voucher | None = attrs.field(default=None, validator=of(Award, Voucher))
    try_again: bool = attrs.field(default=False, validator=of(bool))

    def __attrs_post_init__(self) -> None:
        if self.try_again and self.reward is not None:
            raise InvalidInput("Variant.try_again", self.try_again, "must not be combined with a reward")


def _variants(value: Iterable[Variant]) -> tuple[Variant, ...]:
    return items(value, "Lottery.variants")


@attrs.frozen(kw_only=True)
class Lottery:
    """A reward that is granted at the goal and drawn later; its variants' percentages sum to exactly 100."""

    title: str = attrs.field(validator=_title)
    description: str = attrs.field(default="", validator=_prose)
    variants: tuple[Variant, ...] = attrs.field(converter=_variants)

    @variants.validator
    def _check_variants(self, attribute: "attrs.Attribute[Any]", value: tuple[Variant, ...]) -> None:
        if len(value) > VARIANTS_MAX:
            raise InvalidInput("Lottery.variants", len(value), f"must hold at most {VARIANTS_MAX}")
        for index, variant in enumerate(value):
            if not isinstance(variant, Variant):
                raise InvalidInput(f"Lottery.variants[{index}]", variant, "must be a Variant")
        total = sum(units(variant.percentage, PERCENTAGE_PLACES_MAX) for variant in value)
        if total != units(Decimal(100), PERCENTAGE_PLACES_MAX):
            shown = str(Decimal(f"{total}E-{PERCENTAGE_PLACES_MAX}"))
            raise InvalidInput("Lottery.variants", shown, "percentages must sum to exactly 100")
        if not any(not variant.try_again for variant in value):
            raise InvalidInput("Lottery.variants", len(value), "must hold one that ends the lottery")


Reward = Award | Voucher | Lottery


@attrs.frozen(kw_only=True)
class Goal:
    """A number of stamps that earns a reward."""

    stamps: int = attrs.field(validator=checked(whole, 1, STAMPS_MAX))
    reward: Reward = attrs.field(validator=of(Award, Voucher, Lottery))


# Policies.


class AfterLastGoal(StrEnum):
    """What a full card does next."""

    RESTART = "restart"  # The next stamp begins a new cycle.
    HOLD = "hold"  # The card stays full until its last reward is used, has expired or was voided.
    CLOSE = "close"  # The card is complete and takes no more stamps.


class Overflow(StrEnum):
    """What happens to the stamps of a credit that go beyond the last goal, or to money below one stamp."""

    CARRY = "carry"
    DROP = "drop"


class CodeScope(StrEnum):
    """Where one code is good once."""

    BUSINESS = "business"
    TEMPLATE = "template"
    CARD = "card"
    MANY = "many"  # Every time it is scanned.


class OverCap(StrEnum):
    """What happens to a credit that goes over a limit."""

    REFUSE = "refuse"  # All of it is refused, and recorded.
    GRANT = "grant"  # What fits is credited, and the event says how much was withheld.


class LeapDay(StrEnum):
    """When someone born on 29 February celebrates in other years."""

    FEBRUARY_28 = "february_28"
    MARCH_1 = "march_1"


class OnVoid(StrEnum):
    """What a void of stamps does to a voucher that has been redeemed."""

    KEEP = "keep"  # The voucher stays redeemed; the void says so and names it.
    REFUSE = "refuse"  # The stamps cannot be voided.


class Channel(StrEnum):
    """The way by which a command came."""

    SCANNER = "scanner"
    KIOSK = "kiosk"
    RECEIPT = "receipt"
    INSERT = "insert"
    POS = "pos"
    API = "api"
    WEB = "web"
    IMPORT = "import"


class Platform(StrEnum):
    """Where a customer keeps the card."""

    WEB = "web"
    APPLE = "apple"
    GOOGLE = "google"


class MessageChannel(StrEnum):
    """How a campaign or message reaches the customer."""

    PUSH = "push"
    EMAIL = "email"


@attrs.frozen(kw_only=True)
class PerAmount:
    """Earning by money spent: one stamp for each full *amount*, counted in minor units of the currency."""

    amount: Decimal = attrs.field()
    decimals: int = attrs.field(default=2, validator=checked(whole, 0, 4))  # Of the currency: 2 for EUR, 0 for JPY.
    remainder: Overflow = policy(Overflow.CARRY, "PerAmount.remainder")

    def __attrs_post_init__(self) -> None:
        if self.unit_minor == 0:
            raise InvalidInput("PerAmount.amount", self.amount, "must be above zero")

    @property
    def unit_minor(self) -> int:
        """The money one stamp costs, in minor units."""
        return minor_units(self.amount, self.decimals, "PerAmount.amount")


@attrs.frozen(kw_only=True)
class Limits:
    """How many stamps a card may get, and how fast. None is no limit."""

    per_scan: int | None = attrs.field(default=None, validator=checked(whole, 1, STAMPS_MAX))
    per_day: int | None = attrs.field(default=None, validator=checked(whole, 1, STAMPS_MAX))  # In the business's zone.
    per_24_hours: int | None = attrs.field(default=None, validator=checked(whole, 1, STAMPS_MAX))
    interval: timedelta | None = attrs.field(default=None, validator=checked(span))
    over_cap: OverCap = policy(OverCap.REFUSE, "Limits.over_cap")


@attrs.frozen(kw_only=True)
class BirthdayGift:
    """What a customer gets for a birthday: a reward or bonus stamps, once a year.

    The gift can be given from *days_before* the birthday until *days_after* it.
    """

    reward: Award | Voucher | None = attrs.field(default=None, validator=of(Award, Voucher))
    stamps: int = attrs.field(default=0, validator=checked(whole, 0, STAMPS_MAX))
    days_before: int = attrs.field(default=0, validator=checked(whole, 0, 180))
    days_after: int = attrs.field(default=0, validator=checked(whole, 0, 180))
    leap_day: LeapDay = policy(LeapDay.FEBRUARY_28, "BirthdayGift.leap_day")

    def __attrs_post_init__(self) -> None:
        if self.reward is None and self.stamps == 0:
            raise InvalidInput("BirthdayGift.reward", None, "must be given where there are no bonus stamps")


def _goals(value: Iterable[Goal]) -> tuple[Goal, ...]:
    return items(value, "CardTemplate.goals")


@attrs.frozen(kw_only=True)
class CardTemplate:
    """A programme: its goals and every policy a stamp card follows.

    A published version never changes, and a card keeps the version it was issued under until it is moved.
    """

    name: str = attrs.field(validator=_title)
    goals: tuple[Goal, ...] = attrs.field(converter=_goals)
    description: str = attrs.field(default="", validator=_prose)

    # Earning. None is per visit: one stamp a credit, whatever the amount.
    per_amount: PerAmount | None = attrs.field(default=None, validator=of(PerAmount))
    limits: Limits = attrs.field(factory=Limits, validator=of(Limits))
    code_scope: CodeScope = policy(CodeScope.BUSINESS, "CardTemplate.code_scope")
    voided_code_reusable: bool = attrs.field(default=False, validator=of(bool))

    # The full card.
    after_last_goal: AfterLastGoal = policy(AfterLastGoal.RESTART, "CardTemplate.after_last_goal")
    overflow: Overflow = policy(Overflow.CARRY, "CardTemplate.overflow")

    # Taking back.
    redeemed_on_void: OnVoid = policy(OnVoid.KEEP, "CardTemplate.redeemed_on_void")
    rewards_kept_on_void: bool = attrs.field(default=False, validator=of(bool))  # Unredeemed ones; else voided too.

    # Time. None is for ever.
    stamps_valid_for: timedelta | None = attrs.field(default=None, validator=_span)  # Those of an unfinished cycle.
    card_valid_for: timedelta | None = attrs.field(default=None, validator=_span)  # From the day it was issued.
    birthday: BirthdayGift | None = attrs.field(default=None, validator=of(BirthdayGift))

    @goals.validator
    def _check_goals(self, attribute: "attrs.Attribute[Any]", value: tuple[Goal, ...]) -> None:
        if not value:
            raise InvalidInput("CardTemplate.goals", value, "must hold at least one goal")
        for index, goal in enumerate(value):
            if not isinstance(goal, Goal):
                raise InvalidInput(f"CardTemplate.goals[{index}]", goal, "must be a Goal")
            if index and goal.stamps <= value[index - 1].stamps:
                raise InvalidInput(f"CardTemplate.goals[{index}].stamps", goal.stamps, "must ascend from goal to goal")

    def __attrs_post_init__(self) -> None:
        if self.after_last_goal is AfterLastGoal.HOLD and isinstance(self.goals[-1].reward, Award):
            raise InvalidInput(
                "CardTemplate.after_last_goal", "hold", "must not wait for an award, which nobody can redeem"
            )

    @property
    def stamps_required(self) -> int:
        """The stamps that fill the card: its last goal."""
        return self.goals[-1].stamps


# Who.


@attrs.frozen(kw_only=True)
class Brand:
    """How the business shows itself, and the time zone in which its days begin."""

    name: str = attrs.field(validator=_title)
    logo_url: str | None = attrs.field(default=None, validator=checked(web_address))
    footer: str = attrs.field(default="", validator=_prose)
    time_zone: str = attrs.field(default="UTC", validator=_time_zone)


@attrs.frozen(kw_only=True)
class Person:
    """What is known of a customer: all of it personal, sealed in the Journal, and gone when forgotten."""

    name: str = attrs.field(validator=_title)
    email: str | None = attrs.field(default=None, validator=_email)
    birthday: date | None = attrs.field(default=None, validator=checked(calendar_day))
    language: str | None = attrs.field(default=None, validator=_language)
    reference: str | None = attrs.field(default=None, validator=_title)  # The caller's own id of the customer.
