"""What goes wrong between a till and the disk, at the very moment a test says: on a real store, and in the real code.

    faults = Faults()
    ledger = faults.open("sqlite:///shop.db", business="shop")
    with faults.crash_after_commit():
        service.scan(ledger, "R-1")  # It is written, and the ledger raises OutcomeUnknown.

Commits are cut off at the driver's connection, which breaks; commands are delivered twice or late before the ledger
sees them. A fault that never struck proves nothing, and is an error itself.
"""

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any, NoReturn, TypeVar

import attrs

from stampledger.errors import OutcomeUnknown
from stampledger.ledger import Ledger
from stampledger.sources import Clock, system_clock
from stampledger.store.database import Engine, open_engine
from stampledger.store.tapping import tap
from stampledger.testing.supplies import Chance
from stampledger.writer import Body, Call, Done, Same, Writer

T = TypeVar("T")

STEP_MAX = timedelta(hours=2)  # How far the clock steps at random, to and fro.


class Fault(StrEnum):
    """What can go wrong."""

    DUPLICATE = "duplicate"
    REORDER = "reorder"
    CRASH_BEFORE_COMMIT = "crash before commit"
    CRASH_AFTER_COMMIT = "crash after commit"
    CLOCK_STEP = "clock step"


CRASHES = (Fault.CRASH_BEFORE_COMMIT, Fault.CRASH_AFTER_COMMIT)


class FaultNeverStruck(AssertionError):
    """A block ended in which a fault was to strike, and none did: nothing was tested."""


@attrs.define
class _Armed:
    """A fault that waits for its moment."""

    kind: Fault
    skip: int = 0
    is_spent: bool = False


class Faults:
    """Faults that strike where a `with` says, once; several threads are not told apart.

    `struck` lists what did, in order; `unheard` the errors of commands whose answer nobody waited for.
    """

    def __init__(self) -> None:
        self.struck: list[Fault] = []
        self.unheard: list[Exception] = []
        self._engines: weakref.WeakSet[Engine] = weakref.WeakSet()
        self._lock = threading.RLock()
        self._armed: _Armed | None = None
        self._late: list[Callable[[], object]] = []
        self._step = timedelta(0)
        self._plan: Chance | None = None
        self._share = 0.0
        self._depth = 0  # How many commands are under way, one inside the other.

    # What they plug into.

    def open(self, url: str, *, business: str, **options: Any) -> Ledger:
        """Open a ledger that is exposed to the faults; options as for `Ledger`."""
        return self.ledger(open_engine(url), business=business, owned=True, **options)

    def ledger(self, engine: Engine, *, business: str, clock: Clock = system_clock, **options: Any) -> Ledger:
        """Answer a ledger on an engine, whose connections from now on are exposed as well."""
        return _Ledger(self, self.engine(engine), business=business, clock=self.clock(clock), **options)

    def engine(self, engine: Engine) -> Engine:
        """Expose what commits through an engine: tables of your own, or a ledger's. Answers the same engine."""
        if engine not in self._engines:
            self._engines.add(engine)
            tap(engine, self._beside)
        return engine

    def clock(self, clock: Clock = system_clock) -> Clock:
        """Answer a clock that can step."""
        return lambda: clock() + self._stepped()

    def deliver(self, call: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """Make a call as a bad line does: once, twice, or later than the next one. So a whole service is tested.

        Every command of an exposed ledger is delivered so by itself.

        Raises:
            OutcomeUnknown: It is late: it will be carried out after the next call, or at the end of the block.
        """
        command = partial(call, *arguments, **options)
        drawn = self._draw(tuple(Fault))
        if self._strikes(Fault.REORDER, drawn):
            self._late.append(command)
            raise OutcomeUnknown("the command is under way, and no answer has come")
        try:
            with self._under_way(drawn):
                if self._strikes(Fault.DUPLICATE, drawn):
                    self._unheard(command)
                return command()
        finally:
            if self._depth == 0:
                self._deliver_late()

    # When they strike.

    @contextmanager
    def duplicate(self) -> Iterator[None]:
        """The first command of the block arrives twice; its sender gets the second answer."""
        with self._arm(_Armed(Fault.DUPLICATE)):
            yield

    @contextmanager
    def reorder(self) -> Iterator[None]:
        """The first command of the block is overtaken by the second; to its sender it is as good as lost."""
        with self._arm(_Armed(Fault.REORDER)):
            yield

    @contextmanager
    def crash_before_commit(self, skip: int = 0) -> Iterator[None]:
        """The connection breaks when the block first commits, or after *skip* commits more; nothing is written then."""
        with self._arm(_Armed(Fault.CRASH_BEFORE_COMMIT, skip)):
            yield

    @contextmanager
    def crash_after_commit(self, skip: int = 0) -> Iterator[None]:
        """The connection breaks between the block's first commit and its answer; everything is written then."""
        with self._arm(_Armed(Fault.CRASH_AFTER_COMMIT, skip)):
            yield

    @contextmanager
    def clock_step(self, by: timedelta) -> Iterator[None]:
        """The clock is wrong in the block, ahead or behind, and right again after it."""
        with self._arm(_Armed(Fault.CLOCK_STEP)):
            self._step = by
            try:
                yield
            finally:
                self._step = timedelta(0)

    @contextmanager
    def at_random(self, seed: int, share: float = 0.3) -> Iterator[None]:
        """In a *share* of the block's commands something goes wrong; the same seed strikes alike in every run."""
        self._plan, self._share = Chance(seed=seed), share
        try:
            yield
        finally:
            self._plan = None
            self._deliver_late()

    @contextmanager
    def _arm(self, armed: _Armed) -> Iterator[None]:
        with self._lock:
            assert self._armed is None, "one fault at a time: a block lies inside another"
            self._armed = armed
        try:
            yield
        finally:
            self._armed = None
            self._deliver_late()
        if not armed.is_spent:
            raise FaultNeverStruck(f"there was no moment for: {armed.kind}")

    def _strikes(self, kind: Fault, drawn: Fault | None = None) -> bool:
        """Answer whether a fault strikes here and now."""
        with self._lock:
            armed = self._armed
            if drawn is kind:
                self.struck.append(kind)
                return True
            if armed is None or armed.kind is not kind or armed.is_spent:
                return False
            if armed.skip:
                armed.skip -= 1
                return False
            armed.is_spent = True
            self.struck.append(kind)
            return True

    def _draw(self, kinds: tuple[Fault, ...]) -> Fault | None:
        plan = self._plan
        if plan is None or plan(1_000) >= self._share * 1_000:
            return None
        return kinds[plan(len(kinds))]

    @contextmanager
    def _under_way(self, drawn: Fault | None) -> Iterator[None]:
        """A command is under way, with what was drawn for it."""
        before = self._armed, self._step
        if drawn in CRASHES:
            self._armed = _Armed(drawn)
        elif drawn is Fault.CLOCK_STEP and self._plan is not None:
            minutes = int(STEP_MAX.total_seconds()) // 60
            self._step = timedelta(minutes=self._plan(2 * minutes) - minutes)
            self.struck.append(drawn)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if drawn is not None:
                self._armed, self._step = before

    def _stepped(self) -> timedelta:
        if self._step:
            self._strikes(Fault.CLOCK_STEP)
        return self._step

    def _beside(self, commit: Callable[[], T], cut: Callable[[], NoReturn]) -> T:
        drawn = self._draw(CRASHES) if self._depth == 0 else None
        if self._strikes(Fault.CRASH_BEFORE_COMMIT, drawn):
            cut()
        answer = commit()
        if self._strikes(Fault.CRASH_AFTER_COMMIT, drawn):
            cut()
        return answer

    def _deliver_late(self) -> None:
        while self._late:
            self._unheard(self._late.pop(0))

    def _unheard(self, command: Callable[[], object]) -> None:
        try:
            command()
        except Exception as error:
            self.unheard.append(error)


class _Ledger(Ledger):
    """A ledger whose commands come over a bad line."""

    def __init__(self, faults: Faults, engine: Engine, **options: Any) -> None:
        super().__init__(engine, **options)
        self._writer = _Writer(self._writer, faults)


class _Writer(Writer):
    def __init__(self, writer: Writer, faults: Faults) -> None:
        super().__init__(writer.store, writer.clock, writer.random, writer.ids, writer.keep_refusals)
        self._faults = faults

    def execute(
        self,
        call: Call,
        request: tuple[Any, ...],
        body: Body,
        same: Same | None = None,
        card: object = None,
        code: str | None = None,
    ) -> Done:
        return self._faults.deliver(super().execute, call, request, body, same, card, code)
