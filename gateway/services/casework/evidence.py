"""Evidence and its chain of custody. A gap can't be made: who gives is whoever holds it, and nothing moves while a hand-over waits.

A receiver who sits at the desk confirms in person, nobody for them. A receiver from outside signs the printed sheet, and its number is
written down.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.code import read_tip_code
from gateway.domain.permission import Action, Actor
from gateway.services.casework.common import STALE, Act, done, local_day, none_such, told_of, words
from gateway.services.refusal import Refusal
from gateway.storage import audit, cases, evidence, work_events
from gateway.storage.database import Database
from gateway.storage.evidence import Evidence, NewStep, Step
from gateway.storage.work_events import Done, What

REGISTER: Final = "HV"
KINDS: Final = ("object", "paper", "picture")


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A piece with its chain. `holder`: who answers for it now; `holder_user`: that person's id, None: outside the desk."""

    piece: Evidence
    chain: tuple[Step, ...]
    history: tuple[Done, ...]
    staff: tuple[tuple[int, str], ...]

    @property
    def holder(self) -> str:
        return self.chain[-1].holder

    @property
    def holder_user(self) -> int | None:
        return _holder_user(self.chain)

    @property
    def waiting(self) -> Step | None:
        """The hand-over that waits for its receiver, if one does."""
        return self.chain[-1] if self.chain[-1].waits else None


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A piece that somebody brings. `giver`: who had it; `case`: id; `tip`: a code; `seal`: number of the seal, "" without one."""

    kind: str
    title: str = field(repr=False)
    details: str = field(repr=False)
    giver: str = field(repr=False)
    place: str = field(repr=False)
    condition: str = field(repr=False)
    seal: str = ""
    case: int | None = None
    tip: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """To whom it goes: a user's id, or a name from outside."""

    receiver_user: int | None
    receiver: str = field(repr=False)
    place: str = field(repr=False)
    condition: str = field(repr=False)
    seal: str = ""


async def list_evidence(database: Database, actor: Actor) -> list[Evidence]:
    """The register, the newest first. Raises Forbidden."""
    actor.need(Action.CASE_READ)
    async with database.read() as connection:
        return await evidence.listed(connection, actor.communes)


async def show_evidence(database: Database, actor: Actor, id_: int) -> EvidenceFile:
    """A piece and all that was done with it. Raises Forbidden."""
    actor.need(Action.CASE_READ)
    async with database.read() as connection:
        found = await _seen(connection, actor, id_)
        return EvidenceFile(
            found,
            tuple(await evidence.chain(connection, id_)),
            await told_of(connection, What.EVIDENCE, id_),
            tuple(await work_events.staff(connection, found.commune)),
        )


async def print_sheet(database: Database, actor: Actor, id_: int, now: int) -> EvidenceFile:
    """What the custody sheet says; that it was printed is written into the audit log. Raises Forbidden."""
    found = await show_evidence(database, actor, id_)
    entry = audit.Entry(actor, "evidence.print", f"evidence:{found.piece.number}", commune=found.piece.commune)
    await database.write(lambda connection: audit.note(connection, entry, now))
    return found


async def take_over(database: Database, actor: Actor, new: TakenOver, timezone: str, now: int) -> int:
    """Write a piece into the register and begin its chain: `actor` has received it. Raises Forbidden, Refusal."""
    actor.need(Action.EVIDENCE_HANDLE)
    title, details = words(new.title, "tên hiện vật", most=200), words(new.details, "mô tả")
    giver, place, condition = _of_a_step(new.giver, new.place, new.condition)
    if new.kind not in KINDS:
        raise Refusal("Chưa chọn loại: hiện vật, giấy tờ hay ảnh.")

    async def unit(connection: AsyncConnection) -> int:
        commune, case, tip = await _belonging(connection, actor, new)
        number = await work_events.next_number(connection, commune, REGISTER, local_day(now, timezone).year)
        piece = await evidence.add(connection, commune, number, new.kind, (title, details), (case, tip), now)
        first = NewStep(piece, 1, giver, actor.name, actor.user, place, new.seal.strip()[:60], condition, now, actor.user)
        await evidence.hand_over(connection, first)
        (step,) = await evidence.chain(connection, piece)
        await evidence.confirm(connection, step.id, actor.user, None, now)
        await done(connection, Act(actor, Action.EVIDENCE_HANDLE, What.EVIDENCE, piece, commune, "taken over", number, giver), now)
        return piece

    return await database.write(unit)


async def hand_over(database: Database, actor: Actor, id_: int, version: int, to: HandOver, now: int) -> None:
    """The holder gives the piece to somebody else, who must confirm. Raises Forbidden, Refusal."""
    _, place, condition = _of_a_step("-", to.place, to.condition)

    async def unit(connection: AsyncConnection) -> None:
        found = await _seen(connection, actor, id_)
        staff = dict(await work_events.staff(connection, found.commune))
        receiver = staff.get(to.receiver_user) if to.receiver_user is not None else words(to.receiver, "người nhận", most=200)
        if receiver is None:
            raise Refusal("Không có người nhận này trong danh sách của xã. Xin chọn lại.")
        if not await evidence.count_up(connection, id_, version):
            raise Refusal(STALE)
        chain = await evidence.chain(connection, id_)
        _may_give(actor, chain, staff)
        if to.receiver_user is not None and to.receiver_user == _holder_user(chain):
            raise Refusal("Người nhận đang giữ hiện vật này. Xin chọn người khác.")
        step = NewStep(
            id_, len(chain) + 1, chain[-1].holder, receiver, to.receiver_user, place, to.seal.strip()[:60], condition, now, actor.user
        )
        await evidence.hand_over(connection, step)
        note = f"{step.giver} → {receiver}"
        await done(
            connection, Act(actor, Action.EVIDENCE_HANDLE, What.EVIDENCE, id_, found.commune, "handed over", found.number, note), now
        )

    await database.write(unit)


async def confirm(database: Database, actor: Actor, id_: int, version: int, paper: str, now: int) -> None:
    """The receiver has it. `paper`: number of the sheet that somebody from outside signed. Raises Forbidden, Refusal."""
    await _answer(database, actor, id_, version, paper, "", now)


async def refuse(database: Database, actor: Actor, id_: int, version: int, why: str, now: int) -> None:
    """The receiver did not take it; it stays with the giver. Raises Forbidden, Refusal."""
    await _answer(database, actor, id_, version, "", words(why, "lý do không nhận"), now)


async def _answer(database: Database, actor: Actor, id_: int, version: int, paper: str, refused: str, now: int) -> None:
    async def unit(connection: AsyncConnection) -> None:
        found = await _seen(connection, actor, id_)
        if not await evidence.count_up(connection, id_, version):
            raise Refusal(STALE)
        last = (await evidence.chain(connection, id_))[-1]
        if not last.waits:
            raise Refusal("Không có lần giao nào đang chờ. Xin tải lại trang.")
        _may_answer(actor, last)
        if refused:
            await evidence.refuse(connection, last.id, actor.user, now)
        elif last.receiver_user is None:
            sheet = words(paper, "số biên bản có chữ ký người nhận", most=60)
            await evidence.confirm(connection, last.id, actor.user, sheet, now)
        else:
            await evidence.confirm(connection, last.id, actor.user, None, now)
        kind = "not taken" if refused else "received"
        act = Act(actor, Action.EVIDENCE_HANDLE, What.EVIDENCE, id_, found.commune, kind, found.number, refused or last.receiver)
        await done(connection, act, now)

    await database.write(unit)


def _may_give(actor: Actor, chain: Sequence[Step], staff: dict[int, str]) -> None:
    """Raises Refusal, Forbidden unless `actor` may hand over what this chain ends with."""
    if chain[-1].waits:
        raise Refusal(f"Lần giao trước đang chờ {chain[-1].receiver} xác nhận. Chưa xác nhận thì chưa giao tiếp được.")
    holder = _holder_user(chain)
    if holder == actor.user:
        return
    if holder in staff:
        raise Refusal(f"{chain[-1].holder} đang giữ hiện vật này. Chỉ người đang giữ mới giao đi được.")
    actor.need(Action.EVIDENCE_HANDLE)  # it comes back from outside, or its holder has left: the custodian writes it down


def _may_answer(actor: Actor, last: Step) -> None:
    if last.receiver_user is None:
        actor.need(Action.EVIDENCE_HANDLE)
    elif last.receiver_user != actor.user:
        raise Refusal(f"Chỉ {last.receiver} xác nhận được, bằng tài khoản của mình.")


def _holder_user(chain: Sequence[Step]) -> int | None:
    """The user who holds the piece: the receiver of the last step that was confirmed."""
    return next(each.receiver_user for each in reversed(chain) if each.confirmed_at is not None)


def _of_a_step(giver: str, place: str, condition: str) -> tuple[str, str, str]:
    return words(giver, "người giao", most=200), words(place, "nơi giao nhận", most=300), words(condition, "tình trạng", most=1000)


async def _belonging(connection: AsyncConnection, actor: Actor, new: TakenOver) -> tuple[str, int | None, int | None]:
    """(commune, case, tip) of what is brought. Raises Forbidden, Refusal."""
    case = await cases.find(connection, new.case) if new.case is not None else None
    if new.case is not None and (case is None or not actor.sees(case.commune)):
        raise Refusal("Không có hồ sơ này. Xin chọn lại.")
    code = read_tip_code(new.tip) if new.tip.strip() else None
    tip = await cases.tip_of(connection, code) if code else None
    if new.tip.strip() and (tip is None or not actor.sees(tip.commune)):
        raise Refusal("Không có tin báo này. Xin so lại mã, hoặc để trống.")
    commune = case.commune if case else tip.commune if tip else actor.commune
    if tip is not None and tip.commune != commune:
        raise Refusal("Tin báo và hồ sơ thuộc hai xã khác nhau.")
    actor.need(Action.EVIDENCE_HANDLE, commune)
    return commune, case.id if case else None, tip.id if tip else None


async def _seen(connection: AsyncConnection, actor: Actor, id_: int) -> Evidence:
    found = await evidence.find(connection, id_)
    if found is None:
        raise none_such()
    actor.need(Action.CASE_READ, found.commune)
    return found
