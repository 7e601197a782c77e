"""
The house rules that a machine can check: floors, one room per dependency, short modules, no clock or chance inside.

Every check takes a module's text and answers with complaints. Below, each one is asked about the library, where it must
have none, and then about a small bad module, where it must have one: a check that cannot fail is worthless.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = "stampledger"
SOURCES = Path(__file__).parent.parent / "src" / PACKAGE

FLOORS = {
    "errors": 0,
    "frozen": 0,
    "checks": 1,
    "refusals": 1,
    "values": 2,
    "events": 3,
    "rules": 3,
    "commands": 4,
    "standing": 4,
    "rewards": 5,
    "cards": 6,
    "stamping": 7,
    "aggregates": 8,
    "projections": 9,
    "answers": 10,
    "codec": 10,
    "privacy": 10,
    "sources": 10,
    "store": 11,
    "render": 11,
    "lookup": 12,
    "migrations": 12,
    "journalfile": 13,
    "paging": 13,
    "following": 13,
    "view": 14,
    "writer": 13,
    "crediting": 14,
    "batches": 14,
    "importing": 15,
    "moves": 15,
    "whatif": 15,
    "receipts": 16,
    "ledger": 17,
    "testing": 18,
    "web": 18,
    "demo": 18,
    "cli": 19,
    "__init__": 20,
    "__main__": 21,
}

# The public names come from the facade and from below it: whoever imports the library does not load its extras.
FRONT_DESK_REACH = FLOORS["ledger"]

PURE_FLOOR_MAX = FLOORS["projections"]

PURE_STANDARD_LIBRARY = {
    "__future__",
    "bisect",
    "calendar",
    "collections.abc",
    "datetime",
    "decimal",
    "enum",
    "functools",
    "itertools",
    "math",
    "operator",
    "re",
    "types",
    "typing",
    "unicodedata",
    "uuid",
    "zoneinfo",
}

DEPENDENCIES_OF_ALL = {"attr", "attrs"}

DEPENDENCY_ROOMS = {
    "alembic": "migrations",
    "cattrs": "codec",
    "click": "cli",
    "cryptography": "privacy",
    "eventsourcing": "store",
    "hypothesis": "testing",
    "icu4py": "render",
    "jinja2": "render",
    "markupsafe": "render",
    "msgspec": "codec",
    "pyarrow": "journalfile",
    "psycopg": "store",
    "pymysql": "store",
    "pytest": "testing",
    "rich": "cli",
    "sqlalchemy": "store",
    "starlette": "web",
    "stdnum": "sources",
    "uuid_utils": "sources",
    "uvicorn": "web",
    "zxingcpp": "render",
}

LINES_MAX = 400

# What makes a run differ from the one before: the clock, chance, ids, the terminal and the environment.
IMPURE_CALLS = {"now", "utcnow", "uuid1", "uuid4", "print", "getenv"}
IMPURE_REFERENCES = {"datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time", "time.time_ns"}
IMPURE_NAMES = {"environ", "utcnow", "getenv", "uuid1", "uuid4"}
IMPURE_MODULES = {"random", "secrets"}
ALLOWED_IMPURE = {"sources", "cli", "web"}


class Module(NamedTuple):
    """A module's place below the package's folder, such as `store/schema.py`, and its text."""

    place: str
    text: str

    @property
    def room(self) -> str:
        return self.place.split("/")[0].removesuffix(".py")

    @property
    def package(self) -> list[str]:
        return [PACKAGE, *self.place.split("/")[:-1]]


class Import(NamedTuple):
    line: int
    name: str
    """The module's absolute name."""

    @property
    def top(self) -> str:
        return self.name.split(".")[0]

    @property
    def room(self) -> str:
        """The room of an import from the package itself."""
        _, *rest = self.name.split(".")
        return rest[0] if rest else "__init__"


Check = Callable[[Module], Iterator[str]]


def unknown_rooms(module: Module) -> Iterator[str]:
    if module.room not in FLOORS:
        yield f"{module.place}: the room {module.room!r} is unknown; assign it a floor in FLOORS"


def wrong_ways(module: Module) -> Iterator[str]:
    floor = FLOORS.get(module.room, 0)
    for found in imports(module):
        if found.top != PACKAGE or (found.room == module.room and "/" in module.place):
            continue
        below = FLOORS.get(found.room, sys.maxsize)
        place = f"{module.place}:{found.line}: {module.room} (floor {floor}) imports {found.name} (floor {below})"
        if below >= floor:
            yield f"{place}; imports only go down"
        elif module.room == "__init__" and below > FRONT_DESK_REACH:
            yield f"{place}; the front desk reaches up to floor {FRONT_DESK_REACH} only"


def misplaced_dependencies(module: Module) -> Iterator[str]:
    for found in imports(module):
        if found.top == PACKAGE or found.top in DEPENDENCIES_OF_ALL or found.top in sys.stdlib_module_names:
            continue
        room = DEPENDENCY_ROOMS.get(found.top)
        if room is None:
            yield f"{module.place}:{found.line}: {found.top} is unknown; assign it a room in DEPENDENCY_ROOMS"
        elif room != module.room:
            yield f"{module.place}:{found.line}: {found.top} may be imported in {room} only"


def impure_imports(module: Module) -> Iterator[str]:
    if FLOORS.get(module.room, 0) > PURE_FLOOR_MAX:
        return
    for found in imports(module):
        if found.top in sys.stdlib_module_names and found.name not in PURE_STANDARD_LIBRARY:
            yield f"{module.place}:{found.line}: {found.name} is not for the pure floors 0 to {PURE_FLOOR_MAX}"


def long_modules(module: Module) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > LINES_MAX:
        yield f"{module.place}: {lines} lines, of at most {LINES_MAX}; make it a folder, or find the second idea in it"


def impure_lines(module: Module) -> Iterator[str]:
    if module.room in ALLOWED_IMPURE:
        return
    for found in imports(module):
        if found.top in IMPURE_MODULES:
            yield f"{module.place}:{found.line}: {found.name} is chance; let it be passed in"
    for node in ast.walk(ast.parse(module.text)):
        for name in impurities(node):
            yield f"{module.place}:{getattr(node, 'lineno', 0)}: {name} depends on the moment; let it be passed in"


def impurities(node: ast.AST) -> Iterator[str]:
    """What *node* itself, without the nodes inside it, takes from outside."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in IMPURE_CALLS:
            yield f"{name}()"
        case ast.Attribute(attr=name) if name in IMPURE_NAMES:
            yield name
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
            if f"{owner}.{name}" in IMPURE_REFERENCES:
                yield f"{owner}.{name}"
        case ast.ImportFrom(module=owner, names=names):
            for name in (alias.name for alias in names):
                if name in IMPURE_NAMES or f"{owner}.{name}" in IMPURE_REFERENCES:
                    yield f"{owner}.{name}"


def imports(module: Module) -> Iterator[Import]:
    """All imports, also those inside functions, for type checkers only, or by a name in a string."""
    for node in ast.walk(ast.parse(module.text)):
        match node:
            case ast.Import(names=names):
                yield from (Import(node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=name, names=names, level=level):
                yield from (Import(node.lineno, found) for found in imported_from(module, name, names, level))
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield Import(node.lineno, name)


def imported_from(module: Module, name: str | None, names: list[ast.alias], level: int) -> set[str]:
    base = module.package[: len(module.package) - level + 1] if level else []
    source = ".".join([*base, *([name] if name else [])])
    if source != PACKAGE:
        return {source}
    return {f"{PACKAGE}.{alias.name}" if alias.name in FLOORS else PACKAGE for alias in names}


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    """Every module of the library."""
    paths = sorted(SOURCES.rglob("*.py"))
    assert [] != paths, f"{SOURCES} holds no module"
    return [Module(path.relative_to(SOURCES).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


@pytest.mark.parametrize(
    "check",
    [unknown_rooms, wrong_ways, misplaced_dependencies, impure_imports, long_modules, impure_lines],
)
def test_library(modules: list[Module], check: Check):
    """
    The library keeps its house rules.
    """
    complaints = [complaint for module in modules for complaint in check(module)]

    assert [] == complaints, "\n".join(complaints)


@pytest.mark.parametrize(
    ("check", "place", "text"),
    [
        pytest.param(unknown_rooms, "utilities.py", "", id="unknown module"),
        pytest.param(unknown_rooms, "tools/text.py", "", id="unknown folder"),
        pytest.param(wrong_ways, "rules.py", "from stampledger.store import schema", id="up"),
        pytest.param(wrong_ways, "rules.py", "import stampledger.ledger as facade", id="up by import"),
        pytest.param(wrong_ways, "rules.py", "from stampledger import ledger", id="up by the package's name"),
        pytest.param(wrong_ways, "rules.py", "from . import ledger", id="up by a relative import"),
        pytest.param(wrong_ways, "store/schema.py", "from ..view import View", id="up from a folder"),
        pytest.param(wrong_ways, "events.py", "from stampledger.commands import AddStamps", id="sideways"),
        pytest.param(wrong_ways, "store/schema.py", "from stampledger.render import text", id="sideways to a folder"),
        pytest.param(wrong_ways, "rules.py", "def f():\n    from stampledger import cli", id="up in a function"),
        pytest.param(wrong_ways, "cli.py", "import stampledger", id="the front desk from below"),
        pytest.param(wrong_ways, "web/pages.py", "from stampledger import Ledger", id="a public name from below"),
        pytest.param(wrong_ways, "__init__.py", "from stampledger.web import app", id="an extra at the front desk"),
        pytest.param(wrong_ways, "cli.py", "import stampledger.utilities", id="an unknown room"),
        pytest.param(wrong_ways, "rules.py", "import_module('stampledger.cli')", id="up by a name in a string"),
        pytest.param(misplaced_dependencies, "ledger.py", "import sqlalchemy.orm", id="another's dependency"),
        pytest.param(misplaced_dependencies, "ledger.py", "def f():\n    from rich import box", id="in a function"),
        pytest.param(misplaced_dependencies, "store/schema.py", "import requests", id="an unknown dependency"),
        pytest.param(impure_imports, "values.py", "import os", id="the system on a pure floor"),
        pytest.param(impure_imports, "projections.py", "from collections import deque", id="a name not listed"),
        pytest.param(long_modules, "values.py", "\n" * (LINES_MAX + 1), id="one line too many"),
        pytest.param(impure_lines, "ledger.py", "at = datetime.now(UTC)", id="now"),
        pytest.param(impure_lines, "ledger.py", "def f(clock=datetime.now): ...", id="now as a default"),
        pytest.param(impure_lines, "ledger.py", "at = clock.now()", id="any now"),
        pytest.param(impure_lines, "ledger.py", "at = datetime.datetime.utcnow()", id="utcnow"),
        pytest.param(impure_lines, "ledger.py", "day = date.today()", id="today"),
        pytest.param(impure_lines, "ledger.py", "at = time.time()", id="time"),
        pytest.param(impure_lines, "ledger.py", "from time import time", id="time by name"),
        pytest.param(impure_lines, "ledger.py", "card_id = uuid4()", id="uuid4"),
        pytest.param(impure_lines, "ledger.py", "from uuid import uuid4", id="uuid4 by name"),
        pytest.param(impure_lines, "ledger.py", "field(factory=uuid.uuid4)", id="uuid4 as a factory"),
        pytest.param(impure_lines, "ledger.py", "import random", id="random"),
        pytest.param(impure_lines, "store/schema.py", "from secrets import token_hex", id="secrets"),
        pytest.param(impure_lines, "demo/shop.py", "print('hello')", id="print"),
        pytest.param(impure_lines, "ledger.py", "os.environ['HOME']", id="environ"),
        pytest.param(impure_lines, "ledger.py", "from os import environ", id="environ by name"),
        pytest.param(impure_lines, "ledger.py", "os.getenv('HOME')", id="getenv"),
    ],
)
def test_bad_module(check: Check, place: str, text: str):
    """
    Each check sees the fault that it is there for.
    """
    module = Module(place, text)

    complaints = list(check(module))

    assert 1 <= len(complaints)
    assert all(complaint.startswith(place) for complaint in complaints)


@pytest.mark.parametrize(
    ("check", "place", "text"),
    [
        pytest.param(unknown_rooms, "store/reading.py", "", id="a module of a folder"),
        pytest.param(wrong_ways, "ledger.py", "from stampledger.store import Store", id="down"),
        pytest.param(wrong_ways, "ledger.py", "from stampledger import store, view", id="down by the package's name"),
        pytest.param(wrong_ways, "store/reading.py", "from stampledger.store.schema import T", id="inside a folder"),
        pytest.param(wrong_ways, "store/__init__.py", "from .reading import Store", id="inside a folder, relative"),
        pytest.param(wrong_ways, "cli.py", "from stampledger import demo", id="the command line shows the demo"),
        pytest.param(wrong_ways, "__init__.py", "from stampledger.ledger import Ledger", id="the front desk"),
        pytest.param(wrong_ways, "__main__.py", "from stampledger.cli import main", id="python -m"),
        pytest.param(misplaced_dependencies, "store/schema.py", "import sqlalchemy, attrs, json", id="its own room"),
        pytest.param(impure_imports, "values.py", "from collections.abc import Mapping", id="a listed name"),
        pytest.param(impure_imports, "codec.py", "import json", id="above the pure floors"),
        pytest.param(long_modules, "values.py", "\n" * LINES_MAX, id="the last line that fits"),
        pytest.param(impure_lines, "sources.py", "import secrets; at = datetime.now(UTC)", id="where the clock lives"),
        pytest.param(impure_lines, "ledger.py", "'''Not print(), not now().'''; at = self._clock()", id="only words"),
    ],
)
def test_good_module(check: Check, place: str, text: str):
    """
    What the rules allow passes, so that they are kept rather than worked around.
    """
    module = Module(place, text)

    complaints = list(check(module))

    assert [] == complaints
