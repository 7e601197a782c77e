"""Days and moments as a customer reads them: in the brand's time zone, the own calendar and the own digits.

Thai pages count the Buddhist Era, South Azerbaijani ones the Solar Hijri calendar; clocks run from 00:00 to 23:59
everywhere, which nobody reads wrongly. Without Babel, days of the other languages are written as ISO 8601 does.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from stampledger.render.messages import say

BUDDHIST_ERA = 543  # 2026 is the year 2569.

_LOCALES = {"en": "en_GB", "ko": "ko", "de": "de"}
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_PERSIAN_MONTHS = (
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
)  # fmt: skip
_PERSIAN_EPOCH = 226_895  # Where the arithmetic below counts from, as a date's ordinal.
# Within these years the cycle of 33 gives the same New Years as the sun; later ones hang on minutes nobody knows yet.
_PERSIAN_YEARS = range(1178, 1502)


def moment_text(at: datetime, zone: str, lang: str) -> str:
    """Show a moment to the minute, such as 12 May 2026, 11:07."""
    local = _local(at, zone)
    time = f"{local:%H:%M}"
    return say(lang, "date_time", date=day_text(local.date(), lang), time=_digits(time, lang))


def end_text(at: datetime, zone: str, lang: str) -> str:
    """Show the moment from which something is over; where a day is over, that day, for it was good until its end."""
    local = _local(at, zone)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0) and local.date() > date.min:
        return day_text(local.date() - timedelta(days=1), lang)
    return moment_text(at, zone, lang)


def day_text(day: date, lang: str) -> str:
    """Show a day, such as 12 May 2026, 2026년 5월 12일, 12 พฤษภาคม 2569 or ۲۲ اردیبهشت ۱۴۰۵."""
    if lang == "az":
        persian = solar_hijri(day)
        if persian is None:
            return _digits(day.isoformat(), lang)
        year, month, number = persian
        return _digits(f"{number} {_PERSIAN_MONTHS[month - 1]} {year}", lang)
    try:
        from babel.dates import format_date
    except ImportError:
        return day.isoformat()
    if lang == "th":
        return f"{format_date(day, 'd MMMM', locale='th')} {day.year + BUDDHIST_ERA}"
    return format_date(day, "long", locale=_LOCALES[lang])


def solar_hijri(day: date) -> tuple[int, int, int] | None:
    """Answer year, month and day of the Solar Hijri calendar; None outside 1178 to 1501, where this is not exact.

    A year has six months of 31 days, five of 30, and a last one of 29 or, in 8 years of 33, 30 days.
    """
    days = day.toordinal() - _PERSIAN_EPOCH
    year = 1 + (33 * days + 3) // (33 * 365 + 8)
    if year not in _PERSIAN_YEARS:
        return None
    day_of_year = days - 365 * (year - 1) - (8 * year + 21) // 33
    long_months = 6 * 31
    if day_of_year < long_months:
        month, number = divmod(day_of_year, 31)
        return year, month + 1, number + 1
    month, number = divmod(day_of_year - long_months, 30)
    return year, month + 7, number + 1


def _local(at: datetime, zone: str) -> datetime:
    try:
        return at.astimezone(ZoneInfo(zone))
    except OverflowError:  # At the calendar's very end, where no zone can be reckoned.
        return at


def _digits(text: str, lang: str) -> str:
    return text.translate(_PERSIAN_DIGITS) if lang == "az" else text
