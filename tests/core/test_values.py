"""
Values are checked when they are made: what exists is valid, and what is not says which field is wrong and shows it.
"""

import decimal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stampledger import checks
from stampledger.aggregates import decide
from stampledger.commands import ImportCard
from stampledger.errors import SHOWN_MAX, InvalidInput, shown
from stampledger.testing import Till, templates
from stampledger.values import (
    AfterLastGoal,
    Award,
    BirthdayGift,
    Brand,
    CardTemplate,
    CodeScope,
    Goal,
    LeapDay,
    Limits,
    Lottery,
    OnVoid,
    OverCap,
    Overflow,
    PerAmount,
    Person,
    Variant,
    Voucher,
)
from tests.core.shop import COFFEE, at, coffee

GOALS = (Goal(stamps=8, reward=COFFEE),)
LONE = "\ud800"


def variant(percentage: Any, **fields: Any) -> Variant:
    return Variant(percentage=percentage, name="Cake", **fields)


def lottery(*percentages: Any) -> Lottery:
    return Lottery(title="Luck", variants=tuple(variant(Decimal(share)) for share in percentages))


WRONG: list[tuple[str, Callable[[], object], str, str]] = [
    # Text.
    ("no text", lambda: Award(title=8), "Award.title", "must be text, not 8"),  # type: ignore[arg-type]
    ("None", lambda: Award(title=None), "Award.title", "must be text"),  # type: ignore[arg-type]
    ("bytes", lambda: Award(title=b"Cake"), "Award.title", "must be text, not b'Cake'"),  # type: ignore[arg-type]
    ("empty", lambda: Award(title=""), "Award.title", "must not be empty"),
    ("blank", lambda: Award(title=" \u3000"), "Award.title", "must not be empty, not ' \\u3000'"),
    ("NUL", lambda: Award(title="a\0b"), "Award.title", "must not contain control characters"),
    ("newline", lambda: Award(title="a\nb"), "Award.title", "must not contain control characters"),
    ("surrogate", lambda: Award(title=f"a{LONE}"), "Award.title", "lone surrogates, not 'a\\ud800'"),
    ("long", lambda: Award(title="x" * 201), "Award.title", "must have at most 200 characters"),
    ("NUL in prose", lambda: Award(title="x", description="\0"), "Award.description", "control characters"),
    ("prose", lambda: Award(title="x", description="x" * 4_001), "Award.description", "at most 4000 characters"),
    ("long code", lambda: Voucher(title="x", redeem_code="x" * 65), "Voucher.redeem_code", "at most 64 characters"),
    ("empty code", lambda: Voucher(title="x", redeem_code=""), "Voucher.redeem_code", "must not be empty"),
    # Validity.
    ("no span", lambda: Voucher(title="x", valid_for=30), "Voucher.valid_for", "must be a timedelta, not 30"),  # type: ignore[arg-type]
    ("no time", lambda: Voucher(title="x", valid_for=timedelta(0)), "Voucher.valid_for", "must be above zero"),
    ("negative", lambda: Voucher(title="x", valid_for=-timedelta(1)), "Voucher.valid_for", "must be above zero"),
    ("centuries", lambda: Voucher(title="x", valid_for=timedelta(36_526)), "Voucher.valid_for", "at most 36525 days"),
    ("no month", lambda: Voucher(title="x", valid_months=0), "Voucher.valid_months", "must be from 1 to 1200, not 0"),
    ("months", lambda: Voucher(title="x", valid_months=1_201), "Voucher.valid_months", "must be from 1 to 1200"),
    ("true months", lambda: Voucher(title="x", valid_months=True), "Voucher.valid_months", "a whole number, not True"),
    ("half months", lambda: Voucher(title="x", valid_months=1.0), "Voucher.valid_months", "whole number, not 1.0"),  # type: ignore[arg-type]
    (
        "time of day",
        lambda: Voucher(title="x", valid_until=at()),
        "Voucher.valid_until",
        "must be a date, not datetime",
    ),
    ("day as text", lambda: Voucher(title="x", valid_until="2024-01-01"), "Voucher.valid_until", "must be a date"),  # type: ignore[arg-type]
    (
        "two limits",
        lambda: Voucher(title="x", valid_months=1, valid_until=date(2024, 1, 1)),
        "Voucher.valid_for",
        "must not be combined with another limit",
    ),
    # Lotteries.
    ("float", lambda: variant(50.0), "Variant.percentage", "must be a Decimal, to be exact, not 50.0"),
    ("true", lambda: variant(True), "Variant.percentage", "must be a Decimal, to be exact, not True"),
    ("text", lambda: variant("50"), "Variant.percentage", "must be a Decimal, to be exact, not '50'"),
    ("not a number", lambda: variant(Decimal("NaN")), "Variant.percentage", "must be a Decimal"),
    ("signalling", lambda: variant(Decimal("sNaN")), "Variant.percentage", "must be a Decimal"),
    ("infinite", lambda: variant(Decimal("Infinity")), "Variant.percentage", "must be a Decimal"),
    ("zero", lambda: variant(0), "Variant.percentage", "must be above 0"),
    ("below zero", lambda: variant(Decimal(-1)), "Variant.percentage", "must be above 0"),
    ("above all", lambda: variant(Decimal("100.1")), "Variant.percentage", "at most 100"),
    ("too fine", lambda: variant(Decimal("0.00000001")), "Variant.percentage", "with 7 decimals at most"),
    ("99.9999999", lambda: lottery("50", "49.9999999"), "Lottery.variants", "exactly 100, not '99.9999999'"),
    ("100.0000001", lambda: lottery("50", "50.0000001"), "Lottery.variants", "exactly 100, not '100.0000001'"),
    ("thirds", lambda: lottery(*["33.3333333"] * 3), "Lottery.variants", "exactly 100, not '99.9999999'"),
    ("no variant", lambda: lottery(), "Lottery.variants", "must sum to exactly 100"),
    ("many", lambda: lottery(*["0.5"] * 200), "Lottery.variants", "must hold at most 100, not 200"),
    (
        "no Variant",
        lambda: Lottery(title="Luck", variants=("all",)),  # type: ignore[arg-type]
        "Lottery.variants[0]",
        "must be a Variant, not 'all'",
    ),
    ("no sequence", lambda: Lottery(title="Luck", variants=7), "Lottery.variants", "must be a sequence, not 7"),  # type: ignore[arg-type]
    (
        "endless",
        lambda: Lottery(title="Luck", variants=(variant(100, try_again=True),)),
        "Lottery.variants",
        "must hold one that ends the lottery",
    ),
    ("prize and try", lambda: variant(50, try_again=True, reward=COFFEE), "Variant.try_again", "with a reward"),
    ("lottery in lottery", lambda: variant(50, reward=lottery("100")), "Variant.reward", "must be Award or Voucher"),
    # Goals.
    ("goal of 0", lambda: Goal(stamps=0, reward=COFFEE), "Goal.stamps", "must be from 1 to 1000, not 0"),
    ("goal below", lambda: Goal(stamps=-1, reward=COFFEE), "Goal.stamps", "must be from 1 to 1000, not -1"),
    ("goal above", lambda: Goal(stamps=1_001, reward=COFFEE), "Goal.stamps", "must be from 1 to 1000, not 1001"),
    ("true goal", lambda: Goal(stamps=True, reward=COFFEE), "Goal.stamps", "must be a whole number, not True"),
    ("goal as text", lambda: Goal(stamps="8", reward=COFFEE), "Goal.stamps", "must be a whole number, not '8'"),  # type: ignore[arg-type]
    ("no reward", lambda: Goal(stamps=8, reward=None), "Goal.reward", "must be Award or Voucher or Lottery"),  # type: ignore[arg-type]
    ("no goals", lambda: coffee_with(goals=()), "CardTemplate.goals", "must hold at least one goal"),
    ("goal as goals", lambda: coffee_with(goals=GOALS[0]), "CardTemplate.goals", "must be a sequence"),
    ("text as goals", lambda: coffee_with(goals="goals"), "CardTemplate.goals", "must be a sequence, not 'goals'"),
    ("numbers", lambda: coffee_with(goals=(3, 6)), "CardTemplate.goals[0]", "must be a Goal, not 3"),
    ("descending", lambda: coffee(8, 3), "CardTemplate.goals[1].stamps", "must ascend from goal to goal, not 3"),
    ("same twice", lambda: coffee(3, 6, 6), "CardTemplate.goals[2].stamps", "must ascend from goal to goal, not 6"),
    # Policies.
    ("policy", lambda: coffee(overflow="spill"), "CardTemplate.overflow", "must be one of carry, drop, not 'spill'"),
    ("no policy", lambda: coffee(code_scope=None), "CardTemplate.code_scope", "must be one of business, template"),
    ("number", lambda: coffee(rewards_kept_on_void=1), "CardTemplate.rewards_kept_on_void", "must be bool, not 1"),
    (
        "hold with award",
        lambda: coffee(8, reward=Award(title="Thanks"), after_last_goal="hold"),
        "CardTemplate.after_last_goal",
        "must not wait for an award, which nobody can redeem, not 'hold'",
    ),
    ("endless stamps", lambda: coffee(stamps_valid_for=timedelta(0)), "CardTemplate.stamps_valid_for", "above zero"),
    ("limits", lambda: coffee(limits=3), "CardTemplate.limits", "must be Limits, not 3"),
    ("limit of 0", lambda: Limits(per_day=0), "Limits.per_day", "must be from 1 to 1000, not 0"),
    ("below 0", lambda: Limits(per_scan=-1), "Limits.per_scan", "must be from 1 to 1000, not -1"),
    ("true limit", lambda: Limits(per_24_hours=True), "Limits.per_24_hours", "must be a whole number, not True"),
    ("interval", lambda: Limits(interval=timedelta(0)), "Limits.interval", "must be above zero"),
    ("over cap", lambda: Limits(over_cap="cut"), "Limits.over_cap", "must be one of refuse, grant, not 'cut'"),  # type: ignore[arg-type]
    # Money.
    ("float price", lambda: PerAmount(amount=10.0), "PerAmount.amount", "must be a Decimal, to be exact, not 10.0"),  # type: ignore[arg-type]
    ("whole price", lambda: PerAmount(amount=10), "PerAmount.amount", "must be a Decimal, to be exact, not 10"),  # type: ignore[arg-type]
    ("free", lambda: PerAmount(amount=Decimal(0)), "PerAmount.amount", "must be above zero"),
    ("refund", lambda: PerAmount(amount=Decimal(-1)), "PerAmount.amount", "must be from 0 to 1000000000"),
    ("NaN price", lambda: PerAmount(amount=Decimal("NaN")), "PerAmount.amount", "must be a Decimal"),
    ("third of a cent", lambda: PerAmount(amount=Decimal("0.333")), "PerAmount.amount", "at most 2 decimals"),
    ("half a yen", lambda: PerAmount(amount=Decimal("0.5"), decimals=0), "PerAmount.amount", "at most 0 decimals"),
    ("decimals", lambda: PerAmount(amount=Decimal(1), decimals=5), "PerAmount.decimals", "must be from 0 to 4"),
    # Birthdays.
    ("no gift", lambda: BirthdayGift(), "BirthdayGift.reward", "must be given where there are no bonus stamps"),
    ("lottery", lambda: BirthdayGift(reward=lottery("100")), "BirthdayGift.reward", "must be Award or Voucher"),  # type: ignore[arg-type]
    ("half a year", lambda: BirthdayGift(stamps=1, days_before=181), "BirthdayGift.days_before", "from 0 to 180"),
    ("leap day", lambda: BirthdayGift(stamps=1, leap_day="never"), "BirthdayGift.leap_day", "february_28, march_1"),  # type: ignore[arg-type]
    # Who.
    ("zone", lambda: Brand(name="x", time_zone="Mars/Olympus"), "Brand.time_zone", "IANA name of a time zone"),
    ("path", lambda: Brand(name="x", time_zone="../etc/passwd"), "Brand.time_zone", "IANA name of a time zone"),
    ("folder", lambda: Brand(name="x", time_zone="America"), "Brand.time_zone", "IANA name of a time zone"),
    ("script", lambda: Brand(name="x", logo_url="javascript:x"), "Brand.logo_url", "must be an https or data:image"),
    ("email", lambda: Person(name="x", email="anna"), "Person.email", "must be an e-mail address, not 'anna'"),
    ("two lines", lambda: Person(name="x", email="a@b\nc"), "Person.email", "control characters"),
    ("spaces", lambda: Person(name="x", email="a b@c"), "Person.email", "must be an e-mail address"),
    ("language", lambda: Person(name="x", language="en_GB!"), "Person.language", "language tag, like en or pt-BR"),
    ("born at noon", lambda: Person(name="x", birthday=at()), "Person.birthday", "must be a date"),
]


def coffee_with(**fields: Any) -> CardTemplate:
    return CardTemplate(**{"name": "Free Coffee", "goals": GOALS, **fields})


@pytest.mark.parametrize(("make", "field", "sentence"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_invalid_value(make: Callable[[], object], field: str, sentence: str):
    """
    A wrong value is refused with the name of its field, what it must be, and what it is.
    """
    with pytest.raises(InvalidInput) as refused:
        make()

    assert field == refused.value.field
    assert sentence in str(refused.value)
    assert "invalid_input" == refused.value.code


DEFAULTS = {
    "per_amount": None,
    "limits": Limits(),
    "code_scope": CodeScope.BUSINESS,
    "voided_code_reusable": False,
    "after_last_goal": AfterLastGoal.RESTART,
    "overflow": Overflow.CARRY,
    "redeemed_on_void": OnVoid.KEEP,
    "rewards_kept_on_void": False,
    "stamps_valid_for": None,
    "card_valid_for": None,
    "birthday": None,
}


@pytest.mark.parametrize(("policy", "value"), DEFAULTS.items())
def test_default(policy: str, value: object):
    """
    Every policy has the documented default.
    """
    assert value == getattr(coffee_with(), policy)


def test_defaults_of_parts():
    """
    The parts of a template have theirs: no limit, refused over a cap, a remainder that carries, 28 February.
    """
    assert (None, None, None, None) == (Limits().per_scan, Limits().per_day, Limits().per_24_hours, Limits().interval)
    assert OverCap.REFUSE is Limits().over_cap
    assert (Overflow.CARRY, 2) == (PerAmount(amount=Decimal(1)).remainder, PerAmount(amount=Decimal(1)).decimals)
    assert (LeapDay.FEBRUARY_28, 0, 0) == (
        BirthdayGift(stamps=1).leap_day,
        BirthdayGift(stamps=1).days_before,
        BirthdayGift(stamps=1).days_after,
    )
    assert "UTC" == Brand(name="Blue Cup").time_zone


def test_policy_as_text():
    """
    A policy may be given as its word.
    """
    assert AfterLastGoal.CLOSE is coffee(after_last_goal="close").after_last_goal


@pytest.mark.parametrize(
    "name", ["Café São João", "커피", "กาแฟ", "آنا", "👩‍👩‍👧", "x" * 200, "‏عنب", "a\u00a0b"], ids=range(8)
)
def test_names_of_the_world(name: str):
    """
    Names of any script are kept as they are.
    """
    assert name == Person(name=name).name == Award(title=name).title


def test_prose_has_lines():
    """
    A description may have lines and tabs.
    """
    assert "a\n\tb" == Award(title="x", description="a\n\tb").description


HUGE = 10_000_000


@pytest.mark.parametrize(
    "make",
    [
        lambda: Award(title="x" * HUGE),
        lambda: Award(title="x", description="\0" * HUGE),
        lambda: Award(title="\ud800" * HUGE),
        lambda: Person(name="x", email="@" * HUGE),
        lambda: Person(name="x", language="-" * HUGE),
        lambda: Brand(name="x", time_zone="a/" * HUGE),
        lambda: Brand(name="x", logo_url="https://" + "x" * HUGE),
        lambda: coffee(overflow="x" * HUGE),
        lambda: coffee_with(goals="x" * HUGE),
        lambda: Goal(stamps=1 << HUGE, reward=COFFEE),
        lambda: PerAmount(amount=Decimal("1E+999999999999")),
        lambda: PerAmount(amount=Decimal("1E-999999999999")),
        lambda: PerAmount(amount=Decimal("0." + "1" * HUGE)),
        lambda: variant(Decimal("1E-999999999999")),
    ],
    ids=range(14),
)
def test_huge_value(make: Callable[[], object]):
    """
    A value of ten megabytes is refused quickly, and its message is short.
    """
    begun = time.process_time()
    with pytest.raises(InvalidInput) as refused:
        make()
    message = str(refused.value)

    assert time.process_time() - begun < 2
    assert len(message) < 300


@given(st.text(max_size=30) | st.sampled_from(("a\0", "\x7f", "\x9f", LONE, " ", "x" * 201)))
@example("\u2028")
@example("\u200b")
def test_text_accepted_or_refused(value: str):
    """
    Text that is accepted can be stored as UTF-8, is not blank and holds no control character; all other is refused.
    """
    storable = all(not 0xD800 <= ord(c) <= 0xDFFF for c in value)
    controlled = any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value)
    fine = storable and not controlled and value.strip() != "" and len(value) <= 200

    try:
        assert value == checks.text(value, "name")
    except InvalidInput:
        assert not fine
    else:
        assert fine


@given(
    st.decimals(0, 2_000, allow_nan=False) | st.decimals(0, 100, places=3) | st.decimals(0, 100, places=2),
    st.integers(0, 4),
    st.sampled_from((3, 28)),
)
@example(Decimal("1.00000000000000000000000000000000001"), 2, 28)
@example(Decimal("123456.78"), 2, 3)
@example(Decimal("1E+3"), 0, 28)
def test_money_exact(amount: Decimal, decimals: int, precision: int):
    """
    Money is turned into minor units exactly or not at all, whatever precision the caller's own arithmetic is set to.
    """
    digits = amount.as_tuple()
    assert isinstance(digits.exponent, int)
    number = int("".join(map(str, digits.digits)))
    shift = digits.exponent + decimals
    exact = number * 10**shift if shift >= 0 else number // 10**-shift if number % 10**-shift == 0 else None

    with decimal.localcontext(prec=precision):
        try:
            minor = checks.minor_units(amount, decimals, "amount")
        except InvalidInput:
            assert exact is None or amount > 1_000_000_000
        else:
            assert exact == minor


def test_percentages_under_another_precision():
    """
    A lottery's percentages are summed exactly, whatever precision the caller's own arithmetic is set to.
    """
    with decimal.localcontext(prec=3):
        lottery("33.3333333", "33.3333333", "33.3333334")
        with pytest.raises(InvalidInput, match="must sum to exactly 100"):
            lottery("33.3333333", "33.3333333", "33.3333333")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (datetime(2024, 1, 1), "must have a time zone"),
        (date(2024, 1, 1), "must be a datetime"),
        ("2024-01-01T00:00:00Z", "must be a datetime"),
        (1_700_000_000, "must be a datetime"),
        (datetime.max.replace(tzinfo=UTC), "must be from the year 1900 to 9000"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), "must be from the year 1900 to 9000"),
    ],
    ids=["naive", "date", "text", "number", "end", "beginning"],
)
def test_invalid_moment(value: object, reason: str):
    """
    A moment has a time zone, and lies where one can reckon with it.
    """
    with pytest.raises(InvalidInput, match=rf"^occurred_at: {reason}, not "):
        checks.instant(value, "occurred_at")


def test_shown():
    """
    What a message shows of a value is short, whatever the value is.
    """

    class Unshowable:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert "'R-1'" == shown("R-1")
    assert SHOWN_MAX == len(shown("x" * 1000)) and shown("x" * 1000).endswith("…")
    assert SHOWN_MAX >= len(shown(b"\0" * HUGE))
    assert "<Unshowable>" == shown(Unshowable())
    assert "<int>" == shown(10**5000)


@given(templates())
def test_template_is_a_value(template: CardTemplate):
    """
    A template made from the same parts is the same, and none of its parts can be changed.
    """
    goals: Iterator[Goal] = iter(template.goals)
    again = CardTemplate(
        **{field: getattr(template, field) for field in DEFAULTS},
        name=template.name,
        goals=goals,
    )

    assert template == again
    assert hash(template) == hash(again)
    with pytest.raises(AttributeError):
        template.name = "x"  # type: ignore[misc]


@pytest.mark.parametrize("progress", [-1, 9, True, 2.0, None])
def test_invalid_opening_progress(progress: Any):
    """
    A card is not brought over with more stamps than it holds.
    """
    template = coffee(8)
    command = ImportCard(
        at=at(),
        source="old",
        external_id="1",
        number=1,
        progress=progress,
        customer_id=None,
        template_id=UUID(int=1),
        template_version=1,
        template=template,
    )

    with pytest.raises(InvalidInput, match=r"^progress: must be"):
        decide(None, command)


def test_control_valid_template():
    """
    A template of valid parts is accepted, so that the refusals above are for what they name.
    """
    assert coffee_with() == Till(coffee_with()).template
