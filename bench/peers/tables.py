"""Plain tables by SQLAlchemy's ORM: the card's row is read and updated, a receipt and an event are added; no library.

The row's version is checked by SQLAlchemy, so that two writers cannot both count from the same progress.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, ForeignKey, LargeBinary, String, UniqueConstraint, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from bench.floors.one_stamp import BODY


class Base(DeclarativeBase):
    """The tables."""


class CardRow(Base):
    """A stamp card."""

    __tablename__ = "card"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str] = mapped_column(String(200))
    stamps_required: Mapped[int]
    progress: Mapped[int]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ReceiptRow(Base):
    """A receipt that gave its stamps."""

    __tablename__ = "receipt"
    code: Mapped[str] = mapped_column(String(200), primary_key=True)
    card: Mapped[int] = mapped_column(ForeignKey("card.id"))


class EventRow(Base):
    """What happened."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("card", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    card: Mapped[int] = mapped_column(ForeignKey("card.id"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    code: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(40))
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Tables:
    """Cards in tables of their own."""

    def __init__(self, url: str, *, full: bool = True) -> None:
        self._engine = create_engine(url)
        if url.startswith("sqlite"):

            @event.listens_for(self._engine, "connect")
            def prepare(connection: Any, record: object) -> None:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")

        Base.metadata.create_all(self._engine)
        self._session: sessionmaker[Session] = sessionmaker(self._engine)
        self._codes = 0

    def issue(self, count: int) -> list[int]:
        """Give out cards."""
        with self._session.begin() as session:
            cards = [CardRow(customer=f"customer {n}", stamps_required=8, progress=0, version=1) for n in range(count)]
            session.add_all(cards)
            session.flush()
            return [card.id for card in cards]

    def stamp(self, card_id: int) -> None:
        """Credit one stamp."""
        self._codes += 1
        code = f"R-{self._codes:07d}"
        with self._session.begin() as session:
            card = session.get_one(CardRow, card_id)
            card.progress = (card.progress + 1) % card.stamps_required
            session.add(ReceiptRow(code=code, card=card.id))
            session.add(
                EventRow(
                    card=card.id,
                    version=card.version + 1,
                    kind="stamp_added",
                    recorded_at=datetime.now(UTC),
                    code=code,
                    actor="till-1",
                    channel="receipt",
                    body=BODY,
                )
            )

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def on_file(path: Path, *, full: bool) -> Tables:
    """Keep cards in a file."""
    return Tables(f"sqlite:///{path}", full=full)
