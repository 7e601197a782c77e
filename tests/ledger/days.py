"""
Days at a shop, as generated tests live them: lists of wishes, each a verb and two numbers that choose what it is about.
What a rule refuses is refused, and the day goes on.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
from hypothesis import strategies as st

from stampledger import (
    AfterLastGoal,
    BirthdayGift,
    Brand,
    CardTemplate,
    CodeScope,
    Goal,
    Limits,
    Overflow,
    PerAmount,
    Refused,
    RewardKind,
    RewardStatus,
    Voucher,
)
from stampledger.errors import InvalidInput, NotFound
from tests.ledger.shop import BORN, CAKE, COFFEE, LUCK, Shop, the

SHORT = Voucher(title="Today only", valid_for=timedelta(hours=5), redeem_code="TODAY")

TEMPLATES = (
    CardTemplate(name="Coffee", goals=(Goal(stamps=3, reward=SHORT), Goal(stamps=5, reward=COFFEE))),
    CardTemplate(
        name="Luck",
        goals=(Goal(stamps=2, reward=LUCK),),
        code_scope=CodeScope.TEMPLATE,
        voided_code_reusable=True,
        birthday=BirthdayGift(reward=CAKE, stamps=1),
    ),
    CardTemplate(
        name="Hold",
        goals=(Goal(stamps=4, reward=SHORT),),
        after_last_goal=AfterLastGoal.HOLD,
        stamps_valid_for=timedelta(hours=30),
        code_scope=CodeScope.CARD,
        limits=Limits(per_day=6),
    ),
    CardTemplate(
        name="Money",
        goals=(Goal(stamps=3, reward=CAKE),),
        per_amount=PerAmount(amount=Decimal(10), remainder=Overflow.CARRY),
        card_valid_for=timedelta(days=9),
        code_scope=CodeScope.MANY,
    ),
)
NAMES = ("Anna", "ANNA Lee", "Бо", "Zoë Straße", "100001", "o'%_\\")


class Day:
    """A shop, and what its wishes can be about."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.templates = 0
        self.customers: list[UUID] = []
        self.cards: list[UUID] = []
        self.scans: list[int] = []
        self.wish("template", 0, 0)
        self.wish("customer", 0, 0)
        self.wish("issue", 0, 0)

    def wish(self, verb: str, one: int, two: int) -> Any:
        """Do as wished; None where a rule said no, or there is nothing it could be about."""
        try:
            return VERBS[verb](self, one, two)
        except (Refused, InvalidInput, NotFound):
            return None

    def card(self, number: int) -> UUID:
        return self.cards[number % len(self.cards)]

    def customer(self, number: int) -> UUID:
        return self.customers[number % len(self.customers)]

    def reward(self, number: int, *wanted: RewardStatus, kind: RewardKind = RewardKind.VOUCHER) -> UUID:
        """A reward of a kind, mostly of a wanted status."""
        rewards = [reward for card in self.cards for reward in self.shop.ledger.rewards(card) if reward.kind is kind]
        fitting = [reward for reward in rewards if number % 4 == 0 or reward.status in wanted] or rewards
        if not fitting:
            raise NotFound("reward")
        return fitting[number % len(fitting)].id

    def scan(self, number: int) -> int:
        if not self.scans:
            raise NotFound("scan")
        return self.scans[number % len(self.scans)]


def _template(day: Day, one: int, two: int) -> Any:
    template = TEMPLATES[one % len(TEMPLATES)]
    day.templates = max(day.templates, one % len(TEMPLATES) + 1)
    goals = template.goals if two % 2 == 0 else (*template.goals[:-1], Goal(stamps=6, reward=CAKE))
    return day.shop.ledger.publish_template(template.name, attrs.evolve(template, goals=goals))


def _customer(day: Day, one: int, two: int) -> Any:
    scan = day.shop.ledger.register_customer(
        name=NAMES[one % len(NAMES)],
        email=f"{'anna' if two % 2 else 'bo'}{two}@example.com" if two % 3 else None,
        birthday=BORN if one % 2 else None,
    )
    day.customers.append(the(scan.subject))
    return scan


def _issue(day: Day, one: int, two: int) -> Any:
    customer = None if two % 4 == 3 else day.customer(two)
    scan = day.shop.ledger.issue_card(TEMPLATES[one % len(TEMPLATES)].name, customer=customer)
    day.cards.append(the(scan.subject))
    return scan


def _add(day: Day, one: int, two: int) -> Any:
    code = f"R-{two % 7}" if two % 3 else None
    who: dict[str, Any] = dict(actor=f"till-{two % 2}", channel=("receipt", "kiosk", None)[two % 3])
    if two % 5 == 4:
        who["occurred_at"] = day.shop.clock() - timedelta(hours=two)
    scan = day.shop.ledger.add_stamps(day.card(one), 1 + two % 4, code=code, **who)
    day.scans.append(scan.id)
    return scan


def _pay(day: Day, one: int, two: int) -> Any:
    scan = day.shop.ledger.add_stamps(day.card(one), amount=Decimal(two * 7), code=f"P-{one % 5}")
    day.scans.append(scan.id)
    return scan


def _wait(day: Day, one: int, two: int) -> Any:
    day.shop.clock.wait(timedelta(hours=(1, 5, 24, -2)[one % 4], minutes=two))


def _born(day: Day, one: int, two: int) -> Any:
    return day.shop.ledger.celebrate_birthdays(date(2024 + one % 2, BORN.month, BORN.day))


def _campaign(day: Day, one: int, two: int) -> Any:
    key = f"C-{one % 2}"
    return day.shop.ledger.send_campaign(
        key, name=key, cards={day.card(one), day.card(two)}, voucher=SHORT if one % 2 else None
    )


def _move(day: Day, one: int, two: int) -> Any:
    name = TEMPLATES[one % len(TEMPLATES)].name
    return day.shop.ledger.move_to_template(name, cards=[day.card(two)], force=two % 2 == 0)


def _update(day: Day, one: int, two: int) -> Any:
    return day.shop.ledger.update_customer(day.customer(one), name=NAMES[two % len(NAMES)])


VERBS: dict[str, Callable[[Day, int, int], Any]] = {
    "template": _template,
    "customer": _customer,
    "issue": _issue,
    "add": _add,
    "pay": _pay,
    "wait": _wait,
    "birthdays": _born,
    "campaign": _campaign,
    "move": _move,
    "update": _update,
    "void": lambda day, one, two: day.shop.ledger.void_stamps(day.scan(one), reason="sorry" if two % 2 else ""),
    "redeem": lambda day, one, two: day.shop.ledger.redeem(day.reward(one, RewardStatus.ACTIVE)),
    "reverse": lambda day, one, two: day.shop.ledger.reverse_redemption(day.reward(one, RewardStatus.REDEEMED)),
    "take back": lambda day, one, two: day.shop.ledger.void_voucher(day.reward(one, RewardStatus.ACTIVE)),
    "play": lambda day, one, two: day.shop.ledger.play_lottery(
        day.reward(one, RewardStatus.GRANTED, kind=RewardKind.LOTTERY)
    ),
    "coupon": lambda day, one, two: day.shop.ledger.issue_coupon(SHORT, card=day.card(one)),
    "bearer": lambda day, one, two: day.shop.ledger.issue_coupon(SHORT, customer=day.customer(one)),
    "save": lambda day, one, two: day.shop.ledger.save_to_wallet(day.card(one), ("web", "apple", "google")[two % 3]),
    "remove": lambda day, one, two: day.shop.ledger.remove_from_wallet(day.card(one), ("web", "apple")[two % 2]),
    "message": lambda day, one, two: day.shop.ledger.send_message(day.card(one), f"Hello {two}"),
    "brand": lambda day, one, two: day.shop.ledger.set_brand(
        Brand(name=("Blue Cup", "Red Cup")[one % 2], time_zone=("UTC", "Asia/Seoul")[two % 2])
    ),
    "expire": lambda day, one, two: day.shop.ledger.expire(),
    "delete": lambda day, one, two: day.shop.ledger.delete_card(day.card(one)),
    "forget": lambda day, one, two: day.shop.ledger.forget_customer(day.customer(one)),
}

OFTEN = ("add", "add", "add", "add", "add", "pay", "void", "redeem", "play", "wait", "issue", "template")

Wish = tuple[str, int, int]


def wishes(*without: str, size_min: int = 5, size_max: int = 40) -> st.SearchStrategy[list[Wish]]:
    """Lists of wishes, stamps most often."""
    verbs = [verb for verb in (*VERBS, *OFTEN) if verb not in without]
    numbers = st.integers(0, 12)
    return st.lists(st.tuples(st.sampled_from(verbs), numbers, numbers), min_size=size_min, max_size=size_max)


LONG_DAY: list[Wish] = [
    (verb, one, (one * 5 + two * 3) % 13)
    for one in range(13)
    for two, verb in enumerate((*VERBS, *OFTEN))
    if verb not in ("forget", "delete") or one in (5, 9)
]
