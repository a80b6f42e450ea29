"""Arrivals are answered after their row is committed; concurrent ones share one commit (ADR 0008).

No timer: the commit under way is the collector of the next. A group that fails is written row by row, and a bad row is kept raw for the
desk. While the database can't take rows they go, sealed and fsynced, to the spool and are drained in order when it can again.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.zalo import user_of
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.tip import Channel
from gateway.services.just_stored import JustStored
from gateway.services.parts import join_parts
from gateway.storage.database import Database, StorageDown
from gateway.storage.inbox import NEW, OURS, UNREADABLE, Mo, NewDlr, NewMo, Stored, add_dlrs, add_mos, as_stored, went_in_response
from gateway.storage.spool import Spool
from gateway.storage.spool import Spooled as SpooledCall

PATIENCE_S: Final = 2.0  # how long an arrival waits for its commit before it is spooled
MOST_WAITING: Final = 2_000  # arrivals in memory; more go to the spool at once
_GROUP: Final = 500  # rows a transaction
_DRAIN: Final = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Given:
    """What an arrival that was handled in its own transaction was given: a tip code, and the words of its reply."""

    code: str | None = None
    words: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Committed. `code`, `words`: see Given; `whole`: the MO they were given to, where a part completed a text."""

    id: int
    code: str | None = None
    words: str | None = field(default=None, repr=False)
    whole: int | None = None


@dataclass(frozen=True, slots=True)
class Repeated:
    """We have it already, as MO `id`; its reply went to who brought it first."""

    id: int
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Spooled:
    """Kept safe beside the database; it becomes a row when that is back."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What a drain moved: calls stored, and calls set aside that no database would take."""

    stored: int = 0
    set_aside: int = 0


Taken = Accepted | Repeated | Spooled
AtOnce = Callable[[AsyncConnection, Sequence[int]], Awaitable[dict[int, Given]]]


@dataclass(slots=True, eq=False)
class _Waiting:
    arrival: NewMo | NewDlr = field(repr=False)
    taken: asyncio.Future[Taken]


def own_id() -> str:
    """An id for an arrival whose carrier gave none, so that a second copy of it is known."""
    return f"{OURS}{secrets.token_hex(12)}"


def read_sender(text: str) -> Msisdn | None:
    """The subscriber behind an MO's sender, or None: an alphanumeric name or a short code, to whom nothing can be replied."""
    if len(text) == 12 and text.startswith("+84") and text[3:].isdigit() and text.isascii():
        return Msisdn(text)  # as we store it
    digits = "".join(text.split()).lstrip("+").replace("-", "").replace(".", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) >= 9):  # letters would be dialled by the keypad, short codes never answer
        return None
    try:
        return Msisdn.parse(text)
    except BadMsisdn:
        return None


def address_of(sender: str, channel: str) -> Msisdn | None:
    """Where a reply to an MO goes, or None. "zalo:ID" is an address on Zalo's own channel alone: anybody may write it into a form."""
    if channel == Channel.ZALO:
        return Msisdn(sender) if user_of(sender) else None
    return read_sender(sender)


class Intake:
    """The door of the inbox. Made by `open_intake`."""

    def __init__(
        self,
        database: Database,
        spool: Spool,
        at_once: AtOnce | None,
        in_response: Collection[str],
        just_stored: JustStored,
        patience_s: float,
    ) -> None:
        self._database, self._spool, self._at_once, self._patience_s = database, spool, at_once, patience_s
        self._just_stored = just_stored
        self._in_response = frozenset(in_response)
        self._waiting: deque[_Waiting] = deque()
        self._went: list[int] = []  # MOs whose reply went in a response
        self._work = asyncio.Event()
        self._ending = False
        self.wake = asyncio.Event()  # set when new MOs are there to be handled
        self.reported = asyncio.Event()  # set when new DLRs are there to be matched

    async def mo(self, arrival: NewMo) -> Taken:
        """Take an MO; returns when it is safe. Raises SpoolDown when neither the database nor the spool takes it."""
        return await self._take(arrival)

    async def dlr(self, arrival: NewDlr) -> Taken:
        """Take a report; returns when it is safe. Raises SpoolDown."""
        return await self._take(arrival)

    async def _take(self, arrival: NewMo | NewDlr) -> Taken:
        if len(self._waiting) >= MOST_WAITING:
            return await self._to_spool(arrival)
        waiting = _Waiting(arrival, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._work.set()
        try:
            async with asyncio.timeout(self._patience_s):
                return await waiting.taken
        except (TimeoutError, _NotWritten):
            if waiting in self._waiting:  # else its group is under way and may commit: the spooled copy carries the same id
                self._waiting.remove(waiting)
            return await self._to_spool(arrival)

    async def _to_spool(self, arrival: NewMo | NewDlr) -> Spooled:
        kind = "mo" if isinstance(arrival, NewMo) else "dlr"
        await asyncio.to_thread(self._spool.append, kind, asdict(arrival))
        return Spooled()

    # --- writing ---

    async def write_groups(self) -> None:
        """The one writer: a group after the other, until `end` and nothing waits."""
        while not (self._ending and not self._waiting and not self._went):
            await self._work.wait()
            self._work.clear()
            while self._waiting or self._went:
                await self._write_group([self._waiting.popleft() for _ in range(min(_GROUP, len(self._waiting)))])
                await self._withdraw()

    async def _withdraw(self) -> None:
        """Keep replies that went in a response from going again as MTs; where the database is down they go twice, rather than never."""
        went, self._went = self._went, []
        with suppress(StorageDown):
            if went:
                await self._database.write(lambda connection: went_in_response(connection, went))

    async def _write_group(self, group: Sequence[_Waiting]) -> None:
        if not group:
            return
        try:
            taken = await self._store([each.arrival for each in group], is_awaited=True)
        except StorageDown:
            _settle(group, [_NotWritten()] * len(group))
        except Exception:  # a row that the database refuses spoils its group: each on its own, so that it costs itself only
            _settle(group, [await self._store_alone(each.arrival, is_awaited=True) for each in group])
        else:
            _settle(group, taken)

    async def _store(self, arrivals: Sequence[NewMo | NewDlr], *, is_awaited: bool) -> list[Taken]:
        mos = [each for each in arrivals if isinstance(each, NewMo)]
        dlrs = [each for each in arrivals if isinstance(each, NewDlr)]

        async def unit(connection: AsyncConnection) -> tuple[list[Taken], list[Mo]]:
            if dlrs:
                await add_dlrs(connection, dlrs)
            return await self._store_mos(connection, mos, is_awaited=is_awaited) if mos else ([], [])

        stored, waiting = await self._database.write(unit)
        if mos:
            self._just_stored.keep(waiting)
            self.wake.set()
        if dlrs:
            self.reported.set()
        taken = iter(stored)
        return [next(taken) if isinstance(each, NewMo) else Accepted(0) for each in arrivals]

    async def _store_mos(self, connection: AsyncConnection, mos: Sequence[NewMo], *, is_awaited: bool) -> tuple[list[Taken], list[Mo]]:
        """What became of `mos`, and those of them that wait to be handled."""
        keyring = self._database.keyring
        stored = await add_mos(connection, keyring, mos)
        new_parts = [at.id for new, at in zip(mos, stored, strict=True) if new.part_ref is not None and not at.repeat]
        joined = await join_parts(connection, keyring, new_parts, max(new.received_at for new in mos))
        wholes = {part: whole for whole, part in {joined[part]: part for part in new_parts if part in joined}.items()}  # its last part's
        direct = {wholes.get(at.id, at.id) for new, at in zip(mos, stored, strict=True) if self._is_direct(new, is_awaited=is_awaited)}
        given = await self._at_once(connection, sorted(direct)) if direct and self._at_once else {}
        waiting = [as_stored(keyring, new, at) for new, at in zip(mos, stored, strict=True) if _waits(new, at) and at.id not in direct]
        return [_taken(at, wholes.get(at.id, at.id), given) for at in stored], waiting

    def _is_direct(self, new: NewMo, *, is_awaited: bool) -> bool:
        """A form's sender looks at the page that shows the code; some carriers take the reply with our answer to their call."""
        return new.channel == "web" or (is_awaited and new.channel == "sms" and new.route in self._in_response)

    async def _store_alone(self, arrival: NewMo | NewDlr, *, is_awaited: bool) -> "Taken | _NotWritten":
        for attempt in (arrival, unreadable(arrival)):
            try:
                return (await self._store([attempt], is_awaited=is_awaited))[0]
            except StorageDown:
                break
            except Exception:  # noqa: S112 # the next attempt keeps it raw; a row that even so can't be stored goes to the spool
                continue
        return _NotWritten()

    def went_in_response(self, mo: int) -> None:
        """The reply to MO `mo` has gone with our answer to the carrier's call: it is no MT any more."""
        self._went.append(mo)
        self._work.set()

    # --- draining ---

    async def drain(self) -> Drained:
        """Store what waits in the spool, in order; stops quietly where the database is still down. Safe to run at any time, anywhere."""
        if self._spool.is_empty():
            return Drained()
        stored = set_aside = 0
        with self._spool.draining() as files:
            for path in files:
                calls = await asyncio.to_thread(self._spool.read, path)
                for start in range(0, len(calls), _DRAIN):
                    some = calls[start : start + _DRAIN]
                    if (aside := await self._drain_some(some)) is None:
                        return Drained(stored, set_aside)
                    stored, set_aside = stored + len(some) - aside, set_aside + aside
                self._spool.done(path)
        return Drained(stored, set_aside)

    async def _drain_some(self, calls: Sequence[SpooledCall]) -> int | None:
        """How many had to be set aside; None: the database is down. A call that was stored before is known by its id."""
        try:
            await self._store([_arrival(call) for call in calls], is_awaited=False)
        except StorageDown:
            return None
        except Exception:  # as in _write_group
            return await self._drain_singly(calls)
        return 0

    async def _drain_singly(self, calls: Sequence[SpooledCall]) -> int | None:
        aside = 0
        for call in calls:
            if isinstance(await self._store_alone(_arrival(call), is_awaited=False), _NotWritten):
                if not await self._is_up():
                    return None
                self._spool.set_aside(call.line)
                aside += 1
        return aside

    async def _is_up(self) -> bool:
        async def nothing(_: AsyncConnection) -> None: ...

        try:
            await self._database.write(nothing)
        except StorageDown:
            return False
        return True

    def end(self) -> None:
        """Write what waits, then stop."""
        self._ending = True
        self._work.set()


class _NotWritten(Exception):
    """The database could not take the row now."""


def _settle(group: Sequence[_Waiting], results: Sequence[Taken | _NotWritten]) -> None:
    for each, result in zip(group, results, strict=True):
        if each.taken.done():  # its handler has given up and spooled it, or was cancelled
            continue
        if isinstance(result, _NotWritten):
            each.taken.set_exception(result)
        else:
            each.taken.set_result(result)


def _taken(stored: Stored, whole: int, given: Mapping[int, Given]) -> Taken:
    found = given.get(whole, Given())
    if stored.repeat:
        return Repeated(stored.id, found.code)
    return Accepted(stored.id, found.code, found.words, whole if whole != stored.id else None)


def _waits(new: NewMo, stored: Stored) -> bool:
    return new.channel == Channel.SMS and new.state == NEW and not stored.repeat


def _arrival(call: SpooledCall) -> NewMo | NewDlr:
    return NewMo(**call.values) if call.kind == "mo" else NewDlr(**call.values)


def unreadable(arrival: NewMo | NewDlr) -> NewMo:
    """`arrival` as a row for the desk: all it brought as one sealed JSON text, in letters that every database takes."""
    values: dict[str, Any] = asdict(arrival)  # Any: a row's values
    raw = json.dumps(values, ensure_ascii=True).replace("\\u0000", "")
    if isinstance(arrival, NewMo):
        ident, sender, receiver = _plain(arrival.carrier_id), _plain(arrival.sender), _plain(arrival.receiver)
        return replace(
            arrival,
            carrier_id=ident,
            sender=sender,
            receiver=receiver,
            sent_at=None,
            text="",
            raw=raw,
            state=UNREADABLE,
            action="refused by the database",
            alarm=UNREADABLE,
        )
    return NewMo(
        arrival.route, "dlr", own_id(), "", "", "", arrival.received_at, raw=raw, state=UNREADABLE, action="refused", alarm=UNREADABLE
    )


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


@asynccontextmanager
async def open_intake(
    database: Database,
    spool: Spool,
    *,
    at_once: AtOnce | None = None,
    in_response: Collection[str] = (),
    just_stored: JustStored | None = None,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator[Intake]:
    """An Intake and its one writer, which ends after the last arrival is written. Close the listeners first, the database after.

    `at_once`: handles arrivals in their own transaction, and gives their codes and replies by MO id: those of channel "web", and texts by
    the routes of `in_response`, whose carriers take the reply with our answer. `just_stored`: where texts are found by who handles them.
    """
    intake = Intake(database, spool, at_once, in_response, just_stored or JustStored(), patience_s)
    writer = asyncio.create_task(intake.write_groups(), name="intake")
    try:
        yield intake
    finally:
        intake.end()
        await writer
