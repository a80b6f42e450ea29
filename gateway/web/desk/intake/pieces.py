"""/desk/piece: a small picture of the printed piece whose code was scanned, the code framed in it. Made once, in a process of its own."""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from aiohttp import web

from collateral.scanned_piece import begin, make_picture
from gateway.domain.code import read_placement_code
from gateway.domain.permission import Action
from gateway.web.desk.kit import DESK, actor, desk, needs

POOL: Final[web.AppKey["_Maker"]] = web.AppKey("piece pictures")


class _Maker:
    """Makes pictures one after the other; who asks for one that is being made waits for it."""

    def __init__(self, folder: Path, deployment: Path) -> None:
        self._folder, self._deployment = folder, deployment
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()

    async def picture(self, village: str, number: int, piece: str) -> bytes | None:
        """The PNG; None where the piece can't be drawn."""
        path = self._folder / f"{village}-{number}.png"
        async with self._turn:
            if (kept := await asyncio.to_thread(_kept, path)) is not None:
                return kept
            made = await self._made(village, number, piece)
            if made is not None:
                await asyncio.to_thread(_keep, path, made)
            return made

    async def _made(self, village: str, number: int, piece: str) -> bytes | None:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=begin)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, make_picture, self._deployment, village, number, piece)
        except BrokenProcessPool:
            self._pool = None
            return None

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def add(app: web.Application) -> None:
    """Put it on `app`."""
    app.cleanup_ctx.append(_maker)
    app.router.add_get("/desk/piece/{code:[0-9A-Z]{5,9}}.png", show)


async def _maker(app: web.Application) -> AsyncIterator[None]:
    app[POOL] = _Maker(app[DESK].folder / "piece-pictures", app[DESK].deployment.path)
    yield
    await asyncio.to_thread(app[POOL].close)


@needs(Action.TIP_READ)
async def show(request: web.Request) -> web.Response:
    """The piece of a placement, its code framed."""
    deployment, found = desk(request).deployment, read_placement_code(request.match_info["code"])
    placement = next((each for each in deployment.placements if (each.village, each.number) == found), None)
    village = deployment.villages.get(placement.village) if placement else None
    if placement is None or village is None or not actor(request).sees(village.commune):
        raise web.HTTPNotFound
    picture = await request.app[POOL].picture(placement.village, placement.number, placement.piece)
    if picture is None:
        raise web.HTTPNotFound
    return web.Response(body=picture, content_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


def _kept(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _keep(path: Path, picture: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}.half")
    half.write_bytes(picture)
    half.replace(path)
