"""Reading cards, rewards, customers, templates and the brand."""

import attrs

from stampledger import checks
from stampledger.aggregates import PublishedTemplate
from stampledger.cards import StampCard
from stampledger.errors import TemplateNotFound
from stampledger.paging import LIMIT_MAX, Page, checked_paging, page_of
from stampledger.projections import CardView, CustomerInfo, Progress, RewardView, TemplateInfo
from stampledger.sources import spellings
from stampledger.store import history, lists
from stampledger.values import Brand, Platform
from stampledger.view.looking import Looking, searched
from stampledger.view.scans import CardRef, CustomerRef, RewardRef, TemplateRef


class CardReads(Looking):
    """Reads of what a business has, and of whom."""

    def card(self, card: CardRef) -> CardView:
        """Answer a card with its rewards.

        Raises:
            CardNotFound: This business had no such card then.
        """
        with self._look() as look:
            return look.card_view(*look.card(card))

    def progress(self, card: CardRef) -> Progress:
        """Answer how full a card is.

        Raises:
            CardNotFound: This business had no such card then.
        """
        with self._look() as look:
            return look.card_view(*look.card(card), with_rewards=False).progress

    def rewards(self, card: CardRef) -> tuple[RewardView, ...]:
        """Answer a card's rewards, newest first.

        Raises:
            CardNotFound: This business had no such card then.
        """
        return self.card(card).rewards

    def reward(self, reward: RewardRef) -> RewardView:
        """Answer a voucher, lottery or award by its id, on a card or not.

        Raises:
            RewardNotFound: This business had no such reward then.
        """
        with self._look() as look:
            return look.reward_view(look.reward_row(reward))

    def vouchers(self, redeem_code: str, *, limit: int = 20) -> tuple[RewardView, ...]:
        """Answer the vouchers that a redeem code is on, as it may be typed: one, or of a shared code some of many.

        Raises:
            InvalidInput: The code or the limit is none.
        """
        checks.text(redeem_code, "redeem_code", 64)
        checks.whole(limit, "limit", 1, LIMIT_MAX)
        with self._look() as look:
            known = {"b_known": look.moment.seq, "b_limit": limit}
            rows = [
                look.session.reward_row(row)
                for spelling in spellings(redeem_code)
                for row in look.session.all(look.session.sql.few_by_code, b_redeem_code=spelling, **known)
            ]
            return tuple(look.reward_view(row) for row in rows[:limit])

    def cards(
        self,
        *,
        search: str | None = None,
        platform: Platform | str | None = None,
        template: TemplateRef | None = None,
        customer: CustomerRef | None = None,
        deleted: bool = False,
        limit: int = 50,
        before: int | None = None,
        after: int | None = None,
    ) -> Page[CardView]:
        """Answer the page "User stamp cards": the highest card number first, without rewards. Cursors are numbers.

        *search* finds part of a name or e-mail, or a whole card number. A card on no platform is one of the web. A
        *template* named with its version, as (key, version), means that version alone.

        Raises:
            InvalidInput: A filter, a limit or a cursor is none.
            NotFound: The template or customer is unknown.
        """
        chosen = None if platform is None else checks.choice(Platform, platform, "platform")
        limit = checked_paging(limit, before, after)
        words = searched(search)
        with self._look() as look:
            under = None if template is None else look.template_filter(template)

            def shown(state: StampCard) -> bool:
                return (
                    (deleted or state.deleted_at is None)
                    and (chosen is None or chosen in (state.platforms or (Platform.WEB,)))
                    and (under is None or under[0].id == state.template_id)
                    and (under is None or under[1] in (None, state.template_version))
                )

            wanted = lists.CardFilter(
                upto=look.moment.seq,
                search=words,
                customer=None if customer is None else look.customer_row(customer).number,
                template=None if under is None else under[0].number,
                version=None if under is None else under[1],
                deleted=deleted,
                before=before,
                after=after,
                limit=limit + 1,
            )
            found: list[CardView] = []
            while len(found) <= limit:
                rows = lists.card_rows(look.session, wanted)
                look.foresee([row.customer for row in rows])
                for row in rows:
                    state = history.state_at(look.session, row, look.moment.seq)
                    assert isinstance(state, StampCard)
                    last = state.number
                    wanted = attrs.evolve(wanted, before=last) if after is None else attrs.evolve(wanted, after=last)
                    if shown(state):
                        found.append(look.card_view(row, state, with_rewards=False))
                if len(rows) < wanted.limit:
                    break
        return page_of(found, limit, before, after, lambda view: view.number)

    def customer(self, customer: CustomerRef) -> CustomerInfo:
        """Answer a customer as known then; without a name once forgotten.

        Raises:
            CustomerNotFound: This business had no such customer then.
        """
        with self._look() as look:
            info = look.customer(look.customer_row(customer).number)
            assert info is not None
            return info

    def brand(self) -> Brand:
        """Answer how the business showed itself."""
        with self._look() as look:
            return look.brand()

    def templates(self) -> tuple[TemplateInfo, ...]:
        """Answer every card template of the business, in its newest version then, by their keys in order."""
        with self._look() as look:
            return tuple(look.templates())

    def template(self, template: TemplateRef) -> TemplateInfo:
        """Answer a card template, in its newest version then or in the one named as (key or id, version).

        Raises:
            TemplateNotFound: This business had no such template or version then.
        """
        with self._look() as look:
            row, version, found = look.template(template)
            state = history.state_at(look.session, row, look.moment.seq)
            assert isinstance(state, PublishedTemplate)
            if version > state.version:  # Published later.
                raise TemplateNotFound(template)
            return TemplateInfo(key=state.key, id=row.id, version=version, template=found)
