"""Calls to outside systems that must arrive at least once: made by a loop, tried for three days (`outward.queue` puts them there).

The loop takes what is due, some calls a target at a time, so that a slow one holds up nobody else. A call that it took and did not settle,
because the process died, is due again when its lease is over: the client may hear it twice, and knows it by its id.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent, PrivateTarget
from gateway.domain.callback_target import host_of
from gateway.domain.jasmin_report import ACKNOWLEDGED
from gateway.domain.webhook import HEADER, signature
from gateway.services.mt_reports import JASMIN, sweep_reports, tell_reports, want_report, want_reports
from gateway.services.outward import Callback, listen, queue
from gateway.storage import callbacks as rows
from gateway.storage import clients as client_rows
from gateway.storage.callbacks import DEAD, DONE, DROPPED, WAITING, Call, Ended
from gateway.storage.clients import Client, KnownClient
from gateway.storage.database import Database, StorageDown

__all__ = ["Callback", "Callbacks", "queue", "want_report", "want_reports"]

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
POLL_S: Final = 0.25
REST: Final = 20  # after a look at the reports that took long: so many times as long, so that it never takes more than a twentieth
KNOWN_MS: Final = 5_000  # how long we go by the clients as we read them
TIMEOUT_S: Final = 10.0  # for a connection, and again for an answer
LEASE_MS: Final = 60_000  # more than both
FIRST_MS: Final = 10_000
LONGEST_MS: Final = 3_600_000
GIVE_UP_MS: Final = 3 * 86_400_000
KEEP_DONE_MS: Final = 7 * 86_400_000  # so long the same thing is known as told
KEEP_DEAD_MS: Final = 30 * 86_400_000
SWEEP_EVERY_MS: Final = 3_600_000
MOST: Final = 256  # calls under way
MOST_A_TARGET: Final = 8  # where it answers; 1 where it doesn't
MOST_REMEMBERED: Final = 10_000  # targets
DRAIN_S: Final = 2.0


def wait_ms(attempts: int) -> int:
    """Until the next attempt after so many in vain: 10 s, doubled each time, at most an hour."""
    return min(FIRST_MS << min(attempts - 1, 16), LONGEST_MS)


@dataclass(slots=True)
class _Target:
    """What we know of a server: how many calls it is trusted with at once, how many are under way, until when it is left alone (ms)."""

    places: int = 1
    busy: int = 0
    failed: int = 0
    until: int = 0

    def answered(self) -> None:
        self.places, self.failed, self.until = min(self.places * 2, MOST_A_TARGET), 0, 0

    def was_silent(self, now: int) -> None:
        """No answer at all: the next call would most likely meet the same."""
        self.failed += 1
        self.places, self.until = 1, now + min(wait_ms(self.failed) // 2, 60_000)


class Callbacks:
    """One loop a process. `public`: reaches public addresses only; `named`: any, for hosts that `hosts` and the client both name.

    `sender_ids`: what MTs show as their origin, by the name of the route.
    """

    def __init__(
        self,
        database: Database,
        public: Send,
        named: Send,
        hosts: Collection[str],
        sender_ids: Mapping[str, str],
        clock: Callable[[], int],
    ) -> None:
        self._database, self._public, self._named, self._clock = database, public, named, clock
        self._hosts, self._sender_ids = frozenset(hosts), sender_ids
        self._anybody = False  # a client, perhaps a revoked one whose calls are to be dropped
        self._read_at: int | None = None
        self._swept_at: int | None = None
        self._look_at = 0.0  # when the reports are looked at next, by the loop's clock
        self._targets: dict[str, _Target] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._finished: list[Ended] = []
        self._clients: Mapping[int, Client] = {}  # who may be told now
        self.wake = asyncio.Event()  # something was queued, or a call has come back

    async def run(self, stop: asyncio.Event) -> None:
        """Make calls until `stop`; a database that is away is waited for. What is under way then has two seconds, or goes again."""
        stopped: asyncio.Task[bool] = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self.wake.clear()
                with suppress(StorageDown):
                    await self.once(self._clock())
                await self._pause(stopped)
        finally:
            stopped.cancel()
            await self.close()

    async def _pause(self, stopped: "asyncio.Task[bool]") -> None:
        woken = asyncio.create_task(self.wake.wait())
        await asyncio.wait({woken, stopped}, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()

    @property
    def busy(self) -> bool:
        """Whether calls are under way, or have come back and are not settled."""
        return bool(self._calls or self._finished)

    async def close(self) -> None:
        """Give what is under way two seconds, then cut it; settle what came back."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=DRAIN_S)
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        with suppress(StorageDown):  # then their leases end
            await self._settle(self._clock())

    async def once(self, now: int) -> None:
        """One round at `now` (epoch ms). Without a client it costs one small read every five seconds. Raises StorageDown."""
        await self._know(now)
        if not self._anybody and not self.busy:
            return
        await self._tell(now)
        await self._turn(now)
        await self._sweep(now)

    async def _know(self, now: int) -> None:
        if self._read_at is not None and 0 <= now - self._read_at < KNOWN_MS:
            return
        async with self._database.read() as connection:
            known = await client_rows.everybody(connection)
        self._learn(known)
        self._read_at = now

    def _learn(self, known: Sequence[KnownClient]) -> None:
        self._anybody = bool(known)
        self._clients = {each.client.id: each.client for each in known if each.revoked_at is None}
        listen(self._database, tuple(self._clients.values()))

    async def _tell(self, now: int) -> None:
        """Queue what is new of MTs. Many that wait for reports make the look long, and the next one later."""
        ticks = asyncio.get_running_loop().time
        if (began := ticks()) < self._look_at:
            return
        while await tell_reports(self._database, self._sender_ids, now):
            pass
        self._look_at = ticks() + min((ticks() - began) * REST, 5.0)

    # --- calls ---

    async def _turn(self, now: int) -> None:
        """Settle what came back, take what is due, and call."""
        wanted = await self._wanted(now)
        if not wanted:
            await self._settle(now)
            return
        finished, self._finished = self._finished, []

        async def unit(connection: AsyncConnection) -> tuple[list[Call], list[KnownClient]]:
            await rows.settle(connection, finished, now)
            taken = [call for target, limit in wanted for call in await rows.take(connection, target, now, limit, now + LEASE_MS)]
            return taken, await client_rows.everybody(connection)  # as they are now: one may be new, or revoked this second

        try:
            taken, known = await self._database.write(unit)
        except BaseException:
            self._finished = finished + self._finished
            raise
        self._learn(known)
        for call in taken:
            self._begin(call)

    async def _settle(self, now: int) -> None:
        finished, self._finished = self._finished, []
        if not finished:
            return
        try:
            await self._database.write(lambda connection: rows.settle(connection, finished, now))
        except BaseException:
            self._finished = finished + self._finished
            raise

    async def _wanted(self, now: int) -> list[tuple[str, int]]:
        """Targets with something due that may be called now, and how often."""
        room = MOST - len(self._calls)
        if room <= 0:
            return []
        async with self._database.read() as connection:
            due = await rows.due_targets(connection, now)
        wanted = []
        for target in due:
            known = self._targets.get(target) or _Target()
            free = min(known.places - known.busy, room)
            if free > 0 and not now < known.until <= now + LONGEST_MS:
                wanted.append((target, free))
                room -= free
            if room <= 0:
                break
        return wanted

    def _begin(self, call: Call) -> None:
        if len(self._targets) >= MOST_REMEMBERED:
            self._targets = {name: each for name, each in self._targets.items() if each.busy}
        target = self._targets.setdefault(call.target, _Target())
        target.busy += 1
        task = asyncio.create_task(self._make(call, target), name="callback")
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _make(self, call: Call, target: _Target) -> None:
        try:
            ended = await self._made(call, target)
            self._finished.append(ended)  # looked up only now: meanwhile the list of before was settled, and what joins that is forgotten
        finally:
            target.busy -= 1
            self.wake.set()

    async def _made(self, call: Call, target: _Target) -> Ended:
        """Call once, and say what came of it."""
        client = self._clients.get(call.client)
        url = client.webhook_url if client is not None and call.kind == "event" else call.url  # a corrected address counts at once
        if client is None or url is None:
            return Ended(call.id, DROPPED, why="nobody is there to be told")
        now = self._clock()
        host, why = host_of(url), ""
        send = self._named if host in self._hosts and host in client.callback_hosts else self._public
        try:
            response = await send(_request(call, url, client, now))
        except PrivateTarget:
            why = "its address leads into a private network"
        except NotSent:
            why = "no connection"
        except LostAnswer:
            why = "no whole answer"
        else:
            target.answered()
            if 200 <= response.status < 300 and (not call.key.startswith(JASMIN) or ACKNOWLEDGED.encode() in response.body):
                return Ended(call.id, DONE)
            return _failed(call, f"HTTP {response.status}", self._clock())
        target.was_silent(self._clock())
        return _failed(call, why, self._clock())

    # --- old rows ---

    async def _sweep(self, now: int) -> None:
        if self._swept_at is not None and 0 <= now - self._swept_at < SWEEP_EVERY_MS:
            return
        self._swept_at = now
        for state, keep_ms in ((DONE, KEEP_DONE_MS), (DROPPED, KEEP_DONE_MS), (DEAD, KEEP_DEAD_MS)):
            while await self._forget(state, now - keep_ms):
                pass
        await sweep_reports(self._database, now, KEEP_DONE_MS)

    async def _forget(self, state: str, before: int) -> int:
        return await self._database.write(lambda connection: rows.forget(connection, state, before))


def _failed(call: Call, why: str, now: int) -> Ended:
    if now - call.created_at >= GIVE_UP_MS:
        return Ended(call.id, DEAD, why=why)
    return Ended(call.id, WAITING, now + wait_ms(call.attempts), why)


def _request(call: Call, url: str, client: Client, now: int) -> HttpRequest:
    """The call as it goes out; a webhook's is signed at this very second."""
    body = (call.body or "").encode()
    headers: dict[str, str] = {**json.loads(call.headers or "{}"), "User-Agent": "tinbao", "Connection": "close"}
    if call.kind == "event" and client.webhook_secret is not None:
        headers[HEADER] = signature(client.webhook_secret, now // 1000, body)
    return HttpRequest(call.method, url, headers, body)
