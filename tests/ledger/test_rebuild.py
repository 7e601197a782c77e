"""
Live rows made anew from the Journal alone, and stored rows that cannot be read: named, never imported, never run.
"""

import sys
import time
from collections.abc import Callable, Sized
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings

from stampledger import Award, Corrupt, StampledgerError, UnknownEvent
from tests.ledger.days import LONG_DAY, Day, Wish, wishes
from tests.ledger.shop import CAKE, LIVE, Shop


@settings(max_examples=settings().max_examples // 10)
@given(days=wishes())
def test_rebuilt_from_the_journal_alone(days: list[Wish]):
    """
    Whatever happened, all live rows, claims and states that were deleted come back from the Journal byte for byte.
    """
    with Shop() as shop:
        day = Day(shop)
        for verb, one, two in days:
            day.wish(verb, one, two)
        before = shop.dump()
        forget_live_rows(shop)

        assert shop.head == shop.ledger.rebuild()

        assert before == shop.dump()
        assert () == shop.ledger.verify().faults


def forget_live_rows(shop: Shop) -> None:
    """Delete whatever follows from the Journal. Idempotency keys do not, and where streams begin stands as it is."""
    for table in LIVE:
        shop.sql(f"DELETE FROM {table.upper()}")
    shop.sql("DELETE FROM CLAIM WHERE scope NOT IN (2, 12)")
    shop.sql("UPDATE STREAM SET state = NULL, version = 0, seq = 0, customer = NULL WHERE kind <> 0")


def test_rebuilt_with_checkpoints(tmp_path):
    """
    A long card's checkpoints come back too, in a file, and past moments answer as before.
    """
    with Shop(tmp_path / "shop.db", durability="normal") as shop:
        card = shop.card(3, 10, reward=CAKE)
        for number in range(150):
            shop.ledger.add_stamps(card, 1 + number % 4)
        seqs = [row.seq for row in shop.ledger.history(card)[::17]]
        told = [shop.ledger.at(seq).card(card) for seq in seqs]
        before = shop.dump()
        assert 3 <= len(before["checkpoint"])
        forget_live_rows(shop)
        reports: list[tuple[int, int]] = []

        shop.ledger.rebuild(progress=lambda done, total: reports.append((done, total)))

        assert before == shop.dump()
        assert told == [shop.ledger.at(seq).card(card) for seq in seqs]
        assert (shop.head, shop.head) == reports[-1]
        assert () == shop.ledger.verify().faults


def test_rebuild_beside_a_writer(tmp_path):
    """
    A rebuild that waits in line with other writers is carried out by itself, and so are they.
    """
    with Shop(tmp_path / "shop.db") as shop:
        card = shop.card(3)
        group = shop.ledger._store._group
        done: list[object] = []
        tasks: tuple[Callable[[], object], ...] = (shop.ledger.rebuild, lambda: shop.ledger.add_stamps(card, 2).entries)
        threads = [Thread(target=partial(take, done, task), daemon=True) for task in tasks]

        with group.alone():
            for number, thread in enumerate(threads, 1):
                thread.start()
                wait_for(group._line, number)
        for thread in threads:
            thread.join(30)

        assert 2 == len(done)
        assert "2/3" == str(shop.ledger.progress(card))
        assert () == shop.ledger.verify().faults


def take(done: list[object], task: Callable[[], object]) -> None:
    done.append(task())


def wait_for(line: Sized, length: int) -> None:
    deadline = time.monotonic() + 30
    while len(line) < length:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_long_card_at_every_moment(shop: Shop):
    """
    A card's state at any entry, by way of checkpoints, is what the live card was right after that entry.
    """
    card = shop.card(3, 10, reward=Award(title="x"))
    then = {}
    for number in range(100):
        scan = shop.ledger.add_stamps(card, 1 + number % 7)
        then[scan.last] = shop.ledger.card(card)

    for seq, told in then.items():
        assert told == shop.ledger.at(seq).card(card)


def test_rebuild_of_a_ruined_journal(shop: Shop):
    """
    A rebuild that meets an entry it cannot read stops with its name and leaves all rows as they were.
    """
    scan = shop.ledger.add_stamps(shop.card(2), 3)
    for column, value in (("body", b"{}"), ("body", b"\xff"), ("version", 77)):
        [(right,)] = shop.sql(f"SELECT {column} FROM JOURNAL WHERE seq = ?", scan.id)
        shop.sql(f"UPDATE JOURNAL SET {column} = ? WHERE seq = ?", value, scan.id)
        before = shop.dump()

        if column == "body":
            with pytest.raises(Corrupt, match=f"entry {scan.id}"):
                shop.ledger.rebuild()
            assert before == shop.dump()
        shop.sql(f"UPDATE JOURNAL SET {column} = ? WHERE seq = ?", right, scan.id)


def test_rebuild_of_an_impossible_journal(shop: Shop):
    """
    Entries that can be read but do not follow from one another stop a rebuild by the name of the first that does not.
    """
    card = shop.card(2)
    scan = shop.ledger.add_stamps(card, 1)
    kind = shop.sql("SELECT kind FROM JOURNAL WHERE seq = ?", scan.id)[0][0]
    body = shop.sql("SELECT body FROM JOURNAL WHERE seq = ?", scan.id)[0][0]
    shop.sql("UPDATE JOURNAL SET kind = ?, body = ? WHERE seq = 2", kind, body)
    before = shop.dump()

    with pytest.raises(Corrupt, match="entry 2"):
        shop.ledger.rebuild()

    assert before == shop.dump()


# Rows that cannot be read.

DEEP = b"[" * 10_000 + b"]" * 10_000
BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "another type": b"[]",
    "null": b"null",
    "a number": b"7",
    "depth": DEEP,
    "depth in a field": b'{"count":' + DEEP + b"}",
    "bad UTF-8": b'{"count":1,"progress":1,"stamps_required":8,"x":"\xff"}',
    "an unknown field": b'{"count":1,"progress":1,"stamps_required":8,"cuont":2}',
    "a field of another type": b'{"count":"1","progress":1,"stamps_required":8}',
    "a float": b'{"count":1.5,"progress":1,"stamps_required":8}',
    "a missing field": b'{"count":1,"progress":1}',
    "a huge number": b'{"count":1e999,"progress":1,"stamps_required":8}',
    "an endless number": b'{"count":' + b"9" * 5_000 + b',"progress":1,"stamps_required":8}',
    "a bad moment": b'{"count":1,"progress":1,"stamps_required":8,"expires_at":"yesterday"}',
    "a column's field": b'{"count":1,"progress":1,"stamps_required":8,"at":"2024-01-01T00:00:00Z"}',
}

READS: dict[str, Callable[[Shop, Any, Any], object]] = {
    "history": lambda shop, card, scan: shop.ledger.history(card),
    "journal": lambda shop, card, scan: shop.ledger.journal(),
    "entries": lambda shop, card, scan: list(shop.ledger.entries()),
    "why": lambda shop, card, scan: shop.ledger.why("R-1"),
    "the past": lambda shop, card, scan: shop.ledger.at(scan.id).card(card),
    "its view": lambda shop, card, scan: shop.ledger.at(scan.id),
    "rebuild": lambda shop, card, scan: shop.ledger.rebuild(),
    "the same code": lambda shop, card, scan: shop.ledger.add_stamps(card, code="R-1"),
    "a void": lambda shop, card, scan: shop.ledger.void_stamps("R-1"),
}


def stamped(shop: Shop) -> tuple[Any, Any]:
    card = shop.card()
    scan = shop.ledger.add_stamps(card, code="R-1")
    shop.ledger.add_stamps(card, code="R-2")
    return card, scan


@pytest.mark.parametrize("name", BODIES)
def test_body_that_cannot_be_read(shop: Shop, name: str):
    """
    A body that is not what was written stops every read of it with its business, stream and entry.
    """
    card, scan = stamped(shop)
    shop.sql("UPDATE JOURNAL SET body = ? WHERE seq = ?", BODIES[name], scan.id)
    before = shop.dump()

    for read in READS.values():
        with pytest.raises(Corrupt) as corrupt:
            read(shop, card, scan)
        assert ("blue-cup", card, scan.id) == (corrupt.value.business, corrupt.value.stream, corrupt.value.seq)
        assert len(str(corrupt.value)) < 500
    assert {"chain", "entry"} <= {fault.check for fault in shop.ledger.verify().faults if fault.seq == scan.id}
    assert before == shop.dump()
    assert "2/8" == str(shop.ledger.progress(card))


KINDS = (
    "card.stamp_added.v2",
    "card.stamp_doubled.v1",
    "stampledger.events:StampAdded",
    "os:system",
    "this.zen",
    "antigravity",
    "builtins.eval",
    "",
    "../../etc/passwd",
    "card.stamp_added.v1\x01",  # Not NUL, which PostgreSQL cannot hold.
)


@pytest.mark.parametrize("kind", KINDS)
def test_kind_that_is_unknown(shop: Shop, kind: str):
    """
    A kind is only ever looked up in a table: an unknown one stops with its entry, and a name imports and runs nothing.
    """
    card, scan = stamped(shop)
    shop.sql("UPDATE WORD SET text = ? WHERE text = 'card.stamp_added.v1'", kind)
    shop.reopen()
    modules = set(sys.modules)

    for read in READS.values():
        with pytest.raises(UnknownEvent) as unknown:
            read(shop, card, scan)
        assert unknown.value.seq in (scan.id, shop.head) and card == unknown.value.stream
    assert shop.ledger.verify().faults

    assert modules == set(sys.modules)
    assert not {"this", "antigravity"} & set(sys.modules)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("stream", "state", DEEP),
        ("stream", "state", b'{"version":"x"}'),
        ("stream", "state", b'{"key":"k","template":{"name":"x","gaols":[]}}'),
        ("stream", "state", b"\x80\x04\x95"),
        ("stream", "state", None),
        ("stream", "state", "text"),
        ("stream", "kind", 99),
        ("stream", "kind", "card"),
        ("stream", "id", b"short"),
        ("reward", "state", DEEP),
        ("reward", "state", b"{}"),
        ("reward", "versions", "1,x"),
        ("reward", "holder", 999),
        ("journal", "recorded_at", 1 << 62),
        ("journal", "recorded_at", "noon"),
        ("journal", "occurred_at", -(1 << 62)),
        ("journal", "kind", 999),
        ("journal", "actor", 999),
        ("journal", "actor", "boss"),
        ("journal", "version", "one"),
        ("journal", "place", "none"),
        ("journal", "place", 999),
        ("journal", "body", "text"),
        ("journal", "body", 7),
        ("journal", "code", 7),
        ("journal", "code", b"R-1"),
        ("word", "text", b"\xff"),
        ("card", "template", 999),
        ("subject_key", "key", b"short"),
        ("subject_key", "key", 5),
        ("checkpoint", "state", b"{}"),
    ],
)
def test_row_of_the_wrong_type(table: str, column: str, value: Any):
    """
    Whatever lies in whatever column, every read ends well or in an error of ours, and the proof finds it.
    """
    with Shop() as shop:
        anna = shop.customer()
        card = shop.card(2, customer=anna)
        for number in range(70):
            scan = shop.ledger.add_stamps(card, code=f"R-{number}", actor="till-1")
        shop.ledger.send_message(card, "Hello")
        one = {("stream", "id"): " WHERE number = 1", ("journal", "version"): " WHERE seq = 9"}.get((table, column), "")
        shop.sql(f"UPDATE {table.upper()} SET {column} = ?{one}", value)
        shop.reopen()

        reads: tuple[Callable[[Shop, Any, Any], object], ...] = (
            *READS.values(),
            lambda shop, card, scan: shop.ledger.card(card),
            lambda shop, card, scan: shop.ledger.cards(search="anna"),
            lambda shop, card, scan: shop.ledger.customer(anna),
            lambda shop, card, scan: shop.ledger.add_stamps(card),
            lambda shop, card, scan: [shop.ledger.explain(reward.id) for reward in shop.ledger.rewards(card)],
            lambda shop, card, scan: shop.ledger.customer_view(card),
            lambda shop, card, scan: shop.ledger.at(scan.entries[0].recorded_at).cards(),
        )
        assert shop.ledger.verify().faults
        for read in reads:
            with suppress(StampledgerError):
                read(shop, card, scan)


def test_long_day_is_rebuilt(shop: Shop):
    """
    The long day of the other tests comes back too.
    """
    day = Day(shop)
    for verb, one, two in LONG_DAY:
        day.wish(verb, one, two)
    before = shop.dump()
    forget_live_rows(shop)

    shop.ledger.rebuild()

    assert before == shop.dump()
