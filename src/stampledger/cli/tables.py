"""What people read: the Journal, the lists and a card as tables, as wide as the terminal."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from stampledger.cli.harmless import ISOLATES, harmless
from stampledger.projections import CardView, CustomerInfo, JournalRow, Liability, RewardView
from stampledger.rewards import RewardKind
from stampledger.values import Platform

if TYPE_CHECKING:
    from stampledger.view import View

WIDE = 110  # From here on a moment fits into one line.
WIDTH_UNKNOWN = 120  # Where the output is no terminal, and COLUMNS says nothing.
BAR_CELLS = 20

ICONS = {
    "card_issued": "🎫",
    "card_imported": "📥",
    "stamp_added": "✅",
    "stamp_rejected": "⛔",
    "stamp_voided": "⏪",
    "stamps_expired": "⏳",
    "cycle_started": "🔄",
    "goal_reached": "🎯",
    "template_changed": "🔀",
    "card_expired": "🔚",
    "card_deleted": "🚮",
    "award_granted": "🏅",
    "voucher_issued": "🎁",
    "lottery_granted": "🎰",
    "lottery_played": "🎲",
    "lottery_voided": "❌",
    "voucher_redeemed": "🎉",
    "redemption_reversed": "🔁",
    "voucher_expired": "⌛",
    "voucher_voided": "❌",
    "birthday_reached": "🎂",
    "campaign_sent": "📣",
    "message_sent": "💬",
    "wallet_saved": "📲",
    "wallet_removed": "📴",
    "template_published": "📋",
    "brand_set": "🏪",
    "customer_registered": "👤",
    "customer_updated": "📝",
    "customer_forgotten": "🙈",
    "campaign_created": "📢",
}
REWARD_ICONS = {RewardKind.AWARD: "🏅", RewardKind.VOUCHER: "🎁", RewardKind.LOTTERY: "🎰"}
PLATFORM_ICONS = {Platform.WEB: "🌐 web", Platform.APPLE: "🍏 apple", Platform.GOOGLE: "🤖 google"}


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to whoever runs the command."""
        raise


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """Answer what to print on: as wide as the terminal, or as COLUMNS says."""
    width = width or shutil.get_terminal_size((WIDTH_UNKNOWN, 40)).columns
    return _Console(file=sys.stderr if stderr else sys.stdout, width=width, highlight=False, emoji=False)


def zone_of(view: "View") -> ZoneInfo:
    """Answer the zone a business's moments are shown in."""
    return ZoneInfo(view.brand().time_zone)


def table(*columns: Column) -> Table:
    """Make an empty table: a line under its head, and no frame."""
    return Table(*columns, box=None, padding=(0, 1, 0, 0), header_style="bold", expand=False, pad_edge=False)


def journal(rows: Iterable[JournalRow], zone: tzinfo, width: int) -> Table:
    """Show the Journal with the columns of the page "Card Events"."""
    wide = width >= WIDE
    shown = table(
        Column("ID", justify="right", style="dim", no_wrap=True),
        Column("Type", min_width=12, max_width=None if wide else 12),
        Column("Date & Time", min_width=10),
        Column("Code", overflow="fold", max_width=16),
        Column("Stamps", justify="right", no_wrap=True),
        Column("Rewards", max_width=24 if wide else 12),
        Column("Card Template", max_width=16 if wide else 8),
        Column("User", overflow="fold", min_width=12),
    )
    for row in rows:
        shown.add_row(
            str(row.seq),
            kind(row.kind),
            when(row.at, zone, wide),
            words(row.code or ""),
            "" if row.progress is None else str(row.progress),
            words(", ".join(row.rewards)),
            words(row.template_name or ""),
            user(row.customer, row.card_number),
        )
    return shown


def journal_lines(rows: Iterable[JournalRow], zone: tzinfo, width: int, digits: int, *, heading: bool) -> Table:
    """Show entries of the Journal as they come: in columns that are as wide each time."""
    shown = table(
        Column("ID", justify="right", style="dim", width=digits),
        Column("Type", width=22),
        Column("Date & Time", width=19),
        Column("Code", ratio=3, overflow="fold"),
        Column("Stamps", width=7, justify="right"),
        Column("Rewards", ratio=4, overflow="fold"),
        Column("Card Template", ratio=3, overflow="fold"),
        Column("User", ratio=4, overflow="fold"),
    )
    shown.width, shown.show_header = width, heading
    for row in rows:
        shown.add_row(
            str(row.seq),
            kind(row.kind),
            when(row.at, zone, wide=True),
            words(row.code or ""),
            "" if row.progress is None else str(row.progress),
            words(", ".join(row.rewards)),
            words(row.template_name or ""),
            user(row.customer, row.card_number, name_only=True),
        )
    return shown


def stacked(row: JournalRow, zone: tzinfo) -> Table:
    """Show an entry for a narrow terminal: what happened and when, and below it to whom."""
    shown = Table.grid(Column(justify="right", style="dim", min_width=5), Column(overflow="fold"), padding=(0, 1, 0, 0))
    shown.add_row(str(row.seq), kind(row.kind).append("  ").append_text(when(row.at, zone, wide=True)))
    parts = [row.code or "", "" if row.progress is None else str(row.progress), ", ".join(row.rewards)]
    parts += [row.template_name or "", user(row.customer, row.card_number, name_only=True).plain]
    shown.add_row("", words(" · ".join(part for part in parts if part), "dim"))
    return shown


def history(rows: Iterable[JournalRow], zone: tzinfo, width: int) -> Table:
    """Show one card's log."""
    wide = width >= WIDE
    shown = table(
        Column("ID", justify="right", style="dim", no_wrap=True),
        Column("Type", min_width=12, max_width=None if wide else 12),
        Column("Date & Time", min_width=10),
        Column("Code", overflow="fold", max_width=16),
        Column("Stamps", justify="right", no_wrap=True),
        Column("Rewards", max_width=36 if wide else 20),
        Column("By", overflow="fold"),
    )
    for row in rows:
        shown.add_row(
            str(row.seq),
            kind(row.kind),
            when(row.at, zone, wide),
            words(row.code or ""),
            "" if row.progress is None else str(row.progress),
            words(", ".join(row.rewards)),
            author(row.actor, row.channel),
        )
    return shown


def cards(rows: Iterable[CardView], zone: tzinfo, width: int) -> Table:
    """Show the page "User stamp cards"."""
    wide = width >= WIDE
    shown = table(
        Column("ID", justify="right", no_wrap=True),
        Column("User", overflow="fold"),
        Column("Progress", no_wrap=True),
        Column("Platform"),
        Column("Card Template", max_width=24),
        Column("Status"),
        Column("Last stamp", min_width=10),
    )
    for row in rows:
        shown.add_row(
            f"#{row.number}",
            user(row.customer, None),
            str(row.progress),
            platforms(row.platforms),
            words(f"{row.template_name} v{row.template_version}"),
            row.status.value,
            Text("never", style="dim") if row.last_stamp_at is None else when(row.last_stamp_at, zone, wide),
        )
    return shown


def card(view: CardView, zone: tzinfo) -> Table:
    """Show the panel "DETAILED CARD", without its rewards."""
    shown = table(Column(style="dim"), Column(overflow="fold"))
    shown.show_header = False
    percent = view.progress.percent
    filled = min(BAR_CELLS, percent * BAR_CELLS // 100)
    name = view.customer.name if view.customer is not None else None
    missing = "stamp" if view.stamps_missing == 1 else "stamps"
    lines: list[tuple[str, str]] = [
        ("Card", f"#{view.number} - {name or 'nobody'}"),
        ("User", str(user(view.customer, None)).replace("\n", " · ") or "nobody"),
        ("Next gift", f"{view.next_reward} ({view.stamps_missing} {missing} to go)"),
        ("Progress", f"{'■' * filled}{'□' * (BAR_CELLS - filled)} {view.progress} • {percent}%"),
        ("Status", f"{view.status.value}, cycle {view.cycle}, {view.stamps_total} stamps in all"),
        ("Stamp Card ID", f"{view.template_id} v{view.template_version} ({view.template_name})"),
        ("Card ID", str(view.id)),
        ("Platforms", str(platforms(view.platforms)).replace("\n", ", ")),
        ("Created at", moment_text(view.issued_at, zone)),
        ("Last stamp at", "never" if view.last_stamp_at is None else moment_text(view.last_stamp_at, zone)),
    ]
    if view.expires_at is not None:
        lines.append(("Good until", moment_text(view.expires_at, zone)))
    if view.carried:
        lines.append(("Waiting stamps", str(view.carried)))
    if view.remainder_minor:
        lines.append(("Waiting amount", f"{view.remainder_minor} minor units"))
    for label, said in lines:
        shown.add_row(label, words(said))
    return shown


def rewards(rows: Sequence[RewardView], zone: tzinfo, width: int) -> Table:
    """Show rewards."""
    wide = width >= WIDE
    shown = table(
        Column("Reward", min_width=36, overflow="fold"),  # An id is never broken.
        Column("Status"),
        Column("Given for"),
        Column("Redeem code", overflow="fold"),
        Column("Good until", min_width=10),
    )
    for row in rows:
        title = row.title if row.outcome is None else f"{row.title}: {row.outcome}"
        shown.add_row(
            words(f"{REWARD_ICONS[row.kind]} {title}\n").append(str(row.id), style="dim"),
            row.status.value,
            row.source.value,
            words(row.redeem_code or ""),
            "" if row.expires_at is None else when(row.expires_at, zone, wide),
        )
    return shown


def liability(owed: Liability, ages: Sequence[str]) -> Table:
    """Show what is outstanding, and how long ago it was given."""
    shown = table(
        Column("Template", max_width=24, overflow="fold"),
        Column("Reward", overflow="fold"),
        Column("Outstanding", justify="right"),
        *(Column(age, justify="right") for age in ages),
    )
    for row in owed:
        title = words(f"{REWARD_ICONS[row.kind]} {row.title}")
        template = Text("on no card", style="dim") if row.template is None else words(row.template)
        shown.add_row(template, title, str(row.count), *map(str, row.ages))
    return shown


# Cells.


def words(text: str, style: str = "") -> Text:
    """Show a text from outside: no markup, no orders to the terminal, no direction that leaves its place."""
    return Text(harmless(text).translate(ISOLATES), style=style)


def kind(name: str) -> Text:
    """Show a kind of entry: its icon and its name in words."""
    return Text(f"{ICONS.get(name, '•')} {name.replace('_', ' ')}")


def when(at: datetime, zone: tzinfo, wide: bool) -> Text:
    """Show a moment in the business's zone: in one line, or day above time."""
    day, time = moment_text(at, zone).split(" ")
    return Text(f"{day}{' ' if wide else chr(10)}{time}")


def moment_text(at: datetime, zone: tzinfo) -> str:
    """Show a moment to the second, in the business's zone."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def user(customer: CustomerInfo | None, card_number: int | None, *, name_only: bool = False) -> Text:
    """Show a person: name, e-mail, birthday, and the number that leads to the card's details."""
    number = "" if card_number is None else f"#{card_number}"
    if customer is None:
        return Text(number)
    if customer.name is None:
        return Text(f"(forgotten) {number}".rstrip(), style="dim")
    shown = words(f"{customer.name} {number}".rstrip())
    if name_only:
        return shown
    if customer.email is not None:
        shown.append(words(f"\n{customer.email}", "dim"))
    if customer.birthday is not None:
        shown.append(f"\n🎂 {customer.birthday.isoformat()}", style="dim")
    return shown


def author(actor: str | None, channel: str | None) -> Text:
    """Show who wrote, and by which way it came."""
    if actor is None or channel is None or actor == channel:
        return words(actor or channel or "")
    return words(f"{actor} ({channel})")


def platforms(found: Sequence[Platform]) -> Text:
    """Show where a card is kept; on no platform, it is one of the web."""
    return Text("\n".join(PLATFORM_ICONS[platform] for platform in found or (Platform.WEB,)))
