"""The print room: what is made for which shop, who says yes to it, what hangs, which codes are switched off. Every call asks who calls.

What draws lies above (web/desk/print_room): here are the rows, the rights and the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.permission import Action, Actor, Elsewhere
from gateway.domain.placement import Placement
from gateway.domain.village import Village
from gateway.services.refusal import Refusal
from gateway.storage import audit
from gateway.storage import links as link_rows
from gateway.storage import print_room as rows
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.links import Override
from gateway.storage.print_room import Cell, Hung, Job, JobState, PrintFile, Yield

MOST_CELLS: Final = 5_000  # of one job: a province's villages go shop by shop
_GONE: Final = "there is no such thing in your commune"
RESTARTED: Final = "restarted"  # why a job stopped: the process ended under it
DISK: Final = "disk"
BY_HAND: Final = "by hand"
BROKEN: Final = "broken"
SETTINGS: Final = "settings"


@dataclass(frozen=True, slots=True)
class Board:
    """All that the grid is drawn from. `states`: (state, whether the shop has it) of the jobs that `files` come from."""

    files: Sequence[PrintFile]
    hung: Mapping[str, Hung]
    states: Mapping[int, tuple[JobState, bool]]
    off: Mapping[str, Override]


async def board(database: Database, actor: Actor) -> Board:
    """What was made and what hangs, of the communes that `actor` sees."""
    actor.need(Action.PRINT_READ)
    async with database.read() as connection:
        files = await rows.newest_files(connection, actor.communes)
        hung = {each.code: each for each in await rows.hung(connection, actor.communes)}
        states = await rows.states_of(connection, {each.job for each in files})
        return Board(files, hung, states, await link_rows.overrides(connection))


async def yields(database: Database, actor: Actor, placements: Sequence[Placement]) -> Mapping[str, Yield]:
    """What these placements brought, by code: counts alone. The caller takes them from villages that `actor` sees."""
    actor.need(Action.PRINT_READ)
    codes = [each.code for each in placements]
    async with database.read() as connection:
        return await rows.yields(connection, {each.village for each in placements}, codes)


# --- jobs ---


async def begin(
    database: Database, actor: Actor, shop: str, lang: str, cells: Sequence[Cell], villages: Mapping[str, Village], now: int
) -> int:
    """A new job of `shop` for these villages and pieces; its id. All villages are of one commune, and `actor` sees it."""
    communes = {_village(actor, villages, village).commune for village, _ in cells}
    if not cells:
        raise Refusal("Chưa chọn thôn hoặc loại nào. Xin chọn ít nhất một thôn và một loại mà cơ sở in này làm.")
    if len(cells) > MOST_CELLS or len(communes) > 1:
        raise Refusal("Chọn nhiều quá cho một lần. Xin làm từng xã, mỗi lần một phần.")
    commune = communes.pop()
    actor.need(Action.PRINT_MAKE, commune)

    async def unit(connection: AsyncConnection) -> int | None:
        job = await rows.add_job(connection, commune, shop, lang, cells, actor.user, now)
        if job is not None:
            await audit.note(
                connection, Entry(actor, Action.PRINT_MAKE, f"print_job:{job}", {"cells": len(cells), "shop": shop}, commune), now
            )
        return job

    job = await database.write(unit)
    if job is None:
        raise Refusal("Cơ sở in này đang có một lượt làm dở. Xin chờ xong, hoặc dừng lượt đó trước.")
    return job


def _village(actor: Actor, villages: Mapping[str, Village], code: str) -> Village:
    """A village of a commune that `actor` sees. Raises Elsewhere, whatever it is that is wrong with the code."""
    found = villages.get(code)
    if found is None or not actor.sees(found.commune):
        raise Elsewhere(_GONE)
    return found


async def job_of(database: Database, actor: Actor, job: int) -> Job:
    """One job. Raises Elsewhere where there is none that `actor` sees."""
    actor.need(Action.PRINT_READ)
    async with database.read() as connection:
        found = await rows.job_by_id(connection, job)
    if found is None or not actor.sees(found.commune):
        raise Elsewhere(_GONE)
    return found


async def jobs(database: Database, actor: Actor) -> list[Job]:
    """The newest jobs."""
    actor.need(Action.PRINT_READ)
    async with database.read() as connection:
        return await rows.jobs(connection, actor.communes)


async def waiting(database: Database, actor: Actor) -> int:
    """How many jobs wait for this person's yes."""
    if not actor.may(Action.PRINT_APPROVE):
        return 0
    found = await jobs(database, actor)
    return sum(job.state is JobState.MADE and job.asked_by != actor.user for job in found)


async def files_of(database: Database, actor: Actor, job: int) -> list[PrintFile]:
    """What a job made, and what it failed to."""
    await job_of(database, actor, job)
    async with database.read() as connection:
        return await rows.files_of(connection, job)


async def file_of(database: Database, actor: Actor, id_: int) -> PrintFile:
    """A file that stands. Raises Elsewhere."""
    actor.need(Action.PRINT_READ)
    async with database.read() as connection:
        found = await rows.file_by_id(connection, id_)
    if found is None or found.file is None or not actor.sees(found.commune):
        raise Elsewhere(_GONE)
    return found


async def resume(database: Database, actor: Actor, job: int, now: int) -> Job:
    """Go on with a job that stopped or failed: what stands is kept."""
    found = await _mine(database, actor, Action.PRINT_MAKE, job)

    async def unit(connection: AsyncConnection) -> bool:
        again = await rows.resume(connection, job, now)
        if again:
            await audit.note(connection, Entry(actor, Action.PRINT_MAKE, f"print_job:{job}", {"resumed": True}, found.commune), now)
        return again

    if not await database.write(unit):
        raise Refusal("Lượt này không làm tiếp được: nó đã xong, hoặc cơ sở in đang có lượt khác làm dở. Xin xem lại danh sách.")
    return found


async def stop(database: Database, actor: Actor, job: int, now: int) -> None:
    """Stop a job that runs; what is made stays."""
    found = await _mine(database, actor, Action.PRINT_MAKE, job)

    async def unit(connection: AsyncConnection) -> bool:
        done = await rows.end(connection, job, JobState.STOPPED, None, BY_HAND, now)
        if done:
            await audit.note(connection, Entry(actor, Action.PRINT_MAKE, f"print_job:{job}", {"stopped": True}, found.commune), now)
        return done

    if not await database.write(unit):
        raise Refusal("Lượt này đã xong, không còn gì để dừng. Xin tải lại trang.")


async def approve(database: Database, actor: Actor, job: int, hash_: str, now: int) -> Job:
    """Another person's yes to exactly the files of `hash_`, once; of two at the same moment the second hears that it is done."""
    found = await _mine(database, actor, Action.PRINT_APPROVE, job)
    if found.asked_by == actor.user:
        raise Refusal("Người làm bản in không tự duyệt được. Xin mời người thứ hai xem bản mẫu và duyệt.")

    async def unit(connection: AsyncConnection) -> bool:
        done = await rows.approve(connection, job, hash_, actor.user, now)
        if done:
            await audit.note(connection, Entry(actor, Action.PRINT_APPROVE, f"print_job:{job}", {"hash": hash_}, found.commune), now)
        return done

    if not await database.write(unit):
        raise Refusal("Bản này đã có người duyệt, hoặc đã đổi từ lúc mở trang. Xin tải lại trang rồi xem lại bản mẫu.")
    return found


async def hand(database: Database, actor: Actor, job: int, *, is_handed: bool, now: int) -> None:
    """The shop has the package of an approved job, or has it not after all."""
    found = await _mine(database, actor, Action.PRINT_MAKE, job)

    async def unit(connection: AsyncConnection) -> bool:
        done = await rows.handed(connection, job, now if is_handed else None)
        if done:
            await audit.note(connection, Entry(actor, Action.PRINT_MAKE, f"print_job:{job}", {"handed": is_handed}, found.commune), now)
        return done

    if not await database.write(unit):
        raise Refusal("Bản này chưa được duyệt nên chưa giao nhà in được. Xin chờ người thứ hai duyệt bản mẫu.")


async def packed(database: Database, actor: Actor, job: int, sha256: str, now: int) -> None:
    """The archive of an approved job stands."""
    found = await _mine(database, actor, Action.PRINT_MAKE, job)

    async def unit(connection: AsyncConnection) -> None:
        await rows.packed(connection, job, sha256)
        await audit.note(connection, Entry(actor, Action.PRINT_MAKE, f"print_job:{job}", {"package": sha256}, found.commune), now)

    await database.write(unit)


async def note_taken(database: Database, actor: Actor, job: Job, what: str, now: int) -> None:
    """Somebody took a file out of the house: `what` says which."""
    entry = Entry(actor, "print.taken", f"print_job:{job.id}", {"what": what, "hash": job.hash}, job.commune)
    await database.write(lambda connection: audit.note(connection, entry, now))


async def _mine(database: Database, actor: Actor, action: Action, job: int) -> Job:
    """A job that `actor` may do `action` to. Raises Forbidden, Elsewhere."""
    async with database.read() as connection:
        found = await rows.job_by_id(connection, job)
    actor.need(action)
    if found is None or not actor.sees(found.commune):
        raise Elsewhere(_GONE)
    return found


# --- placements ---


async def hang(database: Database, actor: Actor, hangings: Sequence[Hung], now: int) -> None:
    """Write down what hangs since when, all of it or nothing; `commune` of each is its village's."""
    for each in hangings:
        actor.need(Action.PRINT_MAKE, each.commune)

    async def unit(connection: AsyncConnection) -> None:
        await rows.hang(connection, hangings, actor.user, now)
        for each in hangings:
            detail = {"hung_on": each.hung_on, "down_on": each.down_on}
            kept = {name: day.isoformat() for name, day in detail.items() if day}
            await audit.note(connection, Entry(actor, "placement.hang", f"placement:{each.code}", kept, each.commune), now)

    await database.write(unit)


async def take_down(database: Database, actor: Actor, hung: Hung, on: date, now: int) -> None:
    """A placement hangs no longer."""
    if on < hung.hung_on:
        raise Refusal(f"Ngày gỡ trước ngày treo ({hung.hung_on:%d/%m/%Y}). Xin xem lại ngày.")
    down = Hung(hung.code, hung.commune, hung.hung_on, hung.lat, hung.lon, hung.photo, hung.by, hung.note, on)
    await hang(database, actor, [down], now)


async def switch(database: Database, actor: Actor, commune: str, code: str, why: str, now: int, *, is_off: bool) -> None:
    """Switch a printed code off, or on again; either has a reason, and holds everywhere within five seconds."""
    actor.need(Action.PRINT_MAKE, commune)
    if not why.strip():
        raise Refusal("Xin ghi lý do, để người sau biết vì sao mã này được đổi.")

    async def unit(connection: AsyncConnection) -> None:
        if is_off:
            await link_rows.change(connection, Override(code, None, now, why, now))
        else:
            await link_rows.restore(connection, code)
        await audit.note(connection, Entry(actor, "code.off" if is_off else "code.on", f"placement:{code}", {"why": why}, commune), now)

    await database.write(unit)
