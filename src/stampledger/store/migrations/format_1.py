"""Format 1, the first: as it was, whatever the tables are today.

Only what cannot be made anew from the Journal is written down here; a later format is told as what it changed of it.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, String, Table
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

# What follows from the Journal. An upgrade drops it, in whatever form it is, and has it made anew.
DERIVED = ("checkpoint", "card", "placement", "reward", "customer")


def tables(prefix: str, schema: str | None) -> MetaData:
    """Answer the tables that nothing else could be made anew without."""
    metadata = MetaData(schema=schema)

    def table(name: str, *columns: Column[object] | Index) -> Table:
        return Table(prefix + name, metadata, *columns, sqlite_with_rowid=False, mariadb_engine="InnoDB")

    def key(name: str, kind: type[Integer] | type[SmallInteger] = BigInteger) -> Column[object]:
        return Column(name, kind, primary_key=True, autoincrement=False)

    table("meta", Column("name", _text(32), primary_key=True), Column("value", BigInteger, nullable=False))
    table(
        "head",
        key("business", Integer),
        Column("name", _text(200), nullable=False, unique=True),
        Column("seq", BigInteger, nullable=False),
        Column("recorded_at", BigInteger, nullable=False),
        Column("hash", _bytes(32), nullable=False),
    )
    table("word", key("business", Integer), key("number", Integer), Column("text", _text(200), nullable=False))
    table(
        "stream",
        key("business", Integer),
        key("number"),
        Column("id", _bytes(16), nullable=False),
        Column("kind", SmallInteger, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("customer", BigInteger, nullable=True),
        Column("state", _LONG_BYTES, nullable=True),
        Index(f"ix_{prefix}stream_id", "business", "id", unique=True),
        Index(f"ix_{prefix}stream_customer", "business", "customer"),
    )
    table(
        "journal",
        key("business", Integer),
        key("seq"),
        Column("stream", BigInteger, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("kind", Integer, nullable=False),
        Column("place", Integer, nullable=False),
        Column("recorded_at", BigInteger, nullable=False),
        Column("occurred_at", BigInteger, nullable=True),
        Column("code", _text(200), nullable=True),
        Column("actor", Integer, nullable=True),
        Column("channel", Integer, nullable=True),
        Column("body", _LONG_BYTES, nullable=False),
        Column("hash", _bytes(32), nullable=False),
        Index(f"ix_{prefix}journal_stream", "business", "stream", "version", unique=True),
    )
    table(
        "claim",
        key("business", Integer),
        key("scope", SmallInteger),
        Column("key", _text(520), primary_key=True),
        Column("seq", BigInteger, nullable=False),
        Column("digest", _bytes(16), nullable=True),
    )
    table(
        "subject_key",
        key("business", Integer),
        Column("subject", _bytes(16), primary_key=True),
        Column("key", _LONG_BYTES, nullable=False),
    )
    return metadata


def _text(length: int) -> TypeEngine[str]:
    return (
        String(length)
        .with_variant(String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_nopad_bin"), "mysql", "mariadb")
    )


def _bytes(length: int) -> TypeEngine[bytes]:
    return LargeBinary(length).with_variant(mysql.VARBINARY(length), "mysql", "mariadb")


_LONG_BYTES = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
