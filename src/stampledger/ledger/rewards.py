"""Vouchers and lotteries."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Unpack
from uuid import UUID

from stampledger import batches, checks, commands, rules
from stampledger.aggregates import (
    Coupon,
    decide,
    decide_coupon,
)
from stampledger.cards import StampCard
from stampledger.errors import InvalidInput, RewardNotFound
from stampledger.events import RewardSource
from stampledger.ledger.base import Verbs, wants
from stampledger.lookup import EVERYTHING, named
from stampledger.refusals import VoucherIsRedeemed
from stampledger.rewards import RewardStatus
from stampledger.rules import DRAW_TOTAL
from stampledger.sources import spellings
from stampledger.store.session import Session, StreamKind
from stampledger.values import Voucher
from stampledger.view import CardRef, CustomerRef, RewardRef, Scan
from stampledger.writer import Call, Work, holder_of, naming_the_winner

_NEVER = datetime.max.replace(tzinfo=UTC)


class RewardVerbs(Verbs):
    """Verbs about one reward."""

    def issue_coupon(
        self,
        voucher: Voucher,
        *,
        card: CardRef | None = None,
        customer: CustomerRef | None = None,
        **call: Unpack[Call],
    ) -> Scan:
        """Give a voucher by hand: on a card, to a customer, or to the bearer of its code.

        Raises:
            NotFound: The card or customer is unknown.
            Refused: The card was deleted, or the customer forgotten.
        """
        wants(voucher, Voucher, "voucher")
        if card is not None and customer is not None:
            raise InvalidInput("customer", named(customer), "must not be named beside a card, which has its own")

        def command(work: Work, at: datetime, customer_id: UUID | None) -> commands.IssueVoucher:
            expires_at = rules.voucher_expiry(voucher, at, work.means.zone)
            if expires_at is not None and expires_at <= at:
                raise InvalidInput("voucher.valid_until", voucher.valid_until, "must not be over already")
            return commands.IssueVoucher(
                at=at, voucher=voucher, source=RewardSource.COUPON, means=work.means, customer_id=customer_id
            )

        def body(work: Work) -> UUID | None:
            if card is not None:
                row, state, held = work.card(card)
                told = decide(state, command(work, work.at(state.latest_at), None))
                work.record(row, row.id, StreamKind.CARD, state, told, held)
                return row.id
            coupon_id = work.new_id()
            told = decide_coupon(None, command(work, work.at(), batches.holder(work, customer)))
            work.record(None, coupon_id, StreamKind.COUPON, None, told)
            return coupon_id

        return self._do(call, ("issue_coupon", voucher, named(card), named(customer)), body)

    def redeem(
        self,
        voucher: RewardRef | None = None,
        *,
        redeem_code: str | None = None,
        card: CardRef | None = None,
        **call: Unpack[Call],
    ) -> Scan:
        """Use a voucher, by its id, or by the redeem code of one that is still active (on a card, where one is named).

        Raises:
            RewardNotFound: There is no such voucher.
            InvalidInput: Several vouchers share the code: name the voucher or the card.
            Refused: It was redeemed before (the refusal says when and by whom), has expired or was taken back.
        """
        if (voucher is None) == (redeem_code is None):
            raise InvalidInput("redeem_code", redeem_code, "must be given where no voucher is, and only there")
        if redeem_code is not None:
            checks.text(redeem_code, "redeem_code", 64)

        def body(work: Work) -> UUID | None:
            chosen = voucher if redeem_code is None else self._by_code(work, redeem_code, card)
            return self._use(work, chosen, commands.Redeem)

        return self._do(call, ("redeem", named(voucher), redeem_code, named(card)), body)

    def _by_code(self, work: Work, redeem_code: str, card: CardRef | None) -> UUID:
        session, at = work.session, work.at()
        holder = None if card is None else work.look.card_row(card).number
        typed = spellings(redeem_code)
        rows = [
            row
            for spelling in typed
            for row in map(session.reward_row, session.all(session.sql.rewards_by_code, b_redeem_code=spelling))
            if holder in (None, row.holder) and row.reward.status_at(at) is RewardStatus.ACTIVE
        ]
        if not rows:
            return self._only_one_ever(session, typed, holder)
        if len(rows) > 1 and holder is None:
            raise InvalidInput("redeem_code", redeem_code, "is shared by several vouchers: name one, or the card")
        return min(rows, key=lambda row: (row.reward.expires_at or _NEVER, row.issued_seq)).reward.id

    def _only_one_ever(self, session: Session, typed: Sequence[str], holder: int | None) -> UUID:
        """Answer the voucher a code was made for, where it was made for one: its refusal says what became of it."""
        found = [
            session.reward_row(row)
            for spelling in typed
            for row in session.all(session.sql.few_by_code, b_redeem_code=spelling, b_known=EVERYTHING, b_limit=2)
        ]
        if holder is not None:
            found = [row for row in session.rewards_of(holder) if row.reward.redeem_code in typed]
        if len(found) != 1:
            raise RewardNotFound(typed[0])
        return found[0].reward.id

    def reverse_redemption(self, voucher: RewardRef, *, reason: str = "", **call: Unpack[Call]) -> Scan:
        """Take a redemption back: the voucher can be used again, unless its time is over.

        Raises:
            RewardNotFound: There is no such voucher.
            Refused: It is not redeemed.
        """
        checks.text(reason, "reason", empty=True)

        def body(work: Work) -> UUID | None:
            row, state, held, reward_id = holder_of(work, voucher)
            at = work.at(state.latest_at if isinstance(state, StampCard) else held[reward_id].reward.settled_at)
            command = commands.ReverseRedemption(at=at, voucher_id=reward_id, reason=reason)
            told = decide(state, command) if isinstance(state, StampCard) else decide_coupon(_coupon(state), command)
            work.record(row, row.id, row.kind, state, told, held)
            return row.id

        return self._do(call, ("reverse_redemption", named(voucher), reason), body)

    def void_voucher(self, voucher: RewardRef, *, reason: str = "", **call: Unpack[Call]) -> Scan:
        """Take back a voucher that has not been used, or a lottery that has not been played.

        Raises:
            RewardNotFound: There is no such reward.
            Refused: It was used or played, has expired or was taken back before.
        """
        checks.text(reason, "reason", empty=True)

        def body(work: Work) -> UUID | None:
            return self._use(work, voucher, commands.VoidVoucher, reason=reason)

        return self._do(call, ("void_voucher", named(voucher), reason), body)

    def _use(self, work: Work, voucher: Any, kind: type[Any], **more: Any) -> UUID:
        """Redeem or void a voucher wherever it lies."""
        row, state, held, reward_id = holder_of(work, voucher)
        reward = held[reward_id].reward
        template = work.look.card_template(state) if isinstance(state, StampCard) else None
        latest = state.latest_at if isinstance(state, StampCard) else reward.settled_at or reward.issued_at
        command = kind(at=work.at(latest), voucher_id=reward_id, template=template, means=work.means, **more)
        try:
            told = decide(state, command) if isinstance(state, StampCard) else decide_coupon(_coupon(state), command)
        except VoucherIsRedeemed as refusal:
            raise naming_the_winner(work.session, refusal, held[reward_id]) from None
        work.record(row, row.id, row.kind, state, told, held)
        return row.id

    def play_lottery(self, lottery: RewardRef, **call: Unpack[Call]) -> Scan:
        """Draw a lottery that was granted; what drops is issued at once.

        The draw comes from the ledger's source of chance and is recorded with the shares it was drawn from.

        Raises:
            RewardNotFound: There is no such lottery.
            Refused: It was played or taken back before.
        """

        def body(work: Work) -> UUID | None:
            row, state, held, lottery_id = holder_of(work, lottery)
            if not isinstance(state, StampCard):
                raise InvalidInput("lottery_id", str(lottery_id), "must be the id of a lottery; this is a coupon")
            command = commands.PlayLottery(
                at=work.at(state.latest_at),
                lottery_id=lottery_id,
                draw=work.draw(DRAW_TOTAL),
                means=work.means,
                template=work.look.card_template(state),
            )
            work.record(row, row.id, StreamKind.CARD, state, decide(state, command), held)
            return row.id

        return self._do(call, ("play_lottery", named(lottery)), body)


def _coupon(state: object) -> Coupon:
    assert isinstance(state, Coupon)
    return state
