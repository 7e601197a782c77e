"""
The page says in words what the view holds, and nothing else.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from stampledger.errors import InvalidInput
from stampledger.projections import CardStatus, CustomerInfo
from stampledger.render import CustomerPage, customer_page
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.values import Brand
from tests.render.pages import AT, card, goal_reached, redeemed, refused, reward, view


@pytest.mark.parametrize(
    ("asked", "own", "browser", "lang"),
    [
        (None, None, None, "en"),
        (None, "ko", None, "ko"),
        (None, "it", None, "en"),
        ("th", "ko", "de", "th"),
        ("ko-KR", None, None, "ko"),
        (None, "ko", "de-AT,de;q=0.9", "ko"),
        (None, None, "it,de-AT;q=0.9,en;q=0.8", "de"),
        (None, "it", "uk", "uk"),
        (None, None, "it", "en"),
    ],
)
def test_language_of_the_page(asked: str | None, own: str | None, browser: str | None, lang: str):
    """
    The language asked for goes first, then the customer's, the browser's and English; what is unknown here is none.
    """
    customer = CustomerInfo(id=UUID(int=7), name="Anna", language=own)

    page = customer_page(view(card=card(customer=customer)), asked, browser)

    assert lang == page.lang


def test_unknown_language_asked_for():
    """
    A caller who asks for a language the page does not speak is told which ones it speaks.
    """
    with pytest.raises(InvalidInput, match="must be one of en, ko, th, az, de, fr, es, uk, ja, zh, not 'it'"):
        customer_page(view(), "it")


def test_page_without_a_customer():
    """
    A card of nobody, or of somebody who was forgotten, still has its page.
    """
    page = customer_page(view(card=card(customer=None)))

    assert "en" == page.lang
    assert (2, 8) == (page.progress.stamps, page.progress.required)


def test_nothing_was_scanned():
    """
    Without a scan there is neither popup nor congratulation nor refusal.
    """
    page = customer_page(view())

    assert ((), None, None) == (page.popups, page.congratulation, page.refusal)
    assert "Next reward: Free coffee (6 to go)" == page.status_text
    assert "As of: 12 May 2026, 11:07" == page.as_of


def test_goal_reached():
    """
    The scan that reached the goal says how many stamps were added, congratulates, and shows its voucher first.
    """
    page = customer_page(goal_reached())

    assert ("Stamps added: 2",) == page.popups
    assert "Congratulations! You've unlocked your voucher!" == page.congratulation
    assert [(True, "Valid until: 11 June 2026"), (False, "Redeemed at: 13 May 2026, 11:07")] == [
        (panel.fresh, panel.status_text) for panel in page.vouchers
    ]


@pytest.mark.parametrize(
    ("kinds", "congratulation"),
    [
        ([RewardKind.AWARD], "Congratulations! You've unlocked your reward!"),
        ([RewardKind.AWARD, RewardKind.LOTTERY], "Congratulations! You've unlocked a prize draw!"),
        ([RewardKind.LOTTERY, RewardKind.VOUCHER], "Congratulations! You've unlocked your voucher!"),
    ],
)
def test_several_rewards_at_once(kinds: list[RewardKind], congratulation: str):
    """
    There is one congratulation, for the best of what was won.
    """
    won = tuple(reward(number, kind=kind) for number, kind in enumerate(kinds, 1))

    page = customer_page(view(unlocked=won))

    assert congratulation == page.congratulation


def test_refused():
    """
    A scan that did not go through shows the reason as it was told, and when to try again by the shop's clock.
    """
    page = customer_page(refused(), "de")

    assert page.refusal is not None
    assert "Es wurde kein Stempel hinzugefügt" == page.refusal.title
    assert "4 stamps a day are allowed; the next from 2026-05-12 22:00 UTC" == page.refusal.reason
    assert "Wieder möglich ab: 13. Mai 2026, 00:00 Uhr" == page.refusal.retry


def test_stamps_taken_back_and_voucher_used():
    """
    A scan may also take stamps back or use a voucher.
    """
    page = customer_page(view(stamps_voided=1, redeemed=(redeemed(),), vouchers=(reward(2), redeemed())))

    assert ("Stamps taken back: 1", "Redeemed: Free coffee") == page.popups
    assert [UUID(int=1), UUID(int=2)] == [panel.id for panel in page.vouchers]


def test_boxes():
    """
    Every stamp has a box; goals say what they earn, and those filled by this scan are marked.
    """
    page = customer_page(view(card=card(4, 6, goals_reached=1), goals=((3, "Cake"), (6, "Lunch")), stamps_added=2))

    assert [None, None, "Cake", None, None, "Lunch"] == [box.reward for box in page.boxes]
    assert [True] * 4 + [False] * 2 == [box.filled for box in page.boxes]
    assert [3, 4] == [box.number for box in page.boxes if box.fresh]
    assert [True, False] == [goal.reached for goal in page.goals]


def test_more_stamps_added_than_on_the_card():
    """
    A credit that began a new cycle marks only the stamps this cycle has.
    """
    page = customer_page(view(card=card(1, 8), stamps_added=5))

    assert [1] == [box.number for box in page.boxes if box.fresh]


@pytest.mark.parametrize(("required", "boxes"), [(30, 30), (31, 0), (1000, 0)])
def test_large_card(required: int, boxes: int):
    """
    Above thirty stamps there are no boxes; the page draws a bar.
    """
    assert boxes == len(customer_page(view(card=card(7, required), goals=((required, "Trip"),))).boxes)


@pytest.mark.parametrize("status", CardStatus)
@pytest.mark.parametrize("lang", ["en", "az"])
def test_status_of_the_card(status: CardStatus, lang: str):
    """
    A card in any status says what comes next.
    """
    page = customer_page(view(card=card(8, 8, status=status)), lang)

    assert page.status_text


def test_expiry_of_the_card():
    """
    A card of limited time says so, until that time is over.
    """
    expires_at = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)

    active = customer_page(view(card=card(expires_at=expires_at)))
    expired = customer_page(view(card=card(expires_at=expires_at, status=CardStatus.EXPIRED)))

    assert "Valid until: 31 December 2026" == active.expiry_text
    assert expired.expiry_text is None


@pytest.mark.parametrize(
    ("kind", "changes", "shown"),
    [
        (RewardKind.VOUCHER, dict(status=RewardStatus.ACTIVE, expires_at=None), "Valid without limit"),
        (RewardKind.VOUCHER, dict(status=RewardStatus.EXPIRED), "Expired: 11 June 2026"),
        (RewardKind.VOUCHER, dict(status=RewardStatus.VOIDED), "Taken back"),
        (RewardKind.LOTTERY, dict(status=RewardStatus.GRANTED), "Ready to be drawn"),
        (RewardKind.LOTTERY, dict(status=RewardStatus.PLAYED, outcome="Cake"), "Result: Cake"),
        (RewardKind.AWARD, dict(status=RewardStatus.GRANTED), "Won: 12 May 2026, 11:07"),
    ],
)
def test_status_of_a_reward(kind: RewardKind, changes: dict[str, Any], shown: str):
    """
    Every reward says where it stands.
    """
    shelf = {RewardKind.VOUCHER: "vouchers", RewardKind.LOTTERY: "lotteries", RewardKind.AWARD: "awards"}[kind]

    page = customer_page(view(**{shelf: (reward(kind=kind, **changes),)}))

    assert [shown] == [panel.status_text for panel in getattr(page, shelf)]


def test_codes_of_a_voucher():
    """
    The QR code is the voucher's id, which a shared redeem code is not; the bar code is what the till takes.
    """
    panel = customer_page(view(vouchers=(reward(5),))).vouchers[0]

    assert panel.qr is not None and UUID(int=5) == UUID(panel.qr)
    assert ("FREECOFFEE", "FREECOFFEE") == (panel.redeem_code, panel.barcode)


@pytest.mark.parametrize("redeem_code", ["커피", "Café", "X" * 26, " ", None])
def test_redeem_code_without_a_bar_code(redeem_code: str | None):
    """
    A redeem code that no till could read from a phone has no bar code.
    """
    panel = customer_page(view(vouchers=(reward(redeem_code=redeem_code),))).vouchers[0]

    assert panel.barcode is None


@pytest.mark.parametrize(
    ("name", "initials"), [("Blue Cup", "BC"), ("one", "O"), ("ร้านกาแฟ บลูคัพ", "ร้บ"), ("블루컵", "블"), ("A B C", "AB")]
)
def test_initials(name: str, initials: str):
    """
    Without a logo the brand shows its initials, with the marks that belong to a letter.
    """
    assert initials == customer_page(view(brand=Brand(name=name))).initials


def test_brand():
    """
    The footer is the brand's own; so is its logo, where it has one.
    """
    ours = Brand(name="Blue Cup", footer="Blue Cup, 1 High Street", logo_url="https://example.com/logo.png")
    plain = Brand(name="Blue Cup")

    assert "Blue Cup, 1 High Street" == customer_page(view(brand=ours)).footer
    assert "https://example.com/logo.png" == customer_page(view(brand=ours)).logo_url
    assert "Every stamp counts." == customer_page(view(brand=plain)).footer
    assert customer_page(view(brand=plain)).logo_url is None


def test_page_is_a_value():
    """
    The same view in the same language is the same page, and a page cannot be made in a language it does not speak.
    """
    assert customer_page(view(), "ko") == CustomerPage(view(at=AT), "ko")
    assert customer_page(view(), "ko") != customer_page(view(), "en")
    with pytest.raises(InvalidInput, match="lang"):
        CustomerPage(view(), "it")
