"""What staff do with a card: each action is a form in the card's panel, and acts once when it is sent."""

import attrs
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from stampledger.errors import InvalidInput, Refused, RewardNotFound, ScanNotFound, StampledgerError
from stampledger.projections import CardView, JournalRow
from stampledger.values import Channel
from stampledger.web.asking import Asked
from stampledger.web.cards import Form, kept, show
from stampledger.web.deeds import DEEDS, Deed
from stampledger.writer import Call

SCANS_MAX = 25  # Offered to be voided, newest first.
VOIDS_MAX = 1_000  # Looked at for them.
FIELDS = {"valid_for": "days", "valid_months": "months", "valid_until": "until", "channels": "push"}
CARRIED = ("key", "token")  # What a form carries beside what is filled in.


def form(ask: Asked) -> Response:
    """Show the form of an action in the card's panel; of the past there is none.

    Raises:
        HTTPException: There is no such action, or the person may only look.
    """
    action, staff = _action(ask), ask.staff
    if staff is None or not staff.may_write:
        raise HTTPException(403)
    card = ask.view.card(ask.request.path_params["number"])
    return show(ask, card, form=_form(ask, card, action, dict(ask.params)) if ask.may_write else None)


def act(ask: Asked) -> Response:
    """Carry an action out and go back to the card, which tells what was written; or show what stood in its way.

    Raises:
        ForgedForm: The form was not shown to this person.
        InvalidInput: It is sent to a page of the past.
    """
    action, ledger, staff = _action(ask), ask.office.ledger, ask.staff
    assert staff is not None
    key = ask.office.tickets.redeem(staff.actor, ask.fields)
    if ask.moment is not None:
        raise InvalidInput("at", ask.params["at"], "must not be given with an action: the past cannot be changed")
    card = ledger.card(ask.request.path_params["number"])
    call = Call(idempotency_key=key, actor=staff.actor, channel=Channel.WEB)
    try:
        scan = DEEDS[action](Deed(ledger, card, ask.fields, call))
    except (Refused, InvalidInput, RewardNotFound, ScanNotFound) as problem:
        now = ask.view.card(card.id)  # Looked at only now, so that it knows of the refusal.
        given = {name: value for name, value in ask.fields.items() if name not in CARRIED}
        return show(ask, now, form=_form(ask, now, action, given, problem), status=_status(problem))
    done = scan.id if scan.entries else 0
    again = 1 if scan.repeated and done else None
    return RedirectResponse(ask.link("card", number=card.number, done=done, again=again, **kept(ask)), 303)


def _action(ask: Asked) -> str:
    action = str(ask.request.path_params["action"])
    if action not in DEEDS:
        raise HTTPException(404)
    return action


def _status(problem: StampledgerError) -> int:
    match problem:
        case Refused():
            return 409
        case InvalidInput():
            return 400
    return 404


def _form(
    ask: Asked, card: CardView, action: str, given: dict[str, str], problem: StampledgerError | None = None
) -> Form:
    wrong = None
    if isinstance(problem, InvalidInput):
        wrong = problem.field.rpartition(".")[2]
        problem = attrs.evolve(problem, field=wrong)  # Whose field it is in the library says nothing here.
    return Form(
        action=action,
        given=given,
        scans=_voidable(ask, card) if action == "void" else (),
        problem=problem,
        field=None if wrong is None else FIELDS.get(wrong, wrong),
    )


def _voidable(ask: Asked, card: CardView) -> list[JournalRow]:
    """Answer the credits of a card whose stamps still stand, newest first."""
    voids = ask.view.journal(card=card, kinds=["stamp_voided"], limit=VOIDS_MAX)
    undone = {getattr(row.event, "scan", None) for row in voids}
    credits = ask.view.journal(card=card, kinds=["stamp_added"], limit=min(SCANS_MAX + len(undone), VOIDS_MAX))
    return [row for row in credits if row.scan not in undone][:SCANS_MAX]
