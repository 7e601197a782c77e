"""The front page: how stamps, redemptions, rewards and refusals went over time, each figure with the rows behind it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
from starlette.responses import Response

from stampledger import checks
from stampledger.projections import Activity, ActivitySpan, JournalRow, Period
from stampledger.render import plots
from stampledger.render.dates import day_text, moment_text
from stampledger.render.labels import rule_label
from stampledger.render.languages import LANGUAGES
from stampledger.web.asking import Asked

# How far back a page looks that is asked for no days.
USUAL = {
    Period.HOUR: timedelta(hours=23),
    Period.DAY: timedelta(days=29),
    Period.WEEK: timedelta(weeks=11),
    Period.MONTH: timedelta(days=334),
}
MICROSECOND = timedelta(microseconds=1)
OWED = ("voucher_issued", "lottery_granted")


@attrs.frozen(kw_only=True)
class Column:
    """A span of time in a plot: what it is called, its figures, and the rows behind them."""

    label: str
    values: tuple[int, ...]
    href: str


@attrs.frozen(kw_only=True)
class Plot:
    """A figure over time."""

    title: str
    unit: str  # What is counted, in the head of its table.
    total: int
    href: str  # The rows behind the total.
    parts: tuple[str, ...]  # What each value of a column is called; empty where there is one.
    columns: tuple[Column, ...]
    bars: list[list[plots.Bar]]
    line: str | None  # Instead of bars, for what stands rather than happens.
    top: int


def page(ask: Asked) -> Response:
    """Show what went on."""
    period = checks.choice(Period, ask.params.get("per", "day"), "per")
    since = ask.instant("since") or _latest(ask) - USUAL[period]
    activity = ask.view.activity(since=since, until=ask.instant("until", end=True), per=period)
    shown = Dashboard(ask, activity)
    return ask.page(
        "dashboard.html",
        activity=activity,
        period=period,
        periods=Period,
        shown=shown.plots(),
        elsewhere=shown.elsewhere(),
    )


def _latest(ask: Asked) -> datetime:
    """Answer the latest moment there is anything of; what was imported had happened long before it was recorded."""
    newest = ask.view.journal(limit=1)
    return max([ask.view.moment.at, *(row.recorded_at for row in newest)])


class Dashboard:
    """The plots of a series."""

    def __init__(self, ask: Asked, activity: Activity) -> None:
        self.ask = ask
        self.activity = activity

    def plots(self) -> list[Plot]:
        """Answer the plots, in the order of the page."""
        say, spans = self.ask.words.say, self.activity.spans
        rules = sorted({rule for span in spans for rule, _ in span.refusals})
        owed = [span.rewards_outstanding for span in spans]
        return [
            self._counted(say("Stamps"), say("Stamps added"), ("stamp_added",), lambda span: (span.stamps_credited,)),
            self._counted(
                say("Redemptions"), say("Vouchers redeemed"), ("voucher_redeemed",), lambda span: (span.redemptions,)
            ),
            self._plot(
                title=say("Rewards outstanding"),
                unit=say("Vouchers and prize draws not used yet"),
                total=owed[-1] if owed else 0,
                href=self.ask.link("journal", kind=OWED),
                columns=[(span, (value,), self._as_of(span)) for span, value in zip(spans, owed, strict=True)],
                is_line=True,
            ),
            self._counted(
                say("Refusals by rule"),
                say("Stamps refused"),
                ("stamp_rejected",),
                lambda span: tuple(dict(span.refusals).get(rule, 0) for rule in rules),
                parts=tuple(rule_label(self.ask.words, rule) for rule in rules),
            ),
        ]

    def elsewhere(self) -> tuple[JournalRow, str] | None:
        """Answer the newest entry and the address of its days, where the days shown have none at all."""
        if any(span.first is not None for span in self.activity):
            return None
        for newest in self.ask.view.journal(limit=1):
            day = newest.recorded_at.astimezone(self.ask.zone).date()
            since = day - USUAL[self.activity.per]
            return newest, self.ask.link("dashboard", per=self.activity.per, since=since, until=day)
        return None

    def _counted(
        self,
        title: str,
        unit: str,
        kinds: tuple[str, ...],
        figures: Callable[[ActivitySpan], tuple[int, ...]],
        parts: tuple[str, ...] = (),
    ) -> Plot:
        """Plot what happened in each span."""
        spans = self.activity.spans
        columns = [(span, figures(span), self._rows(kinds, span, span)) for span in spans]
        return self._plot(
            title=title,
            unit=unit,
            total=sum(sum(values) for _, values, _ in columns),
            href=self._rows(kinds, spans[0], spans[-1]) if spans else self.ask.link("journal", kind=kinds),
            columns=columns,
            parts=parts,
        )

    def _plot(self, columns: Sequence[tuple[ActivitySpan, tuple[int, ...], str]], **more: Any) -> Plot:
        is_line, parts = more.pop("is_line", False), more.pop("parts", ())
        values = [found for _, found, _ in columns]
        mirrored = LANGUAGES[self.ask.lang].direction == "rtl"
        top = plots.ceiling([sum(found) for found in values])
        return Plot(
            **more,
            parts=parts,
            columns=tuple(Column(label=self._label(span), values=found, href=href) for span, found, href in columns),
            bars=[] if is_line else plots.stacked(values, top, mirrored=mirrored),
            line=plots.line([sum(found) for found in values], top, mirrored=mirrored) if is_line else None,
            top=top,
        )

    def _label(self, span: ActivitySpan) -> str:
        if self.activity.per is Period.HOUR:
            return moment_text(span.begins_at, self.activity.time_zone, self.ask.lang)
        return day_text(span.begins_at.astimezone(self.ask.zone).date(), self.ask.lang)

    def _rows(self, kinds: tuple[str, ...], first: ActivitySpan, last: ActivitySpan) -> str:
        """Answer the address of the Journal's rows of some kinds in some spans."""
        end = last.ends_at - MICROSECOND
        if self.activity.per is Period.HOUR:
            since, until = first.begins_at.isoformat(), end.isoformat()
        else:
            zone = self.ask.zone
            since, until = str(first.begins_at.astimezone(zone).date()), str(end.astimezone(zone).date())
        return self.ask.link("journal", kind=kinds, since=since, until=until)

    def _as_of(self, span: ActivitySpan) -> str:
        """Answer the address of what had been given by a span's end, as the Journal stood then."""
        if span.last is not None:
            return self.ask.link("journal", kind=OWED, at=span.last)
        if span.ends_at <= self.ask.view.moment.at:  # Nothing was recorded in it, and what came later does not count.
            return self.ask.link("journal", kind=OWED, at=(span.ends_at - MICROSECOND).isoformat())
        return self.ask.link("journal", kind=OWED)
