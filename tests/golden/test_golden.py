"""
What is on disk is a promise: golden files of every stored kind and of a whole day, which are only ever added.
"""

import hashlib
import json
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampledger import codec
from stampledger.events import Event
from tests.golden.day import DAY, day, lines, restore, written
from tests.golden.samples import AT, FOLDER, SUMS, sample, sealed, unsealed
from tests.golden.shapes import events_of
from tests.ledger.shop import Shop

every_kind = pytest.mark.parametrize("name", codec.KINDS)


def golden(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return told


@every_kind
def test_reads_what_was_written(name: str):
    """
    What a golden file holds is read as the event that was meant when it was written.
    """
    told = golden(name)

    event = codec.decode(told["kind"], told["body"].encode(), codec.instant(told["at"]), told["code"], unsealed)

    assert sample(name) == event
    assert type(sample(name)) is type(event)


@every_kind
def test_writes_the_same_bytes(name: str):
    """
    An event is written as the very bytes of its golden file, and has the same digest and place in the chain.
    """
    told = golden(name)
    stream, at, code = UUID(told["stream"]), told["at"], told["code"]

    body = codec.encode(sample(name), sealed)
    digest = codec.digest(stream, told["version"], name, told["place"], at, code, told["actor"], told["channel"], body)

    assert told["body"].encode() == body
    assert told["digest"] == digest.hex()
    assert told["hash"] == codec.link(bytes.fromhex(told["previous"]), told["seq"], told["recorded_at"], digest).hex()
    assert codec.microseconds(AT) == at


@every_kind
def test_sample_says_something_in_every_field(name: str):
    """
    A sample leaves no field at its default, so that a golden file shows each.
    """
    event = sample(name)

    silent = [
        field.name
        for field in attrs.fields(type(event))
        if field.default is not attrs.NOTHING and getattr(event, field.name) == field.default
    ]

    assert [] == silent


def test_every_file_is_as_it_was():
    """
    Golden files are only ever added: each is in the list of sums, with the sum it had, and each kind has one.
    """
    sums = [line.split("  ") for line in SUMS.read_text(encoding="utf-8").splitlines()]
    listed = {name: digest for digest, name in sums}
    present = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.json*")}

    assert listed == present
    assert {f"{name}.json" for name in codec.KINDS} <= set(present)


def test_kinds_that_were_released():
    """
    A kind that was ever written stays readable under its name: by its own class, or turned into a later one.
    """
    released = {path.name.removesuffix(".json") for path in FOLDER.glob("*.json")}

    assert set() == released - set(codec.KINDS) - set(codec.UPCASTS)


def test_day_is_written_as_ever():
    """
    The same day, lived again, writes the same Journal to the last byte.
    """
    told = DAY.read_text(encoding="utf-8")

    assert told == "".join(lines())


def test_day_is_read_as_ever():
    """
    A Journal that was written by the first release is chained as it was, and everything is made anew from it alone.
    """
    told = [json.loads(line) for line in DAY.read_text(encoding="utf-8").splitlines()]
    chain = codec.genesis(told[0]["business"])
    for entry in told[1:]:
        at = entry["recorded_at"] if entry["occurred_at"] is None else entry["occurred_at"]
        digest = codec.digest(
            UUID(entry["id"]), entry["version"], entry["kind"], entry["place"], at, entry["code"], entry["actor"],
            entry["channel"], entry["body"].encode(),
        )  # fmt: skip
        chain = codec.link(chain, entry["seq"], entry["recorded_at"], digest)
        assert entry["hash"] == chain.hex()
    assert told[0]["hash"] == chain.hex()

    with Shop() as old, day() as new:
        restore(old, told)
        old.ledger.rebuild()
        old.reopen()
        old.clock.at = new.clock()

        proof = old.ledger.verify()
        assert ((), told[0]["hash"], len(told) - 1) == (proof.faults, proof.head, proof.entries)
        assert list(written(new)) == list(written(old))
        assert new.ledger.cards(deleted=True) == old.ledger.cards(deleted=True)
        assert [new.ledger.card(card.id) for card in new.ledger.cards(deleted=True)] == [
            old.ledger.card(card.id) for card in old.ledger.cards(deleted=True)
        ]


def test_day_holds_most_kinds():
    """
    The golden day is worth its name: almost every kind of event happens on it.
    """
    happened = {json.loads(line)["kind"] for line in DAY.read_text(encoding="utf-8").splitlines()[1:]}

    assert set() == set(codec.KINDS) - happened


# The two ways to read.


@every_kind
@settings(max_examples=settings().max_examples // 5)
@given(data=st.data())
def test_both_ways_to_read_agree(name: str, data: st.DataObject):
    """
    Whatever an event says, it is read back the same, by msgspec straight into its class and by cattrs from its fields.
    """
    event: Event = attrs.evolve(data.draw(events_of(codec.KINDS[name])), at=AT)
    code = getattr(event, "code", None)

    body = codec.encode(event, sealed)
    read = codec.decode(name, body, AT, code, unsealed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(codec.UPCASTS, "an.older_one.v0", (name, lambda fields: fields))  # What is upcast is read so.
        read_by_fields = codec.decode("an.older_one.v0", body, AT, code, unsealed)

    assert event == read == read_by_fields
    assert body == codec.encode(read, sealed)
