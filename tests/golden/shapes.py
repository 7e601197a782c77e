"""
Events with anything in their fields that they can hold, made from the types of the fields.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Any, get_args, get_origin
from uuid import UUID

import attrs
from hypothesis import strategies as st

from stampledger import Brand, CardTemplate, Person, Variant, Voucher
from stampledger.events import Event
from stampledger.testing import lotteries, templates, vouchers

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
NAME = TEXT.map(lambda text: f"x{text}")

SHAPES: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(0, (1 << 62) - 1),
    UUID: st.uuids(),
    datetime: st.datetimes(datetime(1900, 1, 1), datetime(9000, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    date: st.dates(),
    timedelta: st.timedeltas(timedelta(microseconds=1), timedelta(days=36_525)),
    Decimal: st.decimals(Decimal("0.0000001"), 100, places=7),
    type(None): st.none(),
    Voucher: vouchers(),
    Variant: lotteries().map(lambda lottery: lottery.variants[0]),
    CardTemplate: templates(),
    Brand: st.builds(
        Brand,
        name=NAME,
        logo_url=st.none() | NAME.map("https://{}".format),
        footer=TEXT,
        time_zone=st.sampled_from(("UTC", "Asia/Seoul")),
    ),
    Person: st.builds(
        Person,
        name=NAME,
        email=st.none() | st.just("zoe@example.com"),
        birthday=st.none() | st.dates(),
        language=st.none() | st.sampled_from(("ko", "pt-BR")),
        reference=st.none() | NAME,
    ),
}


def events_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Events of a kind, whose time is still to be set."""
    if kind not in _MADE:  # Building a strategy costs more than drawing from it.
        fields = [field for field in attrs.fields(kind) if field.name != "at"]
        _MADE[kind] = st.builds(kind, **{field.name: of(field.type) for field in fields})
    return _MADE[kind]


_MADE: dict[type[Event], st.SearchStrategy[Event]] = {}


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type."""
    if kind in SHAPES:
        return SHAPES[kind]
    if isinstance(kind, UnionType):
        return st.one_of(*(of(one) for one in get_args(kind)))
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return st.lists(of(inner[0]), max_size=4).map(tuple)
        return st.tuples(*(of(one) for one in inner))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from(kind)
    assert attrs.has(kind), kind
    return st.builds(kind, **{field.name: of(field.type) for field in attrs.fields(kind)})
