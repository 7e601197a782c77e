"""The aggregates: what each is, what a command makes of it, and what an event makes of it.

`decide(state, command)` answers the events a command causes, `()` where the wish is already true, or raises `Refused`.
`evolve(state, event)` answers the state after an event and never refuses: history is not up for debate. Both are pure.
"""

from collections.abc import Iterable
from itertools import accumulate
from typing import assert_never
from uuid import UUID

import attrs

from stampledger import commands, events, rewards, rules, stamping
from stampledger.cards import StampCard, Story, evolve_card
from stampledger.checks import whole
from stampledger.commands import CardCommand, CustomerCommand
from stampledger.errors import CardNotFound, CustomerNotFound, InvalidInput, RewardNotFound
from stampledger.events import Event
from stampledger.refusals import CardIsDeleted, CustomerIsForgotten
from stampledger.rewards import IssuedReward
from stampledger.values import Brand, CardTemplate, MessageChannel, Person, Voucher


@attrs.frozen(kw_only=True, slots=False)
class Coupon:
    """A voucher that lies on no card: a customer's, or the bearer's."""

    version: int = 1
    voucher: IssuedReward
    customer_id: UUID | None = None


@attrs.frozen(kw_only=True, slots=False)
class Customer:
    """Someone who holds cards."""

    version: int = 1
    person: Person | None = attrs.field(metadata=events.PERSONAL)
    forgotten: bool = False


@attrs.frozen(kw_only=True, slots=False)
class PublishedTemplate:
    """A card template as it stands: its newest version, whose number is the version of its stream."""

    version: int = 1
    key: str
    template: CardTemplate


@attrs.frozen(kw_only=True, slots=False)
class Campaign:
    """A campaign that can be sent to cards."""

    version: int = 1
    key: str
    name: str
    channels: tuple[MessageChannel, ...]
    text: str = ""
    voucher: Voucher | None = None


@attrs.frozen(kw_only=True, slots=False)
class BrandState:
    """How the business shows itself now."""

    version: int = 1
    brand: Brand


Aggregate = StampCard | Coupon | Customer | PublishedTemplate | Campaign | BrandState


# Cards.


def decide(card: StampCard | None, command: CardCommand) -> tuple[Event, ...]:
    """Answer *command* with the events it causes.

    Raises:
        Refused: A rule of the programme forbids the command.
        CardNotFound: The card does not exist yet.
        RewardNotFound: The command is about a reward that is not at hand.
    """
    told = _told(card, command)
    return tuple(told.events) if isinstance(told, Story) else told


def decided(card: StampCard | None, command: CardCommand) -> tuple[tuple[Event, ...], StampCard]:
    """Answer what `decide` does, and the card after these events: a story has come to it while it was told."""
    told = _told(card, command)
    if isinstance(told, Story):
        return tuple(told.events), told.card
    for event in told:
        card = evolve_card(card, event)
    assert card is not None
    return told, card


def _told(card: StampCard | None, command: CardCommand) -> Story | tuple[Event, ...]:
    if isinstance(command, (commands.IssueCard, commands.ImportCard)):
        return _begin(card, command)
    if card is None:
        raise CardNotFound(None)
    if isinstance(command, commands.DeleteCard):
        return () if card.deleted_at else (events.CardDeleted(at=command.at, reason=command.reason),)
    if card.deleted_at is not None:
        if isinstance(command, commands.AddStamps) and stamping.repeated(command):
            return ()
        raise CardIsDeleted()
    match command:
        case commands.AddStamps():
            return stamping.add_stamps(card, command)
        case commands.VoidStamps():
            return stamping.void_stamps(card, command)
        case commands.MoveToTemplate():
            return stamping.move_to_template(card, command)
        case commands.Expire():
            return _expire(card, command)
        case commands.PlayLottery() | commands.Redeem() | commands.VoidVoucher():
            return _use_reward(card, command)
        case commands.ReverseRedemption():
            return (
                rewards.reverse(_at_hand(card.rewards.get(command.voucher_id), command), command.at, command.reason),
            )
        case commands.IssueVoucher():
            return (_issue(command),)
        case commands.CelebrateBirthday():
            return stamping.celebrate(card, command)
        case commands.SendCampaign():
            return _send_campaign(command)
        case commands.SendMessage():
            return (events.MessageSent(at=command.at, channels=command.channels, text=command.text),)
        case commands.SaveToWallet():
            saved = command.platform in card.platforms
            return () if saved else (events.WalletSaved(at=command.at, platform=command.platform),)
        case commands.RemoveFromWallet():
            saved = command.platform in card.platforms
            return (events.WalletRemoved(at=command.at, platform=command.platform),) if saved else ()
        case _:
            assert_never(command)


def _begin(card: StampCard | None, command: commands.IssueCard | commands.ImportCard) -> tuple[Event, ...]:
    assert card is None, "a card is given out once"
    template = command.template
    expires_at = None if template.card_valid_for is None else command.at + template.card_valid_for
    if isinstance(command, commands.IssueCard):
        return (
            events.CardIssued(
                at=command.at,
                number=command.number,
                customer_id=command.customer_id,
                template_id=command.template_id,
                template_version=command.template_version,
                template_name=template.name,
                stamps_required=template.stamps_required,
                expires_at=expires_at,
            ),
        )
    whole(command.progress, "progress", 0, template.stamps_required)
    return (
        events.CardImported(
            at=command.at,
            source=command.source,
            external_id=command.external_id,
            number=command.number,
            customer_id=command.customer_id,
            template_id=command.template_id,
            template_version=command.template_version,
            template_name=template.name,
            progress=command.progress,
            stamps_required=template.stamps_required,
            goal_index=rules.next_goal(template, command.progress),
            expires_at=expires_at,
        ),
    )


def _use_reward(card: StampCard, command: commands.PlayLottery | commands.Redeem | commands.VoidVoucher) -> Story:
    """Use a reward or take it back; a full card that waited for it is let go."""
    story = Story(card, command.means)
    reward = _at_hand(card.rewards.get(_reward_of(command)), command)
    for event in _reward_events(reward, command, story.next_reward()):
        story.tell(event)
    stamping.tell_release(story, command.template, command.at)
    return story


def _reward_of(command: commands.PlayLottery | commands.Redeem | commands.VoidVoucher) -> UUID:
    return command.lottery_id if isinstance(command, commands.PlayLottery) else command.voucher_id


def _reward_events(
    reward: IssuedReward, command: commands.PlayLottery | commands.Redeem | commands.VoidVoucher, index: int = 0
) -> Iterable[rewards.RewardEvent]:
    match command:
        case commands.PlayLottery():
            return rewards.play(reward, command.at, command.draw, command.means, index)
        case commands.Redeem():
            return (rewards.redeem(reward, command.at),)
        case commands.VoidVoucher():
            return (rewards.void(reward, command.at, command.reason),)


def _at_hand(reward: IssuedReward | None, command: CardCommand) -> IssuedReward:
    if reward is None:
        raise RewardNotFound(getattr(command, "voucher_id", None) or getattr(command, "lottery_id", None))
    wanted = rewards.RewardKind.LOTTERY if isinstance(command, commands.PlayLottery) else rewards.RewardKind.VOUCHER
    if reward.kind is not wanted and not isinstance(command, commands.VoidVoucher):
        raise InvalidInput(f"{wanted}_id", str(reward.id), f"must be the id of a {wanted}; this is a {reward.kind}")
    if reward.kind is rewards.RewardKind.AWARD:
        raise InvalidInput("voucher_id", str(reward.id), "must not be an award, which has nothing to take back")
    return reward


def _issue(command: commands.IssueVoucher) -> events.VoucherIssued:
    issued = rewards.grant(
        command.voucher,
        command.at,
        command.means,
        0,
        command.source,
        origin_id=command.origin_id,
        customer_id=command.customer_id,
    )
    assert isinstance(issued, events.VoucherIssued)
    return issued


def _expire(card: StampCard, command: commands.Expire) -> tuple[Event, ...]:
    """Record what has lapsed, each at the instant it did and in that order; what was recorded is not recorded again."""
    story = Story(card, command.means)
    stamping.tell_due(story, command.template, command.at)
    due = [reward for reward in story.card.rewards.values() if rewards.expiry_due(reward, command.at)]
    over: list[Event] = [rewards.expire(reward) for reward in sorted(due, key=lambda reward: reward.id)]
    if card.expires_at is not None and card.expired_at(command.at) and not card.expired:
        over.append(events.CardExpired(at=card.expires_at))
    # What is over touches nothing in the story, which itself has to be told as it is.
    told = zip(accumulate((event.at for event in story.events), max), story.events, strict=True)
    timed = sorted((*told, *((event.at, event) for event in over)), key=lambda entry: entry[0])
    return tuple(event for _, event in timed)


def _send_campaign(command: commands.SendCampaign) -> tuple[Event, ...]:
    sent = events.CampaignSent(
        at=command.at, campaign_id=command.campaign_id, name=command.name, channels=command.channels
    )
    if command.voucher is None:
        return (sent,)
    gift = rewards.grant(
        command.voucher,
        command.at,
        command.means,
        0,
        events.RewardSource.CAMPAIGN,
        origin_id=command.campaign_id,
    )
    return sent, gift


# Coupons, customers, templates, campaigns, the brand.


def decide_coupon(
    coupon: Coupon | None,
    command: commands.IssueVoucher
    | commands.Redeem
    | commands.ReverseRedemption
    | commands.VoidVoucher
    | commands.Expire,
) -> tuple[Event, ...]:
    """Answer a command about a voucher that lies on no card.

    Raises:
        Refused: The voucher's state forbids it.
    """
    if isinstance(command, commands.IssueVoucher):
        assert coupon is None, "a coupon is issued once"
        return (_issue(command),)
    if coupon is None:
        raise RewardNotFound(None)
    match command:
        case commands.ReverseRedemption():
            return (rewards.reverse(coupon.voucher, command.at, command.reason),)
        case commands.Expire():
            return (rewards.expire(coupon.voucher),) if rewards.expiry_due(coupon.voucher, command.at) else ()
        case _:
            return tuple(_reward_events(coupon.voucher, command))


def decide_customer(customer: Customer | None, command: CustomerCommand) -> tuple[Event, ...]:
    """Answer a command about a customer.

    Raises:
        Refused: The customer was forgotten.
    """
    if isinstance(command, commands.RegisterCustomer):
        assert customer is None, "a customer is registered once"
        return (events.CustomerRegistered(at=command.at, person=command.person),)
    if customer is None:
        raise CustomerNotFound(None)
    if isinstance(command, commands.ForgetCustomer):
        return () if customer.forgotten else (events.CustomerForgotten(at=command.at),)
    if customer.forgotten:
        raise CustomerIsForgotten()
    if customer.person == command.person:
        return ()
    return (events.CustomerUpdated(at=command.at, person=command.person),)


def decide_template(
    published: PublishedTemplate | None, command: commands.PublishTemplate
) -> tuple[events.TemplatePublished, ...]:
    """Publish a version, unless the newest says the same already."""
    if published is not None and published.template == command.template:
        return ()
    return (events.TemplatePublished(at=command.at, key=command.key, template=command.template),)


def decide_brand(state: BrandState | None, command: commands.SetBrand) -> tuple[events.BrandSet, ...]:
    """Set the brand, unless it is so already."""
    if state is not None and state.brand == command.brand:
        return ()
    return (events.BrandSet(at=command.at, brand=command.brand),)


def decide_campaign(campaign: Campaign | None, command: commands.CreateCampaign) -> tuple[events.CampaignCreated, ...]:
    """Create a campaign, unless it exists already.

    Raises:
        InvalidInput: A campaign of this key says something else.
    """
    created = events.CampaignCreated(
        at=command.at,
        key=command.key,
        name=command.name,
        channels=command.channels,
        text=command.text,
        voucher=command.voucher,
    )
    if campaign is None:
        return (created,)
    if campaign != evolve(None, created):
        raise InvalidInput("campaign", command.key, "is an earlier campaign with another content")
    return ()


# What events make.


def evolve(state: Aggregate | None, event: Event) -> Aggregate:
    """Answer the aggregate after *event*, of whatever kind it is."""
    if isinstance(state, StampCard):
        return evolve_card(state, event)
    match event:
        case events.TemplatePublished():
            version = 1 if state is None else state.version + 1
            return PublishedTemplate(version=version, key=event.key, template=event.template)
        case events.BrandSet():
            return BrandState(version=1 if state is None else state.version + 1, brand=event.brand)
        case events.CampaignCreated():
            return Campaign(
                key=event.key, name=event.name, channels=event.channels, text=event.text, voucher=event.voucher
            )
        case events.CustomerRegistered():
            return Customer(person=event.person)
        case events.CustomerUpdated():
            assert isinstance(state, Customer)
            return attrs.evolve(state, version=state.version + 1, person=event.person)
        case events.CustomerForgotten():
            assert isinstance(state, Customer)
            return attrs.evolve(state, version=state.version + 1, person=None, forgotten=True)
        case _:
            if isinstance(state, Coupon) or (state is None and isinstance(event, events.VoucherIssued)):
                return _evolve_coupon(state, event)
            assert state is None
            return evolve_card(None, event)


def _evolve_coupon(coupon: Coupon | None, event: Event) -> Coupon:
    voucher = rewards.evolve_reward(None if coupon is None else coupon.voucher, event)
    assert voucher is not None
    if coupon is None:
        assert isinstance(event, events.VoucherIssued)
        return Coupon(voucher=voucher, customer_id=event.customer_id)
    return attrs.evolve(coupon, version=coupon.version + 1, voucher=voucher)


def replay(history: Iterable[Event]) -> Aggregate | None:
    """Fold a stream's events into the aggregate they make."""
    state: Aggregate | None = None
    for event in history:
        state = evolve(state, event)
    return state
