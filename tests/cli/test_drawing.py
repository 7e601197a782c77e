"""
What is drawn on a terminal: it fits, its frames hold, its codes can be scanned; and a pipe gets the plain table.
"""

import doctest
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from PIL import Image
from rich.cells import cell_len
from rich.console import Console

from stampledger.cli import drawing, following
from stampledger.cli.harmless import ISOLATES
from stampledger.render.codes import qr_modules, qr_payload
from tests.cli import strangers
from tests.cli.screen import Shown, shown, sitting
from tests.cli.strangers import STRANGERS, open_shop
from tests.cli.terminal import Terminal

WIDTHS = (40, 80, 120)
HALVES = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}
VOUCHER = UUID("019e1c05-c240-7003-b45b-f1ca3e5afb35")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A shop of strangers, opened once, and their card numbers."""
    file = tmp_path_factory.mktemp("strangers") / "shop.db"
    return file, open_shop(file)


@pytest.fixture
def look(shop: tuple[Path, dict[str, int]]) -> Any:
    """Draws what is asked for about a stranger."""

    def drawn(command: str, who: str, *options: str, width: int = 80, **variables: str) -> Shown:
        file, numbers = shop
        ledger = ("--db", str(file), "--business", strangers.BUSINESS)
        found = shown(command, str(numbers[who]), *options, *ledger, width=width, **variables)
        assert 0 == found.code, found.raw
        return found

    return drawn


# Frames.


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("who", [*STRANGERS, "huge"])
@pytest.mark.parametrize("command", ["card", "view"])
def test_frame(look: Any, command: str, who: str, width: int):
    """
    Whatever a name is made of, no line is wider than the terminal, and every line of a frame is as wide as the frame.
    """
    lines = [line for line in look(command, who, width=width).lines if line[:1] in "╭│╰┏┃┗"]

    assert {True} == {cell_len(line) <= width for line in lines}
    outer = lines if command == "view" else lines[: next(i for i, line in enumerate(lines) if line[0] == "╰") + 1]
    assert 1 == len({cell_len(line) for line in outer})
    assert {True} == {line[0] + line[-1] in ("╭╮", "││", "╰╯", "┏┓", "┃┃", "┗┛") for line in outer}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("command", ["card", "view"])
def test_nothing_is_cut_off(look: Any, command: str, width: int):
    """
    A name that is longer than a line goes on in the next one.
    """
    letters = "".join(re.findall("[A-Za-z]", look(command, "long", width=width).text))

    assert STRANGERS["long"] in letters


@pytest.mark.parametrize("width", [24, *WIDTHS, 200])
def test_then_and_now(look: Any, width: int):
    """
    The page as it was and as it is stand beside each other where there is room, else one below the other.
    """
    found = look("view", "korean", "--at", "6", "--now", width=width)

    assert max(map(cell_len, found.lines)) <= width
    beside = [line for line in found.lines if line.startswith("┏") and 2 <= line.count("┏━━━━━━━━")]
    assert (width >= 70) == bool(beside)
    assert 2 == found.text.count("Café 青")


def test_real_terminal(played: Path, tmp_path: Path):
    """
    How wide the terminal is, the terminal itself says.
    """
    ledger = ("--db", str(played), "--business", "blue-cup")
    with sitting("card", "100003", *ledger, directory=tmp_path, width=60) as seat:
        found = seat.end()

    assert 0 == found.code
    assert 60 == cell_len(found.lines[0])


@pytest.mark.parametrize("who", ["arabic", "hebrew"])
@pytest.mark.parametrize("command", ["card", "view"])
def test_right_to_left(look: Any, command: str, who: str):
    """
    Letters from right to left are isolated within their line, so that a terminal that turns them leaves the frame.
    """
    for line in look(command, who, width=40).lines:
        depth, turning = 0, []
        for letter in line:
            depth += (letter in "\u2066\u2067\u2068") - (letter == "\u2069")
            assert depth >= 0, line
            if "\u0590" <= letter <= "\u06ff":
                turning.append(depth)
        assert 0 == depth, line
        assert 0 not in turning, line


def test_isolates_of_others():
    """
    An isolate that somebody's text opens or closes ends with the line, and goes on in the next one.
    """
    assert ("\u2068\u2067دنا\u2069\u2069", 1) == drawing.isolated("\u2067دنا", "auto")
    assert ("\u2066\u2068دنا\u2069x\u2069", 0) == drawing.isolated("دنا\u2069x", "ltr", 1)
    assert ("plain", 0) == drawing.isolated("plain\u2069", "ltr")


def test_documentation(played: Path, monkeypatch: pytest.MonkeyPatch):
    """
    What the documentation draws is what is drawn.
    """
    monkeypatch.setattr(following, "pause", failing(KeyboardInterrupt()))
    page = (Path(__file__).parents[2] / "docs/terminal.md").read_text(encoding="utf-8")
    samples = re.findall(r"^```text\n\$ stampledger (.*)\n((?:.*\n)*?)```$", page, re.M)

    assert 3 == len(samples)
    for command, expected in samples:
        arguments = [str(played) if word == "demo.db" else word for word in shlex.split(command)]
        found = "".join(f"{line.rstrip()}\n" for line in shown(*arguments, width=80, NO_COLOR="1").lines)
        assert doctest.OutputChecker().check_output(expected, found, doctest.ELLIPSIS), found


def failing(error: BaseException) -> Callable[[float], None]:
    def fail(seconds: float) -> None:
        raise error

    return fail


# A card.


def test_card(played: Path):
    """
    A card has its header, a box for each stamp, its progress in words, what comes next, and when it was used.
    """
    found = shown("card", "100003", "--at", "21", "--db", str(played), "--business", "blue-cup", width=80)

    told = " ".join(found.text.translate(ISOLATES).split())
    for part in (
        "#100003 - Zoe",
        "6 / 9 • 66%",
        "Next reward Lucky plate (3 stamps to go)",
        "Platforms 🍏 apple",
        "Created at 2026-05-12 09:05:00",
        "Last stamp at 2026-05-12 11:50:00",
        "Stamp Card ID 019e1b18-a320-7001-880a-faf6c6e19682 v1",
        "🎁 3: Free cookie ✓",
        "🎁 9: Lucky plate │",
        "active · goal",
    ):
        assert part in told.replace("- \u2068Zoe\u2069", "- Zoe").replace(
            "\u2068Lucky plate\u2069 (", "Lucky plate ("
        ), part
    assert (6, 3) == (found.text.count("┏━━━━┓"), found.text.count("╭╌╌╌╌╮"))
    assert 3 == len(re.findall("[┃│] 🎁 [┃│]", found.text))


def test_full_card(played: Path):
    """
    A full card says so.
    """
    found = shown("card", "100002", "--at", "50", "--db", str(played), "--business", "blue-cup", width=80)

    assert "8 / 8 • 100%" in found.text
    assert "░" not in found.text


def test_huge_card(look: Any):
    """
    A card of forty stamps is a bar, and no boxes.
    """
    found = look("card", "huge")

    assert "30 / 40 • 75%" in found.text
    assert ("█" * 30 + "░" * 10) in found.text
    assert "┏━━━━┓" not in found.text


def test_colours_by_status(played: Path):
    """
    A reward's frame has the colour of its status.
    """
    found = shown("card", "100003", "--db", str(played), "--business", "blue-cup", width=40)

    frames = re.findall(r"\x1b\[(\d+)m╭─+╮", found.raw)[1:]
    words = re.findall(r"│ (\w+) · (?!cycle)", found.text)
    colours = {"active": "32", "redeemed": "36", "expired": "33", "voided": "31"}
    assert {"redeemed", "expired", "voided"} == set(words)
    assert [colours[word] for word in words] == frames


def test_no_color(look: Any):
    """
    NO_COLOR leaves every colour out, and the drawing as it is.
    """
    plain, coloured = look("view", "korean", NO_COLOR="1"), look("view", "korean")

    assert re.search(r"\x1b\[[0-9;]*3[1-7]m", coloured.raw)
    assert not re.search(r"\x1b\[([0-9]+;)*([34][0-8]|9[0-7])", plain.raw)
    assert plain.lines[3:] == coloured.lines[3:]


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}])
def test_terminal_that_cannot(look: Any, variables: dict[str, str]):
    """
    A terminal that can draw nothing gets the plain table.
    """
    assert "■" in look("card", "korean", **variables).text


@pytest.mark.parametrize("command", ["card", "view"])
def test_piped(shop: tuple[Path, dict[str, int]], command: str):
    """
    What goes into a pipe is plain: no frame, no colour.
    """
    file, numbers = shop

    answer = Terminal(file, strangers.BUSINESS).run(command, str(numbers["korean"]))

    assert 0 == answer.code
    assert not set("\x1b┏╭█") & set(answer.out)
    assert "■" in answer.out


# The customer's page.


def test_refusal(shop: tuple[Path, dict[str, int]]):
    """
    A refusal stands in a red frame, with the words that were recorded and when to try again.
    """
    file, numbers = shop
    at = str(numbers["refusal"])
    ledger = ("--db", str(file), "--business", strangers.BUSINESS)
    found = shown("view", str(numbers["huge"]), "--at", at, *ledger, width=80)

    assert "⛔ No stamp was added" in found.text
    assert "a day may bring at most 30 stamps" in found.text
    assert re.search(r"\x1b\[31m┏━+┓", found.raw)


def test_popups(played: Path):
    """
    At a scan the page has its popup and its congratulation, and marks the stamps of that scan.
    """
    found = shown("view", "100003", "--at", "21", "--db", str(played), "--business", "blue-cup", width=80)

    assert "Stamps added: 6" in found.text
    assert "🎉 Congratulations! You've unlocked your" in found.text
    assert 4 == found.text.count("┃ ✚  ┃")


@pytest.mark.parametrize("options", [(), ("--at", "21", "--html", "-")])
def test_now_needs_then(terminal: Terminal, options: tuple[str, ...]):
    """
    --now needs a past page to stand beside, on a terminal and not in HTML.
    """
    answer = terminal.run("view", "100003", "--now", *options)

    assert (2, "") == answer[:2]
    assert "--now stands beside a past page" in answer.err


def test_then_and_now_in_json_and_plain(terminal: Terminal):
    """
    For programs both pages are in one document; in a pipe they stand beside each other as text.
    """
    both = terminal.run("view", "100003", "--at", "21", "--now", "--json").json
    plain = terminal.run("view", "100003", "--at", "21", "--now").out

    assert (6, None) == (both["then"]["stamps_added"], both["now"]["stamps_added"])
    assert "[ Stamps added: 6 ]" in plain
    assert " │ " in plain.splitlines()[0]


# Codes.


def scanned(lines: list[str]) -> list[str]:
    """What a camera reads of all the codes on a screen."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="the extra web is not installed")
    width = max(map(len, lines))
    picture = Image.new("L", (width, 2 * len(lines)))
    for y, line in enumerate(lines):
        for x, sign in enumerate(line):
            for half, light in enumerate(HALVES.get(sign, (False, False))):
                picture.putpixel((x, 2 * y + half), 255 if light else 0)
    scale = 4
    found = zxingcpp.read_barcodes(picture.resize((width * scale, 2 * len(lines) * scale), Image.Resampling.NEAREST))
    return sorted(cast(str, code.text) for code in found)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_codes_are_scanned(played: Path, width: int):
    """
    The QR code of each voucher that can be used is on the screen, and a camera reads the voucher's id from it.
    """
    ledger = ("--db", str(played), "--business", "blue-cup")
    vouchers = Terminal(played, "blue-cup").run("card", "100003", "--at", "21", "--json").json["rewards"]

    found = shown("view", "100003", "--at", "21", *ledger, width=width, NO_COLOR="1")

    assert sorted(f"urn:uuid:{voucher['id']}" for voucher in vouchers) == scanned(found.lines)


def test_used_vouchers_have_no_code(played: Path):
    """
    A voucher that was redeemed or has expired shows no code to be scanned.
    """
    found = shown("view", "100003", "--db", str(played), "--business", "blue-cup", width=80)

    assert "Redeemed at" in found.text
    assert [] == scanned(found.lines)


@pytest.mark.parametrize("room", range(33 + 4, 33 + 12))
def test_code_alone(room: int):
    """
    A code is read at any width that it is drawn at, with a margin that is the same on all sides.
    """
    code = drawing.qr(qr_payload(VOUCHER), room)
    assert code is not None
    console = Console(width=room, force_terminal=True, no_color=True, color_system=None)
    with console.capture() as captured:
        console.print(code)

    lines = captured.get().splitlines()

    assert [VOUCHER.urn] == scanned(lines)
    assert max(map(len, lines)) <= room


def test_no_room_for_a_code():
    """
    Where a code could not be read, none is drawn.
    """
    assert drawing.qr(qr_payload(VOUCHER), 36) is None


def test_modules():
    """
    A code's modules are square, and begin with the finder that cameras look for.
    """
    modules = qr_modules(VOUCHER.urn)

    assert {33} == {len(modules), *map(len, modules)}
    assert (True,) * 7 == modules[0][:7] == modules[6][:7]
    assert not any(modules[7][:8])
