"""
What the README and the documentation show is what happens: every sample runs, and no field or kind goes unmentioned.
"""

import doctest
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from stampledger import codec, values
from tests.cli.terminal import Terminal
from tests.test_architecture import FLOORS

ROOT = Path(__file__).parent.parent
PAGES = (
    "README.md",
    "docs/index.md",
    "docs/writing.md",
    "docs/reading.md",
    "docs/following.md",
    "docs/what-if.md",
    "docs/terminal.md",
    "docs/mounting.md",
    "docs/policies.md",
    "docs/back-office.md",
    "docs/scenes.md",
    "docs/engines.md",
    "docs/testing.md",
    "docs/architecture.md",
    "docs/journal-format.md",
    "docs/schema.md",
    "docs/versioning.md",
)
SHOWN = ("docs/performance.md",)  # Written by the benchmark.
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def console_samples(document: Document) -> Iterator[Region]:
    """Commands after a $, each with what it says; both streams, as on a terminal."""
    for block in re.finditer(r"^```console\n(.*?)^```$", document.text, re.MULTILINE | re.DOTALL):
        yield Region(block.start(), block.end(), block.group(1), evaluate_console)


def evaluate_console(example: Example) -> None:
    terminal: Terminal = example.namespace["terminal"]
    for sample in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", example.parsed, re.MULTILINE):
        command, expected = sample
        program, *arguments = shlex.split(command)
        assert "stampledger" == program
        answer = terminal.run(*arguments)
        shown = re.sub(r" +$", "", answer.out + answer.err, flags=re.MULTILINE)
        agrees = doctest.OutputChecker().check_output(expected, shown, FLAGS)
        assert agrees, f"$ {command}\nexpected:\n{expected}\nshown:\n{shown}"


@pytest.mark.parametrize("page", PAGES)
def test_samples(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """
    Every sample of a page runs, in the page's order, and shows what the page says.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    document = Sybil(parsers=[PythonCodeBlockParser(doctest_optionflags=FLAGS), console_samples]).parse(ROOT / page)
    document.namespace["terminal"] = Terminal()

    examples = list(document.examples())
    for example in examples:
        example.evaluate()

    assert 1 <= len(examples)


def test_every_page_is_tested():
    """
    A page whose samples nobody runs does not exist; the decisions tell why, and show nothing.
    """
    pages = {path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("docs/*.md"), ROOT / "README.md")}

    assert {*PAGES, *SHOWN} == pages


def test_links():
    """
    Every link to another page of the documentation leads somewhere.
    """
    broken = [
        (page, target)
        for page in (*PAGES, "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "changes/README.md")
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text(encoding="utf-8"))
        if not (ROOT / page).parent.joinpath(target).exists()
    ]

    assert [] == broken


def test_site_has_every_page():
    """
    Every page stands once in the contents of the site, and the contents name no page that is not there.
    """
    contents = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:\n")[1]
    named = re.findall(r"(\S+\.md)$", contents, re.M)

    assert sorted(path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")) == sorted(named)


def test_pages_stay_on_the_site():
    """
    No page links to what lies outside the documentation: on the site it would lead nowhere.
    """
    away = [
        (path.name, target)
        for path in ROOT.glob("docs/**/*.md")
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).resolve().is_relative_to(ROOT / "docs")
    ]

    assert [] == away


def test_every_kind_is_documented():
    """
    The page on the format names every stored kind with exactly the fields of its body.
    """
    page = (ROOT / "docs/journal-format.md").read_text(encoding="utf-8")
    documented = {
        kind: re.findall(r"`(\w+)`", fields)
        for kind, fields in re.findall(r"^\| `(\w+\.\w+\.v\d+)` \| (.*) \|$", page, re.M)
    }

    stored = {
        name: [field.name for field in attrs.fields(kind) if field.name not in ("at", "code")]
        for name, kind in codec.KINDS.items()
    }
    assert stored == documented


@pytest.mark.parametrize(
    ("headings", "kinds"),
    [
        (("CardTemplate",), (values.CardTemplate,)),
        (("Goal",), (values.Goal,)),
        (("Award, Voucher, Lottery, Variant",), (values.Award, values.Voucher, values.Lottery, values.Variant)),
        (("PerAmount",), (values.PerAmount,)),
        (("Limits",), (values.Limits,)),
        (("BirthdayGift",), (values.BirthdayGift,)),
        (("Brand",), (values.Brand,)),
    ],
    ids=lambda value: value[0] if isinstance(value[0], str) else "",
)
def test_every_policy_is_documented(headings: tuple[str], kinds: tuple[type[attrs.AttrsInstance], ...]):
    """
    The page on policies has a row for every field, and the right default where there is a plain one.
    """
    page = (ROOT / "docs/policies.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {headings[0]}\n")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.M))
    fields = {field.name: field for kind in kinds for field in attrs.fields(kind)}

    assert list(fields) == list(rows)
    for name, field in fields.items():
        if isinstance(field.default, bool | values.CodeScope | values.Overflow | values.AfterLastGoal | values.OnVoid):
            shown = str(field.default) if isinstance(field.default, bool) else field.default.name
            assert rows[name].startswith(f"`{shown}`"), name


def test_every_room_is_documented():
    """
    The page on the architecture has every room of the house, from the top floor down.
    """
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page, re.M)
    documented = [room for rooms in rows for room in re.findall(r"`(\w+)`", rooms)]

    assert sorted(FLOORS) == sorted(documented)
    assert sorted(documented, key=lambda room: -FLOORS[room]) == documented
