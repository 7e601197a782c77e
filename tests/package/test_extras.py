"""
The core needs none of the extras, and whoever asks for what an extra brings is told its name.
"""

import re
import sys
import tomllib
from collections.abc import Mapping

import pytest

from stampledger.store.database import EXTRAS as DRIVERS
from tests.package.bare import ROOT, Bare

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: Mapping[str, list[str]] = PROJECT["optional-dependencies"]

LEDGER = """
from stampledger import CardTemplate, Goal, Ledger, Voucher
ledger = Ledger.open("sqlite://", business="shop")
template = CardTemplate(name="Coffee card", goals=(Goal(stamps=1, reward=Voucher(title="Free coffee")),))
card = ledger.issue_card(ledger.publish_template("coffee", template)).card
"""

# What is done without an extra, and what is said then.
WITHOUT = {
    "analytics": (
        LEDGER + "import io; ledger.export(io.BytesIO(), format='parquet')",
        "ImportError: Parquet needs pyarrow; run: pip install 'stampledger[analytics]'",
    ),
    "cli": (
        "from stampledger.cli import main; sys.exit(main(['demo']))",
        "stampledger: the command line needs its extra; run: pip install 'stampledger[cli]'",
    ),
    "mysql": (
        "from stampledger import Ledger; Ledger.open('mariadb+pymysql://host/shop', business='shop')",
        "url: must name an installed database driver; install stampledger[mysql], not 'mariadb+pymysql'",
    ),
    "postgres": (
        "from stampledger import Ledger; Ledger.open('postgresql+psycopg://host/shop', business='shop')",
        "url: must name an installed database driver; install stampledger[postgres], not 'postgresql+psycopg'",
    ),
    "testing": (
        "import stampledger.testing",
        "ImportError: tests need hypothesis; run: pip install 'stampledger[testing]'",
    ),
    "web": (
        "import stampledger.web",
        "ImportError: pages need starlette; run: pip install 'stampledger[web]'",
    ),
    "a page": (
        LEDGER + "ledger.customer_view(card.id).html()",
        "ImportError: pages need zxingcpp; run: pip install 'stampledger[web]'",
    ),
}
# Only Alembic loads what needs Alembic.
ASKED_FOR_BY_THEMSELVES = {"migrations"}

# How the distributions of the extras are called when they are imported.
MODULES = {"psycopg[binary]": "psycopg", "PyMySQL": "pymysql", "zxing-cpp": "zxingcpp"}


def modules_of_extras() -> set[str]:
    names = {re.split(r"[<>=]", requirement)[0] for extra in EXTRAS.values() for requirement in extra}
    return {MODULES.get(name, name) for name in names}


@pytest.mark.parametrize("asked", WITHOUT)
def test_without_an_extra(bare: Bare, asked: str):
    """
    What needs an extra that is not there ends in one sentence, which names the extra.
    """
    program, sentence = WITHOUT[asked]

    done = bare.run(program)

    assert 0 != done.returncode
    assert done.stderr.rstrip().endswith(sentence)


def test_no_extra_is_forgotten():
    """
    Each extra of the package has its sentence, and each driver its extra.
    """
    assert EXTRAS.keys() == (WITHOUT.keys() - {"a page"}) | ASKED_FOR_BY_THEMSELVES
    assert set(DRIVERS.values()) <= EXTRAS.keys()


def test_whole_core_without_extras(bare: Bare):
    """
    Every public name, a card's life and everything that is read of it load no module of an extra, here as little as
    where all are installed.
    """
    life = LEDGER + (
        "import stampledger\n"
        "for name in stampledger.__all__: getattr(stampledger, name)\n"
        "scan = ledger.add_stamps(card.id, code='R-1')\n"
        "ledger.redeem(scan.card.vouchers[0].id)\n"
        "ledger.journal(); ledger.cards(); ledger.why('R-1'); ledger.verify(); ledger.at(scan).card(card.id)\n"
        f"print(*sorted({modules_of_extras()!r} & set(sys.modules)))"
    )

    done = bare.run(life)
    everything = bare.run(f"sys.path.extend({sys.path!r})\n{life}")

    assert ("\n", "") == (done.stdout, done.stderr)
    assert ("\n", "") == (everything.stdout, everything.stderr)


def test_extra_is_seen_when_it_is_loaded(bare: Bare):
    """
    The check above can fail: a page as HTML loads what the extra brings.
    """
    page = f"ledger.customer_view(card.id).html(); print(sorted({modules_of_extras()!r} & set(sys.modules)))"

    done = bare.run(f"sys.path.extend({sys.path!r})\n{LEDGER}{page}")

    assert "jinja2" in done.stdout, done.stderr
