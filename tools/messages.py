"""Collect what the library says, and compile what translators made of it: `make messages`.

Every sentence in src/stampledger that stands in a call of KEYWORDS, in Python or in a template, goes into the template
stampledger.pot; from there into every language's .po, where translators write; and what is translated into its .mo,
which is what the library reads. What is said no longer is dropped. Nothing in these files tells a line or a date, so a
second run changes nothing.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCES = Path(__file__).parent.parent / "src" / "stampledger"
PLACE = SOURCES / "render" / "locale"
DOMAIN = "stampledger"
TEMPLATE = f"{DOMAIN}.pot"

# Where in the call of each the English stands; "c" is what a word is about.
KEYWORDS: dict[str, Any] = {
    "_": None,
    "N_": None,
    "NC_": ((1, "c"), 2),
    "count": (1, 2),
    "gettext": None,
    "label": ((1, "c"), 2),
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "say": None,
}
COMMENTS = ("For translators:",)
# The command line speaks English, by functions of its own.
METHODS = [("cli/**.py", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}

# How each language is called by those who keep its rules of plurals. The English is in the sources.
LOCALES = {
    "az": "az",
    "de": "de",
    "es": "es",
    "fr": "fr",
    "ja": "ja",
    "ko": "ko",
    "th": "th",
    "uk": "uk",
    "zh": "zh_Hans",
}  # fmt: skip


class Sentences(Catalog):
    """A catalogue whose header says only what readers of it need."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The header: the language, its plural forms and the encoding."""
        language = [] if self.locale is None else [("Language", str(self.locale)), ("Plural-Forms", self.plural_forms)]
        return [*language, ("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8")]


def collected(sources: Path = SOURCES) -> Sentences:
    """Answer every sentence of the sources."""
    found = _empty(None)
    for name, line, message, comments, context in extract_from_dir(
        sources, METHODS, OPTIONS, KEYWORDS, COMMENTS, strip_comment_tags=True
    ):
        found.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return found


def translated(lang: str, template: Catalog) -> Sentences:
    """Answer the template in a language, with what its .po has for it."""
    path, merged = po_path(lang), _empty(LOCALES[lang])
    known = read_po(BytesIO(path.read_bytes()), locale=merged.locale) if path.exists() else merged
    for message in _sentences(template):
        place: dict[str, Any] = dict(locations=message.locations, auto_comments=message.auto_comments)
        old = known.get(message.id, message.context)
        if old is None or old.pluralizable != message.pluralizable:
            merged.add(message.id, context=message.context, **place)
        else:
            own: dict[str, Any] = dict(user_comments=old.user_comments, flags=old.flags & {"fuzzy"})
            merged.add(message.id, old.string, context=message.context, **place, **own)
    return merged


def po_text(catalogue: Catalog) -> bytes:
    """Write a catalogue for translators."""
    file = BytesIO()
    write_po(file, catalogue, width=100, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
    return file.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """Write a catalogue for the library."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def po_path(lang: str) -> Path:
    """Answer where a language's translations are written."""
    return PLACE / lang / "LC_MESSAGES" / f"{DOMAIN}.po"


def made() -> Iterator[tuple[Path, bytes]]:
    """Yield every file of catalogues as it has to be."""
    template = collected()
    yield PLACE / TEMPLATE, po_text(template)
    for lang in LOCALES:
        catalogue = translated(lang, template)
        yield po_path(lang), po_text(catalogue)
        yield po_path(lang).with_suffix(".mo"), mo_bytes(catalogue)


def missing(catalogue: Catalog) -> list[Message]:
    """Answer what nobody has translated yet, or only guessed."""
    return [message for message in _sentences(catalogue) if message.fuzzy or not all(_forms(message))]


def main() -> int:
    """Write all files, and say what is left to translate."""
    for path, content in made():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    template = collected()
    for lang in LOCALES:
        left = len(missing(translated(lang, template)))
        print(f"{lang}: {len(template) - left} of {len(template)} sentences")
    return 0


def _empty(locale: str | None) -> Sentences:
    comment = "# What stampledger says; collected by `make messages`."
    parsed = None if locale is None else Locale.parse(locale)
    return Sentences(locale=parsed, domain=DOMAIN, header_comment=comment, fuzzy=False)


def _sentences(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _forms(message: Message) -> tuple[str | None, ...]:
    return (message.string,) if isinstance(message.string, str | None) else tuple(message.string)


if __name__ == "__main__":
    sys.exit(main())
