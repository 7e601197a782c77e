"""The customer's page in a browser: one document that a strict Content-Security-Policy lets through."""

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING

from stampledger.render.codes import barcode_symbol, qr_symbol
from stampledger.render.extra import web_extra

if TYPE_CHECKING:
    from jinja2 import Environment

    from stampledger.render.page import CustomerPage

PANELS_MAX = 24  # Of vouchers, and of other rewards; a card may have won a thousand.


def page_html(page: "CustomerPage") -> str:
    """Show a page as HTML.

    Raises:
        ImportError: The extra `web` is not installed.
    """
    with web_extra():
        import babel  # noqa: F401 (For the dates, which would else be shown as in a terminal.)
        import jinja2  # noqa: F401
    css = _css()
    others = (*page.lotteries, *page.awards)
    vouchers = page.vouchers
    return (
        _environment()
        .get_template("customer.html")
        .render(
            page=page,
            columns=_columns(page.progress.required),
            css=css,
            css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
            vouchers=vouchers[:PANELS_MAX],
            others=others[:PANELS_MAX],
            hidden=max(0, len(vouchers) - PANELS_MAX) + max(0, len(others) - PANELS_MAX),
        )
    )


def _columns(stamps: int) -> int:
    """Answer in how many columns the stamps stand: as many as leave the fewest gaps in the last row."""
    return stamps if stamps < 6 else min((5, 4, 6), key=lambda columns: -stamps % columns)


@cache
def _environment() -> "Environment":
    """The templates, escaping whatever they are given."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("stampledger.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(qr_symbol=qr_symbol, barcode_symbol=barcode_symbol)
    return environment


@cache
def _css() -> str:
    """The style sheet, letter for letter as it will stand in the page: its hash is what lets it through."""
    return _environment().get_template("customer.css").render().strip()
