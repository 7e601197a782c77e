"""
A shop whose customers have names of every kind: other scripts, pictures, markup, and orders to a terminal.
"""

import contextlib
import sqlite3
from contextlib import closing
from pathlib import Path

import attrs

from stampledger import Brand, CardTemplate, Goal, Ledger, Limits, Refused, Voucher

BUSINESS = "strangers"
ORDERS = "\x1b[31mSoup\x1b]0;owned\x07\x9b2J\x1b[8m"  # Red, a title for the window, an empty screen, invisible.
STRANGERS = {
    "korean": "김민지 Minji",
    "arabic": "سارا علی",
    "hebrew": "Dana דנה (VIP)",
    "pictures": "🧋🧁 Bubble",
    "markup": "[red]Bob[/red] [/] [link=x]y",
    "turned": "Mal\u202elory\u2066 \u2028x",
    "long": "Wolfeschlegelsteinhausenbergerdorff" * 5,
}


def open_shop(file: Path) -> dict[str, int]:
    """Make the shop; answers each stranger's card number."""
    numbers = {}
    with Ledger.open(f"sqlite:///{file}", business=BUSINESS) as ledger:
        ledger.set_brand(Brand(name="Café 青", footer="قهوه\nOpen till six"))
        gift = Voucher(title="Free coffee 커피", description="One, of any\nkind.")
        goals = (Goal(stamps=3, reward=gift), Goal(stamps=8, reward=Voucher(title="قهوه رایگان")))
        ledger.publish_template("coffee", CardTemplate(name="Coffee card", goals=goals))
        huge = CardTemplate(name="Huge", goals=(Goal(stamps=40, reward=gift),), limits=Limits(per_day=30))
        ledger.publish_template("huge", huge)
        for who, name in STRANGERS.items():
            language = {"korean": "ko", "arabic": "az"}.get(who)
            customer = ledger.register_customer(name=name, email=f"{who}@example.com", language=language)
            card = ledger.issue_card("coffee", customer=customer).card
            ledger.add_stamps(card.id, 3, code=f"R-{who}", actor="till-1")
            with attrs.validators.disabled():  # As a ledger written by something that does not check its words.
                ledger.issue_coupon(Voucher(title=ORDERS), card=card)
            numbers[who] = card.number
        card = ledger.issue_card("huge").card
        ledger.add_stamps(card.id, 30, code="R-huge")
        numbers["huge"] = card.number
        with contextlib.suppress(Refused):
            ledger.add_stamps(card.id, 1)
        numbers["refusal"] = ledger.seq
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("UPDATE stampledger_word SET text = ? WHERE text = 'till-1'", [ORDERS])
    return numbers
