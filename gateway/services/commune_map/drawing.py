"""The map as SVG, made on the server, with a table that says the same in words. Pure.

Neither the drawing nor its title holds a coordinate: who copies the picture copies no position of a grave. What accuracy a coordinate has
is drawn in true scale.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Final

from gateway.services.commune_map.labels import Name, Placed, Rect, place
from gateway.services.commune_map.plane import View, Xy, bar_km, distance_km, hull, soft_path, view_of, widened
from gateway.services.commune_map.scene import Candidate, Fix, Spot

_DOT: Final = 2.6  # units
_BADGE: Final = 9.0
_ASIDE: Final = 26.0  # units that the outline keeps from the outermost villages
_LEAST_DRAWN: Final = 5.0  # radius of a circle that could not be seen otherwise


class Zoom(StrEnum):
    """How much of the land is shown."""

    VILLAGE = "village"
    COMMUNE = "commune"
    REGION = "region"


ZOOMS: Final = {Zoom.VILLAGE: "Quanh thôn", Zoom.COMMUNE: "Cả xã", Zoom.REGION: "Vùng quanh xã"}


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to draw. `commune`: its title; `villages`: its points; `around`: points of other communes."""

    commune: str
    villages: tuple[Spot, ...]
    around: tuple[Spot, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @property
    def marked(self) -> list[tuple[float, float]]:
        """Where the tip may point to, degrees."""
        return [(c.spot.latitude, c.spot.longitude) for c in self.candidates] + [(f.latitude, f.longitude) for f in self.fixes]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the map's table: mark, what it is, why, how far it may be off, where to the nearest village."""

    mark: str
    what: str
    why: str
    near: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A map. `svg`: safe to stand in a page; `rows`: the same in words."""

    svg: str
    rows: tuple[Row, ...]
    zoom: Zoom
    km: float


def draw(scene: Scene, zoom: Zoom = Zoom.COMMUNE) -> Drawing | None:
    """The map of `scene`; None where nothing of it has a position."""
    if not scene.villages and not scene.marked:
        return None
    view = _view(scene, zoom)
    return Drawing(_svg(scene, view), tuple(_rows(scene)), zoom, round(view.km, 1))


def _view(scene: Scene, zoom: Zoom) -> View:
    own = [(spot.latitude, spot.longitude) for spot in scene.villages]
    if zoom is Zoom.VILLAGE and scene.marked:
        far = max((fix.radius_m / 1000 for fix in scene.fixes), default=0.0)
        return view_of(scene.marked, max(3.0, far * 2.6), 1.6)
    if zoom is Zoom.REGION:
        return view_of([*own, *scene.marked, *((spot.latitude, spot.longitude) for spot in scene.around)], 15.0, 1.15)
    near = [each for each in scene.marked if not own or min(distance_km(each, one) for one in own) < 30]
    return view_of([*own, *near], 4.0)


# --- the parts of the drawing ---


def _svg(scene: Scene, view: View) -> str:
    bar, names = bar_km(view), _names(scene, view)
    width, height = round(view.width), round(view.height)
    crosses = [view.at(fix.latitude, fix.longitude) for fix in scene.fixes]
    taken = [Rect(0, view.height - 34, bar * view.scale + 50, 34), Rect(view.width - 40, 0, 40, 52)]
    taken += [Rect(at.x - 8, at.y - 8, 16, 16) for at in crosses]
    placed = place(names, taken, view.width, view.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map" role="img" aria-labelledby="map-title" viewBox="0 0 {width} {height}">',
        f'<title id="map-title">{escape(_title(scene))}</title>',
        f'<rect class="map-ground" width="{width}" height="{height}"/>',
        _outline(scene, view),
        *_dots(scene, view),
        *_circles(scene, view),
        *_badges(scene, view),
        *map(_text, placed),
        _bar(view, bar),
        _north(view),
        "</svg>",
    ]
    return "".join(parts)


def _title(scene: Scene) -> str:
    marks = ", ".join(f"{each.letter} {each.spot.title}" for each in scene.candidates)
    circles = f"; {len(scene.fixes)} tọa độ có vòng sai số" if scene.fixes else ""
    return f"Bản đồ phác {scene.commune}" + (f": {marks}" if marks else "") + f"{circles}. Bảng bên dưới nói cùng điều đó."


def _outline(scene: Scene, view: View) -> str:
    """The commune as a soft shape round its villages: no survey of its border, and drawn dashed to say so."""
    corners = widened(hull(view.at(spot.latitude, spot.longitude) for spot in scene.villages), max(_ASIDE, view.scale * 0.8))
    path = soft_path(_doubled(corners))
    return f'<path class="map-commune" d="{path}"/>' if path else ""


def _doubled(corners: Sequence[Xy]) -> list[Xy]:
    """Corners with the middles of long sides, so that the round shape keeps to them."""
    found: list[Xy] = []
    for at, corner in enumerate(corners):
        after = corners[(at + 1) % len(corners)]
        found.append(corner)
        if math.dist(corner, after) > 80:
            found += [Xy(corner.x + (after.x - corner.x) * part, corner.y + (after.y - corner.y) * part) for part in (0.33, 0.67)]
    return found


def _dots(scene: Scene, view: View) -> Iterator[str]:
    for spot in (*scene.around, *scene.villages):
        at = view.at(spot.latitude, spot.longitude)
        if view.shows(at):
            yield f'<circle class="{"map-village" if spot.is_own else "map-other"}" cx="{at.x:.1f}" cy="{at.y:.1f}" r="{_DOT}"/>'


def _circles(scene: Scene, view: View) -> Iterator[str]:
    for fix in scene.fixes:
        at, radius = view.at(fix.latitude, fix.longitude), fix.radius_m / 1000 * view.scale
        if view.shows(at, -radius):
            yield f'<circle class="map-accuracy" cx="{at.x:.1f}" cy="{at.y:.1f}" r="{max(radius, _LEAST_DRAWN):.1f}"/>'
            yield f'<path class="map-fix" d="M{at.x - 7:.1f} {at.y:.1f}h14M{at.x:.1f} {at.y - 7:.1f}v14"/>'


def _badges(scene: Scene, view: View) -> Iterator[str]:
    for each in scene.candidates:
        at = view.at(each.spot.latitude, each.spot.longitude)
        if view.shows(at):
            yield f'<circle class="map-halo" cx="{at.x:.1f}" cy="{at.y:.1f}" r="18"/>'
            yield f'<circle class="map-badge{" is-chosen" if each.is_chosen else ""}" cx="{at.x:.1f}" cy="{at.y:.1f}" r="{_BADGE}"/>'
            yield f'<text class="map-letter" x="{at.x:.1f}" y="{at.y + 4:.1f}" text-anchor="middle">{escape(each.letter)}</text>'


def _names(scene: Scene, view: View) -> list[Name]:
    marked = {each.spot.code: each for each in scene.candidates}
    names = []
    for spot in (*scene.villages, *scene.around):
        at = view.at(spot.latitude, spot.longitude)
        if not view.shows(at, 4):
            continue
        if spot.code in marked:
            names.append(Name(f"{spot.title} {spot.code}", at, 13, 0, 18))
        else:
            names.append(Name(spot.title, at, 11, 2 if spot.is_own else 3, _DOT))
    return names


def _text(each: Placed) -> str:
    kind = "map-name is-candidate" if each.name.rank == 0 else "map-name"
    anchor = "" if each.anchor == "start" else f' text-anchor="{each.anchor}"'
    return f'<text class="{kind}" x="{each.x:.1f}" y="{each.y:.1f}"{anchor}>{escape(each.name.text)}</text>'


def _bar(view: View, km: float) -> str:
    end, y = 14 + km * view.scale, view.height - 14
    words = f"{km:g} km".replace(".", ",") if km >= 1 else f"{km * 1000:.0f} m"
    return (
        f'<path class="map-line" d="M14 {y - 5:.0f}V{y:.0f}H{end:.1f}V{y - 5:.0f}"/>'
        f'<text class="map-small" x="{(14 + end) / 2:.1f}" y="{y - 5:.0f}" text-anchor="middle">{words}</text>'
    )


def _north(view: View) -> str:
    x = view.width - 20
    return (
        f'<path class="map-line" d="M{x:.0f} 34V10M{x - 5:.0f} 17L{x:.0f} 10L{x + 5:.0f} 17"/>'
        f'<text class="map-small" x="{x:.0f}" y="47" text-anchor="middle">B</text>'
    )


# --- the same in words ---


def _rows(scene: Scene) -> Iterator[Row]:
    for each in scene.candidates:
        why = ". ".join(each.reasons)
        households = f", {each.households} hộ" if each.households else ""
        yield Row(each.letter, f"{each.spot.title} ({each.spot.code}){households}", why, _fixes_near(scene, each.spot))
    for number, fix in enumerate(scene.fixes, 1):
        yield Row(f"+{number}" if len(scene.fixes) > 1 else "+", f"Tọa độ, sai số {meters(fix.radius_m)}", fix.source, _nearest(scene, fix))


def _fixes_near(scene: Scene, spot: Spot) -> str:
    away = [distance_km((spot.latitude, spot.longitude), (fix.latitude, fix.longitude)) for fix in scene.fixes]
    return f"cách tọa độ {meters(min(away) * 1000)}" if away else ""


def _nearest(scene: Scene, fix: Fix) -> str:
    if not scene.villages:
        return ""
    here = fix.latitude, fix.longitude
    spot = min(scene.villages, key=lambda each: distance_km(here, (each.latitude, each.longitude)))
    away = distance_km(here, (spot.latitude, spot.longitude))
    return f"{meters(away * 1000)} về phía {_side(spot, fix)} {spot.title}" if away > 0.05 else f"tại {spot.title}"


def _side(spot: Spot, fix: Fix) -> str:
    """Where a fix lies, seen from a village: one of eight directions."""
    east = (fix.longitude - spot.longitude) * math.cos(math.radians(spot.latitude))
    turn = math.degrees(math.atan2(east, fix.latitude - spot.latitude)) % 360
    return ("bắc", "đông bắc", "đông", "đông nam", "nam", "tây nam", "tây", "tây bắc")[round(turn / 45) % 8]


def meters(distance: float) -> str:
    """ "450 m", "2,4 km"."""
    return f"{round(distance, -1 if distance >= 100 else 0):.0f} m" if distance < 995 else f"{distance / 1000:.1f} km".replace(".", ",")
