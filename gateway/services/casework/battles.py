"""The register of battles: written by hand or brought by Hội Cựu chiến binh as a list; and which battles a tip may tell of."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.code import read_tip_code
from gateway.domain.fault import Fault
from gateway.domain.fold import fold
from gateway.domain.permission import Action, Actor
from gateway.domain.table import Column, Row, read_table
from gateway.services.casework.common import STALE, Act, done, none_such, told_of, words
from gateway.services.casework.witnesses import ends_of
from gateway.services.refusal import Refusal
from gateway.storage import cases, registers, work_events
from gateway.storage.database import Database
from gateway.storage.registers import Battle, Link, NewBattle
from gateway.storage.work_events import Done, What

FILE_MOST: Final = 2_000_000  # bytes of a list
ROWS_MOST: Final = 2_000
COLUMNS: Final = (
    Column("name", ("tên trận", "tên trận đánh", "trận đánh", "trận", "tên")),
    Column("first", ("từ ngày", "bắt đầu", "ngày", "thời gian", "năm")),
    Column("last", ("đến ngày", "kết thúc"), required=False),
    Column("place", ("nơi đánh", "địa điểm", "nơi")),
    Column("units", ("đơn vị", "đơn vị tham gia", "phiên hiệu"), required=False),
    Column("sources", ("nguồn", "tài liệu", "ghi chú"), required=False),
)
_DAY: Final = re.compile(r"(?:(?:(\d{1,2})[/.\-])?(\d{1,2})[/.\-])?((?:18|19|20)\d{2})")
_ISO: Final = re.compile(r"((?:18|19|20)\d{2})-(\d{2})(?:-(\d{2}))?")
_WORD: Final = re.compile(r"\w+")
_COMMON: Final = frozenset(
    _WORD.findall("tran danh doi diem cao xa thon ban nui va cua o tai bo trung su dai tieu doan ngay thang nam chien dich")
)
_HEADINGS: Final = {"name": "tên trận", "first": "từ ngày", "place": "nơi đánh"}
_UNREADABLE: Final = "Không đọc được"
_REMEDY: Final = "Xem lại dấu ngăn cột, dấu nháy, bảng mã của tệp"
LIKELY: Final = 0.45  # from here a battle is suggested
SUGGESTED: Final = 3


@dataclass(frozen=True, slots=True)
class BattleFile:
    """A battle and what belongs to it."""

    battle: Battle
    links: tuple[Link, ...]
    history: tuple[Done, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a list: rows taken, rows that were there already, and each fault by its line."""

    added: int
    there: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Suggested:
    """A battle that a tip may tell of. `likeness`: 0..1; `shared`: the words that both have."""

    battle: Battle
    likeness: float
    shared: tuple[str, ...]


# --- days ---


def as_known(text: str, what: str) -> str:
    """A day, a month or a year of the past as stored: "17/2/1979" is 1979-02-17, "2/1979" 1979-02. Raises Refusal."""
    said = text.strip()
    iso = _ISO.fullmatch(said)
    found = _DAY.fullmatch(said)
    year, month, day = (iso[1], iso[2], iso[3]) if iso else (found[3], found[2], found[1]) if found else (None, None, None)
    if year is None or (month and not 1 <= int(month) <= 12) or (day and not 1 <= int(day) <= 31):
        raise Refusal(f"{what}: “{said[:20]}” không rõ. Xin ghi như 17/2/1979, 2/1979 hoặc 1979.")
    return "-".join([year, *(f"{int(part):02}" for part in (month, day) if part)])


def as_said(stored: str) -> str:
    """ "1979-02-17" as people write it."""
    return "/".join(reversed(stored.split("-")))


# --- the register ---


async def list_battles(database: Database, actor: Actor) -> list[Battle]:
    """The register, the earliest first. Raises Forbidden."""
    actor.need(Action.REGISTER_WORK)
    async with database.read() as connection:
        return await registers.battles(connection, actor.communes)


async def show_battle(database: Database, actor: Actor, id_: int) -> BattleFile:
    """One battle. Raises Forbidden."""
    actor.need(Action.REGISTER_WORK)
    async with database.read() as connection:
        found = await _seen(connection, actor, id_)
        links = await registers.links(connection, "battle", id_)
        return BattleFile(found, tuple(links), await told_of(connection, What.BATTLE, id_))


async def add_battle(database: Database, actor: Actor, new: NewBattle, now: int) -> int:
    """A new battle; returns the id. Raises Forbidden, Refusal."""
    actor.need(Action.REGISTER_WORK, new.commune)
    checked = _checked(new)

    async def unit(connection: AsyncConnection) -> int:
        if _key(checked) in {_key(each) for each in await registers.battles(connection, checked.commune)}:
            raise Refusal("Trận này đã có trong sổ (cùng tên, cùng ngày). Xin sửa dòng đã có.")
        return await _add(connection, actor, checked, now)

    return await database.write(unit)


async def change_battle(database: Database, actor: Actor, id_: int, version: int, new: NewBattle, now: int) -> None:
    """Correct a battle. Raises Forbidden, Refusal."""
    actor.need(Action.REGISTER_WORK)
    checked = _checked(new)

    async def unit(connection: AsyncConnection) -> None:
        found = await _seen(connection, actor, id_)
        values = {
            "name": checked.name, "first_day": checked.first_day, "last_day": checked.last_day, "place": checked.place,
            "units": checked.units, "sources": checked.sources,
        }  # fmt: skip
        if not await registers.change_battle(connection, id_, version, **values):
            raise Refusal(STALE)
        before = f"{found.name}; {found.first_day} – {found.last_day}; {found.place}; {found.units}; {found.sources}"
        await done(connection, Act(actor, Action.REGISTER_WORK, What.BATTLE, id_, found.commune, "corrected", str(id_), before), now)

    await database.write(unit)


async def link(database: Database, actor: Actor, id_: int, code: str, case: int | None, now: int) -> None:
    """Link a battle to a tip (`code`) or a case (its id). Raises Forbidden, Refusal."""
    actor.need(Action.REGISTER_WORK)

    async def unit(connection: AsyncConnection) -> None:
        found = await _seen(connection, actor, id_)
        await work_events.one_at_a_time(connection, What.BATTLE, id_)
        ends = await ends_of(connection, found.commune, code, case)
        there = await registers.links(connection, "battle", id_)
        if any(ends.get("tip") == each.tip and ends.get("case") == each.case for each in there):
            raise Refusal("Đã nối rồi.")
        await registers.link(connection, found.commune, now, battle=id_, **ends)
        await done(connection, Act(actor, Action.REGISTER_WORK, What.BATTLE, id_, found.commune, "linked", str(id_), code or None), now)

    await database.write(unit)


async def import_battles(database: Database, actor: Actor, data: bytes, file: str, now: int) -> Imported:
    """Take in a list (CSV or XLSX): good rows are added, each bad one is a fault of its line. Raises Forbidden, Refusal."""
    actor.need(Action.REGISTER_WORK)
    if len(data) > FILE_MOST:
        raise Refusal("Tệp nặng quá 2 MB. Xin chia thành nhiều tệp.")
    table = read_table(data, file=file[:60], columns=COLUMNS)
    if missing := [_HEADINGS[column.name] for column in COLUMNS if column.required and column.name not in table.columns]:
        raise Refusal(f"Tệp thiếu cột: {', '.join(missing)}. Xin thêm dòng tên cột ở đầu bảng.")
    faults = [Fault(each.file, each.line, "", _UNREADABLE, _REMEDY) for each in table.faults]
    if len(table.rows) > ROWS_MOST:
        raise Refusal(f"Tệp có quá {ROWS_MOST} dòng. Xin chia thành nhiều tệp.")
    wanted = [each for row in table.rows if (each := _battle(row, actor.commune, file[:60], faults)) is not None]

    async def unit(connection: AsyncConnection) -> Imported:
        await work_events.one_at_a_time(connection, What.BATTLE, int(actor.commune))  # two lists at once would not see each other's rows
        there = {_key(each) for each in await registers.battles(connection, actor.commune)}
        added = 0
        for each in wanted:
            if _key(each) not in there:
                there.add(_key(each))
                await _add(connection, actor, each, now)
                added += 1
        return Imported(added, len(wanted) - added, tuple(faults))

    return await database.write(unit)


def _battle(row: Row, commune: str, file: str, faults: list[Fault]) -> NewBattle | None:
    new = NewBattle(commune, row["name"], row["first"], row["last"], row["place"], row["units"], row["sources"])
    try:
        return _checked(new)
    except Refusal as why:
        faults.append(Fault(file, row.line, "", str(why).rstrip("."), "Sửa dòng này rồi nhập lại; các dòng khác đã vào sổ"))
        return None


def _checked(new: NewBattle) -> NewBattle:
    first = as_known(new.first_day, "từ ngày")
    last = as_known(new.last_day, "đến ngày") if new.last_day.strip() else first
    if last[: min(len(first), len(last))] < first[: min(len(first), len(last))]:
        raise Refusal("Ngày kết thúc đứng trước ngày bắt đầu. Xin xem lại.")
    name, place = words(new.name, "tên trận", most=200), words(new.place, "nơi đánh", most=300)
    return replace(
        new, name=name, first_day=first, last_day=last, place=place, units=new.units.strip()[:1000], sources=new.sources.strip()[:2000]
    )


def _key(each: NewBattle | Battle) -> tuple[str, str]:
    return fold(each.name), each.first_day


async def _add(connection: AsyncConnection, actor: Actor, new: NewBattle, now: int) -> int:
    made = await registers.add_battle(connection, new, now)
    await done(connection, Act(actor, Action.REGISTER_WORK, What.BATTLE, made, new.commune, "added", str(made)), now)
    return made


async def _seen(connection: AsyncConnection, actor: Actor, id_: int) -> Battle:
    found = await registers.find_battle(connection, id_)
    if found is None:
        raise none_such()
    actor.need(Action.REGISTER_WORK, found.commune)
    return found


# --- which battle a tip may tell of ---


def suggest(text: str, found: Sequence[Battle], years: frozenset[int] = frozenset()) -> list[Suggested]:
    """The battles that `text` may tell of, the likeliest first: rare words of name, place and units that it shares, and its years. Pure.

    Units are compared as they are written, never decoded (field.md §2.5).
    """
    told = frozenset(_words(text))
    all_years = years | {int(word) for word in told if len(word) == 4 and word.isdigit()}
    common = _how_common(found)
    scored = [_likeness(each, told, all_years, common) for each in found]
    return sorted((each for each in scored if each.likeness >= LIKELY), key=lambda each: (-each.likeness, each.battle.id))[:SUGGESTED]


def _likeness(each: Battle, told: frozenset[str], years: frozenset[int] | set[int], common: Mapping[str, int]) -> Suggested:
    name, place, units = (frozenset(_words(text)) for text in (each.name, each.place, each.units))
    parts = ((name, 0.5), (place, 0.35), (units, 0.25))
    score = sum(weight * _share(words_, told, common) for words_, weight in parts)
    if years:
        score += 0.15 if any(int(each.first_day[:4]) <= year <= int(each.last_day[:4]) for year in years) else -0.2
    shared = sorted((name | place | units) & told)
    return Suggested(each, round(min(1.0, max(0.0, score)), 2), tuple(shared))


def _share(wanted: frozenset[str], told: frozenset[str], common: Mapping[str, int]) -> float:
    """How much of `wanted` was told; a word that stands in many battles says little."""
    weight = sum(1 / common[word] for word in wanted)
    return sum(1 / common[word] for word in wanted & told) / weight if weight else 0.0


def _how_common(found: Sequence[Battle]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for each in found:
        for word in set(_words(f"{each.name} {each.place} {each.units}")):
            counted[word] = counted.get(word, 0) + 1
    return counted


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(fold(text)) if word not in _COMMON and (len(word) > 1 or word.isdigit())]


async def suggested_for(database: Database, actor: Actor, code: str) -> list[Suggested]:
    """The battles of its commune that a tip may tell of. Raises Forbidden."""
    actor.need(Action.REGISTER_WORK)
    exact = read_tip_code(code)
    async with database.read() as connection:
        tip = await cases.tip_of(connection, exact) if exact else None
        if tip is None:
            raise none_such()
        actor.need(Action.TIP_READ, tip.commune)
        found = await registers.battles(connection, tip.commune)
    return suggest(tip.text, found)
