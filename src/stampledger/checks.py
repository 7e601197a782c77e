"""Checks of single values. Each returns the value, or raises `InvalidInput` with the field's name and the value."""

import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import attrs

from stampledger.errors import InvalidInput

NAME_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 4_000
YEAR_LEAST, YEAR_MOST = 1900, 9000  # Of moments; the longest span, a century, stays within the calendar.
PERCENTAGE_PLACES_MAX = 7  # A draw has nine digits, two of them before the point.

_EXACT = Context(prec=28)  # More digits than any amount or percentage has.

E = TypeVar("E", bound=StrEnum)


def text(value: object, field: str, length_max: int = NAME_LENGTH_MAX, empty: bool = False) -> str:
    """Text that can be stored, shown and searched: no control characters, no lone surrogates, not too long."""
    if not isinstance(value, str):
        raise InvalidInput(field, value, "must be text")
    if len(value) > length_max:
        raise InvalidInput(field, value, f"must have at most {length_max} characters")
    if not empty and not value.strip():
        raise InvalidInput(field, value, "must not be empty")
    if not value.isprintable():
        for character in value:
            if unicodedata.category(character) in ("Cc", "Cs") and not (empty and character in "\n\t"):
                raise InvalidInput(field, value, "must not contain control characters or lone surrogates")
    return value


def whole(value: object, field: str, least: int, most: int) -> int:
    """A whole number between two bounds, both included."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(field, value, "must be a whole number")
    if not least <= value <= most:
        raise InvalidInput(field, value, f"must be from {least} to {most}")
    return value


def instant(value: object, field: str) -> datetime:
    """A moment with a time zone, far enough from the calendar's ends to reckon with."""
    if not isinstance(value, datetime):
        raise InvalidInput(field, value, "must be a datetime")
    if value.utcoffset() is None:
        raise InvalidInput(field, value, "must have a time zone")
    if not YEAR_LEAST <= value.year <= YEAR_MOST:
        raise InvalidInput(field, value, f"must be from the year {YEAR_LEAST} to {YEAR_MOST}")
    return value


def span(value: object, field: str) -> timedelta:
    """A length of time above zero and below a century."""
    if not isinstance(value, timedelta):
        raise InvalidInput(field, value, "must be a timedelta")
    if not timedelta(0) < value <= timedelta(days=36_525):
        raise InvalidInput(field, value, "must be above zero and at most 36525 days")
    return value


def calendar_day(value: object, field: str) -> date:
    """A day of the calendar, without a time."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise InvalidInput(field, value, "must be a date")
    return value


def time_zone(value: object, field: str) -> str:
    """The IANA name of a time zone that this machine knows."""
    name = text(value, field)
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise InvalidInput(field, value, "must be the IANA name of a time zone, like Europe/Berlin") from error
    return name


def units(value: Decimal, decimals: int) -> int:
    """A number in units of its last decimal, whatever precision the caller's own arithmetic is set to."""
    return int(_EXACT.scaleb(value, decimals))


def minor_units(amount: object, decimals: int, field: str) -> int:
    """An amount of money as whole minor units, exactly."""
    if not isinstance(amount, Decimal) or not amount.is_finite():
        raise InvalidInput(field, amount, "must be a Decimal, to be exact")
    if not 0 <= amount <= 1_000_000_000:
        raise InvalidInput(field, amount, "must be from 0 to 1000000000")
    minor = units(amount, decimals)
    if _EXACT.scaleb(Decimal(minor), -decimals) != amount:
        raise InvalidInput(field, amount, f"must have at most {decimals} decimals")
    return minor


def items(value: object, field: str) -> tuple[Any, ...]:
    """Any sequence, kept as a tuple."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise InvalidInput(field, value, "must be a sequence")
    return tuple(value)


def choice(kind: type[E], value: object, field: str) -> E:
    """A member of *kind*, given as itself or by its value."""
    try:
        return kind(str(value))
    except ValueError as error:
        raise InvalidInput(field, value, f"must be one of {', '.join(kind)}") from error


def policy(default: E, field: str) -> Any:
    """Make an attrs field that takes a member of the default's enumeration, or its value as text."""
    return attrs.field(default=default, converter=lambda value: choice(type(default), value, field))


def checked(check: Callable[..., object], *arguments: object, **options: object) -> Any:
    """Make an attrs validator of *check*; None is left alone, since only optional fields can be None."""

    def validate(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if value is None and attribute.default is None:
            return
        check(value, f"{type(instance).__name__}.{attribute.name}", *arguments, **options)

    return validate


def of(*kinds: type) -> Any:
    """Make an attrs validator that wants an instance of one of *kinds*."""

    def check(value: object, field: str) -> None:
        if not isinstance(value, kinds):
            raise InvalidInput(field, value, f"must be {' or '.join(kind.__name__ for kind in kinds)}")

    return checked(check)


def percentage(value: object, field: str) -> None:
    """A share of a whole, as an exact Decimal."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise InvalidInput(field, value, "must be a Decimal, to be exact")
    exponent = value.as_tuple().exponent
    if not 0 < value <= 100 or not isinstance(exponent, int) or exponent < -PERCENTAGE_PLACES_MAX:
        raise InvalidInput(field, value, f"must be above 0, at most 100, with {PERCENTAGE_PLACES_MAX} decimals at most")


def language(value: object, field: str) -> None:
    """A language tag, like en or pt-BR."""
    tag = text(value, field, 35)
    if not all(part.isascii() and part.isalnum() for part in tag.split("-")):
        raise InvalidInput(field, value, "must be a language tag, like en or pt-BR")


def web_address(value: object, field: str) -> None:
    """An address a page can show a picture from."""
    address = text(value, field, 2_000)
    if not address.startswith(("https://", "data:image/")):
        raise InvalidInput(field, value, "must be an https or data:image address")


def email(value: object, field: str) -> None:
    """Something that can be an e-mail address."""
    local, at, host = text(value, field, 320).rpartition("@")
    if not (local and at and host) or any(character.isspace() for character in local + host):
        raise InvalidInput(field, value, "must be an e-mail address")
