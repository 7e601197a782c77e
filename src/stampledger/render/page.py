"""The customer's page: everything on it in words, ready to be shown as text or as HTML."""

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import attrs

from stampledger.errors import InvalidInput
from stampledger.projections import CardStatus, CustomerView, Progress, RewardView
from stampledger.render.codes import barcode_payload, qr_payload
from stampledger.render.dates import end_text, moment_text
from stampledger.render.languages import DEFAULT_LANGUAGE, LANGUAGES, known_language, language, preferred
from stampledger.render.numbers import number_text, progress_text
from stampledger.render.refusal import refusal_text
from stampledger.render.words import N_, Words
from stampledger.rewards import RewardKind, RewardStatus

BOXES_MAX = 30  # A larger card shows a bar instead of a box for each stamp.


@attrs.frozen(kw_only=True)
class StampBox:
    """One place for a stamp."""

    number: int
    filled: bool
    fresh: bool  # Filled by the scan that is shown.
    reward: str | None  # What it earns, where it is a goal.


@attrs.frozen(kw_only=True)
class GoalLine:
    """A goal of the programme."""

    stamps: int
    reward: str
    reached: bool


@attrs.frozen(kw_only=True)
class Refusal:
    """What the customer was told when a scan did not go through."""

    title: str
    reason: str
    retry: str | None


@attrs.frozen(kw_only=True)
class RewardPanel:
    """A reward in words; a voucher also carries what its codes say."""

    id: UUID
    kind: RewardKind
    title: str
    description: str
    status: RewardStatus
    status_text: str
    fresh: bool  # Won by the scan that is shown.
    redeem_code: str | None
    qr: str | None  # What the QR code says.
    barcode: str | None  # What the bar code says; None where it cannot be drawn legibly.

    @property
    def usable(self) -> bool:
        """Whether it can still be used."""
        return self.status in (RewardStatus.ACTIVE, RewardStatus.GRANTED)


@attrs.frozen
class CustomerPage:
    """The page a customer saw at a moment, in one language.

    Text made by the business or the customer appears on it as it is; nothing on it is computed beyond the view.
    """

    view: CustomerView
    lang: str = attrs.field(default=DEFAULT_LANGUAGE, converter=language)

    def text(self) -> str:
        """Show the page in a terminal; needs nothing but the library itself."""
        from stampledger.render.text import page_text

        return page_text(self)

    def html(self) -> str:
        """Show the page in a browser: one document without scripts, which needs no network but for an https logo.

        Raises:
            ImportError: The extra `web` is not installed.
        """
        from stampledger.render.html import page_html

        return page_html(self)

    def say(self, message: str, **values: object) -> str:
        """Say an English sentence in the page's language."""
        return Words(self.lang).say(message, **values)

    # The page.

    @property
    def language_tag(self) -> str:
        """The language, for the lang attribute."""
        return LANGUAGES[self.lang].tag

    @property
    def direction(self) -> str:
        """Where lines begin: ltr or rtl."""
        return LANGUAGES[self.lang].direction

    @property
    def as_of(self) -> str:
        """The moment that is shown."""
        return self.say("As of: %(at)s", at=self._moment(self.view.at))

    @property
    def footer(self) -> str:
        """The brand's own footer, or a neutral one."""
        return self.view.brand.footer.strip() or self.say("Every stamp counts.")

    @property
    def logo_url(self) -> str | None:
        """The brand's logo."""
        return self.view.brand.logo_url

    @property
    def initials(self) -> str:
        """What stands in for a logo: the first letters of the brand's first two words."""
        return "".join(_first_letter(word) for word in self.view.brand.name.split()[:2]).upper()

    # The scan.

    @property
    def popups(self) -> tuple[str, ...]:
        """What popped up at the scan, such as "Stamps added: 2"."""
        view = self.view
        lines = []
        if view.stamps_added is not None:
            lines.append(self.say("Stamps added: %(count)s", count=view.stamps_added))
        if view.stamps_voided is not None:
            lines.append(self.say("Stamps taken back: %(count)s", count=view.stamps_voided))
        lines.extend(self.say("Redeemed: %(reward)s", reward=reward.title) for reward in view.redeemed)
        return tuple(lines)

    @property
    def congratulation(self) -> str | None:
        """The congratulation, where the scan won something; of several rewards it names the best kind."""
        kinds = {reward.kind for reward in self.view.unlocked}
        return next((self.say(sentence) for kind, sentence in _CONGRATULATIONS.items() if kind in kinds), None)

    @property
    def refusal(self) -> Refusal | None:
        """What the customer was told, where the scan did not go through."""
        view = self.view
        reason = refusal_text(view, Words(self.lang))
        if reason is None:
            return None
        retry = None if view.retry_at is None else self.say("Try again from: %(at)s", at=self._moment(view.retry_at))
        return Refusal(title=self.say("No stamp was added"), reason=reason, retry=retry)

    # The card.

    @property
    def progress(self) -> Progress:
        """How full the card is."""
        return self.view.card.progress

    @property
    def progress_text(self) -> str:
        """How full the card is, such as 2/8."""
        return progress_text(self.progress, self.lang)

    @property
    def boxes(self) -> tuple[StampBox, ...]:
        """A place for every stamp; none on a card that is too large for it."""
        progress, goals = self.progress, dict(self.view.goals)
        if progress.required > BOXES_MAX:
            return ()
        seen = progress.stamps - (self.view.stamps_added or 0)
        return tuple(
            StampBox(
                number=number, filled=number <= progress.stamps, fresh=seen < number <= progress.stamps,
                reward=goals.get(number),
            )
            for number in range(1, progress.required + 1)
        )  # fmt: skip

    @property
    def goals(self) -> tuple[GoalLine, ...]:
        """The goals of the programme, and which of them are reached."""
        reached = self.view.card.goals_reached
        return tuple(
            GoalLine(stamps=stamps, reward=reward, reached=index < reached)
            for index, (stamps, reward) in enumerate(self.view.goals)
        )

    @property
    def status_text(self) -> str:
        """What comes next on the card, or why nothing does."""
        card = self.view.card
        if card.status is not CardStatus.ACTIVE:
            return self.say(_CARD_STATUSES[card.status])
        return self.say("Next reward: %(reward)s (%(count)s to go)", reward=card.next_reward, count=card.stamps_missing)

    @property
    def expiry_text(self) -> str | None:
        """Until when the card is good, where its time is limited and not yet over."""
        card = self.view.card
        if card.expires_at is None or card.status in (CardStatus.EXPIRED, CardStatus.DELETED):
            return None
        return self.say("Valid until: %(at)s", at=self._end(card.expires_at))

    # The rewards.

    @property
    def vouchers(self) -> tuple[RewardPanel, ...]:
        """The vouchers: those of this scan first, then those that can be used, each newest first."""
        return self._panels(self.view.vouchers)

    @property
    def lotteries(self) -> tuple[RewardPanel, ...]:
        """The lotteries, in the same order."""
        return self._panels(self.view.lotteries)

    @property
    def awards(self) -> tuple[RewardPanel, ...]:
        """The awards, in the same order."""
        return self._panels(self.view.awards)

    def _panels(self, rewards: Iterable[RewardView]) -> tuple[RewardPanel, ...]:
        won = {reward.id for reward in self.view.unlocked}
        used = {reward.id for reward in self.view.redeemed}
        panels = [self._panel(reward, reward.id in won) for reward in rewards]
        return tuple(sorted(panels, key=lambda panel: (not panel.fresh, panel.id not in used, not panel.usable)))

    def _panel(self, reward: RewardView, fresh: bool) -> RewardPanel:
        voucher = reward.kind is RewardKind.VOUCHER
        return RewardPanel(
            id=reward.id,
            kind=reward.kind,
            title=reward.title,
            description=reward.description.strip(),
            status=reward.status,
            status_text=self._reward_status(reward),
            fresh=fresh,
            redeem_code=reward.redeem_code,
            qr=qr_payload(reward.id) if voucher else None,
            barcode=barcode_payload(reward.redeem_code) if voucher else None,
        )

    def _reward_status(self, reward: RewardView) -> str:
        match reward.status:
            case RewardStatus.REDEEMED if reward.redeemed_at is not None:
                return self.say("Redeemed at: %(at)s", at=self._moment(reward.redeemed_at))
            case RewardStatus.EXPIRED if reward.expires_at is not None:
                return self.say("Expired: %(at)s", at=self._end(reward.expires_at))
            case RewardStatus.ACTIVE if reward.expires_at is not None:
                return self.say("Valid until: %(at)s", at=self._end(reward.expires_at))
            case RewardStatus.ACTIVE:
                return self.say("Valid without limit")
            case RewardStatus.PLAYED:
                return self.say("Result: %(outcome)s", outcome=reward.outcome)
            case RewardStatus.GRANTED if reward.kind is RewardKind.LOTTERY:
                return self.say("Ready to be drawn")
            case RewardStatus.GRANTED:
                return self.say("Won: %(at)s", at=self._moment(reward.issued_at))
            case RewardStatus.VOIDED:
                return self.say("Taken back")
        raise AssertionError(f"a {reward.status} reward without its date: {reward.id}")

    def number(self, number: int) -> str:
        """Show a number in the language's digits."""
        return number_text(number, self.lang)

    def _moment(self, at: datetime) -> str:
        return moment_text(at, self.view.brand.time_zone, self.lang)

    def _end(self, at: datetime) -> str:
        return end_text(at, self.view.brand.time_zone, self.lang)


def customer_page(view: CustomerView, lang: str | None = None, browser: str | None = None) -> CustomerPage:
    """Show the customer's page in *lang* (such as ko or ko-KR), else in the customer's own language.

    Where neither is known, in the one that the *browser* asks for by its header Accept-Language, else in English.

    Raises:
        InvalidInput: The page does not speak *lang*.
    """
    if not isinstance(browser, str | None):
        raise InvalidInput("browser", browser, "must be the text of a header")
    if lang is not None:
        return CustomerPage(view, lang)
    customer = view.card.customer
    own = None if customer is None else known_language(customer.language)
    return CustomerPage(view, own or preferred(browser) or DEFAULT_LANGUAGE)


# In the order of how much they are to be congratulated for.
_CONGRATULATIONS = {
    RewardKind.VOUCHER: N_("Congratulations! You've unlocked your voucher!"),
    RewardKind.LOTTERY: N_("Congratulations! You've unlocked a prize draw!"),
    RewardKind.AWARD: N_("Congratulations! You've unlocked your reward!"),
}
_CARD_STATUSES = {
    CardStatus.HELD: N_("Your card is full. Use your reward to start again."),
    CardStatus.CLOSED: N_("Your card is complete."),
    CardStatus.EXPIRED: N_("This card has expired."),
    CardStatus.DELETED: N_("This card is no longer in use."),
}


def _first_letter(word: str) -> str:
    """Answer a word's first letter with the marks that stand on it."""
    marks = 1
    while marks < len(word) and unicodedata.category(word[marks]).startswith("M"):
        marks += 1
    return word[:marks]
