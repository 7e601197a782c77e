"""
The proof sees every fault: whatever is changed in whatever row, behind the ledger's back, is told with its place.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stampledger import Fault, StampledgerError
from tests.ledger.days import LONG_DAY, Day
from tests.ledger.shop import LUCK, Shop, the

COLUMNS = {
    "head": ("seq", "recorded_at", "hash"),
    "word": ("number", "text"),
    "stream": ("number", "id", "kind", "version", "seq", "customer", "state"),
    "journal": (
        *("seq", "stream", "version", "kind", "place", "recorded_at", "occurred_at", "code", "actor", "channel"),
        *("body", "hash"),
    ),
    "claim": ("scope", "key", "seq"),
    "checkpoint": ("stream", "seq", "version", "state"),
    "card": ("stream", "number", "template", "template_version", "template_since", "due_at", "deleted"),
    "placement": ("stream", "since", "until", "template", "template_version"),
    "reward": ("id", "holder", "issued_seq", "seq", "versions", "redeem_code", "due_at", "state"),
    "customer": ("stream", "name", "email", "birthday", "words"),
    "subject_key": ("subject", "key"),
}
KEYS = {
    "head": "business",
    "word": "number",
    "stream": "number",
    "journal": "seq",
    "claim": "scope, key",
    "checkpoint": "stream, seq",
    "card": "stream",
    "placement": "stream, since",
    "reward": "id",
    "customer": "stream",
    "subject_key": "subject",
}
TOLD_BY_THE_JOURNAL = "scope NOT IN (2, 12)"  # Idempotency keys are no part of it.


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """A long day, on which everything happened, with cards that have checkpoints."""
    with Shop() as lived:
        day = Day(lived)
        for verb, one, two in LONG_DAY[::2]:
            day.wish(verb, one, two)
        busy = lived.card(30, key="busy")
        for number in range(70):
            lived.ledger.add_stamps(busy, code=f"B-{number}")
        yield lived


def faults(shop: Shop) -> tuple[Fault, ...]:
    found = shop.ledger.verify().faults
    assert all(fault.business == "blue-cup" and fault.message for fault in found)
    return found


def flipped(value: Any, place: int) -> Any:
    """A value with one thing changed: a bit, a letter, or there instead of not there."""
    if value is None:
        return 1
    if isinstance(value, int):
        return value ^ (1 << place % 20)
    if isinstance(value, str):
        where = place % (len(value) or 1)
        return value[:where] + ("x" if value[where : where + 1] != "x" else "y") + value[where + 1 :]
    where = place % (len(value) or 1)
    return value[:where] + bytes([value[where] ^ (1 << place % 8)]) + value[where + 1 :]


def rows(shop: Shop, table: str) -> list[Any]:
    where = f" WHERE {TOLD_BY_THE_JOURNAL}" if table == "claim" else ""
    return shop.sql(f"SELECT {KEYS[table]} FROM {table.upper()}{where}")


def at_row(table: str) -> str:
    return " AND ".join(f"{name} = ?" for name in KEYS[table].split(", "))


def test_untouched(shop: Shop):
    """
    A ledger nobody touched has no fault, and the proof writes nothing. This is the control of all that follows.
    """
    with shop.copy() as copy:
        before = copy.dump()
        assert all(before[table] for table in COLUMNS)

        proof = copy.ledger.verify()

        assert ((), copy.head) == (proof.faults, proof.entries)
        assert copy.sql("SELECT hash FROM HEAD") == [(bytes.fromhex(proof.head),)]
        assert before == copy.dump()


@settings(max_examples=settings().max_examples // 3)
@given(column=st.sampled_from(COLUMNS["journal"]), row=st.integers(0, 1 << 20), place=st.integers(0, 1 << 20))
def test_change_in_the_journal(shop: Shop, column: str, row: int, place: int):
    """
    A bit that flips in any column of any entry is seen, and the fault names the entry, or the first that no longer
    follows.
    """
    seq = row % shop.head + 1
    with shop.copy() as copy:
        [(value,)] = copy.sql(f"SELECT {column} FROM JOURNAL WHERE seq = ?", seq)
        try:
            copy.sql(f"UPDATE JOURNAL SET {column} = ? WHERE seq = ?", flipped(value, place), seq)
        except sqlite3.IntegrityError:
            assume(False)

        found = faults(copy)

        assert found
        if column in ("code", "actor", "channel", "body", "recorded_at", "occurred_at", "kind", "place", "hash"):
            assert seq in {fault.seq for fault in found}
            assert "chain" in {fault.check for fault in found}


@settings(max_examples=settings().max_examples // 2)
@given(data=st.data(), table=st.sampled_from(sorted(set(COLUMNS) - {"journal"})), place=st.integers(0, 1 << 20))
def test_change_of_any_row(shop: Shop, data: st.DataObject, table: str, place: int):
    """
    A bit that flips in any column of any other row is seen too.
    """
    column = data.draw(st.sampled_from(COLUMNS[table]))
    key = data.draw(st.sampled_from(rows(shop, table)))
    with shop.copy() as copy:
        [(value,)] = copy.sql(f"SELECT {column} FROM {table.upper()} WHERE {at_row(table)}", *key)
        try:
            copy.sql(f"UPDATE {table.upper()} SET {column} = ? WHERE {at_row(table)}", flipped(value, place), *key)
        except sqlite3.IntegrityError:
            assume(False)

        assert faults(copy)


@settings(max_examples=settings().max_examples // 5)
@given(data=st.data(), table=st.sampled_from(sorted(set(COLUMNS) - {"head"})))
def test_row_that_is_gone(shop: Shop, data: st.DataObject, table: str):
    """
    A row that is gone is missed, whatever it was of.
    """
    key = data.draw(st.sampled_from(rows(shop, table)))
    with shop.copy() as copy:
        copy.sql(f"DELETE FROM {table.upper()} WHERE {at_row(table)}", *key)

        assert faults(copy)


@pytest.mark.parametrize(
    ("table", "values", "check"),
    [
        ("claim", "(1, 1, 'R-forged', 5, NULL)", "claim"),
        ("card", "(1, 1, 999999, 1, 1, 1, NULL, 0)", "card"),
        ("customer", "(1, 1, 'Nobody', NULL, NULL, 'nobody', '', NULL)", "customer"),
        ("stream", "(1, 999999, x'00112233445566778899aabbccddeeff', 1, 1, 999999, NULL, x'7b7d')", "stream"),
        ("checkpoint", "(1, 1, 999999, 1, x'7b7d')", "checkpoint"),
        ("placement", "(1, 1, 1, 5, 1, 1)", "card"),
        ("subject_key", "(1, x'00112233445566778899aabbccddeeff', x'00')", "customer"),
    ],
)
def test_row_that_was_put_in(shop: Shop, table: str, values: str, check: str):
    """
    A row that nothing in the Journal speaks of is seen.
    """
    with shop.copy() as copy:
        copy.sql(f"INSERT INTO {table.upper()} VALUES {values}")

        assert check in {fault.check for fault in faults(copy)}


def test_reward_that_was_put_in(shop: Shop):
    """
    A voucher that no goal gave is seen.
    """
    with shop.copy() as copy:
        copy.sql(
            "INSERT INTO REWARD SELECT business, x'00112233445566778899aabbccddeeff', holder, issued_seq, seq,"
            " versions,"
            " redeem_code, due_at, state FROM REWARD LIMIT 1"
        )

        assert "reward" in {fault.check for fault in faults(copy)}


# Entries.


@settings(max_examples=settings().max_examples // 10)
@given(row=st.integers(1, 1 << 20))
def test_entry_that_is_gone(shop: Shop, row: int):
    """
    A deleted entry leaves a hole that is seen at the entry after it.
    """
    seq = row % (shop.head - 1) + 1
    with shop.copy() as copy:
        copy.sql("DELETE FROM JOURNAL WHERE seq = ?", seq)

        found = faults(copy)

        assert ("numbering", seq + 1) in {(fault.check, fault.seq) for fault in found}


@settings(max_examples=settings().max_examples // 10)
@given(row=st.integers(1, 1 << 20))
def test_entries_that_changed_places(shop: Shop, row: int):
    """
    Two entries that changed places are both seen.
    """
    seq = row % (shop.head - 1) + 1
    with shop.copy() as copy:
        for old, new in ((seq, -1), (seq + 1, seq), (-1, seq + 1)):
            copy.sql("UPDATE JOURNAL SET seq = ? WHERE seq = ?", new, old)

        found = {fault.seq for fault in faults(copy) if fault.check in ("chain", "numbering")}

        assert {seq, seq + 1} <= found


@pytest.mark.parametrize("count", [1, 3, 50])
def test_tail_that_was_cut(shop: Shop, count: int):
    """
    An end that was cut off is seen, also when the head was set back to fit, by the rows that know more.
    """
    with shop.copy() as copy:
        copy.sql("DELETE FROM JOURNAL WHERE seq > ?", copy.head - count)
        assert {"chain"} <= {fault.check for fault in faults(copy)}

        [(seq, recorded_at, chain)] = copy.sql("SELECT seq, recorded_at, hash FROM JOURNAL ORDER BY seq DESC LIMIT 1")
        copy.sql("UPDATE HEAD SET seq = ?, recorded_at = ?, hash = ?", seq, recorded_at, chain)

        assert faults(copy)


def test_entry_that_was_put_in(shop: Shop):
    """
    An entry that was written behind the ledger's back does not fit the chain.
    """
    with shop.copy() as copy:
        head = copy.head
        copy.sql(
            "INSERT INTO JOURNAL SELECT business, ?, stream, version + 1000, kind, 0, recorded_at, occurred_at, code,"
            " actor, channel, body, hash FROM JOURNAL WHERE seq = ?",
            head + 1, head,
        )  # fmt: skip

        assert {head, head + 1} <= {fault.seq for fault in faults(copy)}


def test_forged_entry_with_a_chain_that_fits(shop: Shop):
    """
    Whoever forges an entry and chains everything anew is found out by what rows say, for all they did not forge.
    """
    from stampledger import codec

    with shop.copy() as copy:
        told = list(copy.ledger.journal(kinds=["stamp_added"], limit=1000))
        seq = next(row.seq for row in told[::-1] if row.event.count == 1)  # type: ignore[attr-defined]
        [(body,)] = copy.sql("SELECT body FROM JOURNAL WHERE seq = ?", seq)
        copy.sql("UPDATE JOURNAL SET body = ? WHERE seq = ?", body.replace(b'"count":1', b'"count":2'), seq)
        chain(copy, codec)

        found = faults(copy)

        assert "chain" not in {fault.check for fault in found}
        assert "state" in {fault.check for fault in found}


def chain(shop: Shop, codec: Any) -> None:
    """Hash the whole Journal anew, as a forger would."""
    from uuid import UUID

    words = dict(shop.sql("SELECT number, text FROM WORD"))
    link = codec.genesis(shop.business)
    for seq, stream, version, kind, place, recorded, occurred, code, actor, channel, body in shop.sql(
        "SELECT j.seq, s.id, j.version, j.kind, j.place, j.recorded_at, j.occurred_at, j.code, j.actor, j.channel,"
        " j.body FROM JOURNAL j JOIN STREAM s ON s.number = j.stream ORDER BY j.seq"
    ):
        at = recorded if occurred is None else occurred
        digest = codec.digest(
            UUID(bytes=stream), version, words[kind], place, at, code, words.get(actor), words.get(channel), body
        )
        link = codec.link(link, seq, recorded, digest)
        shop.sql("UPDATE JOURNAL SET hash = ? WHERE seq = ?", link, seq)
    shop.sql("UPDATE HEAD SET hash = ?", link)


def test_draw_that_does_not_give_its_variant():
    """
    A draw that lies in another variant's share is a fault of its own, however well the entry is chained.
    """
    from stampledger import codec

    with Shop(draws=(999_999_999,)) as shop:
        card = shop.card(2, reward=LUCK)
        scan = shop.ledger.play_lottery(shop.ledger.add_stamps(card, 2).card.lotteries[0].id)
        [(body,)] = shop.sql("SELECT body FROM JOURNAL WHERE seq = ?", scan.id)
        for forged in (b'"draw":5', b'"draw":1000000000'):
            shop.sql("UPDATE JOURNAL SET body = ? WHERE seq = ?", body.replace(b'"draw":999999999', forged), scan.id)
            chain(shop, codec)

            found = faults(shop)

            assert [("draw", scan.id, card)] == [(fault.check, fault.seq, fault.stream) for fault in found]
        shop.sql("UPDATE JOURNAL SET body = ? WHERE seq = ?", body.replace(b'"40"', b'"41"'), scan.id)
        chain(shop, codec)
        assert {"draw"} == {fault.check for fault in faults(shop)}


def test_place_that_starts_anywhere():
    """
    The entries of a scan are counted from 0 without a hole, and the first entry of all begins a scan.
    """
    from stampledger import codec

    for seq, place in ((1, 1), (4, 0), (4, 2), (5, 1), (6, 4)):
        with Shop() as shop:
            shop.ledger.add_stamps(shop.card(2), 4)
            shop.sql("UPDATE JOURNAL SET place = ? WHERE seq = ?", place, seq)
            chain(shop, codec)

            assert faults(shop), (seq, place)


def test_faults_are_told_once_and_not_without_end(shop: Shop):
    """
    One changed entry breaks the chain once, not at every entry after it; a ruined ledger tells of so many faults.
    """
    with shop.copy() as copy:
        copy.sql("UPDATE JOURNAL SET recorded_at = recorded_at + 1 WHERE seq = 9")
        assert [9] == [fault.seq for fault in faults(copy) if fault.check == "chain"]

        copy.sql("UPDATE JOURNAL SET hash = x'00', body = x'7b'")
        copy.sql("UPDATE REWARD SET state = x'00'")

        assert 300 < len(faults(copy)) <= 1_000


def test_progress_of_a_proof(shop: Shop):
    """
    A long proof reports how far it is, and ends at the end.
    """
    reports: list[tuple[int, int]] = []

    shop.ledger.verify(progress=lambda done, total: reports.append((done, total)))

    assert (shop.head, shop.head) == reports[-1]


def test_proof_of_an_empty_ledger():
    """
    An empty ledger is in order; one without its head is not.
    """
    with Shop() as shop:
        assert (0, ()) == (shop.ledger.verify().entries, shop.ledger.verify().faults)
        shop.sql("DELETE FROM HEAD")
        with pytest.raises(StampledgerError, match="head"):
            the(shop.ledger).verify()
