"""
The difference between two moments of a card, in sentences.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stampledger import CardNotFound, InvalidInput, ScanNotFound, changes
from stampledger.render.languages import LANGUAGES
from tests.ledger.shop import Shop, at


def test_between_two_scans():
    """
    What differs is told in whole sentences, with the card's entries between the two and no others.
    """
    with Shop() as shop:
        card, other = shop.card(3), shop.card(3)
        first = shop.ledger.add_stamps(card, code="R-1")
        shop.ledger.add_stamps(other, code="R-2")
        second = shop.ledger.add_stamps(card, 2, code="R-3")

        told = shop.ledger.compare(card, first, second)

        assert told.sentences == (
            "2 stamps were added: 1/3 then, 3/3 now.",
            "Goals reached: 0 then, 1 now.",
            "Stamps missing to the next reward: 2 then, 3 now.",
            "The voucher “Free coffee” was issued.",
        )
        assert ["stamp_added", "goal_reached", "voucher_issued"] == [entry.kind for entry in told.entries]
        assert second.entries == told.entries


@pytest.mark.parametrize("name", ["scan", "entry", "seq", "time", "moment"])
def test_every_way_to_name_a_moment(name: str):
    """
    Moments are named as for `at`.
    """
    with Shop() as shop:
        card = shop.card(3)
        first = shop.ledger.add_stamps(card)
        shop.clock.wait(timedelta(hours=1))
        second = shop.ledger.add_stamps(card)
        named: dict[str, Any] = {
            "scan": (first, second),
            "entry": (first.entries[-1], second.entries[-1]),
            "seq": (first.last, second.last),
            "time": (at(hours=0.5), at(hours=2)),
            "moment": (shop.ledger.at(first).moment, shop.ledger.moment),
        }

        told = shop.ledger.compare(card, *named[name])

        assert "1 stamp was added: 1/3 then, 2/3 now." == told.sentences[0]
        assert second.entries == told.entries


def test_backwards():
    """
    Asked the other way round, the sentences lead back; the entries between are the same.
    """
    with Shop() as shop:
        card = shop.card(3)
        first, second = shop.ledger.add_stamps(card), shop.ledger.add_stamps(card)

        told = shop.ledger.compare(card, second, first)

        assert "1 stamp was taken back or has lapsed: 2/3 then, 1/3 now." == told.sentences[0]
        assert second.entries == told.entries


def test_same_moment():
    """
    Nothing differs from itself.
    """
    with Shop() as shop:
        card = shop.card(3)
        scan = shop.ledger.add_stamps(card)

        told = shop.ledger.compare(card, scan, scan)

        assert ((), ()) == (told.sentences, told.entries)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_languages(lang: str):
    """
    Each language tells as many changes, in words of its own.
    """
    with Shop() as shop:
        card = shop.card(3)
        first, second = shop.ledger.add_stamps(card), shop.ledger.add_stamps(card, 2)

        told = shop.ledger.compare(card, first, second, lang=lang)

        english = shop.ledger.compare(card, first, second)
        assert len(english.sentences) == len(told.sentences)
        assert (lang == "en") == (english.sentences == told.sentences)
        assert str(told) == "\n".join(told.sentences)


def test_lapsed_by_time():
    """
    What lapsed between two times differs, though no entry tells of it.
    """
    with Shop() as shop:
        card = shop.card(1)
        shop.ledger.add_stamps(card)

        told = shop.ledger.compare(card, at(days=1), at(days=40))

        assert () == told.entries
        assert any("has expired, unused" in sentence for sentence in told.sentences)
        then, now = (shop.ledger.at(at(days=day)).card(card) for day in (1, 40))
        assert len(changes(then, now)) == len(told.sentences)


def test_bad_questions():
    """
    A moment before the card, one that is none and an unknown language are told as such.
    """
    with Shop() as shop:
        card = shop.card(3)
        scan = shop.ledger.add_stamps(card)

        with pytest.raises(CardNotFound):
            shop.ledger.compare(card, 1, scan)
        with pytest.raises(ScanNotFound):
            shop.ledger.compare(card, scan, 99)
        with pytest.raises(InvalidInput, match="at"):
            shop.ledger.compare(card, datetime(2024, 1, 1), scan)
        with pytest.raises(InvalidInput, match="lang"):
            shop.ledger.compare(card, scan, datetime(2030, 1, 1, tzinfo=UTC), lang="xx")
