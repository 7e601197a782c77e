"""
The connection may break at any moment, also between a commit and its answer: the same idempotency key settles it.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from stampledger import Ledger, OutcomeUnknown, StampledgerError, StorageError
from tests.engines.tills import BUSINESS
from tests.ledger.shop import coffee
from tests.servers.database import Database
from tests.servers.proxy import Proxy, commits

SECONDS = 10.0
TURNS = 20  # More than anything says.
WARM = 10  # A driver prepares what it has said a few times; from then on it always says it in the same way.
STAMP = 3  # Entries of a stamp that fills its card.


@pytest.fixture
def proxy(served: Database) -> Iterator[Proxy]:
    assert served.server is not None
    with Proxy(served.server.port) as proxy:
        yield proxy


@pytest.fixture
def near(served: Database) -> Iterator[Ledger]:
    """The ledger as somebody sees it whose connection is not cut."""
    with Ledger.open(served.url, business=BUSINESS) as ledger:
        yield ledger


@pytest.fixture
def far(served: Database, proxy: Proxy, near: Ledger) -> Iterator[Ledger]:
    """The ledger at the other end of the wire."""
    with Ledger.open(served.url_with(port=proxy.port), business=BUSINESS) as ledger:
        yield ledger


@pytest.fixture
def card(near: Ledger) -> Any:
    return near.issue_card(near.publish_template("free-coffee", coffee(1))).card.id


@pytest.mark.parametrize("key", ["cut", None], ids=["key", "no key"])
@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
def test_cut_commit(proxy: Proxy, near: Ledger, far: Ledger, card: Any, after: bool, key: str | None):
    """
    Wherever a command is cut off, an error that names a cause means that nothing was written; where something was, and
    the answer is lost, the error is OutcomeUnknown. The same again with its key writes what is missing, nothing twice.
    """
    for number in range(WARM):
        far.add_stamps(card, idempotency_key=f"warm-{number}")
    told = []
    for turn in range(2 * TURNS):
        wish: dict[str, Any] = dict(idempotency_key=key and f"{key}-{turn}")
        seq = near.seq
        cut = proxy.cut(after=after, skip=turn // 2)  # Twice: now and then a command has a checkpoint to write as well.

        answer = asked(far, card, **wish)

        proxy.keep()
        assert not cut.due or cut.done.wait(SECONDS)
        written = near.seq - seq
        told.append((cut.due, type(answer).__name__, written))
        if isinstance(answer, StampledgerError):
            assert written in (0, STAMP)
            assert not written or isinstance(answer, OutcomeUnknown), repr(answer)
        else:
            assert (STAMP, seq + 1) == (written, answer.id)
        again = far.add_stamps(card, **wish)
        if key:
            assert (bool(written), seq + 1, STAMP) == (again.repeated, again.id, near.seq - seq)

    print(told)
    assert (False, "Scan", STAMP) == told[-1], "the command was never heard to its end"
    assert after == ((True, "OutcomeUnknown", STAMP) in told), "only a commit that was carried out leaves this open"
    assert () == near.verify().faults


def asked(ledger: Ledger, card: Any, **wish: Any) -> Any:
    """The scan, or the error."""
    try:
        return ledger.add_stamps(card, **wish)
    except StampledgerError as error:
        return error


def test_cut_read(proxy: Proxy, far: Ledger, card: Any):
    """
    A read that is cut off works all the same or is a storage error of ours, and the next one works.
    """
    far.card(card)
    cuts = []
    for turn in range(TURNS):
        cut = proxy.cut(after=False, skip=turn)

        with suppress(StorageError):
            far.card(card)

        proxy.keep()
        assert not cut.due or cut.done.wait(SECONDS)
        cuts.append(cut.due)
        assert "0/1" == str(far.progress(card))
    assert (True, False) == (cuts[0], cuts[-1])


def test_cut_everything(proxy: Proxy, near: Ledger, far: Ledger, card: Any):
    """
    After all connections broke while nothing was asked, the ledger goes on, at the second call at the latest.
    """
    far.add_stamps(card, idempotency_key="R-1")
    far.card(card)
    proxy.cut_all()

    answer = asked(far, card, idempotency_key="R-2")

    assert not isinstance(answer, OutcomeUnknown)
    assert 1 == far.add_stamps(card, idempotency_key="R-1").entries[0].version - 1
    assert 2 * STAMP == far.add_stamps(card, idempotency_key="R-2").last - 2
    assert () == near.verify().faults


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
def test_cut_commit_without_a_key(served: Database, proxy: Proxy, after: bool):
    """
    The control: who simply does again what has failed has it twice where the answer to the commit was lost.
    """
    served.sql("CREATE TABLE credit (code VARCHAR(20))")
    far = Database(served.kind, served.address.set(port=proxy.port))
    proxy.cut(after=after, when=commits)

    with far.engine() as engine:
        try:
            with engine.begin() as connection:
                connection.execute(text("INSERT INTO credit VALUES ('R-1')"))
        except DBAPIError:
            with engine.begin() as connection:
                connection.execute(text("INSERT INTO credit VALUES ('R-1')"))

    assert [(2 if after else 1,)] == served.sql("SELECT count(*) FROM credit")
