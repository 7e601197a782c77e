"""
Scenes in the words of the business: a word does what its command does; a scene that ends otherwise is shown whole.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as given_examples
from hypothesis import settings
from hypothesis import strategies as st

from stampledger import (
    Award,
    BirthdayGift,
    CardNotFound,
    CardTemplate,
    CodeScope,
    Goal,
    InvalidInput,
    Limits,
    Lottery,
    PerAmount,
    RewardNotFound,
    ScanNotFound,
    Variant,
    Voucher,
    refusals,
)
from stampledger.errors import StampledgerError
from stampledger.events import (
    BirthdayReached,
    CampaignSent,
    CardDeleted,
    CardExpired,
    CardImported,
    CardIssued,
    GoalReached,
    LotteryPlayed,
    LotteryVoided,
    MessageSent,
    RedemptionReversed,
    RewardSource,
    StampAdded,
    StampsExpired,
    StampVoided,
    TemplateChanged,
    VoucherIssued,
    VoucherRedeemed,
    VoucherVoided,
    WalletRemoved,
    WalletSaved,
)
from stampledger.testing import START, Shop
from stampledger.testing.scenes import (
    COFFEE_CARD,
    Given,
    SceneFailed,
    Word,
    add_stamps,
    campaigned,
    celebrate_birthday,
    celebrated,
    coupon,
    delete_card,
    deleted,
    expire,
    given,
    import_card,
    imported,
    issue_card,
    issue_coupon,
    issued,
    later,
    like,
    messaged,
    move_to_template,
    moved,
    on,
    play_lottery,
    played,
    redeem,
    redeemed,
    remove_from_wallet,
    reverse_redemption,
    reversed_redemption,
    save_to_wallet,
    saved,
    send_campaign,
    send_message,
    stamped,
    under,
    used_elsewhere,
    void_lottery,
    void_stamps,
    void_voucher,
    voided,
    voided_voucher,
)

GIFT = Voucher(title="Cake")
LUCK = Lottery(
    title="Draw",
    variants=(
        Variant(percentage=10, name="Cake", reward=GIFT),
        Variant(percentage=60, name="Nothing"),
        Variant(percentage=30, name="Again", try_again=True),
    ),
)
FIVE = PerAmount(amount=Decimal(5))
FULL = (issued(), stamped("R-1", 8))


def card(*places: int, reward: Any = COFFEE_CARD.goals[0].reward, **policies: Any) -> CardTemplate:
    return CardTemplate(
        name="Coffee card", goals=tuple(Goal(stamps=place, reward=reward) for place in places or (8,)), **policies
    )


@pytest.mark.parametrize(
    ("template", "past", "wish", "told"),
    [
        (card(), [], issue_card(), [CardIssued]),
        (card(), [], import_card(3), [like(CardImported, progress=3)]),
        (card(), [imported(3)], add_stamps(), [like(StampAdded, progress=4)]),
        (card(), [issued(), stamped("R-1")], add_stamps("R-2", 7), [StampAdded, GoalReached, VoucherIssued]),
        (card(), FULL, add_stamps("R-1", 8), []),
        (card(per_amount=FIVE), [issued()], add_stamps(amount="12.50"), [like(StampAdded, count=2)]),
        (card(), FULL, void_stamps("R-1"), [StampVoided, VoucherVoided]),
        (card(), [*FULL, voided()], void_stamps(1), []),
        (card(), [*FULL, voided()], add_stamps("R-1", 8), []),
        (card(voided_code_reusable=True), [*FULL, voided()], add_stamps("R-1"), [like(StampAdded, progress=1)]),
        (card(code_scope=CodeScope.MANY), [issued(), stamped("R-1")], add_stamps("R-1"), [StampAdded]),
        (card(code_scope=CodeScope.CARD), [issued(), used_elsewhere("R-1")], add_stamps("R-1"), [StampAdded]),
        (card(), FULL, redeem("Free coffee"), [VoucherRedeemed]),
        (card(), [*FULL, redeemed()], reverse_redemption(), [RedemptionReversed]),
        (card(), [*FULL, redeemed(), reversed_redemption()], redeem(), [VoucherRedeemed]),
        (card(), FULL, void_voucher(reason="stale"), [like(VoucherVoided, reason="stale")]),
        (card(reward=LUCK), FULL, play_lottery("Cake"), [LotteryPlayed, like(VoucherIssued, title="Cake")]),
        (card(reward=LUCK), FULL, play_lottery("Nothing"), [like(LotteryPlayed, variant=1)]),
        (card(reward=LUCK), [*FULL, played("Again")], play_lottery(), [LotteryPlayed, VoucherIssued]),
        (card(reward=LUCK), FULL, void_lottery(), [LotteryVoided]),
        (card(), [issued()], issue_coupon(GIFT), [like(VoucherIssued, source=RewardSource.COUPON)]),
        (card(), [issued(), coupon(GIFT)], redeem("Cake"), [like(VoucherRedeemed, title="Cake")]),
        (
            card(birthday=BirthdayGift(stamps=2)),
            [issued()],
            celebrate_birthday(),
            [like(BirthdayReached, year=2024), like(StampAdded, count=2, bonus=True)],
        ),
        (card(birthday=BirthdayGift(stamps=2)), [issued(), celebrated(2024)], celebrate_birthday(2024), []),
        (card(), [issued()], send_campaign("Spring", GIFT), [CampaignSent, VoucherIssued]),
        (card(), [issued(), campaigned("Spring")], send_campaign("Spring"), []),
        (card(), [issued()], send_message("Hello"), [like(MessageSent, text="Hello")]),
        (card(), [issued(), messaged("Hello")], send_message("Hello"), [MessageSent]),
        (card(), [issued()], save_to_wallet("google"), [WalletSaved]),
        (card(), [issued(), saved()], save_to_wallet(), []),
        (card(), [issued(), saved()], remove_from_wallet(), [WalletRemoved]),
        (card(stamps_valid_for=timedelta(days=3)), [issued(), stamped(), later(days=3)], expire(), [StampsExpired]),
        (card(card_valid_for=timedelta(days=3)), [issued(), later(days=3)], expire(), [CardExpired]),
        (card(), [issued()], move_to_template(card(4)), [like(TemplateChanged, template_version=2)]),
        (card(), [issued(), moved(card(4))], add_stamps(count=4), [StampAdded, GoalReached, VoucherIssued]),
        (card(), [issued(), stamped()], delete_card("lost"), [like(CardDeleted, reason="lost")]),
        (card(), [issued(), deleted()], delete_card(), []),
    ],
    ids=lambda value: value.says if isinstance(value, Word) else "",
)  # fmt: skip
def test_word(template: CardTemplate, past: list[Word], wish: Word, told: list[Any]):
    """
    Every word asks for what its command asks for; what is true already makes nothing happen.
    """
    scene = under(template).given(*past).when(wish)

    if told:
        scene.then(*told)
    else:
        scene.nothing()


@pytest.mark.parametrize(
    ("template", "past", "wish", "refusal"),
    [
        (card(limits=Limits(per_day=1)), [issued(), stamped()], add_stamps(), refusals.DailyLimitReached),
        (card(), [issued(), stamped("R-1")], add_stamps("R-1", 2), refusals.CodeAlreadyUsed),
        (card(), [issued(), used_elsewhere("R-1")], add_stamps("R-1"), refusals.CodeAlreadyUsed),
        (card(), [*FULL, redeemed()], redeem(), refusals.VoucherIsRedeemed),
        (card(), [*FULL, voided_voucher()], redeem(), refusals.VoucherIsVoided),
        (card(reward=LUCK), [*FULL, played("Nothing")], play_lottery(), refusals.LotteryIsPlayed),
        (card(), [issued(), stamped(count=4)], move_to_template(card(20)), refusals.FurtherFromReward),
        (card(), [issued(), deleted()], add_stamps(), refusals.CardIsDeleted),
        (card(), [issued()], void_stamps("R-9"), ScanNotFound),
        (card(), [issued()], redeem(), RewardNotFound),
        (card(reward=LUCK), FULL, play_lottery("Tea"), InvalidInput),
        (card(), [], add_stamps(), CardNotFound),
        (card(), [], move_to_template(card(4)), CardNotFound),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_refusal(template: CardTemplate, past: list[Word], wish: Word, refusal: type[StampledgerError]):
    """
    A scene may end by a refusal, or by what else stands in the way of a wish.
    """
    under(template).given(*past).when(wish).refused(refusal)


def test_time():
    """
    Time passes when a scene says so; what has lapsed by then has lapsed, recorded or not.
    """
    template = card(stamps_valid_for=timedelta(days=30), limits=Limits(per_day=1))
    evening = datetime(2024, 5, 1, 23, 30, tzinfo=UTC)

    under(template, at=evening).given(issued(), stamped()).when(add_stamps()).refused(
        refusals.DailyLimitReached, retry_at=datetime(2024, 5, 2, tzinfo=UTC)
    )
    under(template, at=evening).given(issued(), stamped()).when(later(hours=1), add_stamps()).then(StampAdded)
    under(template, zone="America/New_York", at=evening).given(issued(), stamped()).when(
        later(hours=1), add_stamps()
    ).refused(refusals.DailyLimitReached)
    under(template).given(issued(), stamped(), later(days=30)).then_card(progress="0/8", stamps_total=0)
    given(issued(), on(START - timedelta(days=1))).when(add_stamps()).refused(refusals.CardNotYetIssued)


def test_card():
    """
    How the card stands is compared as a person reads it, before and after.
    """
    template = card(3, 8, reward=Award(title="Biscuit"))

    scene = under(template).given(issued(), stamped(count=2)).then_card(progress="2/8", stamps_missing=1, rewards=[])

    scene.when(add_stamps("R-2", 6)).then_card(
        progress="8/8", cycle=1, status="active", rewards=["Biscuit (granted)", "Biscuit (granted)"]
    )


def test_whole_events():
    """
    An event may be expected whole; without a time it is equal to one at any time. What is given may be events as well.
    """
    begun = CardIssued(
        at=START, number=5, template_id=UUID(int=7), template_version=1, template_name="Old", stamps_required=8
    )
    told = StampAdded(count=1, progress=1, stamps_required=8, code="R-1")

    given(begun).when(add_stamps("R-1")).then(told).then_card(number=5, template_name="Old")
    given(begun).when(later(days=1), add_stamps("R-1")).then(told)
    with pytest.raises(SceneFailed, match=r"its count is 1, its progress is 1"):
        given(begun).when(add_stamps("R-1")).then(StampAdded(count=2, progress=2, stamps_required=8, code="R-1"))


def scene() -> Given:
    return given(issued(), stamped("R-1", 3), voided("R-1"))


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        (lambda: scene().when(add_stamps("R-2", 8)).then(StampAdded, GoalReached), "✗ no more than that"),
        (lambda: scene().when(add_stamps("R-2", 8)).then(StampAdded, VoucherIssued, GoalReached), "✗ VoucherIssued"),
        (lambda: scene().when(add_stamps("R-2")).then(StampAdded, GoalReached), "✗ GoalReached"),
        (lambda: scene().when(add_stamps("R-2")).then(like(StampAdded, progress=2)), "its progress is 1"),
        (lambda: scene().when(add_stamps("R-1", 2)).then(StampAdded), "refused: CodeAlreadyUsed: the code R-1 was"),
        (lambda: scene().when(add_stamps("R-2")).nothing(), "✗ nothing"),
        (lambda: scene().when(add_stamps("R-1", 2)).nothing(), "✗ nothing"),
        (lambda: scene().when(add_stamps("R-2")).refused(), "✗ refused: Refused"),
        (lambda: scene().when(add_stamps("R-1", 2)).refused(refusals.CardIsHeld), "✗ refused: CardIsHeld"),
        (lambda: scene().when(add_stamps("R-1", 2)).refused(first_seq=1), "with first_seq=1"),
        (lambda: scene().then_card(progress="1/8"), "✗ card: progress 1/8, and it is 0/8"),
        (lambda: scene().when(add_stamps(count=8)).then_card(rewards=[]), "['Free coffee (active)']"),
        (lambda: given().then_card(progress="0/8"), "there is no card: begin with issued()"),
        (lambda: given(issued(), redeemed()), "the scene cannot begin"),
    ],
)
def test_scene_that_ends_otherwise(end: Callable[[], object], shown: str):
    """
    A scene that does not end as it says fails, whatever it is that differs, and says what.
    """
    with pytest.raises(SceneFailed) as failed:
        end()

    assert shown in str(failed.value)


def test_failure_reads_as_a_journal():
    """
    What was given, asked, told and expected stand in one plain table, as entries stand in the Journal.
    """
    with pytest.raises(SceneFailed) as failed:
        scene().when(later(days=1), add_stamps("R-2", 7)).then(StampAdded, GoalReached, VoucherIssued)

    assert str(failed.value).splitlines() == [
        "the scene ended otherwise",
        "",
        "          at                entry        code  stamps  rewards",
        "given     2024-02-27 11:30  CardIssued         0/8",
        "          2024-02-27 11:30  StampAdded   R-1   3/8",
        "          2024-02-27 11:30  StampVoided  R-1   0/8",
        "when      2024-02-27 11:30  later 1 day",
        "          2024-02-28 11:30  add stamps R-2, 7",
        "then      2024-02-28 11:30  StampAdded   R-2   7/8",
        "expected  StampAdded",
        "          ✗ GoalReached",
        "          ✗ VoucherIssued",
    ]


def test_scene_that_says_what_there_is_not():
    """
    A field or fact that nothing has is a mistake of the test, not of the rules.
    """
    with pytest.raises(TypeError, match="StampAdded has no field 'stamps'"):
        like(StampAdded, stamps=8)
    with pytest.raises(TypeError, match="a card tells no 'stamps'; it tells carried"):
        given(issued()).then_card(stamps=8)


HELD = card(4, reward=Voucher(title="Cake", valid_for=timedelta(days=2)), after_last_goal="hold")


@pytest.mark.parametrize(
    ("template", "day"),
    [
        (card(3, 8), [stamped("R-1", 7), stamped("R-2", 7), voided("R-1"), redeemed(), stamped("R-1", 7), voided(2)]),
        (card(reward=LUCK), [stamped("R-1", 20), played("Again"), played("Cake"), voided("R-1"), redeemed("Cake")]),
        (HELD, [stamped("R-1", 6), stamped(), later(days=2), stamped("R-3"), expire(), redeemed(), voided("R-1")]),
        (
            card(stamps_valid_for=timedelta(days=3), limits=Limits(per_day=2)),
            [stamped("A", 2), stamped("B"), later(days=2), stamped("C", 2), later(days=1), stamped("D"), voided("A")],
        ),
        (
            card(per_amount=FIVE),
            [stamped("A", amount="7.50"), stamped("B", amount="41"), voided("A")],
        ),
    ],
    ids=["goals", "lottery", "held", "lapsing", "amounts"],
)
def test_scene_is_what_a_ledger_does(template: CardTemplate, day: list[Word]):
    """
    Played on stage, a day brings the very events and refusals that it brings in a ledger.
    """
    agree(template, day)


WORDS = st.one_of(
    st.builds(stamped, st.sampled_from(["A", "B", "C"]), st.integers(1, 9)),
    st.builds(stamped, st.none(), st.integers(1, 4)),
    st.builds(voided, st.sampled_from(["A", "B", "C"])),
    st.just(redeemed()),
    st.just(expire()),
    st.integers(1, 3).map(lambda days: later(days=days)),
)


@settings(max_examples=max(10, settings().max_examples // 10))
@given_examples(
    st.sampled_from(
        [
            card(3, 8, voided_code_reusable=True),
            card(4, stamps_valid_for=timedelta(days=2), limits=Limits(per_day=6)),
            HELD,
        ]
    ),
    st.lists(WORDS, min_size=3, max_size=12),
)
def test_any_scene_is_what_a_ledger_does(template: CardTemplate, day: list[Word]):
    """
    So does any other day.
    """
    agree(template, day)


def agree(template: CardTemplate, day: list[Word]) -> None:
    on_stage = Given(under(template), (issued(),))
    with Shop() as shop:
        number = shop.card(template)
        told: list[list[str]] = []
        for word in day:
            outcome = on_stage.when(word)
            error = [] if outcome.error is None else [outcome.error.code]
            told.append([type(event).__name__ for event in outcome.events] + error)

        assert told == [in_ledger(shop, number, word) for word in day]
        view = shop.ledger.card(number)
        then = on_stage.stage.view()
        assert (view.progress, view.cycle, view.status) == (then.progress, then.cycle, then.status)


def in_ledger(shop: Shop, number: UUID, word: Word) -> list[str]:
    """Do in a ledger what a word says; answers the names of events, or the refusal."""
    ledger, (verb, _, said) = shop.ledger, word.says.partition(" ")
    before = ledger.seq
    arguments = said.partition(" ")[2] if verb in ("add", "void", "play") else said
    try:
        if verb == "later":
            shop.clock.wait(timedelta(days=int(said.split()[0])))
        elif verb == "add":
            code, _, count = ("", "", arguments) if arguments.isdigit() else arguments.partition(", ")
            amount = Decimal(count.removeprefix("for ")) if count.startswith("for") else None
            ledger.add_stamps(
                number, int(count) if count and amount is None else None, code=code or None, amount=amount
            )
        elif verb == "void":
            credits = [row for row in ledger.journal(card=number, limit=100) if row.kind == "stamp_added"][::-1]
            ledger.void_stamps(credits[int(arguments) - 1].scan if arguments.isdigit() else arguments)
        elif verb == "redeem":
            vouchers = [one for one in ledger.rewards(number) if one.kind == "voucher"][::-1]
            vouchers = [one for one in vouchers if said in ("", one.title)]
            if not vouchers:
                raise RewardNotFound(said)
            ledger.redeem(next((one for one in vouchers if one.status == "active"), vouchers[-1]).id)
        elif verb == "play":
            granted = [one for one in ledger.rewards(number) if (one.kind, one.status) == ("lottery", "granted")]
            shop.chance.draws = [{"Cake": 0, "Again": 700_000_000}[arguments]]
            ledger.play_lottery(granted[-1].id)
        elif verb == "expire":
            ledger.expire()
    except StampledgerError as error:
        return [error.code]
    return [type(row.event).__name__ for row in ledger.journal(limit=100) if row.seq > before][::-1]
