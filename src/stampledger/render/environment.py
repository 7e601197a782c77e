"""The one environment of all templates: it escapes what it is given, and speaks the language of the page.

A template says `{{ _("Stamps added: %(count)s", count=n) }}`, `{{ ngettext("%(count)s card", "%(count)s cards", n) }}`,
`{{ pgettext("card status", "Active") }}` or `{% trans %}`, and shows values by `| number`, `| percent`, `| progress`,
`| day`, `| moment(zone)` and `| end(zone)`, and the house's own words by the functions of `labels`: `| kind_label`. All
of them take the language from the variable `lang`; macros of another file that use them are imported `with context`.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from stampledger.projections import Progress
from stampledger.render import labels
from stampledger.render.codes import barcode_symbol, qr_symbol
from stampledger.render.dates import day_text, end_text, moment_text
from stampledger.render.extra import web_extra
from stampledger.render.languages import LANGUAGES, Language
from stampledger.render.numbers import number_text, percent_text, progress_text
from stampledger.render.words import Words

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context


def environment() -> "Environment":
    """Answer the environment, the same each time.

    Raises:
        ImportError: The extra `web` is not installed.
    """
    with web_extra():
        import icu4py.messageformat  # noqa: F401 (For numbers and dates, which would else be shown as in a terminal.)
        import jinja2  # noqa: F401
    return _environment()


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
    from markupsafe import Markup

    def lang_of(context: "Context") -> str:
        lang = context.get("lang")
        assert isinstance(lang, str) and lang in LANGUAGES, f"{context.name}: lang is missing; import with context"
        return lang

    @pass_context
    def gettext(context: "Context", message: str, /, **values: object) -> Markup:
        words = Words(lang_of(context))
        return Markup(words.sentence(message)) % words.shown(values)

    @pass_context
    def ngettext(context: "Context", one: str, many: str, n: int, /, **values: object) -> Markup:
        words = Words(lang_of(context))
        return Markup(words.counted(one, many, n)) % words.shown({"count": n, "num": n} | values)

    @pass_context
    def pgettext(context: "Context", about: str, message: str, /, **values: object) -> Markup:
        words = Words(lang_of(context))
        return Markup(words.label(about, message)) % words.shown(values)

    @pass_context
    def language(context: "Context") -> Language:
        return LANGUAGES[lang_of(context)]

    @pass_context
    def number(context: "Context", value: int | Decimal) -> str:
        return number_text(value, lang_of(context))

    @pass_context
    def percent(context: "Context", share: float | Decimal) -> str:
        return percent_text(share, lang_of(context))

    @pass_context
    def progress(context: "Context", value: Progress) -> str:
        return progress_text(value, lang_of(context))

    @pass_context
    def day(context: "Context", value: date) -> str:
        return day_text(value, lang_of(context))

    @pass_context
    def moment(context: "Context", at: datetime, zone: str) -> str:
        return moment_text(at, zone, lang_of(context))

    @pass_context
    def end(context: "Context", at: datetime, zone: str) -> str:
        return end_text(at, zone, lang_of(context))

    def labelling(say: Callable[[Words, str], str]) -> Callable[["Context", str], str]:
        @pass_context
        def label(context: "Context", value: str) -> str:
            return say(Words(lang_of(context)), value)

        return label

    made = Environment(
        loader=PackageLoader("stampledger.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True  # So that sentences do not depend on how a template is indented.
    made.newstyle_gettext = True  # type: ignore[attr-defined]  # What the extension adds to an environment.
    made.globals.update(_=gettext, gettext=gettext, ngettext=ngettext, pgettext=pgettext, language=language)
    made.globals.update(qr_symbol=qr_symbol, barcode_symbol=barcode_symbol)
    made.filters.update(number=number, percent=percent, progress=progress, day=day, moment=moment, end=end)
    made.filters.update({say.__name__: labelling(say) for say in labels.SAYINGS})
    return made
