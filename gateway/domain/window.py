"""A window: the local hours in which campaign messages may leave (field.md §2.1: 07:00-21:00). Pure; zones are IANA names."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

MINUTES: Final = 24 * 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_DAYS_AHEAD: Final = 4  # a window shut now opens within two days, also where the clock skips its hours or, as in Samoa in 2011, a day


@dataclass(frozen=True, slots=True)
class Window:
    """From minute `first` to just before minute `last` after local midnight; the whole day if equal, across midnight if `last` is less."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if not (0 <= self.first < MINUTES and 0 <= self.last < MINUTES):
            raise ValueError("a window is two times of day, 00:00 to 23:59")

    @classmethod
    def between(cls, first: time, last: time) -> Self:
        """From the two times of day of `campaign.toml`."""
        return cls(first.hour * 60 + first.minute, last.hour * 60 + last.minute)

    def __str__(self) -> str:
        """ "07:00-21:00" """
        return f"{self.first // 60:02}:{self.first % 60:02}-{self.last // 60:02}:{self.last % 60:02}"

    def holds(self, minute: int) -> bool:
        """Whether `minute` after local midnight lies in it."""
        if self.first < self.last:
            return self.first <= minute < self.last
        return self.first == self.last or minute >= self.first or minute < self.last

    def open_at(self, now_ms: int, timezone: str) -> bool:
        """Whether `now_ms` lies in these hours, by the clocks of `timezone`."""
        return self._open(now_ms, ZoneInfo(timezone))

    def opens_at(self, at_ms: int, timezone: str) -> int:
        """`at_ms` itself if the window is open then, else the moment of the next opening."""
        return self._next(at_ms, ZoneInfo(timezone), self.first, opening=True)

    def closes_at(self, at_ms: int, timezone: str) -> int | None:
        """The first moment from `at_ms` on at which the window is shut: `at_ms` itself if it is shut then. None: it never shuts."""
        return None if self.first == self.last else self._next(at_ms, ZoneInfo(timezone), self.last, opening=False)

    def _next(self, at_ms: int, zone: ZoneInfo, minute: int, *, opening: bool) -> int:
        """The first moment from `at_ms` on at which being open is `opening`: `at_ms`, a `minute` of the clock, or a shift of the clock."""
        local = _local(at_ms, zone)
        if self.holds(local.hour * 60 + local.minute) is opening:
            return at_ms
        ahead = (minute - local.hour * 60 - local.minute) % MINUTES
        soon = at_ms - local.second * 1000 - local.microsecond // 1000 + ahead * 60_000
        if _local(soon, zone).utcoffset() == local.utcoffset():  # no shift of the clock in between: nearly always
            return soon
        moments = (*_moments(at_ms, minute, zone), *_shifts(at_ms, zone))
        return min(moment for moment in moments if moment >= at_ms and self._open(moment, zone) is opening)

    def _open(self, at_ms: int, zone: ZoneInfo) -> bool:
        local = _local(at_ms, zone)
        return self.holds(local.hour * 60 + local.minute)


def moment_of(day: date, minute: int, timezone: str) -> int:
    """Epoch ms of `minute` after local midnight of `day`; the first of two where clocks are put back."""
    return _moment(day, minute, ZoneInfo(timezone), fold=0)


def local_day(at_ms: int, timezone: str) -> date:
    """The day on the calendar of `timezone`."""
    return _local(at_ms, ZoneInfo(timezone)).date()


def _local(at_ms: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + at_ms * _MS).astimezone(zone)


def _moment(day: date, minute: int, zone: ZoneInfo, fold: int) -> int:
    local = datetime.combine(day, time(minute // 60, minute % 60, fold=fold), zone)
    return (local.astimezone(UTC) - _EPOCH) // _MS


def _moments(at_ms: int, minute: int, zone: ZoneInfo) -> Iterator[int]:
    """When the clock shows `minute` today and on the days after; twice where it is put back."""
    today = _local(at_ms, zone).date()
    for ahead in range(_DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        yield from (_moment(day, minute, zone, fold) for fold in (0, 1))


def _shifts(at_ms: int, zone: ZoneInfo) -> Iterator[int]:
    """The moment at which the clock is put forward or back, if that is soon (Viet Nam and Laos: never)."""
    early, late = at_ms, at_ms + _DAYS_AHEAD * MINUTES * 60_000
    before = _local(early, zone).utcoffset()
    if before == _local(late, zone).utcoffset():
        return
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (middle, late) if _local(middle, zone).utcoffset() == before else (early, middle)
    yield late
