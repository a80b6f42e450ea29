"""Drafts that are being planned: each is a task beside the requests, in pieces that leave the database free; progress can be asked for.

A process that ends leaves its draft in `planning`: whoever opens it goes on with it (`services/planning.py`), behind the last piece.
"""

import asyncio
from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.permission import Action, Actor
from gateway.services import planning
from gateway.services.refusal import Refusal
from gateway.services.routes import Route, route_named
from gateway.services.wave_desk import drafts
from gateway.services.wave_desk.drafts import Opened
from gateway.services.wave_desk.words import spoken
from gateway.storage import audit, waves
from gateway.storage import wave_desk as rows
from gateway.storage.audit import Entry
from gateway.storage.database import Database, StorageDown


class Plannings:
    """The plannings of this process. `close` ends them; what they wrote stays."""

    def __init__(self, database: Database, deployment: Deployment, routes: Sequence[Route], clock: Callable[[], int]) -> None:
        self._database, self._deployment, self._routes, self._clock = database, deployment, routes, clock
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._progress: dict[int, tuple[int, int]] = {}

    async def ask(self, actor: Actor, id_: int, version: int) -> None:
        """Plan the draft of that version, and ask for approval once it is planned. Raises Refusal: what stands against it, in one go."""
        actor.need(Action.WAVE_PLAN)
        opened = await drafts.find(self._database, actor, id_)
        if opened.draft.state == rows.PLANNING:
            self._begin(actor, opened)
            return
        now = self._clock()
        if against := drafts.standing_against(opened, self._deployment, now):
            raise Refusal("Chưa xin duyệt được. " + " ".join(against))
        if opened.draft.version != version:
            raise Refusal(f"{opened.draft.changed_by} vừa sửa bản nháp này. Xin xem lại trước khi xin duyệt.")
        await self._database.write(lambda connection: _lock(connection, actor, opened, now))
        self._begin(actor, await drafts.find(self._database, actor, id_))

    def progress(self, id_: int) -> tuple[int, int] | None:
        """(people seen, of how many); None: this process does not plan it now."""
        return self._progress.get(id_) if id_ in self._tasks else None

    async def settled(self, id_: int) -> None:
        """Wait for the planning of a draft, if there is one here."""
        if (task := self._tasks.get(id_)) is not None:
            await asyncio.wait({task})

    async def close(self) -> None:
        """End them all; each is gone on with by its next `ask`."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, actor: Actor, opened: Opened) -> None:
        id_ = opened.draft.id
        if id_ in self._tasks:
            return
        self._progress[id_] = (0, 0)
        task = asyncio.create_task(self._plan(actor, opened), name=f"plan:{id_}")
        self._tasks[id_] = task
        task.add_done_callback(lambda _: self._forget(id_))

    def _forget(self, id_: int) -> None:
        self._tasks.pop(id_, None)
        self._progress.pop(id_, None)

    async def _plan(self, actor: Actor, opened: Opened) -> None:
        """To `asked`, or back to `writing` with what stood against it."""
        id_ = opened.draft.id
        try:
            with spoken():
                await self._planned(actor, opened)
        except Refusal as why:
            await self._back(id_, str(why))
        except StorageDown:
            return  # it stays in `planning`: asked again, it goes on
        except Exception:
            await self._back(id_, "Máy gặp lỗi khi lập đợt, chưa có gì được gửi. Xin báo người quản trị rồi thử lại.")
            raise

    async def _planned(self, actor: Actor, opened: Opened) -> None:
        id_, name = opened.draft.id, opened.draft.wave or drafts.name_of(opened.draft)
        async with self._database.read() as connection:
            data = await rows.file_of(connection, id_)
        # By the draft's own clock: asked again after a break it must be the same wave, whose start may have gone by meanwhile.
        wanted = drafts.plan_of(opened, actor, self._deployment, name, data, opened.draft.changed_at)
        route = route_named(self._routes, opened.composed.route)

        def progress(done: int, total: int) -> None:
            self._progress[id_] = (done, total)

        campaign, villages = self._deployment.campaign, self._deployment.villages
        await planning.plan(self._database, route, campaign, villages, wanted, self._clock(), progress=progress)
        now = self._clock()
        await self._database.write(lambda connection: _asked(connection, actor, opened, name, now))

    async def _back(self, id_: int, trouble: str) -> None:
        async def unit(connection: AsyncConnection) -> None:
            await rows.move(connection, id_, rows.WRITING, (rows.PLANNING,), trouble=trouble, wave=None)

        await self._database.write(unit)


async def _lock(connection: AsyncConnection, actor: Actor, opened: Opened, now: int) -> None:
    """From here on nobody writes on it."""
    draft = opened.draft
    name = drafts.name_of(draft)
    if await waves.find(connection, name) is not None:
        raise Refusal(f"Đã có đợt tên “{name}”. Xin đổi tên rồi xin duyệt lại.")
    if not await rows.move(connection, draft.id, rows.PLANNING, rows.OPEN, wave=name, trouble=None, changed_at=now):
        raise Refusal("Bản nháp này vừa được gửi xin duyệt. Xin tải lại trang.")
    await audit.note(connection, Entry(actor, Action.WAVE_PLAN, f"wave_draft:{draft.id}", {"wave": name}, draft.commune), now)


async def _asked(connection: AsyncConnection, actor: Actor, opened: Opened, name: str, now: int) -> None:
    """Its wave is planned: the second person is asked. The list has done its work."""
    draft = opened.draft
    if not await rows.move(connection, draft.id, rows.ASKED, (rows.PLANNING,), asked_at=now):
        return
    wave = await waves.find(connection, name)
    id_ = wave.id if wave else None
    await rows.drop_list(connection, draft.id)
    await rows.note(connection, draft.commune, actor.user, "ask", now, draft=draft.id, wave_id=id_)
    detail = {"audience": wave.audience if wave else 0}
    await audit.note(connection, Entry(actor, "wave.ask", f"wave:{id_}", detail, draft.commune), now)
