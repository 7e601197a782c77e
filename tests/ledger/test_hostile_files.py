"""
Files that were changed, by a mishap or on purpose, are refused by the number of the line, and nothing is written.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampledger import InvalidInput, InvalidRows, UnknownEvent, codec
from tests.golden.day import day
from tests.ledger.shop import Shop
from tests.ledger.test_journal_file import exported, imported

Line = dict[str, Any]


@pytest.fixture(scope="module")
def file() -> bytes:
    with day() as shop:
        return exported(shop.ledger, with_keys=True)


@pytest.fixture(scope="module")
def target() -> Iterator[Shop]:
    """An empty shop, which stays empty."""
    with Shop() as shop:
        yield shop


def told(lines: list[Line]) -> bytes:
    return b"".join(compact(line) + b"\n" for line in lines)


def compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read(file: bytes) -> list[Line]:
    return [json.loads(line) for line in file.splitlines()]


def sound(lines: list[Line]) -> bytes:
    """The lines with their hashes made anew, as only whoever forges a file would: nothing but its sense is wrong."""
    chain = codec.genesis(lines[0]["business"])
    for line in lines:
        if line["line"] == "entry":
            body = compact(line["body"]) if "body" in line else b""
            at = line.get("occurred_at") or line["recorded_at"]
            code, actor, channel = (line.get(name) for name in ("code", "actor", "channel"))
            digest = codec.digest(
                line["stream"], line["version"], line["kind"], line["place"], at, code, actor, channel, body
            )
            chain = codec.link(chain, line["seq"], line["recorded_at"], digest)
            line["hash"] = chain.hex()
    lines[0]["hash"] = chain.hex()
    before = told(lines[:-1])
    lines[-1] |= {"lines": len(lines) - 1, "sha256": hashlib.sha256(before).hexdigest()}
    return told(lines)


def refused(target: Shop, file: bytes) -> InvalidInput:
    before = target.dump()
    with pytest.raises(InvalidInput) as error:
        imported(target.ledger, file)
    assert before == target.dump()
    assert 0 == target.head
    return error.value


def problem(error: InvalidInput) -> tuple[int, str]:
    assert isinstance(error, InvalidRows)
    [found] = error.rows
    assert len(str(error)) < 1_000
    return found.line, found.column


def test_control(file: bytes):
    """
    The file that these tests change is imported as it is, and the forger's tools leave a sound file sound.
    """
    assert file == told(read(file))
    for same in (file, sound(read(file))):
        with Shop() as shop:
            assert 67 == imported(shop.ledger, same)
            assert () == shop.ledger.verify().faults


# Mishaps.


@given(data=st.data())
def test_any_changed_byte(file: bytes, target: Shop, data: st.DataObject):
    """
    Whichever byte is changed, the file is refused.
    """
    place = data.draw(st.integers(0, len(file) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != file[place]))
    changed = file[:place] + bytes([byte]) + file[place + 1 :]

    with pytest.raises((InvalidInput, UnknownEvent)) as error:
        imported(target.ledger, changed)

    assert 0 == target.head
    assert len(str(error.value)) < 1_000


@given(data=st.data())
def test_any_truncation(file: bytes, target: Shop, data: st.DataObject):
    """
    Wherever the file breaks off, it is refused by its last line.
    """
    end = data.draw(st.integers(0, len(file) - 1))

    error = refused(target, file[:end])

    assert problem(error)[0] in (file[:end].count(b"\n"), file[:end].count(b"\n") + 1)


@given(data=st.data())
def test_any_order(file: bytes, target: Shop, data: st.DataObject):
    """
    Lines that were swapped, left out or doubled are found.
    """
    lines = file.splitlines(keepends=True)
    one, other = data.draw(st.tuples(st.integers(0, len(lines) - 1), st.integers(0, len(lines) - 1)))
    changed = list(lines)
    match data.draw(st.sampled_from(["swap", "leave out", "double"])):
        case "swap":
            changed[one], changed[other] = changed[other], changed[one]
        case "leave out":
            del changed[one]
        case _:
            changed.insert(other, lines[one])
    if changed == lines:
        return

    error = refused(target, b"".join(changed))

    assert 1 <= problem(error)[0] <= len(lines) + 1


ENTRY = 20  # A line in the middle: entry 17 of 67, behind the heading and two keys.
DEEP = "[" * 20_000 + "]" * 20_000

CHANGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], tuple[int, str]]] = {
    "an empty file": (lambda lines: [], (1, "line")),
    "an empty line": (lambda lines: [*lines[:ENTRY], b"\n", *lines[ENTRY:]], (ENTRY + 1, "line")),
    "a mark of bytes' order": (lambda lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]], (1, "line")),
    "no JSON": (lambda lines: [*lines[:ENTRY], b"entry\n", *lines[ENTRY:]], (ENTRY + 1, "line")),
    "depth": (lambda lines: [*lines[:ENTRY], DEEP.encode() + b"\n", *lines[ENTRY:]], (ENTRY + 1, "line")),
    "bytes of no text": (lambda lines: [*lines[:ENTRY], b'{"line":"\xff"}\n', *lines[ENTRY:]], (ENTRY + 1, "line")),
    "no end": (lambda lines: lines[:-1], (72, "line")),
    "more after the end": (lambda lines: [*lines, lines[-1]], (73, "line")),
    "an entry too few": (lambda lines: [*lines[:69], *lines[70:]], (70, "line")),
    "an entry twice": (lambda lines: [*lines[:ENTRY], *lines[ENTRY - 1 :]], (ENTRY + 1, "seq")),
    "another line end": (lambda lines: [line.replace(b"\n", b"\r\n") for line in lines], (72, "sha256")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_mishap(file: bytes, target: Shop, name: str):
    """
    Each mishap is told by the line it happened to.
    """
    change, expected = CHANGES[name]

    error = refused(target, b"".join(change(file.splitlines(keepends=True))))

    assert expected == problem(error)


FIELDS: list[tuple[int, str, Any, str]] = [
    (1, "format", 2, "format"),
    (1, "format", "1", "line"),
    (1, "genesis", "00", "genesis"),
    (1, "seq", 1 << 70, "line"),
    (1, "sealed", 68, "sealed"),
    (1, "sealed", "0", "line"),
    (2, "key", "AAAA", "line"),
    (2, "subject", "me", "line"),
    (ENTRY, "seq", 16, "seq"),
    (ENTRY, "seq", 17.5, "line"),
    (ENTRY, "seq", 10**400, "line"),
    (ENTRY, "stream", "x" * 100_000, "begins"),
    (ENTRY, "stream", None, "line"),
    (ENTRY, "begins", "card", "begins"),
    (ENTRY, "begins", "cart", "line"),
    (ENTRY, "version", 1, "version"),
    (ENTRY, "version", -1, "line"),
    (ENTRY, "place", 5, "place"),
    (ENTRY, "recorded_at", 0, "recorded_at"),
    (ENTRY, "recorded_at", 1 << 61, "line"),
    (ENTRY, "recorded_at", "2024-02-27T11:30:00Z", "line"),
    (ENTRY, "kind", "", "line"),
    (ENTRY, "kind", 7, "line"),
    (ENTRY, "code", "x" * 201, "line"),
    (ENTRY, "code", "R\0", "code"),
    (ENTRY, "actor", ["boss"], "line"),
    (ENTRY, "body", [], "body"),
    (ENTRY, "body", {"x": 1}, "body"),
    (ENTRY, "data", "AAAA", "data"),
    (ENTRY, "data", "no base64!", "line"),
    (ENTRY, "hash", "", "hash"),
    (ENTRY, "hash", None, "line"),
    (ENTRY, "colour", "red", "line"),
    (71, "scope", "code", "line"),
    (71, "seq", 68, "seq"),
    (71, "seq", 0, "seq"),
    (71, "digest", "AAAA", "line"),
    (71, "key", "", "line"),
    (72, "lines", 70, "lines"),
    (72, "sha256", "", "sha256"),
]


@pytest.mark.parametrize(("line", "field", "value", "column"), FIELDS, ids=lambda value: str(value)[:20])
def test_field(file: bytes, target: Shop, line: int, field: str, value: Any, column: str):
    """
    A field of another type, or beyond what it may be, is told by its line.
    """
    lines = read(file)
    lines[line - 1][field] = value

    assert (line, column) == problem(refused(target, told(lines)))


# Forgeries: files whose every hash is right.


def forged(file: bytes, change: Callable[[list[Line]], object]) -> bytes:
    lines = read(file)
    change(lines)
    return sound(lines)


def entry(lines: list[Line], seq: int) -> Line:
    return next(line for line in lines if line["line"] == "entry" and line["seq"] == seq)


def test_kind_of_a_newer_release(file: bytes, target: Shop):
    """
    A kind that this release does not know is told by its line before anything is written.
    """
    newer = forged(file, lambda lines: entry(lines, 17).update(kind="card.stamp_doubled.v1"))

    with pytest.raises(UnknownEvent, match="line 20: the kind") as error:
        imported(target.ledger, newer)

    assert 17 == error.value.seq
    assert 0 == target.head


FORGERIES: dict[str, tuple[Callable[[list[Line]], object], int]] = {
    "a body of another kind": (lambda lines: entry(lines, 17).update(body={"count": 1}), 20),
    "a version too high": (lambda lines: entry(lines, 17).update(version=99), 20),
    "an id in capitals": (lambda lines: entry(lines, 1).update(stream="ABCDEF00-0000-0000-0000-00000000ABCD"), 4),
    "a stream of another application with our kind": (lambda lines: entry(lines, 1).update(begins="other"), 4),
    "a scan that goes on after another": (lambda lines: entry(lines, 17).update(place=3), 20),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_forgery(file: bytes, target: Shop, name: str):
    """
    Whatever can be told from the file alone is told before anything is written.
    """
    change, line = FORGERIES[name]

    error = refused(target, forged(file, change))

    assert line == problem(error)[0]


IMPOSSIBLE: dict[str, Callable[[list[Line]], object]] = {
    "a stream that begins as another": lambda lines: entry(lines, 1).update(begins="card"),
    "a card that begins with a stamp": lambda lines: entry(lines, 6).update(
        kind="card.stamp_added.v1", body={"count": 1, "progress": 1, "stamps_required": 3}
    ),
    "a card under no template": lambda lines: entry(lines, 6)["body"].update(template_id=str(UUID(int=999))),
    "a card of nobody": lambda lines: entry(lines, 6)["body"].update(customer_id=str(UUID(int=999))),
    "a number given out twice": lambda lines: entry(lines, 7)["body"].update(number=100_001),
    "a key of another": lambda lines: lines[1].update(key=lines[2]["key"]),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_history(file: bytes, name: str):
    """
    A history that cannot have been is refused where it is written, by its line; nothing of that batch is written.
    """
    with Shop() as shop:
        with pytest.raises(InvalidRows) as error:
            imported(shop.ledger, forged(file, IMPOSSIBLE[name]))

        assert 4 <= problem(error.value)[0] <= 71
        assert 0 == shop.head
        shop.ledger.register_customer(name="Anna")


@settings(max_examples=settings().max_examples // 4)
@given(data=st.data())
def test_any_forgery(file: bytes, data: st.DataObject):
    """
    Whatever a forger changes in a body, the import ends well, or in an error of ours that names a line.
    """
    lines = read(file)
    found = data.draw(st.sampled_from([line for line in lines if line["line"] == "entry"]))
    field = data.draw(st.sampled_from([*found["body"], "unknown"]))
    found["body"][field] = data.draw(
        st.one_of(st.none(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2), st.booleans())
    )

    with Shop() as shop, suppress(InvalidRows):
        imported(shop.ledger, sound(lines))
        assert 67 == shop.head
