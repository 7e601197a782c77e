"""
The benchmark compares like with like: whoever takes part keeps every stamp, and takes a receipt once.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from eventsourcing.persistence import IntegrityError
from sqlalchemy.exc import IntegrityError as RowIsThere

from bench import ours
from bench.crowd import Threads, take_turns_at_once
from bench.floors.group_commit import GroupCommit
from bench.floors.many_rows import Amount, ExecuteMany
from bench.floors.one_stamp import OneStamp
from bench.floors.typed_replay import TypedReplay
from bench.peers import aggregates, tables
from bench.timing import Progress, take_turns
from bench.workshop import QUICK, Workshop


def rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return count


def test_receipt_is_good_once_with_aggregates(tmp_path: Path):
    """
    A receipt that is there cannot be saved again, and its stamp is not kept either.
    """
    settings = aggregates.sqlite(tmp_path / "peer.db")
    with aggregates.Cards(settings) as first, aggregates.Cards(settings) as second:
        cards = first.issue(2)
        first.stamp(cards[0])

        with pytest.raises(IntegrityError):
            second.stamp(cards[1])

        card: aggregates.Card = first.repository.get(cards[1])
        assert (1, 0) == (card.version, card.progress)


def test_receipt_is_good_once_in_tables(tmp_path: Path):
    """
    A receipt that is there cannot be added again, and its stamp is not kept either.
    """
    path = tmp_path / "tables.db"
    with closing(tables.on_file(path, full=True)) as first, closing(tables.on_file(path, full=True)) as second:
        cards = first.issue(2)
        first.stamp(cards[0])

        with pytest.raises(RowIsThere):
            second.stamp(cards[1])

    assert (1, 1) == (rows(path, "event"), rows(path, "receipt"))


def test_floor_keeps_every_stamp(tmp_path: Path):
    """
    Each stamp of the floor is an event and a receipt.
    """
    path = tmp_path / "floor.db"
    with closing(OneStamp(path, 10, full=True)) as floor:
        for _ in range(25):
            floor.stamp()

    assert (25, 25) == (rows(path, "event"), rows(path, "receipt"))


def test_group_commit_keeps_every_stamp(tmp_path: Path):
    """
    As many stamps were answered as are kept, whoever waited together.
    """
    path = tmp_path / "floor.db"
    with closing(GroupCommit(path, 10, full=True)) as floor:
        turn = Threads([floor.stamp] * 8).run(0.2)

    assert len(turn.waits) == rows(path, "event") == rows(path, "receipt")


def test_many_rows_of_every_kind(tmp_path: Path):
    """
    A round writes as many rows as it says, the next one others.
    """
    path = tmp_path / "floor.db"
    with closing(ExecuteMany(path, Amount(events=50_001, receipts=7, streams=100), 2, full=True)) as floor:
        floor.write()
        floor.write()

    assert (100_002, 14, 200) == tuple(rows(path, table) for table in ("event", "receipt", "stream"))


def test_replay_of_the_floor_sees_what_ours_sees():
    """
    Both replays call a handler for every event.
    """
    with Workshop(QUICK, Progress()) as shop, ours.opened(shop.path("ledger")) as ledger:
        ours.fill(ledger, ours.visits(10, 20), lambda done, total: None)
        table, seen = ours.all_handlers()
        ledger.replay(table)

        assert seen["events"] == ledger.seq == TypedReplay(shop.path("ledger")).run()


def test_everyone_gets_a_turn():
    """
    In every round each contestant works as often as the others.
    """
    calls: list[str] = []

    times = take_turns({name: lambda name=name: calls.append(name) for name in "abc"}, turns=2, calls=3, rounds=4)  # type: ignore[misc]

    assert [24, 24, 24] == [calls.count(name) for name in "abc"]
    assert [4, 4, 4] == [len(times.by_name[name]) for name in "abc"]


def test_failure_in_a_crowd_is_told():
    """
    A thread that fails does not pass for one that was quick.
    """

    def fail() -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        take_turns_at_once({"one": Threads([fail, fail])}, seconds=0.01)
