"""What pages say, in a person's language: English sentences, looked up in the catalogues that lie in `locale`.

The catalogues are gettext's, so translators have their tools; they are read by the standard library, so the terminal
shows a page with the core alone. `make messages` collects the sentences and compiles the catalogues.
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from unicodedata import bidirectional

import attrs

from stampledger.render.languages import DEFAULT_LANGUAGE, LANGUAGES, language
from stampledger.render.numbers import number_text

DOMAIN = "stampledger"

# Placeholders that are filled in the page's own language, and those that name something rather than count it.
_OWN_WORDS = {"at", "date", "time", "progress"}
_NAMES = {"seq", "entry", "scan", "number"}


def N_(message: str) -> str:  # noqa: N802 (The name by which gettext's tools know it.)
    """Mark a sentence to be collected, where it is said elsewhere."""
    return message


def NC_(context: str, message: str) -> tuple[str, str]:  # noqa: N802 (As above.)
    """Mark a word to be collected together with what it is about, where it is said elsewhere by `Words.label`."""
    return context, message


@attrs.frozen
class Words:
    """The words of one language."""

    lang: str = attrs.field(default=DEFAULT_LANGUAGE, converter=language)

    def say(self, message: str, /, **values: object) -> str:
        """Say an English sentence in the language, its %(placeholders)s filled.

        Text put into it keeps its own direction and does not disturb the rest; whole numbers stand in the language's
        digits, but for those of entries and cards, which are names. A percent sign in a sentence is written twice.
        """
        return self.sentence(message) % self.shown(values)

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Say a sentence about a number, %(count)s, in the form that the language has for it."""
        return self.counted(one, many, n) % self.shown({"count": n} | values)

    def label(self, context: str, message: str, /) -> str:
        """Say a word that means different things in different places, such as Active: a card, or a voucher."""
        return _catalogue(self.lang).pgettext(context, message)

    # For templates, which escape what they put into a sentence.

    def sentence(self, message: str) -> str:
        """Answer a sentence with its placeholders as they are."""
        return _catalogue(self.lang).gettext(message)

    def counted(self, one: str, many: str, n: int) -> str:
        """Answer the form of a sentence for a number, with its placeholders as they are."""
        return _catalogue(self.lang).ngettext(one, many, n)

    def shown(self, values: dict[str, object]) -> dict[str, object]:
        """Answer values as they stand in a sentence."""
        return {name: self._shown(name, value) for name, value in values.items()}

    def _shown(self, name: str, value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value) if name in _NAMES else number_text(value, self.lang)
        if not isinstance(value, str) or name in _OWN_WORDS or hasattr(value, "__html__"):
            return value
        # Between the marks that isolate its direction.
        return f"\N{FIRST STRONG ISOLATE}{value}\N{POP DIRECTIONAL ISOLATE}" if self.mixed(value) else value

    def mixed(self, text: str) -> bool:
        """Whether text must be kept apart from what stands around it: wherever right-to-left letters are about."""
        return LANGUAGES[self.lang].direction == "rtl" or any(bidirectional(sign) in ("R", "AL") for sign in text)


@cache
def _catalogue(lang: str) -> NullTranslations:
    if lang == DEFAULT_LANGUAGE:
        return NullTranslations()  # The sentences themselves are English.
    place = files("stampledger.render") / "locale" / lang / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with place.open("rb") as file:
        return GNUTranslations(file)
