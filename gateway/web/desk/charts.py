"""Charts as SVG, drawn here and readable without colour: each has a title and a description, and its numbers stand in a table beside it.

Plain shapes with presentation attributes: the desk's Content-Security-Policy lets no style of its own into a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import sqrt
from typing import Final

from markupsafe import Markup

_RED: Final = "#8a1c1a"
_INK: Final = "#1c1714"
_SOFT: Final = "#574c43"
_YELLOW: Final = "#ffd84d"
_LINE: Final = "#d9c9a3"
_SAND: Final = "#f3e9d2"
_LONGITUDE: Final = 0.93  # cos 21.7°: a degree of longitude beside one of latitude
_ids = count(1)


@dataclass(frozen=True, slots=True)
class Bar:
    """A column of a chart. `part`: what of `value` is drawn hatched below the rest."""

    label: str
    value: int
    part: int = 0


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map, WGS84 degrees. `value` 0: a yellow square."""

    name: str
    lat: float
    lon: float
    value: int


def curve(points: Sequence[int], title: str, width: int = 300, height: int = 44) -> Markup:
    """A line through `points`, its last one marked; nothing for fewer than two."""
    if len(points) < 2:
        return Markup("")
    top, step = max(*points, 1), (width - 12) / (len(points) - 1)
    places = [(4 + at * step, height - 6 - (height - 12) * point / top) for at, point in enumerate(points)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    shapes = Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="2.5" stroke-linejoin="round"/>').format(path, _RED)
    end = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4.5" fill="{}"/>').format(*places[-1], _RED)
    return _svg(width, height, title, "", shapes + end, "curve")


def bar(value: int, most: int, width: int = 240, height: int = 16) -> Markup:
    """One bar of a table's row; the number stands beside it, so that it says nothing to a screen reader."""
    long = round(width * value / most) if most else 0
    shape = Markup('<rect width="{}" height="{}" fill="{}"/>').format(max(long, 2 if value else 0), height, _RED)
    return Markup('<svg class="chart" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true">{}</svg>').format(
        width, height, width, height, shape
    )


def columns(bars: Sequence[Bar], title: str, description: str, width: int = 640, height: int = 180) -> Markup:
    """Columns side by side; the hatched part of each is its `part`."""
    top, room = max((each.value for each in bars), default=0) or 1, height - 34
    step = (width - 30) / max(len(bars), 1)
    every = max(1, len(bars) * 46 // width)  # labels that don't touch
    shapes = [_hatch(name := f"hatch{next(_ids)}"), _axis(top, width, room)]
    for at, each in enumerate(bars):
        x, wide = 28 + at * step, max(2.0, min(step * 0.7, 44))
        tall, low = room * each.value / top, room * each.part / top
        shapes.append(_rect(x, room + 8 - tall, wide, tall, _RED))
        shapes.append(_rect(x, room + 8 - low, wide, low, f"url(#{name})"))
        if at % every == 0:
            shapes.append(_text(x + wide / 2, height - 6, each.label))
    return _svg(width, height, title, description, Markup("").join(shapes), "columns")


def points(spots: Sequence[Spot], title: str, description: str, width: int = 430, height: int = 300) -> Markup:
    """Places as circles whose area is the number; those with nothing are yellow squares. Nothing where no place has a position."""
    if not spots:
        return Markup("")
    north, south = max(each.lat for each in spots), min(each.lat for each in spots)
    west, east = min(each.lon for each in spots), max(each.lon for each in spots)
    scale = min((width - 60) / max((east - west) * _LONGITUDE, 1e-6), (height - 60) / max(north - south, 1e-6))
    left, top = (width - (east - west) * _LONGITUDE * scale) / 2, (height - (north - south) * scale) / 2
    most = max(each.value for each in spots) or 1
    ground = _rect(0, 0, width, height, _SAND)
    shapes = [
        _spot(each, left + (each.lon - west) * _LONGITUDE * scale, top + (north - each.lat) * scale, most)
        for each in sorted(spots, key=lambda each: -each.value)  # squares are drawn last, over the circles
    ]
    return _svg(width, height, title, description, Markup("").join((ground, *shapes)), "points")


def _spot(spot: Spot, x: float, y: float, most: int) -> Markup:
    label = Markup("<title>{}: {}</title>").format(spot.name, spot.value or "chưa có tin")
    if not spot.value:
        return Markup('<rect x="{:.1f}" y="{:.1f}" width="12" height="12" fill="{}" stroke="{}" stroke-width="1.5">{}</rect>').format(
            x - 6, y - 6, _YELLOW, _INK, label
        )
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" fill="{}" fill-opacity=".6" stroke="{}">{}</circle>').format(
        x, y, 5 + 15 * sqrt(spot.value / most), _RED, _RED, label
    )


def _axis(top: int, width: int, room: int) -> Markup:
    lines = [
        Markup('<line x1="26" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="{}"/>').format(width, y, y, _LINE)
        for y in (8, 8 + room / 2, 8 + room)
    ]
    return Markup("").join((*lines, _text(22, 14, str(top), "end"), _text(22, room + 10, "0", "end")))


def _hatch(name: str) -> Markup:
    return Markup(
        '<defs><pattern id="{}" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="{}"/>'
        '<path d="M0 6L6 0" stroke="#fff" stroke-width="2"/></pattern></defs>'
    ).format(name, _RED)


def _rect(x: float, y: float, width: float, height: float, fill: str) -> Markup:
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>').format(x, y, width, height, fill)


def _text(x: float, y: float, text: str, anchor: str = "middle") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-size="12" fill="{}">{}</text>').format(x, y, anchor, _SOFT, text)


def _svg(width: int, height: int, title: str, description: str, shapes: Markup, kind: str) -> Markup:
    """A picture with its name and what it shows, for whoever can't see it."""
    name = f"c{next(_ids)}"
    told = Markup('<desc id="{}d">{}</desc>').format(name, description) if description else Markup("")
    by = f"{name}t {name}d" if description else f"{name}t"
    return Markup(
        '<svg class="chart {}" role="img" viewBox="0 0 {} {}" width="{}" height="{}" aria-labelledby="{}">'
        '<title id="{}t">{}</title>{}{}</svg>'
    ).format(kind, width, height, width, height, by, name, title, told, shapes)
