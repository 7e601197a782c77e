"""The ledger itself: opened, asked about any moment, written in bulk, proved."""

from collections.abc import Iterable
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self, Unpack

from stampledger import batches, checks, importing, moves, receipts
from stampledger.batches import Batch, Report
from stampledger.importing import Source
from stampledger.journalfile import importing as bringing
from stampledger.journalfile.files import Source as JournalFile
from stampledger.ledger.base import wants
from stampledger.ledger.cards import CardVerbs
from stampledger.ledger.followers import Followers
from stampledger.ledger.programme import ProgrammeVerbs
from stampledger.ledger.questions import Questions
from stampledger.ledger.rewards import RewardVerbs
from stampledger.projections import Verification
from stampledger.receipts import Columns, Receipts
from stampledger.sources import Clock, Ids, Random, new_id, system_clock, system_random
from stampledger.store import audit, rebuilding
from stampledger.store.database import Engine, open_engine
from stampledger.store.schema import DEFAULT_PREFIX
from stampledger.store.store import Store
from stampledger.values import MessageChannel, Voucher
from stampledger.view import CardRef, TemplateRef
from stampledger.writer import Call, Writer


class Ledger(ProgrammeVerbs, CardVerbs, RewardVerbs, Questions, Followers):
    """One business's stamp cards. Every read is the view at now; every write answers a `Scan`.

    A ledger may be used by many threads. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        business: str,
        clock: Clock = system_clock,
        random: Random = system_random,
        ids: Ids = new_id,
        durability: str = "full",
        prefix: str = DEFAULT_PREFIX,
        schema: str | None = None,
        keep_refusals: bool = True,
        create: bool = True,
        owned: bool = False,
    ) -> None:
        """Keep a business's ledger in the database of an engine.

        Args:
            engine: An SQLAlchemy engine; the tables are created where they are missing.
            business: The tenant's name. Nothing of another business is ever seen or changed.
            clock: Answers the time, with a zone.
            random: Answers a whole number from 0 to below the one given.
            ids: Answers a fresh id.
            durability: "full" keeps whatever was acknowledged; "normal" may lose the last moments at a power cut.
            prefix: What the tables' names begin with.
            schema: The database schema the tables are in. (With SQLite an attached database; a power cut may part what
                was committed to it from what was committed to the main one.)
            keep_refusals: Whether refused credits are recorded.
            create: Whether missing tables and an unknown business are created.
            owned: Whether closing the ledger disposes of the engine.

        Raises:
            StorageError: The database cannot be used, or does not promise to keep what it acknowledges.
            BusinessNotFound: The business is unknown and *create* is false.
        """
        store = Store(
            engine,
            business,
            random=random,
            durability=durability,
            prefix=prefix,
            schema_name=schema,
            create=create,
            owned=owned,
        )
        super().__init__(store, clock)
        self._writer = Writer(store, clock, random, ids, keep_refusals)

    @classmethod
    def open(cls, url: str, *, business: str, **options: Any) -> Self:
        """Open the ledger of a business by a database URL, such as sqlite:///shop.db; options as for `Ledger`.

        Raises:
            InvalidInput: The URL is none, or names a database this release cannot use.
            StorageError: The database cannot be used.
        """
        checks.text(business, "business")
        engine = open_engine(url, create=options.get("create", True))
        return cls(engine, business=business, owned=True, **options)

    @property
    def business(self) -> str:
        """The business's name."""
        return self._store.business_name

    def close(self) -> None:
        """Give the database connections back."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def using(self, connection: object) -> "Ledger":
        """Answer this ledger inside the caller's own transaction, so that an order and its stamp commit together.

        Nothing is committed here: what it writes is there once the caller commits, and gone if the caller rolls back.
        A command that fails takes back what it wrote itself. Where the database ends the whole transaction, as SQLite
        does when the disk is full, nothing of it is left to commit. A refused credit is recorded in the transaction,
        and raised: the caller decides whether it is committed.

        Args:
            connection: One of SQLAlchemy's, or the driver's own (of sqlite3, psycopg or PyMySQL) in a transaction, such
                as the one that Django's ORM works on.

        Raises:
            InvalidInput: The connection is to another database, or in autocommit.
            UnsafeDurability: The connection may lose what it commits.
        """
        bound: Ledger = object.__new__(type(self))
        bound._store = self._store.bound_to(connection)
        bound._clock, bound._moment = self._clock, None
        bound._writer = Writer(
            bound._store, self._clock, self._writer.random, self._writer.ids, self._writer.keep_refusals
        )
        return bound

    # Many cards at once. Each card is a scan of its own; what was done is not done twice, so that a batch that was
    # interrupted is simply run again.

    def move_to_template(
        self,
        template: TemplateRef,
        *,
        cards: Iterable[CardRef] | None = None,
        force: bool = False,
        dry_run: bool = False,
        progress: Report | None = None,
        **call: Unpack[Call],
    ) -> Batch:
        """Move cards to another template version: those named, or all cards of the template that are under another.

        With *dry_run* nothing is written; either way `moves` shows each card before and after. No card gets further
        from its reward unless forced: such cards are left where they are and listed in `refused`.

        Raises:
            NotFound: The template or a card is unknown; nothing was written.
        """
        chosen = None if cards is None else checks.items(cards, "cards")
        return moves.move_to_template(
            self._writer, call, template, chosen, force=force, dry_run=dry_run, progress=progress
        )

    def celebrate_birthdays(self, on: date, *, progress: Report | None = None, **call: Unpack[Call]) -> Batch:
        """Give the birthday gifts that are due on a day, each once a year.

        *progress* is called with (done, total) after every few cards.
        """
        checks.calendar_day(on, "on")
        return batches.celebrate_birthdays(self._writer, call, on, progress)

    def expire(self, *, until: datetime | None = None, progress: Report | None = None, **call: Unpack[Call]) -> Batch:
        """Record what has lapsed by a moment (now, where none is named): stamps, vouchers, cards.

        Answers never wait for this: what has lapsed counts as lapsed, recorded or not.

        Raises:
            InvalidInput: The moment lies ahead.
        """
        return batches.expire(self._writer, call, until, progress)

    def send_campaign(
        self,
        key: str,
        *,
        name: str,
        cards: Iterable[CardRef],
        channels: Iterable[MessageChannel | str] = ("push",),
        text: str = "",
        voucher: Voucher | None = None,
        progress: Report | None = None,
        **call: Unpack[Call],
    ) -> Batch:
        """Send a campaign to cards, each once, with a voucher where one is given.

        The key names the campaign: sent again, it reaches only the cards it has not reached yet.

        Raises:
            CardNotFound: A card is unknown; nothing was sent.
            InvalidInput: The key belongs to another campaign, or the text is too long for a push.
        """
        if voucher is not None:
            wants(voucher, Voucher, "voucher")
        campaign = batches.Campaigning(
            key=checks.text(key, "key"),
            name=checks.text(name, "name"),
            channels=batches.message_channels(channels, text),
            text=checks.text(text, "text", checks.TEXT_LENGTH_MAX, empty=True),
            voucher=voucher,
        )
        return batches.send_campaign(self._writer, call, campaign, checks.items(cards, "cards"), progress)

    def import_cards(
        self,
        file: Source,
        *,
        source: str,
        template: TemplateRef,
        dry_run: bool = False,
        progress: Report | None = None,
        **call: Unpack[Call],
    ) -> Batch:
        """Bring cards over from another system, from a CSV file with opening balances.

        Columns: external_id and stamps, and optionally number, name, email, birthday, language and issued_at. A row is
        imported once per (*source*, external_id). The file is read to its end first; one bad row and none is imported.

        Raises:
            InvalidRows: Rows that cannot be imported, each with its line, column and reason.
            TemplateNotFound: There is no such template.
        """
        return importing.import_cards(
            self._writer, call, file, source=source, template=template, dry_run=dry_run, progress=progress
        )

    def import_receipts(
        self,
        file: Source,
        *,
        template: TemplateRef,
        columns: Columns | None = None,
        by_amount: bool = False,
        progress: Report | None = None,
        **call: Unpack[Call],
    ) -> Receipts:
        """Credit a till's receipts from a CSV file: stamps for sales, voids for cancellations, cards with a first sale.

        Run again, it changes nothing that was imported. A refused row is recorded as refused and counted.

        Raises:
            InvalidRows: Rows that cannot be read; nothing was imported.
            TemplateNotFound: There is no such template.
        """
        if columns is not None:
            wants(columns, Columns, "columns")
        return receipts.import_receipts(
            self._writer,
            call,
            file,
            template=template,
            columns=columns or Columns(),
            by_amount=by_amount,
            progress=progress,
        )

    def import_journal(self, file: JournalFile, *, progress: Report | None = None) -> int:
        """Write an exported Journal into this business, as it was; answer how many of its entries are new here.

        The business must be empty and have the name it was exported under, which the chain begins with. The file is
        read twice: to its end first, where every hash is made anew, and then some thousand entries a transaction. An
        import that was interrupted goes on where it ended when it is given the same file again. Without the keys of
        persons their data can be read by nobody here, as if they had been forgotten. Nobody else may write meanwhile.

        Raises:
            InvalidInput: The file is none, or another business's; or this business holds something else.
            InvalidRows: A line is not what was exported: its number, and what is wrong with it. Nothing was written.
            UnknownEvent: An entry is of a kind that this release does not know. Nothing was written.
        """
        return bringing.import_journal(self._store, file, progress)

    # Proof.

    def verify(self, *, progress: Report | None = None) -> Verification:
        """Check everything: the chain, the numbering, every live row against replay, claims against events, draws."""
        with self._store.reading() as session:
            return audit.verify(session, self._store.templates, progress)

    def rebuild(self, *, progress: Report | None = None) -> int:
        """Make every live row anew from the Journal alone; answer how many entries were read.

        Raises:
            Corrupt: An entry cannot be read; the rows are as they were.
        """
        rebuilt = self._store.write(lambda session: rebuilding.rebuild(session, self._store.templates, progress))
        self._store.figures.forget()  # What is owed was read from rows that may have been wrong.
        return rebuilt
