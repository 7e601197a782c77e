"""
What `make messages` finds in the sources, and what it makes of a translation that is there.
"""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tools import messages

PYTHON = '''
"""Say nothing of this."""
TITLE = N_("Title")
KIND = NC_("entry", "Card issued")

def page(words, name):
    # For translators: the shop's name.
    words.say("Welcome to %(shop)s", shop=name)
    words.say(name)
    words.count("%(count)s card", "%(count)s cards", 3)
    words.label("card", "Active")
    name.count("a")
    print("Not this")
'''
TEMPLATE = """
{% extends "office/base.html" %}
<h1>{{ _("The Journal") }}</h1>
<p title="{{ pgettext("entry", "Stamps added") }}">{{ ngettext("%(count)s entry", "%(count)s entries", rows) }}</p>
{% trans count=rows %}
  Entries
  shown: {{ count }}
{% endtrans %}
{{ name }} Not this
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A small house with a module and a template."""
    for name, text in {"web/pages.py": PYTHON, "render/templates/office/journal.html": TEMPLATE}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_what_is_collected(sources: Path):
    """
    Sentences are found in Python and in templates, with what they are about and what translators should know.
    """
    found = [message for message in messages.collected(sources) if message.id]

    assert {
        (None, "Title"),
        ("entry", "Card issued"),
        (None, "Welcome to %(shop)s"),
        (None, ("%(count)s card", "%(count)s cards")),
        ("card", "Active"),
        (None, "The Journal"),
        ("entry", "Stamps added"),
        (None, ("%(count)s entry", "%(count)s entries")),
        (None, "Entries shown: %(count)s"),
    } == {(message.context, message.id) for message in found}
    assert [["the shop's name."]] == [message.auto_comments for message in found if message.auto_comments]


def test_broken_template(sources: Path):
    """
    A template that cannot be read fails, rather than to be left out.
    """
    (sources / "render/templates/office/journal.html").write_text("{% if %}")

    with pytest.raises(Exception, match="Expected an expression"):
        messages.collected(sources)


def test_translations_are_kept(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """
    What is translated stays translated, with its notes; what is new is empty; what is said no longer is gone.
    """
    monkeypatch.setattr(messages, "PLACE", tmp_path)
    messages.po_path("de").parent.mkdir(parents=True)
    messages.po_path("de").write_text(
        '# A note.\nmsgid "Title"\nmsgstr "Titel"\n\n#, fuzzy\nmsgid "The Journal"\nmsgstr "Heft"\n\n'
        'msgid "Gone"\nmsgstr "Fort"\n\nmsgid "%(count)s card"\nmsgstr "Karte"\n\n#~ msgid "Older"\n#~ msgstr "Alt"\n',
        encoding="utf-8",
    )

    made = messages.translated("de", messages.collected(sources))

    again = read_po(messages.po_text(made).decode().splitlines(), locale="de")
    title, journal = again.get("Title"), again.get("The Journal")
    assert title is not None and ("Titel", ["A note."]) == (title.string, title.user_comments)
    assert journal is not None and ("Heft", True) == (journal.string, journal.fuzzy)
    assert 9 == len(again) == len(messages.missing(made)) + 1
    assert b"Gone" not in messages.po_text(made) and b"Older" not in messages.po_text(made)
    assert b"Titel" in messages.mo_bytes(made) and b"Heft" not in messages.mo_bytes(made)
