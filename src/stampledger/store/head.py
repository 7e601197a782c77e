"""The end of the Journal: where every entry is appended, ours and those of others alike."""

PROVISIONAL = 1 << 60  # Numbers from here on are counted from a head that is not known yet.


class Head:
    """Where a business's Journal ends, as one transaction moves it on."""

    __slots__ = ("chain", "recorded_at", "seq")

    def __init__(self, seq: int, recorded_at: int, chain: bytes) -> None:
        self.seq: int = seq
        self.recorded_at: int = recorded_at  # Microseconds since 1970, as everywhere.
        self.chain: bytes = chain  # The hash of the last entry that was written down, not of those still planned.

    @classmethod
    def provisional(cls) -> "Head":
        """Answer a head for a command whose numbers the database will give."""
        return cls(PROVISIONAL, 0, b"")

    @property
    def is_provisional(self) -> bool:
        """Whether its numbers are still to be given."""
        return self.seq >= PROVISIONAL

    def begin_scan(self, now: int) -> None:
        """Give a scan a moment of its own, so that a past datetime means one entry for ever."""
        self.recorded_at = max(self.recorded_at + 1, now)
