"""The tables, every key led by the business, so that a business can live anywhere.

Businesses, streams and recurring words (kinds, actors, channels) are whole numbers here: an entry is small because none
of its names is stored twice. A stream's number is the seq of its first entry.
"""

import re
from typing import Any

import attrs
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from stampledger.errors import InvalidInput

FORMAT = 2  # Of the tables; a ledger that finds another one does not touch it.
DEFAULT_PREFIX = "stampledger_"


@attrs.frozen
class Schema:
    """The tables of one ledger database."""

    prefix: str
    metadata: MetaData
    meta: Table  # The format.
    head: Table  # One row per business: where its Journal ends, and where it ended before its latest scan.
    word: Table  # Kinds, actors and channels.
    stream: Table  # One row per aggregate: where it stands, and its state there.
    journal: Table  # Every entry.
    claim: Table  # Whatever may happen once.
    mention: Table  # Every further entry that speaks of a code.
    checkpoint: Table  # States of the past.
    card: Table  # What lists and batches look cards up by.
    placement: Table  # Templates that cards were under before they were moved.
    reward: Table  # Each reward's state.
    customer: Table  # Personal data in clear, for search; the only such place.
    subject_key: Table  # The key of each person.
    follower: Table  # How far each named reader of the Journal has come.


def _text(length: int) -> TypeEngine[str]:
    """Text that is compared and ordered byte by byte, on every engine."""
    return (
        String(length)
        .with_variant(String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_nopad_bin"), "mysql", "mariadb")
    )


def _bytes(length: int) -> TypeEngine[bytes]:
    return LargeBinary(length).with_variant(mysql.VARBINARY(length), "mysql", "mariadb")


def _where(condition: str) -> dict[str, Any]:
    """Narrow an index to some rows; MariaDB indexes all of them."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


_LONG_TEXT = (
    Text()
    .with_variant(Text(collation="C"), "postgresql")
    .with_variant(mysql.MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_nopad_bin"), "mysql", "mariadb")
)
_LONG_BYTES = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def build(prefix: str = DEFAULT_PREFIX, schema: str | None = None) -> Schema:
    """Answer the tables under a prefix, in a schema where one is named.

    Raises:
        InvalidInput: One of them is no name.
    """
    _check_name(prefix, "prefix")
    if schema is not None:
        _check_name(schema, "schema")
    metadata = MetaData(schema=schema)

    def table(name: str, *columns: Column[object] | Index | UniqueConstraint) -> Table:
        return Table(prefix + name, metadata, *columns, sqlite_with_rowid=False, mariadb_engine="InnoDB")

    def key(name: str, kind: type[Integer] | type[SmallInteger] = BigInteger) -> Column[object]:
        return Column(name, kind, primary_key=True, autoincrement=False)

    return Schema(
        prefix=prefix,
        metadata=metadata,
        meta=table("meta", Column("name", _text(32), primary_key=True), Column("value", BigInteger, nullable=False)),
        head=table(
            "head",
            key("business", Integer),
            Column("name", _text(200), nullable=False, unique=True),
            Column("seq", BigInteger, nullable=False),
            Column("recorded_at", BigInteger, nullable=False),  # Microseconds since 1970, as everywhere.
            Column("hash", _bytes(32), nullable=False),
            Column("previous", _bytes(32), nullable=False),  # The hash before the latest scan.
        ),
        word=table(
            "word",
            key("business", Integer),
            key("number", Integer),
            Column("text", _text(200), nullable=False),
        ),
        stream=table(
            "stream",
            key("business", Integer),
            key("number"),
            Column("id", _bytes(16), nullable=False),
            Column("kind", SmallInteger, nullable=False),
            Column("version", BigInteger, nullable=False),
            Column("seq", BigInteger, nullable=False),  # Of its latest entry.
            Column("customer", BigInteger, nullable=True),  # The stream of the customer it is about.
            Column("state", _LONG_BYTES, nullable=True),
            Index(f"ix_{prefix}stream_id", "business", "id", unique=True),
            Index(f"ix_{prefix}stream_customer", "business", "customer"),
        ),
        journal=table(
            "journal",
            key("business", Integer),
            key("seq"),
            Column("stream", BigInteger, nullable=False),
            Column("version", BigInteger, nullable=False),
            Column("kind", Integer, nullable=False),
            Column("place", Integer, nullable=False),  # In its scan, from 0.
            Column("recorded_at", BigInteger, nullable=False),
            Column("occurred_at", BigInteger, nullable=True),  # None where it is recorded_at.
            Column("code", _text(200), nullable=True),
            Column("actor", Integer, nullable=True),
            Column("channel", Integer, nullable=True),
            Column("body", _LONG_BYTES, nullable=False),
            Column("hash", _bytes(32), nullable=False),
            Index(f"ix_{prefix}journal_stream", "business", "stream", "version", unique=True),
            # Of what carries no code: a stamp for a receipt, which is most of a Journal, need not pay for it.
            Index(f"ix_{prefix}journal_kind", "business", "kind", "seq", **_where("code IS NULL")),
        ),
        claim=table(
            "claim",
            key("business", Integer),
            key("scope", SmallInteger),
            Column("key", _text(520), primary_key=True),
            Column("seq", BigInteger, nullable=False),
            Column("digest", _bytes(16), nullable=True),
        ),
        mention=table(
            "mention",
            key("business", Integer),
            Column("code", _text(200), primary_key=True),
            key("seq"),
        ),
        checkpoint=table(
            "checkpoint",
            key("business", Integer),
            key("stream"),
            key("seq"),
            Column("version", BigInteger, nullable=False),
            Column("state", _LONG_BYTES, nullable=False),
        ),
        card=table(
            "card",
            key("business", Integer),
            key("stream"),
            Column("number", BigInteger, nullable=False),
            Column("template", BigInteger, nullable=False),  # The template's stream.
            Column("template_version", Integer, nullable=False),
            Column("template_since", BigInteger, nullable=False),  # The entry since which this template applies.
            Column("due_at", BigInteger, nullable=True),  # When something of it lapses next.
            Column("deleted", SmallInteger, nullable=False),
            Index(f"ix_{prefix}card_number", "business", "number", unique=True),
            Index(f"ix_{prefix}card_due", "business", "due_at"),
            Index(f"ix_{prefix}card_template", "business", "template", "number"),
        ),
        placement=table(
            "placement",
            key("business", Integer),
            key("stream"),
            key("since"),  # The entry since which it applied, and the one from which it no longer did.
            Column("until", BigInteger, nullable=False),
            Column("template", BigInteger, nullable=False),
            Column("template_version", Integer, nullable=False),
            Index(f"ix_{prefix}placement_template", "business", "template"),
        ),
        reward=table(
            "reward",
            key("business", Integer),
            Column("id", _bytes(16), primary_key=True),
            Column("holder", BigInteger, nullable=False),  # The card's or coupon's stream.
            Column("issued_seq", BigInteger, nullable=False),
            Column("seq", BigInteger, nullable=False),  # Of its latest entry.
            Column("versions", _LONG_TEXT, nullable=False),  # Of its holder, one for each of its entries: 2,7,9.
            Column("redeem_code", _text(64), nullable=True),
            Column("due_at", BigInteger, nullable=True),  # When it expires, while it is active.
            Column("state", _LONG_BYTES, nullable=False),
            Index(f"ix_{prefix}reward_holder", "business", "holder", "issued_seq"),
            Index(f"ix_{prefix}reward_code", "business", "redeem_code"),
            Index(f"ix_{prefix}reward_due", "business", "due_at"),
        ),
        customer=table(
            "customer",
            key("business", Integer),
            key("stream"),
            Column("name", _text(200), nullable=False),
            Column("email", _text(320), nullable=True),
            Column("birthday", Integer, nullable=True),  # Month and day, as 229 for 29 February.
            Column("words", _LONG_TEXT, nullable=False),  # Name and e-mail as search reads them.
            Column("former", _LONG_TEXT, nullable=False),  # The words before every change, for search in the past.
            Column("changed", BigInteger, nullable=True),  # The latest entry, where it was changed since it was new.
            Index(f"ix_{prefix}customer_changed", "business", "changed"),
            Index(f"ix_{prefix}customer_birthday", "business", "birthday"),
        ),
        subject_key=table(
            "subject_key",
            key("business", Integer),
            Column("subject", _bytes(16), primary_key=True),
            Column("key", _LONG_BYTES, nullable=False),
        ),
        follower=table(
            "follower",
            key("business", Integer),
            Column("name", _text(200), primary_key=True),
            Column("seq", BigInteger, nullable=False),  # The last entry it has done with.
        ),
    )


def _check_name(name: object, field: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidInput(field, name, "must be up to 40 of the letters a to z, digits and underscores")


_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]{0,39}")
