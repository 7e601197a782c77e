"""Why a scan did not go through, said to the customer: a sentence for each rule that can refuse a credit."""

from collections.abc import Callable

from stampledger import refusals
from stampledger.projections import CustomerView
from stampledger.render.languages import DEFAULT_LANGUAGE
from stampledger.render.words import N_, Words


def refusal_text(view: CustomerView, words: Words) -> str | None:
    """Say why a scan was refused; None where it was not.

    In English it is said in the words that were recorded, and so is, in any language, what a rule says that is unknown
    here. When to try again is not part of it.
    """
    if view.refusal is None or view.refusal_rule is None or words.lang == DEFAULT_LANGUAGE:
        return view.refusal
    counted = _COUNTED.get(view.refusal_rule)
    if counted is not None and view.refusal_limit is not None:
        return counted(words, view.refusal_limit)
    sentence = SENTENCES.get(view.refusal_rule)
    return view.refusal if sentence is None else words.say(sentence)


SENTENCES = {
    refusals.CodeAlreadyUsed.code: N_("This code has already been used."),
    refusals.ScanLimitReached.code: N_("These are more stamps than one scan may give."),
    refusals.DailyLimitReached.code: N_("These are more stamps than one day may bring."),
    refusals.RollingLimitReached.code: N_("These are more stamps than 24 hours may bring."),
    refusals.IntervalNotOver.code: N_("Your last stamp was too recent."),
    refusals.CardIsClosed.code: N_("Your card is complete and takes no more stamps."),
    refusals.CardIsHeld.code: N_("Your card is full. Use your reward before you collect new stamps."),
    refusals.CardNotYetIssued.code: N_("These stamps are from before your card was issued."),
    refusals.CardIsExpired.code: N_("Your card has expired."),
    refusals.CardIsDeleted.code: N_("Your card is no longer in use."),
}


def _scan_limit(words: Words, limit: int) -> str:
    return words.count("A scan may give at most %(count)s stamp.", "A scan may give at most %(count)s stamps.", limit)


def _daily_limit(words: Words, limit: int) -> str:
    return words.count("A day may bring at most %(count)s stamp.", "A day may bring at most %(count)s stamps.", limit)


def _rolling_limit(words: Words, limit: int) -> str:
    return words.count(
        "24 hours may bring at most %(count)s stamp.", "24 hours may bring at most %(count)s stamps.", limit
    )


_COUNTED: dict[str, Callable[[Words, int], str]] = {
    refusals.ScanLimitReached.code: _scan_limit,
    refusals.DailyLimitReached.code: _daily_limit,
    refusals.RollingLimitReached.code: _rolling_limit,
}
