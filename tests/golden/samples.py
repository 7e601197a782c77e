"""
One event of every kind that is stored, with every field filled, and what surrounds it in the Journal.

A sample is written to its golden file once and then stands for ever: to add a kind, add its sample and run
`python -m tests.golden.samples`, which writes the files that are missing and no others.
"""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from stampledger import (
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
    MessageChannel,
    OnVoid,
    OverCap,
    Overflow,
    PerAmount,
    Person,
    Platform,
    Variant,
    Voucher,
    codec,
    events,
    privacy,
)
from stampledger.events import Event, KeptReward, RewardSource

FOLDER = Path(__file__).parent
SUMS = FOLDER / "SHA256SUMS"

AT = datetime(2024, 2, 29, 23, 59, 59, 123_456, tzinfo=UTC)
LATER = datetime(2024, 3, 31, 1, 0, tzinfo=UTC)
CARD, CUSTOMER, TEMPLATE, REWARD, OTHER = (UUID(int=(0x0188 << 112) + number) for number in range(1, 6))
KEY = bytes(range(privacy.KEY_BYTES))  # The customer's.

VOUCHER = Voucher(title="Free coffee", description="Any size.", redeem_code="FREECOFFEE", valid_months=3)
VARIANTS = (
    Variant(percentage=Decimal("0.0000001"), name="Jackpot", greeting="Hurra, Zoë!", reward=VOUCHER),
    Variant(percentage=Decimal("33.3333333"), name="Topping", reward=Award(title="Topping", description="Today.")),
    Variant(percentage=Decimal("16.6666666"), name="Again", try_again=True),
    Variant(percentage=Decimal(50), name="Nothing"),
)
FULL = CardTemplate(
    name="Everything",
    description="Every policy says something of its own.",
    goals=(
        Goal(stamps=3, reward=Award(title="Topping")),
        Goal(stamps=6, reward=Lottery(title="Lucky draw", description="Good luck", variants=VARIANTS)),
        Goal(stamps=9, reward=Voucher(title="커피", valid_until=date(2030, 12, 31))),
    ),
    per_amount=PerAmount(amount=Decimal("9.95"), decimals=2, remainder=Overflow.DROP),
    limits=Limits(per_scan=4, per_day=5, per_24_hours=6, interval=timedelta(minutes=30), over_cap=OverCap.GRANT),
    code_scope=CodeScope.TEMPLATE,
    voided_code_reusable=True,
    after_last_goal=AfterLastGoal.HOLD,
    overflow=Overflow.DROP,
    redeemed_on_void=OnVoid.REFUSE,
    rewards_kept_on_void=True,
    stamps_valid_for=timedelta(days=90),
    card_valid_for=timedelta(days=365, seconds=1, microseconds=1),
    birthday=BirthdayGift(reward=VOUCHER, stamps=2, days_before=7, days_after=14, leap_day=LeapDay.MARCH_1),
)

_PROGRESS: dict[str, Any] = dict(progress=2, stamps_required=9, goal_index=1, cycle=3)
_GRANTED: dict[str, Any] = dict(
    title="Free coffee", description="Any size.", source=RewardSource.LOTTERY, cycle=3, goal_index=1, goal_stamps=6
)
_ISSUED: dict[str, Any] = dict(
    number=113_772,
    customer_id=CUSTOMER,
    template_id=TEMPLATE,
    template_version=2,
    template_name="Free Coffee",
    stamps_required=9,
    expires_at=LATER,
)

SAMPLES: dict[str, Event] = {
    "card.issued.v1": events.CardIssued(**_ISSUED),
    "card.imported.v1": events.CardImported(source="old till", external_id="A-1", progress=4, goal_index=1, **_ISSUED),
    "card.stamp_added.v1": events.StampAdded(
        code="R-1001",
        count=5,
        carried=1,
        dropped=2,
        withheld=3,
        amount_minor=12_345,
        remainder_minor=345,
        limited=True,
        expires_at=LATER,
        bonus=True,
        **_PROGRESS,
    ),
    "card.stamp_rejected.v1": events.StampRejected(
        code='R-"\\/é 커피',
        rule="daily_limit_reached",
        reason="5 stamps a day are allowed; the next from 2024-03-01 00:00 UTC",
        count=3,
        amount_minor=999,
        progress=2,
        stamps_required=9,
        retry_at=LATER,
        first_seq=17,
    ),
    "card.stamp_voided.v1": events.StampVoided(
        code="R-1001",
        scan=17,
        count=5,
        missing=1,
        carried=1,
        remainder_minor=5,
        credit_version=4,
        goals_undone=((3, 3), (2, 9)),
        rewards_voided=(REWARD,),
        rewards_kept=(
            KeptReward(reward_id=OTHER, title="Topping", reason="award", cycle=3, goal_index=0, goal_stamps=3),
        ),
        cancelled_by="R-1002",
        reason="paid back",
        **_PROGRESS,
    ),
    "card.stamps_expired.v1": events.StampsExpired(count=2, kept=((3, 3),), credits=((4, 1), (6, 1)), **_PROGRESS),
    "card.cycle_started.v1": events.CycleStarted(count=2, carried=1, **_PROGRESS),
    "card.goal_reached.v1": events.GoalReached(goal_index=1, stamps=6, stamps_required=9, cycle=3, rewarded=False),
    "card.template_changed.v1": events.TemplateChanged(
        template_id=TEMPLATE,
        template_version=3,
        template_name="Free Cake",
        template_version_before=2,
        progress_before=7,
        stamps_required_before=8,
        carried=1,
        dropped=1,
        base=2,
        kept=((3, 3),),
        remainder_minor=5,
        expires_at=LATER,
        stamps_lapse=True,
        forced=True,
        **_PROGRESS,
    ),
    "card.expired.v1": events.CardExpired(),
    "card.deleted.v1": events.CardDeleted(reason="lost"),
    "card.award_granted.v1": events.AwardGranted(reward_id=REWARD, **_GRANTED),
    "card.voucher_issued.v1": events.VoucherIssued(
        voucher_id=REWARD,
        redeem_code="FREECOFFEE",
        expires_at=LATER,
        holds=True,
        origin_id=OTHER,
        customer_id=CUSTOMER,
        **_GRANTED,
    ),
    "card.lottery_granted.v1": events.LotteryGranted(lottery_id=REWARD, variants=VARIANTS, holds=True, **_GRANTED),
    "card.lottery_played.v1": events.LotteryPlayed(
        lottery_id=REWARD,
        title="Lucky draw",
        draw=333_333_334,
        percentages=tuple(variant.percentage for variant in VARIANTS),
        names=tuple(variant.name for variant in VARIANTS),
        variant=2,
        greeting="Once more!",
        try_again=True,
    ),
    "card.lottery_voided.v1": events.LotteryVoided(lottery_id=REWARD, title="Lucky draw", scan=17, reason="by mistake"),
    "card.voucher_redeemed.v1": events.VoucherRedeemed(
        voucher_id=REWARD, title="Free coffee", redeem_code="FREECOFFEE"
    ),
    "card.redemption_reversed.v1": events.RedemptionReversed(voucher_id=REWARD, title="Free coffee", reason="wrong"),
    "card.voucher_expired.v1": events.VoucherExpired(voucher_id=REWARD, title="Free coffee"),
    "card.voucher_voided.v1": events.VoucherVoided(voucher_id=REWARD, title="Free coffee", scan=17, reason="paid back"),
    "card.birthday_reached.v1": events.BirthdayReached(year=2024),
    "card.campaign_sent.v1": events.CampaignSent(
        campaign_id=OTHER, name="Spring", channels=(MessageChannel.PUSH, MessageChannel.EMAIL)
    ),
    "card.message_sent.v1": events.MessageSent(channels=(MessageChannel.EMAIL,), text="Dear Zoë,\n\tcome back!"),
    "card.wallet_saved.v1": events.WalletSaved(platform=Platform.APPLE),
    "card.wallet_removed.v1": events.WalletRemoved(platform=Platform.GOOGLE),
    "template.published.v1": events.TemplatePublished(key="everything", template=FULL),
    "brand.set.v1": events.BrandSet(
        brand=Brand(
            name="Blue Cup", logo_url="https://example.com/logo.svg", footer="Open daily.", time_zone="Asia/Seoul"
        )
    ),
    "customer.registered.v1": events.CustomerRegistered(
        person=Person(
            name="Zoë 커피", email="zoe@example.com", birthday=date(1992, 2, 29), language="pt-BR", reference="A-1"
        )
    ),
    "customer.updated.v1": events.CustomerUpdated(person=Person(name="Zoë")),
    "customer.forgotten.v1": events.CustomerForgotten(),
    "campaign.created.v1": events.CampaignCreated(
        key="spring", name="Spring", channels=(MessageChannel.PUSH,), text="Come in", voucher=VOUCHER
    ),
}


def sealed(plain: bytes) -> bytes:
    return privacy.seal(KEY, CARD, plain)


def unsealed(hidden: bytes) -> bytes | None:
    return privacy.unseal(KEY, CARD, hidden)


def golden(name: str, event: Event) -> dict[str, Any]:
    """What a golden file says of a sample: its body as it is stored, and how it is chained."""
    code = getattr(event, "code", None)
    body = codec.encode(event, sealed)
    at, recorded_at = codec.microseconds(event.at), codec.microseconds(LATER)
    previous = codec.genesis("blue-cup")
    digest = codec.digest(CARD, 12, name, 1, at, code, "till-1", "receipt", body)
    return {
        "kind": name,
        "at": at,
        "code": code,
        "body": body.decode(),
        "stream": str(CARD),
        "version": 12,
        "place": 1,
        "actor": "till-1",
        "channel": "receipt",
        "digest": digest.hex(),
        "previous": previous.hex(),
        "seq": 1_234,
        "recorded_at": recorded_at,
        "hash": codec.link(previous, 1_234, recorded_at, digest).hex(),
    }


def sample(name: str) -> Event:
    """A sample at its moment."""
    import attrs

    return attrs.evolve(SAMPLES[name], at=AT)


def main() -> None:
    """Write the golden files that are missing."""
    written = []
    for name in codec.KINDS:
        path = FOLDER / f"{name}.json"
        if not path.exists():
            text = json.dumps(golden(name, sample(name)), indent=2, ensure_ascii=False) + "\n"
            path.write_text(text, encoding="utf-8")
            written.append(path)
    from tests.golden.day import DAY, lines

    if not DAY.exists():
        DAY.write_text("".join(lines()), encoding="utf-8")
        written.append(DAY)
    with SUMS.open("a", encoding="utf-8") as sums:
        for path in written:
            sums.write(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")


if __name__ == "__main__":
    main()
