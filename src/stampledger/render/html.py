"""The customer's page in a browser: one document that a strict Content-Security-Policy lets through."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from stampledger.render.environment import environment
from stampledger.render.extra import web_extra
from stampledger.render.languages import LANGUAGES

if TYPE_CHECKING:
    from stampledger.render.page import CustomerPage

PANELS_MAX = 24  # Of vouchers, and of other rewards; a card may have won a thousand.


def page_html(page: "CustomerPage") -> str:
    """Show a page as HTML.

    Raises:
        ImportError: The extra `web` is not installed.
    """
    with web_extra():
        import zxingcpp  # noqa: F401 (For the codes, which are drawn while the page is.)
    others = (*page.lotteries, *page.awards)
    vouchers = page.vouchers
    return (
        environment()
        .get_template("customer.html")
        .render(
            page=page,
            lang=page.lang,
            columns=_columns(page.progress.required),
            css=_css(),
            policy=page_policy(),
            vouchers=vouchers[:PANELS_MAX],
            others=others[:PANELS_MAX],
            hidden=max(0, len(vouchers) - PANELS_MAX) + max(0, len(others) - PANELS_MAX),
        )
    )


def notice_html(lang: str, *, kind: str, languages: Mapping[str, str] | None = None) -> str:
    """Say to a customer that there is no page, and nothing that would tell why.

    Args:
        lang: The language it is said in.
        kind: What is said: not_found, language, busy or broken.
        languages: Addresses of the page in each language, to be offered.

    Raises:
        ImportError: The extra `web` is not installed.
    """
    page = environment().get_template("customer_notice.html")
    return page.render(
        lang=lang, kind=kind, languages=languages or {}, known=LANGUAGES, css=_css(), policy=page_policy()
    )


@cache
def page_policy() -> str:
    """Answer the Content-Security-Policy of the page, as it states it itself; for a header, more may be added to it.

    Raises:
        ImportError: The extra `web` is not installed.
    """
    digest = base64.b64encode(hashlib.sha256(_css().encode()).digest()).decode()
    return f"default-src 'none'; img-src data: https:; style-src 'sha256-{digest}'"


def _columns(stamps: int) -> int:
    """Answer in how many columns the stamps stand: as many as leave the fewest gaps in the last row."""
    return stamps if stamps < 6 else min((5, 4, 6), key=lambda columns: -stamps % columns)


@cache
def _css() -> str:
    """The style sheet, letter for letter as it will stand in the page: its hash is what lets it through."""
    return environment().get_template("customer.css").render().strip()
