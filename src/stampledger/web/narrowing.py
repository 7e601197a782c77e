"""What the Journal is narrowed to: read from an address, kept by links, shown as chips that can be removed."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import attrs

from stampledger import checks
from stampledger.errors import InvalidInput
from stampledger.lookup import names_on_disk
from stampledger.render.dates import day_text, moment_text
from stampledger.render.labels import channel_label, kind_label
from stampledger.values import Channel
from stampledger.web.asking import Asked

# The kinds of entries as a person looks for them.
STAMPS = ("stamp_added", "stamp_rejected", "stamp_voided", "stamps_expired", "goal_reached", "cycle_started")
CARDS = (
    *("card_issued", "card_imported", "template_changed", "card_expired", "card_deleted"),
    *("wallet_saved", "wallet_removed"),
)
REWARDS = (
    *("award_granted", "voucher_issued", "voucher_redeemed", "redemption_reversed", "voucher_expired"),
    *("voucher_voided", "lottery_granted", "lottery_played", "lottery_voided"),
)
SENT = ("birthday_reached", "campaign_sent", "message_sent")
BUSINESS = (
    *("customer_registered", "customer_updated", "customer_forgotten", "template_published"),
    *("brand_set", "campaign_created"),
)

SEARCH_LENGTH_MAX = checks.NAME_LENGTH_MAX


@attrs.frozen
class Chip:
    """Something the Journal is narrowed to, and the address without it."""

    text: str
    href: str


@attrs.frozen(kw_only=True)
class Narrowing:
    """What the Journal is narrowed to, as it was asked for."""

    search: str | None = None
    kinds: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    template: str | None = None
    channel: str | None = None
    actor: str | None = None
    code: str | None = None

    @property
    def parts(self) -> dict[str, Any]:
        """The parameters of an address that keeps all of it."""
        told = attrs.asdict(self, recurse=False)
        kinds = told.pop("kinds")
        return {"kind": list(kinds) or None, **told}

    @property
    def fields(self) -> Iterator[tuple[str, str]]:
        """The hidden fields of a form that keeps all of it."""
        for name, value in self.parts.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    yield name, one


def narrowing(ask: Asked) -> Narrowing:
    """Read what the Journal is narrowed to."""
    kinds = (kind.strip() for kind in ask.request.query_params.getlist("kind"))
    names = (field.name for field in attrs.fields(Narrowing) if field.name != "kinds")
    told = {name: ask.params.get(name) for name in names}
    return Narrowing(kinds=tuple(dict.fromkeys(kind for kind in kinds if kind)), **told)


def filters(ask: Asked, narrowed: Narrowing) -> dict[str, Any]:
    """Answer it as `View.journal` takes it.

    Raises:
        InvalidInput: A part of it is none, named as it is in the address.
    """
    told = attrs.asdict(narrowed, recurse=False) | {
        "kinds": narrowed.kinds or None,
        "since": ask.instant("since"),
        "until": ask.instant("until", end=True),
    }
    try:
        names_on_disk(narrowed.kinds)
    except InvalidInput as error:
        raise InvalidInput("kind", error.value, error.reason) from None
    return told


def chips(ask: Asked, narrowed: Narrowing) -> list[Chip]:
    """Show each thing the Journal is narrowed to."""
    say, found = ask.words.say, []

    def chip(text: str, **without: Any) -> None:
        found.append(Chip(text, ask.link("journal", **attrs.evolve(narrowed, **without).parts)))

    if narrowed.search is not None:
        chip(say("Search: %(text)s", text=narrowed.search), search=None)
    for kind in narrowed.kinds:
        rest = tuple(other for other in narrowed.kinds if other != kind)
        chip(kind_label(ask.words, kind), kinds=rest)
    if narrowed.since is not None:
        chip(say("From %(date)s", date=_day_or_moment(ask, narrowed.since, ask.instant("since"))), since=None)
    if narrowed.until is not None:
        until = ask.instant("until", end=True)
        chip(say("Until %(date)s", date=_day_or_moment(ask, narrowed.until, until)), until=None)
    if narrowed.template is not None:
        titles = {one.key: one.template.name for one in ask.view.templates()}
        title = titles.get(narrowed.template, narrowed.template)
        chip(say("Card template: %(name)s", name=title), template=None)
    if narrowed.channel is not None:
        chip(say("Channel: %(name)s", name=channel_label(ask.words, narrowed.channel)), channel=None)
    if narrowed.actor is not None:
        chip(say("Login: %(name)s", name=narrowed.actor), actor=None)
    if narrowed.code is not None:
        chip(say("Code: %(code)s", code=narrowed.code), code=None)
    return found


def _day_or_moment(ask: Asked, told: str, at: datetime | None) -> str:
    try:
        return day_text(date.fromisoformat(told), ask.lang)
    except ValueError:
        assert at is not None
        return moment_text(at, ask.brand.time_zone, ask.lang)


def groups(ask: Asked) -> list[tuple[str, list[tuple[str, str]]]]:
    """Answer the kinds of entries to choose from: (title, (kind, label) …), in groups."""
    say = ask.words.say
    return [
        _group(ask, say("Stamps"), STAMPS),
        _group(ask, say("Rewards"), REWARDS),
        _group(ask, say("Cards"), CARDS),
        _group(ask, say("Greetings and messages"), SENT),
        _group(ask, say("Customers and the business"), BUSINESS),
    ]


def _group(ask: Asked, title: str, kinds: Sequence[str]) -> tuple[str, list[tuple[str, str]]]:
    return title, _choices(kinds, lambda kind: kind_label(ask.words, kind))


def channels(ask: Asked) -> list[tuple[str, str]]:
    """Answer the channels to choose from: (channel, label)."""
    return _choices(tuple(Channel), lambda channel: channel_label(ask.words, channel))


def _choices(values: Sequence[str], label: Callable[[str], str]) -> list[tuple[str, str]]:
    return [(str(value), label(value)) for value in values]
