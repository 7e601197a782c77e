"""Committing together: the threads of a process that write at once share a transaction.

Whoever finds nobody writing writes alone, and pays nothing for this. Whoever finds somebody writing waits in line; the
first in line then carries out everybody's task, each in a nested session, and commits them all at once. A task that
fails leaves nothing behind and harms nobody; a transaction that fails is taken apart, and each task tried alone.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import attrs

from stampledger.errors import Conflict, OutcomeUnknown, StorageUnreachable
from stampledger.store.plan import NeedsLock
from stampledger.store.session import Hint, Session
from stampledger.store.transaction import Words
from stampledger.store.writing import Settle, WriterConnection

TOGETHER_MAX = 128

T = TypeVar("T")


class _Ticket:
    """A task that waits in line, and what became of it; without a task, somebody who wants to be alone."""

    __slots__ = ("error", "hint", "is_done", "lead", "result", "settle", "task", "turn")

    def __init__(
        self,
        task: Callable[[Session], Any] | None = None,
        hint: Hint | None = None,
        settle: Settle[Any] | None = None,
    ) -> None:
        self.task = task
        self.hint = hint
        self.settle = settle
        self.result: Any = None
        self.error: BaseException | None = None
        self.is_done = False
        self.turn = threading.Lock()  # Held until the task is done, or its thread is to lead.
        self.turn.acquire()
        self.lead = threading.Lock()  # Taken by whoever lets the thread lead, or by itself when it goes away.


class Group:
    """The line of those who want to write."""

    def __init__(self, writer: WriterConnection, words: Words) -> None:
        self._writer = writer
        self._words = words
        self._gate = threading.Lock()  # Held by whoever writes; handed on to the next leader without being released.
        self._leader: int | None = None
        self._line: deque[_Ticket] = deque()

    def write(self, task: Callable[[Session], T], hint: Hint | None, settle: Settle[T] | None) -> T:
        """Carry out a task, alone or together with those of other threads."""
        if self._gate.acquire(blocking=False):
            try:
                return self._alone(task, hint, settle)
            finally:
                self._pass_on()
        if self._leader == threading.get_ident():
            raise RuntimeError("a ledger cannot be written while one of its own commands is being decided")
        ticket = _Ticket(task, hint, settle)
        self._await(ticket)
        if not ticket.is_done:
            self._lead(ticket)
        if ticket.error is not None:
            raise ticket.error
        result: T = ticket.result
        return result

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep writers out: for reads on a connection that is shared with them, and to close it."""
        if self._leader == threading.get_ident():
            yield
            return
        if not self._gate.acquire(blocking=False):
            self._await(_Ticket())
        try:
            self._leader = threading.get_ident()
            yield
        finally:
            self._pass_on()

    def _await(self, ticket: _Ticket) -> None:
        """Wait in line until the task is done, or its thread holds the gate and is to lead."""
        try:
            self._line.append(ticket)
            if self._gate.acquire(blocking=False):  # Whoever held it may not have seen the ticket.
                self._pass_on()
            ticket.turn.acquire()
        except BaseException:  # The thread was interrupted: nobody may wait for it to lead.
            if not ticket.lead.acquire(blocking=False):
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Hand the gate on to whoever waits; open it where nobody does."""
        self._leader = None
        while True:
            try:
                ticket = self._line.popleft()
            except IndexError:
                self._gate.release()
                if not self._line or not self._gate.acquire(blocking=False):
                    return
                continue
            if ticket.lead.acquire(blocking=False):
                ticket.turn.release()
                return

    def _alone(self, task: Callable[[Session], T], hint: Hint | None, settle: Settle[T] | None) -> T:
        self._leader = threading.get_ident()
        if settle is not None and self._writer.backend.appends_at_once:
            return self._writer.at_once(task, self._words, hint, settle)
        return self._writer.transact(task, self._words, hint)

    def _lead(self, own: _Ticket) -> None:
        """Carry out the own task and those of everybody in line, and commit them together."""
        tickets = [own]
        try:
            self._writer.may_have_committed = False
            self._leader = threading.get_ident()
            while self._line and self._line[0].task is not None and len(tickets) < TOGETHER_MAX:
                tickets.append(self._line.popleft())
            self._together([ticket for ticket in tickets if ticket is own or not ticket.lead.locked()])
        except BaseException as error:  # This thread is to end; the others' tasks are carried out by one of them.
            tickets = self._interrupted(tickets, own, error)
        finally:
            self._pass_on()
            for ticket in tickets:
                ticket.is_done = True
                if ticket is not own:
                    ticket.turn.release()

    def _interrupted(self, tickets: list[_Ticket], own: _Ticket, error: BaseException) -> list[_Ticket]:
        """Put those back in line of whose tasks nothing was written; answer the others."""
        undone = [ticket for ticket in tickets if ticket is not own and not ticket.is_done]
        own.error = error
        if self._writer.may_have_committed:
            for ticket in undone:
                ticket.error = OutcomeUnknown("the thread that wrote for others was interrupted")
            return tickets
        self._line.extendleft(reversed(undone))
        return [ticket for ticket in tickets if ticket not in undone]

    def _together(self, tickets: list[_Ticket]) -> None:
        if len(tickets) == 1:
            self._by_itself(tickets[0])
            return
        apart: list[_Ticket] = []

        def work(session: Session) -> None:
            apart.clear()
            for ticket in tickets:
                self._carry_out(session, ticket, apart)

        try:
            self._writer.transact(work, self._words)
        except (OutcomeUnknown, StorageUnreachable, Conflict) as error:
            if isinstance(error, Conflict) and error.taken:  # By one of them, perhaps; nothing of any was written.
                apart = tickets
            else:  # To try each alone would be to wait as often.
                for ticket in tickets:
                    ticket.error = ticket.error or attrs.evolve(error)
        except Exception:
            apart = tickets
        for ticket in tickets:
            ticket.is_done = ticket not in apart
        for ticket in apart:
            self._by_itself(ticket)

    def _by_itself(self, ticket: _Ticket) -> None:
        assert ticket.task is not None
        ticket.result = ticket.error = None
        try:
            ticket.result = self._alone(ticket.task, ticket.hint, ticket.settle)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            ticket.error = error
        ticket.is_done = True

    def _carry_out(self, session: Session, ticket: _Ticket, apart: list[_Ticket]) -> None:
        assert ticket.task is not None
        nested = session.nested()
        ticket.result = ticket.error = None
        try:
            if ticket.hint is not None:
                nested.fetch(ticket.hint)
            ticket.result = ticket.task(nested)
        except NeedsLock:
            apart.append(ticket)
        except (self._writer.backend.driver_errors(), KeyboardInterrupt):  # The whole transaction's, or the thread's.
            raise
        except BaseException as error:
            ticket.error = error
        else:
            session.absorb(nested)
