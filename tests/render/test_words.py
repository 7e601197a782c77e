"""
Sentences in somebody's language: their plural forms, their digits, and text of another direction in them.
"""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampledger.errors import InvalidInput
from stampledger.render.languages import LANGUAGES
from stampledger.render.numbers import number_text, percent_text
from stampledger.render.words import Words

NEXT = "Next reward: %(reward)s (%(count)s to go)"
ONE, MANY = "A day may bring at most %(count)s stamp.", "A day may bring at most %(count)s stamps."


def test_sentence():
    """
    An English sentence is said in the language, its placeholders filled.
    """
    assert "Stempel hinzugefügt: 3" == Words("de").say("Stamps added: %(count)s", count=3)
    assert "Stamps added: 3" == Words("en").say("Stamps added: %(count)s", count=3)


def test_sentence_that_nobody_translated():
    """
    A sentence without a translation is said in English rather than not at all.
    """
    assert "No such sentence: 1 %" == Words("ko").say("No such sentence: %(n)s %%", n=1)


def test_unknown_language():
    """
    Words exist only in languages we speak.
    """
    with pytest.raises(InvalidInput, match="lang"):
        Words("it")


@pytest.mark.parametrize(
    ("n", "shown"),
    [
        (0, "За день можна отримати щонайбільше 0 штампів."),
        (1, "За день можна отримати щонайбільше 1 штамп."),
        (2, "За день можна отримати щонайбільше 2 штампи."),
        (4, "За день можна отримати щонайбільше 4 штампи."),
        (5, "За день можна отримати щонайбільше 5 штампів."),
        (11, "За день можна отримати щонайбільше 11 штампів."),
        (12, "За день можна отримати щонайбільше 12 штампів."),
        (21, "За день можна отримати щонайбільше 21 штамп."),
        (22, "За день можна отримати щонайбільше 22 штампи."),
        (111, "За день можна отримати щонайбільше 111 штампів."),
        (1001, "За день можна отримати щонайбільше 1\u00a0001 штамп."),
    ],
)
def test_plurals_in_ukrainian(n: int, shown: str):
    """
    Ukrainian has one form for 1, 21, 31, another for 2 to 4, 22 to 24, and a third one.
    """
    assert shown == Words("uk").count(ONE, MANY, n)


@pytest.mark.parametrize(
    ("lang", "n", "shown"),
    [
        ("en", 1, "A day may bring at most 1 stamp."),
        ("en", 0, "A day may bring at most 0 stamps."),
        ("de", 1, "Pro Tag ist höchstens 1 Stempel möglich."),
        ("de", 2, "Pro Tag sind höchstens 2 Stempel möglich."),
        ("fr", 0, "Une journée peut rapporter au maximum 0 tampon."),
        ("fr", 2, "Une journée peut rapporter au maximum 2 tampons."),
        ("ja", 1, "1日に付与できるスタンプは最大1個です。"),
        ("az", 4, "بیر گونده ان چوخو ۴ مؤهور آلماق اولار."),
    ],
)
def test_plurals(lang: str, n: int, shown: str):
    """
    Every language has its own forms, and its own idea of what is one: in French also nothing.
    """
    assert shown == Words(lang).count(ONE, MANY, n)


def test_number_that_is_a_name():
    """
    Numbers of entries and cards are names: they are shown as they are searched for.
    """
    assert "Eintrag 12345" == Words("de").say("Entry %(seq)s", seq=12_345)
    assert "\u206812345\u2069" in Words("az").say("Entry %(seq)s", seq="12345")
    assert "12345" in Words("az").say("Entry %(seq)s", seq=12_345)


def test_word_of_two_meanings():
    """
    A word is translated by what it is about: in French a card is expirée, a voucher expiré.
    """
    french = Words("fr")

    assert ("Expirée", "Expiré") == (french.label("card", "Expired"), french.label("reward", "Expired"))
    assert "Expired" == Words("en").label("card", "Expired")


def test_text_of_another_direction():
    """
    Text put into a sentence of the other direction is isolated, so that brackets and numbers stay where they belong.
    """
    arabic = Words("en").say(NEXT, reward="قهوه", count=3)
    latin = Words("az").say(NEXT, reward="Coffee", count=3)
    plain = Words("en").say(NEXT, reward="Coffee", count=3)

    assert "Next reward: \u2068قهوه\u2069 (3 to go)" == arabic
    assert "\u2068Coffee\u2069" in latin and "۳" in latin
    assert "Next reward: Coffee (3 to go)" == plain


@given(st.text(), st.sampled_from(list(LANGUAGES)))
def test_any_text_in_a_sentence(reward: str, lang: str):
    """
    Text arrives as it was typed, whatever percent signs and brackets are in it, and what is isolated is closed again.
    """
    said = Words(lang).say("Redeemed: %(reward)s", reward=reward)

    assert reward in said
    added = said.replace(reward, "", 1) if reward else said
    assert added.count("\u2068") == added.count("\u2069")


@pytest.mark.parametrize(
    ("lang", "number", "percent"),
    [
        ("en", "12,345", "25%"),
        ("de", "12.345", "25\u00a0%"),
        ("fr", "12\u202f345", "25\u00a0%"),
        ("es", "12.345", "25\u00a0%"),
        ("uk", "12\u00a0345", "25%"),
        ("ko", "12,345", "25%"),
        ("ja", "12,345", "25%"),
        ("zh", "12,345", "25%"),
        ("th", "12,345", "25%"),
        ("az", "۱۲٬۳۴۵", "۲۵٪"),
    ],
)
def test_numbers(lang: str, number: str, percent: str):
    """
    Numbers are grouped as the language does it, in its own digits.
    """
    assert number == number_text(12_345, lang)
    assert percent == percent_text(0.25, lang)


@given(st.integers(), st.sampled_from(list(LANGUAGES)))
def test_any_number(number: int, lang: str):
    """
    A number of any size reads as itself in every language's digits.
    """
    shown = number_text(number, lang)

    digits = "".join(str(int(sign)) for sign in shown if sign.isdecimal())
    assert abs(number) == int(digits)
    assert (number < 0) == any(sign in "-−" for sign in shown)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch):
    """
    With the core alone sentences are translated all the same; numbers are then as Python writes them.
    """
    for module in ("icu4py", "icu4py.messageformat", "babel"):
        monkeypatch.setitem(sys.modules, module, None)

    assert "За день можна отримати щонайбільше 1001 штамп." == Words("uk").count(ONE, MANY, 1001)
    assert "25%" == percent_text(0.25, "de")
