"""
The same work as a shop's own tables do it when nobody thought of a second till: each of these goes wrong.

They look first and write then, in one transaction of the database's usual kind. In between they think for a
millisecond: in a process of its own SQLite is so quick that a fault would need thousands of tries to show.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from tests.engines.crew import Start


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    """An engine as SQLAlchemy makes it, but for SQLite's patience."""
    engine = create_engine(url, connect_args={"timeout": 60} if url.startswith("sqlite") else {})
    try:
        yield engine
    finally:
        engine.dispose()


def think() -> None:
    time.sleep(0.001)


def send_receipts(start: Start, url: str, till: str, receipts: Sequence[tuple[str, str]]) -> None:
    """Send receipts (code, card)."""
    with connected(url) as engine:
        engine.connect().close()
        start()
        for code, card in receipts:
            credit(engine, code, card)


def claim_all(start: Start, url: str, card: str, codes: Sequence[str], together: Any) -> None:
    """Stamp a card of one's own for each code at the moment all others do."""
    with connected(url) as engine:
        engine.connect().close()
        start()
        for code in codes:
            together.wait()
            credit(engine, code, card)


def credit(engine: Engine, code: str, card: str) -> None:
    """Read whether there is a credit for the code, and insert one where there is none."""
    values = dict(code=code, card=card)
    with engine.begin() as connection:
        if not connection.execute(text("SELECT 1 FROM credit WHERE code = :code"), values).first():
            think()
            connection.execute(text("INSERT INTO credit (code, card) VALUES (:code, :card)"), values)


def redeem_all(start: Start, url: str, till: str, vouchers: Sequence[int], together: Any) -> list[str]:
    """Read whether the voucher is used, and update it where it is not."""
    answers = []
    with connected(url) as engine:
        engine.connect().close()
        start()
        for voucher in vouchers:
            together.wait()
            values = dict(voucher=voucher, till=till)
            with engine.begin() as connection:
                found = connection.execute(text("SELECT redeemed_by FROM voucher WHERE id = :voucher"), values)
                redeemed_by = found.scalar_one()
                if redeemed_by is None:
                    think()
                    connection.execute(text("UPDATE voucher SET redeemed_by = :till WHERE id = :voucher"), values)
            answers.append("won" if redeemed_by is None else "refused")
    return answers


def stamp_cards(start: Start, url: str, limit: int, cards: Sequence[str], attempts: int, together: Any) -> None:
    """Count the credits of the card, and insert one more where there are fewer than the limit."""
    with connected(url) as engine:
        engine.connect().close()
        start()
        for card in cards:
            together.wait()
            for _ in range(attempts):
                with engine.begin() as connection:
                    found = connection.execute(text("SELECT count(*) FROM credit WHERE card = :card"), dict(card=card))
                    if found.scalar_one() < limit:
                        think()
                        connection.execute(text("INSERT INTO credit (code, card) VALUES ('', :card)"), dict(card=card))


def write_until_killed(start: Start, url: str, till: str) -> None:
    """Two things belong together, and each has a transaction of its own."""
    with connected(url) as engine, engine.connect() as connection:
        start()
        for number in itertools.count():
            for table in ("stamp", "reward"):
                connection.execute(text(f"INSERT INTO {table} (scan) VALUES (:scan)"), dict(scan=f"{till}-{number}"))
                connection.commit()


def start_tables(start: Start, url: str, business: str) -> str:
    """Make the table where there is none, and the business's row where there is none; answers what went wrong."""
    with connected(url) as engine:
        start()
        try:
            with engine.begin() as connection:
                if not inspect(connection).has_table("head"):
                    connection.execute(text("CREATE TABLE head (name VARCHAR(20), seq INTEGER)"))
            with engine.begin() as connection:
                values = dict(name=business)
                if not connection.execute(text("SELECT 1 FROM head WHERE name = :name"), values).first():
                    connection.execute(text("INSERT INTO head (name, seq) VALUES (:name, 0)"), values)
        except DBAPIError as error:
            return type(error).__name__
    return ""
