"""
The other streams: cards brought over, coupons, customers, templates, campaigns and the brand.
"""

from datetime import timedelta
from uuid import UUID

import pytest

from stampledger import commands, events
from stampledger.aggregates import (
    BrandState,
    Campaign,
    Coupon,
    Customer,
    PublishedTemplate,
    decide,
    decide_brand,
    decide_campaign,
    decide_coupon,
    decide_customer,
    decide_template,
    evolve,
    replay,
)
from stampledger.cards import StampCard
from stampledger.errors import CardNotFound, CustomerNotFound, InvalidInput, RewardNotFound
from stampledger.events import RewardSource
from stampledger.refusals import CustomerIsForgotten, VoucherIsExpired, VoucherIsRedeemed, VoucherIsVoided
from stampledger.testing import START, Till, means
from stampledger.values import Award, Brand, MessageChannel, Person, Platform, Voucher
from tests.core.shop import at, coffee, kinds, progress

ANNA = Person(name="Anna", email="anna@example.com")
SOMEONE = UUID(int=42)


def imported(progress: int) -> commands.ImportCard:
    return commands.ImportCard(
        at=START,
        source="old system",
        external_id="A-1",
        number=113_772,
        progress=progress,
        customer_id=SOMEONE,
        template_id=UUID(int=1),
        template_version=2,
        template=coffee(3, 8),
    )


def test_card_brought_over():
    """
    A card from another system begins with its opening progress, and its goals below that give nothing.
    """
    (event,) = decide(None, imported(4))
    card = evolve(None, event)

    assert isinstance(card, StampCard)
    assert (4, 4, 1, 8, 2) == (
        card.standing.progress,
        card.stamps_total,
        card.goal_index,
        card.stamps_required,
        card.template_version,
    )
    assert {} == card.rewards
    add = commands.AddStamps(at=START, template=coffee(3, 8), means=means(), count=4)
    assert ["StampAdded", "GoalReached", "VoucherIssued"] == kinds(decide(card, add))


def test_card_that_does_not_exist():
    """
    Nothing can be asked of a card that was never issued.
    """
    with pytest.raises(CardNotFound):
        decide(None, commands.DeleteCard(at=START))


def test_reward_that_is_not_at_hand():
    """
    A reward that the card does not have cannot be used.
    """
    till = Till(coffee())

    with pytest.raises(RewardNotFound, match="no reward UUID"):
        till.do(commands.Redeem(at=START, voucher_id=SOMEONE, template=till.template, means=means()))


def test_campaign_on_a_card():
    """
    A campaign notes that it reached the card, and gives its voucher or award.
    """
    till = Till(coffee())
    for gift in (None, Voucher(title="We miss you"), Award(title="Hello")):
        story = till.do(
            commands.SendCampaign(
                at=START,
                campaign_id=SOMEONE,
                name="Win back",
                channels=(MessageChannel.PUSH,),
                voucher=gift,
                means=till.means(),
            )
        )
        assert isinstance(story[0], events.CampaignSent)
    assert [("We miss you", "campaign", SOMEONE), ("Hello", "campaign", None)] == [
        (reward.title, reward.source, reward.origin_id) for reward in till.rewards
    ]


def test_message_and_wallet():
    """
    Messages are noted each time, wallets once.
    """
    till = Till(coffee())
    message = commands.SendMessage(at=START, channels=(MessageChannel.EMAIL,), text="Hello")

    assert ["MessageSent", "MessageSent"] == kinds((*till.do(message), *till.do(message)))
    remove = commands.RemoveFromWallet(at=START, platform=Platform.WEB)
    assert () == till.do(remove)
    till.save(Platform.WEB)
    assert ["WalletRemoved"] == kinds(till.do(remove))
    assert () == till.card.platforms


def test_personal_coupon_on_a_card():
    """
    A coupon given by hand is redeemed like any voucher and touches no progress.
    """
    till = Till(coffee())
    till.add(2)
    till.coupon(Voucher(title="Sorry", valid_for=timedelta(days=1)))
    till.redeem()

    assert ("2/8", RewardSource.COUPON) == (progress(till), till.rewards[0].source)


def bearer() -> Coupon:
    issue = commands.IssueVoucher(
        at=START,
        voucher=Voucher(title="Gift", valid_for=timedelta(days=1)),
        source=RewardSource.COUPON,
        means=means(3),
        customer_id=SOMEONE,
    )
    coupon = replay(decide_coupon(None, issue))
    assert isinstance(coupon, Coupon)
    return coupon


def use_coupon(hours: float = 0) -> commands.Redeem:
    return commands.Redeem(at=at(hours=hours), voucher_id=bearer().voucher.id, template=None, means=means())


def test_coupon_without_a_card():
    """
    A voucher that lies on no card is used once, reversed, used again, and is over when its time is.
    """
    coupon = bearer()
    assert (1, SOMEONE, "D3-0") == (coupon.version, coupon.customer_id, coupon.voucher.redeem_code)

    for command in (use_coupon(), commands.ReverseRedemption(at=START, voucher_id=coupon.voucher.id), use_coupon()):
        (event,) = decide_coupon(coupon, command)
        after = evolve(coupon, event)
        assert isinstance(after, Coupon)
        coupon = after

    assert 4 == coupon.version
    with pytest.raises(VoucherIsRedeemed):
        decide_coupon(coupon, use_coupon())
    with pytest.raises(VoucherIsExpired):
        decide_coupon(bearer(), use_coupon(hours=24))


def test_coupon_expires_and_is_voided():
    """
    A coupon's end is recorded once, and one that was taken back cannot be used.
    """
    expire = commands.Expire(at=at(days=9), template=None, means=means())
    void = commands.VoidVoucher(at=START, voucher_id=bearer().voucher.id, template=None, means=means(), reason="lost")

    (expired,) = decide_coupon(bearer(), expire)
    gone = evolve(bearer(), *decide_coupon(bearer(), void))
    over = evolve(bearer(), expired)

    assert at(days=1) == expired.at
    assert isinstance(over, Coupon) and isinstance(gone, Coupon)
    assert () == decide_coupon(over, expire)
    with pytest.raises(VoucherIsVoided):
        decide_coupon(gone, use_coupon())
    with pytest.raises(RewardNotFound):
        decide_coupon(None, use_coupon())


def test_customer():
    """
    A customer is registered, changed where something changes, and forgotten for good.
    """
    (registered,) = decide_customer(None, commands.RegisterCustomer(at=START, person=ANNA))
    anna = evolve(None, registered)
    assert isinstance(anna, Customer)
    same = commands.UpdateCustomer(at=START, person=ANNA)
    married = commands.UpdateCustomer(at=START, person=Person(name="Anna B."))
    forget = commands.ForgetCustomer(at=START)

    assert () == decide_customer(anna, same)
    changed = evolve(anna, *decide_customer(anna, married))
    assert isinstance(changed, Customer) and changed.person == Person(name="Anna B.")
    gone = evolve(changed, *decide_customer(changed, forget))
    assert isinstance(gone, Customer)
    assert (3, None, True) == (gone.version, gone.person, gone.forgotten)
    assert () == decide_customer(gone, forget)
    with pytest.raises(CustomerIsForgotten, match="forgotten on request"):
        decide_customer(gone, married)
    with pytest.raises(CustomerNotFound):
        decide_customer(None, forget)


def test_template_versions():
    """
    Publishing the same again makes no version; a change makes the next one.
    """
    publish = commands.PublishTemplate(at=START, key="coffee", template=coffee(8))
    first = evolve(None, *decide_template(None, publish))
    assert isinstance(first, PublishedTemplate)

    assert () == decide_template(first, publish)
    changed = commands.PublishTemplate(at=START, key="coffee", template=coffee(10))
    second = evolve(first, *decide_template(first, changed))

    assert isinstance(second, PublishedTemplate)
    assert (2, coffee(10)) == (second.version, second.template)


def test_brand():
    """
    Setting the same brand again changes nothing.
    """
    blue = commands.SetBrand(at=START, brand=Brand(name="Blue Cup"))
    state = evolve(None, *decide_brand(None, blue))
    assert isinstance(state, BrandState)

    assert () == decide_brand(state, blue)
    red = evolve(state, *decide_brand(state, commands.SetBrand(at=START, brand=Brand(name="Red Cup"))))
    assert isinstance(red, BrandState)
    assert (2, "Red Cup") == (red.version, red.brand.name)


def test_campaign():
    """
    A campaign is created once; the same key with another content is a mistake.
    """
    create = commands.CreateCampaign(at=START, key="win-back", name="Win back", channels=(MessageChannel.PUSH,))
    campaign = evolve(None, *decide_campaign(None, create))
    assert isinstance(campaign, Campaign)

    assert () == decide_campaign(campaign, create)
    other = commands.CreateCampaign(at=START, key="win-back", name="Win back", channels=(MessageChannel.EMAIL,))
    with pytest.raises(InvalidInput, match="is an earlier campaign with another content, not 'win-back'"):
        decide_campaign(campaign, other)
