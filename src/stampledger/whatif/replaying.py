"""Many cards decided again: one at a time, and together only those that ever spoke of one code.

What is held in memory is one card's state and credits at a time (of cards that share codes: theirs), the figures, and
as many differing cards as are asked for. It does not grow with the Journal.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from heapq import heappush, heappushpop, merge
from uuid import UUID
from zoneinfo import ZoneInfo

from stampledger import codec
from stampledger.cards import StampCard, evolve_card
from stampledger.errors import TemplateNotFound
from stampledger.events import StampRejected, TemplateChanged
from stampledger.lookup import Lookup, Moment
from stampledger.store import facts, lists
from stampledger.store.session import Session, StreamKind
from stampledger.store.store import Store
from stampledger.values import CardTemplate
from stampledger.whatif.codes import Codes
from stampledger.whatif.outcome import CardDifference, CardOutcome, Totals, WhatIf, outcome
from stampledger.whatif.twin import CardRules, Twin, settled
from stampledger.whatif.wishes import Wish, wishes

CHUNK = 100  # Cards read in one snapshot: nobody waits for whoever takes them slowly.
PAGE = 1_000

Report = Callable[[int, int], object]
Each = Callable[[CardDifference], object]


class Rules:
    """Which template stands for which."""

    def __init__(self, given: CardTemplate | Mapping[UUID, CardTemplate]) -> None:
        self._given = given

    def replaces(self, template_id: UUID) -> bool:
        """Answer whether another template stands for this one."""
        return isinstance(self._given, CardTemplate) or template_id in self._given

    def of(self, template_id: UUID, real: CardTemplate) -> CardTemplate:
        """Answer what stands for a template."""
        return self._given if isinstance(self._given, CardTemplate) else self._given.get(template_id, real)


AS_THEY_WERE = Rules({})


class Pair:
    """A card as it really went, and its twin."""

    def __init__(self, number: int, card_id: UUID, rules: Rules, codes: Codes, is_asked: bool) -> None:
        self.number = number
        self.card_id = card_id
        self.is_asked = is_asked
        self.rules = rules
        self.real: StampCard | None = None
        self.template: CardTemplate | None = None
        self.refused = 0
        self.twin = Twin(card_id, codes)
        self.has_moved = False

    @property
    def card(self) -> StampCard:
        """The real card."""
        assert self.real is not None
        return self.real

    def follow(self, wish: Wish, history: "History", session: Session) -> None:
        """Let a wish happen to both."""
        before, template_before = self.real, self.template
        for event in wish.told:
            self.real = evolve_card(self.real, event)
            self.refused += isinstance(event, StampRejected)
            if template_before is None or isinstance(event, TemplateChanged):
                card = self.card
                self.template = history.store.templates.get(session, card.template_id, card.template_version)
        assert self.template is not None
        if wish.seq <= history.real_upto:
            self.twin.take(wish, self.template)
            return
        if before is not None:
            self.change(before.template_id, template_before, history)
        replaced = before is not None and all(map(self.rules.replaces, (before.template_id, self.card.template_id)))
        now = self.rules.of(self.card.template_id, self.template)
        known = CardRules(
            real_before=template_before or self.template,
            real=self.template,
            now=now,
            stays=replaced and now == self.twin.template,
        )
        self.twin.decide(wish, known, before, history.zone_at(wish.scan))

    def change(self, template_id: UUID, template: CardTemplate | None, history: "History") -> None:
        """Put the twin under its rules, where that has not happened yet: those since a moment begin there."""
        if self.has_moved or history.since is None or self.number > history.real_upto:
            return
        assert template is not None
        self.has_moved, first = True, history.real_upto + 1
        self.twin.move(self.rules.of(template_id, template), history.since, first, history.zone_at(first))

    def outcomes(self, history: "History") -> tuple[CardOutcome, CardOutcome]:
        """Tell what became of both by the moment that is asked about."""
        self.change(self.card.template_id, self.template, history)
        at, scan = history.moment.at, history.upto + 1
        assert self.template is not None and self.twin.template is not None
        zone = history.zone_at(scan)
        self.real = settled(self.card, self.template, at, scan, zone)
        self.twin.state = settled(self.twin.card, self.twin.template, at, scan, zone)
        return (
            outcome(self.real, self.refused, at),
            outcome(self.twin.state, self.twin.refused.total(), at),
        )


class History:
    """A business's past up to a moment, card by card."""

    def __init__(self, store: Store, moment: Moment, since: datetime | None) -> None:
        self.store = store
        self.moment = moment
        self.since = since
        self.real_upto = 0  # The last entry that is taken as it was.
        with store.reading() as session:
            self.upto = min(moment.seq, session.end()[0])
            if since is not None:
                self.real_upto = min(self.upto, lists.seq_at(session, codec.microseconds(since) - 1))
            zones = facts.zones(session, self.upto)
        self._zones = [(seq, ZoneInfo(name)) for seq, name in zones]

    def zone_at(self, seq: int) -> ZoneInfo:
        """Answer the business's time zone at an entry."""
        return self._zones[max(0, bisect_left(self._zones, seq, key=lambda found: found[0]) - 1)][1]

    def cards(self, chosen: Sequence[int] | None) -> Iterator[int]:
        """Yield the cards that are asked about, in the order in which they were given out."""
        if chosen is not None:
            yield from chosen
            return
        after = 0
        while True:
            with self.store.reading() as session:
                page = facts.card_numbers(session, after, self.upto, PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1]

    def groups(self) -> dict[int, list[int]]:
        """Answer the cards that have to be decided together, because a code leads from one to the other."""
        with self.store.reading() as session:
            shared = facts.shared_codes(session, self.upto)
        leaders: dict[int, int] = {}

        def leader(card: int) -> int:
            while leaders.setdefault(card, card) != card:
                leaders[card] = leaders[leaders[card]]
                card = leaders[card]
            return card

        first: tuple[str, int] | None = None
        for code, card in shared:
            if first is None or first[0] != code:
                first = (code, card)
            leaders[leader(card)] = leader(first[1])
        groups: dict[int, list[int]] = {}
        for card in sorted(leaders):
            groups.setdefault(leader(card), []).append(card)
        return {card: group for group in groups.values() for card in group}

    def together(self, cards: Sequence[int], asked: Callable[[int], bool], rules: Rules) -> Iterator[Pair]:
        """Decide some cards again, wish by wish in the Journal's order; those not asked for stay as they were."""
        codes = Codes()
        with self.store.reading() as session:
            pairs: dict[int, Pair] = {}
            for card in cards:
                row = session.stream_by_number(card)
                if row.kind is StreamKind.CARD:
                    chosen = asked(card)
                    pairs[card] = Pair(card, row.id, rules if chosen else AS_THEY_WERE, codes, chosen)
            streams = [_told_of(pair, wishes(facts.facts(session, card, self.upto))) for card, pair in pairs.items()]
            for _, wish, pair in merge(*streams, key=lambda told: told[0]) if len(streams) > 1 else streams[0]:
                pair.follow(wish, self, session)
        yield from (pair for pair in pairs.values() if pair.is_asked and pair.real is not None)


def _told_of(pair: Pair, asked: Iterable[Wish]) -> Iterator[tuple[int, Wish, Pair]]:
    for wish in asked:
        yield wish.seq, wish, pair


def named_rules(look: Lookup, given: CardTemplate | Mapping[str, CardTemplate]) -> Rules:
    """Find the templates that others shall stand for.

    Raises:
        TemplateNotFound: A key is unknown.
    """
    if isinstance(given, CardTemplate):
        return Rules(given)
    known = {info.key: info.id for info in look.templates()}
    for key in given:
        if key not in known:
            raise TemplateNotFound(key)
    return Rules({known[key]: template for key, template in given.items()})


def replay(
    history: History,
    rules: Rules,
    chosen: Sequence[int] | None,
    values: Mapping[str, int],
    limit: int,
    each: Each | None,
    progress: Report | None,
) -> WhatIf:
    """Decide cards again under other rules, and count."""
    groups = history.groups()
    wanted = None if chosen is None else set(chosen)
    if wanted is None:
        with history.store.reading() as session:
            total = facts.count_cards(session, history.upto)
    else:
        total = len(wanted)
    totals, unmet = Totals(), Counter[str]()
    refused = refused_other = done = differing = told = 0
    top: list[tuple[int, int, int, CardDifference]] = []
    decided: set[int] = set()
    if progress is not None:
        progress(0, total)
    for card in history.cards(chosen):
        if card in decided:
            continue
        together = groups.get(card, [card])
        if len(together) > 1:
            decided.update(together)
        for pair in history.together(together, lambda one: wanted is None or one in wanted, rules):
            real, other = pair.outcomes(history)
            totals.count(real, other)
            unmet.update(pair.twin.unmet)
            refused, refused_other = refused + real.refused, refused_other + other.refused
            done += 1
            if real != other:
                differing += 1
                difference = CardDifference(card_id=pair.card_id, number=pair.card.number, real=real, other=other)
                if each is not None:
                    each(difference)
                weight = (abs(other.earned - real.earned), abs(other.stamps_total - real.stamps_total), -pair.number)
                if len(top) < limit:
                    heappush(top, (*weight, difference))
                elif limit:
                    heappushpop(top, (*weight, difference))
        if progress is not None and done - told >= CHUNK:
            progress(done, total)
            told = done
    if progress is not None:
        progress(done, total)
    return WhatIf(
        moment=history.moment,
        since=history.since,
        cards_count=done,
        cards_differing=differing,
        cards=tuple(entry[-1] for entry in sorted(top, key=lambda entry: entry[:3], reverse=True)),
        rewards=totals.rewards(values),
        refused=refused,
        refused_other=refused_other,
        unmet=tuple(sorted(unmet.items())),
    )
