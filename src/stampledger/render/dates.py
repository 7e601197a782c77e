"""Days and moments as a person reads them: in the brand's time zone, the own calendar and the own digits.

Thai pages count the Buddhist Era, South Azerbaijani ones the Solar Hijri calendar; clocks run from 00:00 to 23:59
everywhere, which nobody reads wrongly. Without the extra `web`, days are written as ISO 8601 does.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stampledger.render.icu import formatted
from stampledger.render.languages import LANGUAGES
from stampledger.render.numbers import number_text, percent_text
from stampledger.render.words import Words

__all__ = ["day_text", "end_text", "moment_text", "number_text", "percent_text"]

# Earlier days ICU shows by the Julian calendar, which nobody expects who stored a Gregorian one.
GREGORIAN_FROM = date(1582, 10, 15)


def moment_text(at: datetime, zone: str, lang: str) -> str:
    """Show a moment to the minute, such as 12 May 2026, 11:07."""
    local = _local(at, zone)
    clock = _icu(local, "{v, time,HH:mm}", lang) or f"{local:%H:%M}"
    # For translators: a day and a time, such as 12 May 2026, 11:07. Translate what stands between and behind them.
    return Words(lang).say("%(date)s, %(time)s", date=day_text(local.date(), lang), time=clock)


def end_text(at: datetime, zone: str, lang: str) -> str:
    """Show the moment from which something is over; where a day is over, that day, for it was good until its end."""
    local = _local(at, zone)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0) and local.date() > date.min:
        return day_text(local.date() - timedelta(days=1), lang)
    return moment_text(at, zone, lang)


def day_text(day: date, lang: str) -> str:
    """Show a day, such as 12 May 2026, 2026년 5월 12일, 12 พฤษภาคม 2569 or ۲۲ اردیبهشت ۱۴۰۵."""
    if day < GREGORIAN_FROM:
        return day.isoformat()
    return _icu(datetime.combine(day, time()), "{v, date, long}", lang) or day.isoformat()


def _icu(local: datetime, pattern: str, lang: str) -> str | None:
    # ICU shows instants as the clocks of UTC do, so it is given the one at which those show the same.
    return formatted(pattern, LANGUAGES[lang].locale, local.replace(tzinfo=UTC))


def _local(at: datetime, zone: str) -> datetime:
    try:
        return at.astimezone(ZoneInfo(zone))
    except OverflowError:  # At the calendar's very end, where no zone can be reckoned.
        return at
