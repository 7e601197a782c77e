"""Cards and stamps."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Unpack
from uuid import UUID

from stampledger import batches, checks, commands, crediting
from stampledger.cards import StampCard
from stampledger.commands import CardCommand
from stampledger.errors import InvalidInput
from stampledger.ledger.base import Verbs
from stampledger.lookup import named, named_template
from stampledger.projections import Entry
from stampledger.values import MessageChannel, Platform
from stampledger.view import CardRef, CustomerRef, Scan, TemplateRef
from stampledger.writer import Call, Work


class CardVerbs(Verbs):
    """Verbs about one card."""

    def issue_card(self, template: TemplateRef, *, customer: CustomerRef | None = None, **call: Unpack[Call]) -> Scan:
        """Give out a card under a template's newest version (or the one named), to a customer or to nobody yet.

        Raises:
            TemplateNotFound: There is no such template or version.
            CustomerNotFound: There is no such customer.
            Refused: The customer was forgotten.
        """

        def body(work: Work) -> UUID | None:
            row, version, found = work.look.template(template)
            return batches.issue_card(work, row.id, version, found, batches.holder(work, customer))

        return self._do(call, ("issue_card", named_template(template), named(customer)), body)

    def add_stamps(
        self,
        card: CardRef,
        count: int | None = None,
        *,
        amount: Decimal | None = None,
        code: str | None = None,
        **call: Unpack[Call],
    ) -> Scan:
        """Credit stamps for a visit (one, or *count*), or for an amount where the template earns by amount.

        Where the template earns by visit, an amount is only noted. A code is good once, as the template says: the same
        again for the same card answers the first result, also after those stamps were voided. A refusal
        is recorded (unless the ledger was told not to) and raised; its `seq` is the entry that recorded it.

        Raises:
            Refused: A rule of the programme says no; `retry_at` says when it may say yes.
            CardNotFound: There is no such card.
            InvalidInput: The count, amount or code is none.
        """
        crediting.checked_credit(count, amount, code)
        keep = self._writer.keep_refusals

        def body(work: Work) -> UUID | None:
            return crediting.add_stamps(work, card, count, amount, code, keep)

        return self._do(call, ("add_stamps", named(card), count, amount, code), body, card=card, code=code)

    def void_stamps(
        self, scan: Scan | int | str, *, code: str | None = None, reason: str = "", **call: Unpack[Call]
    ) -> Scan:
        """Take back the stamps of a scan (named by itself, its id or its code) and what followed from them.

        Goals that are no longer reached lose their rewards as far as that is possible; the `StampVoided` event says
        what was taken back and what was not. Voiding the same scan again answers the first void. *code* is the
        cancellation's own, where it has one: `why` finds the void by it too.

        Raises:
            ScanNotFound: There is no such scan.
            InvalidInput: The scan added no stamps, or the code is that of several scans.
            Refused: A reward was redeemed and the template refuses the void then.
        """
        reason = checks.text(reason, "reason", empty=True)
        if code is not None:
            checks.text(code, "code")

        def body(work: Work) -> UUID | None:
            return crediting.void_stamps(work, crediting.scan_of(work, scan), reason, code)

        return self._do(call, ("void_stamps", getattr(scan, "id", scan), code, reason), body)

    def delete_card(self, card: CardRef, *, reason: str = "", **call: Unpack[Call]) -> Scan:
        """Take a card out of the lists; its history stays.

        Raises:
            CardNotFound: There is no such card.
        """
        checks.text(reason, "reason", empty=True)
        return self._on_card(
            call, ("delete_card", reason), card, lambda work, at, state: commands.DeleteCard(at=at, reason=reason)
        )

    def save_to_wallet(self, card: CardRef, platform: Platform | str, **call: Unpack[Call]) -> Scan:
        """Note that the customer keeps the card on a platform.

        Raises:
            CardNotFound: There is no such card.
        """
        chosen = checks.choice(Platform, platform, "platform")
        return self._on_card(
            call,
            ("save_to_wallet", chosen),
            card,
            lambda work, at, state: commands.SaveToWallet(at=at, platform=chosen),
        )

    def remove_from_wallet(self, card: CardRef, platform: Platform | str, **call: Unpack[Call]) -> Scan:
        """Note that the customer no longer keeps the card on a platform.

        Raises:
            CardNotFound: There is no such card.
        """
        chosen = checks.choice(Platform, platform, "platform")
        return self._on_card(
            call,
            ("remove_from_wallet", chosen),
            card,
            lambda work, at, state: commands.RemoveFromWallet(at=at, platform=chosen),
        )

    def send_message(
        self, card: CardRef, text: str, *, channels: Iterable[MessageChannel | str] = ("push",), **call: Unpack[Call]
    ) -> Scan:
        """Note a personal message sent to a card's customer; its text is sealed with the customer's key.

        Raises:
            CardNotFound: There is no such card.
            InvalidInput: The text is too long for a channel.
            Refused: The customer was forgotten.
        """
        chosen = batches.message_channels(channels, text)
        if not text.strip():
            raise InvalidInput("text", text, "must not be empty")

        def command(work: Work, at: datetime, state: StampCard) -> CardCommand:
            if state.customer_id is not None:
                batches.holder(work, state.customer_id)
            return commands.SendMessage(at=at, channels=chosen, text=text)

        def same(first: tuple[Entry, ...]) -> bool:
            return not first or getattr(first[0].event, "text", None) in (None, text)

        return self._on_card(call, ("send_message", chosen), card, command, same)
