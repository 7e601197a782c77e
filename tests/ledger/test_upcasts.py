"""
Entries of a kind that has since been followed by another one.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from stampledger import codec, events
from tests.ledger.shop import Shop

OLD, NEW = "card.wallet_saved.v0", "card.wallet_saved.v1"


@pytest.fixture
def old_shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop in which a release of long ago noted a wallet under an older kind, with another body."""
    monkeypatch.setitem(codec.UPCASTS, OLD, (NEW, lambda fields: {"platform": fields["where"]}))
    with Shop() as shop, monkeypatch.context() as long_ago:
        encode = codec.encode
        card = shop.card(8)

        def old_body(event: events.Event, seal: Any = None) -> bytes:
            return b'{"where":"apple"}' if isinstance(event, events.WalletSaved) else encode(event, seal)

        long_ago.setitem(codec.FACTS, events.WalletSaved, (OLD, *codec.FACTS[events.WalletSaved][1:]))
        long_ago.setattr(codec, "encode", old_body)
        shop.ledger.save_to_wallet(card, "apple")
        long_ago.undo()
        shop.ledger.save_to_wallet(card, "google")
        yield shop


def test_old_kind_is_read_as_the_present_one(old_shop: Shop):
    """
    An old entry is read, found, replayed and shown as what its kind has become.
    """
    heard: list[str] = []

    rows = old_shop.ledger.journal(kinds=["wallet_saved"])
    old_shop.ledger.replay({events.WalletSaved: lambda seq, event: heard.append(event.platform)})  # type: ignore[attr-defined]

    assert ["google", "apple"] == [row.event.platform for row in rows]  # type: ignore[attr-defined]
    assert {"wallet_saved"} == {row.kind for row in rows}
    assert ["apple", "google"] == heard
    assert ("apple", "google") == old_shop.ledger.card(100_001).platforms


def test_old_kind_is_proved_as_it_was_written(old_shop: Shop):
    """
    An old entry's bytes stay as they are: verify finds no fault in them, and rebuild makes the same rows of them.
    """
    before = old_shop.dump()

    old_shop.ledger.rebuild()

    assert () == old_shop.ledger.verify().faults
    assert before == old_shop.dump()


def test_old_kind_without_its_upcast(old_shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """
    Without its upcast an old entry is unknown, and says so: the control of the tests above.
    """
    monkeypatch.delitem(codec.UPCASTS, OLD)

    assert {"entry"} <= {fault.check for fault in old_shop.ledger.verify().faults}
