"""Who may come in: the mounting service decides, request by request, and nobody may unless it says so."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable

import attrs
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from stampledger import checks


@attrs.frozen
class Staff:
    """A person of the business who is let in.

    *actor* is the login that every entry of theirs carries; one that may not write sees everything and changes nothing.
    """

    actor: str = attrs.field(validator=checks.checked(checks.text))
    may_write: bool = attrs.field(default=True, kw_only=True)
    language: str | None = attrs.field(default=None, kw_only=True)


# Staff is let in, a response (such as a redirect to a login) is sent instead, None is turned away.
Answer = Staff | Response | None
Authorize = Callable[[Request], Answer | Awaitable[Answer]]


def nobody(request: Request) -> None:
    """Turn everybody away: what a back office does until it is told whom to let in."""


async def let_in(authorize: Authorize, request: Request) -> Answer:
    """Ask who a request comes from; a plain function is asked in a thread, since it may wait for a database.

    Raises:
        HTTPException: The function turns the request away itself.
        DoorBroken: It fails, or answers something else; nobody is let in by mistake, nor told what it stumbled over.
    """
    try:
        answer = await run_in_threadpool(authorize, request)
        if isawaitable(answer):
            answer = await answer
    except HTTPException:
        raise
    except Exception as error:
        raise DoorBroken("authorize failed, so nobody is let in") from error
    if answer is None or isinstance(answer, Staff | Response):
        return answer
    raise DoorBroken(f"authorize must answer a Staff, a response or None, not {type(answer).__name__}")


class DoorBroken(Exception):
    """The function that knows who may come in does not work; what is wrong with it stands in the log only."""


class TokenWanted(HTTPException):
    """Nobody is let in without the address that was printed at the start."""

    def __init__(self) -> None:
        super().__init__(403)
