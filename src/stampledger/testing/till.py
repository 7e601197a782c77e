"""A till that works one card in memory, through `decide` and `evolve` alone, and remembers all that was told.

Wishes are what a generated test asks of it: "add one stamp more than the next goal needs", "void some credit", "wait
until the next thing expires". Only the till knows which card, reward and moment that is.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger import commands, rules
from stampledger.aggregates import decide, evolve
from stampledger.cards import StampCard
from stampledger.commands import CardCommand, FirstUse, Means
from stampledger.errors import Refused, StampledgerError
from stampledger.events import Event, RewardSource, StampAdded, StampsExpired, TemplateChanged
from stampledger.rewards import IssuedReward, RewardKind, RewardStatus
from stampledger.testing.life import Life
from stampledger.testing.supplies import Clock, means
from stampledger.testing.telling import history
from stampledger.values import CardTemplate, Platform, Voucher


class Kind(StrEnum):
    """What a wish asks for."""

    ADD = "add"
    REACH = "reach"  # As many stamps as the next goal still needs, and *number* more.
    PAY = "pay"  # An amount in minor units; a single stamp where the template does not earn by amount.
    VOID = "void"
    REDEEM = "redeem"
    REVERSE = "reverse"
    TAKE_BACK = "take_back"
    PLAY = "play"
    COUPON = "coupon"
    CELEBRATE = "celebrate"
    EXPIRE = "expire"
    SAVE = "save"


class Moment(StrEnum):
    """How much time passes before a wish is fulfilled."""

    STILL = "still"
    HOUR = "hour"
    DAY = "day"
    MIDNIGHT = "midnight"  # To the first instant of the next day in the business's zone.
    WEEK = "week"
    BACK = "back"  # An hour backwards, not to before the card was issued.
    EDGE = "edge"  # To the instant at which something lapses next, or at which a refused credit may be tried again.
    ALMOST = "almost"  # To just before it.


@attrs.frozen
class Wish:
    """Something asked of a till; *number* is taken modulo what there is to choose from."""

    kind: Kind
    number: int = 1
    moment: Moment = Moment.STILL


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of a command: events, or a refusal."""

    command: CardCommand
    before: StampCard
    events: tuple[Event, ...] = ()
    refusal: StampledgerError | None = None


@attrs.frozen(kw_only=True)
class Credited:
    """A credit on the card, as a void needs it."""

    scan: int
    version: int
    event: StampAdded


_SPANS: Mapping[Moment, timedelta] = {
    Moment.STILL: timedelta(0),
    Moment.HOUR: timedelta(hours=1),
    Moment.DAY: timedelta(days=1),
    Moment.WEEK: timedelta(weeks=1),
    Moment.BACK: timedelta(hours=-1),
}

TEMPLATE_ID = UUID(int=7)


class Till:
    """One card of one template, worked by decide and evolve."""

    def __init__(self, template: CardTemplate, zone: str = "UTC", at: datetime | None = None) -> None:
        self.template: CardTemplate = template
        self.zone = zone
        self.clock: Clock = Clock() if at is None else Clock(at)
        self.history: list[Event] = []
        self.states: list[StampCard] = []  # The card after each event.
        self.templates: list[CardTemplate] = []  # The version each event happened under.
        self.credits: list[Credited] = []  # Those that were not voided.
        self.decisions: int = 0
        self.retry_at: datetime | None = None  # When the wish refused last may be tried again.
        self.do(
            commands.IssueCard(
                at=self.clock(),
                number=113_772,
                customer_id=None,
                template_id=TEMPLATE_ID,
                template_version=1,
                template=template,
            )
        )

    @property
    def card(self) -> StampCard:
        """The card as it stands."""
        return self.states[-1]

    @property
    def rewards(self) -> list[IssuedReward]:
        """All rewards the card ever got, in the order they were given."""
        return list(self.card.rewards.values())

    @property
    def life(self) -> Life:
        """All that was told of the card, as the laws read it."""
        return Life(zone=self.zone, history=self.history, states=self.states, templates=self.templates)

    def live_rewards(self) -> list[IssuedReward]:
        """Answer the rewards that were not taken back."""
        return [reward for reward in self.rewards if reward.status is not RewardStatus.VOIDED]

    def means(self) -> Means:
        """Answer what the next decision may give out."""
        return means(self.decisions, self.zone)

    def do(self, command: CardCommand) -> tuple[Event, ...]:
        """Decide a command and let the card become what its events say.

        Raises:
            Refused: A rule says no, and nothing changed.
        """
        self.asked = command
        told = decide(self.states[-1] if self.states else None, command)
        self.decisions += 1
        for event in told:
            state = evolve(self.states[-1] if self.states else None, event)
            assert isinstance(state, StampCard)
            self.history.append(event)
            self.states.append(state)
            self.templates.append(command.template if isinstance(command, commands.MoveToTemplate) else self.template)
            if isinstance(event, StampAdded):
                self.credits.append(Credited(scan=len(self.history), version=state.version, event=event))
        return told

    def __repr__(self) -> str:
        return f"Till, worked to:\n{history(self.history)}\n"

    def fork(self) -> "Till":
        """Answer a second till with the same card, to compare two ways on from here."""
        twin: Till = object.__new__(Till)
        twin.__dict__.update(
            vars(self),
            clock=Clock(self.clock()),
            history=list(self.history),
            states=list(self.states),
            templates=list(self.templates),
            credits=list(self.credits),
        )
        return twin

    # What a test asks for by name.

    def add(
        self,
        count: int | None = None,
        *,
        amount_minor: int | None = None,
        code: str | None = None,
        first_use: FirstUse | None = None,
    ) -> tuple[Event, ...]:
        """Credit stamps, or what an amount is worth."""
        return self.do(
            commands.AddStamps(
                at=self.clock(),
                template=self.template,
                means=self.means(),
                count=count,
                amount_minor=amount_minor,
                code=code,
                first_use=first_use,
            )
        )

    def void(self, which: int = -1, reason: str = "") -> tuple[Event, ...]:
        """Take back a credit, by its place among those that still stand."""
        credited = self.credits[which]
        recorded = (event for event in self.history if isinstance(event, StampsExpired))
        lapsed = sum(count for event in recorded for version, count in event.credits if version == credited.version)
        told = self.do(
            commands.VoidStamps(
                at=self.clock(),
                template=self.template,
                scan=credited.scan,
                undone=credited.event,
                credit_version=credited.version,
                means=self.means(),
                expired=lapsed,
                moved=any(isinstance(event, TemplateChanged) for event in self.history[credited.version :]),
                reason=reason,
            )
        )
        self.credits.remove(credited)
        return told

    def redeem(self, which: int = -1) -> tuple[Event, ...]:
        """Use a voucher, by its place among the card's rewards."""
        return self.do(
            commands.Redeem(
                at=self.clock(), voucher_id=self.rewards[which].id, template=self.template, means=self.means()
            )
        )

    def reverse(self, which: int = -1) -> tuple[Event, ...]:
        """Take a redemption back."""
        return self.do(commands.ReverseRedemption(at=self.clock(), voucher_id=self.rewards[which].id))

    def take_back(self, which: int = -1) -> tuple[Event, ...]:
        """Void a voucher or lottery by hand."""
        return self.do(
            commands.VoidVoucher(
                at=self.clock(), voucher_id=self.rewards[which].id, template=self.template, means=self.means()
            )
        )

    def play(self, which: int = -1, draw: int = 0) -> tuple[Event, ...]:
        """Draw a lottery."""
        return self.do(
            commands.PlayLottery(
                at=self.clock(),
                lottery_id=self.rewards[which].id,
                draw=draw,
                means=self.means(),
                template=self.template,
            )
        )

    def coupon(self, voucher: Voucher) -> tuple[Event, ...]:
        """Give a voucher by hand."""
        return self.do(
            commands.IssueVoucher(at=self.clock(), voucher=voucher, source=RewardSource.COUPON, means=self.means())
        )

    def celebrate(self, year: int | None = None) -> tuple[Event, ...]:
        """Give the birthday gift of a year."""
        return self.do(
            commands.CelebrateBirthday(
                at=self.clock(), year=year or self.clock().year, template=self.template, means=self.means()
            )
        )

    def expire(self) -> tuple[Event, ...]:
        """Record what has lapsed by now."""
        return self.do(commands.Expire(at=self.clock(), template=self.template, means=self.means()))

    def move(self, template: CardTemplate, *, force: bool = False) -> tuple[Event, ...]:
        """Move the card to another version of its template."""
        told = self.do(
            commands.MoveToTemplate(
                at=self.clock(),
                old=self.template,
                template=template,
                template_id=TEMPLATE_ID,
                template_version=self.card.template_version + 1,
                means=self.means(),
                force=force,
            )
        )
        self.template = template
        return told

    def save(self, platform: Platform = Platform.APPLE) -> tuple[Event, ...]:
        """Keep the card on a platform."""
        return self.do(commands.SaveToWallet(at=self.clock(), platform=platform))

    # What a generated test asks for.

    def perform(self, wish: Wish) -> Outcome | None:
        """Fulfil a wish; None where there is nothing it could be about, such as a void without a credit."""
        self._let_pass(wish.moment)
        before = self.card
        act = _ACTS[wish.kind](self, wish.number)
        if act is None:
            return None
        try:
            return Outcome(events=act(), command=self.asked, before=before)
        except StampledgerError as refusal:
            self.retry_at = refusal.retry_at if isinstance(refusal, Refused) else None
            return Outcome(command=self.asked, before=before, refusal=refusal)

    def next_edge(self) -> datetime | None:
        """Answer when something of the card lapses next: stamps, a voucher or the card."""
        card = self.card
        edges = [credit.expires_at for credit in card.credits if credit.live]
        lapsing = (RewardStatus.ACTIVE, RewardStatus.EXPIRED)
        edges += [reward.expires_at for reward in self.rewards if reward.status in lapsing]
        edges += [card.expires_at, self.retry_at]
        return min((edge for edge in edges if edge is not None and edge > self.clock()), default=None)

    def _let_pass(self, moment: Moment) -> None:
        if moment is Moment.MIDNIGHT:
            zone = ZoneInfo(self.zone)
            self.clock.at = rules.start_of_day(rules.local_day(self.clock(), zone) + timedelta(days=1), zone)
            return
        edge = self.next_edge() if moment in (Moment.EDGE, Moment.ALMOST) else None
        if edge is not None:
            self.clock.at = edge - (timedelta(microseconds=1) if moment is Moment.ALMOST else timedelta(0))
        else:
            self.clock.at = max(self.clock() + _SPANS.get(moment, timedelta(hours=3)), self.card.issued_at)

    def _missing(self) -> int:
        now = self.fork()
        now.expire()
        return rules.stamps_missing(self.template, now.card.standing.progress)

    def _pick(self, number: int, *wanted: RewardKind) -> int | None:
        """Answer the place of one of the rewards of a kind, the latest first."""
        fitting = [place for place, reward in enumerate(self.rewards) if reward.kind in wanted]
        return fitting[-1 - number % len(fitting)] if fitting else None


Act = Callable[[], tuple[Event, ...]]


def _about_reward(
    act: Callable[[Till, int], tuple[Event, ...]], *wanted: RewardKind
) -> Callable[[Till, int], Act | None]:
    def make(till: Till, number: int) -> Act | None:
        which = till._pick(number, *wanted)
        return None if which is None else lambda: act(till, which)

    return make


def _void(till: Till, number: int) -> Act | None:
    count = len(till.credits)
    return (lambda: till.void(-1 - number % count)) if count else None


def _pay(till: Till, number: int) -> Act:
    rule = till.template.per_amount
    return till.add if rule is None else lambda: till.add(amount_minor=number * rule.unit_minor // 7)


def _play(till: Till, number: int) -> Act | None:
    which = till._pick(number, RewardKind.LOTTERY)
    if which is None:
        return None
    starts = list(accumulate((int(variant.percentage * 10**7) for variant in till.rewards[which].variants), initial=0))
    # Even numbers draw where a share begins, odd ones just before that, which is where a draw is most easily mistaken.
    draw = starts[number // 2 % len(starts)] - number % 2
    return lambda: till.play(which, draw % rules.DRAW_TOTAL)


def _coupon(till: Till, number: int) -> Act:
    days = timedelta(days=number) if number else None
    return lambda: till.coupon(Voucher(title="Sorry", valid_for=days))


_ACTS: Mapping[Kind, Callable[[Till, int], Act | None]] = {
    Kind.ADD: lambda till, number: lambda: till.add(1 + number % 4),
    Kind.REACH: lambda till, number: lambda: till.add(max(1, till._missing() + number % 5 - 1)),
    Kind.PAY: _pay,
    Kind.VOID: _void,
    Kind.REDEEM: _about_reward(Till.redeem, RewardKind.VOUCHER),
    Kind.REVERSE: _about_reward(Till.reverse, RewardKind.VOUCHER),
    Kind.TAKE_BACK: _about_reward(Till.take_back, RewardKind.VOUCHER, RewardKind.LOTTERY),
    Kind.PLAY: _play,
    Kind.COUPON: _coupon,
    Kind.CELEBRATE: lambda till, number: lambda: till.celebrate(2024 + number),
    Kind.EXPIRE: lambda till, number: till.expire,
    Kind.SAVE: lambda till, number: lambda: till.save(tuple(Platform)[number % len(Platform)]),
}
