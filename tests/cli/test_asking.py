"""
What is owed, and what differs between two moments, from the command line.
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import Terminal

ZOE = "100003"


def test_liability_table(terminal: Terminal):
    """
    What is outstanding stands in a table by template and title, with its ages.
    """
    answer = terminal.run("liability")

    header, *rows = answer.out.splitlines()
    assert ["Template", "Reward", "Outstanding"] == header.split()[:3]
    shown = sum(int(row.split()[-6]) for row in rows)
    assert f"{shown} outstanding\n" == answer.err
    assert 1 <= shown


def test_liability_forms(terminal: Terminal):
    """
    JSON and CSV say the same.
    """
    told = terminal.run("liability", "--json").json
    rows = list(csv.DictReader(io.StringIO(terminal.run("liability", "--csv").out)))

    assert [(row["template"] or "", row["title"], str(sum(row["ages"]))) for row in told["rows"]] == [
        (row["template"], row["title"], row["count"]) for row in rows
    ]
    assert told["count"] == sum(int(row["count"]) for row in rows)


@pytest.mark.parametrize(("moment", "count"), [("1", 0), ("2026-05-12T00:00Z", 0), ("21", 3)])
def test_liability_then(terminal: Terminal, moment: str, count: int):
    """
    It can be asked as of an entry or a time: at entry 21 a birthday cake, a cookie and a soup were not used yet.
    """
    assert count == terminal.run("liability", "--at", moment, "--json").json["count"]


def test_compare(terminal: Terminal):
    """
    The difference is told in sentences, in a language; as JSON with the entries between.
    """
    answer = terminal.run("compare", ZOE, "16", "17")

    assert "6 stamps were added: 0/9 then, 6/9 now." in answer.out.splitlines()
    assert answer.out != terminal.run("compare", ZOE, "16", "17", "--lang", "de").out
    told = terminal.run("compare", ZOE, "16", "17", "--json").json
    assert [17] == [entry["seq"] for entry in told["entries"]]
    assert "Nothing differs.\n" == terminal.run("compare", ZOE, "17", "17").out


def test_compare_before_the_card(terminal: Terminal):
    """
    A card that was not there yet cannot be compared.
    """
    assert 1 == terminal.run("compare", ZOE, "1", "17").code


@pytest.fixture
def lunch(terminal: Terminal) -> dict[str, Any]:
    """The lunch card's template, as the Journal shows it."""
    rows = terminal.run("journal", "--kind", "template_published", "--json").json
    found = [entry["event"]["template"] for entry in rows["rows"] if entry["event"]["key"] == "lunch"]
    template: dict[str, Any] = found[0]
    return template


def test_what_if(terminal: Terminal, lunch: dict[str, Any], tmp_path: Path):
    """
    A template from a file is tried on the real history: as a table, as JSON and as a plot.
    """
    same, other = tmp_path / "same.json", tmp_path / "other.json"
    same.write_text(json.dumps(lunch), encoding="utf-8")
    other.write_text(json.dumps(lunch | {"goals": lunch["goals"][:1]}), encoding="utf-8")

    answer = terminal.run("what-if", str(same), "--template", "lunch")
    assert (0, "0 of") == (answer.code, answer.out[:4])
    answer = terminal.run("what-if", str(other), "--template", "lunch", "--value", "Free cookie=120", "--json")
    assert 1 <= answer.json["cards_differing"] < answer.json["cards_count"]
    assert {"Free cookie": 120} == {
        row["title"]: row["value_minor"] for row in answer.json["rewards"] if row["value_minor"] is not None
    }
    answer = terminal.run("what-if", str(other), "--card", ZOE, "--svg", str(tmp_path / "plot.svg"))
    assert answer.out.startswith("1 of 1 cards differ.")
    assert (tmp_path / "plot.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"name": 5}', "not JSON", '{"a":1},"key":"x"'])
def test_file_that_is_no_template(terminal: Terminal, tmp_path: Path, text: str):
    """
    A file that holds no template is wrong input, told in a sentence.
    """
    file = tmp_path / "none.json"
    file.write_text(text, encoding="utf-8")

    answer = terminal.run("what-if", str(file))

    assert (2, 1) == (answer.code, len(answer.err.splitlines()))


@pytest.mark.parametrize("value", ["Free cookie", "=5", "Free cookie=-1", "Free cookie=1.5"])
def test_value_that_is_none(terminal: Terminal, lunch: dict[str, Any], tmp_path: Path, value: str):
    """
    A value is a whole number of minor units.
    """
    file = tmp_path / "lunch.json"
    file.write_text(json.dumps(lunch), encoding="utf-8")

    assert 2 == terminal.run("what-if", str(file), "--value", value).code
