"""
Bad input to every public method: an error of ours by name, in bounded time, before anything is written.
"""

import inspect
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampledger import (
    Brand,
    CardTemplate,
    Columns,
    Goal,
    InvalidInput,
    Ledger,
    NotFound,
    StampledgerError,
    View,
    Voucher,
)
from stampledger.events import StampAdded
from tests.ledger.shop import BORN, COFFEE, LUCK, Shop, at, coffee, the

HUGE = "x" * 10_000_000
JUNK: list[Any] = [
    None, True, 0, -1, 7, 10**6, 1 << 62, 1 << 64, 1 << 200, 1.5, float("nan"), "", " ", "x", "R-1", "\x00", "a\x00b",
    "\ud800", "a\udfffb", "x" * 201, HUGE, b"x", b"", [], [None], ["x"], (), ("x", 1), ("t", "1"), ("t", 1 << 70), {},
    {"x": 1}, set(), object(), UUID(int=5), str(UUID(int=5)), datetime(2024, 1, 1), at(), at(days=-60_000),
    date(2024, 1, 1), timedelta(days=1), timedelta(days=-1), Decimal("1.23"), Decimal("1.234567"), Decimal("NaN"),
    Decimal("Infinity"), Decimal("1e30"), Decimal(-1), COFFEE, LUCK, coffee(), Brand(name="x"), Ledger, len,
    Goal(stamps=1, reward=COFFEE), complex(1, 2), range(3), iter([1]), StringIO("a,b\n1,2\n"),
]  # fmt: skip

NOTHING = object()
JUNK.append(NOTHING)
KEYED = ["\ud800", "a\x00b", 1 << 200, NOTHING, HUGE, ("t", "1"), [None]]  # Tried with an idempotency key as well.

# A good call of every public method; each argument of it is replaced by junk in turn.
CALLS: dict[str, dict[str, Any]] = {
    "set_brand": {"brand": Brand(name="Blue Cup")},
    "publish_template": {"key": "u", "template": coffee()},
    "register_customer": {
        "name": "Bo", "email": "bo@example.com", "birthday": BORN, "language": "ko", "reference": "B-1",
    },
    "update_customer": {
        "customer": "ANNA", "name": "Bo", "email": "bo@example.com", "birthday": BORN, "language": "ko",
    },
    "forget_customer": {"customer": "ANNA"},
    "issue_card": {"template": "t", "customer": "ANNA"},
    "add_stamps": {"card": "CARD", "count": 1, "amount": Decimal("1.50"), "code": "R-9"},
    "void_stamps": {"scan": "R-1", "code": "C-1", "reason": "x"},
    "delete_card": {"card": "CARD", "reason": "x"},
    "save_to_wallet": {"card": "CARD", "platform": "web"},
    "remove_from_wallet": {"card": "CARD", "platform": "apple"},
    "send_message": {"card": "CARD", "text": "Hello", "channels": ["push"]},
    "issue_coupon": {"voucher": COFFEE, "card": "CARD", "customer": None},
    "redeem": {"voucher": "VOUCHER", "redeem_code": None, "card": None},
    "reverse_redemption": {"voucher": "VOUCHER", "reason": ""},
    "void_voucher": {"voucher": "VOUCHER", "reason": ""},
    "play_lottery": {"lottery": "VOUCHER"},
    "celebrate_birthdays": {"on": date(2024, 2, 28)},
    "expire": {"until": at()},
    "send_campaign": {
        "key": "c", "name": "C", "cards": ["CARD"], "channels": ["push"], "text": "x", "voucher": COFFEE,
    },
    "export": {"file": "OUT", "format": "jsonl", "with_keys": False},
    "import_journal": {"file": "JOURNAL"},
    "move_to_template": {"template": "t", "cards": ["CARD"], "force": False, "dry_run": False},
    "import_cards": {"file": "CSV", "source": "s", "template": "t", "dry_run": False},
    "import_receipts": {"file": "CSV", "template": "t", "columns": None, "by_amount": False},
    "at": {"moment": 1},
    "card": {"card": "CARD"},
    "progress": {"card": "CARD"},
    "rewards": {"card": "CARD"},
    "reward": {"reward": "VOUCHER"},
    "customer": {"customer": "ANNA"},
    "history": {"card": "CARD"},
    "customer_view": {"card": "CARD", "lang": "ko", "browser": "ko-KR,ko;q=0.9"},
    "vouchers": {"redeem_code": "R-1", "limit": 5},
    "why": {"code": "R-1"},
    "explain": {"voucher": "VOUCHER"},
    "entries": {"after": 0},
    "replay": {"handlers": {StampAdded: lambda seq, event: None}, "after": 0},
    "cards": {
        "search": "anna", "platform": "web", "template": "t", "customer": "ANNA", "deleted": False, "limit": 5,
        "before": None, "after": None,
    },
    "journal": {
        "search": "anna", "kinds": ["stamp_added"], "card": "CARD", "customer": "ANNA", "template": "t", "code": "R-1",
        "actor": "till-1", "channel": "web", "since": at(), "until": at(), "limit": 5, "before": None, "after": None,
    },
    "activity": {"since": at(), "until": at(days=1), "per": "day"},
    "liability": {"at": at()},
    "compare": {"card": "CARD", "a": "SEQ", "b": "SEQ", "lang": "ko"},
    "replay_under": {
        "rules": {"t": coffee(1)}, "since": at(), "cards": ["CARD"], "values": {"Free coffee": 250}, "limit": 5,
        "each": None,
    },
    "templates": {},
    "template": {"template": "t"},
    "follow": {"name": "f", "kinds": ["stamp_added"], "after": 0, "wait": 0, "poll": 1},
    "followers": {},
    "using": {"connection": "CONNECTION"},
    "verify": {},
    "rebuild": {},
    "brand": {},
    "close": {},
}  # fmt: skip
CALL: dict[str, Any] = {"idempotency_key": None, "actor": "till-1", "channel": "web", "occurred_at": at()}

# Whatever these take is right: yes or no, and a function of the caller's own.
FREE = {"force", "dry_run", "deleted", "by_amount", "progress", "with_keys", "each"}


class Stall:
    """A shop with one of everything."""

    def __init__(self) -> None:
        self.shop = Shop()
        ledger = self.shop.ledger
        self.shop.template(2, key="t")
        self.anna = the(ledger.register_customer(name="Anna").subject)
        self.card = the(ledger.issue_card("t", customer=self.anna).subject)
        ledger.save_to_wallet(self.card, "apple")
        self.voucher = ledger.add_stamps(self.card, 2, code="R-1").card.vouchers[0].id

    def filled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        known = {"ANNA": self.anna, "CARD": self.card, "VOUCHER": self.voucher, "SEQ": self.shop.head}
        if value == "OUT":
            return BytesIO()
        if value == "JOURNAL":
            file = BytesIO()
            self.shop.ledger.export(file, with_keys=True)
            return file
        if value == "CSV":
            return StringIO("external_id,stamps\n1,1\n")
        return known.get(value, value) if isinstance(value, str) else value


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is the name of a file is one in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def stall() -> Iterator[Stall]:
    made = Stall()
    yield made
    made.shop.close()


def public(kind: type) -> dict[str, Any]:
    return {
        name: value
        for name, value in inspect.getmembers(kind)
        if not name.startswith("_") and inspect.isfunction(value)
    }


def test_every_method_is_here():
    """
    No public method of a ledger or a view, and no argument of one, escapes these tests.
    """
    assert set(CALLS) == set(public(Ledger))
    assert set(public(View)) <= set(CALLS)
    for name, method in public(Ledger).items():
        arguments = {
            parameter.name
            for parameter in inspect.signature(method).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        }
        assert arguments - {"self", "progress"} == set(CALLS[name]), name


def cases() -> Iterator[tuple[str, str]]:
    for name, arguments in CALLS.items():
        for argument in arguments:
            if argument not in FREE:
                yield name, argument
    for argument in CALL:
        yield "add_stamps", argument
        yield "celebrate_birthdays", argument


@pytest.mark.parametrize(("name", "argument"), [*cases()])
def test_junk(stall: Stall, name: str, argument: str):
    """
    Junk in any argument, alone and with an idempotency key, ends in an error of ours; nothing is written before it.
    """
    ledger, good = stall.shop.ledger, CALLS[name]
    started = time.monotonic()

    for junk in JUNK:
        keyed = name in WRITES and junk in KEYED
        for key in (None, "k") if keyed else (None,):
            options = {field: stall.filled(value) for field, value in good.items()}
            options[argument] = junk
            if key is not None and argument != "idempotency_key":
                options["idempotency_key"] = key
            before, changes = ledger.seq, the(stall.shop.raw).total_changes
            error = refusal_of(ledger, name, options)

            if error is not None and getattr(error, "seq", None) is None:
                assert len(str(error)) < 2_000
                assert (before, changes) == (ledger.seq, the(stall.shop.raw).total_changes), (junk, error)
            elif before != ledger.seq:
                refresh(stall)
                ledger = stall.shop.ledger

    assert time.monotonic() - started < 30


def refusal_of(ledger: Ledger, name: str, options: dict[str, Any]) -> StampledgerError | None:
    """The error a call ends in; None where it ends well. Any other error is for the test to fail with."""
    try:
        result = getattr(ledger, name)(**options)
        if inspect.isgenerator(result):
            list(result)
    except StampledgerError as error:
        return error
    return None


OTHERS = {
    "compare",
    "replay_under",
    "at",
    "follow",
    "followers",
    "using",
    "verify",
    "rebuild",
    "close",
    "import_journal",
}
WRITES = set(public(Ledger)) - set(public(View)) - OTHERS


def refresh(stall: Stall) -> None:
    """A new stall, where junk turned out to be good and something was written."""
    stall.shop.close()
    stall.__init__()  # type: ignore[misc]


def test_good_calls(stall: Stall):
    """
    The calls that junk is put into are good ones, so that it is the junk that is refused.
    """
    for name, good in CALLS.items():
        if name in ("using", "close", "play_lottery", "reverse_redemption", "import_receipts", "add_stamps"):
            continue
        options = {field: stall.filled(value) for field, value in good.items()}

        getattr(stall.shop.ledger, name)(**options)

        refresh(stall)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda ledger, card: ledger.add_stamps(card, 0), "count"),
        (lambda ledger, card: ledger.add_stamps(card, -1), "count"),
        (lambda ledger, card: ledger.add_stamps(card, 1_001), "count"),
        (lambda ledger, card: ledger.add_stamps(card, True), "count"),
        (lambda ledger, card: ledger.add_stamps(card, 1.0), "count"),
        (lambda ledger, card: ledger.add_stamps(card, amount=1.5), "amount"),
        (lambda ledger, card: ledger.add_stamps(card, amount=10), "amount"),
        (lambda ledger, card: ledger.add_stamps(card, amount=Decimal(-1)), "amount"),
        (lambda ledger, card: ledger.add_stamps(card, amount=Decimal("1.001")), "amount"),
        (lambda ledger, card: ledger.add_stamps(card, amount=Decimal("1e10")), "amount"),
        (lambda ledger, card: ledger.add_stamps(card, code=""), "code"),
        (lambda ledger, card: ledger.add_stamps(card, code="\x00"), "code"),
        (lambda ledger, card: ledger.add_stamps(card, code="x" * 201), "code"),
        (lambda ledger, card: ledger.add_stamps(card, code=HUGE), "code"),
        (lambda ledger, card: ledger.add_stamps(card, actor="\ud800"), "actor"),
        (lambda ledger, card: ledger.add_stamps(card, channel="telegraph"), "channel"),
        (lambda ledger, card: ledger.add_stamps(card, occurred_at=datetime(2024, 1, 1)), "occurred_at"),
        (lambda ledger, card: ledger.add_stamps(card, occurred_at="now"), "occurred_at"),
        (lambda ledger, card: ledger.add_stamps(card, idempotency_key=""), "idempotency_key"),
        (lambda ledger, card: ledger.add_stamps(card, idempotency_key=HUGE), "idempotency_key"),
        (lambda ledger, card: ledger.customer_view(card, lang="xx"), "lang"),
        (lambda ledger, card: ledger.customer_view(card, lang="../../etc"), "lang"),
        (lambda ledger, card: ledger.customer_view(card, browser=b"ko"), "browser"),
        (lambda ledger, card: ledger.send_message(card, ""), "text"),
        (lambda ledger, card: ledger.send_message(card, "x", channels=[]), "channels"),
        (lambda ledger, card: ledger.send_message(card, "x", channels="push"), "channels"),
        (lambda ledger, card: ledger.save_to_wallet(card, "palm"), "platform"),
        (lambda ledger, card: ledger.journal(kinds=["stamp_doubled"]), "kinds"),
        (lambda ledger, card: ledger.replay({int: print}), "handlers"),
        (lambda ledger, card: ledger.redeem(), "redeem_code"),
        (lambda ledger, card: ledger.celebrate_birthdays(at()), "on"),
        (lambda ledger, card: ledger.issue_coupon(LUCK), "voucher"),
        (lambda ledger, card: ledger.at(1.0), "at"),
        (lambda ledger, card: ledger.send_campaign("c", name="C", cards=[], voucher=LUCK), "voucher"),
        (lambda ledger, card: ledger.import_receipts(StringIO("x"), template="t", columns="receipt"), "columns"),
    ],
)
def test_named_by_its_field(stall: Stall, call: Callable[..., Any], field: str):
    """
    What is wrong is named by its field, and the value is shown in few words.
    """
    before = stall.shop.dump()

    with pytest.raises(InvalidInput) as refused:
        call(stall.shop.ledger, stall.card)

    assert refused.value.field.startswith(field)
    assert field in str(refused.value) and len(str(refused.value)) < 800
    assert before == stall.shop.dump()


WRONG = st.one_of(
    st.text(max_size=30),
    st.binary(max_size=20),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.uuids(),
    st.datetimes(),
    st.lists(st.integers(), max_size=3),
    st.text(st.characters(categories=("Cs", "Cc")), max_size=5),
)


@settings(max_examples=settings().max_examples // 4)
@given(name=st.sampled_from(sorted(set(CALLS) - {"close", "using"})), data=st.data())
def test_anything_anywhere(stall: Stall, name: str, data: st.DataObject):
    """
    Whatever stands in any of the arguments, the answer is an answer or an error of ours, and the proof still holds.
    """
    options = {}
    for field, value in {**CALLS[name], **(CALL if name in WRITES else {})}.items():
        options[field] = data.draw(WRONG, field) if data.draw(st.booleans()) else stall.filled(value)

    before = stall.shop.head

    refusal_of(stall.shop.ledger, name, options)

    if before != stall.shop.head:
        assert () == stall.shop.ledger.verify().faults
        refresh(stall)


@pytest.mark.parametrize("business", ["", " ", "\x00", "\ud800", HUGE, None, 5, b"x"])
def test_business_that_is_none(business: Any):
    """
    A business needs a name.
    """
    with pytest.raises(InvalidInput, match="business"):
        Ledger.open("sqlite://", business=business)


@pytest.mark.parametrize("now", [datetime(2024, 1, 1), "now", None, 5, datetime.max])
def test_clock_that_is_none(now: Any):
    """
    A clock that does not answer the time, with its zone, stops a write before it begins.
    """
    with Shop() as shop:
        shop.clock.at = now

        with pytest.raises(InvalidInput, match="clock"):
            shop.template()

        assert 0 == shop.head


def test_long_texts_are_refused_at_once(stall: Stall):
    """
    Texts of ten million characters are refused in the time of a blink, and never echoed.
    """
    started = time.monotonic()

    calls: list[Callable[[Ledger], Any]] = [
        lambda ledger: ledger.register_customer(name=HUGE),
        lambda ledger: ledger.register_customer(name="x", email=HUGE + "@example.com"),
        lambda ledger: ledger.publish_template(HUGE, coffee()),
        lambda ledger: ledger.void_stamps(HUGE),
        lambda ledger: ledger.redeem(HUGE),
        lambda ledger: ledger.redeem(redeem_code=HUGE),
        lambda ledger: ledger.card(HUGE),
        lambda ledger: ledger.journal(search=HUGE),
        lambda ledger: ledger.cards(search=HUGE),
        lambda ledger: ledger.why(HUGE),
        lambda ledger: ledger.issue_card(HUGE),
        lambda ledger: ledger.delete_card(stall.card, reason=HUGE),
        lambda ledger: ledger.set_brand(Brand(name=HUGE)),
        lambda ledger: ledger.publish_template("x", CardTemplate(name="x", description=HUGE, goals=())),
        lambda ledger: ledger.issue_coupon(Voucher(title=HUGE)),
    ]
    for call in calls:
        with pytest.raises((InvalidInput, NotFound)) as refused:
            call(stall.shop.ledger)
        assert len(str(refused.value)) < 300

    assert time.monotonic() - started < 5
    assert isinstance(Columns(), Columns)
