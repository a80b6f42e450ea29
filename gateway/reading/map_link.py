"""Places inside map links and geo: URIs. The link is read, never fetched: a short one says nothing and a person must open it."""

import re
from collections.abc import Iterator
from math import cos, radians
from typing import Final
from urllib.parse import unquote_plus

from gateway.reading.angles import read_angles, wgs84
from gateway.reading.point import Candidate, Point, settled, unsettled
from gateway.reading.words import folded

SHORT_LINK: Final = "The link is a short one and does not hold the place: open it by hand"
_VIEW: Final = "The link shows a part of the map and no pin: the place lies somewhere in it"

_LINK: Final = re.compile(r"(?:https?://|geo:|(?:www\.)?(?:maps?\.)?(?:google|apple|openstreetmap|waze|bing)\.(?:com|org)/)[^\s<>]{1,1500}")
_SHORT: Final = re.compile(r"(?:maps\.app\.)?goo\.gl/|g\.co/kgs|waze\.com/ul/h")
_N: Final = r"(-?\d{1,3}\.\d{1,15})"
_NAMES: Final = r"(?:q|query|ll|sll|daddr|destination|center|cp|loc|near|viewpoint|markers|pin)"
# Where the place stands, surest first. `@lat,lon` is only what the screen showed: it comes last.
_PINS: Final = (
    re.compile(rf"!3d{_N}!4d{_N}"),
    re.compile(rf"[?&#]{_NAMES}=(?:loc:|point\.)?\s?\(?{_N}\s?[,~_ ]\s?{_N}"),
    re.compile(rf"[?&#]mlat={_N}&(?:amp;)?mlon={_N}"),
    re.compile(rf"^geo:{_N},{_N}"),
    re.compile(rf"/(?:place|search|dir|dir/)/{_N},\s?{_N}"),
    re.compile(rf"!2d{_N}!3d{_N}"),  # embedded maps: longitude first
)
_SCREENS: Final = (
    re.compile(rf"/@(?P<lat>{_N}),(?P<lon>{_N})(?:,(?:(?P<zoom>\d{{1,2}}(?:\.\d{{1,4}})?)z|(?P<metres>\d{{1,8}})m))?"),
    re.compile(rf"#map=(?P<zoom>\d{{1,2}}(?:\.\d{{1,4}})?)/(?P<lat>{_N})/(?P<lon>{_N})"),
)
_SCREEN_PX: Final = 400  # from the middle of a phone's screen to its corner


def read_links(text: str, plain: str, most: int) -> Iterator[Point]:
    """What the first `most` links in `text` hold; other links than maps give nothing. `plain`: folded(text)."""
    for m in _LINK.finditer(plain):
        if most <= 0:
            return
        most -= 1
        if (point := _read(text, m)) is not None:
            yield point


def _read(text: str, m: re.Match[str]) -> Point | None:
    link = unquote_plus(text[m.start() : m.end()]).removesuffix(".")
    if (pin := _pin(link)) is not None:
        return settled(pin, text, m.span(), 0.98)
    if (named := _named(re.split(r"/@|#map", link)[0])) is not None:
        return settled(named, text, m.span(), 0.95)
    if (screen := _screen(link)) is not None:
        return settled(screen, text, m.span(), 0.8, note=_VIEW)
    if _SHORT.search(link.lower()):
        return unsettled("MAP_LINK", text, m.span(), 0.7, (), SHORT_LINK)
    return None


def _named(link: str) -> Candidate | None:
    """The position that stands in a link's path as people write it: /place/21°39'30.0"N 106°50'12.0"E."""
    for point in read_angles(link, folded(link), 1):
        if point.latitude is not None and point.longitude is not None:
            return Candidate(point.latitude, point.longitude, point.accuracy_m or 0, "WGS84")
    return None


def _pin(link: str) -> Candidate | None:
    for form in _PINS:
        if (m := form.search(link)) is not None and (found := _candidate(m[1], m[2])) is not None:
            return found
    return None


def _candidate(one: str, two: str) -> Candidate | None:
    """The place of two numbers in either order; None for what is not in this part of the world, geo:0,0 above all."""
    north, east = sorted((one, two), key=float)  # here the longitude is the larger
    latitude, longitude = float(north), float(east)
    if not (5 <= latitude <= 25 and 97 <= longitude <= 118):
        return None
    return wgs84(latitude, longitude, _step(north), _step(east))


def _step(figures: str) -> float:
    return float(10.0 ** -len(figures.partition(".")[2]))


def _screen(link: str) -> Candidate | None:
    """The middle of what the screen showed, with half the screen as its radius."""
    for form in _SCREENS:
        if (m := form.search(link)) is not None and (found := _candidate(m["lat"], m["lon"])) is not None:
            return found._replace(accuracy_m=max(50.0, _radius_m(m, found.latitude)))
    return None


def _radius_m(m: re.Match[str], latitude: float) -> float:
    """Half a phone's screen at the link's zoom: a tile of 256 pixels goes round the Earth at zoom 0."""
    if "metres" in m.re.groupindex and m["metres"]:
        return float(m["metres"]) / 2
    zoom = min(float(m["zoom"] or 13), 22)
    return float(40_075_000 * cos(radians(latitude)) / 256 / 2**zoom * _SCREEN_PX)
