"""What differs between a card at two moments, in sentences, in a person's language."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any

import attrs

from stampledger.projections import (
    Change,
    CustomerChanged,
    CustomerGone,
    CycleMoved,
    ExpiryMoved,
    HolderMoved,
    LastStampMoved,
    LotteryDrawn,
    NextRewardMoved,
    PlatformRemoved,
    PlatformSaved,
    Progress,
    RemainderMoved,
    RewardCame,
    RewardExpired,
    RewardGone,
    RewardRedeemed,
    RewardRestored,
    RewardReversed,
    RewardTakenBack,
    StampsMoved,
    StatusMoved,
    TemplateMoved,
    WaitingMoved,
)
from stampledger.render.dates import day_text, end_text, moment_text
from stampledger.render.labels import card_status_label, platform_label, reward_status_label
from stampledger.render.numbers import number_text, progress_text
from stampledger.render.words import N_, Words
from stampledger.rewards import RewardKind


def change_sentences(found: Iterable[Change], words: Words, zone: str) -> tuple[str, ...]:
    """Tell changes in whole sentences, times in a zone."""
    teller = _Teller(words, zone)
    return tuple(sentence for change in found for sentence in _SENTENCES[type(change)](teller, change))


@attrs.frozen
class _Teller:
    words: Words
    zone: str

    # The card and its stamps.

    def stamps(self, change: StampsMoved) -> Iterator[str]:
        before, after = self._progress(change.before), self._progress(change.after)
        if change.added > 0:
            yield self.words.count(
                "%(count)s stamp was added: %(before)s then, %(after)s now.",
                "%(count)s stamps were added: %(before)s then, %(after)s now.",
                change.added, before=before, after=after,
            )  # fmt: skip
        elif change.added < 0:
            yield self.words.count(
                "%(count)s stamp was taken back or has lapsed: %(before)s then, %(after)s now.",
                "%(count)s stamps were taken back or have lapsed: %(before)s then, %(after)s now.",
                -change.added, before=before, after=after,
            )  # fmt: skip
        elif before != after:
            yield self.words.say("The card stood at %(before)s then and stands at %(after)s now.",
                                 before=before, after=after)  # fmt: skip
        if change.goals_reached != change.goals_before:
            yield self.words.say("Goals reached: %(before)s then, %(after)s now.",
                                 before=change.goals_before, after=change.goals_reached)  # fmt: skip
        if change.missing != change.missing_before:
            yield self.words.say("Stamps missing to the next reward: %(before)s then, %(after)s now.",
                                 before=change.missing_before, after=change.missing)  # fmt: skip

    def cycle(self, change: CycleMoved) -> Iterator[str]:
        yield self.words.say("The card was in round %(before)s then and is in round %(after)s now.",
                             before=change.before, after=change.after)  # fmt: skip

    def waiting(self, change: WaitingMoved) -> Iterator[str]:
        yield self.words.say("Stamps that wait for the next round: %(before)s then, %(after)s now.",
                             before=change.before, after=change.after)  # fmt: skip

    def remainder(self, change: RemainderMoved) -> Iterator[str]:
        yield self.words.say("Money that waits for the next stamp, in minor units: %(before)s then, %(after)s now.",
                             before=change.before, after=change.after)  # fmt: skip

    def status(self, change: StatusMoved) -> Iterator[str]:
        before, after = (card_status_label(self.words, status) for status in (change.before, change.after))
        yield self.words.say("The card's status: “%(before)s” then, “%(after)s” now.", before=before, after=after)

    def next_reward(self, change: NextRewardMoved) -> Iterator[str]:
        yield self.words.say("The next reward: “%(before)s” then, “%(after)s” now.",
                             before=change.before, after=change.after)  # fmt: skip

    def template(self, change: TemplateMoved) -> Iterator[str]:
        (before, version_before), (after, version) = change.before, change.after
        yield self.words.say(
            "The card moved from “%(before)s”, version %(version_before)s, to “%(after)s”, version %(version)s.",
            before=before, version_before=version_before, after=after, version=version,
        )  # fmt: skip

    def last_stamp(self, change: LastStampMoved) -> Iterator[str]:
        if change.after is None:
            yield self.words.say("The card has no stamp any more.")
        else:
            yield self.words.say("The last stamp is of %(at)s now.", at=self._moment(change.after))

    def expiry(self, change: ExpiryMoved) -> Iterator[str]:
        if change.after is None:
            yield self.words.say("The card is good without limit now.")
        else:
            yield self.words.say("The card is good until %(at)s now.", at=self._end(change.after))

    def saved(self, change: PlatformSaved) -> Iterator[str]:
        yield self.words.say("The card was saved to %(platform)s.", platform=self._platform(change.platform))

    def removed(self, change: PlatformRemoved) -> Iterator[str]:
        yield self.words.say("The card was removed from %(platform)s.", platform=self._platform(change.platform))

    # Rewards.

    def came(self, change: RewardCame) -> Iterator[str]:
        yield self.words.say(_CAME[change.reward.kind], reward=change.reward.title)

    def redeemed(self, change: RewardRedeemed) -> Iterator[str]:
        assert change.reward.redeemed_at is not None
        at = self._moment(change.reward.redeemed_at)
        yield self.words.say("The voucher “%(reward)s” was redeemed: %(at)s.", reward=change.reward.title, at=at)

    def reversed(self, change: RewardReversed) -> Iterator[str]:
        yield self.words.say("A redemption of the voucher “%(reward)s” was taken back.", reward=change.reward.title)

    def expired(self, change: RewardExpired) -> Iterator[str]:
        assert change.reward.expires_at is not None
        at = self._end(change.reward.expires_at)
        yield self.words.say("The voucher “%(reward)s” has expired, unused: %(at)s.", reward=change.reward.title, at=at)

    def taken_back(self, change: RewardTakenBack) -> Iterator[str]:
        yield self.words.say(_TAKEN_BACK[change.reward.kind], reward=change.reward.title)

    def drawn(self, change: LotteryDrawn) -> Iterator[str]:
        yield self.words.say("The prize draw “%(reward)s” was played: %(outcome)s.",
                             reward=change.reward.title, outcome=change.reward.outcome or "—")  # fmt: skip

    def restored(self, change: RewardRestored) -> Iterator[str]:
        status = reward_status_label(self.words, change.reward.status)
        yield self.words.say("“%(reward)s” stands again as it had stood: %(status)s.",
                             reward=change.reward.title, status=status)  # fmt: skip

    def gone(self, change: RewardGone) -> Iterator[str]:
        yield self.words.say("“%(reward)s” had not been given yet.", reward=change.reward.title)

    # The customer.

    def customer(self, change: CustomerChanged) -> Iterator[str]:
        before, after = self._known(change.before), self._known(change.after)
        yield self.words.say(_CUSTOMER[change.field], before=before, after=after)

    def forgotten(self, change: CustomerGone) -> Iterator[str]:
        yield self.words.say("The customer asked to be forgotten: name, e-mail and birthday are gone for good.")

    def holder(self, change: HolderMoved) -> Iterator[str]:
        if change.after is None:
            yield self.words.say("The card is nobody's any more.")
        elif change.after.name is None:
            yield self.words.say("The card is another customer's now.")
        else:
            yield self.words.say("The card is %(name)s's now.", name=change.after.name)

    # Values.

    def _progress(self, progress: Progress) -> str:
        return progress_text(progress, self.words.lang)

    def _number(self, number: int) -> str:
        return number_text(number, self.words.lang)

    def _platform(self, platform: str) -> str:
        return platform_label(self.words, platform)

    def _moment(self, at: datetime) -> str:
        return moment_text(at, self.zone, self.words.lang)

    def _end(self, at: datetime) -> str:
        return end_text(at, self.zone, self.words.lang)

    def _known(self, value: str | date | None) -> str:
        return "—" if value is None else day_text(value, self.words.lang) if isinstance(value, date) else value


_CAME = {
    RewardKind.VOUCHER: N_("The voucher “%(reward)s” was issued."),
    RewardKind.LOTTERY: N_("The prize draw “%(reward)s” was given."),
    RewardKind.AWARD: N_("The gift “%(reward)s” was given."),
}
_TAKEN_BACK = {
    RewardKind.VOUCHER: N_("The voucher “%(reward)s” was taken back."),
    RewardKind.LOTTERY: N_("The prize draw “%(reward)s” was taken back."),
    RewardKind.AWARD: N_("The gift “%(reward)s” was taken back."),
}
_CUSTOMER = {
    "name": N_("The customer's name: %(before)s then, %(after)s now."),
    "email": N_("The customer's e-mail: %(before)s then, %(after)s now."),
    "birthday": N_("The customer's birthday: %(before)s then, %(after)s now."),
    "language": N_("The customer's language: %(before)s then, %(after)s now."),
}
_SENTENCES: dict[type[Change], Callable[[_Teller, Any], Iterator[str]]] = {
    StampsMoved: _Teller.stamps,
    CycleMoved: _Teller.cycle,
    WaitingMoved: _Teller.waiting,
    RemainderMoved: _Teller.remainder,
    StatusMoved: _Teller.status,
    NextRewardMoved: _Teller.next_reward,
    TemplateMoved: _Teller.template,
    LastStampMoved: _Teller.last_stamp,
    ExpiryMoved: _Teller.expiry,
    PlatformSaved: _Teller.saved,
    PlatformRemoved: _Teller.removed,
    RewardCame: _Teller.came,
    RewardRedeemed: _Teller.redeemed,
    RewardReversed: _Teller.reversed,
    RewardExpired: _Teller.expired,
    RewardTakenBack: _Teller.taken_back,
    LotteryDrawn: _Teller.drawn,
    RewardRestored: _Teller.restored,
    RewardGone: _Teller.gone,
    CustomerChanged: _Teller.customer,
    CustomerGone: _Teller.forgotten,
    HolderMoved: _Teller.holder,
}
