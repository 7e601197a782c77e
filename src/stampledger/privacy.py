"""Sealing personal data with a key of each person's own; who destroys the key forgets the person.

AES-SIV needs no nonce: the same text under the same key seals to the same bytes, so a ledger with given chance is the
same to the last byte, and nothing is lost if a key is used often. Each seal is bound to its stream.
"""

from collections.abc import Callable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KEY_BYTES = 64


class Unsealable(ValueError):
    """Sealed bytes were changed, or sealed with another key or for another stream."""


def new_key(random: Callable[[int], int]) -> bytes:
    """Make a key from *random*, which answers a whole number below the one it is given."""
    return random(1 << (8 * KEY_BYTES)).to_bytes(KEY_BYTES, "big")


def seal(key: bytes, stream: UUID, plain: bytes) -> bytes:
    """Seal bytes for a stream."""
    return AESSIV(key).encrypt(plain, [stream.bytes])


def unseal(key: bytes, stream: UUID, sealed: bytes) -> bytes:
    """Open sealed bytes.

    Raises:
        Unsealable: They are not what was sealed for this stream with this key.
    """
    try:
        return AESSIV(key).decrypt(sealed, [stream.bytes])
    except (InvalidTag, ValueError) as error:
        raise Unsealable("the seal does not open with this customer's key") from error
