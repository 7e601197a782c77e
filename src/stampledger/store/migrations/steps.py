"""The steps from one format to the next, as statements that the frozen definitions give for any engine.

A step changes what nothing else could be made anew without, and drops the rest; once the last step is done, today's
tables are created where they are missing and filled from the Journal. So a step never needs to know what a later
release makes of a row that follows from the Journal.

Each statement may be carried out again: an engine that commits every change of a table by itself may be interrupted
between any two of them, and the whole step is then simply taken anew.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, Dialect, MetaData, Table, delete, exists, insert, literal, select, update
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable, DropTable
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.ddl import DDLElement

from stampledger.store.engines.backend import Backend
from stampledger.store.migrations import format_1
from stampledger.store.opening import REBUILD
from stampledger.store.schema import FORMAT, Schema

Step = Callable[[Dialect, str, str | None], list[str]]


def statements(number: int, backend: Backend, tables: Schema) -> list[str]:
    """Answer the statements that bring a database from the format before *number* to that one."""
    dialect, prefix, schema = backend.dialect, tables.prefix, tables.metadata.schema
    frozen = format_1.tables(prefix, schema)
    meta, head = _of(frozen, prefix, "meta"), _of(frozen, prefix, "head")
    marked = select(literal(REBUILD), literal(1)).where(exists().select_from(head))
    return [
        *STEPS[number](dialect, prefix, schema),
        *(backend.creation(tables) if number == FORMAT else ()),
        _written(delete(meta).where(meta.c.name == REBUILD), dialect),
        _written(insert(meta).from_select(["name", "value"], marked), dialect),
        _written(update(meta).where(meta.c.name == "format").values(value=number), dialect),
    ]


def creation(backend: Backend, tables: Schema) -> list[str]:
    """Answer the statements that make today's tables where there are none."""
    meta = tables.meta
    return [*backend.creation(tables), _written(insert(meta).values(name="format", value=FORMAT), backend.dialect)]


def _format_1(dialect: Dialect, prefix: str, schema: str | None) -> list[str]:
    """Make the tables of the first format, as far as nothing else could be made anew without them."""
    made: list[str] = []
    frozen = format_1.tables(prefix, schema)
    for table in frozen.sorted_tables:
        made.append(_written(CreateTable(table, if_not_exists=True), dialect))
        made += [_written(CreateIndex(index, if_not_exists=True), dialect) for index in table.indexes]
    meta = _of(frozen, prefix, "meta")
    known = exists().select_from(meta).where(meta.c.name == "format")
    first = select(literal("format"), literal(1)).where(~known)
    return [*made, _written(insert(meta).from_select(["name", "value"], first), dialect)]


def _format_2(dialect: Dialect, prefix: str, schema: str | None) -> list[str]:
    """Let the head know the hash before its latest scan; let mentions of codes have a table of their own."""
    frozen = format_1.tables(prefix, schema)
    head, claim = _of(frozen, prefix, "head"), _of(frozen, prefix, "claim")
    previous = Column("previous", head.c.hash.type, nullable=False)
    mention = 11
    return [
        *_add_column(head, previous, head.c.hash, dialect),  # Until everything is made anew.
        _written(delete(claim).where(claim.c.scope == mention), dialect),
        *_drop(format_1.DERIVED, prefix, schema, dialect),
    ]


STEPS: dict[int, Step] = {1: _format_1, 2: _format_2}


# What steps are made of.


def _of(frozen: MetaData, prefix: str, name: str) -> Table:
    return next(table for table in frozen.sorted_tables if table.name == prefix + name)


def _drop(names: tuple[str, ...], prefix: str, schema: str | None, dialect: Dialect) -> list[str]:
    gone = [Table(prefix + name, MetaData(schema=schema)) for name in names]
    return [_written(DropTable(table, if_exists=True), dialect) for table in gone]


def _add_column(table: Table, column: Column[Any], value: Column[Any], dialect: Dialect) -> list[str]:
    """Add a column after the others; the rows that are there have in it what they have in another one."""
    names = [old.name for old in table.columns]
    table.append_column(column)
    if dialect.name == "sqlite":
        return _copied(table, names, column.name, value.name, dialect)
    place = dialect.identifier_preparer.format_table(table)
    wanted = _written(CreateColumn(column), dialect)
    empty = wanted.removesuffix(" NOT NULL")
    strict = f"ALTER COLUMN {column.name} SET NOT NULL" if dialect.name == "postgresql" else f"MODIFY COLUMN {wanted}"
    return [
        f"ALTER TABLE {place} ADD COLUMN IF NOT EXISTS {empty}",
        _written(update(table).values({column.name: value}).where(column.is_(None)), dialect),
        f"ALTER TABLE {place} {strict}",
    ]


def _copied(table: Table, names: list[str], added: str, value: str, dialect: Dialect) -> list[str]:
    """Make a table anew with a further column: SQLite adds no column that must not be empty to rows that are there."""
    aside = Table(f"{table.name}_aside", MetaData(schema=table.schema), *map(_bare, names))
    place = dialect.identifier_preparer.format_table(aside)
    source = select(*(aside.c[name] for name in names), aside.c[value].label(added))
    return [
        f"CREATE TABLE {place} AS {_written(select(*(table.c[name] for name in names)), dialect)}",
        _written(DropTable(table), dialect),
        _written(CreateTable(table), dialect),
        _written(insert(table).from_select([*names, added], source), dialect),
        _written(DropTable(aside), dialect),
    ]


def _bare(name: str) -> Column[Any]:
    return Column(name)


def _written(construct: ClauseElement | DDLElement, dialect: Dialect) -> str:
    """Answer a statement as text, with its values in it."""
    options = {} if isinstance(construct, DDLElement) else {"literal_binds": True}
    return str(construct.compile(dialect=dialect, compile_kwargs=options))
