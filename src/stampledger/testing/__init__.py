"""For tests of programmes and of code that uses stampledger: templates, wishes, a till, and supplies that never vary.

Needs the extra `testing` (hypothesis).
"""

from stampledger.testing.strategies import (
    ZONES,
    awards,
    birthday_gifts,
    limits,
    lotteries,
    per_amounts,
    percentages,
    rewards,
    templates,
    vouchers,
    wishes,
)
from stampledger.testing.supplies import START, Clock, NumberedCodes, NumberedIds, means
from stampledger.testing.till import Kind, Moment, Outcome, Till, Wish

__all__ = [
    "START",
    "ZONES",
    "Clock",
    "Kind",
    "Moment",
    "NumberedCodes",
    "NumberedIds",
    "Outcome",
    "Till",
    "Wish",
    "awards",
    "birthday_gifts",
    "limits",
    "lotteries",
    "means",
    "per_amounts",
    "percentages",
    "rewards",
    "templates",
    "vouchers",
    "wishes",
]
