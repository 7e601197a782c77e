"""The measures, each a target of the ledger's plan, in the order in which they are shown."""

from collections.abc import Callable, Mapping

from bench.measures import bulk, crowds, lists, office, past, replay, search, size, stamp, start
from bench.report import Row
from bench.workshop import Workshop

MEASURES: Mapping[str, Callable[[Workshop], list[Row]]] = {
    "stamp": stamp.stamp,
    "threads": crowds.threads,
    "stamp-postgresql": stamp.postgresql,
    "processes-postgresql": crowds.processes,
    "threads-postgresql": crowds.threads_on_postgresql,
    "bulk": bulk.bulk,
    "replay": replay.replay,
    "moment": past.moment,
    "lists": lists.lists,
    "search": search.search,
    "office": office.office,
    "growth": size.growth,
    "disk": size.disk,
    "start": start.start,
}
