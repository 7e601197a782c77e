"""What ICU knows of calendars, digits and the ways of writing both; it comes with the extra `web`."""

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from icu4py.messageformat import MessageFormat


def formatted(pattern: str, locale: str, value: int | float | Decimal | datetime) -> str | None:
    """Show a value, called v in the pattern, as ICU has it for a locale; None where ICU is not installed."""
    try:
        import icu4py.messageformat  # noqa: F401
    except ImportError:
        return None
    return _formatter(pattern, locale).format({"v": value})


@cache  # A formatter takes longer to make than to use, and the Journal uses some on every row.
def _formatter(pattern: str, locale: str) -> "MessageFormat":
    from icu4py.messageformat import MessageFormat

    return MessageFormat(pattern, locale)
