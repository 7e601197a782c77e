"""SQLite's index of customers' words: for every three letters that follow one another, the customers who have them.

It is a table of FTS5 without a text of its own. Its rows are numbered by business and stream, and triggers on the
customers' table keep it, so that nobody who writes a customer can forget it. Text is folded before it gets here.
"""

from stampledger.store.schema import Schema

SQLITE_MIN = (3, 34)
STREAM_BITS = 40  # Of a row's number; the rest of its 63 is the business's.
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


def sweeping(tables: Schema, schema: str) -> str:
    """Answer the statement that merges the index into one piece, without the rows that were dropped.

    Until then a dropped row is only marked as such, and which letters it had could still be read.
    """
    name = name_of(tables)
    return f"""INSERT INTO {schema}."{name}" ("{name}") VALUES ('optimize')"""
