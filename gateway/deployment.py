"""A deployment's data folder as values: campaign, keywords, communes, villages, placements, places; and all that is wrong in it, at once.

No key, database or secret is needed: print, reading and planning work on a laptop in an office. The routes of `gateway.toml` are the
concern of `gateway.settings`; of that file only `link_base` and `timezone` are read here, because paper and calendar need them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field, field_validator, model_validator

from gateway.desk_names import load_workflow
from gateway.domain.campaign import Campaign, PeakDay, Phase
from gateway.domain.caps import Caps
from gateway.domain.code import next_placement_number, placement_code
from gateway.domain.dialogue import Choice, Keys, Question, Script, Timing, filled, places_in
from gateway.domain.fault import Fault
from gateway.domain.fold import fold
from gateway.domain.keyword import Keyword
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.number_repair import Repaired, read_number, remedy_for
from gateway.domain.placement import Placement
from gateway.domain.segments import Alphabet, alphabet_of, segments_of
from gateway.domain.table import Column, Row, Table, read_table
from gateway.domain.tip_work import Workflow
from gateway.domain.village import Village
from gateway.toml_file import Frozen, TomlFile, matching, read_toml, validated

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
class Merger:
    """A row of old_communes.csv: an old commune (`code`, `name`, `kind`, in `district` of `province`) and a new one that took it in.

    `divided`: its land went to several, of which `likely` is the one to think of first.
    """

    code: str
    name: str
    kind: str
    district: str
    province: str
    new_code: str
    new_name: str
    new_kind: str
    divided: bool
    likely: bool


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A row of known_places.csv: a battle, or a place in Laos. Its middle in WGS84 degrees; who names it means a spot within `radius_m`."""

    name: str
    spellings: tuple[str, ...]
    kind: str
    area: str
    latitude: float
    longitude: float
    radius_m: int
    note: str
    source: str


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
    mergers: tuple[Merger, ...] = ()
    known_places: tuple[KnownPlace, ...] = ()
    dialogue: Script = field(default_factory=lambda: Script((), Keys(), {"sms": Timing(0)}, {}), repr=False)
    workflow: Workflow = field(default_factory=Workflow, repr=False)

    def commune_of(self, village: str | None) -> str:
        """Whose a message is that names `village`: that village's commune, else the one whose deployment this is."""
        known = self.villages.get(village or "")
        return known.commune if known is not None else self.campaign.commune

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
    mergers = _mergers(_listed_if_there(path / "old_communes.csv", MERGER_COLUMNS, faults), faults)
    known_places = _known_places(_listed_if_there(path / "known_places.csv", KNOWN_PLACE_COLUMNS, faults), faults)
    keywords = _keywords(path, faults)
    dialogue = load_dialogue(path, faults)
    workflow = load_workflow(path, faults)
    campaign = _campaign(path, communes, faults)
    if campaign is None:
        raise BadDeployment(faults)
    return Deployment(
        path, campaign, keywords, communes, villages, placements, tuple(faults), mergers, known_places, dialogue=dialogue, workflow=workflow
    )


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
    hotline_hours: tuple[time, time] | None = None
    emergency: str = ""
    number_abroad: str = ""
    zalo: Annotated[str, matching(r"(https://[^\s\"<>]+)?", "the address of a Zalo account begins with https://")] = ""
    day_one: date
    window: tuple[time, time] = (time(7), time(21))
    phases: tuple[_Phase, ...] = ()
    peak_days: tuple[_PeakDay, ...] = ()
    caps: _Caps = _Caps()

    @field_validator("hotline", "emergency", "number_abroad")
    @classmethod
    def _is_number(cls, value: str) -> str:
        if value:
            Msisdn.parse(value)
        return value

    @field_validator("window", "hotline_hours")
    @classmethod
    def _is_open(cls, value: tuple[time, time] | None) -> tuple[time, time] | None:
        if value is not None and value[0] >= value[1]:
            raise ValueError("it ends before it begins")
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
    campaign = _stated_campaign(stated, service, commune)
    faults += _emergency_faults(toml, campaign)
    return campaign


def _emergency_faults(toml: TomlFile, campaign: Campaign) -> Iterator[Fault]:
    """The emergency number stands on paper and page as answered day and night: one with hours, or none, is a fault."""
    here = toml.places.line(("emergency",))
    if campaign.emergency is None:
        yield Fault(
            toml.file, here, "emergency", "There is no number for bombs, mines and open graves", "Name one that is answered day and night"
        )
    elif campaign.emergency == campaign.hotline and campaign.hotline_hours is not None:
        text = "The emergency number is the hotline, which has office hours"
        yield Fault(toml.file, here, "emergency", text, "Name a number that is answered day and night, or take hotline_hours away")


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
        hotline_hours=stated.hotline_hours,
        emergency=Msisdn.parse(stated.emergency) if stated.emergency else None,
        number_abroad=Msisdn.parse(stated.number_abroad) if stated.number_abroad else None,
        zalo=stated.zalo,
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


# -- the dialogue ------------------------------------------------------------------------------------------------------------------------

DIALOGUE_FILE: Final = "dialogue.toml"
_CHANNELS: Final = ("sms", "zalo", "ussd", "web")
_SAID: Final = ("received", "added", "done", "human", "optout")  # on every channel, beside the questions
_SCREENS: Final = (
    "menu", "menu_again", "village", "which_village", "village_again", "village_unknown", "story", "dna", "code", "resume", "dna_done",
    "bye", "busy", "refused", "more",
)  # fmt: skip
_FILLED: Final = {  # what the texts may hold, and how long it may be
    "code": "7K3M9P", "commune": "Xa Thong Nhat", "commune_accented": "Xã Thống Nhất", "price": "1000d/tin", "hotline": "0300 000 100",
    "number": "8088 (1000d/tin)", "dial": "*8088#", "villages": "",
}  # fmt: skip


class _Keys(Frozen):
    skip: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    human: tuple[str, ...] = Field(min_length=1)  # a person is always within reach
    more: tuple[str, ...] = ("98",)


class _Timing(Frozen):
    answer_s: int = Field(ge=30, le=7 * 86_400)
    resume_s: int = Field(default=0, ge=0, le=86_400)


class _Choice(Frozen):
    answers: tuple[str, ...] = Field(min_length=1)
    may_call: bool | None = None
    may_publish: bool | None = None


class _Question(Frozen):
    slot: Annotated[str, matching(r"[a-z_]{1,20}", "a slot is a word in small letters")]
    known_by: tuple[str, ...] = ()
    numeric: bool = False
    last: bool = False
    choices: tuple[_Choice, ...] = ()


class _DialogueFile(Frozen):
    """dialogue.toml: what is asked, in which order and words, and how long an answer is waited for."""

    most_questions: int = Field(default=3, ge=0, le=3)  # field.md §4.2: at most three, or people stop answering
    keys: _Keys
    channels: dict[str, _Timing]
    questions: tuple[_Question, ...] = ()
    words: dict[str, dict[str, dict[str, str]]]


def load_dialogue(path: Path, faults: list[Fault]) -> Script:
    """The script of the folder's dialogue.toml. What is wrong goes to `faults`, and then the shipped script serves."""
    toml = read_toml(path / DIALOGUE_FILE)
    if toml.fault is not None:
        faults.append(toml.fault)
    stated = None if toml.fault else validated(_DialogueFile, toml, toml.values, faults)
    found = [] if stated is None else [_dialogue_fault(toml, *why) for why in _dialogue_faults(stated)]
    faults += found
    if stated is not None and not found:
        return _script(stated)
    return (
        Script((), Keys(), {"sms": Timing(0)}, {})
        if path.resolve() == shipped_deployment().resolve()
        else load_dialogue(shipped_deployment(), [])
    )


def _script(stated: _DialogueFile) -> Script:
    def keys(words: Sequence[str]) -> frozenset[str]:
        return frozenset(map(fold, words))

    return Script(
        tuple(
            Question(
                each.slot,
                frozenset(each.known_by),
                each.numeric,
                each.last,
                tuple(Choice(keys(choice.answers), choice.may_call, choice.may_publish) for choice in each.choices),
            )
            for each in stated.questions
        ),
        Keys(keys(stated.keys.skip), keys(stated.keys.back), keys(stated.keys.human), keys(stated.keys.more)),
        {channel: Timing(each.answer_s * 1000, each.resume_s * 1000) for channel, each in stated.channels.items()},
        {
            (language, channel, name): words.strip("\n")
            for language, channels in stated.words.items()
            for channel, named in channels.items()
            for name, words in named.items()
        },
        stated.most_questions,
        tuple(stated.words),
    )


_Wrong = tuple[tuple[str | int, ...], str, str]  # place, text, remedy


def _dialogue_fault(toml: TomlFile, at: tuple[str | int, ...], text: str, remedy: str) -> Fault:
    return Fault(toml.file, toml.places.line(at), ".".join(str(part + 1 if isinstance(part, int) else part) for part in at), text, remedy)


def _dialogue_faults(stated: _DialogueFile) -> Iterator[_Wrong]:
    """(place, text, remedy) of what no single value shows."""
    slots = [each.slot for each in stated.questions]
    for at, slot in enumerate(slots):
        if slot in slots[:at]:
            yield ("questions", at, "slot"), f"The slot “{slot}” is asked by two questions", "Keep one of them"
    if sum(each.last for each in stated.questions) > stated.most_questions:
        yield ("most_questions",), "More questions are marked last than may be asked", "Raise it, or take a `last` away"
    if "sms" not in stated.channels:
        yield ("channels",), "There is no [channels.sms]", "Add it with answer_s = 86400"
    for channel in (*stated.channels, *(channel for named in stated.words.values() for channel in named)):
        if channel not in _CHANNELS:
            yield ("channels", channel), f"There is no channel “{channel}”", f"Take one of: {', '.join(_CHANNELS)}"
    yield from _key_faults(stated.keys)
    yield from _word_faults(stated, slots)


def _key_faults(keys: _Keys) -> Iterator[_Wrong]:
    owner: dict[str, str] = {}
    for name, words in keys:
        for word in words:
            if owner.setdefault(fold(word), name) != name:
                yield ("keys", name), f"“{word}” means {owner[fold(word)]} already", "Keep it in one of the two"


def _word_faults(stated: _DialogueFile, slots: Sequence[str]) -> Iterator[_Wrong]:
    asked = tuple(f"ask.{slot}" for slot in slots)
    for channel in ("sms", "ussd"):
        there = stated.words.get("vi", {}).get(channel, {})
        for name in (*_SAID, *asked, *(_SCREENS if channel == "ussd" else ())):
            if name not in there:
                yield ("words", "vi", channel), f"The text “{name}” is missing", "Add it; the shipped deployment shows how"
    for language, channels in stated.words.items():
        for channel, named in channels.items():
            for name, words in named.items():
                place = ("words", language, channel, name)
                if name not in (*_SAID, *_SCREENS, *asked):
                    yield place, "No question and no screen has this name", "Correct it, or take it out"
                elif why := _unusable(words, language, channel):
                    yield place, *why
    yield from _long_receipts(stated, asked)


def _unusable(words: str, language: str, channel: str) -> tuple[str, str] | None:
    """(text, remedy) where `words` can't be said on `channel`."""
    try:
        places = places_in(words)
    except ValueError:
        return "A brace stands alone", "Write {code} and the like, or no brace"
    if unknown := places - set(_FILLED):
        return f"There is no place {{{min(unknown)}}}", f"Take one of: {', '.join(f'{{{name}}}' for name in _FILLED)}"
    if language == "vi" and channel in ("sms", "ussd") and alphabet_of(filled(words, _FILLED)) is Alphabet.UCS2:
        return "Accents make the text cost twice to three times as much", "Write it without accents"
    return None


def _long_receipts(stated: _DialogueFile, asked: Sequence[str]) -> Iterator[_Wrong]:
    """The receipt and each question must be one SMS."""
    named = stated.words.get("vi", {}).get("sms", {})
    for name in asked:
        both = filled(f"{named.get('received', '')} {named.get(name, '')}", _FILLED) if _sound(named, name) else ""
        if segments_of(both) > 1:
            text = f"With the receipt it has {len(both)} characters, and an SMS has 160"
            yield ("words", "vi", "sms", name), text, "Shorten the question or `received`"


def _sound(named: Mapping[str, str], name: str) -> bool:
    return all(_unusable(named.get(each, ""), "vi", "sms") is None for each in ("received", name))


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
MERGER_COLUMNS: Final = (
    Column("old_code", ("mã cũ",)),
    Column("old_name", ("tên cũ", "xã cũ")),
    Column("old_kind", ("loại cũ",)),
    Column("old_district", ("huyện cũ", "huyện")),
    Column("province", ("tỉnh", "tỉnh thành")),
    Column("new_code", ("mã mới",)),
    Column("new_name", ("tên mới", "xã mới")),
    Column("new_kind", ("loại mới",)),
    Column("split", ("chia tách",)),
    Column("is_default", ("mặc định",)),
)
KNOWN_PLACE_COLUMNS: Final = (
    Column("name", ("tên", "địa danh")),
    Column("spellings", ("cách viết khác", "tên khác"), required=False),
    Column("kind", ("loại",)),
    Column("area", ("tỉnh, nước", "thuộc")),
    Column("latitude", ("vĩ độ", "lat")),
    Column("longitude", ("kinh độ", "lon")),
    Column("radius_m", ("bán kính (m)", "bán kính")),
    Column("note", ("ghi chú",), required=False),
    Column("source", ("nguồn",)),
)
OLD_KINDS: Final = ("xã", "phường", "thị trấn")
NEW_KINDS: Final = ("xã", "phường", "đặc khu")
DISTRICT_KINDS: Final = ("huyện", "thị xã", "thành phố", "quận")
KNOWN_KINDS: Final = ("trận đánh", "địa danh", "tỉnh", "huyện")
_LANDS: Final = "Viet Nam, Laos and Cambodia"
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


def _listed_if_there(path: Path, columns: Sequence[Column], faults: list[Fault]) -> Table:
    """The list at `path`; an empty one where a deployment has none, as those made before there was such a list."""
    return _listed(path, columns, faults) if path.exists() else Table(path.name, (), (), ())


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
    """`text` as one line: a line break typed into a cell must not reach paper or SMS, nor a sign that nobody sees (Unicode's Cc and Cf)."""
    if not text.isprintable():
        text = "".join(each for each in text if each.isspace() or unicodedata.category(each) not in ("Cc", "Cf"))
    return " ".join(text.split())


def _printed(row: Row, column: str) -> str:
    """What a village or commune is called on paper: with a letter or digit in it, and no accent without its letter."""
    name = _named(row, column)
    if not any(map(str.isalnum, name)):
        raise _BadCell(column, "The cell holds no letter", "Write the name")
    if any(unicodedata.combining(each) and not _bears_accent(before) for before, each in pairwise(f" {name}")):
        raise _BadCell(column, f"In “{name}” an accent stands without its letter", "Type the name again, letter by letter")
    return name


def _bears_accent(sign: str) -> bool:
    return sign.isalnum() or unicodedata.combining(sign) > 0


def _whole(row: Row, column: str, *, required: bool = False) -> int:
    """A count; dots or spaces may group its thousands."""
    cell = _named(row, column) if required else row[column] or "0"
    digits = re.sub(r"(?<=\d)[.\s](?=\d{3}(\D|$))", "", cell)
    if not (digits.isascii() and digits.isdigit()):
        raise _BadCell(column, f"“{cell}” is no whole number", "Write digits only")
    return int(digits)


def _degrees(row: Row, column: str, least: float, most: float, land: str = "Viet Nam") -> float | None:
    """WGS84 degrees inside the frame of `land`, with a point or a comma; None for an empty cell."""
    cell = row[column].replace(",", ".")
    try:
        value = float(cell) if cell else None
    except ValueError:
        value = float("nan")
    if value is not None and not least <= value <= most:
        remedy = f"Write decimal degrees between {least:g} and {most:g}; latitude and longitude may have changed places"
        raise _BadCell(column, f"“{row[column]}” lies outside {land}", remedy)
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
        seen[code] = Commune(code, _printed(row, "name"), _printed(row, "type"), _printed(row, "province"), letters, *_position(row))
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
        name, kind = _printed(row, "name"), _printed(row, "kind")
        if (same := titles.setdefault((commune.code, f"{kind} {name}".lower()), code)) != code:
            raise _BadCell("name", f"“{kind} {name}” is {same} already", "Tell the two apart, as in Tân Lập 1 and Tân Lập 2")
        contact_name, contact = _contact_person(row)
        return Village(code, name, kind, commune.code, _whole(row, "households"), *_position(row), contact_name, contact)

    return {village.code: village for village in _each(table, make, faults)}


def _mergers(table: Table, faults: list[Fault]) -> tuple[Merger, ...]:
    taken: dict[str, list[tuple[int, Merger]]] = {}

    def make(row: Row) -> Merger:
        merger = _merger(row)
        others = taken.setdefault(merger.code, [])
        for line, other in others:
            if other.new_code == merger.new_code:
                raise _BadCell("old_code", f"{merger.code} became {merger.new_code} in line {line} already", "Keep one of the rows")
            if not (merger.divided and other.divided):
                raise _BadCell("split", f"{merger.code} stands in line {line} already", "Write divided in all its rows, or keep one")
            if merger.likely and other.likely:
                raise _BadCell("is_default", f"{merger.code} has its 1 in line {line} already", "Write 0 in the less likely row")
        others.append((row.line, merger))
        return merger

    return tuple(_each(table, make, faults))


def _merger(row: Row) -> Merger:
    district = _name(row, "old_district")
    if not district.lower().startswith(DISTRICT_KINDS):
        raise _BadCell("old_district", f"“{district}” does not say what it is", f"Begin with {_choices(DISTRICT_KINDS)}")
    return Merger(
        code=_official_code(row, "old_code"),
        name=_name(row, "old_name"),
        kind=_one_of(row, "old_kind", OLD_KINDS),
        district=district,
        province=_name(row, "province"),
        new_code=_official_code(row, "new_code"),
        new_name=_name(row, "new_name"),
        new_kind=_one_of(row, "new_kind", NEW_KINDS),
        divided=_one_of(row, "split", ("whole", "divided")) == "divided",
        likely=_one_of(row, "is_default", ("0", "1")) == "1",
    )


def _official_code(row: Row, column: str) -> str:
    code = _commune_code(_named(row, column))
    if not re.fullmatch(r"\d{5}", code):
        raise _BadCell(column, f"“{code}” is no commune code", "Write the official code of five digits")
    return code


def _name(row: Row, column: str) -> str:
    """A name in one line that has a letter: a list of names is looked for by its words."""
    name = _line(_named(row, column))
    if not any(map(str.isalpha, name)):
        raise _BadCell(column, f"“{name}” is no name", "Write the name in letters")
    return name


def _one_of(row: Row, column: str, words: Sequence[str]) -> str:
    cell = _line(_named(row, column)).lower()
    if cell not in words:
        raise _BadCell(column, f"“{cell}” is not known here", f"Write {_choices(words)}")
    return cell


def _choices(words: Sequence[str]) -> str:
    return " or ".join((", ".join(words[:-1]), words[-1]))


def _known_places(table: Table, faults: list[Fault]) -> tuple[KnownPlace, ...]:
    lines: dict[str, int] = {}

    def make(row: Row) -> KnownPlace:
        name, spellings = _name(row, "name"), tuple(filter(None, map(_line, row["spellings"].split("|"))))
        for spelling in (name, *spellings):
            if (before := lines.setdefault(spelling.lower(), row.line)) != row.line:
                raise _BadCell("spellings", f"“{spelling}” stands in line {before} already", "Tell the two apart, or keep one")
        latitude, longitude = _degrees(row, "latitude", 8, 24, _LANDS), _degrees(row, "longitude", 100, 118, _LANDS)
        if latitude is None or longitude is None:
            raise _BadCell("latitude", "The position is missing", "Give both latitude and longitude")
        radius_m = _whole(row, "radius_m", required=True)
        if not 100 <= radius_m <= 300_000:
            raise _BadCell("radius_m", f"A radius of {radius_m} m can't be meant", "Write metres, from 100 to 300000")
        kind, area = _one_of(row, "kind", KNOWN_KINDS), _name(row, "area")
        return KnownPlace(name, spellings, kind, area, latitude, longitude, radius_m, _line(row["note"]), _named(row, "source"))

    return tuple(_each(table, make, faults))


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
