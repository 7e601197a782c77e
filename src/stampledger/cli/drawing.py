"""What a person sees on a terminal: a card as a panel, the customer's page as on a phone, a QR code to be scanned."""

import math
import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Literal

from rich.align import Align, AlignMethod
from rich.box import HEAVY, ROUNDED
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.segment import Segment
from rich.style import Style
from rich.table import Column, Table
from rich.text import Text

from stampledger.cli import tables
from stampledger.cli.harmless import ISOLATES, harmless
from stampledger.projections import CardStatus, Progress, RewardView
from stampledger.render import CustomerPage
from stampledger.render.codes import qr_modules
from stampledger.render.page import RewardPanel, StampBox
from stampledger.rewards import RewardStatus

Direction = Literal["ltr", "rtl", "auto"]

CARD_WIDTH_MAX = 80
PHONE_WIDTH_MAX = 52  # A QR code with its whole margin fits into a voucher, and eight stamps into a row.
PHONE_WIDTH_LEAST = 34
REWARD_WIDTH_LEAST = 40  # An id is not broken.
BOX_WIDTH = 6
PANELS_MAX = 12
QR_MARGINS = (4, 3, 2)  # The standard asks for four; cameras get by with two.
# What isolates letters that run another way, as Unicode has it.
BEGIN = {"ltr": "\u2066", "rtl": "\u2067", "auto": "\u2068"}
BEGINS, FIRST_STRONG, END = tuple(BEGIN.values()), BEGIN["auto"], "\u2069"
STARTS: dict[str, AlignMethod] = {"ltr": "left", "rtl": "right"}
SEPARATE = 2  # Between two panels beside each other.

REWARD_COLOURS = {
    RewardStatus.ACTIVE: "green",
    RewardStatus.GRANTED: "green",
    RewardStatus.REDEEMED: "cyan",
    RewardStatus.PLAYED: "cyan",
    RewardStatus.EXPIRED: "yellow",
    RewardStatus.VOIDED: "red",
}
CARD_COLOURS = {
    CardStatus.ACTIVE: "green",
    CardStatus.HELD: "yellow",
    CardStatus.CLOSED: "cyan",
    CardStatus.EXPIRED: "yellow",
    CardStatus.DELETED: "red",
}


def can_draw() -> bool:
    """Whether somebody looks: output that goes into a file or to another program stays as plain as it is."""
    utf = (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    return utf and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


# Text in any script.


class Prose:
    """Lines of text; what runs from right to left keeps to its place, and does not turn the frame around it."""

    def __init__(self, text: str, style: str = "", align: AlignMethod = "left", direction: Direction = "auto") -> None:
        self.text: Text = Text(harmless(text), style)
        self.align = align
        self.direction = direction

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self.text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        depth = 0
        for line in self.text.wrap(console, max(options.max_width, 2), overflow="fold"):
            told, depth = isolated(line.plain.rstrip(), self.direction, depth)
            yield Align(Text(told, self.text.style, no_wrap=True), self.align)


def apart(text: str) -> str:
    """Set what somebody else wrote apart from the words around it, whichever way it runs."""
    return f"{FIRST_STRONG}{text.translate(ISOLATES)}{END}"


def isolated(line: str, direction: str, depth: int = 0) -> tuple[str, int]:
    """Isolate a line with letters from right to left; answer the line, and how many isolates go on in the next one."""
    told = FIRST_STRONG * depth
    for letter in line:
        depth += (letter in BEGINS) - (letter == END)
        if depth < 0:  # It ends what it has not begun.
            depth = 0
        else:
            told += letter
    told += END * depth
    if any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in told):
        return f"{BEGIN[direction]}{told}{END}", depth
    return told.translate(ISOLATES), depth  # Nothing in it runs another way, and some terminals show an isolate.


# A card, for the shop.


def card(page: CustomerPage, zone: tzinfo, width: int) -> RenderableType:
    """Draw the panel "DETAILED CARD" with its stamps, and its rewards below."""
    view = page.view.card
    width_of_panel = min(width, CARD_WIDTH_MAX)
    colour = CARD_COLOURS[view.status]
    name = None if view.customer is None else view.customer.name
    panel = Panel(
        Group(
            Prose(f"#{view.number} - {apart(name or 'nobody')}", "bold", direction="ltr"),
            Prose(f"{view.status.value} · cycle {view.cycle} · {view.stamps_total} stamps in all", colour),
            "",
            *stamps(page, width_of_panel - 4),
            "",
            _facts(page, zone),
        ),
        border_style=colour,
        width=width_of_panel,
        box=ROUNDED,
    )
    return Group(panel, *_in_columns([reward(found, zone) for found in view.rewards], width))


def _facts(page: CustomerPage, zone: tzinfo) -> Table:
    view = page.view.card
    missing = "stamp" if view.stamps_missing == 1 else "stamps"
    to_go = f" ({view.stamps_missing} {missing} to go)" if view.stamps_missing else ""
    facts = [
        ("Next reward", f"{apart(view.next_reward)}{to_go}"),
        ("Platforms", str(tables.platforms(view.platforms)).replace("\n", " · ")),
        ("Created at", tables.moment_text(view.issued_at, zone)),
        ("Last stamp at", "never" if view.last_stamp_at is None else tables.moment_text(view.last_stamp_at, zone)),
        ("Stamp Card ID", f"{view.template_id} v{view.template_version}"),
        ("Card Template", view.template_name),
        ("Card ID", str(view.id)),
    ]
    if view.customer is not None and view.customer.email is not None:
        facts.insert(0, ("E-mail", view.customer.email))
    if view.customer is not None and view.customer.birthday is not None:
        facts.insert(1, ("Birthday", f"🎂 {view.customer.birthday.isoformat()}"))
    if view.expires_at is not None:
        facts.append(("Good until", tables.moment_text(view.expires_at, zone)))
    if view.carried:
        facts.append(("Waiting stamps", str(view.carried)))
    if view.remainder_minor:
        facts.append(("Waiting amount", f"{view.remainder_minor} minor units"))
    shown = Table.grid(Column(style="dim", no_wrap=True), Column(), padding=(0, 1, 0, 0))
    for label, said in facts:
        shown.add_row(label, Prose(said, direction="ltr"))
    return shown


def reward(found: RewardView, zone: tzinfo) -> Panel:
    """Draw a reward: its border tells at a glance whether it can be used."""
    colour = REWARD_COLOURS[found.status]
    title = apart(found.title) if found.outcome is None else f"{apart(found.title)}: {apart(found.outcome)}"
    lines: list[RenderableType] = [
        Prose(f"{tables.REWARD_ICONS[found.kind]} {title}", "bold", direction="ltr"),
        Text.assemble((found.status.value, colour), (f" · {found.source.value.replace('_', ' ')}", "dim")),
    ]
    if found.redeem_code is not None:
        lines.append(Prose(f"code {apart(found.redeem_code)}", direction="ltr"))
    if found.redeemed_at is not None:
        lines.append(Prose(f"redeemed at {tables.moment_text(found.redeemed_at, zone)}", "dim"))
    elif found.expires_at is not None:
        lines.append(Prose(f"good until {tables.moment_text(found.expires_at, zone)}", "dim"))
    lines.append(Prose(str(found.id), "dim"))
    return Panel(Group(*lines), border_style=colour, box=ROUNDED)


def _in_columns(panels: Sequence[Panel], width: int) -> Iterator[Table]:
    """As many beside each other as fit, each row as high as its highest."""
    beside = max(1, min(3, width // REWARD_WIDTH_LEAST))
    size = min(width // beside, CARD_WIDTH_MAX)
    for start in range(0, len(panels), beside):
        row = Table.grid(*[Column(width=size) for _ in range(beside)])
        row.add_row(*panels[start : start + beside])
        yield row


# Stamps.


def stamps(page: CustomerPage, width: int, direction: Direction = "ltr") -> Iterator[RenderableType]:
    """Draw a box for each stamp, the progress, and the goals; of a card too large for boxes the progress alone."""
    start = STARTS[direction]
    if page.boxes:
        yield from (Align(line, start) for line in boxes(page.boxes, width, direction))
    yield Align(bar(page.progress, width), start)
    for goal in page.goals:
        told = f"🎁 {goal.stamps}: {apart(goal.reward)}{' ✓' if goal.reached else ''}"
        yield Prose(told, "green" if goal.reached else "dim", start, direction)


def boxes(found: Sequence[StampBox], width: int, direction: Direction = "ltr") -> Iterator[Text]:
    """Draw boxes in rows: heavy where there is a stamp, with a gift where it is a goal."""
    rows = math.ceil(len(found) / max(1, width // BOX_WIDTH))
    beside = math.ceil(len(found) / rows)  # Rows of the same length.
    for first in range(0, len(found), beside):
        drawn = [_box(box) for box in found[first : first + beside]]
        if direction == "rtl":
            drawn.reverse()
        yield from (Text("").join(parts) for parts in zip(*drawn, strict=True))


def _box(box: StampBox) -> tuple[Text, Text, Text]:
    colour = "bright_yellow" if box.fresh else "green" if box.filled else "yellow" if box.reward else "dim"
    sign = " 🎁 " if box.reward else "✚".center(4) if box.fresh else "✔".center(4) if box.filled else f"{box.number:^4}"
    edge, line, corners = ("┃", "━━━━", "┏┓┗┛") if box.filled else ("│", "╌╌╌╌", "╭╮╰╯")
    return (
        Text(f"{corners[0]}{line}{corners[1]}", colour),
        Text.assemble((edge, colour), (sign, f"bold {colour}" if box.filled else colour), (edge, colour)),
        Text(f"{corners[2]}{line}{corners[3]}", colour),
    )


def bar(progress: Progress, width: int) -> Text:
    """Draw how full a card is: a bar, and behind it 8 / 8 • 100%."""
    told = f" {progress.stamps} / {progress.required} • {progress.percent}%"
    cells = max(4, min(40, width - len(told)))
    filled = min(cells, progress.stamps * cells // progress.required)
    return Text.assemble(("█" * filled, "green"), ("░" * (cells - filled), "dim"), (told, "bold"))


# The customer's page.


def phone(page: CustomerPage, width: int) -> Panel:
    """Draw the customer's page as on a phone."""
    width = min(width, PHONE_WIDTH_MAX)
    inner = width - 2
    return Panel(Group(*_screen(page, inner)), box=HEAVY, width=width, padding=0, border_style="bright_black")


def side_by_side(then: CustomerPage, now: CustomerPage, width: int) -> RenderableType:
    """Draw the page as it was beside the page as it is; on a narrow terminal above it."""
    beside = (width - SEPARATE) // 2
    if beside < PHONE_WIDTH_LEAST:
        return Group(phone(then, width), phone(now, width))
    size = min(beside, PHONE_WIDTH_MAX)
    shown = Table.grid(Column(width=size), Column(width=size), padding=(0, SEPARATE, 0, 0))
    shown.add_row(phone(then, size), phone(now, size))
    return shown


def _screen(page: CustomerPage, width: int) -> Iterator[RenderableType]:
    card = page.view.card
    direction: Direction = "rtl" if page.direction == "rtl" else "ltr"
    start = STARTS[direction]
    yield _in(Prose(page.as_of, "dim", "center"))
    yield Rule(style="bright_black")
    yield _in(Prose(page.view.brand.name, "bold", "center"))
    yield _in(Prose(f"{apart(card.template_name)} · #{card.number}", "dim", "center", "ltr"))
    if card.customer is not None and card.customer.name is not None:
        yield _in(Prose(card.customer.name, "", "center"))
    yield from _popups(page)
    yield ""
    yield from (_in(part) for part in stamps(page, width - 2, direction))
    yield from (
        _in(Prose(line, "", start, direction)) for line in (page.status_text, page.expiry_text) if line is not None
    )
    rewards = (*page.vouchers, *page.lotteries, *page.awards)
    for found in rewards[:PANELS_MAX]:
        yield from _reward(found, start, width)
    if len(rewards) > PANELS_MAX:
        yield _in(Prose(f"… +{len(rewards) - PANELS_MAX}", "dim", "center"))
    yield Rule(style="bright_black")
    yield _in(Prose(page.footer, "dim", "center"))


def _in(part: RenderableType) -> Padding:
    return Padding(part, (0, 1))


def _popups(page: CustomerPage) -> Iterator[RenderableType]:
    for popup in page.popups:
        yield _in(Panel(Prose(popup, "bold", "center"), border_style="green", box=ROUNDED))
    if page.congratulation is not None:
        yield _in(Panel(Prose(f"🎉 {page.congratulation}", "bold", "center"), border_style="magenta", box=HEAVY))
    if page.refusal is not None:
        told = [Prose(f"⛔ {page.refusal.title}", "bold red", "center"), Prose(page.refusal.reason, "", "center")]
        if page.refusal.retry is not None:
            told.append(Prose(page.refusal.retry, "dim", "center"))
        yield _in(Panel(Group(*told), border_style="red", box=HEAVY))


def _reward(found: RewardPanel, start: AlignMethod, width: int) -> Iterator[RenderableType]:
    """Draw a reward; the code of one that can be used inside its frame, or below it where that is too narrow."""
    icon = tables.REWARD_ICONS[found.kind]
    lines: list[RenderableType] = [Prose(f"{icon} {found.title}", "bold" if found.usable else "dim", start)]
    if found.description:
        lines.append(Prose(found.description, "", start))
    if found.redeem_code is not None:
        lines.append(Prose(found.redeem_code, "bold" if found.usable else "dim", "center"))
    colour = ("bright_yellow" if found.fresh else "green") if found.usable else "dim"
    within, below = (None, None)
    if found.qr is not None and found.usable and (drawn := qr(found.qr, width)) is not None:
        within, below = (drawn, None) if drawn.least <= width - 6 else (None, drawn)
    if within is not None:
        lines.append(within)
    lines.append(Prose(found.status_text, REWARD_COLOURS[found.status], start))
    yield _in(Panel(Group(*lines), border_style=colour, box=ROUNDED))
    if below is not None:
        yield below


# QR codes.


class QR:
    """A QR code in half blocks, light ones drawn: right on a dark terminal even where there are no colours."""

    def __init__(self, modules: Sequence[Sequence[bool]]) -> None:
        self._modules = modules
        self.least: int = len(modules) + 2 * min(QR_MARGINS)  # Narrower it cannot be read.

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self.least, options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        size = len(self._modules)
        margin = next(margin for margin in (*QR_MARGINS, 0) if size + 2 * margin <= options.max_width or not margin)
        left = (options.max_width - size - 2 * margin) // 2
        for line in half_blocks(self._modules, margin):
            yield Segment(" " * left)
            yield Segment(line, Style(color="#ffffff", bgcolor="#000000"))
            yield Segment.line()


def qr(payload: str, width: int) -> QR | None:
    """Draw a QR code; None where the terminal is too narrow for it, or the extra `web` is not installed."""
    try:
        drawn = QR(qr_modules(payload))
    except ImportError:
        return None
    return drawn if drawn.least <= width else None


def half_blocks(modules: Sequence[Sequence[bool]], margin: int) -> Iterator[str]:
    """Draw two rows of modules in one line, with a light margin around them all."""
    size = len(modules) + 2 * margin
    light = [[True] * size for _ in range(size + size % 2)]
    for y, row in enumerate(modules):
        light[y + margin][margin : margin + len(row)] = [not dark for dark in row]
    signs = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    for upper, lower in zip(light[::2], light[1::2], strict=True):
        yield "".join(signs[pair] for pair in zip(upper, lower, strict=True))
