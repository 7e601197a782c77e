"""Write the reference from the sources: `make reference`.

docs/reference/ has a page for each part of what is public, every kind of event with its JSON Schema, and names.txt, by
which a test sees that something public has changed. A second run changes nothing; a test compares.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import attrs

from stampledger import codec
from tools import schemas
from tools.surface import Member, Thing, first_line, snapshot, surface

PLACE = Path(__file__).parent.parent / "docs" / "reference"
WIDTH = 100
NOTE = "<!-- Written by `make reference` from the sources: change it there. -->"


class Page(NamedTuple):
    """A page of the reference: its file, what it is called and about, and whose names it has; * is all that is left."""

    file: str
    title: str
    about: str
    homes: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    def takes(self, thing: Thing) -> bool:
        """Answer whether a name belongs on this page."""
        if thing.module != "stampledger":
            return thing.module in self.modules
        return any(home == "*" or f"{thing.home}.".startswith(f"stampledger.{home}.") for home in self.homes)


PAGES = (
    Page(
        "ledger", "The ledger",
        "Every verb, and how a ledger is opened. A ledger is a [view](views.md) as well: every read is there.",
        ("ledger",), ("stampledger.view.scans", "stampledger.writer"),
    ),
    Page("templates", "Templates and brands", "What a programme is made of.", ("values",)),
    Page("answers", "What reads answer", "Cards, rewards, entries, figures, differences.", ("projections", "rewards")),
    Page(
        "errors", "Errors and refusals",
        "What can go wrong, sorted by what the caller does next; and a class for each rule that can say no, to be "
        "imported from `stampledger.refusals`.",
        ("errors",), ("stampledger.refusals",),
    ),
    Page(
        "commands", "Commands and decisions", "What someone asks for, and the two functions that use no database.",
        (), ("stampledger.commands", "stampledger.aggregates"),
    ),
    Page("web", "The web", "Applications to be mounted; the extra `web`.", (), ("stampledger.web",)),
    Page("migrations", "Migrations", "Beside your own, in one Alembic environment.", (), ("stampledger.migrations",)),
    Page("testing", "Testing", "For tests of your own; the extra `testing`.", (), ("stampledger.testing",)),
    Page(
        "views", "Views, scans and pages", "Reading as of any moment, and what verbs and reads over many answer.",
        ("*",),
    ),
)  # fmt: skip
ELSEWHERE = {"stampledger.events"}  # On a page of its own, by kinds.


def made() -> dict[Path, str]:
    """Answer every file of the reference as it has to be."""
    things = surface()
    left = [thing for thing in things if thing.module not in ELSEWHERE]
    files = {PLACE / "names.txt": snapshot(things), PLACE / "index.md": _index(), PLACE / "events.md": _events(things)}
    for page in PAGES:
        mine = [thing for thing in left if page.takes(thing)]
        left = [thing for thing in left if thing not in mine]
        files[PLACE / f"{page.file}.md"] = "\n".join(_page(page, mine))
    assert not left, f"on no page: {[thing.path for thing in left]}"
    return files | {PLACE / "schemas" / f"{name}.json": schemas.text_of(name) for name in codec.KINDS}


def main() -> int:
    """Write all files, and take away those that are none any more."""
    files = made()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in present() - files.keys():
        path.unlink()
    print(f"{len(files)} files in {PLACE}")
    return 0


def present() -> set[Path]:
    """Answer the files that are there now."""
    return {path for path in PLACE.rglob("*") if path.is_file()}


def _index() -> str:
    rows = [f"| [{page.title}]({page.file}.md) | {page.about.split('; and')[0].rstrip('.')} |" for page in PAGES]
    rows.append("| [Events](events.md) | Every fact the Journal can hold, with its fields and its JSON Schema |")
    about = (
        "Every public name, from the sources. [Versioning](../versioning.md) says what is promised of them, and "
        "[names.txt](names.txt) lists them all with their signatures."
    )
    return "\n".join([NOTE, "", "# Reference", "", about, "", "| page | what is there |", "|---|---|", *rows, ""])


def _page(page: Page, things: Sequence[Thing]) -> Iterator[str]:
    yield from (NOTE, "", f"# {page.title}", "", page.about, "")
    for thing in things:
        yield from (f"## {thing.name}", "")
        yield from _code(_import(thing) if thing.kind == "class" else thing.name + thing.text)
        yield from _prose(thing.doc)
        yield from _table(
            [member for member in thing.members if member.kind != "method" and "(" not in member.text[:1]]
        )
        for member in thing.members:
            if member.text.startswith("("):
                called = "\\_\\_init\\_\\_" if member.name == "__init__" else member.name
                yield from (f"### {thing.name}.{called}", "")
                name = thing.name if member.name == "__init__" else member.name
                yield from _code(name + member.text)
                yield from _prose(member.doc)


def _import(thing: Thing) -> str:
    bases = f"  # {thing.text.strip('()')}" if thing.text else ""
    return f"from {thing.module} import {thing.name}{bases}"


def _code(text: str) -> Iterator[str]:
    """Show a signature; where it is long, a parameter a line."""
    yield "```python"
    opened, closed = text.find("("), text.rfind(")")
    if len(text) <= WIDTH or opened < 0:
        yield text
    else:
        yield text[: opened + 1]
        for part in _parts(text[opened + 1 : closed]):
            yield f"    {part},"
        yield text[closed:]
    yield from ("```", "")


def _parts(text: str) -> Iterator[str]:
    depth, begin = 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            yield text[begin:place].strip()
            begin = place + 1
    yield text[begin:].strip()


def _prose(doc: str) -> Iterator[str]:
    """Show what is said of a name; what it raises as a list."""
    if not doc:
        return
    listed = False
    for line in cleandoc(doc).split("\n"):
        if re.fullmatch(r"(Raises|Yields|Returns|Args):", line):
            listed = True
            yield from (f"**{line.rstrip(':')}**", "")
        elif listed and (item := re.fullmatch(r"    (\w[\w.]*): (.*)", line)):
            yield f"- `{item[1]}`: {item[2]}"
        elif listed and line.startswith("     "):
            yield f"  {line.strip()}"
        else:
            listed = listed and bool(line)
            yield line
    yield ""


def _table(members: Sequence[Member]) -> Iterator[str]:
    if not members:
        return
    yield from ("| name | type | default | meaning |", "|---|---|---|---|")
    for member in members:
        kind, _, default = member.text.partition(" = ")
        told = _cell(kind.removeprefix(": "))
        said = _inline(first_line(member.doc))
        said = f"{said} (computed)".strip() if member.kind == "property" else said
        yield f"| `{member.name}` | {told} | {_cell(default)} | {said} |"
    yield ""


def _cell(code: str) -> str:
    """Write code into a table: its bars would be read as the table's."""
    return f"`{code.replace(' | ', ' or ')}`" if code else ""


def _inline(text: str) -> str:
    return text.replace("|", "or").replace("<", "&lt;")


def _events(things: Sequence[Thing]) -> str:
    known = {thing.name: thing for thing in things if thing.module == "stampledger.events"}
    lines = [
        NOTE, "", "# Events", "",
        "Every fact the Journal can hold, under its name on disk. The classes are in `stampledger.events`. An entry's",
        "body leaves out a field that has its default; `at` and `code` are columns of the entry; personal fields are",
        "sealed ([the Journal's format](../journal-format.md)). A kind is never changed: another version of it gets a",
        "name of its own, and the old one is read for ever ([versioning](../versioning.md)).", "",
    ]  # fmt: skip
    for name, kind in codec.KINDS.items():
        said = {member.name: member.doc for member in known[kind.__name__].members}
        lines += [f"## {name}", "", f"`{kind.__name__}`: {known[kind.__name__].doc}", ""]
        lines += [*_fields(kind, said), f"[JSON Schema](schemas/{name}.json)", ""]
    shared = sorted(known.keys() - {kind.__name__ for kind in codec.KINDS.values()} - {"Event", "Granted"})
    lines += ["## Inside events", ""]
    for name in shared:
        lines += [f"### {name}", "", *_prose(known[name].doc), *_table(known[name].members)]
    return "\n".join(lines)


def _fields(kind: type[Any], said: Mapping[str, str]) -> Iterator[str]:
    hints = get_type_hints(kind)
    fields = [field for field in attrs.fields(kind) if field.name != "at"]
    if not fields:
        yield from ("It has no fields.", "")
        return
    yield from ("| field | in JSON | default | meaning |", "|---|---|---|---|")
    for field in fields:
        personal = field.metadata.get("personal")
        json = "in a column" if field.name == "code" else "sealed" if personal else schemas.shape(hints[field.name])
        default: Any = "" if field.default is attrs.NOTHING else f"`{getattr(field.default, 'value', field.default)!r}`"
        yield f"| `{field.name}` | {json} | {default} | {_inline(said.get(field.name, ''))} |"
    yield ""


if __name__ == "__main__":
    sys.exit(main())
