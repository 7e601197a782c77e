"""Moving cards to another template version: shown first, then made."""

from collections.abc import Sequence
from uuid import UUID

import attrs

from stampledger import commands
from stampledger.aggregates import decide
from stampledger.batches import Batch, Move, Report, Tally, for_each, without_key
from stampledger.cards import StampCard, evolve_card
from stampledger.errors import Refused
from stampledger.events import Event
from stampledger.lookup import named, named_template
from stampledger.projections import Progress
from stampledger.store.session import StreamKind, StreamRow
from stampledger.writer import Call, Work, Writer


def move_to_template(
    writer: Writer,
    call: Call,
    template: object,
    cards: Sequence[object] | None,
    *,
    force: bool,
    dry_run: bool,
    progress: Report | None,
) -> Batch:
    """Show, and unless it is a dry run make, the move of cards to a template version."""
    tally = Tally()
    request = (
        "move_to_template",
        named_template(template),
        None if cards is None else [named(card) for card in cards],
        force,
    )
    with writer.store.reading() as session:
        look = writer.lookup(session)
        target, version, found = look.template(template)
        numbers = (
            [number for (number,) in session.all(session.sql.cards_under, b_template=target.number)]
            if cards is None
            else [look.card_row(card).number for card in cards]
        )

    def one(work: Work, number: int) -> UUID | None:
        row, state, held = work.card(work.session.stream_by_number(number).id)
        if state.deleted_at is not None or (state.template_id, state.template_version) == (target.id, version):
            return row.id
        command = commands.MoveToTemplate(
            at=work.at(state.latest_at),
            old=work.look.card_template(state),
            template=found,
            template_id=target.id,
            template_version=version,
            means=work.means,
            force=force,
        )
        try:
            told = decide(state, command)
        except Refused as refusal:
            tally.refused.append((row.id, refusal))
            tally.moves.append(
                _move(row, state, _replayed(state, decide(state, attrs.evolve(command, force=True))), refusal)
            )
            return row.id
        tally.moves.append(_move(row, state, _replayed(state, told), None))
        if not dry_run:
            work.record(row, row.id, StreamKind.CARD, state, told, held)
        return row.id

    call = without_key(call) if dry_run else call
    return for_each(writer, call, request, list(dict.fromkeys(numbers)), one, tally, progress, dry_run=dry_run)


def _replayed(card: StampCard, told: Sequence[Event]) -> StampCard:
    for event in told:
        card = evolve_card(card, event)
    return card


def _move(row: StreamRow, before: StampCard, after: StampCard, refusal: Refused | None) -> Move:
    return Move(
        card_id=row.id,
        number=before.number,
        before=Progress(stamps=before.standing.progress, required=before.stamps_required),
        after=Progress(stamps=after.standing.progress, required=after.stamps_required),
        template_version_before=before.template_version,
        refusal=refusal,
    )
