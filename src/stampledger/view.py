"""Reading: everything that can be asked of a ledger, as of any moment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from uuid import UUID

import attrs

from stampledger import answers, checks, codec, projections
from stampledger.cards import StampCard
from stampledger.errors import CardNotFound, InvalidInput
from stampledger.events import Event
from stampledger.journalfile import exporting, parquet
from stampledger.journalfile.exporting import Report
from stampledger.journalfile.files import Target, whole_file
from stampledger.lookup import EVERYTHING, Lookup, Moment, names_on_disk
from stampledger.paging import Page, checked_paging, page_of
from stampledger.projections import Answer, CardView, CustomerInfo, Entry, JournalRow, Progress, RewardView
from stampledger.render import CustomerPage, customer_page
from stampledger.sources import Clock
from stampledger.store import history, lists
from stampledger.store.store import Store
from stampledger.values import Brand, Channel, Platform


@attrs.frozen(kw_only=True, slots=False)
class Scan:
    """What one command wrote; the same again when it was sent before.

    *id* is the seq of the first entry. Where nothing had to be written because the wish was true already, there are
    no entries, *repeated* is true and *id* is the Journal's last entry.
    """

    id: int
    entries: tuple[Entry, ...]
    subject: UUID | None  # The card, customer, template … the command was about.
    repeated: bool = False
    view: "Callable[[], View]" = attrs.field(repr=False, eq=False)

    @property
    def events(self) -> tuple[Event, ...]:
        """The facts, without their entries."""
        return tuple(entry.event for entry in self.entries)

    @property
    def last(self) -> int:
        """The seq of the last entry: the moment right after the scan."""
        return self.entries[-1].seq if self.entries else self.id

    @cached_property
    def card(self) -> CardView:
        """The card right after the scan.

        Raises:
            CardNotFound: The scan was about no card.
        """
        if self.subject is None:
            raise CardNotFound(self.id)
        return self.view().card(self.subject)


CardRef = UUID | str | int | Scan | CardView  # An id, or a card number.
CustomerRef = UUID | str | Scan | CustomerInfo
RewardRef = UUID | str | RewardView
TemplateRef = UUID | str | Scan | tuple[UUID | str, int]  # A key or an id means the newest version.


class View:
    """A business's stamp cards as of one moment. The live ledger is the view at now."""

    def __init__(self, store: Store, clock: Clock, moment: Moment | None = None) -> None:
        self._store = store
        self._clock = clock
        self._moment = moment

    @contextmanager
    def _look(self) -> Iterator[Lookup]:
        moment = self._moment or Moment(EVERYTHING, self._clock())
        with self._store.reading() as session:
            yield Lookup(session, moment, self._store.templates)

    @property
    def seq(self) -> int:
        """The last entry this view knows; 0 where there is none."""
        if self._moment is not None:
            return self._moment.seq
        with self._look() as look:
            return look.session.end()[0]

    # Cards and their rewards.

    def card(self, card: CardRef) -> CardView:
        """Answer a card with its rewards.

        Raises:
            CardNotFound: This business had no such card then.
        """
        with self._look() as look:
            return look.card_view(*look.card(card))

    def progress(self, card: CardRef) -> Progress:
        """Answer how full a card is.

        Raises:
            CardNotFound: This business had no such card then.
        """
        with self._look() as look:
            return look.card_view(*look.card(card), with_rewards=False).progress

    def rewards(self, card: CardRef) -> tuple[RewardView, ...]:
        """Answer a card's rewards, newest first.

        Raises:
            CardNotFound: This business had no such card then.
        """
        return self.card(card).rewards

    def reward(self, reward: RewardRef) -> RewardView:
        """Answer a voucher, lottery or award by its id, on a card or not.

        Raises:
            RewardNotFound: This business had no such reward then.
        """
        with self._look() as look:
            return look.reward_view(look.reward_row(reward))

    def cards(
        self,
        *,
        search: str | None = None,
        platform: Platform | str | None = None,
        template: TemplateRef | None = None,
        customer: CustomerRef | None = None,
        deleted: bool = False,
        limit: int = 50,
        before: int | None = None,
        after: int | None = None,
    ) -> Page[CardView]:
        """Answer the page "User stamp cards": the highest card number first, without rewards. Cursors are numbers.

        *search* finds part of a name or e-mail, or a whole card number. A card on no platform is one of the web. A
        *template* named with its version, as (key, version), means that version alone.

        Raises:
            InvalidInput: A filter, a limit or a cursor is none.
            NotFound: The template or customer is unknown.
        """
        chosen = None if platform is None else checks.choice(Platform, platform, "platform")
        limit = checked_paging(limit, before, after)
        searched = _searched(search)
        with self._look() as look:
            under = None if template is None else look.template_filter(template)

            def shown(state: StampCard) -> bool:
                return (
                    (deleted or state.deleted_at is None)
                    and (chosen is None or chosen in (state.platforms or (Platform.WEB,)))
                    and (under is None or under[0].id == state.template_id)
                    and (under is None or under[1] in (None, state.template_version))
                )

            wanted = lists.CardFilter(
                upto=look.moment.seq,
                search=searched,
                customer=None if customer is None else look.customer_row(customer).number,
                template=None if under is None else under[0].number,
                version=None if under is None else under[1],
                deleted=deleted,
                before=before,
                after=after,
                limit=limit + 1,
            )
            found: list[CardView] = []
            while len(found) <= limit:
                rows = lists.card_rows(look.session, wanted)
                look.foresee([row.customer for row in rows])
                for row in rows:
                    state = history.state_at(look.session, row, look.moment.seq)
                    assert isinstance(state, StampCard)
                    last = state.number
                    wanted = attrs.evolve(wanted, before=last) if after is None else attrs.evolve(wanted, after=last)
                    if shown(state):
                        found.append(look.card_view(row, state, with_rewards=False))
                if len(rows) < wanted.limit:
                    break
        return page_of(found, limit, before, after, lambda view: view.number)

    def customer(self, customer: CustomerRef) -> CustomerInfo:
        """Answer a customer as known then; without a name once forgotten.

        Raises:
            CustomerNotFound: This business had no such customer then.
        """
        with self._look() as look:
            info = look.customer(look.customer_row(customer).number)
            assert info is not None
            return info

    def brand(self) -> Brand:
        """Answer how the business showed itself."""
        with self._look() as look:
            return look.brand()

    # The Journal.

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
        searched = _searched(search)
        names = None if kinds is None else names_on_disk(kinds)
        told = None if channel is None else str(checks.choice(Channel, channel, "channel"))
        with self._look() as look:
            upto, first = look.moment.seq, None
            if until is not None:
                upto = min(upto, lists.seq_at(look.session, _microseconds(until, "until")))
            if since is not None:
                first = lists.seq_at(look.session, _microseconds(since, "since") - 1) + 1
            under = None if template is None else look.template_filter(template)
            wanted = lists.Filter(
                upto=upto,
                known=look.moment.seq,
                search=searched,
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

    # What the customer saw, and why.

    def customer_view(self, card: CardRef, *, lang: str | None = None) -> CustomerPage:
        """Answer the customer's page; at a scan with its popup, else as it looks when it is opened.

        Raises:
            CardNotFound: This business had no such card then.
            InvalidInput: The language is unknown.
        """
        with self._look() as look:
            row, state = look.card(card)
            scan: tuple[Entry, ...] = ()
            if look.moment.scan:
                entry = history.entry_at(look.session, look.moment.seq)
                assert entry is not None
                scan = history.scan_entries(look.session, entry.scan, entry.seq)
            view = projections.customer_view(
                look.moment.seq if self._moment else row.seq,
                look.moment.at,
                look.brand(),
                look.card_view(row, state),
                look.card_template(state),
                tuple(entry for entry in scan if entry.stream == row.id),
            )
        return customer_page(view, lang)

    def why(self, code: str) -> Answer:
        """Tell what became of a code, in sentences and by its entries.

        Raises:
            InvalidInput: The code is none.
        """
        checks.text(code, "code")
        with self._look() as look:
            entries = lists.code_entries(look.session, code, look.moment.seq)
            return answers.why(code, entries, {entry.stream: look.card(entry.stream)[1].number for entry in entries})

    def explain(self, voucher: RewardRef) -> Answer:
        """Tell why a voucher (or lottery, or award) was given and what became of it.

        Raises:
            RewardNotFound: This business had no such reward then.
        """
        with self._look() as look:
            row = look.reward_row(voucher)
            shown = look.reward_view(row)
            life = list(history.reward_entries(look.session, row, look.moment.seq))
            scan = history.scan_entries(look.session, life[0].scan, life[0].seq)
            return answers.explain(shown, answers.cause(scan, life[0]), life)


def _searched(search: str | None) -> str | None:
    if search is None:
        return None
    return checks.text(search, "search", empty=True).strip() or None


def _microseconds(at: datetime, field: str) -> int:
    return codec.microseconds(checks.instant(at, field))
