"""Scenes of one card, in the words of the business: given what was, when something is asked, then this happens.

    given(issued(), stamped("R-1")).when(add_stamps("R-2", 7)).then(StampAdded, GoalReached, VoucherIssued)

A scene needs no database: it is played by `decide` and `evolve` alone. Where it ends otherwise than it says, the error
shows all of it as a Journal. `under(template)` says whose rules hold; without it, those of `COFFEE_CARD`.
"""

from datetime import datetime
from typing import Any, Self

import attrs

from stampledger.errors import Refused, StampledgerError
from stampledger.events import UNSET, Event
from stampledger.projections import CardView
from stampledger.testing.playbill import Playbill
from stampledger.testing.stage import Stage
from stampledger.testing.supplies import START
from stampledger.testing.words import (
    Word,
    add_stamps,
    campaigned,
    celebrate_birthday,
    celebrated,
    coupon,
    delete_card,
    deleted,
    expire,
    expired,
    import_card,
    imported,
    issue_card,
    issue_coupon,
    issued,
    later,
    messaged,
    move_to_template,
    moved,
    on,
    play_lottery,
    played,
    redeem,
    redeemed,
    remove_from_wallet,
    removed,
    reverse_redemption,
    reversed_redemption,
    save_to_wallet,
    saved,
    send_campaign,
    send_message,
    stamped,
    used_elsewhere,
    void_lottery,
    void_stamps,
    void_voucher,
    voided,
    voided_lottery,
    voided_voucher,
)
from stampledger.values import CardTemplate, Goal, Voucher

__all__ = [
    "COFFEE_CARD",
    "Given",
    "Like",
    "SceneFailed",
    "Under",
    "When",
    "Word",
    "add_stamps",
    "campaigned",
    "celebrate_birthday",
    "celebrated",
    "coupon",
    "delete_card",
    "deleted",
    "expire",
    "expired",
    "given",
    "import_card",
    "imported",
    "issue_card",
    "issue_coupon",
    "issued",
    "later",
    "like",
    "messaged",
    "move_to_template",
    "moved",
    "on",
    "play_lottery",
    "played",
    "redeem",
    "redeemed",
    "remove_from_wallet",
    "removed",
    "reverse_redemption",
    "reversed_redemption",
    "save_to_wallet",
    "saved",
    "send_campaign",
    "send_message",
    "stamped",
    "under",
    "used_elsewhere",
    "void_lottery",
    "void_stamps",
    "void_voucher",
    "voided",
    "voided_lottery",
    "voided_voucher",
]

COFFEE_CARD = CardTemplate(name="Coffee card", goals=(Goal(stamps=8, reward=Voucher(title="Free coffee")),))


class SceneFailed(AssertionError):
    """A scene did not end as it says; the message shows it as a Journal."""


@attrs.frozen
class Like:
    """An event of a kind, of which only some fields are told."""

    kind: type[Event]
    fields: dict[str, Any]

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{self.kind.__name__}({told})"


Expected = type[Event] | Event | Like


def like(kind: type[Event], **fields: Any) -> Like:
    """Expect an event of a kind, with these of its fields.

    Raises:
        TypeError: It has no such field, and so the scene could never end well.
    """
    unknown = fields.keys() - {field.name for field in attrs.fields(kind)}
    if unknown:
        raise TypeError(f"{kind.__name__} has no field {min(unknown)!r}")
    return Like(kind, fields)


@attrs.frozen
class Under:
    """The rules a scene is played under."""

    template: CardTemplate
    zone: str = "UTC"
    at: datetime = START

    def given(self, *past: Word | Event) -> "Given":
        """Say what was before; each word has to succeed. An event is taken as it is."""
        __tracebackhide__ = True
        return Given(self, past)


def under(template: CardTemplate, *, zone: str = "UTC", at: datetime = START) -> Under:
    """Begin a scene under a template, in a time zone, at a moment."""
    return Under(template, zone, at)


def given(*past: Word | Event, template: CardTemplate = COFFEE_CARD) -> "Given":
    """Begin a scene by what was before."""
    __tracebackhide__ = True
    return under(template).given(*past)


class Given:
    """What was, before something is asked."""

    def __init__(self, rules: Under, past: tuple[Word | Event, ...]) -> None:
        __tracebackhide__ = True
        self.stage = Stage(rules.template, rules.zone, rules.at)
        self.playbill = Playbill()
        for word in past:
            self._happen(word)

    def _happen(self, word: Word | Event) -> None:
        __tracebackhide__ = True
        if isinstance(word, Event):
            self.stage.tell(word)
            self.playbill.given((word,))
            return
        try:
            self.playbill.given(word.act(self.stage))
        except StampledgerError as error:
            self.playbill.ask(word.says, self.stage.now, "given")
            self.playbill.refuse(error)
            raise SceneFailed(self.playbill.shown("the scene cannot begin: what it is given was refused")) from None

    def when(self, *wishes: Word) -> "When":
        """Ask for something; several things are asked one after the other, and what is told of all counts."""
        return When(self.stage, self.playbill, wishes)

    def then_card(self, **facts: Any) -> Self:
        """Say how the card stands before anything is asked; facts as for `When.then_card`."""
        __tracebackhide__ = True
        _compare_card(self.stage, self.playbill, facts)
        return self


class When:
    """What was asked, and what came of it."""

    def __init__(self, stage: Stage, playbill: Playbill, wishes: tuple[Word, ...]) -> None:
        self.stage = stage
        self.playbill = playbill
        self.events: list[Event] = []
        self.error: StampledgerError | None = None
        for word in wishes:
            playbill.ask(word.says, stage.now)
            try:
                told = word.act(stage)
            except StampledgerError as error:
                self.error = error
                playbill.refuse(error)
                break
            self.events.extend(told)
            if word.is_wish:
                playbill.tell(told)

    def then(self, first: Expected, /, *more: Expected) -> Self:
        """Expect exactly these events, in this order: by their kind, `like` some fields, or whole.

        A whole event without a time is equal to one at any time.

        Raises:
            SceneFailed: Something else happened.
        """
        __tracebackhide__ = True
        expected = (first, *more)
        faults = [_fault(*pair) for pair in zip(expected, self.events, strict=False)]
        if self.error is None and len(expected) == len(self.events) and not any(faults):
            return self
        faults += [MISSING] * (len(expected) - len(faults))
        lines = [
            (_expectation(wanted) + ("" if fault in (None, MISSING) else f": {fault}"), fault is None)
            for wanted, fault in zip(expected, faults, strict=True)
        ]
        if self.error is None and len(self.events) > len(expected):
            lines.append((f"no more than that, and there are {len(self.events)}", False))
        raise SceneFailed(self.playbill.shown("the scene ended otherwise", lines))

    def nothing(self) -> Self:
        """Expect that nothing happened: the wish was true already.

        Raises:
            SceneFailed: Something happened.
        """
        __tracebackhide__ = True
        if self.events or self.error is not None:
            raise SceneFailed(self.playbill.shown("the scene ended otherwise", [("nothing", False)]))
        return self

    def refused(self, kind: type[StampledgerError] = Refused, **fields: Any) -> Self:
        """Expect a refusal, or another error, of a kind, with these of its fields.

        Raises:
            SceneFailed: It was granted, or refused for another reason.
        """
        __tracebackhide__ = True
        differ = [name for name, wanted in fields.items() if getattr(self.error, name, None) != wanted]
        if not isinstance(self.error, kind) or differ:
            told = ", ".join(f"{name}={value!r}" for name, value in fields.items())
            wanted = f"refused: {kind.__name__}" + (f" with {told}" if told else "")
            raise SceneFailed(self.playbill.shown("the scene ended otherwise", [(wanted, False)]))
        return self

    def then_card(self, **facts: Any) -> Self:
        """Expect the card to stand so now: `progress="8/8"`, `rewards=["Free coffee (active)"]`, any of `CardView`.

        Rewards are listed as they came. What has lapsed by now counts as lapsed.

        Raises:
            SceneFailed: It stands otherwise.
            TypeError: A card tells no such fact.
        """
        __tracebackhide__ = True
        _compare_card(self.stage, self.playbill, facts)
        return self


MISSING = "missing"


def _fault(wanted: Expected, told: Event) -> str | None:
    """Answer what is not as expected of an event; None where all of it is."""
    kind = wanted.kind if isinstance(wanted, Like) else wanted if isinstance(wanted, type) else type(wanted)
    if type(told) is not kind:
        return f"it was {type(told).__name__}"
    fields: dict[str, Any] = {}
    if isinstance(wanted, Like):
        fields = wanted.fields
    elif isinstance(wanted, Event):
        fields = {field.name: getattr(wanted, field.name) for field in attrs.fields(kind)}
        if wanted.at == UNSET:
            del fields["at"]
    true = {name: getattr(told, name) for name in fields}
    differ = [f"its {name} is {true[name]!r}" for name, value in fields.items() if true[name] != value]
    return ", ".join(differ) or None


def _expectation(wanted: Expected) -> str:
    return wanted.__name__ if isinstance(wanted, type) else str(wanted)


def _compare_card(stage: Stage, playbill: Playbill, facts: dict[str, Any]) -> None:
    __tracebackhide__ = True
    known = {field.name for field in attrs.fields(CardView)}
    if not facts.keys() <= known:
        raise TypeError(f"a card tells no {min(facts.keys() - known)!r}; it tells {', '.join(sorted(known))}")
    if stage.card is None:
        raise SceneFailed(playbill.shown("there is no card: begin with issued()"))
    view = stage.view()
    stands = {name: _fact(view, name) for name in facts}
    lines = [
        (f"card: {name} {_plain(wanted)}, and it is {_plain(stands[name])}", False)
        for name, wanted in facts.items()
        if _plain(stands[name]) != _plain(wanted)
    ]
    if lines:
        raise SceneFailed(playbill.shown("the card stands otherwise", lines))


def _fact(view: CardView, name: str) -> object:
    if name == "rewards":
        oldest_first = sorted(view.rewards, key=lambda reward: (reward.issued_at, reward.id))
        return [f"{reward.title} ({reward.status})" for reward in oldest_first]
    return getattr(view, name)


def _plain(value: Any) -> str:
    """Write a fact as it is compared: a progress as 8/8, a list in any kind of brackets alike."""
    return str([str(item) for item in value]) if isinstance(value, list | tuple) else str(value)
