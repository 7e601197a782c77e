"""A check of the tables against what this release expects: every table, column, key and index."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import attrs
from sqlalchemy import Connection, Dialect, Table, inspect, select
from sqlalchemy.types import TypeEngine

from stampledger.errors import NotALedger
from stampledger.store.opening import REBUILD
from stampledger.store.schema import FORMAT
from stampledger.store.statements import Statements

REVISION = "stampledger_{}"  # What Alembic calls a format.
UPGRADE = "run `stampledger db upgrade`"


@attrs.frozen(kw_only=True)
class Checked:
    """What a database has of the ledger's tables."""

    format: int | None  # None where it cannot be told.
    expected: int  # The format of this release.
    revision: str | None  # What Alembic has noted of the ledger's tables; None where it has nothing to do with them.
    searchable: bool  # Whether an index helps search, which finds the same without one by reading every customer.
    faults: tuple[str, ...] = ()


def check(sql: Statements, connection: Connection) -> Checked:
    """Hold the tables against what they should be.

    Raises:
        NotALedger: There are none at all.
    """
    tables, schema = sql.tables, sql.tables.metadata.schema
    look: Any = inspect(connection)
    there = set(look.get_table_names(schema=schema))
    ours = {table.name for table in tables.metadata.sorted_tables}
    if not there & ours:
        raise NotALedger("the database holds no ledger")
    noted = _noted(tables.meta, connection) if tables.meta.name in there else {}
    found = noted.get("format")
    revision = _revision(look, connection)
    searchable = False
    if found == FORMAT:
        faults = list(_faults(sql, connection.dialect, look, there))
        with contextlib.closing(connection.connection.cursor()) as cursor:
            faults += sql.backend.search_faults(cursor, tables)
            searchable = sql.backend.is_searchable(cursor, tables)
        if REBUILD in noted:
            faults.append(f"an upgrade was not finished: {UPGRADE}")
    elif found is None:
        faults = [f"table {tables.meta.name} does not tell the format"]
    elif found < FORMAT:
        faults = [f"the tables have format {found}; this release needs {FORMAT}: {UPGRADE}"]
    else:
        faults = [f"the tables have format {found}; this release knows up to {FORMAT}"]
    return Checked(format=found, expected=FORMAT, revision=revision, searchable=searchable, faults=tuple(faults))


def _noted(meta: Table, connection: Connection) -> dict[str, int]:
    return {row.name: row.value for row in connection.execute(select(meta.c.name, meta.c.value))}


def _revision(look: Any, connection: Connection) -> str | None:
    """Answer what Alembic has noted, if its table is where Alembic has it unless told otherwise."""
    if not look.has_table("alembic_version"):
        return None
    revisions = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars()
    return next((revision for revision in revisions if revision.startswith(REVISION.format(""))), None)


def _faults(sql: Statements, dialect: Dialect, look: Any, there: set[str]) -> Iterator[str]:
    tables, schema = sql.tables, sql.tables.metadata.schema
    for table in tables.metadata.sorted_tables:
        if table.name not in there:
            yield f"table {table.name} is missing"
            continue
        yield from _columns(table, look.get_columns(table.name, schema=schema), dialect)
        key = look.get_pk_constraint(table.name, schema=schema)["constrained_columns"]
        if key != (wanted := [column.name for column in table.primary_key]):
            yield f"table {table.name} has the key ({', '.join(key)}), not ({', '.join(wanted)})"
        yield from _indexes(table, look, schema)


def _columns(table: Table, found: list[Any], dialect: Dialect) -> Iterator[str]:
    there = {column["name"]: column for column in found}
    for column in table.columns:
        place, about = f"{table.name}.{column.name}", there.get(column.name)
        if about is None:
            yield f"column {place} is missing"
            continue
        is_type, wanted = _told(about["type"], dialect), _told(column.type, dialect)
        if is_type != wanted:
            yield f"column {place} is {is_type}, not {wanted}"
        if about["nullable"] != column.nullable:
            yield f"column {place} {'may' if about['nullable'] else 'must not'} be empty"


def _told(kind: TypeEngine[Any], dialect: Dialect) -> str:
    """Write a type down alike, whether it was wished for or found: whole numbers are found with a width of display."""
    told = str(kind.compile(dialect=dialect)).upper().replace('"', "")
    return re.sub(r"^(BIGINT|INTEGER|SMALLINT)\(\d+\)$", r"\1", told)


def _indexes(table: Table, look: Any, schema: str | None) -> Iterator[str]:
    found = {index["name"]: index for index in look.get_indexes(table.name, schema=schema)}
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        about, wanted = found.get(index.name), [column.name for column in index.columns]
        if about is None:
            yield f"index {index.name} is missing"
        elif about["column_names"] != wanted or bool(about["unique"]) != bool(index.unique):
            unique = "unique, " if about["unique"] else ""
            yield f"index {index.name} is over ({unique}{', '.join(map(str, about['column_names']))})"
    unique_keys = [one["column_names"] for one in look.get_unique_constraints(table.name, schema=schema)]
    for column in table.columns:
        if column.unique and [column.name] not in unique_keys:
            yield f"column {table.name}.{column.name} may have the same value twice"
