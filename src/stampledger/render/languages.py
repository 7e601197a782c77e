"""The languages that people are spoken to in, and which of them somebody reads."""

import re

import attrs

from stampledger.errors import InvalidInput


@attrs.frozen(kw_only=True)
class Language:
    """A language that pages speak."""

    tag: str  # For the lang attribute of HTML.
    name: str  # In the language itself.
    direction: str = "ltr"
    locale: str  # For ICU, with the calendar people live by.


LANGUAGES = {
    "en": Language(tag="en", name="English", locale="en-GB"),
    "ko": Language(tag="ko", name="한국어", locale="ko"),
    "th": Language(tag="th", name="ไทย", locale="th@calendar=buddhist"),
    # South Azerbaijani, in the Arabic script. Its readers live in Iran: with its calendar, month names and digits.
    "az": Language(tag="az-Arab", name="تۆرکجه", direction="rtl", locale="fa@calendar=persian"),
    "de": Language(tag="de", name="Deutsch", locale="de"),
    "fr": Language(tag="fr", name="Français", locale="fr"),
    "es": Language(tag="es", name="Español", locale="es"),
    "uk": Language(tag="uk", name="Українська", locale="uk"),
    "ja": Language(tag="ja", name="日本語", locale="ja"),
    "zh": Language(tag="zh-Hans", name="简体中文", locale="zh-Hans"),
}
DEFAULT_LANGUAGE = "en"

_ALIASES = {"azb": "az", "cmn": "zh"}
_OTHER_SCRIPTS = ("az-latn", "az-cyrl")

HEADER_LENGTH_MAX = 1_000  # A browser sends some dozens of letters; who sends more is no browser.
_WISH = re.compile(r"([A-Za-z0-9_-]+|\*)(?:;q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?")


def known_language(tag: object) -> str | None:
    """Answer which of our languages a tag such as ko, KO or ko-KR means; None where it means none."""
    if not isinstance(tag, str):
        return None
    tag = tag.replace("_", "-").lower()
    if tag.startswith(_OTHER_SCRIPTS):
        return None
    primary = tag.split("-", 1)[0]
    lang = _ALIASES.get(primary, primary)
    return lang if lang in LANGUAGES else None


def language(tag: object) -> str:
    """Answer which of our languages a tag means.

    Raises:
        InvalidInput: It is none of ours.
    """
    lang = known_language(tag)
    if lang is None:
        raise InvalidInput("lang", tag, f"must be one of {', '.join(LANGUAGES)}")
    return lang


def preferred(accept_language: str | None) -> str | None:
    """Answer which of our languages a browser likes best, by its header Accept-Language; None where it likes none.

    The header is whatever somebody sent: what cannot be read in it is passed over.
    """
    wishes = []
    for wish in (accept_language or "")[:HEADER_LENGTH_MAX].split(","):
        read = _WISH.fullmatch("".join(wish.split()))
        if read is None:
            continue
        lang, weight = _of_a_browser(read[1]), float(read[2] or 1)
        if lang is not None and weight > 0:
            wishes.append((weight, lang))
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else None  # Of equals the first.


def _of_a_browser(tag: str) -> str | None:
    """Answer what a tag means that nobody chose for our pages: az alone is then Azerbaijani in Latin letters."""
    parts = tag.replace("_", "-").lower().split("-")
    if parts[0] == "az" and not {"arab", "ir"} & set(parts[1:]):
        return None
    return known_language(tag)
