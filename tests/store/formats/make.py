"""
Keeps a format: a ledger file filled by the release that made such files, as a dump, and what that release answered.

    python tests/store/formats/make.py            the format of this very source
    python tests/store/formats/make.py COMMIT     that of an earlier commit, whose own source fills it

A released format is kept for ever; it is made once, and made again only until it is released.
"""

import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
BUSINESSES = ("blue-cup", "red-cup")
OTHERS = "external_id,stamps,name,email,birthday\nX-1,1,Ada,ada@example.com,1815-12-10\nX-2,0,Bo Wolf,,\n"
ROWS = 100  # A statement.
WISHES = 140  # Of the long day; the other business lives through the first few only.
WISHES_OF_THE_OTHER = 20


def main(commit: str | None = None) -> None:
    """Keep the format of this source, or of a commit's."""
    if commit is None:
        keep()
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        for name in ("answers.py", "make.py"):
            place = Path(folder, "tests/store/formats", name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text((FOLDER / name).read_text(encoding="utf-8"), encoding="utf-8")
        environment = {**os.environ, "KEPT_IN": str(FOLDER)}
        subprocess.run([sys.executable, str(place)], cwd=folder, env=environment, check=True)


def keep() -> None:
    """Fill a ledger, and write it down with what it answers."""
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    from stampledger.store.schema import FORMAT
    from tests.store.formats.answers import answers

    place = Path(os.environ.get("KEPT_IN", FOLDER), f"format-{FORMAT}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "shop.db")
        kept: dict[str, Any] = {}
        for business, count in zip(BUSINESSES, (WISHES, WISHES_OF_THE_OTHER), strict=True):
            kept[business] = live(file, business, count, answers)
        with closing(sqlite3.connect(file)) as raw:
            place.with_suffix(".sql").write_text("".join(dump(raw)), encoding="utf-8")
    text = json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
    place.with_suffix(".json").write_text(text, encoding="utf-8")


def live(file: Path, business: str, count: int, answers: Any) -> dict[str, Any]:
    """Live through some days, and answer what is known at their end."""
    from tests.ledger.days import LONG_DAY, Day
    from tests.ledger.shop import Shop

    with Shop(file, business=business) as shop:
        day = Day(shop)
        for wish in LONG_DAY[:count]:
            day.wish(*wish)
        finish(shop, day)
        return {"now": shop.clock().isoformat(), **answers(shop.ledger)}


def finish(shop: Any, day: Any) -> None:
    """Do what those days left out, so that a format is kept with every kind of row."""
    from tests.ledger.days import TEMPLATES
    from tests.ledger.shop import BORN, coffee

    ledger = shop.ledger
    day.wish("forget", 2, 0)
    day.wish("delete", 3, 0)
    lucky = TEMPLATES[1].name
    day.wish("template", 1, 0)
    ledger.import_cards(io.StringIO(OTHERS), source="old", template=lucky)
    kim = ledger.register_customer(name="Kim Straße", email="KIM@example.com", birthday=BORN, reference="K-1").subject
    card = ledger.issue_card(lucky, customer=kim).card.id
    for number in range(13):
        ledger.add_stamps(card, 2, code=f"L-{number}", idempotency_key=f"till-1/L-{number}")
    ledger.play_lottery(ledger.rewards(card)[-1].id)
    ledger.void_voucher(ledger.rewards(card)[-2].id, reason="by mistake")
    ledger.void_stamps("L-7")
    ledger.add_stamps(card, code="L-7")  # A code that was voided may be good again.
    ledger.celebrate_birthdays(BORN.replace(year=2024))
    brief = coffee(name="Brief", stamps_valid_for=timedelta(hours=5), card_valid_for=timedelta(days=2))
    short = ledger.issue_card(ledger.publish_template("brief", brief)).card.id
    ledger.add_stamps(short, 2, channel="kiosk")
    for _ in range(2):
        shop.clock.wait(timedelta(days=1))
        ledger.expire()


def dump(raw: sqlite3.Connection) -> Any:
    """Yield the statements that make a database again; what a search index keeps for itself follows from its table."""
    objects = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
    virtual = tuple(name for name, made in objects if made.upper().startswith("CREATE VIRTUAL"))
    objects = [(name, made) for name, made in objects if not name.startswith(tuple(f"{of}_" for of in virtual))]
    for _, made in objects:
        yield f"{made};\n"
    for name, made in objects:
        if made.upper().startswith("CREATE TABLE"):
            rows = [f"({','.join(map(literal, row))})" for row in raw.execute(f'SELECT * FROM "{name}"')]
            for start in range(0, len(rows), ROWS):
                together = ",\n".join(rows[start : start + ROWS])
                yield f'INSERT INTO "{name}" VALUES\n{together};\n'


def literal(value: object) -> str:
    """A value as SQL writes it; bytes that are text as that text, so that a change can be read."""
    match value:
        case None:
            return "NULL"
        case int():
            return str(value)
        case str():
            return quoted(value)
        case bytes() if value.isascii() and value.decode().isprintable():
            return f"CAST({quoted(value.decode())} AS BLOB)"
        case bytes():
            return f"X'{value.hex()}'"
    raise AssertionError(type(value))


def quoted(text: str) -> str:
    doubled = text.replace("'", "''").split("\n")
    return "||char(10)||".join(f"'{line}'" for line in doubled)


if __name__ == "__main__":
    main(*sys.argv[1:])
