"""For tests of programmes and of code that uses stampledger: templates, wishes, a till, and supplies that never vary.

Scenes in the words of the business are in `stampledger.testing.scenes`, whose words are many and short.

Needs the extra `testing` (hypothesis).
"""

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    raise ImportError("tests need hypothesis; run: pip install 'stampledger[testing]'", name="hypothesis")

from stampledger.testing.faults import Fault, FaultNeverStruck, Faults
from stampledger.testing.shop import Shop
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
from stampledger.testing.supplies import START, Chance, Clock, Counted, NumberedCodes, NumberedIds, Supplies, means
from stampledger.testing.till import Kind, Moment, Outcome, Till, Wish

__all__ = [
    "START",
    "ZONES",
    "Chance",
    "Clock",
    "Counted",
    "Fault",
    "FaultNeverStruck",
    "Faults",
    "Kind",
    "Moment",
    "NumberedCodes",
    "NumberedIds",
    "Outcome",
    "Shop",
    "Supplies",
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
