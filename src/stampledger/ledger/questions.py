"""Questions that take a history apart: what differs between two moments, and what other rules had come to."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from stampledger import checks, codec, projections, whatif
from stampledger.batches import Report
from stampledger.errors import Corrupt, InvalidInput, ScanNotFound
from stampledger.ledger.base import Verbs
from stampledger.lookup import EVERYTHING, Moment
from stampledger.projections import Answer, Entry
from stampledger.render.changes import change_sentences
from stampledger.render.languages import DEFAULT_LANGUAGE, language
from stampledger.render.words import Words
from stampledger.store import history, lists
from stampledger.values import CardTemplate
from stampledger.view import CardRef, Scan, View
from stampledger.whatif import CardDifference, WhatIf


class Questions(Verbs):
    """Reads that look at more than one moment, or at one that never was."""

    def at(self, moment: Scan | Entry | Moment | datetime | int) -> View:
        """Answer the view at a past moment: right after a scan or an entry, at a time, or as a view's `moment` was.

        At a time, everything recorded by then is known, and what had lapsed by then has lapsed. What counts is when the
        ledger recorded a thing, not when a till says it happened: receipts of last year that were imported today were
        not known last year. To ask about a moment of an import, name its entry.

        Raises:
            ScanNotFound: There is no such entry.
            InvalidInput: It is no moment, or a datetime without a zone.
        """
        if isinstance(moment, Moment):
            checks.instant(moment.at, "at")
            if checks.whole(moment.seq, "at", 0, EVERYTHING) > self.seq:
                raise ScanNotFound(moment.seq)
            return self.at(moment.seq) if moment.scan else View(self._store, self._clock, moment)
        if isinstance(moment, datetime):
            at = checks.instant(moment, "at")
            with self._store.reading() as session:
                return View(self._store, self._clock, Moment(lists.seq_at(session, codec.microseconds(at)), at))
        seq = moment.last if isinstance(moment, Scan) else moment.seq if isinstance(moment, Entry) else moment
        if isinstance(seq, bool) or not isinstance(seq, int):
            raise InvalidInput("at", moment, "must be a scan, an entry, a seq or a datetime")
        with self._store.reading() as session:
            entry = history.entry_at(session, seq) if 0 < seq < EVERYTHING else None
            if entry is None:
                raise ScanNotFound(seq)
            scan = history.scan_entries(session, entry.scan, seq)
        if not scan:
            raise Corrupt(self._store.business_name, entry.stream, seq, "lies in a scan that does not begin")
        return self._after(scan)

    def compare(
        self,
        card: CardRef,
        a: Scan | Entry | Moment | datetime | int,
        b: Scan | Entry | Moment | datetime | int,
        *,
        lang: str | None = None,
    ) -> Answer:
        """Tell in sentences what differs on a card between two moments; nothing where both show the same.

        The moments are named as for `at`; where *b* is the earlier one, the sentences lead back. They speak *lang*,
        else English, with times in the business's zone as of *b*. The answer's entries are those of the card that were
        recorded between the two. `changes` tells the same as data.

        Raises:
            CardNotFound: This business had no such card at one of the moments.
            ScanNotFound: There is no such entry.
            InvalidInput: One is no moment, or the language is unknown.
        """
        words = Words(DEFAULT_LANGUAGE if lang is None else language(lang))
        then, now = self.at(a), self.at(b)
        found = projections.changes(then.card(card), now.card(card))
        first, last = sorted((then.seq, now.seq))
        with self._look() as look:
            row = look.card_row(card)
            entries = tuple(
                entry for entry in history.stream_entries(look.session, row, 0, row.version, last) if entry.seq > first
            )
        return Answer(sentences=change_sentences(found, words, now.brand().time_zone), entries=entries)

    def replay_under(
        self,
        rules: CardTemplate | Mapping[str, CardTemplate],
        *,
        since: datetime | None = None,
        cards: Iterable[CardRef] | None = None,
        values: Mapping[str, int] | None = None,
        limit: int = 1_000,
        each: Callable[[CardDifference], object] | None = None,
        progress: Report | None = None,
    ) -> WhatIf:
        """Decide the real history again under other rules, and tell what would have come of it. Nothing is written.

        What was asked of each card is recovered from its entries: credits, refused ones too, voids, redemptions and
        their reversals, draws, birthdays, campaigns, moves. It is decided anew in its order and at its times.

        What cannot be known: customers would have behaved otherwise under other rules, and here they do not. A voucher
        that was redeemed is redeemed here, too, if it is there; else another one of its title, or one that was given
        for the same reason, the first to expire; where there is none, the wish is counted as unmet. More vouchers are
        not redeemed more often: they lie outstanding, or expire. A lottery is drawn with the draw of the one it stands
        for, by its own shares; of lotteries that nobody played, nothing is known. Wishes that left no entry are lost:
        refused redemptions, moves and birthdays, and birthdays under a template without a gift.

        Args:
            rules: A template for every card, or templates by the keys of those they stand for, in all versions. Cards
                of other templates are decided under their own.
            since: From this moment of recording on; what was before is taken as it was, and a card that was there
                comes under its new rules by a forced move. Without it, every card was under them from its first day.
            cards: Only these. A code that another card used first stays used.
            values: What one reward of a title costs, in minor units of money.
            limit: How many differing cards the answer holds: those that differ most.
            each: Called with every differing card, as it is found; for whoever needs all of them.
            progress: Called with (cards done, cards in all) after every few cards. It may raise to end the work.

        Raises:
            TemplateNotFound: There is no template of such a key.
            CardNotFound: A card is unknown.
            InvalidInput: The rules are none, or *since* lies ahead.
        """
        return whatif.what_if(
            self._store,
            self.moment,
            rules,
            since=since,
            cards=cards,
            values=values,
            limit=limit,
            each=each,
            progress=progress,
        )
