"""What if: the real history decided again under other rules, without touching it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from stampledger import checks
from stampledger.errors import InvalidInput
from stampledger.lookup import Lookup, Moment
from stampledger.store.store import Store
from stampledger.values import CardTemplate
from stampledger.whatif.outcome import (
    CardDifference,
    CardOutcome,
    RewardCounts,
    RewardDifference,
    WhatIf,
)
from stampledger.whatif.replaying import Each, History, Report, named_rules, replay

__all__ = ["CardDifference", "CardOutcome", "RewardCounts", "RewardDifference", "WhatIf", "what_if"]

LIMIT_MAX = 100_000


def what_if(
    store: Store,
    moment: Moment,
    rules: CardTemplate | Mapping[str, CardTemplate],
    *,
    since: datetime | None,
    cards: Iterable[object] | None,
    values: Mapping[str, int] | None,
    limit: int,
    each: Each | None,
    progress: Report | None,
) -> WhatIf:
    """Decide the history known at a moment again under other rules."""
    replacing: Iterable[object] = rules.values() if isinstance(rules, Mapping) else (rules,)
    if not all(isinstance(template, CardTemplate) for template in replacing):
        raise InvalidInput("rules", rules, "must be a CardTemplate, or a mapping of template keys to such")
    if since is not None and checks.instant(since, "since") > moment.at:
        raise InvalidInput("since", since, "must not be after the moment asked about")
    checks.whole(limit, "limit", 0, LIMIT_MAX)
    if values is not None and not isinstance(values, Mapping):
        raise InvalidInput("values", values, "must be a mapping of titles to what one costs")
    known = dict(values or {})
    for title, value in known.items():
        checks.text(title, "values")
        checks.whole(value, "values", 0, 10**12)
    with store.reading() as session:
        look = Lookup(session, moment, store.templates)
        found = named_rules(look, rules)
        chosen = None
        if cards is not None:
            chosen = sorted({look.card_row(card).number for card in checks.items(cards, "cards")})
    return replay(History(store, moment, since), found, chosen, known, limit, each, progress)
