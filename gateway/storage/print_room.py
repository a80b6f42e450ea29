"""The print room as rows: jobs, their files, what hangs since when; and what printed codes brought, counted."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import placement_hung, print_file, print_job, scan_count, tip, user

LISTED: Final = 60  # jobs a page
Cell = tuple[str, str]  # village, piece


class JobState(StrEnum):
    """Where a job of print stands."""

    MAKING = "making"
    MADE = "made"  # proof and manifest stand; it waits for the second person
    FAILED = "failed"  # a file did not pass: there is no proof
    STOPPED = "stopped"  # by a person, a full disk, the end of the process
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `made`, `failed`: files so far of `total`; `hash`: of all its files; `package`: SHA-256 of the archive for the shop."""

    id: int
    commune: str
    shop: str
    lang: str
    cells: tuple[Cell, ...]
    state: JobState
    total: int
    made: int
    failed: int
    hash: str | None
    trouble: str | None
    asked_by: int
    asked_at: int
    beat_at: int
    ended_at: int | None
    approved_by: int | None
    approved_at: int | None
    package: str | None
    handed_at: int | None
    asker: str = ""
    approver: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check said of a file."""

    rule: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class PrintFile:
    """A file of a job; `file` None: it failed, and `findings` say why. `codes`: what was read back from it."""

    id: int
    job: int
    commune: str
    village: str
    piece: str
    theme: str
    lang: str
    number: int
    file: str | None
    sha256: str | None
    pages: int
    codes: tuple[str, ...]
    findings: tuple[Finding, ...]
    made_at: int


@dataclass(frozen=True, slots=True)
class Hung:
    """A placement as it hangs. `hung_on`, `down_on`: local days; None: it hangs still. Position in degrees, `photo` a file's name."""

    code: str
    commune: str
    hung_on: date
    lat: float | None = field(default=None, repr=False)
    lon: float | None = field(default=None, repr=False)
    photo: str = ""
    by: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    down_on: date | None = None


@dataclass(frozen=True, slots=True)
class Yield:
    """What a printed code brought: visits that were scanned, visits by hand, tips. Counts only."""

    scans: int = 0
    typed: int = 0
    tips: int = 0


_asker, _approver = user.alias("asker"), user.alias("approver")
_other = print_job.alias("other")
_JOBS: Final = (
    select(print_job, _asker.c.name.label("asker"), func.coalesce(_approver.c.name, "").label("approver"))
    .join(_asker, _asker.c.id == print_job.c.asked_by)
    .outerjoin(_approver, _approver.c.id == print_job.c.approved_by)
)
_ONE: Final = _JOBS.where(print_job.c.id == bindparam("job_"))
_RUNNING: Final = print_job.c.state == JobState.MAKING.value
_PROGRESS: Final = (
    update(print_job)
    .where(print_job.c.id == bindparam("job_"), _RUNNING)
    .values(made=bindparam("made_"), failed=bindparam("failed_"), total=bindparam("total_"), beat_at=bindparam("beat_"))
)
# Only what still stands as it was seen is approved: of two who press at once the second changes no row.
_APPROVE: Final = (
    update(print_job)
    .where(
        print_job.c.id == bindparam("job_"), print_job.c.state == JobState.MADE.value, print_job.c.hash == bindparam("hash_"),
        print_job.c.asked_by != bindparam("by_"),
    )
    .values(state=JobState.APPROVED.value, approved_by=bindparam("by_"), approved_at=bindparam("at_"))
)  # fmt: skip
_NEWEST: Final = (
    select(func.max(print_file.c.id))
    .where(print_file.c.commune == bindparam("commune_"))
    .group_by(print_file.c.village, print_file.c.piece, print_file.c.number)
)
_GRID: Final = select(print_file).where(print_file.c.id.in_(_NEWEST))
_NEWEST_ALL: Final = select(func.max(print_file.c.id)).group_by(print_file.c.village, print_file.c.piece, print_file.c.number)
_GRID_ALL: Final = select(print_file).where(print_file.c.id.in_(_NEWEST_ALL))
_FILE: Final = select(print_file).where(print_file.c.id == bindparam("file_"))
_OF_JOB: Final = select(print_file).where(print_file.c.job == bindparam("job_")).order_by(print_file.c.id)
_made = upsert(print_file)
_ADD_FILE: Final = _made.on_conflict_do_update(
    index_elements=["job", "village", "piece", "theme", "lang", "number"],
    set_={name: _made.excluded[name] for name in ("file", "sha256", "pages", "codes", "findings", "made_at")},
)
_hung = upsert(placement_hung)
_HANG: Final = _hung.on_conflict_do_update(
    index_elements=["code"],
    set_={name: _hung.excluded[name] for name in ("commune", "hung_on", "detail", "down_on", "changed_by", "changed_at")},
)
_is_scan: Final = scan_count.c.placement == func.upper(scan_count.c.placement)
_SCANS: Final = (
    select(
        func.upper(scan_count.c.placement).label("code"),
        func.sum(case((_is_scan, scan_count.c.count), else_=0)).label("scans"),
        func.sum(case((_is_scan, 0), else_=scan_count.c.count)).label("typed"),
    )
    .where(scan_count.c.village.in_(bindparam("villages_", expanding=True)), scan_count.c.placement != "")
    .group_by(func.upper(scan_count.c.placement))
)
_TIPS: Final = (
    select(tip.c.placement, func.count().label("tips"))
    .where(tip.c.placement.in_(bindparam("codes_", expanding=True)))
    .group_by(tip.c.placement)
)


def _job(row: Row[Any]) -> Job:  # Any: a row's values
    cells = tuple((village, piece) for village, piece in json.loads(row.cells))
    return Job(
        row.id, row.commune, row.shop, row.lang, cells, JobState(row.state), row.total, row.made, row.failed, row.hash, row.trouble,
        row.asked_by, row.asked_at, row.beat_at, row.ended_at, row.approved_by, row.approved_at, row.package, row.handed_at,
        row.asker, row.approver,
    )  # fmt: skip


def _file(row: Row[Any]) -> PrintFile:  # Any: a row's values
    findings = tuple(Finding(*each) for each in json.loads(row.findings or "[]"))
    return PrintFile(
        row.id, row.job, row.commune, row.village, row.piece, row.theme, row.lang, row.number, row.file, row.sha256, row.pages,
        tuple(json.loads(row.codes or "[]")), findings, row.made_at,
    )  # fmt: skip


# --- jobs ---


async def add_job(connection: AsyncConnection, commune: str, shop: str, lang: str, cells: Sequence[Cell], by: int, now: int) -> int | None:
    """A job that begins now; its id. None: this shop has one under way."""
    values = {"commune": commune, "shop": shop, "lang": lang, "cells": json.dumps(cells), "state": JobState.MAKING.value}
    new = upsert(print_job).values(**values, asked_by=by, asked_at=now, beat_at=now).on_conflict_do_nothing().returning(print_job.c.id)
    made: int | None = (await connection.execute(new)).scalar()
    return made


async def job_by_id(connection: AsyncConnection, job: int) -> Job | None:
    """One job."""
    row = (await connection.execute(_ONE, {"job_": job})).one_or_none()
    return None if row is None else _job(row)


async def jobs(connection: AsyncConnection, commune: str | None) -> list[Job]:
    """The newest jobs of a commune (None: of all), the newest first."""
    wanted = _JOBS if commune is None else _JOBS.where(print_job.c.commune == commune)
    return [_job(row) for row in await connection.execute(wanted.order_by(print_job.c.id.desc()).limit(LISTED))]


async def running(connection: AsyncConnection) -> list[Job]:
    """The jobs that are said to be under way."""
    return [_job(row) for row in await connection.execute(_JOBS.where(_RUNNING))]


async def states_of(connection: AsyncConnection, ids: Collection[int]) -> Mapping[int, tuple[JobState, bool]]:
    """(state, whether the shop has it) of these jobs."""
    found = await connection.execute(select(print_job.c.id, print_job.c.state, print_job.c.handed_at).where(print_job.c.id.in_(ids)))
    return {row.id: (JobState(row.state), row.handed_at is not None) for row in found}


async def resume(connection: AsyncConnection, job: int, now: int) -> bool:
    """Begin a job again that stopped or failed. False: another one of its shop is under way, or this one is not over."""
    over = print_job.c.state.in_([JobState.STOPPED.value, JobState.FAILED.value])
    busy = select(_other.c.id).where(_other.c.commune == print_job.c.commune, _other.c.shop == print_job.c.shop, _other.c.state == "making")
    again = update(print_job).where(print_job.c.id == job, over, ~busy.exists())
    done = await connection.execute(again.values(state=JobState.MAKING.value, trouble=None, ended_at=None, beat_at=now))
    return done.rowcount > 0


async def progress(connection: AsyncConnection, job: int, made: int, failed: int, total: int, now: int) -> None:
    """How far a running job is."""
    await connection.execute(_PROGRESS, {"job_": job, "made_": made, "failed_": failed, "total_": total, "beat_": now})


async def end(connection: AsyncConnection, job: int, state: JobState, hash_: str | None, trouble: str | None, now: int) -> bool:
    """A running job is over; False: it was already."""
    done = update(print_job).where(print_job.c.id == job, _RUNNING)
    return (await connection.execute(done.values(state=state.value, hash=hash_, trouble=trouble, ended_at=now))).rowcount > 0


async def approve(connection: AsyncConnection, job: int, hash_: str, by: int, now: int) -> bool:
    """Another person than the asker says yes to exactly this hash; False: it is not there to be approved any more."""
    return (await connection.execute(_APPROVE, {"job_": job, "hash_": hash_, "by_": by, "at_": now})).rowcount > 0


async def packed(connection: AsyncConnection, job: int, sha256: str) -> None:
    """The archive of an approved job stands."""
    await connection.execute(update(print_job).where(print_job.c.id == job).values(package=sha256))


async def handed(connection: AsyncConnection, job: int, now: int | None) -> bool:
    """The shop has the package of an approved job (None: it has not after all)."""
    approved = print_job.c.state == JobState.APPROVED.value
    return (await connection.execute(update(print_job).where(print_job.c.id == job, approved).values(handed_at=now))).rowcount > 0


# --- files ---


async def add_files(connection: AsyncConnection, files: Sequence[PrintFile]) -> None:
    """What a job made, or failed to; `id` is not looked at. The same spot again replaces what the job had."""
    rows = [
        {
            "job": each.job, "commune": each.commune, "village": each.village, "piece": each.piece, "theme": each.theme,
            "lang": each.lang, "number": each.number, "file": each.file, "sha256": each.sha256, "pages": each.pages,
            "codes": json.dumps(each.codes), "made_at": each.made_at,
            "findings": json.dumps([[found.rule, found.severity, found.text] for found in each.findings], ensure_ascii=False),
        }
        for each in files
    ]  # fmt: skip
    if rows:
        await connection.execute(_ADD_FILE, rows)


async def newest_files(connection: AsyncConnection, commune: str | None) -> list[PrintFile]:
    """The newest file of each spot of a commune (None: of all)."""
    found = await (connection.execute(_GRID_ALL) if commune is None else connection.execute(_GRID, {"commune_": commune}))
    return [_file(row) for row in found]


async def files_of(connection: AsyncConnection, job: int) -> list[PrintFile]:
    """All files of a job."""
    return [_file(row) for row in await connection.execute(_OF_JOB, {"job_": job})]


async def file_by_id(connection: AsyncConnection, id_: int) -> PrintFile | None:
    """One file."""
    row = (await connection.execute(_FILE, {"file_": id_})).one_or_none()
    return None if row is None else _file(row)


# --- what hangs ---


async def hung(connection: AsyncConnection, commune: str | None) -> list[Hung]:
    """What hangs, or hung, in a commune (None: in all)."""
    wanted = select(placement_hung) if commune is None else select(placement_hung).where(placement_hung.c.commune == commune)
    return [_hanging(row) for row in await connection.execute(wanted)]


def _hanging(row: Row[Any]) -> Hung:  # Any: a row's values
    detail = json.loads(row.detail)
    down = date.fromisoformat(row.down_on) if row.down_on else None
    return Hung(
        row.code, row.commune, date.fromisoformat(row.hung_on), detail.get("lat"), detail.get("lon"), detail.get("photo", ""),
        detail.get("by", ""), detail.get("note", ""), down,
    )  # fmt: skip


async def hang(connection: AsyncConnection, hangings: Sequence[Hung], by: int, now: int) -> None:
    """Write down what hangs; a newer word on the same placement replaces the older one."""
    rows = [
        {
            "code": each.code, "commune": each.commune, "hung_on": each.hung_on.isoformat(),
            "detail": json.dumps({"lat": each.lat, "lon": each.lon, "photo": each.photo, "by": each.by, "note": each.note}),
            "down_on": each.down_on.isoformat() if each.down_on else None, "changed_by": by, "changed_at": now,
        }
        for each in hangings
    ]  # fmt: skip
    if rows:
        await connection.execute(_HANG, rows)


async def yields(connection: AsyncConnection, villages: Collection[str], codes: Collection[str]) -> Mapping[str, Yield]:
    """What the placements of these villages brought, by code. `codes`: theirs."""
    scans = {row.code: (int(row.scans), int(row.typed)) for row in await connection.execute(_SCANS, {"villages_": list(villages)})}
    tips = {row.placement: row.tips for row in await connection.execute(_TIPS, {"codes_": list(codes)})}
    return {code: Yield(*scans.get(code, (0, 0)), tips.get(code, 0)) for code in codes}
