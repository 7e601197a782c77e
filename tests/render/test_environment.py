"""
One environment for all templates: it escapes what it is given, and speaks the language of the page.
"""

from datetime import UTC, date, datetime

import pytest
from jinja2 import UndefinedError

from stampledger.projections import CardStatus, Progress
from stampledger.render.environment import environment
from stampledger.render.languages import LANGUAGES
from tests.render.pages import HOSTILE

AT = datetime(2026, 5, 12, 20, 30, tzinfo=UTC)
ONE, MANY = "A day may bring at most %(count)s stamp.", "A day may bring at most %(count)s stamps."


def shown(source: str, lang: str = "en", **values: object) -> str:
    return environment().from_string(source).render(lang=lang, **values)


def test_one_environment():
    """
    There is one environment, so that templates are compiled once.
    """
    assert environment() is environment()


@pytest.mark.parametrize(
    ("source", "lang", "text"),
    [
        ('{{ _("Stamps added: %(count)s", count=3) }}', "de", "Stempel hinzugefügt: 3"),
        ('{{ gettext("Stamps added: %(count)s", count=3) }}', "ko", "적립된 스탬프: 3개"),
        ("{% trans count=3 %}Stamps added: {{ count }}{% endtrans %}", "de", "Stempel hinzugefügt: 3"),
        ("{% trans %}\n   Redeem\n   code\n{% endtrans %}", "de", "Einlösecode"),
        ('{{ pgettext("card", "Expired") }}', "fr", "Expirée"),
        ("{{ ngettext(one, many, 21) }}", "uk", "За день можна отримати щонайбільше 21 штамп."),
        ("{{ ngettext(one, many, 5) }}", "uk", "За день можна отримати щонайбільше 5 штампів."),
        ("{{ 1234 | number }} {{ 0.5 | percent }}", "az", "۱٬۲۳۴ ۵۰٪"),
        ("{{ progress | progress }}", "az", "۳/۱٬۰۰۰"),
        ("{{ day | day }}", "th", "12 พฤษภาคม 2569"),
        ('{{ at | moment("Asia/Tehran") }}', "az", "۲۳ اردیبهشت ۱۴۰۵، ۰۰:۰۰"),
        ('{{ at | end("Asia/Tehran") }}', "en", "12 May 2026"),
        ('{{ "stamp_added" | kind_label }}', "de", "Stempel hinzugefügt"),
        ("{{ status | card_status_label }}", "fr", "Active"),
        ("{{ language().tag }} {{ language().direction }}", "az", "az-Arab rtl"),
    ],
)
def test_language_of_the_page(source: str, lang: str, text: str):
    """
    Sentences, numbers, days and labels are in the language that the page has.
    """
    progress = Progress(stamps=3, required=1000)
    values = dict(one=ONE, many=MANY, at=AT, day=date(2026, 5, 12), status=CardStatus.ACTIVE, progress=progress)

    assert text == shown(source, lang, **values)


def test_two_pages_in_turn():
    """
    What one page has compiled serves the next in another language.
    """
    template = environment().from_string('{{ _("Redeem code") }}')

    assert ["Einlösecode", "사용 코드", "Redeem code"] == [template.render(lang=lang) for lang in ("de", "ko", "en")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hostile_text(lang: str):
    """
    Markup in a value, and only there, comes out as text; in a sentence as elsewhere.
    """
    for source in (
        '{{ _("Redeemed: %(reward)s", reward=typed) }}',
        "{% trans reward=typed %}Redeemed: {{ reward }}{% endtrans %}",
        '{{ pgettext("x", "%(reward)s", reward=typed) }}',
        '{{ ngettext("%(reward)s", "%(reward)s", 1, reward=typed) }}',
        "{{ typed | kind_label }}",
    ):
        text = shown(source, lang, typed=HOSTILE)
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


def test_own_markup_in_a_sentence():
    """
    What a template has itself marked as markup stays markup in a sentence.
    """
    source = '{% set name %}<bdi>{{ typed }}</bdi>{% endset %}{{ _("Redeemed: %(reward)s", reward=name) }}'

    assert "Eingelöst: <bdi>&lt;b&gt;</bdi>" == shown(source, "de", typed="<b>")


def test_direction():
    """
    Text of another direction is isolated in a sentence.
    """
    assert "Redeemed: \u2068قهوه\u2069" == shown('{{ _("Redeemed: %(reward)s", reward=typed) }}', typed="قهوه")


def test_page_without_a_language():
    """
    A template that was not told a language fails, rather than to speak English to everybody.
    """
    with pytest.raises(AssertionError, match="lang is missing"):
        environment().from_string('{{ _("Redeem code") }}').render()


def test_missing_value():
    """
    A name that means nothing fails, rather than to leave a hole in the page.
    """
    with pytest.raises(UndefinedError):
        shown("{{ nothing }}")
