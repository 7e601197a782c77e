"""The constant statements, written as SQLAlchemy Core and compiled once for a dialect.

Constructs run one by one through SQLAlchemy cost several times what the driver does; compiled once and run on the
driver's connection they cost the driver's time.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Dialect,
    String,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.sql import ClauseElement

from stampledger.store.compiled import Statement
from stampledger.store.engines.backend import Backend
from stampledger.store.kinds import Scope
from stampledger.store.schema import Schema

Shape = tuple[tuple[str, int], ...]  # The ways a list is narrowed, and by how many values each.

PAGES_MAX = 256
LIMIT = bindparam("b_limit", type_=BigInteger)
AMONG = 250  # Rows that are looked for by one statement.


class Statements:
    """Every constant statement over a schema. Parameters that choose rows begin with *b_*, new values with *n_*."""

    def __init__(self, s: Schema, backend: Backend) -> None:
        self.tables = s
        self.backend = backend
        dialect = backend.dialect
        self.dialect: Dialect = dialect
        self._pages: dict[tuple[Any, Shape], Statement] = {}

        def made(construct: ClauseElement) -> Statement:
            return Statement(construct, dialect)

        def by(column: Any, name: str = "") -> Any:
            return column == bindparam(f"b_{name or column.name}")

        def among(column: Any) -> Any:
            return column.in_([bindparam(f"b_{place}") for place in range(AMONG)])

        def new(*names: str) -> dict[str, Any]:
            return {name: bindparam(f"n_{name}") for name in names}

        h, w, st, j, cl = s.head.c, s.word.c, s.stream.c, s.journal.c, s.claim.c
        cp, ca, re, cu, sk = s.checkpoint.c, s.card.c, s.reward.c, s.customer.c, s.subject_key.c

        self.meta: Statement = made(select(s.meta.c.value).where(by(s.meta.c.name)))
        self.add_meta: Statement = made(insert(s.meta))
        self.business: Statement = made(select(h.business).where(by(h.name)))
        self.next_business: Statement = made(select(func.coalesce(func.max(h.business), 0) + 1))
        self.add_head: Statement = made(insert(s.head))
        self.head: Statement = made(select(h.seq, h.recorded_at, h.hash).where(by(h.business)))
        self.lock_head: Statement = made(select(h.seq, h.recorded_at, h.hash).where(by(h.business)).with_for_update())
        self.set_head: Statement = made(
            update(s.head)
            .where(by(h.business))
            .ordered_values(
                (h.previous, h.hash),  # First: MariaDB takes one assignment after the other.
                *((h[name], value) for name, value in new("seq", "recorded_at", "hash").items()),
            )
        )
        self.touch_head: Statement = made(update(s.head).where(by(h.business)).values(seq=h.seq))

        self.first_looks: dict[tuple[bool, bool], Statement] = {
            (code, key): first_look(s, dialect, code, key) for code in (False, True) for key in (False, True)
        }

        self.words: Statement = made(select(w.number, w.text).where(by(w.business)))
        self.add_word: Statement = made(insert(s.word))

        stream_columns = (st.number, st.id, st.kind, st.version, st.seq, st.customer, st.state)
        self.stream_by_id: Statement = made(select(*stream_columns).where(by(st.business), by(st.id)))
        self.stream_by_number: Statement = made(select(*stream_columns).where(by(st.business), by(st.number)))
        self.streams_among: Statement = made(
            select(*stream_columns).where(by(st.business), backend.among(st.number, "b_numbers"))
        )
        self.streams: Statement = made(
            select(*stream_columns)
            .where(by(st.business), st.number > bindparam("b_number"))
            .order_by(st.number)
            .limit(LIMIT)
        )
        self.streams_by_ids: Statement = made(select(*stream_columns).where(by(st.business), among(st.id)))
        by_id = next(index for index in s.stream.indexes if index.unique)
        self.streams_by_ids.sql = backend.by_index(self.streams_by_ids.sql, s.stream, by_id)
        among_streams = backend.among(st.number, "b_streams")
        self.streams_of: Statement = made(
            select(st.number).where(by(st.business), backend.rare(backend.among(st.customer, "b_customers")))
        )
        self.add_stream: Statement = made(insert(s.stream))
        self.set_stream: Statement = made(
            update(s.stream).where(by(st.business), by(st.number)).values(**new("version", "seq", "state"))
        )  # The customer never changes: leaving the column out leaves its index alone, a page less in every commit.
        self.set_stream_customer: Statement = made(
            update(s.stream).where(by(st.business), by(st.number)).values(**new("customer"))
        )

        # Entries. A row is what `history.entry_of` reads.
        entry = (
            j.seq, j.stream, st.id, st.kind, j.version, j.kind, j.place, j.recorded_at, j.occurred_at, j.code, j.actor,
            j.channel, j.body, j.hash, st.customer,
        )  # fmt: skip
        joined = s.journal.join(s.stream, (st.business == j.business) & (st.number == j.stream))
        self.entry_columns: tuple[Any, ...] = entry
        self.entry_source: Any = joined
        entries = select(*entry).select_from(joined).where(by(j.business))
        self.entry: Statement = made(entries.where(by(j.seq)))
        self.entries_after: Statement = made(
            entries.where(j.seq > bindparam("b_after"), j.seq <= bindparam("b_upto")).order_by(j.seq).limit(LIMIT)
        )
        self.stream_entries: Statement = made(
            entries.where(
                by(j.stream), j.version > bindparam("b_after"), j.version <= bindparam("b_last"),
                j.seq <= bindparam("b_upto"),
            ).order_by(j.version).limit(LIMIT)
        )  # fmt: skip
        self.stream_entry: Statement = made(entries.where(by(j.stream), by(j.version)))
        facts = select(j.seq, j.kind, func.coalesce(j.occurred_at, j.recorded_at), j.code, j.body, j.version)
        self.stream_facts: Statement = made(
            facts.where(
                by(j.business), by(j.stream), j.version > bindparam("b_after"), j.version <= bindparam("b_last"),
                j.seq <= bindparam("b_upto"),
            ).order_by(j.version).limit(LIMIT)
        )  # fmt: skip
        self.bodies: Statement = made(
            facts.where(by(j.business), j.seq > bindparam("b_after"), j.seq <= bindparam("b_upto"))
            .order_by(j.seq)
            .limit(LIMIT)
        )
        self.recorded_at: Statement = made(
            select(j.seq, j.recorded_at).where(by(j.business), backend.among(j.seq, "b_seqs")).order_by(j.seq)
        )
        self.add_entry: Statement = made(insert(s.journal))

        self.claim: Statement = made(select(cl.seq, cl.digest).where(by(cl.business), by(cl.scope), by(cl.key)))
        self.claims_between: Statement = made(
            select(cl.key, cl.seq)
            .where(by(cl.business), by(cl.scope), cl.key >= bindparam("b_from"), cl.key < bindparam("b_to"))
            .order_by(cl.key)
            .limit(LIMIT)
        )
        listed = backend.listed("b_texts")
        value = type_coerce(listed.c.value, String)
        ours = and_(by(cl.business), by(cl.scope))
        end = value.concat(bindparam("b_end", type_=String))
        self.claims_among: Statement = (
            made(  # From the list to the claims, which an outer join leaves no planner a choice about.
                select(value, cl.seq, cl.digest).select_from(listed.outerjoin(s.claim, and_(ours, cl.key == value)))
            )
        )
        self.claims_of_codes: Statement = made(
            select(value, cl.key, cl.seq).select_from(
                listed.outerjoin(s.claim, and_(ours, cl.key >= value, cl.key < end))
            )
        )
        self.claims_after: Statement = made(
            select(cl.key, cl.seq, cl.digest)
            .where(by(cl.business), by(cl.scope), cl.key > bindparam("b_after"))
            .order_by(cl.key)
            .limit(LIMIT)
        )
        self.claims: Statement = made(
            select(cl.scope, cl.key, cl.seq)
            .where(
                by(cl.business),
                (cl.scope > bindparam("b_scope"))
                | ((cl.scope == bindparam("b_scope")) & (cl.key > bindparam("b_key"))),
            )
            .order_by(cl.scope, cl.key)
            .limit(LIMIT)
        )
        self.count_claims: Statement = made(select(func.count()).where(by(cl.business), by(cl.scope)))
        self.counts: dict[str, Statement] = {
            "card": made(select(func.count()).select_from(s.card).where(by(ca.business))),
            "customer": made(select(func.count()).select_from(s.customer).where(by(cu.business))),
        }
        self.add_claim: Statement = made(insert(s.claim))
        self.set_claim: Statement = made(
            update(s.claim).where(by(cl.business), by(cl.scope), by(cl.key)).values(**new("seq"))
        )
        self.drop_claim: Statement = made(delete(s.claim).where(by(cl.business), by(cl.scope), by(cl.key)))
        m = s.mention.c
        self.add_mention: Statement = made(insert(s.mention))
        self.mentions: Statement = made(select(m.seq).where(by(m.business), by(m.code)).order_by(m.seq))
        self.count_mentions: Statement = made(select(func.count()).select_from(s.mention).where(by(m.business)))
        self.is_mentioned: Statement = made(select(m.seq).where(by(m.business), by(m.code), by(m.seq)))
        self.drop_claims: Statement = made(delete(s.claim).where(by(cl.business), by(cl.scope)))

        self.checkpoint: Statement = made(
            select(cp.seq, cp.version, cp.state)
            .where(by(cp.business), by(cp.stream), cp.seq <= bindparam("b_upto"))
            .order_by(cp.seq.desc())
            .limit(1)
        )
        self.next_checkpoint: Statement = made(
            select(cp.version)
            .where(by(cp.business), by(cp.stream), cp.seq > bindparam("b_upto"))
            .order_by(cp.seq)
            .limit(1)
        )
        self.all_checkpoints: Statement = made(select(cp.stream, cp.seq, cp.version, cp.state).where(by(cp.business)))
        self.add_checkpoint: Statement = made(insert(s.checkpoint))

        self.card: Statement = made(
            select(ca.number, ca.template, ca.template_version, ca.template_since, ca.due_at, ca.deleted)
            .where(by(ca.business), by(ca.stream))
        )  # fmt: skip
        self.cards_by_streams: Statement = made(
            select(ca.stream, ca.number, ca.template, ca.template_version, ca.template_since, ca.due_at, ca.deleted)
            .where(by(ca.business), among(ca.stream))
        )  # fmt: skip
        self.several_cards: Statement = made(
            select(ca.stream, ca.number, ca.template, ca.template_version, ca.template_since, ca.due_at, ca.deleted)
            .where(by(ca.business), backend.among(ca.stream, "b_streams"))
        )  # fmt: skip
        self.card_stream: Statement = made(select(ca.stream).where(by(ca.business), by(ca.number)))
        self.cards_of: Statement = made(
            select(st.number).where(by(st.business), backend.rare(by(st.customer)), by(st.kind)).order_by(st.number)
        )
        self.cards_under: Statement = made(
            select(ca.stream).where(by(ca.business), by(ca.template), ca.deleted == 0).order_by(ca.stream)
        )
        self.templates_in_use: Statement = made(
            select(ca.template, ca.template_version).distinct().where(by(ca.business))
        )
        self.due_cards: Statement = made(
            select(ca.stream)
            .where(by(ca.business), ca.due_at <= bindparam("b_due"), ca.deleted == 0)
            .order_by(ca.due_at, ca.stream)
        )
        self.add_placement: Statement = made(insert(s.placement))
        pl = s.placement.c
        self.all_placements: Statement = made(
            select(pl.stream, pl.since, pl.until, pl.template, pl.template_version).where(by(pl.business))
        )
        self.placement: Statement = made(
            select(pl.template, pl.template_version, pl.since, pl.until)
            .where(by(pl.business), by(pl.stream), pl.since <= bindparam("b_seq"), pl.until > bindparam("b_seq"))
        )  # fmt: skip
        self.last_number: Statement = made(select(func.max(ca.number)).where(by(ca.business)))
        self.add_card: Statement = made(insert(s.card))
        self.set_card: Statement = made(
            update(s.card)
            .where(by(ca.business), by(ca.stream))
            .values(**new("template", "template_version", "template_since", "due_at", "deleted"))
        )

        reward = (re.id, re.holder, re.issued_seq, re.seq, re.versions, re.state)
        self.all_rewards: Statement = made(
            select(*reward, re.redeem_code, re.due_at)
            .where(by(re.business), re.id > bindparam("b_after"))
            .order_by(re.id)
            .limit(LIMIT)
        )
        self.reward: Statement = made(select(*reward).where(by(re.business), by(re.id)))
        self.rewards_by_ids: Statement = made(select(*reward).where(by(re.business), among(re.id)))
        self.rewards_of: Statement = made(
            select(*reward)
            .where(by(re.business), by(re.holder), re.issued_seq <= bindparam("b_upto"))
            .order_by(re.issued_seq, re.id)
        )
        coded = (by(re.business), backend.rare(by(re.redeem_code)))
        self.rewards_by_code: Statement = made(select(*reward).where(*coded, re.due_at.is_not(None)))
        self.few_by_code: Statement = made(
            select(*reward).where(*coded, re.issued_seq <= bindparam("b_known")).limit(bindparam("b_limit"))
        )
        self.due_rewards: Statement = made(
            select(re.holder).distinct()
            .where(by(re.business), re.due_at <= bindparam("b_due"))
            .order_by(re.holder)
        )  # fmt: skip
        self.add_reward: Statement = made(insert(s.reward))
        self.set_reward: Statement = made(
            update(s.reward).where(by(re.business), by(re.id)).values(**new("seq", "versions", "due_at", "state"))
        )

        self.add_customer: Statement = made(insert(s.customer))
        former = cu.former + literal_column("' '") + cu.words
        self.set_customer: Statement = made(
            update(s.customer)
            .where(by(cu.business), by(cu.stream))
            .ordered_values(
                # First, because MariaDB takes the values on the right as they already are.
                (cu.former, case((backend.contains(cu.former, cu.words), cu.former), else_=former)),
                *((cu[name], bindparam(f"n_{name}")) for name in ("name", "email", "birthday", "words", "changed")),
            )
        )
        swept = backend.sweeping(s)
        self.sweep_words: Statement | None = None if swept is None else made(text(swept))
        self.drop_customer: Statement = made(delete(s.customer).where(by(cu.business), by(cu.stream)))
        self.customer: Statement = made(
            select(cu.name, cu.email, cu.birthday, cu.words).where(by(cu.business), by(cu.stream))
        )
        self.customer_words: Statement = made(select(cu.words, cu.changed).where(by(cu.business), by(cu.stream)))
        self.newest_words: Statement = made(
            select(cu.words).where(by(cu.business)).order_by(cu.stream.desc()).limit(LIMIT)
        )
        self.customers_born: Statement = made(
            select(cu.stream)
            .where(by(cu.business), cu.birthday >= bindparam("b_from"), cu.birthday <= bindparam("b_to"))
            .order_by(cu.stream)
        )
        self.subject_key: Statement = made(select(sk.key).where(by(sk.business), by(sk.subject)))
        self.keys_by_subjects: Statement = made(select(sk.subject, sk.key).where(by(sk.business), among(sk.subject)))
        self.all_keys: Statement = made(
            select(sk.subject, sk.key, st.number)
            .select_from(s.subject_key.outerjoin(s.stream, (st.business == sk.business) & (st.id == sk.subject)))
            .where(by(sk.business), sk.subject > bindparam("b_after"))
            .order_by(sk.subject)
            .limit(LIMIT)
        )
        of_streams = sk.subject.in_(select(st.id).where(by(st.business), among_streams))
        self.several_keys: Statement = made(select(sk.subject, sk.key).where(by(sk.business), of_streams))
        self.all_subjects: Statement = made(select(sk.subject).where(by(sk.business)))
        self.add_subject_key: Statement = made(insert(s.subject_key))
        self.drop_subject_key: Statement = made(delete(s.subject_key).where(by(sk.business), by(sk.subject)))

        f = s.follower.c
        self.follower: Statement = made(select(f.seq).where(by(f.business), by(f.name)))
        self.followers: Statement = made(select(f.name, f.seq).where(by(f.business)).order_by(f.name))
        self.add_follower: Statement = made(insert(s.follower))
        self.touch_follower: Statement = made(update(s.follower).where(by(f.business), by(f.name)).values(seq=f.seq))
        self.move_follower: Statement = made(
            update(s.follower).where(by(f.business), by(f.name), by(f.seq)).values(**new("seq"))
        )  # Whoever expects it elsewhere moves nothing.
        self.drop_follower: Statement = made(delete(s.follower).where(by(f.business), by(f.name)))

        self.clear: dict[str, Statement] = {
            table.name: made(delete(table).where(table.c.business == bindparam("b_business")))
            for table in (s.checkpoint, s.card, s.placement, s.reward, s.customer, s.mention)
        }
        self.drop_subject_keys: Statement = made(delete(s.subject_key).where(by(sk.business)))

    def page(self, build: Callable[["Statements", Shape], Statement], shape: Shape) -> Statement:
        """Answer the statement of a list narrowed in some ways, compiled at its first use."""
        statement = self._pages.get((build, shape))
        if statement is None:
            if len(self._pages) >= PAGES_MAX:
                self._pages.clear()
            statement = self._pages[build, shape] = build(self, shape)
        return statement


def first_look(s: Schema, dialect: Dialect, with_code: bool, with_key: bool) -> Statement:
    """Make the statement that fetches the head, a stream, and the claims of a code and of an idempotency key.

    It takes (id, code and what comes after it, key twice, business), of which code and key may not be asked for.
    """
    h, st = s.head.c, s.stream.c
    source = s.head.outerjoin(s.stream, and_(st.business == h.business, st.id == bindparam("b_id")))
    columns: list[Any] = [
        h.seq, h.recorded_at, h.hash, st.number, st.id, st.kind, st.version, st.seq, st.customer, st.state,
    ]  # fmt: skip

    def claimed(scope: Scope, *chosen: Callable[[Any], Any]) -> Any:
        nonlocal source
        claim = s.claim.alias().c
        claim_table = claim.business.table
        on = (claim.business == h.business, claim.scope == literal_column(str(int(scope))))
        source = source.outerjoin(claim_table, and_(*on, *(choose(claim.key) for choose in chosen)))
        return claim

    if with_code:
        code = claimed(Scope.CODE, lambda key: key >= bindparam("b_from"), lambda key: key < bindparam("b_to"))
        columns += [code.key, code.seq]
    if with_key:
        for scope in (Scope.KEY, Scope.REFUSED):
            claim = claimed(scope, lambda key: key == bindparam("b_key"))
            columns += [claim.seq, claim.digest]
    return Statement(select(*columns).select_from(source).where(h.business == bindparam("b_business")), dialect)
