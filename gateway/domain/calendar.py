"""The campaign's calendar: its phases, and start times for the waves of its peak days (27/7, 22/12; field.md §1.1). Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.domain.campaign import Campaign, PeakDay
from gateway.domain.window import Window, moment_of

REMIND_DAYS: Final = 3  # "nhắc trước": time to ask the old people at home, soon enough not to be forgotten
_LEAP: Final = 8  # years within which a 29 February comes (1896 to 1904)


@dataclass(frozen=True, slots=True)
class Preset:
    """A start for a wave. `key`: what a command takes ("27/7", "27/7-3"); `starts_at_ms`: when the window opens on `day`, epoch ms."""

    name: str
    day: date
    starts_at_ms: int
    window: Window
    key: str


def presets(campaign: Campaign, today: date) -> tuple[Preset, ...]:
    """For the next occurrence of each peak day, the day itself and the reminder before it; soonest first.

    Days that have gone by, and those after the campaign's last phase, are left out.
    """
    last = max((phase.last for phase in campaign.phases), default=date.max)
    found = []
    for peak in campaign.peak_days:
        day = next_day(peak, today)
        if day is not None and day <= last:
            found += _around(campaign, peak, day)
    return tuple(sorted((each for each in found if each.day >= today), key=lambda each: (each.day, each.key)))


def next_day(peak: PeakDay, today: date) -> date | None:
    """The next day, `today` included, that is `peak`; None: no year has it."""
    days = (_day(year, peak) for year in range(today.year, today.year + _LEAP + 1))
    return next((day for day in days if day is not None and day >= today), None)


def _day(year: int, peak: PeakDay) -> date | None:
    try:
        return date(year, peak.month, peak.day)
    except ValueError:
        return None


def _around(campaign: Campaign, peak: PeakDay, day: date) -> list[Preset]:
    window = Window.between(*campaign.window)
    key = f"{peak.day}/{peak.month}"
    before = day - timedelta(days=REMIND_DAYS)
    return [
        Preset(peak.name, day, moment_of(day, window.first, campaign.timezone), window, key),
        Preset(f"{peak.name} (nhắc trước)", before, moment_of(before, window.first, campaign.timezone), window, f"{key}-{REMIND_DAYS}"),
    ]
