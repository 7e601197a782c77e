"""One constant statement, compiled once for a dialect."""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.sql import ClauseElement


class Statement:
    """SQL text in a dialect, and the order in which it takes its parameters."""

    __slots__ = ("_pick", "fixed", "order", "sql")

    def __init__(self, construct: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = construct.compile(dialect=dialect)
        self.sql: str = compiled.string
        self.order: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.fixed: Mapping[str, Any] = {name: value for name, value in compiled.params.items() if value is not None}
        # Half a microsecond quicker than a loop, some ten times a command; of a single name it would answer no tuple.
        self._pick: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None = (
            itemgetter(*self.order) if len(self.order) > 1 else None
        )

    def arguments(self, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        """Answer the parameters in the order of the text."""
        if self.fixed:
            parameters = {**self.fixed, **parameters}
        if self._pick is not None:
            return self._pick(parameters)
        return tuple([parameters[name] for name in self.order])
