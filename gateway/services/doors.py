"""What the doors for outside systems share once a call is read: who calls, how fast they may, what is committed before they hear a yes."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.door_fields import Submit
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret
from gateway.services import clients
from gateway.services.clients import Client
from gateway.services.door_parts import OutsidePart, Waits, give_up, take_part
from gateway.services.door_sends import MINUTE_MS, Outside, Report, Taken, enqueue_for
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage.database import Database, StorageDown

MOST_A_SECOND: Final = 200  # recipients of one client
BURST_MS: Final = 5_000  # how much of that may come at once
PATIENCE_MS: Final = 20_000  # how long a call may be held back; Kannel gives up what it is refused, so it is slowed down first
_LOOK_EVERY_S: Final = 30.0
_GROUP: Final = 100  # calls that share a commit
Clock = Callable[[], int]
Answer = Taken | Waits | Refusal


class TooFast(Exception):
    """The client sends more than it may; it should come again later."""


@dataclass(slots=True, eq=False)
class _Call:
    """Messages of one call, and where their answers go."""

    messages: Sequence[Outside] = field(repr=False)
    answers: "asyncio.Future[tuple[Answer, ...]]"


@dataclass(slots=True)
class _Together:
    """Calls of one client that wait for the commit under way."""

    waiting: list[_Call] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Doors:
    """The doors of one process. `taken` is set when something new lies in the outbox."""

    def __init__(self, database: Database, routes: Sequence[Route]) -> None:
        self.database, self.routes = database, routes
        self.taken = asyncio.Event()
        self._together: dict[int, _Together] = {}  # by client
        self._slots: dict[int, int] = {}  # by client: until when what it sent so far takes at its rate, epoch µs

    async def known(self, name: str, secret: str, now: int) -> Client | None:
        """The client that may send; None: nobody we know, or not to send, which nobody can tell apart. Raises StorageDown."""
        client = await clients.authenticated(self.database, name, Secret(secret), now)
        return client if client is not None and "send" in client.scopes else None

    def wait_ms(self, client: Client, count: int, now: int) -> int:
        """Book `count` recipients of `client`; how long its call is to be held back. Raises TooFast, and then books nothing."""
        start = max(self._slots.get(client.id, 0), (now - BURST_MS) * 1_000)
        if start // 1_000 - now > PATIENCE_MS:
            raise TooFast
        self._slots[client.id] = start + count * 1_000_000 // MOST_A_SECOND
        return max(0, start // 1_000 - now)

    async def submit(self, client: Client, submit: Submit, now: int) -> tuple[Answer, ...]:
        """Commit what `client` asks for; an answer for each recipient, in order. Raises StorageDown."""
        route = self._named(client, submit.route)
        messages = [_outside(each, submit, route, now) for each in submit.to]
        answers: tuple[Answer, ...]
        if submit.part is None:
            answers = await self._whole(client, messages, now)
        else:
            answers = tuple([await self._part(client, each, submit, now) for each in messages])
        if any(isinstance(each, Taken) for each in answers):
            self.taken.set()
        return answers

    async def _whole(self, client: Client, messages: Sequence[Outside], now: int) -> tuple[Answer, ...]:
        """Calls of one client that come together share one commit: who waited for the one under way takes all that wait."""
        mine = _Call(messages, asyncio.get_running_loop().create_future())
        together = self._together.setdefault(client.id, _Together())
        together.waiting.append(mine)
        async with together.turn:
            while not mine.answers.done():
                group, together.waiting = together.waiting[:_GROUP], together.waiting[_GROUP:]
                await self._commit(client, group, now)
        return await mine.answers

    async def _commit(self, client: Client, group: Sequence["_Call"], now: int) -> None:
        try:
            told = await enqueue_for(self.database, self.routes, client, [each for call in group for each in call.messages], now)
        except BaseException as error:  # a bug, a database that is away, our own end: each caller hears of it, none hears yes
            for call in group:
                if not call.answers.done():
                    call.answers.set_exception(error if isinstance(error, Exception) else StorageDown("the process ends; send it again"))
            if not isinstance(error, Exception):
                raise
            return
        at = 0
        for call in group:
            if not call.answers.done():
                call.answers.set_result(told[at : at + len(call.messages)])
            at += len(call.messages)

    def _named(self, client: Client, name: str) -> str | None:
        """The route that a call names, if there is one and the client may choose: a Kannel hands on names of its own here."""
        return name if client.route is None and any(route.name == name for route in self.routes) else None

    async def _part(self, client: Client, whole: Outside, submit: Submit, now: int) -> Answer:
        found = submit.part
        if found is None:
            raise ValueError("no part")
        part = OutsidePart(whole, submit.sender, submit.raw, submit.charset, found.ref, found.number, found.total)

        async def unit(connection: AsyncConnection) -> Answer:
            return await take_part(connection, self.database.keyring, self.routes, client, part, now)

        try:
            return await self.database.write(unit)
        except Refusal as refused:
            return refused

    async def run(self, stop: asyncio.Event, clock: Clock) -> None:
        """End what stays incomplete, until `stop`."""
        while not stop.is_set():
            with suppress(StorageDown):  # it comes round again
                await give_up(self.database, clock())
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await stop.wait()


def _outside(to: Msisdn, submit: Submit, route: str | None, now: int) -> Outside:
    report = Report(submit.mask, submit.report_url, submit.report_method) if submit.report_url else None
    due = None if not submit.deferred_min else now + submit.deferred_min * MINUTE_MS
    return Outside(to, submit.text, due, submit.validity_min, route, submit.reference, report)
