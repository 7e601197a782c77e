"""Reading the Journal: pages of it, one card's log, all of it, and files of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from stampledger import checks, codec
from stampledger.errors import InvalidInput
from stampledger.events import Event
from stampledger.journalfile import exporting, parquet
from stampledger.journalfile.exporting import Report
from stampledger.journalfile.files import Target, whole_file
from stampledger.lookup import EVERYTHING, names_on_disk
from stampledger.paging import Page, checked_paging, page_of
from stampledger.projections import Entry, JournalRow
from stampledger.store import history, lists
from stampledger.values import Channel
from stampledger.view.looking import Looking, microseconds, searched
from stampledger.view.scans import CardRef, CustomerRef, TemplateRef


class JournalReads(Looking):
    """Reads of the Journal itself."""

    def journal(
        self,
        *,
        search: str | None = None,
        kinds: Sequence[str] | None = None,
        card: CardRef | None = None,
        customer: CustomerRef | None = None,
        template: TemplateRef | None = None,
        code: str | None = None,
        actor: str | None = None,
        channel: Channel | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        before: int | None = None,
        after: int | None = None,
    ) -> Page[JournalRow]:
        """Answer the page "Card Events": newest first. Cursors are seqs.

        *search* finds part of a name or e-mail, the beginning of a code, or a whole card number. *since* and *until*
        are moments of recording, both included, whatever a till's own clock said. A *template* named with its version,
        as (key, version), means that version alone.

        Raises:
            InvalidInput: A filter, a limit or a cursor is none.
            NotFound: The card, customer or template is unknown.
        """
        limit = checked_paging(limit, before, after)
        words = searched(search)
        names = None if kinds is None else names_on_disk(kinds)
        told = None if channel is None else str(checks.choice(Channel, channel, "channel"))
        with self._look() as look:
            upto, first = look.moment.seq, None
            if until is not None:
                upto = min(upto, lists.seq_at(look.session, microseconds(until, "until")))
            if since is not None:
                first = lists.seq_at(look.session, microseconds(since, "since") - 1) + 1
            under = None if template is None else look.template_filter(template)
            wanted = lists.Filter(
                upto=upto,
                known=look.moment.seq,
                search=words,
                kinds=names,
                stream=None if card is None else look.card_row(card).number,
                customer=None if customer is None else look.customer_row(customer).number,
                template=None if under is None else under[0].number,
                version=None if under is None else under[1],
                code=None if code is None else checks.text(code, "code"),
                actor=None if actor is None else checks.text(actor, "actor"),
                channel=told,
                since=first,
                before=before,
                after=after,
                limit=limit + 1,
            )
            rows = look.journal_rows(lists.journal_rows(look.session, wanted))
        return page_of(rows, limit, before, after, lambda row: row.seq)

    def history(self, card: CardRef) -> tuple[JournalRow, ...]:
        """Answer one card's log, oldest first; a deleted card's too.

        Raises:
            CardNotFound: This business had no such card then.
        """
        with self._look() as look:
            row = look.card_row(card)
            look.foresee([row.customer], [row.number])
            entries = history.stream_entries(look.session, row, 0, row.version, look.moment.seq)
            return tuple(look.journal_row(entry, row.number, row.customer) for entry in entries)

    def entries(self, *, after: int = 0) -> Iterator[Entry]:
        """Yield the Journal's entries in their order, those after a seq, in bounded memory.

        Raises:
            InvalidInput: *after* is none.
            Corrupt: An entry cannot be read.
        """
        checks.whole(after, "after", 0, EVERYTHING)
        upto = self.seq
        while after < upto:  # A batch a snapshot: nobody waits for whoever takes them slowly.
            batch = min(after + history.BATCH, upto)
            with self._look() as look:
                found = list(history.entries_between(look.session, after, batch))
            yield from found
            after = batch

    def replay(self, handlers: Mapping[type[Event], Callable[[int, Event], object]], *, after: int = 0) -> int:
        """Call a handler with (seq, event) for each event of its kind, in order; answer the last seq looked at.

        The quick way to fold a whole Journal: kinds without a handler are not even decoded.

        Raises:
            InvalidInput: A handler is for no kind of event, or *after* is none.
            Corrupt: An entry cannot be read.
        """
        checks.whole(after, "after", 0, EVERYTHING)
        if not isinstance(handlers, Mapping):
            raise InvalidInput("handlers", handlers, "must be a mapping of kinds of events to functions")
        for kind, handler in handlers.items():
            if kind not in codec.KINDS.values() or not callable(handler):
                raise InvalidInput("handlers", kind, "must be for kinds of events, each a function")
        with self._look() as look:
            return history.replay(look.session, handlers, after, look.moment.seq)

    def export(
        self, file: Target, *, format: str = "jsonl", with_keys: bool = False, progress: Report | None = None
    ) -> int:
        """Write the whole Journal to a file; answer how many entries were written. The chain is checked on the way.

        "jsonl" is for `import_journal`, and byte by byte the same again after it. Personal data stays sealed in it:
        nobody can read it unless the file is written *with_keys*, and then it is as secret as the database; of a past
        moment there are none, since those of the forgotten are gone. "parquet"
        is a table for analysis, without personal data; it needs the extra `analytics`. The file is there whole or not
        at all; it may be an open one instead of a path. *progress* is called with (done, total).

        Raises:
            InvalidInput: The file cannot be written there, the format is none, or there are no keys to it.
            Corrupt: An entry is not what was written.
            ImportError: The extra is missing.
        """
        if format not in ("jsonl", "parquet"):
            raise InvalidInput("format", format, "must be jsonl or parquet")
        if with_keys and (self._moment is not None or format != "jsonl"):
            raise InvalidInput("with_keys", True, "must not be asked of a past moment, or of a table")
        with whole_file(file) as out:
            if format == "jsonl":
                upto = EVERYTHING if self._moment is None else self._moment.seq
                return exporting.export(self._store, out, upto, with_keys, progress)
            return parquet.export(self.entries(), self.seq, out, progress)
