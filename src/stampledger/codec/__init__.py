"""Events to canonical bytes and back, their names on disk, and the hash chain over them.

What is stored is a promise: a kind's name and the meaning of its fields never change. A new shape is a new kind, and
the old one is turned into it when it is read (`UPCASTS`). A stored name is only ever looked up in this table, so that
nothing stored can import or run anything.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

import attrs
import msgspec
from cattrs import Converter
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.fns import identity
from cattrs.gen import make_dict_unstructure_fn, override

from stampledger import aggregates, cards, events, rewards, standing, values
from stampledger.errors import StampledgerError, shown
from stampledger.events import Event
from stampledger.frozen import made

T = TypeVar("T")
Seal = Callable[[bytes], bytes]
Unseal = Callable[[bytes], bytes | None]  # None where the key is gone.
Reader = Callable[..., Event]  # (body, at, code, unseal) of one kind, to the event of a stored entry.

KINDS: Mapping[str, type[Event]] = {
    "card.issued.v1": events.CardIssued,
    "card.imported.v1": events.CardImported,
    "card.stamp_added.v1": events.StampAdded,
    "card.stamp_rejected.v1": events.StampRejected,
    "card.stamp_voided.v1": events.StampVoided,
    "card.stamps_expired.v1": events.StampsExpired,
    "card.cycle_started.v1": events.CycleStarted,
    "card.goal_reached.v1": events.GoalReached,
    "card.template_changed.v1": events.TemplateChanged,
    "card.expired.v1": events.CardExpired,
    "card.deleted.v1": events.CardDeleted,
    "card.award_granted.v1": events.AwardGranted,
    "card.voucher_issued.v1": events.VoucherIssued,
    "card.lottery_granted.v1": events.LotteryGranted,
    "card.lottery_played.v1": events.LotteryPlayed,
    "card.lottery_voided.v1": events.LotteryVoided,
    "card.voucher_redeemed.v1": events.VoucherRedeemed,
    "card.redemption_reversed.v1": events.RedemptionReversed,
    "card.voucher_expired.v1": events.VoucherExpired,
    "card.voucher_voided.v1": events.VoucherVoided,
    "card.birthday_reached.v1": events.BirthdayReached,
    "card.campaign_sent.v1": events.CampaignSent,
    "card.message_sent.v1": events.MessageSent,
    "card.wallet_saved.v1": events.WalletSaved,
    "card.wallet_removed.v1": events.WalletRemoved,
    "template.published.v1": events.TemplatePublished,
    "brand.set.v1": events.BrandSet,
    "customer.registered.v1": events.CustomerRegistered,
    "customer.updated.v1": events.CustomerUpdated,
    "customer.forgotten.v1": events.CustomerForgotten,
    "campaign.created.v1": events.CampaignCreated,
}

# An old kind, the kind that follows it, and how its body becomes that kind's. None is old yet.
UPCASTS: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {}

_RESERVED = re.compile(r"[a-z_]+\.[a-z_]+\.v[0-9]+")


class Unreadable(ValueError):
    """Stored bytes are not what this codec writes; whoever knows the entry says which it is."""


class UnknownKind(Unreadable):
    """A stored kind is not in the table: written by a newer release, or by nobody."""


def is_reserved(name: str) -> bool:
    """Answer whether a name on disk is ours, in this release or in a later one: card.stamp_added.v1."""
    return _RESERVED.fullmatch(name) is not None


def present_name(name: str) -> str:
    """Answer the name under which a kind is written today: an old kind is read as the one that followed it."""
    while name in UPCASTS:
        name = UPCASTS[name][0]
    return name


def short_name(name: str) -> str:
    """Answer the name people use for a kind on disk: card.stamp_added.v1 is stamp_added, card.issued.v1 card_issued."""
    return _SHORT.get(name) or _SHORT.get(present_name(name), name)


def names_of(short: str) -> tuple[str, ...]:
    """Answer every name on disk, old and new, of the kind people call *short*; none where there is no such kind."""
    return tuple(name for name in (*KINDS, *UPCASTS) if short_name(name) == short)


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


_SHORT = {name: _snake_case(kind.__name__) for name, kind in KINDS.items()}
SHORT_NAMES: Mapping[str, str] = {short: name for name, short in _SHORT.items()}

# Time on disk: microseconds since 1970, UTC.

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Answer an instant as whole microseconds since 1970."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(since_1970: int) -> datetime:
    """Answer the instant of whole microseconds since 1970."""
    try:
        return _EPOCH + since_1970 * _MICROSECOND
    except (OverflowError, TypeError) as error:
        raise Unreadable(f"no calendar has {shown(since_1970)} microseconds since 1970") from error


# Shapes. msgspec reads an event straight into its class; where a class holds a choice of several (a reward), and for
# upcasts, cattrs does. An event's fields that have their default value are left out of its body; a published template
# is written out in full.

_ENVELOPE = ("at", "code")  # In columns of the Journal.
_REWARDS: Mapping[str, type] = {"award": values.Award, "voucher": values.Voucher, "lottery": values.Lottery}
_CHOICES = (values.Award | values.Voucher | values.Lottery, values.Award | values.Voucher | None)
_STATES: tuple[type, ...] = (
    cards.StampCard,
    aggregates.Coupon,
    aggregates.Customer,
    aggregates.PublishedTemplate,
    aggregates.Campaign,
    aggregates.BrandState,
    rewards.IssuedReward,
)

_converter = Converter(forbid_extra_keys=True, detailed_validation=False)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_asdict = msgspec.structs.asdict


def _leaf(value: Any, kind: Any) -> Any:
    return msgspec.convert(value, kind)


def _unstructure_choice(reward: Any) -> Any:
    if reward is None:
        return None
    return {"type": type(reward).__name__.lower(), **_converter.unstructure(reward)}


def _structure_choice(value: Any, _: Any) -> Any:
    if value is None:
        return None
    fields = dict(value)
    return _converter.structure(fields, _REWARDS[fields.pop("type")])


def _light(kind: type) -> Callable[[Any], dict[str, Any]]:
    """Make the function that leaves out what has its default, what lies in columns and what has rows of its own."""
    apart = _ENVELOPE if issubclass(kind, Event) else ("rewards",) if kind is cards.StampCard else ()
    told: dict[str, Any] = {field.name: override(omit=True) for field in attrs.fields(kind) if field.name in apart}
    if kind is cards.StampCard:  # To compare these with their defaults takes longer than to write them.
        told |= {name: override(omit_if_default=False) for name in ("customer_id", "standing")}
    return make_dict_unstructure_fn(kind, _converter, _cattrs_omit_if_default=True, **told)


_kind: Any
for _kind in (datetime, date, timedelta, Decimal, UUID):
    _converter.register_unstructure_hook(_kind, identity)  # By which cattrs knows that there is nothing to call.
    _converter.register_unstructure_hook(_kind | None, identity)
for _kind in (datetime, date, timedelta, Decimal, UUID, int, str, bool):
    _converter.register_structure_hook(_kind, _leaf)
for _choice in _CHOICES:
    _converter.register_unstructure_hook(_choice, _unstructure_choice)
    _converter.register_structure_hook(_choice, _structure_choice)
_DICTS: dict[type, Callable[[Any], dict[str, Any]]] = {}
for _kind in (standing.Standing, cards.Credit, *_STATES, *KINDS.values()):
    _DICTS[_kind] = _light(_kind)
    _converter.register_unstructure_hook(_kind, _DICTS[_kind])


def _twin(kind: type, names: Collection[str]) -> Callable[[bytes], Any] | None:
    """Make a reader of some fields of a class; None where one is a choice that msgspec does not tell apart.

    It reads into a class of msgspec's own: that refuses unknown fields, which it lets pass elsewhere, and it is read in
    0.1 µs, where a class with a dozen fields at their defaults takes 0.6.
    """
    assert not any(field.validator or field.converter for field in attrs.fields(kind)), kind
    hints = get_type_hints(kind)
    fields = [field for field in attrs.fields(kind) if field.name in names]
    twin = msgspec.defstruct(
        kind.__name__,
        [(field.name, hints[field.name], _default(field.default)) for field in fields],
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,
    )
    try:
        return msgspec.json.Decoder(twin).decode
    except TypeError:
        return None


def _default(default: Any) -> Any:
    return msgspec.NODEFAULT if default is attrs.NOTHING else default


class _Shape:
    """How one class is written and read."""

    def __init__(self, kind: type) -> None:
        fields = attrs.fields(kind)
        self.kind = kind
        self.has_code = issubclass(kind, Event) and any(field.name == "code" for field in fields)
        self.personal = tuple(field.name for field in fields if field.metadata.get("personal"))
        self.to_dict = _DICTS[kind]
        self.absent = _ABSENT.get(kind, {})
        apart = _ENVELOPE if issubclass(kind, Event) else tuple(self.absent)
        self.names = frozenset(field.name for field in fields if field.name not in apart)
        self.read = None if self.personal else _twin(kind, self.names)

    def write(self, value: Any, seal: Seal | None) -> bytes:
        fields = self.to_dict(value)
        for name in self.personal:
            if fields.get(name) is not None:
                assert seal is not None, f"{self.kind.__name__} holds personal data"
                fields[name] = base64.b64encode(seal(_encode(fields[name]))).decode()
        return _encode(fields)

    def event(self, body: bytes, at: datetime, code: str | None, unseal: Unseal | None = None) -> Event:
        try:
            fields = vars(self.build(body, unseal)) if self.read is None else _asdict(self.read(body))
        except (*_FAULTS, StampledgerError) as error:
            raise Unreadable(f"{type(error).__name__}: {shown(str(error))}") from error
        fields["at"] = at
        if self.has_code:
            fields["code"] = code
        return made(self.kind, fields)

    def state(self, body: bytes, unseal: Unseal | None) -> Any:
        if self.read is not None:
            try:
                return made(self.kind, _asdict(self.read(body)) | self.absent)
            except msgspec.ValidationError:
                if not self.absent:
                    raise
        return self.build(body, unseal)

    def build(self, body: bytes, unseal: Unseal | None) -> Any:
        fields = _decode(body)
        if not fields.keys() <= self.names | self.absent.keys():
            raise Unreadable(f"unknown fields {sorted(fields.keys() - self.names)}")
        for name in self.personal:
            if fields.get(name) is not None:
                plain = None if unseal is None else unseal(base64.b64decode(fields[name], validate=True))
                fields[name] = None if plain is None else _decode(plain)
        return _converter.structure(fields, self.kind)


# A card's body holds no rewards, and a reward's seldom variants: choices that only cattrs could read, at four times the
# cost. So they are read without; a body that has them is left to cattrs.
_ABSENT: Mapping[type, dict[str, Any]] = {cards.StampCard: {"rewards": {}}, rewards.IssuedReward: {"variants": ()}}

_SHAPES = {kind: _Shape(kind) for kind in (*KINDS.values(), *_STATES)}
_READERS: Mapping[str, Reader] = {name: _SHAPES[kind].event for name, kind in KINDS.items()}
_FAULTS = (
    msgspec.MsgspecError, ForbiddenExtraKeysError, ValueError, TypeError, KeyError, AttributeError, RecursionError,
    OverflowError,
)  # fmt: skip


def holds_personal(name: str) -> bool:
    """Answer whether events of a kind hold sealed fields."""
    kind = KINDS.get(present_name(name))
    return kind is not None and bool(_SHAPES[kind].personal)


# Of a kind of event: its name on disk, the one people use, whether it has a code, and whether personal data.
FACTS: Mapping[type[Event], tuple[str, str, bool, bool]] = {
    kind: (name, _SHORT[name], _SHAPES[kind].has_code, bool(_SHAPES[kind].personal)) for name, kind in KINDS.items()
}


def encode(event: Event, seal: Seal | None = None) -> bytes:
    """Answer an event's body: canonical JSON, which is hashed as it is stored and never written again."""
    assert event.at is not events.UNSET, f"{type(event).__name__} has no time"
    return _SHAPES[type(event)].write(event, seal)


def decode(name: str, body: bytes, at: datetime, code: str | None, unseal: Unseal | None = None) -> Event:
    """Answer the event of a stored entry.

    Raises:
        UnknownKind: The kind is not in the table.
        Unreadable: The body is not what this kind is written as.
    """
    read = _READERS.get(name) or reader(name)
    return read(body, at, code, unseal)


def reader(name: str) -> Reader:
    """Answer what decodes the bodies of one kind, looked up once for many of them."""
    return _READERS.get(name) or partial(_upcast, name)


def _upcast(name: str, body: bytes, at: datetime, code: str | None, unseal: Unseal | None = None) -> Event:
    if name not in UPCASTS:
        raise UnknownKind(f"the kind {shown(name)} is unknown to this release")
    try:
        fields = _decode(body)
        while name in UPCASTS:
            name, change = UPCASTS[name]
            fields = change(fields)
        body = _encode(fields)
    except _FAULTS as error:
        raise Unreadable(f"{type(error).__name__}: {shown(str(error))}") from error
    return _READERS[name](body, at, code, unseal)


def dump_state(state: Any, seal: Seal | None = None) -> bytes:
    """Answer a state as bytes, for a live row or a checkpoint."""
    return _SHAPES[type(state)].write(state, seal)


def load_state(kind: type[T], body: bytes, unseal: Unseal | None = None) -> T:
    """Answer the state of a live row or a checkpoint.

    Raises:
        Unreadable: The bytes are not such a state.
    """
    try:
        state: T = _SHAPES[kind].state(body, unseal)
    except (*_FAULTS, StampledgerError) as error:
        raise Unreadable(f"{type(error).__name__}: {shown(str(error))}") from error
    return state


def request_digest(request: tuple[Any, ...]) -> bytes:
    """Answer 16 bytes that tell one request from another, for idempotency keys."""
    try:
        told = _encode(_converter.unstructure(request))
    except _FAULTS:  # Whoever carries it out says which part of it is none.
        told = shown(request).encode(errors="backslashreplace")
    return hashlib.sha256(told).digest()[:16]


# The chain. hash(0) is the genesis; hash(seq) = SHA-256(hash(seq - 1) || seq || recorded_at || digest), both numbers as
# 8 bytes, big-endian; digest = SHA-256(header || line feed || body). The header is a JSON array of what is known before
# the entry has a number.

_NUMBERS = struct.Struct(">qq")


def genesis(business: str) -> bytes:
    """Answer the hash before a business's first entry."""
    return hashlib.sha256(b"stampledger journal 1\n" + business.encode()).digest()


def digest(
    stream: UUID | str,
    version: int,
    name: str,
    place: int,
    at: int,
    code: str | None,
    actor: str | None,
    channel: str | None,
    body: bytes,
) -> bytes:
    """Answer the digest of an entry: its place in its scan and stream, what is in columns, and its body."""
    header = _encode((stream, version, name, place, at, code, actor, channel))
    return hashlib.sha256(header + b"\n" + body).digest()


def link(previous: bytes, seq: int, recorded_at: int, entry_digest: bytes) -> bytes:
    """Answer the hash of an entry from the hash before it."""
    return hashlib.sha256(previous + _NUMBERS.pack(seq, recorded_at) + entry_digest).digest()
