"""
What is installed is what is in the sources, and it works where only the core's dependencies are.
"""

import re
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile

from tests.package.bare import ROOT, Bare
from tools.first_program import first_program

SOURCES = ROOT / "src"


def names_in(wheel: Path) -> set[str]:
    with ZipFile(wheel) as file:
        return set(file.namelist())


def test_wheel_is_the_package(wheel: Path):
    """
    A wheel has every file of the package and the plugin, byte for byte, and nothing else: no tests, tools or examples.
    """
    sources = {
        path.relative_to(SOURCES).as_posix(): path.read_bytes()
        for path in (SOURCES / "stampledger").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    sources["_stampledger_pytest.py"] = (SOURCES / "_stampledger_pytest.py").read_bytes()

    with ZipFile(wheel) as file:
        packed = {name: file.read(name) for name in file.namelist() if ".dist-info/" not in name}

    assert sources == packed


def test_wheel_has_what_is_not_python(wheel: Path):
    """
    The mark of types, the pages, their styles and scripts, every language, the demo's day and the licence are there.
    """
    names = names_in(wheel)
    kinds = {
        "stampledger/py.typed": 1,
        r"stampledger/render/templates/.*\.html": 10,
        r"stampledger/render/locale/.*\.mo": 9,
        r"stampledger/web/static/.*\.(css|js|svg)": 8,
        r"stampledger/demo/day\.csv": 1,
        r"stampledger-.*\.dist-info/licenses/LICENSE": 1,
        r"stampledger/web/static/htmx-LICENSE\.txt": 1,
    }

    found = {kind: sum(re.fullmatch(kind, name) is not None for name in names) for kind in kinds}

    assert {} == {kind: count for kind, count in found.items() if count < kinds[kind]}
    assert set() == {name for name in names if re.search(r"(^|/)(tests?|conftest.*|__pycache__)(/|$|\.)", name)}


def test_what_the_wheel_says(wheel: Path):
    """
    The wheel tells its licence, its Pythons and its extras, and shows the README.
    """
    with ZipFile(wheel) as file:
        (name,) = (name for name in file.namelist() if name.endswith(".dist-info/METADATA"))
        told = HeaderParser().parsestr(file.read(name).decode())

    extras = {value for name, value in told.items() if name == "Provides-Extra"}
    assert "Apache-2.0" == told["License-Expression"]
    assert ">=3.11" == told["Requires-Python"]
    assert {"cli", "postgres", "web"} <= extras
    assert (ROOT / "README.md").read_text(encoding="utf-8").strip() == str(told.get_payload()).strip()


def test_first_program_with_the_core_alone(bare: Bare):
    """
    What the README shows first runs on what `pip install stampledger` brings.
    """
    done = bare.run(first_program() + "\nprint(scan.card.progress, scan.id)")

    assert ("8/8 5\n", "") == (done.stdout, done.stderr)
