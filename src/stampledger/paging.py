"""Pages of a list, turned by key."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import attrs

from stampledger import checks
from stampledger.errors import InvalidInput
from stampledger.lookup import EVERYTHING

LIMIT_MAX = 1_000

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a list; `.next` goes to `before=` and `.previous` to `after=`. None is the end."""

    rows: tuple[T, ...]
    next: int | None = None
    previous: int | None = None

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __getitem__(self, index: int) -> T:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)


def page_of(rows: list[T], limit: int, before: int | None, after: int | None, key: Callable[[T], int]) -> Page[T]:
    """Make a page of up to *limit* + 1 rows: newest first, or oldest first after a cursor."""
    more = len(rows) > limit
    rows = rows[:limit]
    if after is not None:
        rows.reverse()
    older, newer = (more, before is not None) if after is None else (True, more)
    if not rows:
        return Page(rows=())
    return Page(rows=tuple(rows), next=key(rows[-1]) if older else None, previous=key(rows[0]) if newer else None)


def checked_paging(limit: int, before: int | None, after: int | None) -> int:
    """Check a limit and cursors.

    Raises:
        InvalidInput: They are none.
    """
    if before is not None and after is not None:
        raise InvalidInput("after", after, "must not be combined with before")
    for field, cursor in (("before", before), ("after", after)):
        if cursor is not None:
            checks.whole(cursor, field, 0, EVERYTHING)
    return checks.whole(limit, "limit", 1, LIMIT_MAX)
