"""What was hung, when and where exactly: the placement register as it comes back. Rows in, values and faults out; pure."""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.domain.code import read_placement_code
from gateway.domain.fault import Fault
from gateway.domain.placement import Placement
from gateway.domain.table import Column, Row, Table
from gateway.domain.village import Village

HEADER: Final = ("code", "hung_on", "lat", "lon", "photo", "by", "note")
COLUMNS: Final = (
    Column("code", ("Mã", "Mã vị trí", "placement")),
    Column("hung_on", ("Ngày treo", "Ngày", "date")),
    Column("lat", ("Vĩ độ", "latitude"), required=False),
    Column("lon", ("Kinh độ", "longitude"), required=False),
    Column("gps", ("GPS", "Tọa độ"), required=False),
    Column("photo", ("Ảnh", "Tên ảnh", "image"), required=False),
    Column("by", ("Người treo", "hung by"), required=False),
    Column("note", ("Ghi chú",), required=False),
)
FAR_KM: Final = 15.0  # from the village's own position: a slip of the finger, or another village's photo
_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?|(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_LAT: Final = (8.0, 24.0)
_LON: Final = (100.0, 112.0)
_PHOTO: Final = re.compile(r"[^/\\:*?\"<>|\x00-\x1f]{1,120}")


@dataclass(frozen=True, slots=True)
class Hanging:
    """One placement as it hangs. `lat`, `lon`: WGS84 degrees, None where nobody measured; `photo`: a file's name, never a path."""

    village: str
    number: int
    code: str
    hung_on: date
    lat: float | None = None
    lon: float | None = None
    photo: str = ""
    by: str = ""
    note: str = ""


class _BadCell(ValueError):
    def __init__(self, column: str, text: str, remedy: str) -> None:
        super().__init__(text)
        self.column, self.text, self.remedy = column, text, remedy


def read_hangings(
    table: Table, placements: Iterable[Placement], villages: Mapping[str, Village], today: date | None = None
) -> tuple[list[Hanging], list[Fault]]:
    """The rows that can be used, and a fault for each that can't. Rows without a day are still to be hung and are passed over."""
    known = {(each.village, each.number) for each in placements}
    found, faults, lines = list[Hanging](), list(table.faults), dict[str, int]()
    for row in table.rows:
        if not row["hung_on"]:
            continue
        try:
            hanging = _hanging(row, known, villages, today)
            if (before := lines.setdefault(hanging.code, row.line)) != row.line:
                raise _BadCell("code", f"{hanging.code} stands in line {before} already", "Keep one of the rows")
            found.append(hanging)
        except _BadCell as why:
            faults.append(Fault(table.file, row.line, why.column, why.text, why.remedy))
    return found, faults


def _hanging(row: Row, known: set[tuple[str, int]], villages: Mapping[str, Village], today: date | None) -> Hanging:
    at = read_placement_code(row["code"])
    if at is None:
        raise _BadCell("code", f"“{row['code'][:20]}” is no placement code", "Copy it from the piece; the last character checks the rest")
    if at not in known:
        raise _BadCell("code", f"{row['code']} is not in placements.csv", "Look at the code on the piece, or add its placement first")
    lat, lon = _position(row)
    if (km := _far(villages[at[0]], lat, lon)) > FAR_KM:
        remedy = "Look at the position, or correct the village's own in villages.csv"
        raise _BadCell("gps", f"The position lies {km:.0f} km from {villages[at[0]].title}", remedy)
    code = Placement(*at, "", "").code
    return Hanging(*at, code, _day(row["hung_on"], today), lat, lon, _photo(row["photo"]), row["by"], row["note"])


def _far(village: Village, lat: float | None, lon: float | None) -> float:
    """km from the village's own position; 0 where one of the two is not known."""
    if lat is None or lon is None or village.lat is None or village.lon is None:
        return 0.0
    return distance_km((lat, lon), (village.lat, village.lon))


def _day(cell: str, today: date | None) -> date:
    if (found := _DAY.fullmatch(cell)) is None:
        raise _BadCell("hung_on", f"“{cell[:20]}” is no day", "Write it as 2026-12-01 or 1/12/2026")
    parts = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    try:
        day = date(*map(int, parts))
    except ValueError as why:
        raise _BadCell("hung_on", f"There is no day “{cell[:20]}”", "Write it as 2026-12-01 or 1/12/2026") from why
    if today is not None and day > today:
        raise _BadCell("hung_on", f"The day {day} is still to come", "Write the day on which it was hung, as 2026-12-01 or 1/12/2026")
    return day


def _position(row: Row) -> tuple[float | None, float | None]:
    """Two columns, or one that holds both."""
    cells = [row["lat"], row["lon"]]
    if not any(cells) and row["gps"]:
        cells = _two(row["gps"])
    if not any(cells):
        return None, None
    if not all(cells):
        raise _BadCell("lat" if not cells[0] else "lon", "The position is half missing", "Give latitude and longitude, or neither")
    return _degrees(cells[0], "lat", _LAT), _degrees(cells[1], "lon", _LON)


def _two(cell: str) -> list[str]:
    """ "21.63, 106.83" or "21,63 106,83": a comma parts only where the numbers have points."""
    parts = cell.replace(",", " ").split() if "." in cell else cell.replace(";", " ").split()
    if len(parts) != 2:
        raise _BadCell("gps", f"“{cell[:30]}” is no position", "Write latitude and longitude in degrees, e.g. 21.6385, 106.8378")
    return parts


def _degrees(cell: str, column: str, within: tuple[float, float]) -> float:
    try:
        value = float(cell.replace(",", "."))
    except ValueError as why:
        raise _BadCell(column, f"“{cell[:20]}” is no number of degrees", "Write degrees, e.g. 21.6385") from why
    if not within[0] <= value <= within[1]:
        raise _BadCell(column, f"{value:g} lies outside Vietnam", "Look whether latitude and longitude are exchanged")
    return value


def _photo(cell: str) -> str:
    if cell and not _PHOTO.fullmatch(cell):
        raise _BadCell("photo", f"“{cell[:30]}” is no file name", "Write the photo's name alone, e.g. TN0101U.jpg")
    return cell


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance of two positions in degrees; a sphere is near enough for villages."""
    (lat_a, lon_a), (lat_b, lon_b) = ((math.radians(lat), math.radians(lon)) for lat, lon in (a, b))
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(half))


def merged(before: Iterable[Hanging], new: Iterable[Hanging]) -> list[Hanging]:
    """All of both by village and number; what is new replaces what was known of the same placement."""
    by_code = {each.code: each for each in (*before, *new)}
    return sorted(by_code.values(), key=lambda each: (each.village, each.number))


def hangings_csv(hangings: Sequence[Hanging]) -> str:
    """The register's file, as read_hangings takes it."""
    out = io.StringIO()
    made = csv.writer(out, lineterminator="\n")
    made.writerow(HEADER)
    for each in hangings:
        made.writerow([each.code, each.hung_on, _text(each.lat), _text(each.lon), each.photo, each.by, each.note])
    return out.getvalue()


def _text(degrees: float | None) -> str:
    return "" if degrees is None else f"{degrees:.6f}".rstrip("0").rstrip(".")
