"""What every recorder of a Journal keeps to, as test cases: eventsourcing's own, and what the ledger asks beyond them.

Public by `stampledger.testing.contract`. Each case is abstract until `create_recorder` says how a recorder is made, on
a Journal that nobody has written to; called again in the same test it may open the same one.
"""

import contextlib
import io
import threading
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, IntegrityError, StoredEvent
from eventsourcing.tests import persistence

THREADS, INSERTS, PAGE = 4, 15, 7


class _Quietly(persistence.RecorderTestCase):
    """eventsourcing's cases print how fast they were."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))


class AggregateRecorderContract(_Quietly, persistence.AggregateRecorderTestCase):
    """Streams of events are kept: inserted all or none, each version once, and selected as they were."""


class ApplicationRecorderContract(_Quietly, persistence.ApplicationRecorderTestCase[Any]):
    """And all of them form one Journal: numbered, read by its numbers, and subscribed to."""

    def test_insert_subscribe(self) -> None:
        """Who subscribes is given what is there, and then what comes."""
        self.optional_test_insert_subscribe()


class InsertedTogetherContract(_Quietly, persistence.NonInterleavingNotificationIDsBaseCase):
    """What is inserted together has numbers in a row."""


class JournalContract(_Quietly):
    """The Journal's numbers have no hole, and whoever reads it on by them misses nothing, whatever others write."""

    @abstractmethod
    def create_recorder(self) -> ApplicationRecorder:
        """Answer a recorder, whose Journal is empty the first time."""

    def test_failed_insert_leaves_no_trace(self) -> None:
        """Of an insert that conflicts nothing is there, not even a number that is missing."""
        recorder = self.create_recorder()
        recorder.insert_events([_event(1, self.INITIAL_VERSION)])

        with self.assertRaises(IntegrityError):
            recorder.insert_events([_event(2, self.INITIAL_VERSION), _event(1, self.INITIAL_VERSION)])
        ids = recorder.insert_events([_event(3, self.INITIAL_VERSION)])

        self.assertEqual([], list(recorder.select_events(_stream(2))))
        self.assertEqual([2], list(ids or ()))
        self.assertEqual([1, 2], [told.id for told in recorder.select_notifications(start=None, limit=9)])

    def test_same_version_at_once(self) -> None:
        """Of several who write the same version of a stream, one has written it."""
        recorder = self.create_recorder()
        lost: list[IntegrityError] = []

        def insert(number: int) -> None:
            for version in range(INSERTS):
                try:
                    recorder.insert_events([_event(1, self.INITIAL_VERSION + version, bytes([number]))])
                except IntegrityError as error:
                    lost.append(error)

        _in_threads(insert, THREADS)

        versions = [told.originator_version for told in recorder.select_events(_stream(1))]
        self.assertEqual([self.INITIAL_VERSION + version for version in range(INSERTS)], versions)
        self.assertEqual((THREADS - 1) * INSERTS, len(lost))

    def test_numbers_without_a_hole(self) -> None:
        """However many write at once, the numbers run from 1 to the last without a hole, and rise within a stream."""
        recorder = self.create_recorder()

        _in_threads(lambda number: self._fill(recorder, number), THREADS)

        told = _all(recorder)
        self.assertEqual(list(range(1, 2 * THREADS * INSERTS + 1)), [one.id for one in told])
        self.assertEqual(len(told), recorder.max_notification_id())
        for number in range(THREADS):
            versions = [one.originator_version for one in told if one.originator_id == _stream(number)]
            self.assertEqual(sorted(versions), versions)

    def test_reading_on_while_others_write(self) -> None:
        """Who asks again and again for what comes after the last number read has read everything in the end, once."""
        recorder = self.create_recorder()
        read: list[tuple[Any, int]] = []
        written = threading.Event()

        def follow() -> None:
            last = 0
            while True:
                is_last = written.is_set()
                page = recorder.select_notifications(start=last, limit=PAGE, inclusive_of_start=False)
                read.extend((one.originator_id, one.originator_version) for one in page)
                last = page[-1].id if page else last
                if is_last and not page:
                    return

        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        try:
            _in_threads(lambda number: self._fill(recorder, number), THREADS)
        finally:
            written.set()
            follower.join(60)

        self.assertEqual([(one.originator_id, one.originator_version) for one in _all(recorder)], read)
        self.assertEqual(2 * THREADS * INSERTS, len(read))

    def _fill(self, recorder: ApplicationRecorder, number: int) -> None:
        for turn in range(INSERTS):
            version = self.INITIAL_VERSION + 2 * turn
            recorder.insert_events([_event(number, version), _event(number, version + 1)])


def _stream(number: int) -> UUID:
    return UUID(int=number + 1)


def _event(stream: int, version: int, state: bytes = b"{}") -> StoredEvent:
    return StoredEvent(originator_id=_stream(stream), originator_version=version, topic="contract", state=state)


def _all(recorder: ApplicationRecorder) -> Sequence[Any]:
    return recorder.select_notifications(start=None, limit=2 * THREADS * INSERTS + PAGE)


def _in_threads(task: Any, count: int) -> None:
    """Carry out a task in threads at once; raise what one of them raised."""
    errors: list[BaseException] = []

    def carry_out(number: int) -> None:
        try:
            task(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=carry_out, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
