"""How numbers, money, days and times stand on the desk's pages: 1.234.567 · 4,1 % · 350.000 đ · 23/11/2026 · 09:41."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_WEEKDAYS: Final = ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật")
Moment = int | date  # epoch ms, or a day


def number(value: float, digits: int = 0) -> str:
    """ "1.234.567"; with `digits` after a comma."""
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction of one as "4,1 %"; None, where nothing was counted: a dash."""
    return "–" if fraction is None else f"{number(fraction * 100, digits)}\u00a0%"


def vnd(amount: float) -> str:
    """ "350.000 đ"."""
    return f"{number(amount)}\u00a0đ"


def local(moment: int, zone: ZoneInfo) -> datetime:
    """A time of ours (epoch ms) as the clock on the wall shows it."""
    return datetime.fromtimestamp(moment / 1000, zone)


def ago(moment: int, now: int, zone: ZoneInfo) -> str:
    """How long since: "vừa xong", "5 phút trước", "3 giờ trước", "hôm qua 09:41", then the day."""
    passed = now - moment
    if passed < _MINUTE:
        return "vừa xong"
    if passed < _HOUR:
        return f"{passed // _MINUTE} phút trước"
    then = local(moment, zone)
    days = (local(now, zone).date() - then.date()).days
    if days == 0:
        return f"{passed // _HOUR} giờ trước"
    return f"hôm qua {then:%H:%M}" if days == 1 else f"{then:%d/%m/%Y}"


def filters(zone: ZoneInfo, clock: Callable[[], int]) -> Mapping[str, Callable[..., Any]]:  # Any: what templates show
    """The filters of all templates by name; times are epoch ms, days may be dates too."""

    def day(moment: Moment) -> str:
        return f"{moment if isinstance(moment, date) else local(moment, zone):%d/%m/%Y}"

    def weekday(moment: Moment) -> str:
        return _WEEKDAYS[(moment if isinstance(moment, date) else local(moment, zone)).weekday()]

    return MappingProxyType(
        {
            "number": number,
            "percent": percent,
            "vnd": vnd,
            "day": day,
            "weekday": weekday,
            "clock_time": lambda moment: f"{local(moment, zone):%H:%M}",
            "moment": lambda moment: f"{local(moment, zone):%H:%M, %d/%m/%Y}",
            "iso": lambda moment: local(moment, zone).isoformat(timespec="seconds"),
            "ago": lambda moment: ago(moment, clock(), zone),
        }
    )
