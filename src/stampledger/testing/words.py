"""The words of a scene: one for each command about a card, in the form of a wish, and once more in the past.

`stamped("R-1")` and `add_stamps("R-1")` are the same word: the one reads well where a scene says what was, the other
where it says what is asked. A reward is named by its title; without one it is the oldest that can still be used.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import attrs

from stampledger import commands, events
from stampledger.errors import CardNotFound
from stampledger.events import Event, RewardSource
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.testing.stage import NUMBER, TEMPLATE_ID, Stage
from stampledger.values import Award, CardTemplate, MessageChannel, Platform, Voucher

CAMPAIGN_ID = UUID(int=9)


@attrs.frozen
class Word:
    """Something that was done, or is to be done: how it reads, and what it does on stage."""

    says: str
    act: Callable[[Stage], tuple[Event, ...]] = attrs.field(repr=False)
    is_wish: bool = True  # It asks something of the card, and is no more than a turn of the scene otherwise.


def _word(name: str, act: Callable[[Stage], tuple[Event, ...]], *arguments: object) -> Word:
    told = ", ".join(_said(argument) for argument in arguments if argument not in (None, False, ""))
    return Word(f"{name} {told}".rstrip(), act)


def _turn(name: str, turn: Callable[[Stage], object], argument: object) -> Word:
    def act(stage: Stage) -> tuple[Event, ...]:
        turn(stage)
        return ()

    return Word(f"{name} {argument}", act, is_wish=False)


def _said(argument: object) -> str:
    return argument.name if isinstance(argument, CardTemplate) else str(argument)


# Time, and what lies outside the card.


def later(**span: float) -> Word:
    """Let time pass: `later(days=31)`, in the words of `timedelta`; a negative one steps back."""
    passed = timedelta(**span)
    told = (f"{count:g} {unit.removesuffix('s') if count == 1 else unit}" for unit, count in span.items())
    return _turn("later", lambda stage: stage.clock.wait(passed), ", ".join(told))


def on(moment: datetime) -> Word:
    """Go on at a moment, with its zone."""
    return _turn("on", lambda stage: setattr(stage.clock, "at", moment), moment)


def used_elsewhere(code: str) -> Word:
    """Another card used a code."""
    return _turn("used elsewhere", lambda stage: stage.used_elsewhere.setdefault(code, stage.now), code)


# The card and its stamps.


def issue_card() -> Word:
    """Give the card out."""

    def act(stage: Stage) -> tuple[Event, ...]:
        return stage.do(
            commands.IssueCard(
                at=stage.now,
                number=NUMBER,
                customer_id=None,
                template_id=TEMPLATE_ID,
                template_version=1,
                template=stage.template,
            )
        )

    return _word("issue card", act)


def import_card(progress: int, source: str = "old system") -> Word:
    """Bring the card over from another system, with its progress there."""

    def act(stage: Stage) -> tuple[Event, ...]:
        return stage.do(
            commands.ImportCard(
                at=stage.now,
                source=source,
                external_id="1",
                number=NUMBER,
                progress=progress,
                customer_id=None,
                template_id=TEMPLATE_ID,
                template_version=1,
                template=stage.template,
            )
        )

    return _word("import card", act, progress, source)


def add_stamps(code: str | None = None, count: int | None = None, *, amount: Decimal | str | int | None = None) -> Word:
    """Credit a stamp, or *count* of them, or what an amount is worth; for a code, where there is one."""

    def act(stage: Stage) -> tuple[Event, ...]:
        return stage.do(
            commands.AddStamps(
                at=stage.now,
                template=stage.template,
                means=stage.means(),
                count=count,
                amount_minor=stage.minor_units(amount),
                code=code,
                first_use=stage.first_use(code),
            )
        )

    return _word("add stamps", act, code, count, amount and f"for {amount}")


def void_stamps(which: str | int | None = None, *, reason: str = "") -> Word:
    """Take back a credit: named by its code, by its number from 1, or the latest. A second time changes nothing."""

    def act(stage: Stage) -> tuple[Event, ...]:
        credit = stage.credit(which)
        if stage.void_of(credit) is not None:
            return ()
        return stage.do(
            commands.VoidStamps(
                at=stage.now,
                template=stage.template,
                scan=credit.version,
                undone=credit.event,
                credit_version=credit.version,
                means=stage.means(),
                expired=stage.lapsed_of(credit),
                moved=stage.moved_since(credit),
                reason=reason,
            )
        )

    return _word("void stamps", act, which, reason)


def expire() -> Word:
    """Record what has lapsed by now."""

    def act(stage: Stage) -> tuple[Event, ...]:
        return stage.do(commands.Expire(at=stage.now, template=stage.template, means=stage.means()))

    return _word("expire", act)


def move_to_template(template: CardTemplate, *, force: bool = False) -> Word:
    """Move the card to another version of its template."""

    def act(stage: Stage) -> tuple[Event, ...]:
        if stage.card is None:
            raise CardNotFound(None)
        told = stage.do(
            commands.MoveToTemplate(
                at=stage.now,
                old=stage.template,
                template=template,
                template_id=TEMPLATE_ID,
                template_version=stage.card.template_version + 1,
                means=stage.means(),
                force=force,
            )
        )
        stage.template = template
        return told

    return _word("move to template", act, template, force and "by force")


def delete_card(reason: str = "") -> Word:
    """Take the card out of use."""
    return _word("delete card", lambda stage: stage.do(commands.DeleteCard(at=stage.now, reason=reason)), reason)


# Rewards.


def redeem(title: str | None = None) -> Word:
    """Use a voucher."""

    def act(stage: Stage) -> tuple[Event, ...]:
        voucher = stage.reward(RewardKind.VOUCHER, title)
        return stage.do(
            commands.Redeem(at=stage.now, voucher_id=voucher.id, template=stage.template, means=stage.means())
        )

    return _word("redeem", act, title)


def reverse_redemption(title: str | None = None, *, reason: str = "") -> Word:
    """Take a redemption back."""

    def act(stage: Stage) -> tuple[Event, ...]:
        voucher = stage.reward(RewardKind.VOUCHER, title, [RewardStatus.REDEEMED])
        return stage.do(commands.ReverseRedemption(at=stage.now, voucher_id=voucher.id, reason=reason))

    return _word("reverse redemption", act, title, reason)


def void_voucher(title: str | None = None, *, reason: str = "") -> Word:
    """Take a voucher back."""
    return _void_reward("void voucher", RewardKind.VOUCHER, title, reason)


def void_lottery(title: str | None = None, *, reason: str = "") -> Word:
    """Take a lottery back."""
    return _void_reward("void lottery", RewardKind.LOTTERY, title, reason)


def _void_reward(name: str, kind: RewardKind, title: str | None, reason: str) -> Word:
    def act(stage: Stage) -> tuple[Event, ...]:
        reward = stage.reward(kind, title)
        return stage.do(
            commands.VoidVoucher(
                at=stage.now, voucher_id=reward.id, template=stage.template, means=stage.means(), reason=reason
            )
        )

    return _word(name, act, title, reason)


def play_lottery(outcome: str | int = 0, *, title: str | None = None) -> Word:
    """Draw a lottery: *outcome* is the name of the variant that drops, or the draw itself in billionths."""

    def act(stage: Stage) -> tuple[Event, ...]:
        lottery = stage.reward(RewardKind.LOTTERY, title)
        return stage.do(
            commands.PlayLottery(
                at=stage.now,
                lottery_id=lottery.id,
                draw=stage.draw_of(lottery, outcome),
                means=stage.means(),
                template=stage.template,
            )
        )

    return _word("play lottery", act, outcome, title)


def issue_coupon(voucher: Voucher) -> Word:
    """Give a voucher by hand."""

    def act(stage: Stage) -> tuple[Event, ...]:
        return stage.do(
            commands.IssueVoucher(at=stage.now, voucher=voucher, source=RewardSource.COUPON, means=stage.means())
        )

    return _word("issue coupon", act, voucher.title)


def celebrate_birthday(year: int | None = None) -> Word:
    """Give the birthday gift of a year, which is given once."""

    def act(stage: Stage) -> tuple[Event, ...]:
        wanted = year or stage.now.year
        if any(event.year == wanted for event in stage.told(events.BirthdayReached)):
            return ()
        return stage.do(
            commands.CelebrateBirthday(at=stage.now, year=wanted, template=stage.template, means=stage.means())
        )

    return _word("celebrate birthday", act, year)


# What is sent or marked.


def send_campaign(
    name: str, voucher: Voucher | Award | None = None, channels: Iterable[MessageChannel | str] = ("push",)
) -> Word:
    """Send a campaign, with a gift where there is one; a card is sent it once."""
    chosen = tuple(MessageChannel(channel) for channel in channels)

    def act(stage: Stage) -> tuple[Event, ...]:
        if any(event.name == name for event in stage.told(events.CampaignSent)):
            return ()
        return stage.do(
            commands.SendCampaign(
                at=stage.now,
                campaign_id=CAMPAIGN_ID,
                name=name,
                channels=chosen,
                voucher=voucher,
                means=stage.means(),
            )
        )

    return _word("send campaign", act, name, voucher and voucher.title)


def send_message(text: str, channels: Iterable[MessageChannel | str] = ("push",)) -> Word:
    """Send a personal message."""
    chosen = tuple(MessageChannel(channel) for channel in channels)
    return _word(
        "send message",
        lambda stage: stage.do(commands.SendMessage(at=stage.now, channels=chosen, text=text)),
        repr(text),
    )


def save_to_wallet(platform: Platform | str = Platform.APPLE) -> Word:
    """Keep the card on a platform."""
    chosen = Platform(platform)
    return _word("save to wallet", lambda stage: stage.do(commands.SaveToWallet(at=stage.now, platform=chosen)), chosen)


def remove_from_wallet(platform: Platform | str = Platform.APPLE) -> Word:
    """Stop keeping the card on a platform."""
    chosen = Platform(platform)
    return _word(
        "remove from wallet", lambda stage: stage.do(commands.RemoveFromWallet(at=stage.now, platform=chosen)), chosen
    )


# The same words in the past.

issued = issue_card
imported = import_card
stamped = add_stamps
voided = void_stamps
expired = expire
moved = move_to_template
deleted = delete_card
redeemed = redeem
reversed_redemption = reverse_redemption
voided_voucher = void_voucher
voided_lottery = void_lottery
played = play_lottery
coupon = issue_coupon
celebrated = celebrate_birthday
campaigned = send_campaign
messaged = send_message
saved = save_to_wallet
removed = remove_from_wallet
