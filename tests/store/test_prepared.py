"""
Statements are compiled once for an engine, and are gone with it.
"""

import gc
import weakref

from stampledger import Ledger
from stampledger.store.database import open_engine
from tests.ledger.shop import coffee


def test_second_business_on_an_engine():
    """
    A second business on an engine has the statements of the first, and nothing else of it.
    """
    engine = open_engine("sqlite://")
    one, other = (Ledger(engine, business=name) for name in ("one", "other"))
    one.publish_template("coffee", coffee())

    assert one._store.sql.add_head is other._store.sql.add_head
    assert (one._store.sql.backend, other._store.sql.backend) == (one._store.backend, other._store.backend)
    assert (1, 0) == (one.seq, other.seq)


def test_engine_is_let_go():
    """
    An engine that nobody uses any more is not kept for its statements.
    """
    engine = open_engine("sqlite://")
    Ledger(engine, business="one").close()
    gone = weakref.ref(engine)

    engine.dispose()
    del engine
    gc.collect()

    assert gone() is None
