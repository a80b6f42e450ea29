"""Photos over Zalo: fetched in pieces from Zalo alone, kept with the tip, forgotten by no restart."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import event, update

from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.services.attachments import Refused, Why
from gateway.services.zalo_media import LIFE_MS, LOST, PIECE, TRIES, Unfetchable, ZaloMedia, allowed, pieces
from gateway.simulator.zalo import Zalo, zalo_server
from gateway.storage.enclosures import before
from gateway.storage.inbox import DONE
from gateway.storage.schema import mo
from gateway.transport import http_sender
from tests.services.people import NOW, arrive, rows, said

MAN = "zalo:2468135790"
PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40
LARGE = b"\xff\xd8\xff\xe0" + bytes(2 * PIECE + 77)


class Album:
    """Takes files as Attachments.keep does. `refuse`: says no to all."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, bytes, str, int]] = []
        self.refuse = self.is_broken = False
        self.largest = 0

    async def keep(self, tip: int, content, declared: str, now: int, mo: int) -> None:
        whole = b""
        async for piece in content:
            self.largest = max(self.largest, len(piece))
            whole += piece
        if self.refuse:
            raise Refused(Why.NO_MEDIA)
        if self.is_broken:
            raise OSError(28, "No space left on device")
        self.kept.append((tip, whole, declared, mo))


@asynccontextmanager
async def photos() -> AsyncIterator[tuple[Zalo, Album]]:
    async with zalo_server() as zalo:
        zalo.photos["1.jpg"], zalo.photos["2.jpg"] = PHOTO, LARGE
        yield zalo, Album()


def fetcher(database, zalo: Zalo, album: Album, send, now=NOW) -> ZaloMedia:
    return ZaloMedia(database, send, album.keep, {"gia-lap": f"{zalo.url}/v3.0/oa/message/cs"}, lambda: now)


async def bring(database, *urls: str, tip: int | None = 7, state: str = DONE, at: int = NOW, **more) -> int:
    raw = json.dumps({"media": [{"kind": "image", "url": url, "thumbnail": more.get("thumbnail", "")} for url in urls]})
    (stored,) = await arrive(database, said("mộ cụ An", MAN, channel="zalo", carrier_id=f"m{at}{urls}", raw=raw, at=at))
    await database.write(lambda connection: connection.execute(update(mo).where(mo.c.id == stored.id).values(tip=tip, state=state)))
    return stored.id


async def became(database) -> list[list[str | None]]:
    return [[each.get("became") for each in json.loads(row.raw)["media"]] for row in await rows(database)]


async def test_photos_are_fetched_and_kept_with_their_tip(database) -> None:
    async with photos() as (zalo, album), http_sender(5) as send:
        ident = await bring(database, f"{zalo.url}/photo/1.jpg", f"{zalo.url}/photo/2.jpg")
        media = fetcher(database, zalo, album, send)
        assert [await media.once(), await media.once()] == [2, 0]
        assert await fetcher(database, zalo, album, send).once() == 0  # a restart fetches nothing twice
    assert album.kept == [(7, PHOTO, "image/*", ident), (7, LARGE, "image/*", ident)]
    assert album.largest <= PIECE
    assert await became(database) == [["kept", "kept"]]
    assert [row.alarm for row in await rows(database)] == [None]


async def test_an_mo_that_nobody_has_read_yet_waits(database) -> None:
    async with photos() as (zalo, album), http_sender(5) as send:
        await bring(database, f"{zalo.url}/photo/1.jpg", tip=None, state="new")
        media = fetcher(database, zalo, album, send)
        assert await media.once() == 0
        await database.write(lambda connection: connection.execute(update(mo).values(tip=9, state=DONE)))
        assert await media.once() == 1
    assert album.kept[0][0] == 9


async def test_without_a_tip_there_is_nothing_to_keep_it_with(database) -> None:
    async with photos() as (zalo, album), http_sender(5) as send:
        await bring(database, f"{zalo.url}/photo/1.jpg", tip=None)
        media = fetcher(database, zalo, album, send)
        assert [await media.once(), await media.once()] == [0, 0]
    assert await became(database) == [[None]]


async def test_what_is_no_photo_is_noted(database) -> None:
    async with photos() as (zalo, album), http_sender(5) as send:
        album.refuse = True
        await bring(database, f"{zalo.url}/photo/1.jpg")
        assert await fetcher(database, zalo, album, send).once() == 0
    assert await became(database) == [["refused: no photo, audio or video"]]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{other}/1.jpg", "https://f1.zdn.vn/a.jpg", "http://169.254.169.254/latest", "file:///etc/passwd", "x"]
)
async def test_nothing_but_the_routes_own_server_is_asked(database, url, free_port) -> None:
    """In a rehearsal that is the fake Zalo, and only it; in earnest Zalo's hosts, and nothing of ours."""
    async with photos() as (zalo, album), http_sender(5) as send:
        await bring(database, url.format(other=free_port))
        assert await fetcher(database, zalo, album, send).once() == 0
    assert await became(database) == [["refused: not a server of Zalo's"]]


@pytest.mark.parametrize(("url", "route", "may"), [
    ("https://f1.photo.zdn.vn/a.jpg", "https://openapi.zalo.me/v3.0/oa/message/cs", True),
    ("http://127.0.0.1:9/a.jpg", "https://openapi.zalo.me/v3.0/oa/message/cs", False),
    ("http://127.0.0.1:9/a.jpg", "http://127.0.0.1:9/v3.0/oa/message/cs", True),
    ("http://127.0.0.1:90/a.jpg", "http://127.0.0.1:9/v3.0/oa/message/cs", False),
    ("http://127.0.0.1:9@10.0.0.1/a.jpg", "http://127.0.0.1:9/v3.0/oa/message/cs", False),
    ("https://f1.photo.zdn.vn/a.jpg", "", True)])  # fmt: skip
def test_whom_we_ask(url, route, may) -> None:
    assert allowed(url, route) is may


async def test_a_photo_that_is_gone_is_told_to_the_desk(database) -> None:
    async with photos() as (zalo, album), http_sender(5) as send:
        await bring(database, f"{zalo.url}/photo/9.jpg", f"{zalo.url}/photo/1.jpg")
        assert await fetcher(database, zalo, album, send).once() == 1
    assert await became(database) == [["gone: HTTP 404", "kept"]]
    assert [row.alarm for row in await rows(database)] == [LOST]


async def test_a_full_disk_is_waited_for(database) -> None:
    now = [NOW]
    async with photos() as (zalo, album), http_sender(5) as send:
        album.is_broken = True
        await bring(database, f"{zalo.url}/photo/1.jpg")
        media = ZaloMedia(database, send, album.keep, {"gia-lap": zalo.url}, lambda: now[0])
        assert [await media.once(), await media.once()] == [0, 0]
        album.is_broken = False
        assert await media.once() == 0  # not at once again
        now[0] += 2_000
        assert await media.once() == 1


async def test_after_so_many_tries_it_is_lost_and_the_desk_knows(database) -> None:
    now = [NOW]
    async with photos() as (zalo, album), http_sender(5) as send:
        album.is_broken = True
        await bring(database, f"{zalo.url}/photo/1.jpg")
        media = ZaloMedia(database, send, album.keep, {"gia-lap": zalo.url}, lambda: now[0])
        for _ in range(TRIES + 3):
            await media.once()
            now[0] += 1_000_000
        assert await became(database) == [["lost"]]
    assert [row.alarm for row in await rows(database)] == [LOST]


async def test_the_last_try_takes_the_small_photo(database) -> None:
    now = [NOW]

    async def no_large_ones(request: HttpRequest) -> HttpResponse:
        return await send(request) if "small" in request.url else HttpResponse(503)

    async with photos() as (zalo, album), http_sender(5) as send:
        zalo.photos["small.jpg"] = PHOTO
        await bring(database, f"{zalo.url}/photo/1.jpg", thumbnail=f"{zalo.url}/photo/small.jpg")
        media = ZaloMedia(database, no_large_ones, album.keep, {"gia-lap": zalo.url}, lambda: now[0])
        for _ in range(TRIES):
            await media.once()
            now[0] += 1_000_000
    assert [kept[1] for kept in album.kept] == [PHOTO]
    assert await became(database) == [["kept"]]


async def test_addresses_of_yesterday_are_not_asked(database) -> None:
    async with photos() as (zalo, album), http_sender(5) as send:
        await bring(database, f"{zalo.url}/photo/1.jpg", at=NOW - LIFE_MS - 1)
        await bring(database, f"{zalo.url}/photo/2.jpg")
        assert await fetcher(database, zalo, album, send).once() == 1
    assert album.kept[0][1] == LARGE


@pytest.mark.parametrize("raw", ["{}", "[]", '{"media": 5}', '{"media": ["x", 5]}', '{"media": [{"kind": "image"}]}'])
async def test_an_odd_row_is_stepped_over(database, raw) -> None:
    async with photos() as (zalo, album), http_sender(5) as send:
        await arrive(database, said("x", MAN, channel="zalo", raw=raw))
        await database.write(lambda connection: connection.execute(update(mo).values(tip=1, state=DONE)))
        assert await fetcher(database, zalo, album, send).once() == 0


async def test_where_to_begin_is_one_statement(database) -> None:
    """What arrives between two of them would be behind the second and not in the first: a photo that nobody ever fetches."""
    asked: list[str] = []
    async with database.read() as connection:
        event.listen(connection.sync_engine, "before_cursor_execute", lambda *of: asked.append(of[2]))
        assert await before(connection, NOW) == 0
    assert len(asked) == 1
    first, second = [await bring(database, "https://x/1.jpg", at=NOW + at) for at in (-LIFE_MS, LIFE_MS)]
    async with database.read() as connection:
        assert [await before(connection, since) for since in (NOW, NOW + 2 * LIFE_MS)] == [second - 1, second]
    assert first < second


async def test_the_loop_wakes_for_what_the_hook_brings(database) -> None:
    stop = asyncio.Event()
    async with photos() as (zalo, album), http_sender(5) as send:
        media = fetcher(database, zalo, album, send)
        running = asyncio.create_task(media.run(stop))
        await bring(database, f"{zalo.url}/photo/1.jpg")
        async with asyncio.timeout(10):
            while not album.kept:
                media.arrived.set()
                await asyncio.sleep(0.01)
        stop.set()
        await running


async def test_a_stop_cuts_a_fetch_that_hangs(database) -> None:
    stop, asked = asyncio.Event(), asyncio.Event()

    async def hangs(_: HttpRequest) -> HttpResponse:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with photos() as (zalo, album):
        await bring(database, f"{zalo.url}/photo/1.jpg")
        running = asyncio.create_task(fetcher(database, zalo, album, hangs).run(stop))
        await asked.wait()
        stop.set()
        async with asyncio.timeout(5):
            await running
    assert await became(database) == [[None]]  # the next start goes on


async def test_an_mo_that_commits_behind_a_later_one_is_found(database) -> None:
    """On PostgreSQL ids are given out before they are committed."""
    async with photos() as (zalo, album), http_sender(5) as send:
        media = fetcher(database, zalo, album, send)
        first = await bring(database, f"{zalo.url}/photo/1.jpg")
        await bring(database, f"{zalo.url}/photo/2.jpg", at=NOW + 1)
        await database.write(lambda connection: connection.execute(update(mo).where(mo.c.id == first).values(channel="sms")))
        assert await media.once() == 1
        await database.write(lambda connection: connection.execute(update(mo).where(mo.c.id == first).values(channel="zalo")))
        assert await media.once() == 1
    assert sorted(len(kept[1]) for kept in album.kept) == [len(PHOTO), len(LARGE)]


# --- pieces ---


def spans(*answers: HttpResponse):
    """A server that gives these answers in turn."""
    left = list(answers)

    async def send(_: HttpRequest) -> HttpResponse:
        return left.pop(0)

    return send


def span(text: str, body: bytes, status: int = 206) -> HttpResponse:
    return HttpResponse(status, {"content-range": text}, body)


async def whole(*answers: HttpResponse) -> bytes:
    return b"".join([piece async for piece in pieces(spans(*answers), "https://f.zdn.vn/a")])


@pytest.mark.parametrize(("answers", "content"), [
    ([HttpResponse(200, {}, b"abc")], b"abc"),  # a server that knows no ranges
    ([span("bytes 0-2/3", b"abc")], b"abc"),
    ([span("bytes 0-1/3", b"ab"), span("bytes 2-2/3", b"c")], b"abc")])  # fmt: skip
async def test_a_file_in_pieces(answers, content) -> None:
    assert await whole(*answers) == content


@pytest.mark.parametrize("answers", [
    [HttpResponse(200)], [span("bytes 0-1/3", b"abc")], [span("bytes 1-2/3", b"bc")], [span("bytes 0-1/*", b"ab")], [span("", b"ab")],
    [span("bytes 0-1/3", b"ab"), span("bytes 2-2/4", b"c")], [span("bytes 0-1/3", b"ab"), HttpResponse(200, {}, b"abc")],
    [span("bytes 0-0/999999999999", b"a")], [span("bytes 0-1/3", b"ab"), span("bytes 0-1/3", b"ab")],
    [HttpResponse(302, {"location": "/x"})],
    [span("bytes 2-1/3", b"")], [HttpResponse(404)], [HttpResponse(503)], [HttpResponse(416)]])  # fmt: skip
async def test_what_does_not_fit_together_is_no_file(answers) -> None:
    with pytest.raises(Unfetchable):
        await whole(*answers)
