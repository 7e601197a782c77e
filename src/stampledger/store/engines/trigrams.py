"""SQLite's index of customers' words: for every three letters that follow one another, the customers who have them.

It is a table of FTS5 without a text of its own. Its rows are numbered by business and stream, and triggers on the
customers' table keep it, so that nobody who writes a customer can forget it. Text is folded before it gets here.
"""

from stampledger.store.schema import Schema

SQLITE_MIN = (3, 34)
STREAM_BITS = 40  # Of a row's number; the rest of its 63 is the business's.
OVERLAPPING = 6  # Of as many triples or more, every third is looked up: each costs more than it rules out.
TRIPLES_MAX = 16
PAGE_BYTES = 1_000  # A quarter of the default: skipping through a common word's long list costs a quarter.


def name_of(tables: Schema) -> str:
    """Answer the name of the index's table."""
    return f"{tables.customer.name}_words"


def triggers_of(tables: Schema) -> list[str]:
    """Answer the names of the triggers that keep it."""
    return [f"{name_of(tables)}_{when}" for when in ("added", "changed", "dropped")]


def names_of(tables: Schema) -> list[str]:
    """Answer the names of its table and of those in which FTS5 keeps it."""
    return [name_of(tables), *(f"{name_of(tables)}_{part}" for part in ("data", "idx", "docsize", "config", "content"))]


def creation(tables: Schema, schema: str) -> list[str]:
    """Answer the statements that make the index in a schema, and its content."""
    customer, name = tables.customer.name, name_of(tables)
    index = f'{schema}."{name}"'

    def row(of: str) -> str:
        return f"({of}.business << {STREAM_BITS}) | {of}.stream, {of}.words || char(10) || {of}.former"

    # Inside a trigger a name means a table beside it, and must not say where that is.
    add = f'INSERT INTO "{name}" (rowid, words) VALUES ({row("new")});'
    drop = f"""INSERT INTO "{name}" ("{name}", rowid, words) VALUES ('delete', {row("old")});"""

    def trigger(when: str, happens: str, does: str) -> str:
        return f'CREATE TRIGGER {schema}."{name}_{when}" AFTER {happens} BEGIN {does} END'

    return [
        f'CREATE VIRTUAL TABLE {index} USING fts5 (words, content="", columnsize=0, detail=none, '
        "tokenize='trigram case_sensitive 1')",
        f"""INSERT INTO {index} ("{name}", rank) VALUES ('pgsz', {PAGE_BYTES})""",
        trigger("added", f'INSERT ON "{customer}"', add),
        trigger(
            "changed",
            f'UPDATE OF words, former ON "{customer}" WHEN old.words <> new.words OR old.former <> new.former',
            f"{drop} {add}",
        ),
        trigger("dropped", f'DELETE ON "{customer}"', drop),
        f'INSERT INTO {index} (rowid, words) SELECT {row("c")} FROM {schema}."{customer}" c',
    ]


def finding(tables: Schema, schema: str, former: bool) -> str:
    """Answer the statement that finds the customers whose words hold some words, or held them.

    The index says who has all the letters; the row, whether they stand together. CROSS JOIN, because SQLite would begin
    with all customers of the business.
    """
    name = name_of(tables)
    held = " OR instr(c.former, :b_words) > 0" if former else ""
    return (
        f'SELECT c.stream FROM {schema}."{name}" w CROSS JOIN {schema}."{tables.customer.name}" c '
        f"ON c.business = :b_business AND c.stream = w.rowid & {(1 << STREAM_BITS) - 1} "
        f'WHERE w."{name}" MATCH :b_match '
        f"AND w.rowid >= :b_business << {STREAM_BITS} AND w.rowid < :b_business + 1 << {STREAM_BITS} "
        f"AND (instr(c.words, :b_words) > 0{held}) LIMIT :b_limit"
    )


def match(words: str) -> str | None:
    """Answer the letters to look for, three at a time: enough of them to cover the words, and not too many."""
    last = len(words) - 3
    if last < 0:
        return None
    places = range(last + 1) if last < OVERLAPPING else [*range(0, last, 3), last]
    found = dict.fromkeys(words[place : place + 3].replace('"', '""') for place in places[:TRIPLES_MAX])
    return " AND ".join(f'"{letters}"' for letters in found)


def sweeping(tables: Schema, schema: str) -> str:
    """Answer the statement that merges the index into one piece, without the rows that were dropped.

    Until then a dropped row is only marked as such, and which letters it had could still be read.
    """
    name = name_of(tables)
    return f"""INSERT INTO {schema}."{name}" ("{name}") VALUES ('optimize')"""
