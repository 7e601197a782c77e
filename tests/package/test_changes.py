"""
What users are told of a change: a file each, so that two changes never meet in one line, and no release forgets one.
"""

import re
import tomllib

from tests.package.bare import ROOT

CHANGES = ROOT / "changes"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
KINDS = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}


def test_every_change_has_a_kind():
    """
    A fragment is called `+words.kind.md`; a name the changelog does not know would be left out of it without a word.
    """
    names = [path.name for path in CHANGES.iterdir() if path.name != "README.md"]
    known = re.compile(rf"\+[a-z0-9-]+\.({'|'.join(sorted(KINDS))})\.md")

    assert [] == [name for name in names if not known.fullmatch(name)]


def test_every_change_is_a_sentence():
    """
    A fragment begins like a sentence, ends like one, and is no list: it becomes one line of a list.
    """
    texts = {path.name: path.read_text(encoding="utf-8").strip() for path in CHANGES.glob("+*.md")}

    assert {} == {
        name: text for name, text in texts.items() if not re.fullmatch(r"[A-Z`*][^\n].*[.)]", text, re.DOTALL)
    }


def test_links_lead_somewhere_from_the_changelog():
    """
    A link in a fragment is written as from the repository's root, where the changelog stands.
    """
    targets = [
        (path.name, target)
        for path in CHANGES.glob("+*.md")
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    ]

    assert [] == [(name, target) for name, target in targets if not (ROOT / target).exists()]


def test_changelog_has_releases_only():
    """
    What is not released stands in changes/, never in the changelog itself: there two changes would meet.
    """
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    marker = PROJECT["tool"]["towncrier"]["start_string"].strip()

    assert [] == [heading for heading in headings if not re.fullmatch(r"\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", heading)]
    assert marker in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_pythons_agree():
    """
    The Pythons that are promised are those that are tested.
    """
    told = {line.split(" :: ")[-1] for line in PROJECT["project"]["classifiers"] if "Python :: 3." in line}
    tested = re.search(r"^PYTHONS = \((.*)\)$", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.MULTILINE)

    assert tested is not None
    assert told == set(re.findall(r"[\d.]+", tested[1]))
    assert ">=" + min(told, key=lambda version: int(version.split(".")[1])) == PROJECT["project"]["requires-python"]
