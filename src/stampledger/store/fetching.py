"""Many rows fetched by few statements, for whoever goes through entries by the thousand."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from stampledger.store.compiled import Statement
from stampledger.store.kinds import StreamKind
from stampledger.store.session import Session
from stampledger.store.statements import AMONG


def fetch_streams(session: Session, ids: Iterable[bytes]) -> None:
    """Remember streams, by their ids, with their cards and keys."""
    assert not session.plan
    wanted = list(ids)
    streams = _among(session, session.sql.streams_by_ids, wanted)
    cards = [row[0] for row in streams if row[2] == StreamKind.CARD]
    keys = dict(_among(session, session.sql.keys_by_subjects, wanted))
    session.remember(
        streams=streams,
        cards=_among(session, session.sql.cards_by_streams, cards),
        keys={UUID(bytes=subject): keys.get(subject) for subject in wanted},
        rewards=(),
    )


def fetch_rewards(session: Session, ids: Iterable[bytes]) -> None:
    """Remember rewards, by their ids."""
    session.remember((), (), {}, _among(session, session.sql.rewards_by_ids, list(ids)))


def fetch_shown(session: Session, streams: Iterable[object], cards: Iterable[object] = ()) -> None:
    """Remember what a page will show of some streams, by their numbers, with people's keys, and of some cards.

    What is missing, or no number at all, is left to whoever asks for it.
    """
    numbers = session.backend.numbers
    wanted = sorted({number for number in streams if isinstance(number, int)})
    placed = sorted({number for number in cards if isinstance(number, int)})
    found = session.all(session.sql.streams_among, b_numbers=numbers(wanted)) if wanted else []
    people = {row[0]: row[1] for row in found if row[2] == StreamKind.CUSTOMER and len(row[1]) == 16}
    keys = dict(session.all(session.sql.several_keys, b_streams=numbers([*people]))) if people else {}
    session.remember(
        streams=found,
        cards=session.all(session.sql.several_cards, b_streams=numbers(placed)) if placed else [],
        keys={UUID(bytes=subject): keys.get(subject) for subject in people.values()},
        rewards=(),
    )


def _among(session: Session, statement: Statement, chosen: list[Any]) -> list[Any]:
    """Answer the rows of a statement that takes so many values at a time; the last one fills what is left over."""
    rows: list[Any] = []
    for start in range(0, len(chosen), AMONG):
        values = chosen[start : start + AMONG]
        values += values[-1:] * (AMONG - len(values))
        session.cursor.execute(statement.sql, (session.business, *values))
        rows.extend(session.cursor.fetchall())
    return rows
