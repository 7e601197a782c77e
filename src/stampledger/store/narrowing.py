"""A list that is narrowed, and the way to come by its rows.

The way is chosen here and not left to a database's planner: from what is few (one card's entries, a rare name's cards)
where something asked for is few, and else by walking through the list, where a page is soon full.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from stampledger.store import searching
from stampledger.store.compiled import Statement
from stampledger.store.searching import Search
from stampledger.store.session import Session
from stampledger.store.statements import Shape, Statements

NEAR = 200  # Rows that are looked at before it is asked how many there are of what is looked for.


@attrs.frozen
class Span:
    """The part of a list that a page is taken from: the keys of (low, high], from one end of it."""

    low: int
    high: int
    downwards: bool

    def split(self) -> "tuple[Span, Span]":
        """Answer the rows a page begins with, and the rest."""
        if self.downwards:
            middle = max(self.low, self.high - NEAR)
            return attrs.evolve(self, low=middle), attrs.evolve(self, high=middle)
        middle = min(self.high, self.low + NEAR)
        return attrs.evolve(self, high=middle), attrs.evolve(self, low=middle)

    def upto(self, last: int) -> "Span":
        """Answer it without what is beyond the end of the list."""
        return attrs.evolve(self, high=min(self.high, last))

    def after(self, key: int) -> "Span":
        """Answer the rest of it after a row."""
        return attrs.evolve(self, high=key - 1) if self.downwards else attrs.evolve(self, low=key)


@attrs.frozen
class Way:
    """How rows are come by: through the list itself, or from the streams, kinds or entries that are few."""

    name: str = "walk"
    few: tuple[int, ...] = ()


WALK = Way()


class Narrowed:
    """A list that is narrowed; `rows` answers a part of it. A row begins with its key and its stream."""

    def __init__(self, session: Session, build: Callable[[Statements, Shape], Statement], **values: Any) -> None:
        self.session = session
        self.way: Way = WALK
        self._build = build
        self._shape: dict[str, int] = {}
        self._values: dict[str, Any] = values

    def narrow(self, name: str, *chosen: Any) -> None:
        """Narrow it to rows that fit one of several values."""
        self._shape[name] = len(chosen)
        self._values.update({f"b_{name}{index}": value for index, value in enumerate(chosen)})

    def take(self, way: Way) -> None:
        """Come by its rows from what is few, unless something fewer was found before."""
        numbers = self.session.backend.numbers
        if self.way is WALK:
            self.way = way
        elif way.name != self.way.name:
            self.narrow(way.name)
            self._values[f"b_{way.name}"] = numbers(way.few)
        else:
            self.way = Way(way.name, tuple(set(way.few) & set(self.way.few)))

    def rows(self, span: Span, limit: int, way: Way, tests: Mapping[str, int] = {}, **tested: Any) -> list[Any]:
        """Answer the first rows of a span, those that pass some tests."""
        if span.low >= span.high or (way.name != "walk" and not way.few):
            return []
        values = {**self._values, **tested, "b_low": span.low, "b_high": span.high, "b_limit": limit}
        shape = {**self._shape, **tests, "downwards": int(span.downwards), way.name: 1}
        if way.name == "kinds":
            shape.pop("kind")
            found = [self._all(shape, {**values, "b_kinds": kind}) for kind in way.few]
            return _merged(found, span.downwards)[:limit]
        return self._all(shape, {**values, f"b_{way.name}": self.session.backend.numbers(way.few)})

    def _all(self, shape: dict[str, int], values: dict[str, Any]) -> list[Any]:
        statement = self.session.sql.page(self._build, tuple(sorted(shape.items())))
        return self.session.all(statement, **values)

    # Search.

    def searched(self, span: Span, limit: int, search: Search, fits: Callable[[Any], bool]) -> list[Any]:
        """Answer the first rows of a span that fit a search; *fits* says so of a row as it was known then."""
        way = self.way
        if way.name in ("streams", "seqs"):
            return self._walked(span, limit, way, search, fits, codes=search.codes)
        near, far = span.split()
        found = self._walked(near, limit, WALK, search, fits, codes=search.codes)
        rest = limit - len(found)
        if not rest or far.low >= far.high:
            return found
        customers = searching.few_customers(self.session, search)
        if customers is None:
            by_name = self._walked(far, rest, way, search, fits)
        else:
            streams = tuple({search.card, *streams_of(self.session, customers)} - {0})
            by_name = self.rows(far, rest, Way("streams", streams))
        by_code = self._coded(far, rest, search) if search.codes else []
        return found + _merged((by_name, by_code), span.downwards)[:rest]

    def _coded(self, span: Span, limit: int, search: Search) -> list[Any]:
        found: list[Any] = []
        while True:
            seqs = searching.coded(self.session, search, span.low, span.high, span.downwards)
            found += self.rows(span, limit, Way("seqs", tuple(seqs)))
            if len(found) >= limit or len(seqs) < searching.FEW:
                return found[:limit]
            span = span.after(seqs[-1])

    def _walked(
        self, span: Span, limit: int, way: Way, search: Search, fits: Callable[[Any], bool], codes: bool = False
    ) -> list[Any]:
        tests = {"past" if search.past else "present": 1} | ({"codes": 1} if codes else {})
        found: list[Any] = []
        while True:
            rows = self.rows(span, limit, way, tests, **search.values)
            found += [row for row in rows if fits(row)] if search.past else rows
            if len(rows) < limit or len(found) >= limit:
                return found[:limit]
            span = span.after(rows[-1][0])


def _merged(lists: Iterable[list[Any]], downwards: bool) -> list[Any]:
    """Answer the rows of several lists as one."""
    rows = {row[0]: row for part in lists for row in part}
    return [rows[key] for key in sorted(rows, reverse=downwards)]


def streams_of(session: Session, customers: list[int]) -> list[int]:
    """Answer the streams that are about some customers: their own, their cards and their coupons."""
    numbers = session.backend.numbers(customers)
    return [stream for (stream,) in session.all(session.sql.streams_of, b_customers=numbers)] if customers else []
