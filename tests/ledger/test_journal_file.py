"""
The whole Journal as a file: the same bytes from every engine and after an import, and a ledger that behaves alike.
"""

import io
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from stampledger import (
    Brand,
    IdempotencyKeyReused,
    InvalidInput,
    Ledger,
    Refused,
    View,
)
from stampledger.refusals import CustomerIsForgotten
from stampledger.sources import new_id
from stampledger.store import folding
from stampledger.store.recorder import LedgerRecorder
from tests.ledger.days import LONG_DAY, Day
from tests.ledger.kept import Kept
from tests.ledger.shop import TABLES, Shop, the
from tests.servers.database import KINDS


def live(shop: Shop) -> None:
    """A long day, with idempotency keys of every kind, and with events of another application among the others."""
    day = Day(shop)
    recorder = LedgerRecorder(shop.ledger._store, shop.clock)
    till = new_id()
    for number, (verb, one, two) in enumerate(LONG_DAY):
        day.wish(verb, one, two)
        if number % 40 == 0:
            recorder.insert_events([StoredEvent(till, number, "tills:Opened", b"\x00\xff\n{" * (number % 3))])
    shop.ledger.set_brand(Brand(name="Green Cup"))
    anna = shop.ledger.register_customer(name="Anna", email="anna@example.com", reference="A-1")
    card = shop.ledger.issue_card("Coffee", customer=anna, idempotency_key="k-card")
    limited = shop.ledger.issue_card("Hold", customer=anna, idempotency_key="k-limited")
    shop.ledger.add_stamps(the(card.subject), 1, code="K-1", idempotency_key="k-added")
    shop.ledger.set_brand(Brand(name="Green Cup"), idempotency_key="k-nothing")
    with pytest.raises(Refused):
        shop.ledger.add_stamps(the(limited.subject), 9, code="K-2", idempotency_key="k-refused")
    shop.ledger.send_message(the(card.subject), "Anna, come back!")
    shop.ledger.forget_customer(shop.ledger.register_customer(name="Cy", reference="C-1"))


@pytest.fixture(scope="module")
def lived() -> Iterator[Shop]:
    with Shop() as shop:
        live(shop)
        yield shop


def exported(ledger: View, **options: Any) -> bytes:
    file = io.BytesIO()
    ledger.export(file, **options)
    return file.getvalue()


def imported(ledger: Ledger, file: bytes, **options: Any) -> int:
    return ledger.import_journal(io.BytesIO(file), **options)


def lines(file: bytes, kind: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, file.splitlines()) if line["line"] == kind]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the day takes several transactions."""
    monkeypatch.setattr(folding, "BATCH", 50)


# The same ledger.


@pytest.mark.parametrize("with_keys", [True, False], ids=["with keys", "without"])
def test_round_trip_through_every_engine(lived: Shop, kept: Kept, tmp_path: Path, small_batches: None, with_keys: bool):
    """
    From engine to engine the file stays the same to the last byte, and each ledger on the way proves itself.
    """
    file = exported(lived.ledger, with_keys=with_keys)
    came = exported(lived.ledger, with_keys=True)

    for kind in KINDS:
        with Shop(tmp_path / "shop.db") if kind == "sqlite" else Shop(database=kept.emptied(kind)) as shop:
            assert lived.head == imported(shop.ledger, file if with_keys else came)
            assert () == shop.ledger.verify().faults
            came = exported(shop.ledger, with_keys=True)
            assert file == exported(shop.ledger, with_keys=with_keys)


@pytest.mark.parametrize("batch", [1, 50, 4_000])
def test_tables_are_the_same(lived: Shop, monkeypatch: pytest.MonkeyPatch, batch: int):
    """
    Every row comes back as it was, however much is written at a time; no scan is parted. Only where the head stood
    before its latest scan is told by nobody.
    """
    monkeypatch.setattr(folding, "BATCH", batch)
    with Shop() as shop:
        imported(shop.ledger, exported(lived.ledger, with_keys=True))

        before, after = lived.dump(), shop.dump()
        for rows in (before["head"], after["head"]):
            rows[0] = rows[0][:-1]
        assert before == after
        assert {*TABLES} <= {*before}


def test_reads_are_the_same(lived: Shop, shop: Shop):
    """
    Whatever is asked of the imported ledger, about now or about any moment, is answered as by the one it came from.
    """
    imported(shop.ledger, exported(lived.ledger, with_keys=True))
    go_on(shop, lived)

    moments = [entry.seq for entry in lived.ledger.entries()][::37]
    for told, again in [(lived.ledger, shop.ledger), *((lived.ledger.at(seq), shop.ledger.at(seq)) for seq in moments)]:
        cards = told.cards(limit=500, deleted=True).rows
        assert cards == again.cards(limit=500, deleted=True).rows
        assert told.journal(limit=100).rows == again.journal(limit=100).rows
        for card in cards[:3]:
            assert told.card(card.id) == again.card(card.id)
            assert told.customer_view(card.id).html() == again.customer_view(card.id).html()
    assert list(lived.ledger.entries()) == list(shop.ledger.entries())
    assert lived.ledger.why("R-1") == shop.ledger.why("R-1")
    assert lived.ledger.cards(search="anna").rows == shop.ledger.cards(search="anna").rows


def test_going_on(lived: Shop, shop: Shop):
    """
    What is written next is the same on both sides: numbers, states, claims, and the chain.
    """
    file = exported(lived.ledger, with_keys=True)
    with Shop() as original:
        imported(original.ledger, file)
        imported(shop.ledger, file)

        for each in (original, shop):
            go_on(each, lived)
            card = the(each.ledger.issue_card("Coffee").subject)
            each.ledger.add_stamps(card, 4, code="N-1", actor="till-1")
            each.ledger.expire()

        assert exported(original.ledger, with_keys=True) == exported(shop.ledger, with_keys=True)
        assert () == shop.ledger.verify().faults


def test_retries_after_a_move(lived: Shop, shop: Shop):
    """
    A request that is sent again after the move is answered as the first time, or refused as the first time.
    """
    file = exported(lived.ledger, with_keys=True)
    imported(shop.ledger, file)
    card = lived.ledger.why("K-1").entries[0]
    limited = lived.ledger.why("K-2").entries[0]
    head = shop.head

    again = shop.ledger.add_stamps(card.stream, 1, code="K-1", idempotency_key="k-added")
    assert (card.scan, True) == (again.id, again.repeated)
    assert shop.ledger.set_brand(Brand(name="Green Cup"), idempotency_key="k-nothing").repeated
    with pytest.raises(Refused) as refused:
        shop.ledger.add_stamps(limited.stream, 9, code="K-2", idempotency_key="k-refused")
    assert limited.seq == refused.value.seq
    with pytest.raises(IdempotencyKeyReused):
        shop.ledger.add_stamps(card.stream, 2, code="K-1", idempotency_key="k-added")
    assert head == shop.head
    assert {"key", "refused"} == {claim["scope"] for claim in lines(file, "claim")}
    assert min(claim["seq"] for claim in lines(file, "claim")) < 0


# Persons.


def test_with_keys(lived: Shop, shop: Shop):
    """
    With their keys persons are known as before, and those who were forgotten stay so.
    """
    file = exported(lived.ledger, with_keys=True)
    imported(shop.ledger, file)

    assert b"anna@example.com" not in file
    assert 1 <= len(shop.ledger.cards(search="anna@example.com").rows)
    forgotten = next(entry.stream for entry in lived.ledger.entries() if entry.kind == "customer_forgotten")
    assert shop.ledger.customer(forgotten).forgotten
    with pytest.raises(CustomerIsForgotten):
        shop.ledger.update_customer(forgotten, name="Cy")


def test_without_keys(lived: Shop, shop: Shop):
    """
    Without their keys nobody can read who persons were; that is no fault, and the ledger goes on without them.
    """
    file = exported(lived.ledger)
    imported(shop.ledger, file)
    go_on(shop, lived)
    anna = lived.ledger.cards(search="anna@example.com").rows[0]

    assert () == shop.ledger.cards(search="anna").rows
    assert () == shop.ledger.verify().faults
    assert [] == lines(file, "key")
    told = shop.ledger.card(anna.id).customer
    assert told is not None and told.name is None
    with pytest.raises(CustomerIsForgotten):
        shop.ledger.update_customer(told.id, name="Anna")
    # A message has a new key from here on, which does not open what came before.
    sent = shop.ledger.send_message(anna.id, "Hello again!")
    assert ["Hello again!"] == [event.text for event in sent.events]  # type: ignore[attr-defined]
    assert 1 <= len(shop.ledger.history(anna.id))
    before = shop.dump()
    shop.ledger.rebuild()
    assert before == shop.dump()
    assert () == shop.ledger.verify().faults
    bo = shop.ledger.register_customer(name="Bo", email="bo@example.net")
    with Shop() as third:
        imported(third.ledger, exported(shop.ledger, with_keys=True))
        assert "bo@example.net" == third.ledger.customer(bo).email
        assert () == third.ledger.verify().faults


def test_key_that_is_lost(lived: Shop):
    """
    A key that is missing for any other reason is still a fault.
    """
    with Shop() as shop:
        imported(shop.ledger, exported(lived.ledger))
        shop.sql("DELETE FROM CLAIM WHERE scope = 13")

        assert {"customer"} == {fault.check for fault in shop.ledger.verify().faults}


# Moments, and imports that are interrupted.


def test_past_moment(lived: Shop, shop: Shop, small_batches: None):
    """
    A past moment is exported as it was then; the ledger made from it is brought up to date by a later export.
    """
    scan = lived.ledger.journal(kinds=["stamp_added"], limit=200).rows[-1].scan
    seq = next(entry.seq for entry in lived.ledger.entries(after=scan) if entry.scan != scan) - 1
    past, whole = exported(lived.ledger.at(seq)), exported(lived.ledger)

    assert seq == imported(shop.ledger, past)
    assert () == shop.ledger.verify().faults
    assert past == exported(shop.ledger)

    assert lived.head - seq == imported(shop.ledger, whole)
    assert () == shop.ledger.verify().faults
    assert whole == exported(shop.ledger)
    with pytest.raises(InvalidInput, match="past moment"):
        exported(lived.ledger.at(seq), with_keys=True)


def test_later_file(lived: Shop, shop: Shop, small_batches: None):
    """
    A ledger that was imported is brought up to date by a later file: with those who came since, without the forgotten.
    """
    with Shop() as original:
        imported(original.ledger, exported(lived.ledger, with_keys=True))
        go_on(original, lived)
        bo = original.ledger.register_customer(name="Bo", email="bo@example.net", reference="B-1")
        imported(shop.ledger, exported(original.ledger, with_keys=True))
        original.ledger.forget_customer(bo)
        cy = original.ledger.register_customer(name="Cy", email="cy@example.net", reference="C-2")
        later = exported(original.ledger, with_keys=True)

        assert 2 == imported(shop.ledger, later)

        assert later == exported(shop.ledger, with_keys=True)
        assert () == shop.ledger.verify().faults
        assert (None, "cy@example.net") == (shop.ledger.customer(bo).email, shop.ledger.customer(cy).email)
        go_on(shop, original)
        assert shop.ledger.register_customer(name="Bo", reference="B-1").entries


def go_on(shop: Shop, after: Shop) -> None:
    """Let a shop's time, and the ids it gives, come after those of another."""
    counter = itertools.count(1_000_000 + after.head)
    shop.ids = lambda: UUID(int=next(counter))
    shop.clock.wait(after.clock() - shop.clock())
    shop.reopen()


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("batches", [1, 2, 5])
def test_interrupted_import(lived: Shop, shop: Shop, small_batches: None, batches: int):
    """
    An import that was interrupted goes on where it ended, and the ledger is then the same as any other.
    """
    file = exported(lived.ledger, with_keys=True)
    seen: list[int] = []

    def interrupt(done: int, total: int) -> None:
        seen.append(done)
        if sum(step > lived.head for step in seen) == batches:
            raise Interrupted

    with pytest.raises(Interrupted):
        imported(shop.ledger, file, progress=interrupt)
    begun = shop.head
    assert 0 < begun < lived.head
    assert file != exported(shop.ledger, with_keys=True)
    assert "broke off" in "".join(fault.message for fault in shop.ledger.verify().faults)

    shop.reopen()
    assert lived.head - begun == imported(shop.ledger, file)
    assert () == shop.ledger.verify().faults
    assert file == exported(shop.ledger, with_keys=True)
    assert 0 == imported(shop.ledger, file)


def test_two_imports_at_once(lived: Shop, shop: Shop, small_batches: None):
    """
    Of two imports the one that began first goes no further, and takes nothing from the other.
    """
    file, again = exported(lived.ledger, with_keys=True), [True]

    def begin_another(done: int, total: int) -> None:
        if done > lived.head and again and again.pop():
            imported(shop.ledger, file)

    with pytest.raises(InvalidInput, match="nobody else"):
        imported(shop.ledger, file, progress=begin_another)

    assert () == shop.ledger.verify().faults
    assert file == exported(shop.ledger, with_keys=True)


def test_interrupted_before_the_first_entry(lived: Shop):
    """
    What an import left behind that broke off among the keys of persons is gone after the next one.
    """
    file = exported(lived.ledger, with_keys=True)
    with Shop() as shop:
        shop.sql("INSERT INTO SUBJECT_KEY VALUES (1, ?, ?)", b"\x01" * 16, b"\x02" * 64)
        shop.sql("INSERT INTO CLAIM (business, scope, key, seq) VALUES (1, 13, '', 99)")

        imported(shop.ledger, file)

        assert file == exported(shop.ledger, with_keys=True)
        assert () == shop.ledger.verify().faults


def test_interrupted_after_the_last_entry(lived: Shop, shop: Shop):
    """
    Idempotency keys that were still missing are brought by the same file again.
    """
    file = exported(lived.ledger, with_keys=True)
    imported(shop.ledger, file)
    shop.sql("DELETE FROM CLAIM WHERE scope IN (2, 12) AND seq > 100")
    assert file != exported(shop.ledger, with_keys=True)

    assert 0 == imported(shop.ledger, file)

    assert file == exported(shop.ledger, with_keys=True)


def test_somebody_else_writes_meanwhile(lived: Shop, shop: Shop, small_batches: None):
    """
    Who writes into the business while it is imported stops the import; nothing of theirs is lost.
    """
    file = exported(lived.ledger, with_keys=True)

    def write(done: int, total: int) -> None:
        if done > lived.head:
            shop.ledger.set_brand(Brand(name="Red Cup"))

    with pytest.raises(InvalidInput, match="nobody else"):
        imported(shop.ledger, file, progress=write)

    assert "Red Cup" == shop.ledger.brand().name
    faults = {fault.message for fault in shop.ledger.verify().faults}
    assert {"a key is kept of nobody", "an import of a file broke off, or is under way: import it again"} == faults


def test_progress(lived: Shop):
    """
    Progress is told from the first entry to the last, twice: of the check, and of the writing.
    """
    told: list[tuple[int, int]] = []
    with Shop() as shop:
        imported(shop.ledger, exported(lived.ledger), progress=lambda done, total: told.append((done, total)))

    assert (2 * lived.head, 2 * lived.head) == told[-1]
    assert sorted(told) == told


# Ledgers that cannot take it.


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda ledger: ledger.set_brand(Brand(name="Red Cup")), "must be empty"),
        (lambda ledger: ledger.set_brand(Brand(name="Red Cup"), occurred_at=None, actor="boss"), "must be empty"),
    ],
)
def test_business_that_holds_something_else(lived: Shop, shop: Shop, change: Callable[[Ledger], object], reason: str):
    """
    Into a business that has a history of its own nothing is imported.
    """
    change(shop.ledger)
    before = shop.dump()

    with pytest.raises(InvalidInput, match=reason):
        imported(shop.ledger, exported(lived.ledger))

    assert before == shop.dump()


def test_business_that_has_gone_on(lived: Shop, shop: Shop):
    """
    A file that ends before the ledger does is not imported, even where it is its beginning.
    """
    imported(shop.ledger, exported(lived.ledger, with_keys=True))
    shop.ledger.set_brand(Brand(name="Red Cup"))

    with pytest.raises(InvalidInput, match="entries of its own"):
        imported(shop.ledger, exported(lived.ledger, with_keys=True))


def test_keys_half_way(lived: Shop, shop: Shop, small_batches: None):
    """
    What was begun without keys is not gone on with by a file that has them.
    """
    imported(shop.ledger, exported(lived.ledger.at(1)))

    with pytest.raises(InvalidInput, match="exported with keys"):
        imported(shop.ledger, exported(lived.ledger, with_keys=True))


@pytest.mark.parametrize("source", [7, "missing.jsonl", "\0", io.StringIO, None], ids=repr)
def test_no_file(tmp_path: Path, source: Any):
    """
    What cannot be read as a file is refused by name.
    """
    with Shop() as shop, pytest.raises(InvalidInput, match="file"):
        shop.ledger.import_journal(tmp_path / source if source == "missing.jsonl" else source)


# Files that are written.


def test_file_that_is_there_whole(lived: Shop, tmp_path: Path):
    """
    An export that breaks off leaves the earlier file as it was, and nothing beside it.
    """
    file = tmp_path / "journal.jsonl"
    lived.ledger.at(1).export(file)
    before = file.read_bytes()

    def interrupt(done: int, total: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        lived.ledger.export(file, progress=interrupt)
    assert before == file.read_bytes()
    assert [file] == list(tmp_path.iterdir())

    lived.ledger.export(file)
    assert exported(lived.ledger) == file.read_bytes()


@pytest.mark.parametrize("format", ["csv", "", None])
def test_format_that_is_none(lived: Shop, tmp_path: Path, format: Any):
    """
    A format that is none is refused before a file is begun.
    """
    with pytest.raises(InvalidInput, match="format"):
        lived.ledger.export(tmp_path / "file", format=format)
    assert [] == list(tmp_path.iterdir())


def test_empty_ledger(shop: Shop):
    """
    A ledger without an entry is exported and imported too.
    """
    file = exported(shop.ledger, with_keys=True)

    assert 0 == imported(shop.ledger, file)
    assert [0] == [heading["seq"] for heading in lines(file, "journal")]
    assert file == exported(shop.ledger)


def test_table_for_analysis(lived: Shop):
    """
    The table has a row for each of the ledger's entries, with the card and its template right after it.
    """
    parquet = pytest.importorskip("pyarrow.parquet")
    file = exported(lived.ledger, format="parquet")

    rows = parquet.read_table(io.BytesIO(file)).to_pylist()

    entries = list(lived.ledger.entries())
    assert [entry.seq for entry in entries] == [row["seq"] for row in rows]
    assert [entry.recorded_at for entry in entries] == [row["recorded_at"] for row in rows]
    for shown in lived.ledger.journal(limit=500).rows:
        row = next(row for row in rows if row["seq"] == shown.seq)
        assert (shown.kind, shown.card_number, shown.template_name, shown.template_version) == (
            row["kind"], row["card_number"], row["template_name"], row["template_version"],
        )  # fmt: skip
    assert all("anna" not in (row["fields"] or "").lower() for row in rows)


def test_export_of_a_changed_journal(lived: Shop):
    """
    A Journal that is not what was written is not exported: the first entry that differs is named.
    """
    with Shop() as shop:
        imported(shop.ledger, exported(lived.ledger))
        shop.sql("UPDATE JOURNAL SET code = 'X' WHERE seq = 40")

        with pytest.raises(Exception, match="entry 40") as corrupt:
            exported(shop.ledger)
        assert "corrupt" == corrupt.value.code  # type: ignore[attr-defined]
