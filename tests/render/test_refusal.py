"""
Why a scan did not go through, in the customer's language.
"""

from datetime import timedelta
from uuid import UUID

import pytest

from stampledger import refusals
from stampledger.errors import Refused
from stampledger.render import customer_page
from stampledger.render.languages import LANGUAGES
from stampledger.render.refusal import SENTENCES, refusal_text
from stampledger.render.words import Words
from tests.render.pages import AT, refused, view

# What can refuse a credit, as it is recorded.
OF_A_CREDIT = [
    refusals.CodeAlreadyUsed("R-1", 3, AT),
    refusals.ScanLimitReached(2, 3),
    refusals.DailyLimitReached(4, AT),
    refusals.RollingLimitReached(4, AT),
    refusals.IntervalNotOver(timedelta(hours=1), AT),
    refusals.CardIsClosed(),
    refusals.CardIsHeld(UUID(int=1)),
    refusals.CardNotYetIssued(AT),
    refusals.CardIsExpired(AT),
    refusals.CardIsDeleted(),
]
TRANSLATED = [lang for lang in LANGUAGES if lang != "en"]


def test_every_rule_of_a_credit():
    """
    There is a sentence for every rule that can refuse a credit, and for no other.
    """
    assert {refusal.code for refusal in OF_A_CREDIT} == set(SENTENCES)


@pytest.mark.parametrize("lang", TRANSLATED)
@pytest.mark.parametrize("refusal", OF_A_CREDIT, ids=lambda refusal: refusal.code)
def test_sentence_of_a_rule(refusal: Refused, lang: str):
    """
    Every rule says no in the customer's language, and each has words of its own.
    """
    told = refusal_text(refused(refusal=str(refusal), refusal_rule=refusal.code), Words(lang))

    others = {Words(lang).say(sentence) for rule, sentence in SENTENCES.items() if rule != refusal.code}
    assert told and told not in {str(refusal), SENTENCES[refusal.code], *others}


@pytest.mark.parametrize(
    ("rule", "limit", "lang", "told"),
    [
        ("daily_limit_reached", 4, "uk", "За день можна отримати щонайбільше 4 штампи."),
        ("daily_limit_reached", 1, "de", "Pro Tag ist höchstens 1 Stempel möglich."),
        ("rolling_limit_reached", 1, "de", "In 24 Stunden ist höchstens 1 Stempel möglich."),
        ("scan_limit_reached", 2, "az", "بیر اسکن ان چوخو ۲ مؤهور وئره بیلر."),
        ("daily_limit_reached", None, "de", "Das sind mehr Stempel, als ein Tag bringen darf."),
    ],
)
def test_limit(rule: str, limit: int | None, lang: str, told: str):
    """
    A limit is told with its number, in the language's plural form; without one where none is known.
    """
    assert told == refusal_text(refused(refusal_rule=rule, refusal_limit=limit), Words(lang))


def test_english():
    """
    An English page says the very words that were recorded.
    """
    recorded = "4 stamps a day are allowed; the next from 2026-05-12 22:00 UTC"

    page = customer_page(refused(refusal_rule="daily_limit_reached", refusal_limit=4), "en")

    assert page.refusal is not None
    assert recorded == page.refusal.reason


@pytest.mark.parametrize("rule", [None, "our_own_rule"])
def test_unknown_rule(rule: str | None):
    """
    What a rule says that is unknown here is shown as it was recorded, in any language.
    """
    assert "closed today" == refusal_text(refused(refusal="closed today", refusal_rule=rule), Words("ko"))


def test_nothing_was_refused():
    """
    Where no scan was refused nothing is said.
    """
    assert refusal_text(view(), Words("de")) is None
