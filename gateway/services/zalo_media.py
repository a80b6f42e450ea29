"""Photos and recordings that people send over Zalo: an event brings an address, good for a while; the file is fetched and kept.

Only from Zalo's own servers, over the one transport that follows no redirects, in pieces (RFC 9110 §14) of which one is in memory. The list
of what is still to come is the MO's own row, so a process that dies forgets nothing. What was refused, gone or lost is noted there too.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.carriers.zalo import MEDIA_HOSTS, is_zalos
from gateway.domain.tip import Channel
from gateway.services.attachments import Refused
from gateway.storage.database import Database, StorageDown
from gateway.storage.enclosures import Enclosing, before, enclosing, next_ids, note
from gateway.storage.inbox import DONE
from gateway.storage.seal import Unsealable, WrongKey

PIECE: Final = 768 << 10  # bytes a request: the transport takes no answer over a megabyte
MOST: Final = 100_000_000
TRIES: Final = 6
LIFE_MS: Final = 24 * 3_600_000  # the addresses expire; how soon, Zalo doesn't say
BEHIND: Final = 500  # ids are given out before they are committed: so many are looked at again (PostgreSQL)
SOON_S: Final = 0.5
ROUND_S: Final = 30.0
LOST: Final = "a photo or recording could not be fetched from Zalo"
_RANGE: Final = re.compile(r"bytes ([0-9]{1,12})-([0-9]{1,12})/([0-9]{1,12})")
_GONE: Final = frozenset({400, 401, 403, 404, 410})

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
Keep = Callable[[int, AsyncIterable[bytes], str, int, int], Awaitable[object]]  # tip, content, declared, now, mo: Attachments.keep


class Unfetchable(Exception):
    """A file can't be had. `for_good`: it is no use to ask again. The message names no address."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        super().__init__(why)
        self.for_good = for_good


def allowed(url: str, route_url: str) -> bool:
    """Whether a file may be fetched from `url`: Zalo's servers; where the route itself leads to this machine, a rehearsal, that one."""
    here = urlsplit(route_url)
    if here.hostname in ("127.0.0.1", "::1", "localhost"):
        return url.startswith(f"{here.scheme}://{here.netloc}/")
    return is_zalos(url, MEDIA_HOSTS)


async def pieces(send: Send, url: str) -> AsyncIterator[bytes]:
    """The file at `url`, a piece at a time. Raises Unfetchable."""
    at, size = 0, 1
    while at < size:
        part, size = _part(await _asked(send, url, at), at, size)
        at += len(part)
        yield part


async def _asked(send: Send, url: str, at: int) -> HttpResponse:
    try:
        return await send(HttpRequest("GET", url, {"Range": f"bytes={at}-{at + PIECE - 1}", "Accept": "image/*, audio/*, video/*"}))
    except (NotSent, LostAnswer) as why:
        raise Unfetchable(type(why).__name__, for_good=False) from None


def _part(response: HttpResponse, at: int, size: int) -> tuple[bytes, int]:
    """(bytes from `at` on, size of the whole), or the whole where the server knows no ranges. Raises Unfetchable."""
    if response.status == 200 and at == 0 and response.body:
        return response.body, len(response.body)
    span = _RANGE.fullmatch(response.headers.get("content-range", ""))
    if response.status != 206 or span is None:
        raise Unfetchable(f"HTTP {response.status}", for_good=response.status in _GONE)
    first, last, whole = map(int, span.groups())
    is_ours = first == at and last - first + 1 == len(response.body) > 0 and (at == 0 or whole == size)
    if not is_ours or whole > MOST:
        raise Unfetchable("a piece that doesn't fit" if not is_ours else "too large", for_good=True)
    return response.body, whole


@dataclass(slots=True)
class _Open:
    """An MO whose files are still to be had."""

    tries: int = 0
    not_before: int = 0


class ZaloMedia:
    """Fetches what Zalo MOs bring. `urls`: where each Zalo route sends; `clock`: epoch ms; `keep`: of services/attachments."""

    def __init__(self, database: Database, send: Send, keep: Keep, urls: Mapping[str, str], clock: Callable[[], int]) -> None:
        self._database, self._send, self._keep, self._urls, self._clock = database, send, keep, urls, clock
        self._after: int | None = None
        self._seen: set[int] = set()  # of those behind `_after`
        self._open: dict[int, _Open] = {}
        self.arrived = asyncio.Event()  # the hook sets it

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, which cuts what is under way; what came before the start comes first."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self.arrived.clear()
                await _until(asyncio.create_task(self.once()), stopped)
                await _first(stop, self.arrived, SOON_S if self._open else ROUND_S)
        finally:
            stopped.cancel()

    async def once(self) -> int:
        """One round; how many files were kept. Raises StorageDown."""
        now = self._clock()
        await self._look(now)
        due = [mo for mo, state in self._open.items() if state.not_before <= now]
        return sum([await self._fetch(mo, now) for mo in due])

    async def _look(self, now: int) -> None:
        async with self._database.read() as connection:
            if self._after is None:
                self._after = await before(connection, now - LIFE_MS)
            after = self._after
            while True:
                reached, found = await next_ids(connection, Channel.ZALO, after, 500)
                self._open |= {mo: _Open() for mo in found if mo not in self._seen}
                self._seen |= set(found)
                if reached == after:
                    break
                after = reached
        self._after = max(self._after, after - BEHIND)
        self._seen = {mo for mo in self._seen if mo > self._after}

    async def _fetch(self, mo: int, now: int) -> int:
        row = await self._row(mo)
        media = _media(row.raw) if row is not None else []
        if row is None or not media or (row.state != "new" and (row.state != DONE or row.tip is None)):
            del self._open[mo]  # nothing to fetch, or no tip to keep it with
            return 0
        if row.tip is None:
            return 0  # nobody has read the MO yet
        became = [each.get("became") or await self._one(row, each, now) for each in media]
        await self._settle(row, media, became, now)
        return sum(what == "kept" and "became" not in each for each, what in zip(media, became, strict=True))

    async def _row(self, mo: int) -> Enclosing | None:
        try:
            async with self._database.read() as connection:
                return await enclosing(connection, mo)
        except (Unsealable, WrongKey):  # a damaged row is for the desk
            return None

    async def _one(self, row: Enclosing, media: dict[str, Any], now: int) -> str | None:  # Any: JSON of ours
        """What became of one file; None: not yet."""
        is_last = self._open[row.id].tries >= TRIES - 1  # a small photo is better than none
        url = str((is_last and media.get("thumbnail")) or media.get("url", ""))
        if not allowed(url, self._urls.get(row.route, "")):
            return "refused: not a server of Zalo's"
        try:
            await self._keep(row.tip or 0, pieces(self._send, url), f"{media.get('kind', '')}/*", now, row.id)
        except Refused as why:
            return f"refused: {why.why}"
        except Unfetchable as why:
            return f"gone: {why}" if why.for_good else None
        except OSError:  # the disk
            return None
        return "kept"

    async def _settle(self, row: Enclosing, media: list[dict[str, Any]], became: list[str | None], now: int) -> None:  # Any: JSON of ours
        state = self._open[row.id]
        state.tries += 1
        state.not_before = now + (1_000 << state.tries)
        is_over = state.tries >= TRIES or now - row.received_at > LIFE_MS
        noted = [each | {"became": what or "lost"} if what or is_over else each for each, what in zip(media, became, strict=True)]
        raw = json.dumps(json.loads(row.raw or "{}") | {"media": noted}, ensure_ascii=False)
        fresh = [each["became"] for each, old in zip(noted, media, strict=True) if "became" in each and "became" not in old]
        if fresh:
            alarm = LOST if any(what == "lost" or what.startswith("gone") for what in fresh) else None
            await self._database.write(lambda connection: note(connection, row.id, raw, alarm))
        if is_over or None not in became:
            del self._open[row.id]


def _media(raw: str | None) -> list[dict[str, Any]]:  # Any: JSON of ours
    """The files in an MO's `raw` of which one at least is still to come."""
    values = json.loads(raw) if raw else {}
    media = values.get("media") if isinstance(values, dict) else None
    files = [each for each in media if isinstance(each, dict)] if isinstance(media, list) else []
    return files if any("became" not in each for each in files) else []


async def _until(work: "asyncio.Task[int]", stopped: "asyncio.Task[bool]") -> None:
    """Let `work` end, or cut it when it is time to stop. A database that is away is no bug: the next round comes."""
    try:
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        work.cancel()
    (found,) = await asyncio.gather(work, return_exceptions=True)
    if isinstance(found, Exception) and not isinstance(found, StorageDown):
        raise found


async def _first(stop: asyncio.Event, arrived: asyncio.Event, timeout_s: float) -> None:
    waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(arrived.wait())]
    await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    for each in waits:
        each.cancel()
