"""The facade: a shop's stamp cards, written by verbs and read as of any moment."""

from stampledger.ledger.facade import Ledger

__all__ = ["Ledger"]
