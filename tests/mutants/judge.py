"""
Holds whatever `stampledger` is on the path against the kit's laws, and ends with 1 where one is broken.

    judge.py EXAMPLES

First histories in memory, then the machine over a real ledger. Nothing is shrunk: what breaks first is enough.
"""

import sys
import traceback
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from stampledger import AfterLastGoal, CardTemplate, Goal, Limits, Overflow, PerAmount, Voucher
from stampledger.testing import LawBroken, LedgerMachine, limits, lotteries, prove, templates

QUICK = Voucher(title="Small coffee", valid_for=timedelta(hours=6))

# Programmes whose full card waits, and is released by time alone; drawn from all programmes they are rare.
WAITING = templates(
    after_last_goal=AfterLastGoal.HOLD,
    overflow=Overflow.CARRY,
    limits=Limits(),
    stamps_valid_for=None,
    card_valid_for=None,
    goals=st.builds(
        lambda stamps, reward: (Goal(stamps=stamps, reward=reward),),
        st.sampled_from((1, 2, 3)),
        st.just(QUICK) | lotteries(),
    ),
)

LIMITED = templates(limits=limits(), after_last_goal=AfterLastGoal.RESTART, stamps_valid_for=None, card_valid_for=None)
LUCKY = templates(
    after_last_goal=st.sampled_from((AfterLastGoal.HOLD, AfterLastGoal.RESTART)),
    limits=Limits(),
    stamps_valid_for=None,
    card_valid_for=None,
    goals=lotteries().map(lambda lottery: (Goal(stamps=1, reward=lottery),)),
)


class Machine(LedgerMachine):
    """Three programmes that differ in what matters to a ledger."""

    templates = (
        CardTemplate(name="Coffee", goals=(Goal(stamps=2, reward=QUICK), Goal(stamps=5, reward=QUICK))),
        CardTemplate(name="Cake", goals=(Goal(stamps=3, reward=QUICK),), after_last_goal=AfterLastGoal.HOLD),
        CardTemplate(
            name="Lunch",
            goals=(Goal(stamps=4, reward=Voucher(title="Lunch", valid_months=1)),),
            per_amount=PerAmount(amount=Decimal(10)),
            limits=Limits(per_day=5),
        ),
    )


def main(examples: int) -> int:
    settings.register_profile(
        "judge",
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("judge")
    try:
        prove(templates())
        for programmes in (WAITING, LIMITED, LUCKY):
            prove(programmes)
        run_state_machine_as_test(Machine, settings=settings(max_examples=examples // 4, stateful_step_count=20))
    except LawBroken as broken:
        print(str(broken).split("\n")[0].removeprefix("a law is broken: "))
        return 1
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        print(f"{type(error).__name__} in {place.name}: {error}".split("\n")[0])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
