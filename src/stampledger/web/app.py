"""The back office as an ASGI application: mounted by a service in a line."""

import secrets as chance
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from stampledger.ledger import Ledger
from stampledger.web import actions, cards, codes, customer, dashboard, history, journal, journal_csv, journal_news
from stampledger.web.access import Authorize, Staff, let_in, nobody
from stampledger.web.addresses import checked_secret
from stampledger.web.asking import Asked, Office
from stampledger.web.assets import Static
from stampledger.web.failures import failed
from stampledger.web.forms import Fields, ForgedForm, Tickets, from_elsewhere, read_fields
from stampledger.web.headers import SafeHeaders
from stampledger.web.mounting import root
from stampledger.web.paths import PATHS

QUERY_BYTES_MAX = 8 * 1024

Page = Callable[[Asked], Response]

PAGES: dict[str, Page] = {
    "dashboard": dashboard.page,
    "journal": journal.page,
    "journal_filter": journal.filter_page,
    "journal_news": journal_news.page,
    "journal_csv": journal_csv.page,
    "code": codes.page,
    "cards": cards.page,
    "card": cards.card,
    "card_history": history.page,
    "card_action": actions.form,
    "card_view": customer.then_and_now,
    "card_page": customer.page,
}
ACTIONS: dict[str, Page] = {
    "card_action": actions.act,
}


def back_office(
    ledger: Ledger,
    *,
    authorize: Authorize = nobody,
    secret: bytes | None = None,
    customers_at: str | None = None,
) -> Starlette:
    """Make the back office of one business: the Journal, the cards, what customers saw, and every action on a card.

    Mount it under any path, in Starlette, FastAPI, Django or behind a proxy; it needs no lifespan. The ledger stays
    the caller's, who closes it.

    Args:
        ledger: The business's ledger.
        authorize: Answers for a request who may come in: a `Staff`, or None; a response is sent as it is, such as a
            redirect to a login. Nobody may by default.
        secret: What forms and customers' addresses are signed with, the same in all processes that serve them, at
            least 16 bytes. Without it one is drawn: good for one process, and until it ends. With several processes it
            is needed: a form shown by one would be refused by the others.
        customers_at: Where the service mounts `customer_pages`, with the same secret, so that cards link to them: a
            path such as "/cards", or a whole address on another site.

    Raises:
        InvalidInput: The secret is too short, or not bytes.
    """
    office = Office(ledger, authorize, *_signed(secret, ledger.business), customers_at)
    routes: list[BaseRoute] = [
        *(Route(PATHS[name], _endpoint(office, PAGES[name]), name=name) for name in sorted(PAGES, key=_parameters)),
        *(
            Route(PATHS[name], _endpoint(office, act, writes=True), methods=["POST"], name=name)
            for name, act in ACTIONS.items()
        ),
        Mount("/static", Static(), name="static"),
        Route("/{rest:path}", _endpoint(office, _no_page)),
    ]

    async def say(request: Request, error: Exception) -> Response:
        return await run_in_threadpool(failed, Asked(office, request, None), error)

    made = Starlette(routes=routes, middleware=[Middleware(SafeHeaders)], exception_handlers={HTTPException: say})
    made.router.redirect_slashes = False  # It would tell the browser a name out of the request's own header.
    made.router.default = _to_the_front
    return made


def _parameters(name: str) -> int:
    """How many parts of a page's path stand for anything: those with fewer are tried first."""
    return PATHS[name].count("{")


def _signed(secret: bytes | None, business: str) -> tuple[Tickets, bytes]:
    chosen = chance.token_bytes(32) if secret is None else checked_secret(secret)
    return Tickets(chosen, business), chosen


def _endpoint(office: Office, page: Page, *, writes: bool = False) -> Callable[[Request], Awaitable[Response]]:
    """Make what Starlette calls for a page: let the person in, read the request, answer, or say what went wrong."""

    async def answer(request: Request) -> Response:
        staff: Staff | None = None
        fields = Fields()
        try:
            if len(request.scope["query_string"]) > QUERY_BYTES_MAX:
                raise HTTPException(414)
            found = await let_in(office.authorize, request)
            if isinstance(found, Response):
                return found
            if found is None:
                raise HTTPException(403)
            staff = found
            if writes:
                if from_elsewhere(request):
                    raise ForgedForm
                if not staff.may_write:
                    raise HTTPException(403)
                fields = await read_fields(request)
            return await run_in_threadpool(page, Asked(office, request, staff, fields))
        except Exception as error:
            return await run_in_threadpool(failed, Asked(office, request, staff), error)

    return answer


def _no_page(ask: Asked) -> Response:
    raise HTTPException(404)


async def _to_the_front(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what no route matches: the mount path itself, whose slash is missing; a line's end; no web page at all."""
    if scope["type"] != "http":
        await WebSocketClose()(scope, receive, send)
    elif scope["path"] not in ("", scope.get("root_path")):
        raise HTTPException(404)
    else:
        await RedirectResponse(root(scope) + "/")(scope, receive, send)
