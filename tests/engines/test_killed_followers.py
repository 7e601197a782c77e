"""
A follower may be killed at any moment and started again: it misses nothing, and counts nothing twice.
"""

import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from stampledger import Ledger
from tests.engines import followers
from tests.engines.crew import CONTEXT, Crew, together
from tests.ledger.shop import coffee
from tests.servers.database import Database, Databases

SEED = random.SystemRandom().randrange(1 << 32)

BUSINESSES = tuple(f"shop-{number}" for number in range(8))
PAIRS = tuple(zip(BUSINESSES[::2], BUSINESSES[1::2], strict=True))
KILLS = 24
KILL_SECONDS = 6.0  # Then so many are enough as there were.
LIFE_MAX = 2.0  # Seconds.
PULSES_MAX = 40
FACTS = 2_000

Work = Callable[..., Any]
Task = tuple[Any, ...]


class Victim:
    """A process that does a task, and is to be killed once it has got so far."""

    def __init__(self, work: Work, task: Task, chance: random.Random) -> None:
        self.again = partial(Victim, work, task, chance)
        self._pulse = pulse()
        self._crew = Crew(work, [(self._pulse, *task)])
        self._pulses = chance.randint(1, PULSES_MAX)
        self._moment = chance.uniform(0, 0.01)
        self._crew.go()
        self._until = time.monotonic() + LIFE_MAX

    @property
    def is_due(self) -> bool:
        """Whether it has lived for long enough."""
        return self._pulse.value >= self._pulses or time.monotonic() > self._until

    def kill(self) -> None:
        """Kill it, at a moment of its own."""
        time.sleep(self._moment)
        assert self._crew.processes[0].is_alive(), "it ended before it was killed"
        self._crew.end()


def pulse() -> Any:
    """What a process counts up with everything it does, seen from outside."""
    return CONTEXT.Value("q", 0, lock=False)


def kill_again_and_again(chance: random.Random, work: Work, tasks: Sequence[Task]) -> int:
    """Let processes do their tasks for ever, kill them one by one, and start each anew; answers how many died."""
    victims: list[Victim] = []
    killed = 0
    try:
        for task in tasks:
            victims.append(Victim(work, task, chance))
        until = time.monotonic() + KILL_SECONDS
        while killed < KILLS and (time.monotonic() < until or killed < len(tasks)):
            for place, victim in enumerate(victims):
                if victim.is_due:
                    victim.kill()
                    victims[place] = victim.again()
                    killed += 1
            time.sleep(0.002)
    finally:
        for victim in victims:
            victim.kill()
    return killed + len(victims)


def test_killed_followers(database: Database, tmp_path: Path):
    """
    Of 8 Journals that are written to meanwhile, each is followed whole: once with own rows, in order in any case.
    """
    print("seed", SEED)
    chance = random.Random(SEED)
    prepare(database)
    cards = {}
    for business in BUSINESSES:
        with Ledger.open(database.url, business=business) as ledger:
            cards[business] = str(ledger.issue_card(ledger.publish_template("free-coffee", coffee(4))).card.id)
    pairs = [
        [(one, cards[one]), (two, cards[two])]
        for one, two in zip(BUSINESSES, (*BUSINESSES[1:], BUSINESSES[0]), strict=True)
    ]  # Two writers for each Journal.

    tasks = [(database.url, pair, None, tmp_path) for pair in PAIRS]
    enough = CONTEXT.Event()
    with Crew(followers.write, [(database.url, pair, enough) for pair in pairs]) as writers:
        writers.go()
        killed = kill_again_and_again(chance, followers.follow_both_ways, tasks)
        enough.set()
        written = sum(writers.answers())
    followed = sum(sum(positions(database, business).values()) for business in BUSINESSES)
    together(followers.follow_both_ways, [(pulse(), database.url, pair, 0, tmp_path) for pair in PAIRS])

    repeated = entries = 0
    for business in BUSINESSES:
        seq = head(database, business)
        everything = list(range(1, seq + 1))
        assert everything == followers.handled(database.url, "exact", business)
        noted = [int(line) for line in (tmp_path / business).read_text().splitlines()]
        assert everything == sorted(set(noted))
        assert {0, 1} >= {after - before for before, after in pairwise(noted)}
        assert {"exact": seq, "noted": seq} == positions(database, business)
        entries += seq
        repeated += len(noted) - seq
    print(f"{written} commands, {entries} entries; {followed} of {2 * entries} followed among {killed} kills")
    print(f"{repeated} noted twice")
    assert followed > 0, "they had no time to follow: this proves nothing"


def head(database: Database, business: str) -> int:
    with Ledger.open(database.url, business=business, create=False) as ledger:
        assert () == ledger.verify().faults
        return ledger.seq


def positions(database: Database, business: str) -> dict[str, int]:
    with Ledger.open(database.url, business=business, create=False) as ledger:
        return ledger.followers()


def prepare(database: Database) -> None:
    with database.engine() as engine:
        followers.METADATA.create_all(engine)


def test_two_under_one_name(database: Database):
    """
    Two processes that follow under one name are in each other's way, and still count everything once, in order.
    """
    prepare(database)
    with Ledger.open(database.url, business=BUSINESSES[0]) as ledger:
        card = str(ledger.issue_card(ledger.publish_template("free-coffee", coffee(4))).card.id)

    enough = CONTEXT.Event()
    both = [(pulse(), database.url, BUSINESSES[0], 1.0) for _ in range(2)]
    with (
        Crew(followers.follow_exactly, both) as crew,
        Crew(followers.write, [(database.url, [(BUSINESSES[0], card)], enough)]) as writer,
    ):
        crew.go()
        writer.go()
        for tried, *_ in both:
            wait_for(lambda tried=tried: tried.value >= PULSES_MAX)  # type: ignore[misc]
        enough.set()
        writer.answers()
        conflicts = crew.answers()

    seq = head(database, BUSINESSES[0])
    print(f"{seq} entries, {[tried.value for tried, *_ in both]} batches tried, {conflicts} conflicts")
    assert sum(conflicts) > 0, "they were never in each other's way: this proves nothing"
    assert {"exact": seq} == positions(database, BUSINESSES[0])
    assert list(range(1, seq + 1)) == followers.handled(database.url, "exact", BUSINESSES[0])


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until, "it has taken too long"
        time.sleep(0.01)


# Controls.


def test_follower_by_number(served: Database):
    """
    The control: numbers that are given at the insert and seen at the commit make a follower miss some.
    """
    prepare(served)
    enough, over = CONTEXT.Event(), CONTEXT.Event()
    with (
        Crew(followers.write_facts, [(served.url, f"till-{number}", enough) for number in range(8)]) as writers,
        Crew(followers.read_by_id, [(served.url, over)]) as reader,
    ):
        reader.go()
        writers.go()
        wait_for(lambda: followers.count_facts(served.url) >= FACTS)
        enough.set()
        writers.answers()
        over.set()
        (seen,) = reader.answers()

    facts = followers.count_facts(served.url)
    print(f"missed {facts - len(seen)} of {facts}: {100 * (facts - len(seen)) / facts:.1f} %")
    assert sorted(set(seen)) == seen
    assert facts > len(seen), "nothing was missed: so many writers prove nothing"


@pytest.mark.parametrize("position_first", [True, False], ids=["position first", "position last"])
def test_killed_follower_that_commits_twice(databases: Databases, tmp_path: Path, position_first: bool):
    """
    The control: a position that is kept by itself loses entries when it is kept first, and repeats some when last.
    """
    print("seed", SEED)
    chance = random.Random(SEED)
    with databases.fresh("sqlite", tmp_path) as database:
        commit_twice(database, chance, position_first)


def commit_twice(database: Database, chance: random.Random, position_first: bool) -> None:
    prepare(database)
    names = [f"follower-{number}" for number in range(4)]
    with database.engine() as engine, engine.begin() as connection:
        connection.execute(followers.POSITION.insert(), [{"follower": name, "seq": 0} for name in names])

    tasks = [(database.url, name, position_first) for name in names]
    killed = kill_again_and_again(chance, followers.handle_apart, tasks)

    missed = twice = 0
    for name in names:
        done = followers.handled(database.url, name)
        missed += len(set(range(1, max(done, default=0) + 1)) - set(done))
        twice += len(done) - len(set(done))
    print(f"{killed} kills, {missed} missed, {twice} handled twice")
    assert (missed > 0, twice > 0) == (position_first, not position_first), "these moments prove nothing"
