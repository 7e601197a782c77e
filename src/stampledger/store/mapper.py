"""Entries as eventsourcing passes them on: stored events, domain events, and errors by its own names."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias
from uuid import UUID

import attrs
from eventsourcing import persistence
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent, Transcoder

from stampledger import codec, privacy
from stampledger.errors import (
    Conflict,
    Corrupt,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    StampledgerError,
    StorageError,
)
from stampledger.events import Event
from stampledger.projections import Entry
from stampledger.store.session import Session, StreamKind
from stampledger.store.store import Store


@attrs.frozen(kw_only=True)
class LedgerEvent:
    """One of the ledger's facts, as eventsourcing hands it to a projection."""

    originator_id: UUID  # The card, coupon, customer, template, campaign or brand.
    originator_version: int
    entry: Entry

    @property
    def event(self) -> Event:
        """The fact itself."""
        return self.entry.event


@attrs.frozen(kw_only=True)
class ForeignEvent:
    """An event of another application in the same Journal: not ours to read, so that nothing it names is imported."""

    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes


DomainEvent: TypeAlias = LedgerEvent | ForeignEvent


class LedgerMapper(Mapper[UUID]):
    """Reads what a `LedgerRecorder` answers. It unseals personal data where a store is given."""

    def __init__(self, transcoder: Transcoder | None = None, *, store: Store | None = None) -> None:
        super().__init__(transcoder or JSONTranscoder())
        self._store = store

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Answer another application's event as it was.

        Raises:
            NotSupportedError: It is no such event: the ledger's facts are recorded by its verbs.
        """
        if not isinstance(domain_event, ForeignEvent):
            raise persistence.NotSupportedError("the ledger's facts are recorded by its verbs")
        event = domain_event
        return StoredEvent(event.originator_id, event.originator_version, event.topic, event.state)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEvent:
        """Answer one of the ledger's facts with its entry, or another application's event unread.

        Raises:
            MapperDeserialisationError: It cannot be read; the error names it.
        """
        stream, version, name = stored_event.originator_id, stored_event.originator_version, stored_event.topic
        assert isinstance(stream, UUID)
        if not codec.is_reserved(name):
            return ForeignEvent(originator_id=stream, originator_version=version, topic=name, state=stored_event.state)
        line, _, body = stored_event.state.partition(b"\n")
        try:
            seq, scan, recorded_at, occurred_at, code, actor, channel = json.loads(line)
            recorded = codec.instant(recorded_at)
            at = recorded if occurred_at is None else codec.instant(occurred_at)
            event = codec.decode(name, body, at, code, self._unsealer(stream, seq))
        except (ValueError, TypeError, privacy.Unsealable) as error:
            message = f"{name}, version {version} of stream {stream}, cannot be read: {error}"
            raise persistence.MapperDeserialisationError(message) from error
        entry = Entry(
            seq=seq, scan=scan, stream=stream, version=version, kind=codec.short_name(name), event=event,
            recorded_at=recorded, actor=actor, channel=channel,
        )  # fmt: skip
        return LedgerEvent(originator_id=stream, originator_version=version, entry=entry)

    def _unsealer(self, stream_id: UUID, seq: int) -> codec.Unseal | None:
        store = self._store
        if store is None:
            return None

        def unseal(sealed: bytes) -> bytes | None:
            with store.reading() as session:
                row = session.stream(stream_id)
                return None if row is None else session.unsealer(session.subject_of(row), stream_id, seq)(sealed)

        return unseal


def state_of(session: Session, row: Any) -> bytes:
    """Answer an entry as a state: another application's own bytes; ours as a line of what is in columns, and the body.

    What is personal stays sealed.
    """
    seq, _, _, stream_kind, _, _, place, recorded_at, occurred_at, code, actor, channel, body = row[:13]
    if not isinstance(body, bytes) or not isinstance(place, int):
        raise Corrupt(session.business_name, None, seq, "its place or its body is of another type than was written")
    if stream_kind == StreamKind.OTHER:
        return body
    told = (seq, seq - place, recorded_at, occurred_at, code, session.text(actor), session.text(channel))
    return json.dumps(told).encode() + b"\n" + body


def stream_of(session: Session, row: Any) -> UUID:
    """Answer the id of an entry's stream."""
    try:
        return UUID(bytes=row[2])
    except (ValueError, TypeError) as error:
        raise Corrupt(session.business_name, None, row[0], f"its stream has no id: {error}") from error


@contextmanager
def as_eventsourcing() -> Iterator[None]:
    """Let errors out under the names by which eventsourcing's users catch them."""
    try:
        yield
    except InvalidInput as error:
        raise persistence.DataError(str(error)) from error
    except Conflict as error:
        taken = error.taken
        raise (persistence.IntegrityError if taken else persistence.OperationalError)(str(error)) from error
    except (StorageError, OutcomeUnknown, NotFound) as error:
        raise persistence.OperationalError(str(error)) from error
    except Corrupt as error:
        raise persistence.InternalError(str(error)) from error
    except StampledgerError as error:
        raise persistence.PersistenceError(str(error)) from error
