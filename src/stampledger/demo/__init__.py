"""One small shop's day, from a file a shopkeeper could read (`day.csv`) into a ledger: the same each time."""

from stampledger.demo.day import BUSINESS, OPENING, Outcome, Row, Step, play, rows
from stampledger.demo.supplies import Supplies

__all__ = ["BUSINESS", "OPENING", "Outcome", "Row", "Step", "Supplies", "play", "rows"]
