"""What every verb stands on: a command carried out, and the scan it answers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from stampledger.aggregates import decided
from stampledger.cards import StampCard
from stampledger.commands import CardCommand
from stampledger.errors import InvalidInput
from stampledger.lookup import Moment, named
from stampledger.projections import Entry
from stampledger.store.session import StreamKind
from stampledger.view import CardRef, Scan, View
from stampledger.writer import Call, Done, Work, Writer

KEEP: Any = object()  # "Leave it as it is", where None means "there is none".


class Verbs(View):
    """A view that can be written to."""

    _writer: Writer

    def _after(self, scan: Sequence[Entry]) -> View:
        """Answer the view right after a scan, or the part of one: at the latest moment it tells of."""
        at = max(entry.occurred_at for entry in scan)
        return View(self._store, self._clock, Moment(scan[-1].seq, at, scan=True))

    def _scan(self, done: Done) -> Scan:
        if done.entries:
            return Scan(
                id=done.id,
                entries=done.entries,
                subject=done.subject,
                repeated=done.repeated,
                view=lambda: self._after(done.entries),
            )
        return Scan(id=done.id, entries=(), subject=done.subject, repeated=True, view=lambda: self)

    def _do(
        self,
        call: Call,
        request: tuple[Any, ...],
        body: Callable[[Work], UUID | None],
        same: Callable[[tuple[Entry, ...]], bool] | None = None,
        card: object = None,
        code: str | None = None,
    ) -> Scan:
        return self._scan(self._writer.execute(call, request, body, same, card, code))

    def _on_card(
        self,
        call: Call,
        request: tuple[Any, ...],
        card: CardRef,
        command: Callable[[Work, datetime, StampCard], CardCommand],
        same: Callable[[tuple[Entry, ...]], bool] | None = None,
    ) -> Scan:
        def body(work: Work) -> UUID | None:
            row, state, held = work.card(card)
            told, after = decided(state, command(work, work.at(state.latest_at), state))
            work.record(row, row.id, StreamKind.CARD, state, told, held, after=after)
            return row.id

        return self._do(call, (*request, named(card)), body, same, card)


def wants(value: object, kind: type, field: str) -> None:
    """Refuse a value that is not of a kind.

    Raises:
        InvalidInput: It is not.
    """
    if not isinstance(value, kind):
        raise InvalidInput(field, value, f"must be a {kind.__name__}")
