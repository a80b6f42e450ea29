"""Military grid references: two letters and figures that halve ("YD 185 527"), and squares that lack their letters or their sheet.

Three zones meet here (47, 48, 49), and their columns have letters of their own; rows repeat every 2,000 km, and from 8°N to 24°N there are
less than that. So two letters settle zone and square (DMA TM 8358.1, AA lettering; it agrees with the Indian 1960 maps in the places
tried, field.md §4.3). What comes to lie outside the three countries is no reference but some other pair of letters: TN, SN, VN, QK.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gateway.reading.pipelines import Datum, place_of, utm
from gateway.reading.point import Candidate, Point, settled, unsettled
from gateway.reading.words import word_set

LEAD: Final = "A grid reference of the war years: a lead, good for 1-2 km² on the ground"
MAYBE_GPS: Final = "Ten figures may come from a GPS receiver (WGS84) instead of an American map: the two lie some 500 m apart"
ZONE_DIFFERS: Final = "Zone and letters of the reference do not fit each other: ask for it again"
NO_LETTERS: Final = "The figures lack the two letters of their 100 km square: ask for them, or for the map's sheet and number"
NO_SHEET: Final = "A square of a military map is no point without its sheet: ask for the sheet's name and number"

# Columns from west to east by zone; those that reach the three countries are sorted out by where the square lies.
_LETTERS: Final = {47: "JKLMNPQR", 48: "STUVWXYZ", 49: "ABCDEFGH"}
_COLUMNS: Final = {letter: (zone, 100_000 * at) for zone, letters in _LETTERS.items() for at, letter in enumerate(letters, 1)}
_ROWS: Final = "ABCDEFGHJKLMNPQRSTUV"
_BANDS: Final = {"n": (0, 8), "p": (8, 16), "q": (16, 24)}
_LEAST_NORTH: Final = 880_000  # metres: 8°N

_REFERENCE: Final = re.compile(
    r"(?<![a-z0-9])(?:(?P<zone>4[789])\s{0,2}(?P<band>[npq])\s{0,2}[-,]?\s?)?(?P<letters>[abcp-z][a-hj-np-v])\s{0,2}[-:.]?\s{0,2}"
    r"(?P<first>\d{2,10})(?:[ \-/.,]{1,2}(?P<then>\d{2,5}))?(?!\d)"
)
_ANNOUNCED: Final = re.compile(
    r"(?<![a-z])(?:toa ?do|grid|luoi|mgrs|utm|coord\w{0,7}|ban do|map|o vuong|ref\w{0,6}|bao cao|my|us|usmc|td|vi tri|located|vicinity|vic)"
    r"(?![a-z])"
)
_RIGHT_BEHIND: Final = re.compile(r"(?:toa ?do|grid|luoi|mgrs|utm)\W{0,3}$")
_GPS: Final = re.compile(r"wgs|(?<![a-z])gps(?![a-z])|google|dinh vi")
_SYLLABLES: Final = word_set("ba be bu ca cu pa ra re ru sa se su ta te tu va ve vu xa xe xu")  # Vietnamese words, when written small
_MONEY: Final = re.compile(r"\s?(?:d|dong|vnd|k|tr|trieu|kg|km|m)(?![a-z0-9])")
_SUB_SQUARE: Final = r"(?:\s?-?\s?\(?([a-d](?![a-z])|[1-9](?!\d))\)?){0,2}"
_SQUARES: Final = (
    (
        re.compile(
            r"(?<![a-z])(?:o(?: vuong| so)?|toa ?do)\s?[:(]?\s{0,2}\(?(?:x\s?[:=]?\s?)?\d\d\s?(?:-|–|,|x|y\s?[:=]?)\s?\d\d(?!\d)"
            rf"{_SUB_SQUARE}\)?"
        ),
        "MILITARY_SQUARE",
        NO_SHEET,
    ),
    (re.compile(rf"(?<![a-z])o vuong\s?[:(]?\s?\d{{4}}(?!\d){_SUB_SQUARE}"), "MILITARY_SQUARE", NO_SHEET),
    (
        re.compile(
            r"(?<![a-z])(?:grid(?: ref\w{0,6})?|luoi|toa ?do(?: my)?)\s?[:(]{0,2}\s?(?:x\s?[:=]?\s?)?(\d{3,5})(?:[ ,;/-]|\s-\s|[,;]\s)"
            r"(?:y\s?[:=]?\s?)?(\d{3,5})(?![\d.,])\)?"
        ),
        "MILITARY_GRID",
        NO_LETTERS,
    ),
)


class Square(NamedTuple):
    """A grid square: its lower left corner in its UTM zone, and its side, all in metres."""

    zone: int
    east: float
    north: float
    side: float


def square_of(letters: str, east: str, north: str) -> Square | None:
    """The square of two capital letters and two halves of 1 to 5 figures each ("YD", "185", "527"); None for letters not in use here."""
    zone, column = _COLUMNS.get(letters[0], (0, 0))
    row = _ROWS.find(letters[1])
    if not zone or row < 0:
        return None
    row_m = 100_000 * ((row - 5) % 20 if zone % 2 == 0 else row)  # rows of even zones begin with F at the equator
    if row_m + 100_000 <= _LEAST_NORTH:
        row_m += 2_000_000
    side = 10.0 ** (5 - len(east))
    return Square(zone, column + int(east) * side, row_m + int(north) * side, side)


def read_grids(text: str, plain: str, most: int) -> Iterator[Point]:
    """The grid references in `text` ("48Q YD 185 527"), at most `most`. `plain`: folded(text)."""
    for m in _REFERENCE.finditer(plain):
        if most <= 0:
            return
        if (halves := _halves(m)) is not None and (point := _point(text, plain, m, *halves)) is not None:
            most -= 1
            yield point


def _halves(m: re.Match[str]) -> tuple[str, str, int] | None:
    """East, north and the end of a reference; None where the figures can't be halved."""
    first, then = m["first"], m["then"]
    if then is not None and len(first) == len(then):
        return first, then, m.end()
    if len(first) % 2 or len(first) < 4:
        return None
    return first[: len(first) // 2], first[len(first) // 2 :], m.end("first")


def _point(text: str, plain: str, m: re.Match[str], east: str, north: str, end: int) -> Point | None:
    confidence = _confidence(text, plain, m, len(east))
    square = square_of(m["letters"].upper(), east, north) if confidence else None
    if square is None:
        return None
    datum: Datum = "WGS84" if _GPS.search(plain[max(0, m.start() - 30) : end + 15]) else "INDIAN1960"
    found, span = _middle(square, datum), (m.start(), end)
    if found is None:
        return None
    if m["zone"] and not (int(m["zone"]) == square.zone and _band_fits(m["band"], found.latitude)):
        return unsettled(found.system, text, span, 0.5, (found,), ZONE_DIFFERS)
    if len(east) == 5 and datum == "INDIAN1960":
        others = tuple(filter(None, (_middle(square, "WGS84"),)))
        return settled(found, text, span, round(confidence - 0.1, 2), others, MAYBE_GPS)
    return settled(found, text, span, confidence, note=LEAD if datum == "INDIAN1960" else "")


def _middle(square: Square, datum: Datum) -> Candidate | None:
    half = square.side / 2
    return place_of(utm(datum, square.zone), square.east + half, square.north + half, square.side, f"{datum}_MGRS")


def _band_fits(band: str, latitude: float) -> bool:
    """True if the band's letter fits the latitude, a fifth of a degree given."""
    south, north = _BANDS[band]
    return south - 0.2 <= latitude <= north + 0.2


def _confidence(text: str, plain: str, m: re.Match[str], figures: int) -> float:
    """How sure it is that letters and figures are a reference: by their case, the zone, the words before; 0 for a weight or a unit."""
    cued = m["zone"] is not None or _ANNOUNCED.search(plain[max(0, m.start() - 40) : m.start()]) is not None
    small = not text[m.start("letters") : m.end("letters")].isupper()
    if m["zone"] is None and _is_word(text, plain, m, small):
        return 0.0
    if (figures == 2 and (small or not cued)) or _MONEY.match(plain, m.end()):
        return 0.0
    return round((0.95 if cued else 0.85) - (0.15 if small else 0) - (0.15 if figures == 2 else 0), 2)


def _is_word(text: str, plain: str, m: re.Match[str], small: bool) -> bool:
    """ "va 500 000", "VA 500 000" in a text of capitals; and what may be a syllable, when no word before announces letters."""
    if m["letters"] in _SYLLABLES:
        return small or (text.isupper() and _RIGHT_BEHIND.search(plain[max(0, m.start() - 12) : m.start()]) is None)
    announced = _ANNOUNCED.search(plain[max(0, m.start() - 40) : m.start()]) is not None
    return small and m["letters"][1] in "aeu" and not announced


def read_squares(text: str, plain: str, most: int) -> Iterator[Point]:
    """Squares of a military map ("ô 25-36-B": X, north, first) and references without letters: a lead to ask about, and no point."""
    for form, system, note in _SQUARES:
        for m in form.finditer(plain):
            if most <= 0:
                return
            if _is_square(text, plain, m):
                most -= 1
                yield unsettled(system, text, m.span(), 0.7, (), note)


def _is_square(text: str, plain: str, m: re.Match[str]) -> bool:
    """ "ô 25-36" needs its hat, or vuông: "o 25-36 tuoi" tells an age. Halves are of one length."""
    if m.re.groups == 2 and m[1] is not None and m[2] is not None and m[1].isdigit() and len(m[1]) != len(m[2]):
        return False
    hat = text[m.start()] in "ôÔ"
    return hat or plain[m.start()] != "o" or plain.startswith(("o vuong", "o so"), m.start())
