"""A deployment's data folder as values: campaign, keywords, communes, villages, placements; and all that is wrong in it, at once.

No key, database or secret is needed: print, reading and planning work on a laptop in an office. The routes of `gateway.toml` are the
concern of `gateway.settings`; of that file only `link_base` and `timezone` are read here, because paper and calendar need them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field, field_validator, model_validator

from gateway.domain.campaign import Campaign, PeakDay, Phase
from gateway.domain.caps import Caps
from gateway.domain.code import next_placement_number, placement_code
from gateway.domain.fault import Fault
from gateway.domain.fold import fold
from gateway.domain.keyword import Keyword
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.number_repair import Repaired, read_number, remedy_for
from gateway.domain.placement import Placement
from gateway.domain.table import Column, Row, Table, read_table
from gateway.domain.village import Village
from gateway.toml_file import Frozen, matching, read_toml, validated

T = TypeVar("T")
_LINK_BASE: Final = "a link base looks like HTTPS://TINBAO.EXAMPLE, without a slash at its end"


class BadDeployment(Exception):
    """Nothing can be made of the folder: its campaign is missing or unreadable. `faults` holds all that was found; str() one a line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Commune:
    """`code`: 5-digit official code. `letters`: what the codes of its villages begin with. `lat`, `lon`: WGS84 degrees."""

    code: str
    name: str
    kind: str
    province: str
    letters: str
    lat: float | None = None
    lon: float | None = None

    @property
    def title(self) -> str:
        """ "xã Thống Nhất"."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Keywords:
    """Aliases by keyword, as written (fold before comparing). Slips of the finger and of the eye are the reading's concern."""

    aliases: Mapping[Keyword, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment's data. What has a fault is left out and named in `faults`; the rest is good."""

    path: Path
    campaign: Campaign
    keywords: Keywords
    communes: Mapping[str, Commune]
    villages: Mapping[str, Village]
    placements: tuple[Placement, ...]
    faults: tuple[Fault, ...] = ()

    def placements_of(self, village: str) -> tuple[Placement, ...]:
        """The placements of one village, in the file's order."""
        return tuple(placement for placement in self.placements if placement.village == village)


def shipped(name: str) -> Path:
    """A folder that travels with the product, "config" or "templates": in a wheel inside `gateway`, in a clone beside it."""
    package = Path(str(files("gateway")))
    inside = package / "shipped" / name
    return inside if inside.is_dir() else (package.parent / name).resolve()


def shipped_deployment() -> Path:
    """The deployment that serves where no other is named."""
    return shipped("config") / "thong-nhat"


def load_deployment(path: Path) -> Deployment:
    """Read the folder `path`. Raises BadDeployment where it holds no usable campaign; all lesser faults are in `Deployment.faults`."""
    if not path.is_dir():
        raise BadDeployment([Fault(str(path), None, "", "There is no such deployment folder", "Make one with: tinbao init DIR")])
    faults: list[Fault] = []
    communes = _communes(_listed(path / "communes.csv", COMMUNE_COLUMNS, faults), faults)
    villages = _villages(_listed(path / "villages.csv", VILLAGE_COLUMNS, faults), communes, faults)
    placements = _placements(_listed(path / "placements.csv", PLACEMENT_COLUMNS, faults), villages, faults)
    keywords = _keywords(path, faults)
    campaign = _campaign(path, communes, faults)
    if campaign is None:
        raise BadDeployment(faults)
    return Deployment(path, campaign, keywords, communes, villages, placements, tuple(faults))


# -- TOML --------------------------------------------------------------------------------------------------------------------------------


class _Phase(Frozen):
    number: int = Field(ge=1)
    name: str
    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> "_Phase":
        if self.last < self.first:
            raise ValueError("the last day lies before the first")
        return self


class _PeakDay(Frozen):
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    name: str


class _Caps(Frozen):
    """`[caps]`: messages of waves to one person; the defaults are field.md §2.1's, stricter than Nghị định 91/2020 Art. 13. 0: no cap."""

    per_day: int = Field(default=1, ge=0, le=100)
    per_week: int = Field(default=3, ge=0, le=100)


class _CampaignFile(Frozen):
    """campaign.toml. `sms_price_vnd` has no default: a wrong price on paper can't be taken back."""

    name: str = Field(min_length=1)
    commune: Annotated[str, matching(r"\d{5}", "a commune code has five digits")]
    issuer: str = Field(min_length=1)
    issuer_address: str
    desk_name: str = Field(min_length=1)
    languages: tuple[str, ...] = Field(min_length=1)
    legal_basis: tuple[str, ...] = ()
    short_code: Annotated[str, matching(r"\d{3,6}", "a short code has three to six digits")]
    sms_price_vnd: int = Field(ge=0)
    free_by_contract: str = ""
    ussd: Annotated[str, matching(r"(\*[\d*]+#)?", "a USSD code looks like *8088#")] = ""
    hotline: str = ""
    day_one: date
    window: tuple[time, time] = (time(7), time(21))
    phases: tuple[_Phase, ...] = ()
    peak_days: tuple[_PeakDay, ...] = ()
    caps: _Caps = _Caps()

    @field_validator("hotline")
    @classmethod
    def _is_number(cls, value: str) -> str:
        if value:
            Msisdn.parse(value)
        return value

    @field_validator("window")
    @classmethod
    def _is_open(cls, value: tuple[time, time]) -> tuple[time, time]:
        if value[0] >= value[1]:
            raise ValueError("the window ends before it begins")
        return value


class _Keyword(Frozen):
    meaning: str = ""
    aliases: tuple[str, ...] = ()


class _KeywordsFile(Frozen):
    """keywords.toml: a table a keyword."""

    LS: _Keyword = _Keyword()
    ADN: _Keyword = _Keyword()
    HOI: _Keyword = _Keyword()
    TT: _Keyword = _Keyword()
    TC: _Keyword = _Keyword()
    DK: _Keyword = _Keyword()


class _ServiceOnPaper(Frozen):
    """What paper and calendar need of gateway.toml's [service]."""

    model_config = ConfigDict(extra="ignore")
    link_base: Annotated[str, matching(r"(?i:https?)://[^\s/?#]+(/[^\s?#]*[^\s/?#])?", _LINK_BASE)]
    timezone: str = "Asia/Ho_Chi_Minh"

    @field_validator("timezone")
    @classmethod
    def _exists(cls, value: str) -> str:
        return checked_timezone(value)


def checked_timezone(name: str) -> str:
    """`name`, where the machine's zone database has it; else ValueError."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as why:
        raise ValueError(f"there is no time zone “{name}”") from why
    return name


def _campaign(path: Path, communes: Mapping[str, Commune], faults: list[Fault]) -> Campaign | None:
    toml, gateway = read_toml(path / "campaign.toml"), read_toml(path / "gateway.toml")
    faults += [file.fault for file in (toml, gateway) if file.fault is not None]
    stated = None if toml.fault else validated(_CampaignFile, toml, toml.values, faults)
    service = None if gateway.fault else validated(_ServiceOnPaper, gateway, gateway.values.get("service", {}), faults, ("service",))
    if stated is None or service is None:
        return None
    commune = communes.get(stated.commune)
    if commune is None:
        faults.append(
            Fault(toml.file, toml.places.line(("commune",)), "commune", "The commune is not in communes.csv", "Add its row there")
        )
        return None
    return _stated_campaign(stated, service, commune)


def _stated_campaign(stated: _CampaignFile, service: _ServiceOnPaper, commune: Commune) -> Campaign:
    return Campaign(
        name=stated.name,
        commune=stated.commune,
        commune_name=commune.name,
        commune_title=commune.title,
        province_name=commune.province,
        issuer=stated.issuer,
        issuer_address=stated.issuer_address,
        short_code=stated.short_code,
        sms_price_vnd=stated.sms_price_vnd,
        free_by_contract=stated.free_by_contract,
        ussd=stated.ussd,
        hotline=Msisdn.parse(stated.hotline) if stated.hotline else None,
        desk_name=stated.desk_name,
        languages=stated.languages,
        day_one=stated.day_one,
        phases=tuple(Phase(phase.number, phase.name, phase.first, phase.last) for phase in stated.phases),
        peak_days=tuple(PeakDay(peak.month, peak.day, peak.name) for peak in stated.peak_days),
        legal_basis=stated.legal_basis,
        timezone=service.timezone,
        window=stated.window,
        link_base=service.link_base,
        caps=Caps(stated.caps.per_day, stated.caps.per_week),
    )


def _keywords(path: Path, faults: list[Fault]) -> Keywords:
    toml = read_toml(path / "keywords.toml")
    if toml.fault is not None:
        faults.append(toml.fault)
    rules = {Keyword(name): rule for name, rule in (validated(_KeywordsFile, toml, toml.values, faults) or _KeywordsFile())}
    owner: dict[str, Keyword] = {}
    for keyword, rule in rules.items():
        for alias in (keyword.value, *rule.aliases):
            if owner.setdefault(fold(alias), keyword) is not keyword:
                line = toml.places.line((keyword.value, "aliases"))
                text = f"“{alias}” is an alias of {owner[fold(alias)]} already"
                faults.append(Fault(toml.file, line, f"{keyword}.aliases", text, "Keep it in one of the two"))
    return Keywords({keyword: (keyword.value, *rule.aliases) for keyword, rule in rules.items()})


# -- CSV ---------------------------------------------------------------------------------------------------------------------------------

COMMUNE_COLUMNS: Final = (
    Column("code", ("mã xã", "mã")),
    Column("name", ("tên xã", "tên")),
    Column("type", ("loại", "kind")),
    Column("province", ("tỉnh", "tỉnh thành")),
    Column("letters", ("chữ mã thôn", "chữ")),
    Column("lat", ("vĩ độ", "latitude"), required=False),
    Column("lon", ("kinh độ", "longitude"), required=False),
)
VILLAGE_COLUMNS: Final = (
    Column("code", ("mã thôn", "mã")),
    Column("name", ("tên thôn", "thôn", "tên")),
    Column("kind", ("loại", "loại hình")),
    Column("commune", ("mã xã", "xã")),
    Column("households", ("số hộ", "hộ"), required=False),
    Column("lat", ("vĩ độ", "latitude"), required=False),
    Column("lon", ("kinh độ", "longitude"), required=False),
    Column("contact", ("liên hệ", "trưởng thôn", "người liên hệ"), required=False),
    Column("contact_number", ("số điện thoại", "điện thoại", "sđt"), required=False),
    Column("note", ("ghi chú",), required=False),
)
PLACEMENT_COLUMNS: Final = (
    Column("village", ("mã thôn", "thôn")),
    Column("number", ("số", "số vị trí")),
    Column("piece", ("ấn phẩm", "loại")),
    Column("spot", ("vị trí", "nơi treo", "nơi đặt"), required=False),
)
_VILLAGE_CODE: Final = re.compile(r"[A-Z]{1,4}\d{1,4}")
_CONTACT: Final = re.compile(r"(?P<name>.*?)[\s,;:–-]*(?P<number>\+?\d(?:[\d\s.,()]{3,}|[\d.,]*[eE]\+?\d+))?")


class _BadCell(ValueError):
    """A cell that can't be used: field, text and remedy of its Fault, in this order."""


def _listed(path: Path, columns: Sequence[Column], faults: list[Fault]) -> Table:
    """The list at `path`; a missing one is a fault and an empty list."""
    try:
        table = read_table(path.read_bytes(), file=path.name, columns=columns)
    except FileNotFoundError:
        faults.append(Fault(path.name, None, "", "The file is missing", "Copy it from a new deployment: tinbao init DIR"))
        return Table(path.name, (), (), ())
    except OSError as why:
        faults.append(Fault(path.name, None, "", f"The file can't be read: {why.strerror}", "Look at its permissions"))
        return Table(path.name, (), (), ())
    faults += table.faults
    return table


def _each(table: Table, make: Callable[[Row], T], faults: list[Fault]) -> Iterator[T]:
    """What `make` makes of each row; a row with a bad cell becomes a fault."""
    for row in table.rows:
        try:
            yield make(row)
        except _BadCell as why:
            faults.append(Fault(table.file, row.line, *why.args))


def _named(row: Row, column: str) -> str:
    if not (cell := _line(row[column])):
        raise _BadCell(column, "The cell is empty", "Fill it in")
    return cell


def _line(text: str) -> str:
    """`text` as one line: a line break typed into a cell must not reach paper or SMS."""
    return " ".join(text.split())


def _whole(row: Row, column: str, *, required: bool = False) -> int:
    """A count; dots or spaces may group its thousands."""
    cell = _named(row, column) if required else row[column] or "0"
    digits = re.sub(r"(?<=\d)[.\s](?=\d{3}(\D|$))", "", cell)
    if not (digits.isascii() and digits.isdigit()):
        raise _BadCell(column, f"“{cell}” is no whole number", "Write digits only")
    return int(digits)


def _degrees(row: Row, column: str, least: float, most: float) -> float | None:
    """WGS84 degrees inside Viet Nam's frame, with a point or a comma; None for an empty cell."""
    cell = row[column].replace(",", ".")
    try:
        value = float(cell) if cell else None
    except ValueError:
        value = float("nan")
    if value is not None and not least <= value <= most:
        remedy = f"Write decimal degrees between {least:g} and {most:g}; latitude and longitude may have changed places"
        raise _BadCell(column, f"“{row[column]}” lies outside Viet Nam", remedy)
    return value


def _position(row: Row) -> tuple[float | None, float | None]:
    lat, lon = _degrees(row, "lat", 8, 24), _degrees(row, "lon", 102, 118)
    if (lat is None) != (lon is None):
        raise _BadCell("lat", "Only one half of the position is given", "Give both or none")
    return lat, lon


def _commune_code(cell: str) -> str:
    return cell.zfill(5) if cell.isdigit() else cell  # spreadsheets drop the leading zero


def _communes(table: Table, faults: list[Fault]) -> dict[str, Commune]:
    seen: dict[str, Commune] = {}

    def make(row: Row) -> Commune:
        code, letters = _commune_code(_named(row, "code")), _named(row, "letters").upper()
        if not re.fullmatch(r"\d{5}", code):
            raise _BadCell("code", f"“{code}” is no commune code", "Write the official code of five digits")
        if code in seen:
            raise _BadCell("code", f"The code {code} stands twice", "Keep one of the rows")
        if not re.fullmatch(r"[A-Z]{1,4}", letters):
            raise _BadCell("letters", f"“{letters}” can't begin a village code", "Write one to four letters A-Z")
        if any(other.letters == letters for other in seen.values()):
            raise _BadCell("letters", f"The letters {letters} are given out twice", "Give each commune its own")
        seen[code] = Commune(code, _named(row, "name"), _named(row, "type"), _named(row, "province"), letters, *_position(row))
        return seen[code]

    return {commune.code: commune for commune in _each(table, make, faults)}


def load_communes(path: Path) -> tuple[dict[str, Commune], tuple[Fault, ...]]:
    """Communes by code of the folder's communes.csv, and what is wrong with it."""
    faults: list[Fault] = []
    return _communes(_listed(path / "communes.csv", COMMUNE_COLUMNS, faults), faults), tuple(faults)


def read_villages(data: bytes, file: str, communes: Mapping[str, Commune]) -> tuple[dict[str, Village], tuple[Fault, ...]]:
    """Villages by code of a list in the shape of villages.csv, and what is wrong with it."""
    table = read_table(data, file=file, columns=VILLAGE_COLUMNS)
    faults = list(table.faults)
    return _villages(table, communes, faults), tuple(faults)


def _villages(table: Table, communes: Mapping[str, Commune], faults: list[Fault]) -> dict[str, Village]:
    lines: dict[str, int] = {}
    by_title = {fold(word): commune for commune in communes.values() for word in (commune.name, commune.title)}
    titles: dict[tuple[str, str], str] = {}

    def make(row: Row) -> Village:
        code = _named(row, "code").upper()
        if code in lines:
            raise _BadCell("code", f"The code {code} stands in line {lines[code]} already", "Give this village a code of its own")
        lines[code] = row.line
        commune = communes.get(_commune_code(_named(row, "commune"))) or by_title.get(fold(row["commune"]))
        if commune is None:
            raise _BadCell("commune", f"The commune “{row['commune']}” is not in communes.csv", "Correct it, or add the commune there")
        if not _VILLAGE_CODE.fullmatch(code) or not 3 <= len(code) <= 6 or code.rstrip("0123456789") != commune.letters:
            remedy = f"Write {commune.letters} and two digits, e.g. {commune.letters}07"
            raise _BadCell("code", f"“{code}” is no village code of {commune.title}", remedy)
        name, kind = _named(row, "name"), _named(row, "kind")
        if (same := titles.setdefault((commune.code, f"{kind} {name}".lower()), code)) != code:
            raise _BadCell("name", f"“{kind} {name}” is {same} already", "Tell the two apart, as in Tân Lập 1 and Tân Lập 2")
        contact_name, contact = _contact_person(row)
        return Village(code, name, kind, commune.code, _whole(row, "households"), *_position(row), contact_name, contact)

    return {village.code: village for village in _each(table, make, faults)}


def _contact_person(row: Row) -> tuple[str, Msisdn | None]:
    """Name and number of the village's contact: in two columns, or in one as "Trưởng thôn Hoàng Văn A - 0300000101"."""
    found = _CONTACT.fullmatch(_line(row["contact"]))
    name, number = (found["name"], found["number"] or "") if found else (row["contact"], "")
    if re.search(r"\d{7}", name):
        raise _BadCell("contact", "Two numbers stand in one cell", "Keep the one that people should call")
    number = row["contact_number"] or number
    return _line(name), _number(number, "contact")[0] if number else None


def _number(cell: str, column: str) -> tuple[Msisdn, Repaired | None]:
    try:
        return read_number(cell)
    except BadMsisdn as why:
        raise _BadCell(column, f"The number can't be used: {why}", remedy_for(why)) from why


def _placements(table: Table, villages: Mapping[str, Village], faults: list[Fault]) -> tuple[Placement, ...]:
    lines: dict[tuple[str, int], int] = {}

    def make(row: Row) -> Placement:
        village, number = _named(row, "village").upper(), _whole(row, "number", required=True)
        if (before := lines.setdefault((village, number), row.line)) != row.line:
            remedy = "Take a new number; numbers are never used again: tinbao placements plan"
            raise _BadCell("number", f"{village} has the number {number} in line {before} already", remedy)
        if village not in villages:
            raise _BadCell("village", f"“{village}” is no village of villages.csv", "Correct the code, or look at that village's own fault")
        try:
            placement_code(village, number)
        except ValueError as why:
            raise _BadCell("number", str(why)[:1].upper() + str(why)[1:], _next_number(village, number)) from why
        return Placement(village, number, _named(row, "piece"), _line(row["spot"]))

    return tuple(_each(table, make, faults))


def _next_number(village: str, after: int) -> str:
    try:
        return f"The next that can be used is {next_placement_number(village, max(after, 0))}"
    except ValueError:
        return "The village has used up its numbers: give it a second code"
