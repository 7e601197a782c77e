"""The addresses at which customers find their cards: nobody can guess one, and each shows one card only."""

import hashlib
import hmac
from urllib.parse import urlencode

from stampledger.errors import InvalidInput
from stampledger.projections import CardView
from stampledger.render.languages import language

SECRET_BYTES_MIN = 16
KEY_LENGTH = 40  # Hexadecimal digits: 160 bits, which nobody guesses.


def card_address(secret: bytes, business: str, card: CardView, lang: str | None = None, scan: int | None = None) -> str:
    """Make the address of a card's page for its customer, to be put behind wherever `customer_pages` are mounted.

    Without a language, the page speaks the customer's own, or that of the browser. It stays good until the secret
    changes, or the card goes to another customer.

    Args:
        secret: The one that `customer_pages` are given.
        business: The ledger's business.
        card: The card.
        lang: A language, such as ko.
        scan: A scan of the card whose page is meant, as it was then, instead of the page of now.

    Raises:
        InvalidInput: The language is none of ours, or the secret too short.
    """
    spoken = "" if lang is None else f"{language(lang)}/"
    told = {"key": card_key(checked_secret(secret), business, card)} | ({} if scan is None else {"scan": str(scan)})
    return f"{spoken}{card.id}/card?{urlencode(told)}"


def card_key(secret: bytes, business: str, card: CardView) -> str:
    """Answer what the address of a card's page carries, which only those who know the secret can make."""
    customer = "" if card.customer is None else str(card.customer.id)
    told = "\0".join(("customer", business, str(card.id), customer)).encode()
    return hmac.new(secret, told, hashlib.sha256).hexdigest()[:KEY_LENGTH]


def checked_secret(secret: object) -> bytes:
    """Check what forms and addresses are signed with.

    Raises:
        InvalidInput: It is too short.
    """
    if not isinstance(secret, bytes) or len(secret) < SECRET_BYTES_MIN:
        raise InvalidInput("secret", "…", f"must be bytes, at least {SECRET_BYTES_MIN}")
    return secret
