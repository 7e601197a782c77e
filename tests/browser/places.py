"""
Every page of the back office, made from the list of its addresses: a page that is added there is looked at here.
"""

import itertools
import re

from stampledger.web.deeds import DEEDS
from stampledger.web.paths import PATHS

NOT_PAGES = {"static", "journal_csv", "journal_news"}  # Files, and rows that are put into a page.
CARD = "100003"  # Zoe's lunch card, which saw most.
PARTS = {"number": (CARD,), "action": tuple(DEEDS)}
QUERIES = {
    "journal": ("", "?search=R-1003", "?kind=stamp_rejected&since=2026-05-12", "?at=20", "?search=nothing+like+it"),
    "cards": ("", "?search=zoe", "?search=nothing+like+it"),
    "card": ("", "?at=20"),
    "card_view": ("?scan=35", "?scan=17"),
    "card_page": ("", "?scan=35"),
    "code": ("", "?code=R-1003", "?code=never+seen"),
}


def addresses(*, brief: bool = False) -> list[str]:
    """
    The addresses of all pages below the mount, in all their states or, in brief, in one each. Of a part of a path that
    is new, PARTS has to say what may stand there.
    """
    states = {
        name: [address + query for address in filled_in(path) for query in QUERIES.get(name, ("",))]
        for name, path in PATHS.items()
        if name not in NOT_PAGES
    }
    return [address for found in states.values() for address in (found[-1:] if brief else found)]


def filled_in(path: str) -> list[str]:
    """A path with everything that may stand in its parts."""
    names = re.findall(r"{(\w+)}", path)
    return [
        path.format(**dict(zip(names, values, strict=True))) for values in itertools.product(*(PARTS[n] for n in names))
    ]


def spoken(address: str, lang: str) -> str:
    """An address in a language."""
    return f"{address}{'&' if '?' in address else '?'}lang={lang}"
