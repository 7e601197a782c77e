"""The page that tells what became of a code: why the stamp did not go through, or whose voucher it is."""

from starlette.responses import Response

from stampledger.projections import CardView, RewardView
from stampledger.web.asking import Asked
from stampledger.web.journal import shown
from stampledger.web.narrowing import SEARCH_LENGTH_MAX, Narrowing

REDEEM_CODE_LENGTH_MAX = 64
ROWS = 100  # More than any code was ever tried, but a page has an end.


def page(ask: Asked) -> Response:
    """Show what a code did, or which rule said no; without a code, the field for one."""
    code = ask.params.get("code")
    if code is None:
        return ask.page("codes.html", code=None, vouchers=(), code_length_max=SEARCH_LENGTH_MAX)
    found = ask.view.vouchers(code) if len(code) <= REDEEM_CODE_LENGTH_MAX else ()
    vouchers = [(reward, _holder(ask, reward)) for reward in found]
    answer = ask.view.why(code)
    rows = ask.view.journal(code=code, limit=ROWS)
    values = shown(ask, Narrowing(code=code), rows)
    return ask.page(
        "codes.html", code=code, vouchers=vouchers, answer=answer, code_length_max=SEARCH_LENGTH_MAX, **values
    )


def _holder(ask: Asked, reward: RewardView) -> CardView | None:
    """Answer the card a voucher is on; None where whoever brings it holds it."""
    return None if reward.card_id is None else ask.view.card(reward.card_id)
