"""One card, twice: as it really went, and as it would have gone under other rules."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger import commands, events
from stampledger.aggregates import decided
from stampledger.cards import StampCard, evolve_card
from stampledger.commands import CardCommand, Means
from stampledger.errors import Refused, StampledgerError
from stampledger.events import Event
from stampledger.rewards import IssuedReward, RewardKind, RewardStatus
from stampledger.values import CardTemplate
from stampledger.whatif.codes import Codes, Use
from stampledger.whatif.supplies import as_given
from stampledger.whatif.wishes import Wish, asked_for

_NEVER = datetime.max.replace(tzinfo=UTC)


def settled(card: StampCard, template: CardTemplate, at: datetime, scan: int, zone: ZoneInfo) -> StampCard:
    """Answer the card with whatever has lapsed by a moment, recorded or not."""
    if card.deleted_at is not None:
        return card
    return decided(card, commands.Expire(at=at, template=template, means=as_given(scan, (), zone)))[1]


@attrs.frozen
class Credited:
    """A credit, as a void needs it."""

    event: events.StampAdded
    version: int
    use: Use | None


class Twin:
    """A card that is decided anew, wish by wish; until its rules change, it takes what really happened as it was."""

    def __init__(self, card_id: UUID, codes: Codes) -> None:
        self.card_id = card_id
        self.state: StampCard | None = None
        self.template: CardTemplate | None = None
        self.refused: Counter[str] = Counter()  # Credits, by the rule that said no.
        self.unmet: Counter[str] = Counter()  # Other wishes that nothing could be done about, by what was asked.
        self._codes = codes
        self._credits: dict[int, Credited] = {}
        self._lapsed: Counter[int] = Counter()
        self._moved_at = 0  # The version at which it came to its template.
        self._stands_for: dict[UUID, UUID] = {}

    @property
    def card(self) -> StampCard:
        """The card as it stands."""
        assert self.state is not None
        return self.state

    # What really happened, as it was.

    def take(self, wish: Wish, template: CardTemplate) -> None:
        """Let what really happened happen here, too; *template* is the card's after it."""
        if self.template is None:
            self.template = template
        for event in wish.told:
            if isinstance(event, events.TemplateChanged):
                self.template = template
            if isinstance(event, events.StampRejected):
                self.refused[event.rule] += 1
            if isinstance(event, events.VoucherRedeemed):
                self._stands_for[event.voucher_id] = event.voucher_id
            self._become(event, wish)

    def move(self, template: CardTemplate, at: datetime, seq: int, zone: ZoneInfo) -> None:
        """Put the card under other rules from a moment on, as a forced move does."""
        assert self.template is not None
        if template == self.template or self.card.deleted_at is not None:
            return
        command = commands.MoveToTemplate(
            at=at,
            old=self.template,
            template=template,
            template_id=self.card.template_id,
            template_version=self.card.template_version,
            means=as_given(seq, (), zone),
            force=True,
        )
        told, _ = decided(self.state, command)
        self.template = template
        for event in told:
            self._become(event, None)

    # What was asked, decided anew.

    def decide(self, wish: Wish, rules: "CardRules", real: StampCard | None, zone: ZoneInfo) -> None:
        """Answer a wish by the rules this card is under; *real* is the real card before it."""
        asked = wish.asked
        if isinstance(asked, events.CardIssued | events.CardImported):
            self._begin(wish, rules, zone)
        elif isinstance(asked, events.StampAdded | events.StampRejected):
            self._credit(wish, rules, asked, zone)
        elif isinstance(asked, events.TemplateChanged):
            self._change(wish, rules, asked, zone)
        elif type(asked) in _COMMANDS:
            command = _COMMANDS[type(asked)](self, wish, real, as_given(wish.scan, wish.given, zone))
            if command is None or not self._do(command, wish):
                self.unmet[_named(asked)] += 1
        elif isinstance(asked, events.VoucherExpired | events.StampsExpired | events.CardExpired):
            self._do(self._expire(wish, zone), wish)
        else:  # No template has a say in it.
            for event in wish.told:
                self._become(event, wish)

    def _begin(self, wish: Wish, rules: "CardRules", zone: ZoneInfo) -> None:
        event = wish.asked
        assert isinstance(event, events.CardIssued | events.CardImported)
        self.template = rules.now
        if not isinstance(event, events.CardImported):
            command: CardCommand = commands.IssueCard(
                at=event.at,
                number=event.number,
                customer_id=event.customer_id,
                template_id=event.template_id,
                template_version=event.template_version,
                template=rules.now,
            )
            self._do(command, wish)
            return
        fits = event.progress <= rules.now.stamps_required
        self.template = rules.now if fits else rules.real
        command = commands.ImportCard(
            at=event.at,
            source=event.source,
            external_id=event.external_id,
            number=event.number,
            progress=event.progress,
            customer_id=event.customer_id,
            template_id=event.template_id,
            template_version=event.template_version,
            template=self.template,
        )
        self._do(command, wish)
        self.move(rules.now, event.at, wish.seq, zone)  # More stamps than the card holds are carried over.

    def _credit(
        self, wish: Wish, rules: "CardRules", event: events.StampAdded | events.StampRejected, zone: ZoneInfo
    ) -> None:
        template = self.template
        assert template is not None
        count, amount = asked_for(event, rules.real_before)
        if amount is not None and template.per_amount is not None:
            count = None  # These rules go by the amount.
            amount = _rescaled(amount, rules.real_before, template)
        use = None
        if event.code is not None:
            use = self._codes.first_use(event.code, template, self.card, self.card_id)
        command = commands.AddStamps(
            at=event.at,
            template=template,
            means=as_given(wish.scan, wish.given, zone),
            count=count,
            amount_minor=amount,
            code=event.code,
            first_use=use,
        )
        try:
            told, _ = decided(self.state, command)
        except Refused as refusal:
            self.refused[refusal.code] += 1
            standing = self.card.standing
            rejected = events.StampRejected(
                at=event.at,
                code=event.code,
                rule=refusal.code,
                reason="",
                progress=standing.progress,
                stamps_required=self.card.stamps_required,
            )
            self._become(rejected, wish)
        except StampledgerError as refusal:
            self.refused[refusal.code] += 1
        else:
            for each in told:
                self._become(each, wish)

    def _change(self, wish: Wish, rules: "CardRules", event: events.TemplateChanged, zone: ZoneInfo) -> None:
        if rules.stays:  # Both versions are replaced by the same rules.
            self.state = attrs.evolve(self.card, template_id=event.template_id, template_version=event.template_version)
            return
        assert self.template is not None
        command = commands.MoveToTemplate(
            at=event.at,
            old=self.template,
            template=rules.now,
            template_id=event.template_id,
            template_version=event.template_version,
            means=as_given(wish.scan, wish.given, zone),
            force=event.forced,
        )
        before, self.template = self.template, rules.now
        if not self._do(command, wish):
            self.template = before
            self.unmet[_named(event)] += 1

    def _do(self, command: CardCommand, wish: Wish | None) -> bool:
        try:
            told, _ = decided(self.state, command)
        except StampledgerError:
            return False
        for event in told:
            self._become(event, wish)
        return True

    def _become(self, event: Event, wish: Wish | None) -> None:
        before = self.state
        self.state = after = evolve_card(before, event)
        match event:
            case events.StampAdded():
                assert wish is not None and before is not None and self.template is not None
                use = None
                if event.code is not None:
                    use = Use(self.card_id, wish.scan, event)
                    self._codes.claim(event.code, self.template, before, use)
                self._credits.setdefault(wish.scan, Credited(event, after.version, use))
            case events.StampsExpired():
                self._lapsed.update(dict(event.credits))
            case events.TemplateChanged():
                self._moved_at = after.version
            case events.StampVoided():
                credited = self._credits.get(event.scan)
                if credited is not None and credited.use is not None:
                    credited.use.voided = event.missing == 0

    # Commands, from what tells of them. None where there is nothing they could be about.

    def _void(self, wish: Wish, real: StampCard | None, means: Means) -> CardCommand | None:
        event = wish.asked
        assert isinstance(event, events.StampVoided) and self.template is not None
        undone = self._credits.get(event.scan)
        if undone is None:
            return None
        return commands.VoidStamps(
            at=event.at,
            template=self.template,
            scan=event.scan,
            undone=undone.event,
            credit_version=undone.version,
            means=means,
            expired=0 if undone.event.expires_at is None else self._lapsed[undone.version],
            moved=undone.version < self._moved_at,
            cancelled_by=event.cancelled_by,
            reason=event.reason,
        )

    def _celebrate(self, wish: Wish, real: StampCard | None, means: Means) -> CardCommand:
        event = wish.asked
        assert isinstance(event, events.BirthdayReached) and self.template is not None
        return commands.CelebrateBirthday(at=event.at, year=event.year, template=self.template, means=means)

    def _expire(self, wish: Wish, zone: ZoneInfo) -> CardCommand:
        return commands.Expire(at=wish.asked.at, template=self.template, means=as_given(wish.scan, wish.given, zone))

    def _play(self, wish: Wish, real: StampCard | None, means: Means) -> CardCommand | None:
        event = wish.asked
        assert isinstance(event, events.LotteryPlayed)
        lottery = self._instead(wish, real, RewardStatus.GRANTED)
        if lottery is None:
            return None
        return commands.PlayLottery(
            at=event.at, lottery_id=lottery.id, draw=event.draw, means=means, template=self.template
        )

    def _redeem(self, wish: Wish, real: StampCard | None, means: Means) -> CardCommand | None:
        voucher = self._instead(wish, real, RewardStatus.ACTIVE)
        if voucher is None:
            return None
        return commands.Redeem(at=wish.asked.at, voucher_id=voucher.id, template=self.template, means=means)

    def _reverse(self, wish: Wish, real: StampCard | None, means: Means) -> CardCommand | None:
        event = wish.asked
        assert isinstance(event, events.RedemptionReversed)
        voucher_id = self._stands_for.get(event.voucher_id)
        if voucher_id is None:
            return None
        return commands.ReverseRedemption(at=event.at, voucher_id=voucher_id, reason=event.reason)

    def _take_back(self, wish: Wish, real: StampCard | None, means: Means) -> CardCommand | None:
        event = wish.asked
        assert isinstance(event, events.VoucherVoided | events.LotteryVoided)
        voided = isinstance(event, events.VoucherVoided)
        reward = self._instead(wish, real, RewardStatus.ACTIVE if voided else RewardStatus.GRANTED)
        if reward is None:
            return None
        return commands.VoidVoucher(
            at=event.at, voucher_id=reward.id, template=self.template, means=means, reason=event.reason
        )

    def _instead(self, wish: Wish, real: StampCard | None, wanted: RewardStatus) -> IssuedReward | None:
        """Answer the reward that a wish about a real one is about here; None where there is none.

        It is the one of the same scan and place, else one of the same title, else one that was given for the same
        reason; of several the one that expires first.
        """
        assert wish.reward is not None and real is not None
        meant, at = real.rewards[wish.reward], wish.asked.at
        usable = [
            reward
            for reward in self.card.rewards.values()
            if reward.kind is meant.kind
            and reward.kind is not RewardKind.AWARD
            and reward.status_at(at) is wanted
            and reward.issued_at <= at
            and (reward.title == meant.title or reward.source is meant.source)
        ]
        if not usable:
            return None
        chosen = min(
            usable,
            key=lambda reward: (
                reward.id != meant.id,
                reward.title != meant.title,
                reward.expires_at or _NEVER,
                reward.issued_at,
                reward.id,
            ),
        )
        self._stands_for[meant.id] = chosen.id
        return chosen


@attrs.frozen
class CardRules:
    """The template a card is under at a wish: in truth, and here."""

    real_before: CardTemplate  # Before what really happened; of a card that begins, the one it is given out under.
    real: CardTemplate  # After it.
    now: CardTemplate  # What stands for it here.
    stays: bool = False  # A move that changes no rule here.


def _rescaled(amount: int, before: CardTemplate, after: CardTemplate) -> int:
    """Answer an amount in the minor units of other rules."""
    assert after.per_amount is not None
    places = after.per_amount.decimals - (2 if before.per_amount is None else before.per_amount.decimals)
    return int(amount * 10**places if places >= 0 else amount // 10**-places)


def _named(event: Event) -> str:
    return _NAMES.get(type(event), "move")


_NAMES: Mapping[type[Event], str] = {
    events.StampVoided: "void",
    events.BirthdayReached: "birthday",
    events.LotteryPlayed: "play",
    events.VoucherRedeemed: "redeem",
    events.RedemptionReversed: "reverse",
    events.VoucherVoided: "take_back",
    events.LotteryVoided: "take_back",
    events.TemplateChanged: "move",
}

_COMMANDS: Mapping[type[Event], Callable[[Twin, Wish, StampCard | None, Means], CardCommand | None]] = {
    events.StampVoided: Twin._void,
    events.BirthdayReached: Twin._celebrate,
    events.LotteryPlayed: Twin._play,
    events.VoucherRedeemed: Twin._redeem,
    events.RedemptionReversed: Twin._reverse,
    events.VoucherVoided: Twin._take_back,
    events.LotteryVoided: Twin._take_back,
}
