"""What is public, read from the sources: every name with its signature and the first line of what is said of it.

docs/versioning.md promises what may change about these names, and when; docs/reference/names.txt holds them as they
were at the latest commit.
"""

import tokenize
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import NamedTuple

import attrs
import griffe

SOURCES = Path(__file__).parent.parent / "src"
PACKAGE = "stampledger"

# Every public module, and which of its names are meant: those of its __all__, or those that are listed here.
MODULES: Mapping[str, Sequence[str] | None] = {
    "stampledger": None,
    "stampledger.refusals": (),
    "stampledger.events": (),
    "stampledger.commands": (),
    "stampledger.aggregates": ("decide", "evolve"),
    "stampledger.view.scans": ("CardRef", "CustomerRef", "RewardRef", "TemplateRef"),
    "stampledger.writer": ("Call",),
    "stampledger.migrations": ("include_name", "including"),
    "stampledger.web": None,
    "stampledger.testing": None,
}
# Made by the library and handed out; how they are made is no promise.
HANDED_OUT = {"EntryBatch", "Follower", "View"}


class Member(NamedTuple):
    """A public name of a class: a field, a property or a method."""

    name: str
    kind: str  # field, property, value, attribute or method
    text: str  # As it is written: its type and default, or its signature.
    doc: str


class Thing(NamedTuple):
    """A public name of a module."""

    module: str
    name: str
    home: str  # The module that it is written in.
    kind: str  # class, function or value
    text: str
    doc: str
    members: tuple[Member, ...] = ()

    @property
    def path(self) -> str:
        """Answer what a caller imports."""
        return f"{self.module}.{self.name}"


@cache
def surface() -> tuple[Thing, ...]:
    """Answer every public name, module by module."""
    package = griffe.load(PACKAGE, search_paths=[SOURCES], try_relative_path=False)
    assert isinstance(package, griffe.Module)
    return tuple(thing for module in MODULES for thing in _of_module(package, module))


def snapshot(things: Sequence[Thing]) -> str:
    """Write what is public as text, a line for each name and one for what is said of it."""
    lines = ["# What is public. Written by `make reference`; docs/versioning.md says what a change of it means."]
    for thing in things:
        lines += ["", f"{thing.kind} {thing.path}{thing.text}", *_said(thing.doc)]
        for member in thing.members:
            lines += [f"    {member.kind} {member.name}{member.text}", *_said(member.doc, "    ")]
    return "\n".join(lines) + "\n"


def differences(before: str, after: str) -> tuple[list[str], list[str]]:
    """Answer which names are gone or differ, and which are new; what is said of a name is no part of the promise."""
    old, new = _promised(before), _promised(after)
    return [line for line in old if line not in new], [line for line in new if line not in old]


def first_line(doc: str) -> str:
    """Answer the sentence that a text begins with."""
    return cleandoc(doc).split("\n\n")[0].split("\n")[0] if doc else ""


def _promised(text: str) -> list[str]:
    owner, lines = "", []
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            owner = owner if line.startswith(" ") else line.split("(")[0].split(":")[0]
            lines.append(f"{owner}: {line.strip()}" if line.startswith(" ") else line)
    return lines


def _said(doc: str, margin: str = "") -> list[str]:
    return [f"{margin}    # {first_line(doc)}"] if doc else []


def _of_module(package: griffe.Module, path: str) -> Iterator[Thing]:
    module = package if path == PACKAGE else package[path.removeprefix(f"{PACKAGE}.")]
    listed = MODULES[path]
    if listed is None:
        names = sorted(str(name) for name in module.exports or ())
    elif listed:
        names = sorted(listed)
    else:
        names = [name for name, found in module.members.items() if not found.is_alias and found.is_class]
    for name in names:
        if not name.startswith("_"):
            yield _thing(path, name, module[name])


def _thing(module: str, name: str, found: griffe.Object | griffe.Alias) -> Thing:
    target = found.final_target if isinstance(found, griffe.Alias) else found
    doc = _doc(target)
    home = target.parent.path if target.parent is not None else module
    if isinstance(target, griffe.Class):
        bases = ", ".join(str(base) for base in target.bases)
        text = f"({bases})" if bases and target.name not in {*HANDED_OUT, "Ledger"} else ""
        return Thing(module, name, home, "class", text, doc, tuple(_members(target)))
    if isinstance(target, griffe.Function):
        return Thing(module, name, home, "function", _signature(target), doc)
    assert isinstance(target, griffe.Attribute | griffe.TypeAlias), target
    return Thing(module, name, home, "value", _value(target), doc or _comment(target))


def _members(kind: griffe.Class) -> Iterator[Member]:
    fields = _fields(kind)
    apart = _reads_of_view() if kind.name == "Ledger" else set()
    seen: dict[str, griffe.Object] = {}
    for owner in [kind, *kind.mro()]:
        if owner.path.startswith(PACKAGE) and owner.path not in apart:
            for name, member in owner.members.items():
                if not member.is_alias and name not in seen:
                    seen[name] = member  # type: ignore[assignment] # It is no alias.
    in_order = [*fields, *(name for name in seen if name not in fields)]
    for name in in_order:
        found = seen[name]
        if name == "__init__" and not fields and kind.name not in HANDED_OUT and isinstance(found, griffe.Function):
            yield Member(name, "method", _signature(found).removesuffix(" -> None"), "")
        if name.startswith("_"):
            continue
        if isinstance(found, griffe.Function):
            how = next((label for label in ("classmethod", "staticmethod") if label in found.labels), "method")
            yield Member(name, how, _signature(found), _doc(found))
        elif isinstance(found, griffe.Attribute):
            yield _attribute(name, found, fields)


def _attribute(name: str, found: griffe.Attribute, fields: Mapping[str, str]) -> Member:
    doc = _doc(found) or _comment(found)
    if name in fields:
        return Member(name, "field", f": {found.annotation}{fields[name]}", doc)
    if "property" in found.labels:
        return Member(name, "property", f": {found.annotation}", doc)
    if found.annotation is None and "instance-attribute" not in found.labels:
        return Member(name, "value", f" = {found.value}", doc)
    told = found.annotation
    if told is None and found.parent is not None and "__init__" in found.parent.members:
        parameters = found.parent.members["__init__"].parameters  # type: ignore[union-attr] # It is a function.
        told = parameters[str(found.value)].annotation if str(found.value) in parameters else None
    return Member(name, "attribute", "" if told is None else f": {told}", doc)


@cache
def _reads_of_view() -> set[str]:
    """Answer the classes that a view is made of: what a ledger has of them is told once."""
    view = import_module("stampledger.view").View
    return {f"{owner.__module__}.{owner.__qualname__}" for owner in view.__mro__}


def _fields(kind: griffe.Class) -> dict[str, str]:
    """Answer the fields of a class of attrs, each with its default as a caller would write it."""
    assert kind.parent is not None
    found = getattr(import_module(kind.parent.path), kind.name)
    if not attrs.has(found):
        return {}
    return {
        field.name: _default(field) for field in attrs.fields(found) if field.init and not field.name.startswith("_")
    }


def _default(field: "attrs.Attribute[object]") -> str:
    default: object = field.default
    if default is attrs.NOTHING:
        return ""
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type] # A function, to type checkers.
        return " = made anew"
    named = type(default).__name__
    return f" = {named}.{default.name}" if hasattr(default, "name") and hasattr(default, "value") else f" = {default!r}"


def _signature(function: griffe.Function) -> str:
    if any("composite" in str(decorator.value) for decorator in function.decorators):
        del function.parameters["draw"]  # Hypothesis passes it.
    text: str = function.signature(return_type=True)
    return text[text.index("(") :]


def _value(found: griffe.Attribute | griffe.TypeAlias) -> str:
    annotation = getattr(found, "annotation", None)
    return f": {annotation}" if annotation is not None else f" = {found.value}"


def _doc(found: griffe.Object) -> str:
    return found.docstring.value if found.docstring is not None else ""


def _comment(found: griffe.Object) -> str:
    """Answer what is said after a field, on its line."""
    if not isinstance(found.filepath, Path) or found.lineno is None:
        return ""
    said = _comments(found.filepath)
    return " ".join(said[line] for line in range(found.lineno, (found.endlineno or found.lineno) + 1) if line in said)


@cache
def _comments(file: Path) -> dict[int, str]:
    with file.open("rb") as lines:
        return {
            token.start[0]: token.string.removeprefix("#").strip()
            for token in tokenize.tokenize(lines.readline)
            if token.type == tokenize.COMMENT and not token.string.startswith("# fmt")
        }
