"""What an entry of the Journal tells beside its columns: why it was refused, what it undid, what was sent."""

import attrs

from stampledger import events
from stampledger.events import Event, RewardSource
from stampledger.render.labels import platform_label, reward_source_label, rule_label
from stampledger.render.words import NC_, Words

TEXT_LENGTH_MAX = 120  # A remark stands in a table's cell.

KEPT_BECAUSE = {
    "redeemed": NC_("kept", "already redeemed"),
    "expired": NC_("kept", "already expired"),
    "award": NC_("kept", "a gift is not taken back"),
    "played": NC_("kept", "already played"),
    "policy": NC_("kept", "the programme leaves it to the customer"),
}


@attrs.frozen
class Remark:
    """A sentence or a word about an entry."""

    text: str
    recorded: bool = False  # As it was recorded: in English, whatever the page's language.


def remarks(words: Words, event: Event) -> tuple[Remark, ...]:
    """Say what there is to say about an entry, in a language."""
    return tuple(Remark(one) if isinstance(one, str) else one for one in _remarks(words, event) if one)


def _own(words: Words, text: str) -> str:
    """Answer what somebody wrote: not too long, and apart from the sentences around it."""
    return str(words.shown({"text": _cut(text)})["text"]) if text else ""


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LENGTH_MAX else f"{text[: TEXT_LENGTH_MAX - 1]}…"


def _remarks(words: Words, event: Event) -> list[str | Remark]:
    match event:
        case events.StampRejected():
            return [rule_label(words, event.rule), Remark(_cut(event.reason), recorded=True)]
        case events.StampAdded():
            return _added(words, event)
        case events.StampVoided():
            return _voided(words, event)
        case events.VoucherVoided() | events.LotteryVoided():
            follows = words.say("Follows from taking back scan %(scan)s.", scan=f"#{event.scan}") if event.scan else ""
            return [follows, _own(words, event.reason)]
        case events.RedemptionReversed() | events.CardDeleted():
            return [_own(words, event.reason)]
        case events.AwardGranted() | events.VoucherIssued() | events.LotteryGranted():
            return [] if event.source is RewardSource.GOAL else [reward_source_label(words, event.source)]
        case events.BirthdayReached():
            return [words.say("Birthday of the year %(year)s", year=str(event.year))]
        case events.CampaignSent() | events.CampaignCreated():
            return [_own(words, event.name)]
        case events.MessageSent():
            gone = words.say("Nobody can read the text any more: the customer was forgotten.")
            return [gone if event.text is None else _own(words, event.text)]
        case events.WalletSaved() | events.WalletRemoved():
            return [platform_label(words, event.platform)]
    return _on_the_card(words, event)


def _on_the_card(words: Words, event: Event) -> list[str | Remark]:
    match event:
        case events.StampsExpired():
            return [words.count("%(count)s stamp lapsed.", "%(count)s stamps lapsed.", event.count)]
        case events.CycleStarted():
            return [words.count("%(count)s stamp had waited.", "%(count)s stamps had waited.", event.count)]
        case events.GoalReached(rewarded=False):
            return [words.say("Its reward had been given before and is not given twice.")]
        case events.CardImported():
            return [words.say("From %(source)s, where it was %(name)s.", source=event.source, name=event.external_id)]
        case events.TemplateChanged():
            before, after = f"v{event.template_version_before}", f"v{event.template_version}"
            return [words.say("From %(before)s to %(after)s.", before=before, after=after)]
    return []


def _added(words: Words, event: events.StampAdded) -> list[str | Remark]:
    told: list[str | Remark] = []
    if event.bonus:
        told.append(words.say("Given, not earned."))
    if event.withheld:
        told.append(
            words.count(
                "%(count)s stamp over a limit was not given.",
                "%(count)s stamps over a limit were not given.",
                event.withheld,
            )
        )
    if event.dropped:
        told.append(
            words.count(
                "%(count)s stamp beyond the last goal was lost.",
                "%(count)s stamps beyond the last goal were lost.",
                event.dropped,
            )
        )
    if event.carried:
        told.append(
            words.count(
                "%(count)s stamp waits for the next round.",
                "%(count)s stamps wait for the next round.",
                event.carried,
            )
        )
    return told


def _voided(words: Words, event: events.StampVoided) -> list[str | Remark]:
    taken = words.count(
        "%(count)s stamp of scan %(scan)s was taken back.",
        "%(count)s stamps of scan %(scan)s were taken back.",
        event.count,
        scan=f"#{event.scan}",
    )
    told: list[str | Remark] = [taken]
    if event.missing:
        told.append(
            words.count(
                "%(count)s stamp could not be taken back.",
                "%(count)s stamps could not be taken back.",
                event.missing,
            )
        )
    for kept in event.rewards_kept:
        because = words.label(*KEPT_BECAUSE[kept.reason]) if kept.reason in KEPT_BECAUSE else kept.reason
        told.append(words.say("%(reward)s stays: %(reason)s.", reward=kept.title, reason=because))
    if event.cancelled_by:
        told.append(words.say("Cancelled with code %(code)s.", code=event.cancelled_by))
    return [*told, _own(words, event.reason)]
