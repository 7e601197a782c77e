"""The stamp cards, in the shop's own database."""

from functools import cache

from django.conf import settings
from django.db import connection

from stampledger import CardTemplate, Goal, Ledger, Voucher

CARD = CardTemplate(name="Coffee card", goals=(Goal(stamps=8, reward=Voucher(title="Free coffee")),))


@cache
def ledger() -> Ledger:
    """Open the ledger, once for the process."""
    opened = Ledger.open(f"sqlite:///{settings.DATABASES['default']['NAME']}", business="blue-cup")
    opened.publish_template("coffee", CARD, idempotency_key="the first coffee card")
    return opened


def in_this_transaction() -> Ledger:
    """Answer the ledger inside the transaction that `atomic` has begun, on the connection that Django uses."""
    opened = ledger()
    connection.ensure_connection()
    return opened.using(connection.connection)
