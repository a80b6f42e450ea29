"""Old map coordinates to WGS84, each by a pipeline that is written out here and never chosen by PROJ.

`Transformer.from_crs` picks an operation by area. Outside the area of every known one it silently takes a "ballpark" without a shift of
datum: Indian 1960 in Hà Tĩnh or Lạng Sơn then lies 443-502 m off (measured with PROJ 9.5.1). So the shift is pinned, and what it is worth
outside its own area is said as a radius. Parameters: EPSG Dataset, operations 1542 (Indian 1960), 1544 (Hà Nội 1972), 6960 (VN-2000), 1065
(Lao 1997). Nothing here reads a grid file or the network.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Final, Literal

from gateway.reading.outline import is_here
from gateway.reading.point import Candidate

if TYPE_CHECKING:
    from pyproj import Transformer

Datum = Literal["WGS84", "INDIAN1960", "HN72", "VN2000", "LAO1997"]

_ELLIPSOID: Final[dict[Datum, str]] = {
    "WGS84": "+ellps=WGS84",
    "INDIAN1960": "+a=6377276.345 +rf=300.8017",  # Everest 1830 (1937 Adjustment)
    "HN72": "+ellps=krass",
    "VN2000": "+ellps=WGS84",
    "LAO1997": "+ellps=krass",
}
_SHIFT: Final[dict[Datum, str]] = {
    "INDIAN1960": "+proj=helmert +x=198 +y=881 +z=317",
    "HN72": "+proj=helmert +x=-17.51 +y=-108.32 +z=-62.39",
    "VN2000": (
        "+proj=helmert +x=-191.90441429 +y=-39.30318279 +z=-111.45032835 "
        "+rx=-0.00928836 +ry=0.01975479 +rz=-0.00427372 +s=0.252906278 +convention=coordinate_frame"
    ),
    "LAO1997": "+proj=helmert +x=44.585 +y=-131.212 +z=-39.544",
}
# Central meridians of the 3-degree zones by province as they were before 2025 (Thông tư 25/2014/TT-BTNMT, Phụ lục 2; EPSG 9205-9218).
_PROVINCES_OF: Final[dict[float, str]] = {
    103.0: "lai chau|dien bien",
    104.0: "son la",
    104.5: "kien giang|ca mau",
    104.75: "lao cai|yen bai|nghe an|phu tho|an giang",
    105.0: "thanh hoa|vinh phuc|dong thap|can tho|bac lieu|hau giang|ha noi|ninh binh|ha nam",
    105.5: "ha giang|hai duong|ha tinh|bac ninh|hung yen|thai binh|nam dinh|tay ninh|vinh long|soc trang|tra vinh",
    105.75: "cao bang|long an|tien giang|ben tre|hai phong|ho chi minh|binh duong",
    106.0: "tuyen quang|hoa binh|quang binh",
    106.25: "quang tri|binh phuoc",
    106.5: "bac kan|thai nguyen",
    107.0: "bac giang|thua thien hue",
    107.25: "lang son",
    107.5: "kon tum",
    107.75: "quang ninh|dong nai|vung tau|quang nam|lam dong|da nang",
    108.0: "quang ngai",
    108.25: "ninh thuan|khanh hoa|binh dinh",
    108.5: "dak lak|dak nong|phu yen|gia lai|binh thuan",
}
_BORDER: Final = ((14.0, 107.3), (14.7, 107.5), (15.4, 107.5), (16.1, 107.2), (16.6, 106.6), (17.0, 106.55), (17.5, 106.1), (18.0, 105.6))
_RECEIVER_M: Final = 20  # WGS84 has no doubt of its own, but it comes from a receiver under trees (field.md §4.3: 5-20 m)
MERIDIANS: Final = {name: meridian for meridian, names in _PROVINCES_OF.items() for name in names.split("|")}


@dataclass(frozen=True, slots=True)
class Projection:
    """A plane grid of a datum. `meridian`: central one, degrees. `false_east`: metres, with the zone's number where maps print it."""

    name: str
    datum: Datum
    meridian: float
    scale: float
    false_east: float


def utm(datum: Datum, zone: int) -> Projection:
    """UTM of any of the datums: Indian 1960 on American maps, VN-2000 in 6-degree zones, WGS84 on GPS receivers."""
    return Projection(f"{datum}_UTM{zone}", datum, 6 * zone - 183, 0.9996, 500_000)


def gauss(zone: int) -> Projection:
    """Gauss-Krüger of Hà Nội 1972; the easting begins with the zone's number: zone 18 lies about 105°E, 19 about 111°E."""
    return Projection(f"HN72_GK{zone}", "HN72", 6 * zone - 3, 1, zone * 1_000_000 + 500_000)


def tm3(meridian: float) -> Projection:
    """VN-2000 in a 3-degree zone, named by its central meridian ("105_30")."""
    degrees, minutes = divmod(round(meridian * 60), 60)
    return Projection(f"VN2000_TM3_{degrees}_{minutes:02}", "VN2000", meridian, 0.9999, 500_000)


def pipeline(projection: Projection) -> str:
    """The PROJ pipeline from metres (east, north) to WGS84 degrees (longitude, latitude)."""
    ellipsoid = _ELLIPSOID[projection.datum]
    plane = (
        f"+proj=pipeline +step +inv +proj=tmerc +lat_0=0 +lon_0={projection.meridian} +k={projection.scale} "
        f"+x_0={projection.false_east} +y_0=0 {ellipsoid} "
    )
    shift = ""
    if projection.datum in _SHIFT:
        shift = (
            f"+step +proj=push +v_3 +step +proj=cart {ellipsoid} +step {_SHIFT[projection.datum]} "
            "+step +inv +proj=cart +ellps=WGS84 +step +proj=pop +v_3 "
        )
    return f"{plane}{shift}+step +proj=unitconvert +xy_in=rad +xy_out=deg"


@cache  # no more than one for each of some 30 zones: meridians are those of a list
def _transformer(projection: Projection) -> "Transformer":
    from pyproj import Transformer  # 90 ms: only the first text with a map's coordinates pays for it

    return Transformer.from_pipeline(pipeline(projection))


def to_wgs84(projection: Projection, east: float, north: float) -> tuple[float, float] | None:
    """Latitude and longitude, WGS84 degrees; None where the numbers lie outside what the projection can show."""
    longitude, latitude = _transformer(projection).transform(east, north)
    return (latitude, longitude) if isfinite(latitude) and isfinite(longitude) else None


def place_of(projection: Projection, east: float, north: float, side: float, system: str = "") -> Candidate | None:
    """The place of metres, if it lies here. `side`: of the square that their last figures leave open, in metres; half its diagonal and the
    datum's doubt are the radius. `system`: what to call it, else the projection's name."""
    place = to_wgs84(projection, east, north)
    if place is None or not is_here(*place):
        return None
    return Candidate(*place, side / sqrt(2) + datum_radius_m(projection.datum, *place), system or projection.name)


def datum_radius_m(datum: Datum, latitude: float, longitude: float) -> float:
    """How far the datum's shift may be wrong at a place, in metres (EPSG accuracies; beyond their areas field.md §4.3, extrapolated)."""
    if datum == "INDIAN1960":
        return 44 if 14 <= latitude <= 18 and longitude >= _border(latitude) else 100
    if datum == "HN72":
        return 5 if 9.03 <= latitude <= 11.04 and 105.49 <= longitude <= 107.58 else 80
    return {"VN2000": 1, "LAO1997": 5}.get(datum, _RECEIVER_M)


def _border(latitude: float) -> float:
    """About where Viet Nam begins at a latitude from 14 to 18: of Laos the datum of American maps is not known for sure."""
    for (south, west), (north, then) in pairwise(_BORDER):
        if latitude <= north:
            return west + (latitude - south) * (then - west) / (north - south)
    return _BORDER[-1][1]


def meridian_of(province: str) -> float | None:
    """Central meridian of a province's 3-degree zone, from its folded name ("lang son", "tinh lang son"); None for one not listed."""
    words = province.split()
    return next((found for i in range(len(words)) if (found := MERIDIANS.get(" ".join(words[i:]))) is not None), None)
