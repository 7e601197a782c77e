"""What a request asks for: in which language, as of which moment, and how the pages it leads to are addressed."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import attrs
from starlette.requests import Request
from starlette.responses import HTMLResponse

from stampledger.errors import InvalidInput
from stampledger.ledger import Ledger
from stampledger.projections import CardView
from stampledger.render.languages import DEFAULT_LANGUAGE, known_language, language, preferred
from stampledger.render.office import office_html
from stampledger.render.words import Words
from stampledger.rules import start_of_day
from stampledger.values import Brand
from stampledger.view import View
from stampledger.web.access import Authorize, Staff
from stampledger.web.addresses import card_address
from stampledger.web.assets import version
from stampledger.web.forms import Fields, Ticket, Tickets
from stampledger.web.mounting import outside, root
from stampledger.web.paths import PATHS

KEPT = ("at", "lang")  # What every link carries on.


@attrs.frozen
class Office:
    """A back office: the ledger it shows, who may come in, and what its forms are signed with."""

    ledger: Ledger
    authorize: Authorize
    tickets: Tickets
    secret: bytes = attrs.field(repr=False)
    customers_at: str | None = None  # Where the customers' pages are mounted.


class Asked:
    """One request, read: a page takes it and answers a response."""

    def __init__(self, office: Office, request: Request, staff: Staff | None, fields: Fields | None = None) -> None:
        self.office = office
        self.request = request
        self.staff = staff
        self.fields: Fields = fields or Fields()
        self.params: Mapping[str, str] = {
            name: value.strip() for name, value in request.query_params.items() if value.strip()
        }

    # Language and moment.

    @cached_property
    def lang(self) -> str:
        """The page's language: the one asked for, else that of the staff, of the browser, or English.

        Raises:
            InvalidInput: The one asked for is none of ours.
        """
        if "lang" in self.params:
            return language(self.params["lang"])
        own = None if self.staff is None else known_language(self.staff.language)
        return own or preferred(self.request.headers.get("accept-language")) or DEFAULT_LANGUAGE

    @cached_property
    def words(self) -> Words:
        """The words of that language."""
        return Words(self.lang)

    @cached_property
    def moment(self) -> int | datetime | None:
        """The moment asked about, an entry's seq or a time; None is now.

        Raises:
            InvalidInput: It is none.
        """
        told = self.params.get("at")
        if told is None:
            return None
        digits = told.removeprefix("#")
        if digits.isascii() and digits.isdigit():
            return int(digits[:18])
        return self.instant("at", end=True)

    @cached_property
    def view(self) -> View:
        """The ledger as of the moment asked about; of now, it is that of the first read.

        Whatever is written while a page is made, all of the page is as of one entry.

        Raises:
            ScanNotFound: There is no such entry.
        """
        ledger = self.office.ledger
        return ledger.at(ledger.moment if self.moment is None else self.moment)

    @property
    def may_write(self) -> bool:
        """Whether actions are offered: not in the past, nor to those who may only look."""
        return self.moment is None and self.staff is not None and self.staff.may_write

    @cached_property
    def brand(self) -> Brand:
        """How the business showed itself."""
        return self.view.brand()

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone its days are in."""
        return ZoneInfo(self.brand.time_zone)

    # Parameters.

    def whole(self, name: str) -> int | None:
        """Answer a parameter that is a whole number.

        Raises:
            InvalidInput: It is none.
        """
        return Fields(self.params).whole(name)

    def instant(self, name: str, *, end: bool = False) -> datetime | None:
        """Answer a parameter that is a time or a day; without a zone, in the business's. *end* means the day's end.

        Raises:
            InvalidInput: It is neither.
        """
        told = self.params.get(name)
        if told is None:
            return None
        try:
            day = date.fromisoformat(told)
        except ValueError:
            return self._time(name, told)
        try:
            return start_of_day(day + timedelta(days=end), self._zone_of(name)) - timedelta(microseconds=end)
        except OverflowError:
            raise InvalidInput(name, told, "must be a day that a calendar can reckon with") from None

    def _time(self, name: str, told: str) -> datetime:
        try:
            at = datetime.fromisoformat(told)
            zoned = at if at.utcoffset() is not None else at.replace(tzinfo=self._zone_of(name))
            return zoned.astimezone(UTC)
        except (ValueError, OverflowError):
            raise InvalidInput(name, told, "must be a time like 2026-05-12T18:00") from None

    def _zone_of(self, name: str) -> ZoneInfo:
        """Answer the zone that a parameter without one is meant in: the page's own, once its moment is known."""
        return ZoneInfo(self.office.ledger.brand().time_zone) if name == "at" else self.zone

    # Answers.

    @property
    def fragment(self) -> bool:
        """Whether htmx asks for a part of the page, to put it into one that is open."""
        return self.request.headers.get("hx-request") == "true"

    def link(self, name: str, /, **values: object) -> str:
        """Answer the address of a page under wherever this is mounted, with the language and moment carried on.

        A value that is no part of the path becomes a parameter; one that is None is left out.
        """
        path = PATHS[name]
        kept = {key: self.params.get(key) for key in KEPT}
        query = {**kept, **values}
        for part in [key for key in values if f"{{{key}}}" in path]:
            path = path.replace(f"{{{part}}}", quote(str(query.pop(part)), safe=""))
        told = {key: value for key, value in query.items() if value is not None}
        return root(self.request.scope) + path + (f"?{urlencode(told, doseq=True)}" if told else "")

    def customer_link(self, card: CardView, scan: int | None = None) -> str | None:
        """Answer the customer's own address of a card; None where the customers' pages are mounted nowhere."""
        office = self.office
        if office.customers_at is None:
            return None
        told = card_address(office.secret, office.ledger.business, card, scan=scan)
        return f"{outside(self.request.scope, office.customers_at)}/{told}"

    def asset(self, file: str) -> str:
        """Answer the address of a style, script or picture, which changes when the file does."""
        return self.link("static", file=file, v=version(file), at=None, lang=None)

    def ticket(self) -> Ticket:
        """Make the ticket of a form on this page."""
        assert self.staff is not None
        return self.office.tickets.issue(self.staff.actor)

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Answer a page."""
        html = office_html(template, ask=self, lang=self.lang, link=self.link, asset=self.asset, **values)
        return HTMLResponse(html, status, {"Vary": "HX-Request, Accept-Language", "Content-Language": self.lang})
