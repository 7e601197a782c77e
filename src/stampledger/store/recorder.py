"""A ledger as an application of eventsourcing: its subscriptions and projection runners follow a Journal.

The ids of its notifications are the numbers of the Journal's entries: without a hole, and in the order of the commits.
Streams of other applications may lie in the same Journal, chained like our own entries; the ledger's own streams are
written by its verbs alone. Nothing else imports this module or `mapper`: eventsourcing takes its time to import.

Settings, as eventsourcing reads them (the environment, or `env=`): STAMPLEDGER_DB, a database URL, and
STAMPLEDGER_BUSINESS; and optionally STAMPLEDGER_DURABILITY, STAMPLEDGER_PREFIX, STAMPLEDGER_SCHEMA and CREATE_TABLE.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from eventsourcing import persistence
from eventsourcing.application import Application
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ListenNotifySubscription,
    Mapper,
    Notification,
    ProcessRecorder,
    ShutDown,
    StoredEvent,
    TrackingRecorder,
    Transcoder,
)
from eventsourcing.utils import Environment, EnvType, strtobool
from sqlalchemy import bindparam, select

from stampledger import checks, codec
from stampledger.errors import InvalidInput
from stampledger.sources import Clock, system_clock, system_random
from stampledger.store import database, schema
from stampledger.store.compiled import Statement
from stampledger.store.mapper import LedgerMapper, as_eventsourcing, state_of, stream_of
from stampledger.store.plan import Appended
from stampledger.store.session import Session, StreamKind, StreamRow
from stampledger.store.statements import LIMIT, Shape, Statements
from stampledger.store.store import Store

POLL_SECONDS = 0.1  # How soon a follower looks for what another process has written.
VERSION_MAX = (1 << 62) - 1


class LedgerAggregateRecorder(AggregateRecorder):
    """Streams of other applications, appended to a business's Journal."""

    def __init__(self, store: Store, clock: Clock = system_clock) -> None:
        self.store = store
        self._clock = clock

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Append events, all or none.

        Raises:
            IntegrityError: A version of a stream is there already.
            NotSupportedError: A stream or a topic is the ledger's own.
            DataError: An event cannot be stored.
        """
        self._insert(stored_events, **kwargs)
        return None

    def _insert(self, stored_events: Sequence[StoredEvent], tracking: object = None, **_: Any) -> list[int]:
        if tracking is not None:
            raise persistence.NotSupportedError("a ledger keeps no tracking; keep it in the projection's own database")
        with as_eventsourcing():
            for event in stored_events:
                _check(event)
            if not stored_events:
                return []
            return self.store.write(lambda session: self._append(session, stored_events))

    def _append(self, session: Session, stored_events: Sequence[StoredEvent]) -> list[int]:
        head = session.head
        head.begin_scan(codec.microseconds(self._clock()))
        rows: dict[UUID, StreamRow] = {}
        begun: set[UUID] = set()
        seqs = []
        for place, event in enumerate(stored_events):
            stream_id, version, number, last = event.originator_id, event.originator_version, head.seq + 1, 0
            assert isinstance(stream_id, UUID)
            row = rows.get(stream_id) or session.stream(stream_id)
            if row is None:
                begun.add(stream_id)
            elif row.kind is not StreamKind.OTHER:
                raise persistence.NotSupportedError(f"stream {stream_id} is the ledger's own: use the ledger's verbs")
            else:
                number, last = row.number, row.version
            head.seq = seq = head.seq + 1
            at, kind = head.recorded_at, session.word(event.topic)
            digest = codec.digest(stream_id, version, event.topic, place, at, None, None, None, event.state)
            session.plan.entries.append(
                Appended(seq, number, version, kind, place, at, at, None, None, None, event.state, digest)
            )
            rows[stream_id] = StreamRow(number, stream_id, StreamKind.OTHER, max(last, version), seq, None, None)
            seqs.append(seq)
        for row in rows.values():
            session.save_stream(row, row.id in begun)
        return seqs

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Answer a stream's events, by their versions; those of the ledger's own streams too."""
        with as_eventsourcing():
            if not isinstance(originator_id, UUID):
                raise InvalidInput("originator_id", originator_id, "must be a UUID")
            with self.store.reading() as session:
                rows = session.all(
                    session.sql.page(_stream_statement, (("desc", 1),) if desc else ()),
                    b_id=originator_id.bytes,
                    b_after=-1 if gt is None else gt,
                    b_last=VERSION_MAX if lte is None else lte,
                    b_limit=VERSION_MAX if limit is None else limit,
                )
                return [
                    StoredEvent(originator_id, row[4], session.text(row[5]) or "", state_of(session, row))
                    for row in rows
                ]


class LedgerRecorder(LedgerAggregateRecorder, ApplicationRecorder):
    """A business's Journal as eventsourcing's application sequence."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Append events, all or none; answer their numbers in the Journal.

        Raises:
            IntegrityError: A version of a stream is there already.
            NotSupportedError: A stream or a topic is the ledger's own.
            DataError: An event cannot be stored.
        """
        return self._insert(stored_events, **kwargs)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Answer entries by their numbers, from *start* on; those with some topics, where *topics* are named."""
        with as_eventsourcing(), self.store.reading() as session:
            kinds = {f"b_kind{index}": session.known_word(topic) for index, topic in enumerate(topics)}
            rows = session.all(
                session.sql.page(_journal_statement, (("kind", len(kinds)),)),
                b_after=0 if start is None else start - 1 if inclusive_of_start else start,
                b_upto=VERSION_MAX if stop is None else stop,
                b_limit=limit,
                **kinds,
            )
            return [
                Notification(
                    stream_of(session, row), row[4], session.text(row[5]) or "", state_of(session, row), row[0]
                )
                for row in rows
            ]

    def max_notification_id(self) -> int | None:
        """Answer the number of the last entry; None where there is none."""
        with as_eventsourcing(), self.store.reading() as session:
            return session.end()[0] or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "LedgerSubscription":
        """Follow the Journal: what is there after *gt*, and then whatever is recorded."""
        return LedgerSubscription(recorder=self, gt=gt, topics=topics)


class LedgerSubscription(ListenNotifySubscription[LedgerRecorder]):
    """Follows a Journal: woken by commits of this process, and soon aware of those of others."""

    def __init__(self, recorder: LedgerRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder, gt, topics)
        recorder.store.bell.wait_for(self._has_been_notified)
        self._has_been_notified.set()  # Something may have been written before the bell could be heard.
        if self._has_been_stopped:  # By an error, before it could be told so.
            recorder.store.bell.forget(self._has_been_notified)

    def stop(self) -> None:
        """Stop following."""
        super().stop()
        self._recorder.store.bell.forget(self._has_been_notified)

    def _loop_on_pull(self) -> None:
        try:
            while not self._has_been_stopped:
                self._has_been_notified.clear()
                self._pull()
                self._has_been_notified.wait(POLL_SECONDS)
        except BaseException as error:
            self._thread_error = error
            self.stop()

    def _pull(self) -> None:
        """Fetch what is new. Up to the head everything is committed, so that nothing is looked at twice."""
        head = self._recorder.max_notification_id() or 0
        while not self._has_been_stopped and (self._last_notification_id or 0) < head:
            found = self._recorder.select_notifications(
                self._last_notification_id, self._select_limit, head, self._topics, inclusive_of_start=False
            )
            if found:
                try:
                    self._notifications_queue.put(found)
                except ShutDown:
                    return
            self._last_notification_id = found[-1].id if len(found) == self._select_limit else head


def _check(event: StoredEvent) -> None:
    """Refuse what cannot be stored, or is not an application's to store."""
    if not isinstance(event.originator_id, UUID):
        raise InvalidInput("originator_id", event.originator_id, "must be a UUID")
    checks.whole(event.originator_version, "originator_version", 0, VERSION_MAX)
    if codec.is_reserved(checks.text(event.topic, "topic")):
        raise persistence.NotSupportedError(f"topic {event.topic} is the ledger's own: use the ledger's verbs")
    if not isinstance(event.state, bytes):
        raise InvalidInput("state", event.state, "must be bytes")


def _stream_statement(sql: Statements, shape: Shape) -> Statement:
    j, st = sql.tables.journal.c, sql.tables.stream.c
    return Statement(
        select(*sql.entry_columns)
        .select_from(sql.entry_source)
        .where(j.business == bindparam("b_business"), st.id == bindparam("b_id"))
        .where(j.version > bindparam("b_after"), j.version <= bindparam("b_last"))
        .order_by(j.version.desc() if shape else j.version.asc())
        .limit(LIMIT),
        sql.dialect,
    )


def _journal_statement(sql: Statements, shape: Shape) -> Statement:
    j = sql.tables.journal.c
    entries = (
        select(*sql.entry_columns)
        .select_from(sql.entry_source)
        .where(j.business == bindparam("b_business"), j.seq > bindparam("b_after"), j.seq <= bindparam("b_upto"))
        .order_by(j.seq)
        .limit(LIMIT)
    )
    ((_, count),) = shape
    if count:
        entries = entries.where(j.kind.in_([bindparam(f"b_kind{index}") for index in range(count)]))
    return Statement(entries, sql.dialect)


# The application.


class LedgerFactory(InfrastructureFactory[TrackingRecorder]):
    """Opens the ledger that the environment names, when it is first needed."""

    @cached_property
    def store(self) -> Store:
        """The store of the ledger."""
        with as_eventsourcing():
            create = strtobool(self.env.get("CREATE_TABLE", "yes"))
            return Store(
                database.open_engine(self._setting("STAMPLEDGER_DB"), create=create),
                self._setting("STAMPLEDGER_BUSINESS"),
                random=system_random,
                durability=self.env.get("STAMPLEDGER_DURABILITY", "full"),
                prefix=self.env.get("STAMPLEDGER_PREFIX", schema.DEFAULT_PREFIX),
                schema_name=self.env.get("STAMPLEDGER_SCHEMA"),
                create=create,
                owned=True,
            )

    def _setting(self, name: str) -> str:
        value = self.env.get(name)
        if not value:
            raise persistence.InfrastructureFactoryError(f"{' or '.join(self.env.create_keys(name))} must be set")
        return value

    def mapper(self, transcoder: Transcoder | None = None, mapper_class: Any = None) -> Mapper[Any]:
        """Answer the ledger's mapper; another one where the caller or MAPPER_TOPIC names it."""
        if mapper_class is not None or self.env.get(self.MAPPER_TOPIC):
            return super().mapper(transcoder, mapper_class)
        return LedgerMapper(transcoder, store=self.store)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Answer a recorder of streams.

        Raises:
            NotSupportedError: It is for snapshots.
        """
        if purpose != "events":
            raise persistence.NotSupportedError(f"a ledger keeps no {purpose}")
        return LedgerAggregateRecorder(self.store)

    def application_recorder(self) -> ApplicationRecorder:
        """Answer the ledger's recorder."""
        return LedgerRecorder(self.store)

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> TrackingRecorder:
        """Refuse: a projection keeps its view in a database of its own.

        Raises:
            NotSupportedError: Always.
        """
        raise persistence.NotSupportedError(
            "a ledger keeps no views: set the projection's own PERSISTENCE_MODULE, which its name may begin"
        )

    def process_recorder(self) -> ProcessRecorder:
        """Refuse, as `tracking_recorder` does.

        Raises:
            NotSupportedError: Always.
        """
        raise persistence.NotSupportedError("a ledger keeps no tracking, and so cannot record a process")

    def close(self) -> None:
        """Close the ledger, if it was opened."""
        if "store" in self.__dict__:
            self.store.close()


class LedgerApplication(Application[UUID]):
    """A ledger as an application that can be followed; PERSISTENCE_MODULE is left to the projection's view.

    Each business is an application sequence of its own, and so has a name of its own for tracking.
    """

    def __init__(self, env: EnvType | None = None) -> None:
        super().__init__(env)
        assert isinstance(self.factory, LedgerFactory)
        self.name: str = f"{type(self).name} {self.factory.store.business_name}"

    def construct_factory(self, env: Environment) -> LedgerFactory:
        """Answer a factory for the ledger that the environment names."""
        return LedgerFactory(env)
