"""The Journal as a table for analysis, in Parquet: what happened, without personal data."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import IO, Any
from uuid import UUID

import attrs

from stampledger import codec, events
from stampledger.projections import Entry

ROWS = 50_000  # In a row group, which is what is held in memory.

Report = Callable[[int, int], object]


def export(entries: Iterable[Entry], total: int, out: IO[bytes], progress: Report | None) -> int:
    """Write entries, from the first one on; answer how many there were.

    Beside one group of rows, what is held in memory is a line for each card: whose it is, and its template.

    Raises:
        ImportError: The extra is missing.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        message = f"Parquet needs {error.name}; run: pip install 'stampledger[analytics]'"
        raise ImportError(message, name=error.name) from error
    moment = pyarrow.timestamp("us", tz="UTC")
    text, number = pyarrow.string(), pyarrow.int64()
    kinds = {"text": text, "number": number, "moment": moment}
    schema = pyarrow.schema([pyarrow.field(name, kinds[kind]) for name, kind in COLUMNS.items()])
    holders: dict[UUID, _Holder] = {}
    done, coming = 0, iter(entries)
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while group := list(islice(coming, ROWS)):
            rows = [_row(entry, holders) for entry in group]
            columns = [list(column) for column in zip(*rows, strict=True)]
            writer.write_table(pyarrow.table(dict(zip(COLUMNS, columns, strict=True)), schema=schema))
            done += len(group)
            if progress is not None:
                progress(done, total)
    return done


COLUMNS: Mapping[str, str] = {
    "seq": "number",
    "scan": "number",
    "recorded_at": "moment",
    "occurred_at": "moment",
    "kind": "text",
    "stream": "text",
    "version": "number",
    "card_number": "number",
    "template_name": "text",
    "template_version": "number",
    "customer_id": "text",
    "code": "text",
    "actor": "text",
    "channel": "text",
    "count": "number",
    "progress": "number",
    "stamps_required": "number",
    "fields": "text",
}


@attrs.frozen
class _Holder:
    """What a card's or coupon's entries have in common at a time."""

    number: int | None = None
    template_name: str | None = None
    template_version: int | None = None
    customer_id: UUID | None = None


_NOBODY = _Holder()


def _row(entry: Entry, holders: dict[UUID, _Holder]) -> tuple[Any, ...]:
    event = entry.event
    holder = _held(entry, holders)
    return (
        entry.seq,
        entry.scan,
        entry.recorded_at,
        entry.occurred_at,
        entry.kind,
        str(entry.stream),
        entry.version,
        holder.number,
        holder.template_name,
        holder.template_version,
        None if holder.customer_id is None else str(holder.customer_id),
        entry.code,
        entry.actor,
        entry.channel,
        getattr(event, "count", None),
        getattr(event, "progress", None),
        getattr(event, "stamps_required", None),
        _fields(event),
    )


def _held(entry: Entry, holders: dict[UUID, _Holder]) -> _Holder:
    """Answer who holds what an entry is about, right after it."""
    match entry.event:
        case events.CardIssued() | events.CardImported() as begun:
            holder = _Holder(begun.number, begun.template_name, begun.template_version, begun.customer_id)
        case events.TemplateChanged() as moved:
            earlier = holders.get(entry.stream, _NOBODY)
            holder = attrs.evolve(earlier, template_name=moved.template_name, template_version=moved.template_version)
        case events.VoucherIssued(customer_id=UUID() as customer_id) if entry.version == 1:
            holder = _Holder(customer_id=customer_id)
        case events.TemplatePublished() as published:
            return _Holder(template_name=published.template.name, template_version=entry.version)
        case events.CustomerRegistered() | events.CustomerUpdated() | events.CustomerForgotten():
            return _Holder(customer_id=entry.stream)
        case _:
            return holders.get(entry.stream, _NOBODY)
    holders[entry.stream] = holder
    return holder


def _fields(event: events.Event) -> str:
    """Answer an event's fields as JSON; those that are personal are null."""
    withheld: dict[str, Any] = {
        field.name: None for field in attrs.fields(type(event)) if field.metadata.get("personal")
    }
    return codec.encode(attrs.evolve(event, **withheld) if withheld else event).decode()
