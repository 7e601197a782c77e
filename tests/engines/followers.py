"""
Who follows a Journal, as a ledger helps to and as one does without it; each of them is to be killed.

Whatever they have handled is rows of their own in the same database: who did it, whose entry it was, and which.
"""

import itertools
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, String, Table, create_engine, func, select

from stampledger import Conflict, Ledger
from tests.engines.crew import Start

METADATA = MetaData()
HANDLED = Table(  # In the order in which they were handled.
    "handled",
    METADATA,
    Column("place", Integer, primary_key=True),
    Column("follower", String(40), nullable=False),
    Column("business", String(40), nullable=False),
    Column("seq", BigInteger, nullable=False),
)
POSITION = Table(
    "position", METADATA, Column("follower", String(40), primary_key=True), Column("seq", BigInteger, nullable=False)
)
FACT = Table(  # A Journal as it is often kept.
    "fact", METADATA, Column("id", Integer, primary_key=True), Column("writer", String(40), nullable=False)
)


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    """An engine as SQLAlchemy makes it, but for SQLite's patience."""
    engine = create_engine(url, connect_args={"timeout": 60} if url.startswith("sqlite") else {})
    try:
        yield engine
    finally:
        engine.dispose()


def write(start: Start, url: str, cards: Sequence[tuple[str, str]], enough: Any) -> int:
    """Stamp cards (business, card) in turn until it is enough; answers how often."""
    with ExitStack() as stack:
        ledgers = [(stack.enter_context(Ledger.open(url, business=business)), card) for business, card in cards]
        start()
        count = 0
        for ledger, card in itertools.cycle(ledgers):
            if enough.is_set():
                break
            with suppress(Conflict):
                ledger.add_stamps(card)
                count += 1
        return count


# With a ledger.


def follow_both_ways(
    start: Start, pulse: Any, url: str, businesses: Sequence[str], wait: float | None, diaries: Path
) -> None:
    """Follow the Journals of some businesses at once, each in both ways, a thread for each; go on after a conflict."""

    def follow(handle: Callable[[Ledger], None], ledger: Ledger) -> None:
        while True:
            try:
                return handle(ledger)
            except Conflict:
                continue
            except BaseException:  # Nobody would see that a thread has ended.
                traceback.print_exc()
                os._exit(1)

    with ExitStack() as stack:
        engine = stack.enter_context(connected(url))
        ledgers = [stack.enter_context(Ledger.open(url, business=business)) for business in businesses]
        start()
        with ThreadPoolExecutor(2 * len(ledgers)) as threads:
            for ledger in ledgers:
                threads.submit(follow, lambda ledger: count_exactly(ledger, engine, pulse, wait), ledger)
                threads.submit(follow, lambda ledger: note_at_least(ledger, diaries, pulse, wait), ledger)


def follow_exactly(start: Start, pulse: Any, url: str, business: str, wait: float) -> int:
    """Count a Journal's entries; answers how often somebody else was first."""
    conflicts = 0
    with connected(url) as engine, Ledger.open(url, business=business) as ledger:
        start()
        while True:
            try:
                count_exactly(ledger, engine, pulse, wait)
                return conflicts
            except Conflict:
                conflicts += 1


def count_exactly(ledger: Ledger, engine: Engine, pulse: Any, wait: float | None) -> None:
    """Handle batches, each in one transaction with its position."""
    for batch in ledger.follow("exact", wait=wait).batches(limit=20):
        with engine.begin() as connection:
            connection.execute(HANDLED.insert(), [row("exact", ledger.business, entry.seq) for entry in batch])
            pulse.value += 1
            batch.done(connection)


def note_at_least(ledger: Ledger, diaries: Path, pulse: Any, wait: float | None) -> None:
    """Handle entry by entry, outside of the database: a line in a diary for each."""
    with open(diaries / ledger.business, "ab", buffering=0) as diary:
        for entry in ledger.follow("noted", wait=wait):
            diary.write(f"{entry.seq}\n".encode())
            pulse.value += 1


def row(follower: str, business: str, seq: int) -> dict[str, Any]:
    return {"follower": follower, "business": business, "seq": seq}


# Without one.


def write_facts(start: Start, url: str, writer: str, enough: Any) -> None:
    """Insert facts until it is enough, two in each transaction, as a command and its consequences."""
    with connected(url) as engine, engine.connect() as connection:
        start()
        while not enough.is_set():
            for _ in range(2):
                connection.execute(FACT.insert(), {"writer": writer})
            connection.commit()


def read_by_id(start: Start, url: str, over: Any) -> list[int]:
    """Read the facts whose number is above the last one's, to the end once all is over; answers their numbers."""
    seen: list[int] = []
    with connected(url) as engine:
        start()
        while True:
            is_over = over.is_set()
            with engine.connect() as connection:
                new = select(FACT.c.id).where(FACT.c.id > (seen[-1] if seen else 0)).order_by(FACT.c.id)
                found = connection.execute(new).scalars().all()
            seen += found
            if is_over and not found:
                return seen


def handle_apart(start: Start, pulse: Any, url: str, name: str, position_first: bool) -> None:
    """Handle an entry in one transaction and keep its position in another: the position first, or afterwards."""
    with connected(url) as engine, engine.connect() as connection:
        start()
        kept = connection.execute(select(POSITION.c.seq).where(POSITION.c.follower == name)).scalar_one()
        connection.commit()
        for seq in itertools.count(kept + 1):
            handled = HANDLED.insert().values(row(name, "", seq))
            moved = POSITION.update().where(POSITION.c.follower == name).values(seq=seq)
            first, second = (moved, handled) if position_first else (handled, moved)
            connection.execute(first)
            connection.commit()
            time.sleep(0.01)  # To handle something takes a moment.
            connection.execute(second)
            connection.commit()
            pulse.value += 1


def handled(url: str, follower: str, business: str = "") -> list[int]:
    """What a follower has handled, in its order."""
    with connected(url) as engine, engine.connect() as connection:
        found = select(HANDLED.c.seq).where(HANDLED.c.follower == follower, HANDLED.c.business == business)
        return list(connection.execute(found.order_by(HANDLED.c.place)).scalars())


def count_facts(url: str) -> int:
    """How many facts there are."""
    with connected(url) as engine, engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(FACT)).scalar_one()
