"""The end of the Journal: where every entry is appended, ours and those of others alike."""

from uuid import UUID

from stampledger import codec
from stampledger.errors import Corrupt
from stampledger.store.session import Session


class Head:
    """Where a business's Journal ends, as one transaction moves it on: `append` entries, then `save`."""

    __slots__ = ("_actor", "_channel", "_session", "_words", "chain", "recorded_at", "seq")

    def __init__(self, session: Session, actor: str | None = None, channel: str | None = None) -> None:
        row = session.one(session.sql.head)
        if row is None:
            raise Corrupt(session.business_name, None, None, "the head of the Journal is missing")
        self.seq: int
        self.recorded_at: int
        self.chain: bytes
        self.seq, self.recorded_at, self.chain = row
        self._session = session
        self._actor, self._channel = actor, channel
        self._words = session.word(actor), session.word(channel)

    def begin_scan(self, now: int) -> None:
        """Give a scan a moment of its own, so that a past datetime means one entry for ever."""
        self.recorded_at = max(self.recorded_at + 1, now)

    def append(
        self, stream: int, stream_id: UUID, version: int, name: str, place: int, at: int, code: str | None, body: bytes
    ) -> int:
        """Append an entry, chained to the one before it; answer its number."""
        session = self._session
        self.seq = seq = self.seq + 1
        digest = codec.digest(stream_id, version, name, place, at, code, self._actor, self._channel, body)
        self.chain = codec.link(self.chain, seq, self.recorded_at, digest)
        session.add(
            session.sql.add_entry,
            seq=seq,
            stream=stream,
            version=version,
            kind=session.word(name),
            place=place,
            recorded_at=self.recorded_at,
            occurred_at=None if at == self.recorded_at else at,
            code=code,
            actor=self._words[0],
            channel=self._words[1],
            body=body,
            hash=self.chain,
        )
        return seq

    def save(self) -> None:
        """Write down where the Journal ends now."""
        self._session.run(self._session.sql.set_head, n_seq=self.seq, n_recorded_at=self.recorded_at, n_hash=self.chain)
