"""
The catalogues are whole and fresh: whatever the sources say is said in every language, with the same facts in it.

Where one of these fails: run `make messages`, translate what is left empty in src/stampledger/render/locale/*/*/*.po,
and run it again.
"""

import re
from collections.abc import Sequence
from gettext import GNUTranslations
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from stampledger.render.languages import DEFAULT_LANGUAGE, LANGUAGES
from tools import messages

TRANSLATED = [lang for lang in LANGUAGES if lang != DEFAULT_LANGUAGE]
FORMS = {"az": 2, "de": 2, "es": 2, "fr": 2, "ja": 1, "ko": 1, "th": 1, "uk": 3, "zh": 1}

_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%|%")


@pytest.fixture(scope="module", params=TRANSLATED)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    """What lies on disk for a language."""
    return read_po(BytesIO(messages.po_path(request.param).read_bytes()), locale=messages.LOCALES[request.param])


def sentences(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def forms(text: str | Sequence[str | None] | None) -> list[str]:
    return [form or "" for form in ((text,) if isinstance(text, str | None) else text)]


def complaints(message: Message, wanted: int) -> list[str]:
    """What is wrong with a translation."""
    told = forms(message.string)
    facts = placeholders(forms(message.id)[-1])
    found = []
    if len(told) != (wanted if message.pluralizable else 1):
        found.append(f"{message.id!r} has {len(told)} forms")
    if not all(form.strip() for form in told):
        found.append(f"{message.id!r} is not translated")
    elif any(placeholders(form) != facts for form in told):
        found.append(f"{message.id!r} tells other facts: {told}")
    if message.fuzzy:
        found.append(f"{message.id!r} is fuzzy")
    return found


def placeholders(text: str) -> set[str]:
    """The names to be filled; a lone percent sign, which would break the sentence, stands for itself."""
    return {found[1] or found[0] for found in _PLACEHOLDER.finditer(text)} - {"%%"}


def test_every_language_is_collected():
    """
    There is a catalogue for every language but English, which the sources are written in.
    """
    assert sorted(TRANSLATED) == sorted(messages.LOCALES)


def test_catalogues_are_in_step_with_the_sources():
    """
    The template, every .po and every .mo are what `make messages` makes: nothing is missing, obsolete or uncompiled.
    """
    stale = [path.relative_to(messages.PLACE) for path, content in messages.made() if path.read_bytes() != content]

    assert [] == stale, "run: make messages"


def test_everything_is_translated(catalogue: Catalog):
    """
    Every sentence is there in every language, in all its plural forms, and tells the same facts.
    """
    wanted = FORMS[str(catalogue.locale).split("_")[0]]

    found = [complaint for message in sentences(catalogue) for complaint in complaints(message, wanted)]

    assert 100 <= len(sentences(catalogue))
    assert [] == found, "\n".join(found)
    assert {} == catalogue.obsolete


def test_compiled_catalogue_says_the_same(catalogue: Catalog):
    """
    What the library reads is what translators wrote.
    """
    lang = str(catalogue.locale).split("_")[0]

    with messages.po_path(lang).with_suffix(".mo").open("rb") as file:
        compiled = GNUTranslations(file)

    for message in sentences(catalogue):
        msgid = forms(message.id)[0]
        if not message.pluralizable:
            said = compiled.pgettext(message.context, msgid) if message.context else compiled.gettext(msgid)
            assert message.string == said


@pytest.mark.parametrize(
    ("msgid", "msgstr", "wanted"),
    [
        ("Card", "", 2),
        ("Card", " ", 2),
        ("Stamps: %(count)s", "Stempel: %(cuont)s", 2),
        ("Stamps: %(count)s", "Stempel", 2),
        ("All of it", "100 % davon", 2),
        (("%(count)s stamp", "%(count)s stamps"), ("%(count)s штамп", "%(count)s штампи"), 3),
        (("%(count)s stamp", "%(count)s stamps"), ("%(count)s штамп", "%(count)s штампи", ""), 3),
        (("%(count)s card", "%(count)s cards"), ("Eine Karte", "%(count)s Karten"), 2),
    ],
)
def test_bad_translation(msgid: str | tuple[str, str], msgstr: str | tuple[str, ...], wanted: int):
    """
    The check sees what is missing, empty, misspelt or of too few forms.
    """
    assert 1 == len(complaints(Message(msgid, msgstr), wanted))


def test_fuzzy_translation():
    """
    A translation that somebody has only guessed is seen.
    """
    assert ["'Card' is fuzzy"] == complaints(Message("Card", "Karte", flags=["fuzzy"]), 2)
