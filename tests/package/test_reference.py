"""
The reference is what the sources say, and whoever changes what is public sees that it is public.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import stampledger
from stampledger import codec
from tests.golden.samples import AT, FOLDER, sealed
from tests.golden.shapes import events_of
from tools import reference, schemas
from tools.surface import differences, surface

every_kind = pytest.mark.parametrize("name", codec.KINDS)


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schemas.schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER)


def golden_body(name: str) -> Any:
    file = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(json.loads(file)["body"])


# The pages.


@pytest.fixture(scope="module")
def made() -> Mapping[Any, str]:
    return reference.made()


def test_public_names_are_as_they_were(made: Mapping[Any, str]):
    """
    What is public is what docs/reference/names.txt says. A name that is gone or has another signature breaks somebody's
    program; one that is new is a promise.
    """
    file = reference.PLACE / "names.txt"

    gone, new = differences(file.read_text(encoding="utf-8"), made[file])

    assert ([], []) == (gone, new), (
        "what is public has changed.\n"
        + "".join(f"  gone, or not as it was: {line}\n" for line in gone)
        + "".join(f"  new:                    {line}\n" for line in new)
        + "If that is meant, run `make reference` and commit docs/reference. What is gone or differs may break\n"
        "callers: docs/versioning.md says what that takes. It needs a fragment in changes/, changed or removed."
    )


def test_reference_is_up_to_date(made: Mapping[Any, str]):
    """
    Every file of docs/reference is what `make reference` writes, and there is no other.
    """
    stale = [path.name for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]

    assert [] == stale, "run `make reference`, and commit what it writes"
    assert set(made) == reference.present()


def test_every_public_name_is_in_the_reference(made: Mapping[Any, str]):
    """
    Each name of the front desk has a heading of its own on one page.
    """
    pages = [text for path, text in made.items() if path.name != "testing.md"]  # It has a `Moment` of its own.
    headings = [line for text in pages for line in text.splitlines() if line.startswith("## ")]

    assert [] == [name for name in stampledger.__all__ if headings.count(f"## {name}") != 1]
    assert {f"## {name}" for name in codec.KINDS} <= set(headings)


@pytest.mark.parametrize(
    ("change", "gone", "new"),
    [
        pytest.param(lambda text: text, 0, 0, id="nothing"),
        pytest.param(lambda text: text.replace("count: int | None = None", "count: int", 1), 1, 1, id="a signature"),
        pytest.param(lambda text: text.replace("    method redeem(", "    method use(", 1), 1, 1, id="another name"),
        pytest.param(lambda text: text.replace("# A stamp card", "# The stamp card"), 0, 0, id="only words"),
        pytest.param(lambda text: text + "\nfunction stampledger.more() -> None\n", 0, 1, id="a new name"),
    ],
)
def test_differences_are_seen(made: Mapping[Any, str], change: Callable[[str], str], gone: int, new: int):
    """
    A name or signature that differs is seen as one that is gone and one that is new; words about it are not.
    """
    before = made[reference.PLACE / "names.txt"]

    found = differences(before, change(before))

    assert (gone, new) == tuple(map(len, found))


def test_every_public_name_is_described():
    """
    Every public class and function, and each of their methods, has a sentence.
    """
    bare = [thing.path for thing in surface() if thing.kind != "value" and not thing.doc]
    bare += [
        f"{thing.path}.{member.name}"
        for thing in surface()
        for member in thing.members
        if member.kind in ("method", "property", "classmethod") and member.name != "__init__" and not member.doc
    ]

    assert [] == bare


# The schemas.


@every_kind
def test_golden_body_fits(name: str):
    """
    What was ever written of a kind fits its schema.
    """
    Draft202012Validator.check_schema(schemas.schema(name))

    assert [] == [error.message for error in validator(name).iter_errors(golden_body(name))]


@every_kind
@settings(max_examples=max(settings().max_examples // 20, 5))
@given(data=st.data())
def test_every_body_fits(name: str, data: st.DataObject):
    """
    Whatever an event says, its body fits the schema of its kind.
    """
    event = attrs.evolve(data.draw(events_of(codec.KINDS[name])), at=AT)

    body = json.loads(codec.encode(event, sealed))

    assert [] == [error.message for error in validator(name).iter_errors(body)]


@every_kind
def test_what_the_ledger_refuses_does_not_fit(name: str):
    """
    A field nobody knows, one that is missing and one of another type are refused by the ledger, and by the schema.
    """
    body = golden_body(name)
    needed = schemas.schema(name).get("required", [])
    wrong = [body | {"unheard_of": 1}, *({k: v for k, v in body.items() if k != field} for field in needed)]
    wrong += [body | {field: [[]]} for field in needed]

    for fields in wrong:
        with pytest.raises(codec.Unreadable):
            codec.decode(name, json.dumps(fields).encode(), AT, None, lambda _: b"null")
        assert not validator(name).is_valid(fields), fields
