"""The Journal as a file for spreadsheets: what the page shows, all of its pages, as of one entry."""

import csv
import io
import re
from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

from stampledger.paging import Page
from stampledger.projections import JournalRow
from stampledger.render.cells import JOURNAL_COLUMNS, cell, journal_cells
from stampledger.view import View
from stampledger.web.asking import Asked
from stampledger.web.narrowing import filters, narrowing

ROWS = 500  # Of a piece: each is a read of its own, so that nobody waits for whoever takes them slowly.
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # By which spreadsheets know UTF-8.


def page(ask: Asked) -> Response:
    """Answer the file, piece by piece: of one moment, whatever is written meanwhile.

    No piece is read before the one before it was sent: where nobody takes them any more, the work ends.
    """
    told = filters(ask, narrowing(ask))
    first = ask.view.journal(**told, limit=ROWS)  # Here, so that what cannot be asked for is still answered as such.
    name = re.sub(r"[^A-Za-z0-9]+", "-", ask.office.ledger.business).strip("-") or "business"
    return StreamingResponse(
        () if ask.request.method == "HEAD" else _pieces(ask.view, told, first),  # Nobody would be sent what was read.
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-card-events-{ask.view.seq}.csv"'},
    )


def _pieces(view: View, told: dict[str, object], rows: Page[JournalRow]) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _lines([JOURNAL_COLUMNS])
    while rows:
        yield _lines([cell(value) for value in journal_cells(row)] for row in rows)
        if rows.next is None:
            return
        rows = view.journal(**told, limit=ROWS, before=rows.next)  # type: ignore[arg-type]


def _lines(rows: Iterator[list[str | int]] | list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
