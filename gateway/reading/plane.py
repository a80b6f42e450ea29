"""Northing and easting in metres: UTM of American maps and GPS receivers, Gauss of old Vietnamese maps, VN-2000 of the new ones.

Vietnamese papers write X for north and Y for east, Americans give east first; the figures tell which is which: here a northing has seven
of them, an easting six (eight on Gauss maps, where it begins with the zone). Which datum is meant only words can tell. Where they don't,
all that is thinkable is given, and no point.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Final, NamedTuple

from gateway.reading.pipelines import MERIDIANS, Datum, Projection, gauss, place_of, tm3, utm
from gateway.reading.point import Candidate, Point, settled, unsettled
from gateway.reading.words import Span

NO_DATUM: Final = "It is not said which map the figures are from: ask for its name, or the year it was printed"
NO_ZONE: Final = "Several zones fit: ask for the zone (48 or 49)"
NO_MERIDIAN: Final = "VN-2000 without its central meridian (KTT): ask for it"
HOME_MERIDIAN: Final = "VN-2000 without its central meridian: the commune's own was taken"
TWO_ZONES: Final = "A central meridian of 105° may mean the 3-degree or the 6-degree zone: ask which (múi 3 or múi 6)"
NOT_HERE: Final = "Under this map the figures do not lie in Viet Nam, Laos or Cambodia: ask for them again"

_NUMBER: Final = re.compile(
    r"(?<![\d+])(?:\d{1,2}([ .])\d{3}\1\d{3}|\d\d \d\d \d{3}|\d{3}[ .]\d{3}(?!\.\d)|\d{6,8})(?:[.,]\d{1,4})?(?!\d)"
    r"|(?<![\d+])\d{4,5}[.,]\d{3}(?!\d)"
)
_LABEL: Final = re.compile(r"(?:^|[^a-z0-9])(?:([xn]|bac|north(?:ing)?)|([ye]|dong|east(?:ing)?))\s{0,2}[:=(]?\s{0,2}$")
_TAIL: Final = re.compile(r"(?:\s?m(?![a-z]))?(?:\s?(?:[en]|dong|bac)(?![a-z]))?")
_ZONE_BEFORE: Final = re.compile(r"(?:^|[^a-z0-9])(4[789])\s?[c-x]?[\s,:;/-]{0,3}(?:[xyen]\s?[=:]?\s?)?$")
_ZONE_NAMED: Final = re.compile(r"(?:zone|mui(?: chieu)?|utm|vung)\W{0,2}(?:zone\W)?(4[789])(?!\d)")
_LAO1997: Final = re.compile(r"lao[ -]?(?:19)?97(?!\d)")
_VN2000: Final = re.compile(r"vn[ -]?2000|vn ?2k|viet nam 2000")
_GAUSS: Final = re.compile(r"gaus|kruger|kr[uy]ghe|(?<![a-z])gk(?![a-z])|h(?:a ?)?n(?:oi)?[ -]?(?:19)?72(?!\d)|kra[sx]o")
_AMERICAN: Final = re.compile(r"(?<![a-z])(?:my|us|usa|american?|indian|everest|l ?70?14)(?![a-z0-9])")
_GPS: Final = re.compile(r"wgs|(?<![a-z])gps(?![a-z])|google|dinh vi")
_UTM: Final = re.compile(r"(?<![a-z])utm(?![a-z])")
_ANNOUNCED: Final = re.compile(r"luoi|toa ?do|ban do")
_SAYS_SO: Final = re.compile(r"wgs|indian|everest|l ?70?14|(?<![a-z])(?:gps|map)(?![a-z])|lao[ -]?(?:19)?97")
_UTM_DATUMS: Final[tuple[Datum, ...]] = ("VN2000", "INDIAN1960", "WGS84")
_DATUM_WORDS: Final[tuple[tuple[re.Pattern[str], Datum], ...]] = ((_LAO1997, "LAO1997"), (_AMERICAN, "INDIAN1960"), (_GPS, "WGS84"))
_MERIDIAN: Final = re.compile(
    r"(?:ktt\w?|kinh tuyen(?: truc| trung uong| goc)?)\W{0,5}(10[2-9])(?:\s?(?:°|do|o|\^0|0(?=\d\d['’′ ])|[-. ,:])\s?(\d{1,2}))?(?!\d)"
)
_ZONE_WIDTH: Final = re.compile(r"(?<![a-z])mui\s?(?:chieu\s?)?([36])(?!\d)|(?<![a-z])tm-?(3)(?!\d)")
_NORTH: Final = (880_000, 2_700_000)
_EAST: Final = (100_000, 900_000)
_NUMBERS: Final = 60  # of a text are looked at: more of them are a table, not a report
_AROUND: Final = 60  # characters before and behind in which words say what a pair is
_GAP: Final = 24


class Pair(NamedTuple):
    """Northing and easting in metres as one text gives them, with the words around. `step`: what the last figure is worth."""

    north: float
    east: float
    step: float
    span: Span
    before: str
    around: str
    labelled: bool
    zone: int | None


def read_pairs(text: str, plain: str, most: int, meridian: float | None) -> Iterator[Point]:
    """The pairs of northing and easting in `text`, at most `most`. `meridian`: of the commune's own 3-degree zone, degrees."""
    numbers = list(islice(_NUMBER.finditer(plain), _NUMBERS))
    used = -1
    for first, then in pairwise(numbers):
        if most <= 0:
            return
        if first.start() > used and (pair := _pair(plain, first, then)) is not None and (point := _pair_point(text, pair, meridian)):
            used, most = pair.span[1], most - 1
            yield point


def _pair(plain: str, first: re.Match[str], then: re.Match[str]) -> Pair | None:
    between = plain[first.end() : then.start()]
    if len(between) > _GAP or any(map(str.isdigit, between)):
        return None
    (one, step), (two, step_two) = _metres(first[0]), _metres(then[0])
    north, east = (two, one) if _is_north(two) and not _is_north(one) else (one, two)
    if not (_is_north(north) and (_EAST[0] <= east <= _EAST[1] or 17_100_000 <= east <= 19_900_000)):
        return None
    label = _LABEL.search(plain[max(0, first.start() - 14) : first.start()])
    stated = _ZONE_BEFORE.search(plain[max(0, first.start() - 14) : first.start()])
    lead = (stated.start(1), stated) if stated else (label.start(label.lastindex or 0), label) if label else None
    start = max(0, first.start() - 14) + lead[0] if lead else first.start()
    end = match.end() if (match := _TAIL.match(plain, then.end())) else then.end()
    before = plain[max(0, start - _AROUND) : first.start()]
    around = before + plain[first.end() : then.start()] + plain[then.end() : then.end() + _AROUND]
    return Pair(north, east, min(step, step_two), (start, end), before, around, label is not None, _zone(before, around))


def _metres(figures: str) -> tuple[float, float]:
    """Metres, and what the last figure is worth. "18 688 796", "2.399.565", "2399,565" (km with three decimals) and "520963.25" alike."""
    whole = figures.replace(" ", "").replace(",", ".")
    head, *groups = whole.split(".")
    if groups and len(groups[0]) == 3 and len(head) <= 5:  # points between thousands, or kilometres
        value = head + groups[0] + (groups[1] if len(groups) > 1 and len(groups[1]) == 3 else "")
        return float(value), _worth(value)
    return float(whole if len(groups) < 2 else head), 1.0 if groups else _worth(head)


def _worth(figures: str) -> float:
    """1 m, or 10 or 100 where the figures end in noughts."""
    return 10.0 ** min(len(figures) - len(figures.rstrip("0")), 3)


def _is_north(metres: float) -> bool:
    return _NORTH[0] <= metres <= _NORTH[1]


def _zone(before: str, around: str) -> int | None:
    stated = _ZONE_BEFORE.search(before) or _ZONE_NAMED.search(around)
    return int(stated[1]) if stated else None


def _pair_point(text: str, pair: Pair, meridian: float | None) -> Point | None:
    if pair.east > 10_000_000:
        return _settle(text, pair, [gauss(int(pair.east // 1_000_000))], 0.95)
    if _VN2000.search(pair.around):
        return _vn2000(text, pair, meridian) or unsettled("VN2000", text, pair.span, 0.6, (), NOT_HERE)
    zones = [pair.zone] if pair.zone else [48, 49]
    is_utm = pair.zone is not None or _UTM.search(pair.before) is not None
    if _GAUSS.search(pair.around):
        return _settle(text, pair, [gauss(zone - 30) for zone in zones], 0.9) or unsettled("HN72", text, pair.span, 0.6, (), NOT_HERE)
    if not (pair.labelled or is_utm or _ANNOUNCED.search(pair.before) or _SAYS_SO.search(pair.around)):
        return None  # two sums of money that Mỹ sent
    for words, datum in _DATUM_WORDS:
        if words.search(pair.around):
            return _settle(text, pair, [utm(datum, zone) for zone in zones], 0.9) or _settle(text, pair, [utm(datum, 47)], 0.8)
    return _of_unknown_datum(text, pair, zones, None if is_utm else meridian, is_utm)


def _of_unknown_datum(text: str, pair: Pair, zones: Sequence[int], meridian: float | None, is_utm: bool) -> Point | None:
    """Every reading that puts the pair here."""
    thinkable = [utm(datum, zone) for datum in _UTM_DATUMS for zone in zones]
    if not is_utm:
        thinkable = [*([tm3(meridian)] if meridian and _fits_tm3(pair.east) else []), *thinkable, *(gauss(zone - 30) for zone in zones)]
    candidates = _here(pair, thinkable)
    return unsettled("UNKNOWN", text, pair.span, 0.6, candidates, NO_DATUM) if candidates else None


def _fits_tm3(east: float) -> bool:
    return 330_000 <= east <= 670_000  # 1.5 degrees either side of the meridian


def _vn2000(text: str, pair: Pair, meridian: float | None) -> Point | None:
    """VN-2000: the zone is stated by its meridian or its number, or it is the commune's own."""
    wide = _ZONE_WIDTH.search(pair.around)
    width = int(wide[1] or wide[2]) if wide else None
    stated = _meridian(pair.around)
    if stated is not None and width != 6 and (width == 3 or stated not in (105, 111)):
        return _settle(text, pair, [tm3(stated)], 0.95)
    if stated is not None and width is None and _fits_tm3(pair.east):
        return unsettled("VN2000", text, pair.span, 0.8, _here(pair, [tm3(stated), utm("VN2000", 48)]), TWO_ZONES)
    zones = [48 if stated == 105 else 49] if stated in (105, 111) else [pair.zone] if pair.zone else [48, 49]
    if stated is None and pair.zone is None and width != 6 and _fits_tm3(pair.east):
        return _without_meridian(text, pair, _province_meridian(pair.around), meridian)
    return _settle(text, pair, [utm("VN2000", zone) for zone in zones], 0.85)


def _without_meridian(text: str, pair: Pair, of_province: float | None, of_home: float | None) -> Point | None:
    chosen = of_province or of_home
    if chosen is None:
        return unsettled("VN2000", text, pair.span, 0.8, _here(pair, [utm("VN2000", 48), utm("VN2000", 49)]), NO_MERIDIAN)
    others = _here(pair, [utm("VN2000", 48), utm("VN2000", 49)])
    found = _settle(text, pair, [tm3(chosen)], 0.8 if of_province else 0.7, others, "" if of_province else HOME_MERIDIAN)
    return found or unsettled("VN2000", text, pair.span, 0.7, others, NO_MERIDIAN)


def _meridian(around: str) -> float | None:
    """The central meridian that the words state: "KTT 105 30", "kinh tuyến trục 107°15'", "KTT 105.5"."""
    m = _MERIDIAN.search(around)
    if m is None:
        return None
    point = m[2] is not None and around[m.end(1) : m.start(2)].strip() in (".", ",")
    part = float(f"0.{m[2]}") if point and m[2] in ("5", "25", "75") else float(m[2] or 0) / 60
    return int(m[1]) + (part if part in (0, 0.25, 0.5, 0.75) else 0)


def _province_meridian(around: str) -> float | None:
    return next((meridian for name, meridian in MERIDIANS.items() if name in around), None)


def _here(pair: Pair, projections: Iterable[Projection]) -> tuple[Candidate, ...]:
    found = (place_of(projection, pair.east + _prefix(pair, projection), pair.north, pair.step) for projection in projections)
    return tuple(candidate for candidate in found if candidate is not None)


def _prefix(pair: Pair, projection: Projection) -> float:
    """The zone's number in front of a Gauss easting that was written without it."""
    return projection.false_east - 500_000 if pair.east < 1_000_000 else 0


def _settle(
    text: str, pair: Pair, projections: Iterable[Projection], confidence: float, others: tuple[Candidate, ...] = (), note: str = ""
) -> Point | None:
    """The one of the projections under which the pair lies here; several of them settle nothing."""
    candidates = _here(pair, projections)
    if len(candidates) == 1:
        return settled(candidates[0], text, pair.span, confidence, others, note)
    return unsettled(candidates[0].system.rpartition("_")[0], text, pair.span, 0.6, candidates, NO_ZONE) if candidates else None
