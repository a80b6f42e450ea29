"""The register of witnesses: who knows something, how long they may still be able to tell, who visits them by when."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.code import read_tip_code
from gateway.domain.permission import Action, Actor
from gateway.services.casework.common import STALE, Act, done, none_such, told_of, words, words_if_any
from gateway.services.refusal import Refusal
from gateway.services.tips import mask
from gateway.storage import audit, cases, registers
from gateway.storage.database import Database
from gateway.storage.registers import Link, NewWitness, Witness
from gateway.storage.work_events import Done, What

OLD: Final = 80  # from this age on nobody waits (field.md §4.2)
URGENCIES: Final = ("now", "soon", "usual")
STATES: Final = ("waiting", "visited", "gone")
_EARLIEST: Final = 1890


@dataclass(frozen=True, slots=True)
class WitnessFile:
    """A witness with the contact masked, and what belongs to them."""

    witness: Witness
    links: tuple[Link, ...]
    history: tuple[Done, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who visits by when: a name, a day."""

    visitor: str
    by: date


def age(witness: Witness, today: date) -> int | None:
    """How old the witness gets this year; None: the year of birth is not known."""
    return None if witness.birth_year is None else today.year - witness.birth_year


def is_pressing(witness: Witness, today: date) -> bool:
    """Over 80 or very ill: what is not told now may never be told."""
    return witness.urgency == "now" or (age(witness, today) or 0) >= OLD


def in_order(found: Sequence[Witness], today: date) -> list[Witness]:
    """Those to visit first: who waits before who was visited, the pressing before the others, the older before the younger."""
    return sorted(found, key=lambda each: (each.state != "waiting", _weight(each, today), -(age(each, today) or 0), each.id))


def _weight(each: Witness, today: date) -> int:
    return 0 if is_pressing(each, today) else 1 + URGENCIES.index(each.urgency)


async def list_witnesses(database: Database, actor: Actor, today: date) -> list[Witness]:
    """The register, who is to be visited first stands first; contacts masked. Raises Forbidden."""
    actor.need(Action.REGISTER_WORK)
    async with database.read() as connection:
        return in_order([_masked(each) for each in await registers.witnesses(connection, actor.communes)], today)


async def show_witness(database: Database, actor: Actor, id_: int) -> WitnessFile:
    """One witness. Raises Forbidden."""
    actor.need(Action.REGISTER_WORK)
    async with database.read() as connection:
        found = await _seen(connection, actor, id_)
        links = await registers.links(connection, "witness", id_)
        return WitnessFile(_masked(found), tuple(links), await told_of(connection, What.WITNESS, id_))


async def add_witness(database: Database, actor: Actor, new: NewWitness, today: date, now: int, *, codes: Sequence[str] = ()) -> int:
    """A new witness, linked to the tips of `codes`; returns the id. Raises Forbidden, Refusal."""
    actor.need(Action.REGISTER_WORK, new.commune)
    checked = _checked(new, today)

    async def unit(connection: AsyncConnection) -> int:
        made = await registers.add_witness(connection, checked, now)
        for code in codes:
            await registers.link(connection, checked.commune, now, witness=made, tip=await _tip(connection, checked.commune, code))
        await done(connection, Act(actor, Action.REGISTER_WORK, What.WITNESS, made, checked.commune, "added", str(made)), now)
        return made

    return await database.write(unit)


async def change_witness(database: Database, actor: Actor, id_: int, version: int, new: NewWitness, today: date, now: int) -> None:
    """Correct what is known of a witness; an empty contact leaves the old one. Raises Forbidden, Refusal."""
    checked = _checked(new, today)

    async def change(connection: AsyncConnection, found: Witness) -> tuple[str, str | None, dict[str, str | int | None]]:
        values: dict[str, str | int | None] = {
            "name": checked.name, "knows": checked.knows, "birth_year": checked.birth_year, "village": checked.village,
            "urgency": checked.urgency, "contact": checked.contact or found.contact,
        }  # fmt: skip
        return "corrected", None, values

    await _step(database, actor, id_, version, now, change)


async def plan_visit(database: Database, actor: Actor, id_: int, version: int, visit: Visit, now: int) -> None:
    """Somebody is to visit the witness. Raises Forbidden, Refusal."""
    who = words(visit.visitor, "ai đến gặp", most=200)

    async def change(_connection: AsyncConnection, found: Witness) -> tuple[str, str | None, dict[str, str | int | None]]:
        if found.state == "gone":
            raise Refusal("Người này đã mất. Không hẹn gặp được nữa.")
        note = f"{who}, trước {visit.by:%d/%m/%Y}"
        return "visit planned", note, {"visitor": who, "visit_by": visit.by.isoformat(), "state": "waiting"}

    await _step(database, actor, id_, version, now, change)


async def visited(database: Database, actor: Actor, id_: int, version: int, told: str, now: int) -> None:
    """The witness was visited, and told something. Raises Forbidden, Refusal."""
    said = words(told, "người biết chuyện đã kể gì")

    async def change(_connection: AsyncConnection, _found: Witness) -> tuple[str, str | None, dict[str, str | int | None]]:
        return "visited", said, {"state": "visited", "visited_at": now}

    await _step(database, actor, id_, version, now, change)


async def gone(database: Database, actor: Actor, id_: int, version: int, now: int) -> None:
    """The witness has died. Raises Forbidden, Refusal."""

    async def change(_connection: AsyncConnection, _found: Witness) -> tuple[str, str | None, dict[str, str | int | None]]:
        return "gone", None, {"state": "gone"}

    await _step(database, actor, id_, version, now, change)


async def link(database: Database, actor: Actor, id_: int, version: int, code: str, case: int | None, now: int) -> None:
    """Link a witness to a tip (`code`) or a case (its id). Raises Forbidden, Refusal."""

    async def change(connection: AsyncConnection, found: Witness) -> tuple[str, str | None, dict[str, str | int | None]]:
        ends = await ends_of(connection, found.commune, code, case)
        there = await registers.links(connection, "witness", id_)
        if any(ends.get("tip") == each.tip and ends.get("case") == each.case for each in there):
            raise Refusal("Đã nối rồi.")
        await registers.link(connection, found.commune, now, witness=id_, **ends)
        return "linked", code or None, {}

    await _step(database, actor, id_, version, now, change)


async def reveal_contact(database: Database, actor: Actor, id_: int, why: str, now: int) -> str:
    """How to reach the witness, in full, for a reason that is written down. Raises Forbidden, Refusal."""
    actor.need(Action.NUMBER_REVEAL)
    reason = words(why, "lý do xem", most=300)

    async def unit(connection: AsyncConnection) -> str:
        found = await _seen(connection, actor, id_)
        entry = audit.Entry(actor, Action.NUMBER_REVEAL, f"witness:{id_}", {"why": reason}, found.commune)
        await audit.note(connection, entry, now)
        return found.contact or ""

    return await database.write(unit)


async def ends_of(connection: AsyncConnection, commune: str, code: str, case: int | None) -> dict[str, int]:
    """What a link of `commune` leads to: {"tip": id} or {"case": id}. Raises Refusal."""
    if code.strip():
        return {"tip": await _tip(connection, commune, code)}
    found = await cases.find(connection, case) if case is not None else None
    if found is None or found.commune != commune:
        raise Refusal("Xin ghi mã tin, hoặc chọn hồ sơ.")
    return {"case": found.id}


# --- one step ---

Change = Callable[[AsyncConnection, Witness], Coroutine[None, None, tuple[str, str | None, dict[str, str | int | None]]]]


async def _step(database: Database, actor: Actor, id_: int, version: int, now: int, change: Change) -> None:
    actor.need(Action.REGISTER_WORK)

    async def unit(connection: AsyncConnection) -> None:
        found = await _seen(connection, actor, id_)
        kind, text, values = await change(connection, found)
        if not await registers.change_witness(connection, id_, version, **values):
            raise Refusal(STALE)
        await done(connection, Act(actor, Action.REGISTER_WORK, What.WITNESS, id_, found.commune, kind, str(id_), text), now)

    await database.write(unit)


def _checked(new: NewWitness, today: date) -> NewWitness:
    if new.urgency not in URGENCIES:
        raise Refusal("Chưa chọn mức gấp. Xin chọn lại.")
    if new.birth_year is not None and not _EARLIEST <= new.birth_year <= today.year - 5:
        raise Refusal(f"Năm sinh phải từ {_EARLIEST} đến {today.year - 5}. Xin xem lại.")
    contact = words_if_any(new.contact or "", "liên hệ", most=300)
    return replace(new, name=words(new.name, "họ tên", most=200), knows=words(new.knows, "biết chuyện gì"), contact=contact)


def _masked(found: Witness) -> Witness:
    return replace(found, contact=mask(found.contact) if found.contact else None, knows=mask(found.knows))


async def _tip(connection: AsyncConnection, commune: str, code: str) -> int:
    exact = read_tip_code(code)
    found = await cases.tip_of(connection, exact) if exact else None
    if found is None or found.commune != commune:
        raise Refusal(f"Không có tin “{code.strip()[:12]}”. Xin so lại từng chữ.")
    return found.id


async def _seen(connection: AsyncConnection, actor: Actor, id_: int) -> Witness:
    found = await registers.find_witness(connection, id_)
    if found is None:
        raise none_such()
    actor.need(Action.REGISTER_WORK, found.commune)
    return found
