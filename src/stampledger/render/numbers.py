"""Numbers as a person reads them, in the own digits; without the extra `web`, as Python writes them."""

from decimal import Decimal

from stampledger.projections import Progress
from stampledger.render.icu import formatted
from stampledger.render.languages import LANGUAGES


def number_text(number: int | Decimal, lang: str) -> str:
    """Show a number, such as 1,000 or ۱٬۰۰۰."""
    return formatted("{v, number}", LANGUAGES[lang].locale, number) or str(number)


def progress_text(progress: Progress, lang: str) -> str:
    """Show how full a card is, such as 2/8."""
    return f"{number_text(progress.stamps, lang)}/{number_text(progress.required, lang)}"


def percent_text(share: float | Decimal, lang: str) -> str:
    """Show a share of one in whole percent: 0.25 is 25%."""
    return formatted("{v, number, percent}", LANGUAGES[lang].locale, share) or f"{share:.0%}"
