"""Where time, ids and chance come from when nobody brings their own."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

from stdnum import luhn
from uuid_utils.compat import uuid7

T = TypeVar("T")
Clock = Callable[[], datetime]
Random = Callable[[int], int]  # A whole number from 0 to below the one given.
Ids = Callable[[], UUID]

# Crockford's: no I, L, O or U, so that a code can be read aloud and typed in without mistakes.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REDEEM_CODE_LENGTH = 9


def system_clock() -> datetime:
    """Answer the machine's time."""
    return datetime.now(UTC)


def system_random(below: int) -> int:
    """Answer a whole number nobody can foresee."""
    return secrets.randbelow(below)


def new_id() -> UUID:
    """Answer a fresh id; ids made later sort later."""
    return uuid7()


def redeem_code(random: Random) -> str:
    """Make a redeem code whose last character catches every single mistyped one (Luhn mod 32)."""
    number = random(len(ALPHABET) ** REDEEM_CODE_LENGTH)
    letters = ""
    for _ in range(REDEEM_CODE_LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return letters + luhn.calc_check_digit(letters, ALPHABET)


def as_issued(typed: str) -> str:
    """Answer a redeem code as it was issued, however it was typed: without regard to case, O as 0, I and L as 1."""
    return typed.strip().upper().translate(str.maketrans("OIL", "011", "- "))


def spellings(typed: str) -> tuple[str, ...]:
    """Answer how a redeem code that was typed may be stored: as a shop chose it, or as it was issued."""
    return tuple(dict.fromkeys((typed, as_issued(typed))))


class Drawn(Generic[T]):
    """As many values as are asked for; the same index always answers the same value."""

    def __init__(self, source: Callable[[], T]) -> None:
        self._source = source
        self._values: list[T] = []

    def __getitem__(self, index: int) -> T:
        while len(self._values) <= index:
            self._values.append(self._source())
        return self._values[index]
