"""Reading: everything that can be asked of a ledger, as of any moment."""

from stampledger import answers, checks, projections
from stampledger.projections import Answer, Entry
from stampledger.render import CustomerPage, customer_page
from stampledger.store import history, lists
from stampledger.view.cards import CardReads
from stampledger.view.figures import FigureReads
from stampledger.view.journal import JournalReads
from stampledger.view.scans import CardRef, CustomerRef, RewardRef, Scan, TemplateRef

__all__ = ["CardRef", "CustomerRef", "RewardRef", "Scan", "TemplateRef", "View"]


class View(CardReads, JournalReads, FigureReads):
    """A business's stamp cards as of one moment. The live ledger is the view at now."""

    def customer_view(self, card: CardRef, *, lang: str | None = None, browser: str | None = None) -> CustomerPage:
        """Answer the customer's page; at a scan with its popup, else as it looks when it is opened.

        It speaks *lang*, else the customer's own language, else what the *browser* asks for by its header
        Accept-Language, else English.

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
        return customer_page(view, lang, browser)

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
