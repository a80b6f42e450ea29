"""Jobs of print in processes of their own: the loop only reads what they say. What runs is held here and ends with the desk."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.hanging import Hanging
from gateway.services import print_room
from gateway.services.refusal import Refusal
from gateway.storage import print_room as rows
from gateway.storage.database import Database, StorageDown
from gateway.storage.files import taken
from gateway.storage.print_room import Finding, Job, JobState, PrintFile

_BEAT_S: Final = 10.0  # how often a running job says that it is alive
_SILENT_MS: Final = 120_000  # a job of another machine that said nothing for so long is dead
_FRESH_MS: Final = 5_000  # a job that is just begun, or gone on with, takes its lock in a moment
_AT_ONCE: Final = 2  # processes that draw pictures: the rest of the cores is the desk's
_LINE: Final = 1 << 20
_FULL: Final = "Máy chưa ghi được tệp: đĩa có thể đã đầy. Chưa mất gì. Xin báo người quản trị rồi làm lại."
_WRONG: Final = "Việc in này chưa làm được. Xin làm lại bản in rồi duyệt lại; nếu vẫn vậy, báo người quản trị."
Task = Mapping[str, Any]  # Any: JSON
Line = dict[str, Any]


class Runner:
    """What draws for one desk. `deployment`: its folder; `folder`: where jobs and pictures lie. `clock`: UTC epoch ms."""

    def __init__(self, database: Database, deployment: Path, folder: Path, clock: Callable[[], int]) -> None:
        self._database, self._deployment, self._clock = database, deployment, clock
        self._folder = folder
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._locks: dict[int, IO[bytes]] = {}
        self._few = asyncio.Semaphore(_AT_ONCE)

    @property
    def pictures(self) -> Path:
        return self._folder / "pictures"

    def home(self, job: int) -> Path:
        """The folder of a job; its name is a number of ours, never a word of anybody's."""
        return self._folder / "jobs" / str(job)

    def file(self, file: PrintFile) -> Path:
        """Where a file lies: by the name that was written when it was made, which has no path in it."""
        return self.home(file.job) / "files" / Path(str(file.file)).name

    # --- life ---

    async def find_stopped(self) -> int:
        """Jobs that are said to run, but nobody runs them: they stopped with their process. How many."""
        async with self._database.read() as connection:
            found = [job for job in await rows.running(connection) if job.id not in self._tasks]
        dead = [job for job in found if self._is_dead(job)]
        for job in dead:
            await self._end(job.id, JobState.STOPPED, None, print_room.RESTARTED)
        return len(dead)

    def _is_dead(self, job: Job) -> bool:
        path, silent_ms = self.home(job.id) / "running.lock", self._clock() - job.beat_at
        if not path.is_file():  # never begun here: another machine's, as long as that one speaks
            return silent_ms > _SILENT_MS
        if silent_ms < _FRESH_MS:
            return False
        with path.open("ab") as file:
            return taken(file)

    async def close(self) -> None:
        """End what runs; the rows say why."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def runs(self, job: int) -> bool:
        """Whether this process makes it."""
        return job in self._tasks

    # --- jobs ---

    async def start(self, job: Job, before: Job | None = None) -> None:
        """Make a job in the background, from where it stands. `before`: an earlier one of its shop, whose files are taken over."""
        task = {"do": "make", **self._task(job), "cells": job.cells, "lang": job.lang, "pictures": str(self.pictures)}
        if before is not None:
            task["before"] = str(self.home(before.id) / "files")
        try:
            self._lock(job.id)
        except OSError:
            await self._end(job.id, JobState.STOPPED, None, print_room.DISK)
            raise Refusal(_FULL) from None
        self._tasks[job.id] = asyncio.create_task(self._make(job, task), name=f"print:{job.id}")

    def _task(self, job: Job) -> dict[str, Any]:  # Any: JSON
        return {"deployment": str(self._deployment), "shop": job.shop, "folder": str(self.home(job.id))}

    def _lock(self, job: int) -> None:
        """Hold the job's lock as long as this process works on it, however that ends. Raises OSError."""
        home = self.home(job)
        home.mkdir(parents=True, exist_ok=True)
        self._locks[job] = file = (home / "running.lock").open("ab")
        taken(file)

    async def _make(self, job: Job, task: Task) -> None:
        state, hash_, trouble = JobState.STOPPED, None, print_room.RESTARTED
        try:
            state, hash_, trouble = await self._followed(job, task)
        except StorageDown:
            trouble = print_room.BROKEN
        finally:
            with suppress(StorageDown):
                await asyncio.shield(self._end(job.id, state, hash_, trouble))
            self._locks.pop(job.id).close()
            self._tasks.pop(job.id, None)

    async def _followed(self, job: Job, task: Task) -> tuple[JobState, str | None, str]:
        """Write down what the process says till it is silent. How the job ended."""
        told = _Told(job)
        async with _process(task) as lines:
            while (line := await _next(lines, _BEAT_S)) is not None:
                told.take(line, self._clock())
                if not await self._note(told):
                    return JobState.STOPPED, None, print_room.BY_HAND  # somebody stopped it, here or elsewhere
        return told.end

    async def _note(self, told: _Told) -> bool:
        """Whether the job still runs by its row."""
        files, told.files = told.files, []

        async def unit(connection: AsyncConnection) -> bool:
            found = await rows.job_by_id(connection, told.job.id)
            if found is None or found.state is not JobState.MAKING:
                return False
            await rows.add_files(connection, files)
            await rows.progress(connection, told.job.id, told.made, told.failed, told.total, self._clock())
            return True

        return await self._database.write(unit)

    async def _end(self, job: int, state: JobState, hash_: str | None, trouble: str | None) -> None:
        now = self._clock()
        await self._database.write(lambda connection: rows.end(connection, job, state, hash_, trouble or None, now))

    async def settled(self, job: int) -> None:
        """Wait until a job that runs here is over."""
        task = self._tasks.get(job)
        if task is not None:
            await asyncio.wait({task})

    # --- errands: one answer each ---

    async def pack(self, job: Job, on: str, hung: Sequence[Hanging]) -> str:
        """SHA-256 of the archive of an approved job. `on`: the day of the approval. Raises Refusal."""
        task = {"do": "pack", **self._task(job), "hash": job.hash, "by": job.approver, "on": on, "hung": _plain(hung)}
        return str((await self._one(task))["packed"])

    def package(self, job: Job) -> Path | None:
        """The archive, if it stands."""
        return next(iter((self.home(job.id) / "package").glob("*.zip")), None)

    async def register(self, villages: Sequence[str], hung: Sequence[Hanging], to: Path) -> None:
        """Write the placement register (PDF or XLSX, as `to` ends). Raises Refusal."""
        await self._one({"do": "register", "deployment": str(self._deployment), "villages": villages, "hung": _plain(hung), "to": str(to)})

    async def picture(self, file: PrintFile, size: str) -> Path | None:
        """A picture of page 1, "small" or "large"; None: the file is gone."""
        to = self.pictures / f"{file.sha256}-{size}.png"
        if to.is_file():
            return to
        where = self.file(file)
        if not where.is_file():
            return None
        async with self._few:
            await self._one({"do": "show", "file": str(where), "pictures": str(self.pictures), "sha256": file.sha256, "size": size})
        return to

    async def _one(self, task: Task) -> Line:
        """The answer of a process that does one thing."""
        async with _process(task) as lines:
            line = await _next(lines, 300.0)
        if not line:
            raise Refusal(_WRONG)
        if "trouble" in line:
            raise Refusal(_FULL if line["trouble"] == "disk" else _WRONG)
        return line


class _Told:
    """What a job's process has said so far; `files`: not yet written down."""

    def __init__(self, job: Job) -> None:
        self.job, self.total = job, job.total
        self.made = self.failed = 0
        self.files: list[PrintFile] = []
        self._hash: str | None = None
        self._trouble = ""

    def take(self, line: Line, now: int) -> None:
        """One more line; an empty one only says that time has passed."""
        self.total = line.get("total", self.total)
        self._hash = line.get("hash", self._hash)
        self._trouble = line.get("trouble", self._trouble)
        for how in ("made", "failed"):
            if how in line:
                self.files.append(_file(self.job, line[how], now))
        self.made += "made" in line
        self.failed += "failed" in line

    @property
    def end(self) -> tuple[JobState, str | None, str]:
        """State, hash and trouble now that the process is silent."""
        if self._trouble:
            return JobState.STOPPED, None, print_room.DISK if self._trouble == "disk" else print_room.BROKEN
        if self._hash is not None:
            return JobState.MADE, self._hash, ""
        return (JobState.FAILED, None, "") if self.failed else (JobState.STOPPED, None, print_room.BROKEN)


def _file(job: Job, line: Line, now: int) -> PrintFile:
    findings = tuple(Finding(*map(str, each)) for each in line["findings"])
    return PrintFile(
        0, job.id, job.commune, line["village"], line["piece"], line["theme"], line["lang"], line["number"], line.get("file"),
        line.get("sha256"), line.get("pages", 0), tuple(line.get("codes", ())), findings, now,
    )  # fmt: skip


def _plain(hung: Sequence[Hanging]) -> list[dict[str, Any]]:  # Any: JSON
    return [
        {
            "village": each.village, "number": each.number, "code": each.code, "hung_on": each.hung_on.isoformat(), "lat": each.lat,
            "lon": each.lon, "photo": each.photo, "by": each.by, "note": each.note,
        }
        for each in hung
    ]  # fmt: skip


@asynccontextmanager
async def _process(task: Task) -> AsyncIterator[asyncio.StreamReader]:
    """A process at work on `task`, and what it says; it ends with the block."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.web.desk.print_room.maker", limit=_LINE,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=_environment(),
    )  # fmt: skip
    to, answers = child.stdin, child.stdout
    if to is None or answers is None:
        raise RuntimeError("both ends are pipes, as asked for above")
    try:
        to.write(json.dumps(task).encode() + b"\n")
        with suppress(ConnectionError):  # it died at once: its silence says so
            await to.drain()
        yield answers
    finally:
        to.close()
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def _environment() -> dict[str, str]:
    """Ours without the secrets: who draws needs no key."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TINBAO_") and "PASSWORD" not in name}


async def _next(lines: asyncio.StreamReader, patience_s: float) -> Line | None:
    """The next line; {} when nothing came for `patience_s`, None when the process has ended."""
    try:
        async with asyncio.timeout(patience_s):
            line = await lines.readline()
    except TimeoutError:
        return {}
    return json.loads(line) if line.endswith(b"\n") else None
