"""For tests of programmes and of code that uses stampledger: strategies, laws, a machine, a till, supplies.

Scenes in the words of the business are in `stampledger.testing.scenes`, whose words are many and short.

Needs the extra `testing` (hypothesis).
"""

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    raise ImportError("tests need hypothesis; run: pip install 'stampledger[testing]'", name="hypothesis")

from stampledger.testing.courses import STARTS, commands, customers, histories, stories
from stampledger.testing.faults import Fault, FaultNeverStruck, Faults
from stampledger.testing.laws import LAWS, check
from stampledger.testing.life import Life
from stampledger.testing.machine import LedgerMachine
from stampledger.testing.places import Place, file, memory, server
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
from stampledger.testing.telling import LawBroken
from stampledger.testing.till import Kind, Moment, Outcome, Till, Wish
from stampledger.testing.trials import prove
from stampledger.testing.under_test import LedgerUnderTest, law

__all__ = [
    "LAWS",
    "START",
    "STARTS",
    "ZONES",
    "Chance",
    "Clock",
    "Counted",
    "Fault",
    "FaultNeverStruck",
    "Faults",
    "Kind",
    "LawBroken",
    "LedgerMachine",
    "LedgerUnderTest",
    "Life",
    "Moment",
    "NumberedCodes",
    "NumberedIds",
    "Outcome",
    "Place",
    "Shop",
    "Supplies",
    "Till",
    "Wish",
    "awards",
    "birthday_gifts",
    "check",
    "commands",
    "customers",
    "file",
    "histories",
    "law",
    "limits",
    "lotteries",
    "means",
    "memory",
    "per_amounts",
    "percentages",
    "prove",
    "rewards",
    "server",
    "stories",
    "templates",
    "vouchers",
    "wishes",
]
