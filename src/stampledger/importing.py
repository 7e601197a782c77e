"""CSV files from elsewhere, and cards with opening balances out of them.

A file is read to its end and checked before anything of it is written: every bad row is reported with its line, its
column and the reason. What is written is written some hundred rows a transaction: an import that was interrupted is
simply run again.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from os import PathLike
from pathlib import Path
from typing import TextIO, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger import batches, checks, commands
from stampledger.aggregates import decide, decide_customer
from stampledger.batches import Batch, Report, Tally, for_each, without_key
from stampledger.errors import InvalidInput, InvalidRows, RowProblem
from stampledger.events import CardImported
from stampledger.lookup import named
from stampledger.store import history
from stampledger.store.session import Scope, Session, StreamKind
from stampledger.values import CardTemplate, Channel, Person
from stampledger.writer import AHEAD_MAX, Call, Work, Writer

Source = str | PathLike[str] | TextIO
T = TypeVar("T")
PROBLEMS_MAX = 1_000  # Reported of one file.
EARLIEST = datetime(checks.YEAR_LEAST, 1, 1, tzinfo=UTC)  # Of any moment in a file.


class Row:
    """A row that is being checked: what is wrong with it is collected, not raised."""

    def __init__(self, line: int, cells: Mapping[str, str], problems: list[RowProblem]) -> None:
        self.line = line
        self.cells = cells
        self._problems = problems

    def problem(self, column: str, reason: str) -> None:
        """Note what is wrong with a column."""
        self._problems.append(RowProblem(self.line, column, self.cells.get(column, ""), reason))

    def take(self, column: str, read: Callable[[str], T], default: T) -> T:
        """Read a cell; an empty one is the default."""
        cell = self.cells.get(column, "").strip()
        if not cell:
            return default
        try:
            return read(cell)
        except InvalidInput as error:
            self.problem(column, error.reason)
        except (ValueError, ArithmeticError):
            self.problem(column, "cannot be read as what this column holds")
        return default

    def need(self, column: str, read: Callable[[str], T], default: T) -> T:
        """Read a cell that must not be empty."""
        if not self.cells.get(column, "").strip():
            self.problem(column, "must not be empty")
            return default
        return self.take(column, read, default)


@contextmanager
def _opened(source: Source) -> Iterator[TextIO]:
    if isinstance(source, str | PathLike):
        try:
            opened = Path(source).open(encoding="utf-8-sig", newline="")  # noqa: SIM115
        except (OSError, ValueError, TypeError) as error:
            reason = getattr(error, "strerror", None) or "it is no path"
            raise InvalidInput("file", str(source), f"cannot be read ({reason})") from error
        with opened as file:
            yield file
    elif callable(getattr(source, "read", None)) and not isinstance(source, type):
        yield source
    else:
        raise InvalidInput("file", source, "must be the path of a file, or an open one")


def read_rows(
    source: Source, needed: tuple[str, ...], allowed: tuple[str, ...] | None
) -> tuple[list[Row], list[RowProblem]]:
    """Read a CSV file's rows, and a list for what is wrong with them.

    Raises:
        InvalidInput: The file cannot be read at all, or has other columns.
    """
    problems: list[RowProblem] = []
    with _opened(source) as file:
        try:
            reader = csv.reader(io.StringIO(file.read().removeprefix("\ufeff")), strict=True)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in needed if name not in header]
            unknown = [] if allowed is None else [name for name in header if name not in allowed]
            if missing or unknown or len(set(header)) != len(header):
                wrong = f"columns missing: {missing}, unknown: {unknown}"
                raise InvalidInput("file", ",".join(header), f"must have the right columns, each once ({wrong})")
            rows = []
            for cells in reader:
                if not cells:
                    continue
                row = Row(reader.line_num, dict(zip(header, cells, strict=False)), problems)
                if len(cells) != len(header):
                    problems.append(RowProblem(row.line, "(row)", str(len(cells)), f"must have {len(header)} cells"))
                rows.append(row)
        except (csv.Error, UnicodeError, TypeError) as error:
            raise InvalidInput("file", str(error), "must be a CSV file in UTF-8, open as text") from error
        except (OSError, ValueError) as error:  # A file that was closed, or cannot be read to its end.
            raise InvalidInput("file", str(error), "cannot be read") from error
    return rows, problems


def refuse_problems(problems: list[RowProblem]) -> None:
    """Refuse a file with bad rows.

    Raises:
        InvalidRows: There are some.
    """
    if problems:
        found = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        first = sorted(problems, key=lambda problem: problem.line)[:PROBLEMS_MAX]
        raise InvalidRows("file", len(problems), f"{found}, nothing was imported", tuple(first))


def _day(cell: str) -> date:
    return date.fromisoformat(cell)


def moment(cell: str, latest: datetime, zone: ZoneInfo | None = None) -> datetime:
    """Read an ISO 8601 moment of a time a business can have seen; without a zone of its own it is one of *zone*.

    Raises:
        InvalidInput: It has no zone, and none is given; or it lies before 1900, or after *latest*.
    """
    at = datetime.fromisoformat(cell)
    if EARLIEST.year <= at.year <= latest.year + 1:  # Else a change of zone might leave the calendar.
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone)
        if at.utcoffset() is None:
            raise InvalidInput("moment", cell, "must have a time zone, like 2026-01-31T12:00:00Z")
        at = at.astimezone(UTC)
        if EARLIEST <= at <= latest:
            return at
    raise InvalidInput("moment", cell, f"must not lie before {EARLIEST.year} or more than a day ahead")


# Cards.

_CARD_COLUMNS = ("external_id", "stamps", "number", "name", "email", "birthday", "language", "issued_at")


@attrs.frozen(kw_only=True)
class _Card:
    line: int
    external_id: str
    stamps: int
    number: int | None
    person: Person | None
    issued_at: datetime | None


def import_cards(
    writer: Writer,
    call: Call,
    file: Source,
    *,
    source: str,
    template: object,
    dry_run: bool,
    progress: Report | None,
) -> Batch:
    """Bring cards over from another system, each once.

    All rows are checked before any is imported; one bad row, and none is. An import that was interrupted is simply run
    again. With *dry_run* nothing is written; the batch says what would be, and what was imported before.
    """
    checks.text(source, "source")
    rows, problems = read_rows(file, ("external_id", "stamps"), _CARD_COLUMNS)
    with writer.store.reading() as session:
        look = writer.lookup(session)
        target, version, found = look.template(template)
        wanted = _checked_cards(rows, problems, found, writer.clock() + AHEAD_MAX)
        session.expect(Scope.IMPORTED, [f"{source}\n{card.external_id}" for card in wanted])
        known = {card.external_id: session.claim(Scope.IMPORTED, f"{source}\n{card.external_id}") for card in wanted}
        for card in wanted:
            claimed = known[card.external_id]
            if claimed is None:
                if card.number is not None and session.one(session.sql.card_stream, b_number=card.number) is not None:
                    problems.append(RowProblem(card.line, "number", str(card.number), "is another card's number"))
                continue
            entry = history.entry_at(session, claimed[0])
            if entry is None or not isinstance(entry.event, CardImported) or entry.event.progress != card.stamps:
                reason = "was imported before with another number of stamps"
                problems.append(RowProblem(card.line, "stamps", str(card.stamps), reason))
    refuse_problems(problems)
    beyond = max((card.number for card in wanted if card.number is not None), default=0) + 1  # What other rows bring.

    def one(work: Work, card: _Card) -> UUID | None:
        claimed = work.session.claim(Scope.IMPORTED, f"{source}\n{card.external_id}")
        if claimed is not None:
            return work.session.stream_by_number(claimed[0]).id
        at = card.issued_at or work.at()
        customer_id = None
        if card.person is not None:
            customer_id = work.new_id()
            told = decide_customer(None, commands.RegisterCustomer(at=at, person=card.person))
            work.record(None, customer_id, StreamKind.CUSTOMER, None, told)
        card_id = work.new_id()
        command = commands.ImportCard(
            at=at,
            source=source,
            external_id=card.external_id,
            number=card.number or max(batches.next_number(work.session), beyond),
            progress=card.stamps,
            customer_id=customer_id,
            template_id=target.id,
            template_version=version,
            template=found,
        )
        work.record(None, card_id, StreamKind.CARD, None, decide(None, command))
        return card_id

    def expect(session: Session, chunk: Sequence[_Card]) -> None:
        session.expect(Scope.IMPORTED, [f"{source}\n{card.external_id}" for card in chunk])

    call = {**call, "channel": call.get("channel") or Channel.IMPORT}
    request = ("import_cards", source, named(template), [(card.external_id, card.stamps) for card in wanted])
    if dry_run:
        batch = for_each(writer, without_key(call), request, [], one, Tally(), progress, dry_run=True)
        before = sum(claimed is not None for claimed in known.values())
        return attrs.evolve(batch, planned=len(wanted) - before, skipped=before)
    return for_each(writer, call, request, wanted, one, Tally(), progress, expect)


def _checked_cards(
    rows: list[Row], problems: list[RowProblem], template: CardTemplate, latest: datetime
) -> list[_Card]:
    most = template.stamps_required - 1
    ids: set[str] = set()
    numbers: set[int] = set()
    found = []
    for row in rows:
        external_id = row.need("external_id", lambda cell: checks.text(cell, "external_id"), "")
        if external_id and external_id in ids:
            row.problem("external_id", "stands twice in the file")
        ids.add(external_id)
        stamps = row.need("stamps", lambda cell: checks.whole(int(cell), "stamps", 0, most), 0)
        number = row.take("number", lambda cell: checks.whole(int(cell), "number", 1, 10**12), None)
        if number is not None and number in numbers:
            row.problem("number", "stands twice in the file")
        if number is not None:
            numbers.add(number)
        issued_at = row.take("issued_at", lambda cell: moment(cell, latest), None)
        found.append(
            _Card(
                line=row.line,
                external_id=external_id,
                stamps=stamps,
                number=number,
                person=_person(row),
                issued_at=issued_at,
            )
        )
    return found


def _person(row: Row) -> Person | None:
    name = row.take("name", lambda cell: checks.text(cell, "name"), None)
    birthday = row.take("birthday", _day, None)
    email = row.take("email", lambda cell: Person(name="x", email=cell).email, None)
    language = row.take("language", lambda cell: Person(name="x", language=cell).language, None)
    if name is None:
        if email or birthday:
            row.problem("name", "must not be empty where an e-mail or birthday is given")
        return None
    return Person(name=name, email=email, birthday=birthday, language=language)
