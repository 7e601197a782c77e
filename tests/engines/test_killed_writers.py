"""
A process may be killed at any moment: what it was told is written, what it was not told is written whole or not at all.
"""

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from stampledger import Ledger
from stampledger.events import GoalReached, StampAdded, VoucherIssued
from tests.engines import naive, tills
from tests.engines.crew import Crew
from tests.ledger.shop import coffee
from tests.servers.database import Database

SEED = random.SystemRandom().randrange(1 << 32)

ROUNDS = 4
WRITERS = 8
LIFE_MAX = 0.5  # Seconds.


def kill_one_by_one(crew: Crew, chance: random.Random) -> None:
    """Let them go, and kill each at a moment of its own."""
    moments = sorted((chance.uniform(0.02, LIFE_MAX), number) for number in range(len(crew.processes)))
    crew.go()
    began = time.monotonic()
    for moment, number in moments:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        process = crew.processes[number]
        assert process.is_alive(), "it ended before it was killed"
        process.kill()
        process.join()


def test_killed_writers(database: Database, tmp_path: Path):
    """
    After 32 writers were killed nothing is half written, all they were told is there, and a retry settles the rest.
    """
    print("seed", SEED)
    chance = random.Random(SEED)
    with Ledger.open(database.url, business=tills.BUSINESS) as ledger:
        template = ledger.publish_template("free-coffee", coffee(1))
        cards = [ledger.issue_card(template).card.id for _ in range(3)]
        before = ledger.seq

    sent: dict[str, Any] = {}
    done: dict[str, int] = {}
    for turn in range(ROUNDS):
        cards_of = {f"till-{turn}-{number}": cards[number % len(cards)] for number in range(WRITERS)}
        tasks = [(database.url, name, card, str(tmp_path / name)) for name, card in cards_of.items()]
        with Crew(tills.write_until_killed, tasks) as crew:
            kill_one_by_one(crew, chance)
        for name, card in cards_of.items():
            for line in (tmp_path / name).read_text().splitlines():
                match line.split():
                    case ["sent", key]:
                        sent[key] = card
                    case ["done", key, number]:
                        done[key] = int(number)

    database.wait_until_left()
    with Ledger.open(database.url, business=tills.BUSINESS) as ledger:
        assert () == ledger.verify().faults
        written = scans_after(ledger, before)
        assert {True} == {written[seq] == [StampAdded, GoalReached, VoucherIssued] for seq in done.values()}
        assert {3} == {len(kinds) for kinds in written.values()}
        unanswered = sent.keys() - done.keys()
        print(len(sent), "sent,", len(done), "answered,", len(written) - len(done), "written and not answered")
        assert 0 <= len(written) - len(done) <= len(unanswered) <= ROUNDS * WRITERS

        for key, card in sent.items():
            scan = ledger.add_stamps(card, idempotency_key=key)
            if key in done:
                assert (True, done[key]) == (scan.repeated, scan.id)
            else:
                assert scan.repeated == (scan.id in written)
        assert len(sent) == len(scans_after(ledger, before))
        assert len(sent) == sum(ledger.card(card).stamps_total for card in cards)
        assert () == ledger.verify().faults


def scans_after(ledger: Ledger, seq: int) -> dict[int, list[type]]:
    """What was written since: for each scan the kinds of its entries."""
    scans: dict[int, list[type]] = {}
    for entry in ledger.entries(after=seq):
        scans.setdefault(entry.scan, []).append(type(entry.event))
    return scans


def test_killed_writers_that_commit_twice(database: Database):
    """
    The control: who writes what belongs together in two transactions leaves halves when killed at such moments.
    """
    print("seed", SEED)
    chance = random.Random(SEED)
    for table in ("stamp", "reward"):
        database.sql(f"CREATE TABLE {table} (scan VARCHAR(40))")

    for turn in range(ROUNDS):
        tasks = [(database.url, f"till-{turn}-{number}") for number in range(WRITERS)]
        with Crew(naive.write_until_killed, tasks) as crew:
            kill_one_by_one(crew, chance)

    database.wait_until_left()
    stamps, rewards = (
        Counter(row[0] for row in database.sql(f"SELECT scan FROM {table}")) for table in ("stamp", "reward")
    )
    halves = stamps - rewards
    print(len(stamps), "scans,", len(halves), "halves")
    assert len(halves) > 0, "no writer was killed between its two transactions: these moments prove nothing"
