"""The demonstration's shop: its brand, its three programmes, its campaign and its vouchers."""

from datetime import timedelta
from decimal import Decimal

from stampledger.values import (
    Award,
    BirthdayGift,
    Brand,
    CardTemplate,
    Goal,
    Limits,
    Lottery,
    PerAmount,
    Variant,
    Voucher,
)

BRAND = Brand(name="Blue Cup", footer="Blue Cup · 12 Harbour Street · open till six", time_zone="UTC")

LUCKY_PLATE = Lottery(
    title="Lucky plate",
    description="Spin the plate at the kiosk.",
    variants=(
        Variant(
            percentage=Decimal("12.5"),
            name="A lunch",
            greeting="Tomorrow's lunch is on us!",
            reward=Voucher(title="Free lunch", valid_for=timedelta(days=14)),
        ),
        Variant(percentage=Decimal("37.5"), name="A topping", reward=Award(title="A topping of your choice")),
        Variant(percentage=Decimal("20"), name="Spin again", try_again=True),
        Variant(percentage=Decimal("30"), name="Nothing", greeting="Better luck next time."),
    ),
)

TEMPLATES = {
    "coffee": CardTemplate(
        name="Coffee card",
        goals=(Goal(stamps=8, reward=Voucher(title="Free coffee", valid_for=timedelta(days=30))),),
        limits=Limits(per_day=8),
        birthday=BirthdayGift(reward=Voucher(title="Birthday cake", valid_for=timedelta(days=7))),
    ),
    "lunch": CardTemplate(
        name="Lunch card",
        goals=(
            Goal(stamps=3, reward=Voucher(title="Free cookie", description="One, of any kind.")),
            Goal(stamps=6, reward=Voucher(title="Free soup", valid_for=timedelta(days=30))),
            Goal(stamps=9, reward=LUCKY_PLATE),
        ),
    ),
    "beans": CardTemplate(
        name="Bean club",
        goals=(Goal(stamps=5, reward=Voucher(title="250 g of beans", valid_months=3)),),
        per_amount=PerAmount(amount=Decimal("10.00")),
    ),
}

CAMPAIGN_VOUCHER = Voucher(title="Cake, two for one", redeem_code="RAINYDAY", valid_for=timedelta(days=1))
CAMPAIGN_TEXT = "Cake: 2 for 1 today"

COUPON = Voucher(title="Soup on the house", description="We are sorry for the wait.", valid_for=timedelta(days=60))
