"""What streams and claims are, as numbers on disk."""

from enum import IntEnum


class StreamKind(IntEnum):
    """What a stream is, as stored."""

    OTHER = 0  # Written by eventsourcing, unknown to us.
    CARD = 1
    COUPON = 2
    CUSTOMER = 3
    TEMPLATE = 4
    CAMPAIGN = 5
    BRAND = 6


class Scope(IntEnum):
    """What may happen once, as stored."""

    CODE = 1  # A code that gave stamps.
    KEY = 2  # An idempotency key.
    TEMPLATE = 3  # A template's key.
    CAMPAIGN = 4  # A campaign's key.
    BRAND = 5  # The brand: there is one.
    REFERENCE = 6  # The caller's own id of a customer.
    IMPORTED = 7  # A card's id in the system it came from.
    SENT = 8  # A campaign on a card.
    BIRTHDAY = 9  # A year on a card.
    VOID = 10  # A scan that was voided.
    REFUSED = 12  # An idempotency key whose request was refused and recorded.
    SEALED = 13  # The entry up to which the Journal was imported without the keys of persons.
    IMPORTING = 14  # A Journal's file that is being imported, or whose import broke off.
