"""The coffee bar's programme. Every line was asked for by somebody, and each is right by itself."""

import attrs

from stampledger import CardTemplate, Goal, OnVoid, Voucher

COFFEE_CARD = CardTemplate(
    name="Coffee card",
    goals=(
        Goal(stamps=3, reward=Voucher(title="Free cookie")),
        Goal(stamps=8, reward=Voucher(title="Free coffee")),
    ),
    # The counter: "A receipt was scanned on the wrong card, we took it back, and now no card takes it."
    voided_code_reusable=True,
)

# What it took to find out by testing: stamps whose voucher was used stay where they are, and the receipt with them.
MENDED_CARD = attrs.evolve(COFFEE_CARD, redeemed_on_void=OnVoid.REFUSE)
