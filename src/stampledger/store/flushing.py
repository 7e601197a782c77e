"""Writing a plan: every kind of row by one statement, however many there are; the head last."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from stampledger import codec
from stampledger.aggregates import Aggregate
from stampledger.rewards import IssuedReward, RewardStatus
from stampledger.store.compiled import Statement
from stampledger.store.plan import Appended, CardRow, Claimed, Plan, RewardRow, StreamRow

if TYPE_CHECKING:
    from stampledger.store.transaction import Transaction

Row = tuple[Any, ...]
K = TypeVar("K")
R = TypeVar("R")


def write(tx: "Transaction", plan: Plan) -> None:
    """Write a plan behind the head, whose lock this transaction holds."""
    sql, business, head = tx.sql, tx.business, tx.head
    chain, appended = head.chain, []
    for entry in plan.entries:
        chain = codec.link(chain, entry.seq, entry.recorded_at, entry.digest)
        appended.append(entry_row(business, entry, chain))
    if appended:
        _write(tx, sql.add_entry, appended)
    if plan.claims:
        _write_rows(tx, plan.claims, claim_row, changed_claim, sql.add_claim, sql.set_claim)
    if plan.streams:
        _write_rows(tx, plan.streams, stream_row, changed_stream, sql.add_stream, sql.set_stream)
    if plan.cards:
        _write_rows(tx, plan.cards, card_row, changed_card, sql.add_card, sql.set_card)
    if plan.rewards:
        _write_rows(tx, plan.rewards, reward_row, changed_reward, sql.add_reward, sql.set_reward)
    for statement, others in plan.deferred.items():
        _write(tx, statement, others)
    if appended:
        tx.cursor.execute(sql.set_head.sql, (head.seq, head.recorded_at, chain, business))
        head.chain = chain


def _write_rows(
    tx: "Transaction",
    rows: Mapping[K, tuple[R, bool]],
    new: Callable[[int, K, R], Row],
    changed: Callable[[int, K, R], Row],
    add: Statement,
    change: Statement,
) -> None:
    begun, gone_on = [], []
    for key, (row, is_new) in rows.items():
        if is_new:
            begun.append(new(tx.business, key, row))
        else:
            gone_on.append(changed(tx.business, key, row))
    if begun:
        _write(tx, add, begun)
    if gone_on:
        _write(tx, change, gone_on)


def _write(tx: "Transaction", statement: Statement, rows: list[Row]) -> None:
    if len(rows) == 1:
        tx.cursor.execute(statement.sql, rows[0])
    else:
        tx.backend.insert_many(tx.cursor, statement.sql, rows)


# Rows, in the order in which their statements take them.


def entry_row(business: int, entry: Appended, chain: bytes) -> Row:
    """Answer a new row of the Journal."""
    seq, stream, version, kind, place, recorded_at, at, code, actor, channel, body, _ = entry
    occurred_at = None if at == recorded_at else at
    return business, seq, stream, version, kind, place, recorded_at, occurred_at, code, actor, channel, body, chain


def claim_row(business: int, key: tuple[int, str], claimed: Claimed) -> Row:
    """Answer a new claim."""
    return business, *key, *claimed


def changed_claim(business: int, key: tuple[int, str], claimed: Claimed) -> Row:
    """Answer a claim that stands for another entry."""
    return claimed[0], business, *key


def stream_row(business: int, number: int, row: StreamRow) -> Row:
    """Answer a new stream."""
    return business, number, row.id.bytes, int(row.kind), row.version, row.seq, row.customer, stored(row.state)


def changed_stream(business: int, number: int, row: StreamRow) -> Row:
    """Answer a stream that went on."""
    return row.version, row.seq, stored(row.state), business, number


def card_row(business: int, stream: int, row: CardRow) -> Row:
    """Answer a new card."""
    return business, stream, *row


def changed_card(business: int, stream: int, row: CardRow) -> Row:
    """Answer a card that changed; its number never does."""
    return *row[1:], business, stream


def reward_row(business: int, _: object, row: RewardRow) -> Row:
    """Answer a new reward."""
    reward = row.reward
    return (
        business, reward.id.bytes, row.holder, row.issued_seq, row.seq, row.versions, reward.redeem_code,
        reward_due_at(reward), codec.dump_state(reward),
    )  # fmt: skip


def changed_reward(business: int, _: object, row: RewardRow) -> Row:
    """Answer a reward that went on."""
    reward = row.reward
    due_at = reward_due_at(reward)
    return row.seq, row.versions, due_at, codec.dump_state(reward), business, reward.id.bytes


def stored(state: Aggregate | bytes | None) -> bytes | None:
    """Answer a state as bytes, unless it is that already."""
    return state if state is None or isinstance(state, bytes) else codec.dump_state(state)


NEVER = (1 << 62) - 1  # An active voucher without an end; NULL is one that is not active.


def reward_due_at(reward: IssuedReward) -> int | None:
    """Answer when a reward's expiry is to be recorded; None where it is settled, or cannot expire."""
    if reward.status is not RewardStatus.ACTIVE:
        return None
    return NEVER if reward.expires_at is None else codec.microseconds(reward.expires_at)
