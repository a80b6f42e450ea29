"""Cases: opened from tips, worked on in the field, brought to a result, closed, and opened again with a reason; every step stays.

Each step names the version of the case that its person saw. Of two who act at once, the second is told and nothing is written.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.case_file import MOST_REMAINS, OF_REMAINS, CaseState, Outcome, Safety, may_go
from gateway.domain.code import read_tip_code
from gateway.domain.permission import Action, Actor
from gateway.services.casework.common import STALE, Act, Spot, done, local_day, none_such, told_of, words, words_if_any
from gateway.services.casework.first_informant import Told, in_order
from gateway.services.refusal import Refusal
from gateway.services.tips import mask
from gateway.storage import cases, commendations, evidence, registers, work_events
from gateway.storage.cases import Came, Case, CaseTip, FieldWork, Picture
from gateway.storage.commendations import Commendation
from gateway.storage.database import Database
from gateway.storage.evidence import Evidence
from gateway.storage.registers import Link
from gateway.storage.work_events import Done, What

REGISTER: Final = "HS"
TIPS_OF_A_CASE: Final = 60
_BUSY: Final = "Tin {code} đang ở hồ sơ {number}. Một tin chỉ ở một hồ sơ; xin đưa ra khỏi hồ sơ kia trước, hoặc dùng hồ sơ kia."


@dataclass(frozen=True, slots=True)
class CaseFile:
    """All that belongs to a case; numbers in words are masked. `told`: its tips, who told first stands first."""

    case: Case
    told: tuple[Told, ...]
    field_work: tuple[FieldWork, ...]
    outcomes: tuple[Came, ...]
    pictures: tuple[Picture, ...]
    evidence: tuple[Evidence, ...]
    commendations: tuple[Commendation, ...]
    links: tuple[Link, ...]
    history: tuple[Done, ...]
    staff: tuple[tuple[int, str], ...]

    @property
    def is_safe(self) -> bool:
        """Whether somebody went out and found the ground clear: before that nothing may come of the case."""
        return any(each.state == "done" and each.safety is Safety.CLEAR for each in self.field_work)


# --- looking ---


async def list_cases(database: Database, actor: Actor, states: Sequence[CaseState], before: int | None = None) -> list[Case]:
    """Cases that `actor` sees, the newest first. Raises Forbidden."""
    actor.need(Action.CASE_READ)
    async with database.read() as connection:
        return await cases.listed(connection, actor.communes, states, before)


def is_full(found: Sequence[Case]) -> bool:
    """Whether a page of cases is full, so that there may be more."""
    return len(found) >= cases.LISTED


async def count_cases(database: Database, actor: Actor) -> dict[CaseState, int]:
    """How many cases stand where. Raises Forbidden."""
    actor.need(Action.CASE_READ)
    async with database.read() as connection:
        return await cases.counts(connection, actor.communes)


async def show_case(database: Database, actor: Actor, case: int) -> CaseFile:
    """All that belongs to one case. Raises Forbidden."""
    actor.need(Action.CASE_READ)
    async with database.read() as connection:
        found = await _seen(connection, actor, case, Action.CASE_READ)
        told = in_order([replace(each, text=mask(each.text)) for each in await cases.tips_of(connection, case)])
        return CaseFile(
            found,
            told,
            tuple(await cases.field_work_of(connection, case)),
            tuple(await cases.outcomes_of(connection, case)),
            tuple(await cases.pictures_of(connection, case)),
            tuple(await evidence.listed(connection, found.commune, case)),
            tuple(await commendations.listed(connection, found.commune, case)),
            tuple(await registers.links(connection, "case", case)),
            await told_of(connection, What.CASE, case),
            tuple(await work_events.staff(connection, found.commune)),
        )


async def case_of_tip(database: Database, actor: Actor, code: str) -> tuple[CaseTip, Case | None]:
    """A tip with its numbers masked, and the case it belongs to. Raises Forbidden."""
    actor.need(Action.CASE_READ)
    exact = read_tip_code(code)
    async with database.read() as connection:
        found = await cases.tip_of(connection, exact) if exact else None
        if found is None:
            raise none_such()
        actor.need(Action.TIP_READ, found.commune)
        return replace(found, text=mask(found.text)), await cases.of_tip(connection, found.id)


# --- the case itself ---


async def open_case(database: Database, actor: Actor, codes: Sequence[str], title: str, timezone: str, now: int) -> int:
    """A new case made of the tips of `codes`; returns its id. Raises Forbidden, Refusal."""
    actor.need(Action.CASE_WORK)
    named = words(title, "tên hồ sơ", most=200)
    wanted = list(dict.fromkeys(_code(each) for each in codes if each.strip()))
    if not wanted or len(wanted) > TIPS_OF_A_CASE:
        raise Refusal(f"Một hồ sơ mở từ 1 đến {TIPS_OF_A_CASE} tin báo. Xin ghi mã tin, mỗi dòng một mã.")

    async def unit(connection: AsyncConnection) -> int:
        found = [await _tip(connection, actor, code) for code in wanted]
        commune = found[0].commune
        if any(each.commune != commune for each in found):
            raise Refusal("Các tin này thuộc nhiều xã. Mỗi xã mở hồ sơ của mình.")
        number = await work_events.next_number(connection, commune, REGISTER, local_day(now, timezone).year)
        case = await cases.open_case(connection, commune, number, named, actor.user, now)
        for each in found:
            await _join(connection, case, each, now)
        note = ", ".join(each.code for each in found)
        await done(connection, Act(actor, Action.CASE_WORK, What.CASE, case, commune, "opened", number, note), now)
        return case

    return await database.write(unit)


async def add_tip(database: Database, actor: Actor, case: int, version: int, code: str, now: int) -> None:
    """One more tip tells of the same. Raises Forbidden, Refusal."""
    exact = _code(code)

    async def change(connection: AsyncConnection, found: Case) -> tuple[str, str]:
        _must_be_open(found)
        added = await _tip(connection, actor, exact)
        if added.commune != found.commune:
            raise Refusal("Tin này thuộc xã khác. Mỗi xã mở hồ sơ của mình.")
        if found.tips >= TIPS_OF_A_CASE:
            raise Refusal(f"Hồ sơ đã có {TIPS_OF_A_CASE} tin. Xin mở hồ sơ khác.")
        await _join(connection, case, added, now)
        return "tip added", exact

    await _step(database, actor, case, version, now, change)


async def take_tip_out(database: Database, actor: Actor, case: int, version: int, code: str, why: str, now: int) -> None:
    """A tip was put in by mistake. Raises Forbidden, Refusal."""
    exact, reason = _code(code), words(why, "lý do")

    async def change(connection: AsyncConnection, found: Case) -> tuple[str, str]:
        _must_be_open(found)
        if found.tips < 2:
            raise Refusal("Hồ sơ còn một tin này thôi. Hồ sơ không có tin thì đóng hồ sơ, ghi rõ lý do.")
        taken = await _tip(connection, actor, exact)
        if not await cases.leave_tip(connection, case, taken.id, now):
            raise Refusal(f"Tin {exact} không còn ở hồ sơ này.")
        return "tip taken out", f"{exact}: {reason}"

    await _step(database, actor, case, version, now, change)


async def give_to(database: Database, actor: Actor, case: int, version: int, owner: int, now: int) -> None:
    """Somebody else of the same commune leads the case. Raises Forbidden, Refusal."""

    async def change(connection: AsyncConnection, found: Case) -> tuple[str, str]:
        named = dict(await work_events.staff(connection, found.commune)).get(owner)
        if named is None:
            raise Refusal("Không có người này trong danh sách của xã. Xin chọn lại.")
        await cases.change(connection, case, owner=owner)
        return "given to", named

    await _step(database, actor, case, version, now, change)


async def note(database: Database, actor: Actor, case: int, version: int, text: str, now: int) -> None:
    """A free note. Raises Forbidden, Refusal."""
    said = words(text, "ghi chú")

    async def change(_connection: AsyncConnection, _found: Case) -> tuple[str, str]:
        return "note", said

    await _step(database, actor, case, version, now, change)


async def close(database: Database, actor: Actor, case: int, version: int, why: str, now: int) -> None:
    """The case is done with. Raises Forbidden, Refusal."""
    reason = words(why, "kết luận khi đóng")

    async def change(connection: AsyncConnection, found: Case) -> tuple[str, str]:
        if any(each.state == "planned" for each in await cases.field_work_of(connection, case)):
            raise Refusal("Còn chuyến khảo sát chưa ghi kết quả. Xin ghi kết quả, hoặc hủy chuyến, rồi đóng hồ sơ.")
        await _go(connection, found, CaseState.CLOSED, now)
        return "closed", reason

    await _step(database, actor, case, version, now, change)


async def reopen(database: Database, actor: Actor, case: int, version: int, why: str, now: int) -> None:
    """A closed case goes on, for a reason. Raises Forbidden, Refusal."""
    reason = words(why, "lý do mở lại")

    async def change(connection: AsyncConnection, found: Case) -> tuple[str, str]:
        await _go(connection, found, CaseState.OPEN, now)
        return "reopened", reason

    await _step(database, actor, case, version, now, change)


# --- field work ---


async def plan_field_work(database: Database, actor: Actor, case: int, version: int, day: date, people: str, now: int) -> None:
    """Somebody is to go out on `day`. Raises Forbidden, Refusal."""
    who = words(people, "ai đi", most=500)

    async def change(connection: AsyncConnection, found: Case) -> tuple[str, str]:
        _must_be_open(found)
        await cases.plan_field_work(connection, case, day.isoformat(), who, now)
        if found.state is not CaseState.FIELD:
            await _go(connection, found, CaseState.FIELD, now)
        return "field work planned", f"{day:%d/%m/%Y}: {who}"

    await _step(database, actor, case, version, now, change)


async def cancel_field_work(database: Database, actor: Actor, case: int, version: int, work: int, why: str, now: int) -> None:
    """Nobody went. Raises Forbidden, Refusal."""
    reason = words(why, "lý do hủy")

    async def change(connection: AsyncConnection, _found: Case) -> tuple[str, str]:
        planned = await _planned(connection, case, work)
        await cases.change_field_work(connection, work, state="cancelled", done_at=now)
        return "field work cancelled", f"{_said(planned.day)}: {reason}"

    await _step(database, actor, case, version, now, change)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a going out. `safety_by`: who looked for ordnance before anybody touched the ground."""

    safety: Safety
    safety_by: str
    found: str
    spot: Spot | None = None


async def report_field_work(database: Database, actor: Actor, case: int, version: int, work: int, report: Report, now: int) -> None:
    """What was found, never without who looked for ordnance first. Raises Forbidden, Refusal."""
    safety_by, said = words(report.safety_by, "ai kiểm tra bom mìn", most=300), words(report.found, "đã thấy gì")

    async def change(connection: AsyncConnection, _found: Case) -> tuple[str, str]:
        planned = await _planned(connection, case, work)
        spot = report.spot.stored if report.spot else None
        await cases.change_field_work(
            connection, work, state="done", safety=report.safety.value, safety_by=safety_by, found=said, spot=spot, done_at=now
        )
        return f"field work done, {report.safety}", f"{_said(planned.day)}: {said}"

    await _step(database, actor, case, version, now, change)


async def _planned(connection: AsyncConnection, case: int, work: int) -> FieldWork:
    found = next((each for each in await cases.field_work_of(connection, case) if each.id == work), None)
    if found is None:
        raise none_such()
    if found.state != "planned":
        raise Refusal("Chuyến này đã ghi kết quả rồi. Đi lần nữa thì hẹn chuyến khác.")
    return found


# --- what it came to ---


async def add_outcome(
    database: Database, actor: Actor, case: int, version: int, kind: Outcome, count: int, spot: Spot | None, text: str, now: int
) -> None:
    """The case came to something; the outcome counters go up. Raises Forbidden, Refusal."""
    said = words_if_any(text, "ghi chú")
    if kind is Outcome.COORDINATE and spot is None:
        raise Refusal("Tọa độ xác minh phải có tọa độ. Xin ghi vào.")
    number = count if kind in OF_REMAINS else 1
    if not 1 <= number <= MOST_REMAINS:
        raise Refusal(f"Số hài cốt từ 1 đến {MOST_REMAINS}. Xin xem lại.")

    async def change(connection: AsyncConnection, found: Case) -> tuple[str, str | None]:
        await _must_fit(connection, found, kind, number)
        await cases.add_outcome(connection, found, kind, number, spot.stored if spot else None, said, now)
        if found.state is not CaseState.RESULT:
            await _go(connection, found, CaseState.RESULT, now)
        return f"outcome {kind}", f"{number}" + (f": {said}" if said else "")

    await _step(database, actor, case, version, now, change)


async def withdraw_outcome(database: Database, actor: Actor, case: int, version: int, outcome: int, why: str, now: int) -> None:
    """A result was a mistake: it stays to be read, and is counted no more. Raises Forbidden, Refusal."""
    reason = words(why, "lý do rút lại")

    async def change(connection: AsyncConnection, _found: Case) -> tuple[str, str]:
        if not await cases.withdraw_outcome(connection, case, outcome, now):
            raise Refusal("Kết quả này đã được rút lại rồi.")
        left = await _live(connection, case)
        if left.get(Outcome.IDENTIFIED, 0) > left.get(Outcome.RECOVERED, 0):
            raise Refusal("Số liệt sĩ đã xác định danh tính sẽ nhiều hơn số hài cốt. Xin rút kết quả xác định danh tính trước.")
        return "outcome withdrawn", reason

    await _step(database, actor, case, version, now, change)


async def _must_fit(connection: AsyncConnection, found: Case, kind: Outcome, number: int) -> None:
    """Raises Refusal unless the case may come to this now."""
    if found.state not in (CaseState.FIELD, CaseState.RESULT):
        raise Refusal("Chưa có khảo sát thì chưa có kết quả. Xin hẹn chuyến khảo sát trước.")
    went = await cases.field_work_of(connection, found.id)
    if not any(each.state == "done" and each.safety is Safety.CLEAR for each in went):
        raise Refusal("Chưa có chuyến khảo sát nào ghi “an toàn, không có bom mìn”. Xin ghi kết quả khảo sát trước.")
    live = await _live(connection, found.id)
    if kind is Outcome.IDENTIFIED and live.get(kind, 0) + number > live.get(Outcome.RECOVERED, 0):
        raise Refusal("Số liệt sĩ xác định danh tính không thể nhiều hơn số hài cốt đã quy tập của hồ sơ.")
    if kind is Outcome.NOTHING and live:
        raise Refusal("Hồ sơ đã có kết quả. Muốn ghi “không thấy” thì rút các kết quả kia trước.")


async def _live(connection: AsyncConnection, case: int) -> dict[Outcome, int]:
    """What counts of a case's outcomes, summed by kind."""
    sums: dict[Outcome, int] = {}
    for each in await cases.outcomes_of(connection, case):
        if each.withdrawn_at is None:
            sums[each.kind] = sums.get(each.kind, 0) + each.count
    return sums


# --- one step ---

Change = Callable[[AsyncConnection, Case], Coroutine[None, None, tuple[str, str | None] | tuple[str, str]]]


async def _step(database: Database, actor: Actor, case: int, version: int, now: int, change: Change) -> None:
    """Do `change` to the case in one transaction, if nobody has changed it since `version`, and write it into the history."""
    actor.need(Action.CASE_WORK)

    async def unit(connection: AsyncConnection) -> None:
        found = await _seen(connection, actor, case, Action.CASE_WORK)
        if not await cases.step(connection, case, version):
            raise Refusal(STALE)
        kind, text = await change(connection, found)
        await done(connection, Act(actor, Action.CASE_WORK, What.CASE, case, found.commune, kind, found.number, text), now)

    await database.write(unit)


async def _seen(connection: AsyncConnection, actor: Actor, case: int, action: Action) -> Case:
    found = await cases.find(connection, case)
    if found is None:
        raise none_such()
    actor.need(action, found.commune)
    return found


async def _go(connection: AsyncConnection, found: Case, then: CaseState, now: int) -> None:
    if not may_go(found.state, then):
        raise Refusal("Hồ sơ đang ở bước khác, không làm việc này được. Xin tải lại trang.")
    await cases.move(connection, found.id, then, now)


def _said(day: str) -> str:
    """A day of a row as people write it."""
    return f"{date.fromisoformat(day):%d/%m/%Y}"


def _must_be_open(found: Case) -> None:
    if found.state is CaseState.CLOSED:
        raise Refusal("Hồ sơ đã đóng. Xin mở lại, ghi rõ lý do, rồi làm tiếp.")


def _code(text: str) -> str:
    exact = read_tip_code(text)
    if exact is None:
        raise Refusal(f"“{text.strip()[:12]}” không phải mã tin. Mã tin có 6 chữ và số, ví dụ 7K3M9P.")
    return exact


async def _tip(connection: AsyncConnection, actor: Actor, code: str) -> CaseTip:
    found = await cases.tip_of(connection, code)
    if found is None or not actor.sees(found.commune):
        raise Refusal(f"Không có tin {code}. Xin so lại từng chữ với trang tin báo.")
    return found


async def _join(connection: AsyncConnection, case: int, added: CaseTip, now: int) -> None:
    if await cases.join_tip(connection, case, added.id, now):
        return
    there = await cases.of_tip(connection, added.id)
    raise Refusal(_BUSY.format(code=added.code, number=there.number if there else "khác"))
