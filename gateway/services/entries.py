"""Tips that staff type in: told by telephone, on paper or in person. Read, stored and given a code like every message (DESIGN §5).

An entry becomes an MO of its channel in the transaction that stores its tip. Its one-time key, made with the form or in the clerk's phone,
makes a second press and a lost answer the same entry. A list is stored at once and read in groups; whoever comes later finds it whole.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.permission import Action, Actor
from gateway.domain.tip_entry import ASKED, EntryList, Frame, Refused, Typed, Wrong, noon_ms
from gateway.domain.village import Village
from gateway.reading import Reading
from gateway.services import corroboration
from gateway.services.inbound import Inbound
from gateway.services.refusal import Refusal
from gateway.services.tips import mask
from gateway.storage import audit
from gateway.storage import corroboration as alike_rows
from gateway.storage import entries as rows
from gateway.storage.audit import Entry
from gateway.storage.database import Database, StorageDown
from gateway.storage.entries import Batch, Entered, NewEntry
from gateway.storage.inbox import NewMo, add_mos

ROUTE: Final = "desk"
SIMILAR: Final = 0.3  # likeness from which an earlier tip is shown to who types: sooner than two tips are linked, a person looks
MOST_SIMILAR: Final = 4
_GROUP: Final = 50  # typed rows a transaction: 100 ms of the writer's thread
_AT_ONCE: Final = 100  # rows of a list that get their codes before the answer
_STORED: Final = 500  # rows of a list a transaction, as they come
_KEY: Final = (16, 100)  # characters of a one-time key


class _Twice(Exception):
    """Another request with the same key was a moment sooner."""


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier tip that tells of the like. `words`: numbers masked, cut short."""

    code: str
    village: str
    received_at: int
    likeness: float
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an entry. `is_new`: False where it had been taken before."""

    entered: Entered
    is_new: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as its page shows it: what was taken, in its order, and what was not."""

    batch: Batch
    entries: tuple[Entered, ...]
    refused: tuple[Refused, ...]


class Entries:
    """The entries of one deployment's desk. `inbound`: reads and stores as for every channel; its loop is not needed."""

    def __init__(self, database: Database, deployment: Deployment, inbound: Inbound) -> None:
        self._database, self._deployment, self._inbound = database, deployment, inbound
        self._waiting: deque[int] = deque()  # MOs of lists that are to be read
        self._work = asyncio.Event()

    # --- what an entry is held against ---

    def frame(self, actor: Actor, now: int) -> Frame:
        """The villages that `actor` may name, and the local day."""
        villages = {code: each for code, each in self._deployment.villages.items() if actor.sees(each.commune)}
        return Frame(villages, datetime.fromtimestamp(now / 1000, ZoneInfo(self._deployment.campaign.timezone)).date())

    def villages(self, actor: Actor) -> list[Village]:
        """The villages that `actor` may name, by their codes."""
        return sorted(self.frame(actor, 0).villages.values(), key=lambda village: village.code)

    # --- one ---

    async def enter(self, actor: Actor, typed: Typed, key: str, now: int) -> Taken:
        """Take one entry; the same key again is the entry that is there. Raises Forbidden, Refusal."""
        commune = self._commune(actor, typed)
        actor.need(Action.TIP_ENTER, commune)
        blind = self._key(key)
        new, reading = self._arrival(typed, blind, commune, now), self._inbound.read(typed.words, typed.channel)
        try:
            return await self._database.write(lambda connection: self._store_one(connection, actor, new, reading, blind, typed, now))
        except _Twice:
            async with self._database.read() as connection:
                found = await self._known(connection, actor, blind)
            if found is None:
                raise Refusal("Tin chưa ghi được. Xin bấm Ghi lại một lần nữa.") from None
            return found

    async def _store_one(
        self, connection: AsyncConnection, actor: Actor, new: NewMo, reading: Reading, key: bytes, typed: Typed, now: int
    ) -> Taken:
        if (known := await self._known(connection, actor, key)) is not None:
            return known
        (stored,) = await add_mos(connection, self._database.keyring, [new])
        await self._inbound.take_typed(connection, {stored.id: reading})
        commune = self._commune(actor, typed)
        await rows.add(connection, [NewEntry(commune, key, stored.id, actor.user, typed.channel, now, typed.sheet or None)])
        entered = await rows.by_key(connection, key)
        if entered is None or entered.mo != stored.id:
            raise _Twice  # with other words, at the same moment: the first stands
        done = Entry(actor, Action.TIP_ENTER, f"tip:{entered.code}", {"channel": typed.channel, "sheet": typed.sheet}, commune)
        await audit.note(connection, done, now)
        return Taken(entered, is_new=not stored.repeat)

    async def _known(self, connection: AsyncConnection, actor: Actor, key: bytes) -> Taken | None:
        found = await rows.by_key(connection, key)
        if found is None:
            return None
        actor.need(Action.TIP_ENTER, found.commune)
        return Taken(found, is_new=False)

    def _key(self, key: str) -> bytes:
        """The keyed hash under which an entry is found again. Raises Refusal."""
        if not (_KEY[0] <= len(key) <= _KEY[1] and key.isascii() and key.isprintable()):
            raise Refusal("Trang này đã cũ. Xin mở lại trang rồi ghi lại.")
        return self._database.keyring.blind(key, "entry")

    def _commune(self, actor: Actor, typed: Typed) -> str:
        village = self._deployment.villages.get(typed.village or "")
        return village.commune if village else actor.commune

    def _arrival(self, typed: Typed, key: bytes, commune: str, now: int) -> NewMo:
        told_at = noon_ms(typed.told_on, self._deployment.campaign.timezone) if typed.told_on else None
        return NewMo(
            route=ROUTE,
            channel=typed.channel,
            carrier_id=key.hex()[:40],
            sender=typed.msisdn.e164 if typed.msisdn else "",
            receiver=ROUTE,
            text=typed.words,
            received_at=now,
            sent_at=told_at,
            placement=typed.village,
            raw=json.dumps(_beside(typed, commune), ensure_ascii=False),
        )

    # --- a list ---

    async def enter_list(self, actor: Actor, found: EntryList, key: str, now: int) -> int:
        """Take the good rows of a list; returns its id. The same key again is the list that is there. Raises Forbidden, Refusal."""
        actor.need(Action.TIP_ENTER)
        blind = self._key(key)
        for _, typed in found.taken:
            actor.need(Action.TIP_ENTER, self._commune(actor, typed))
        batch = await self._begin(actor, found, blind, now)
        for start in range(0, len(found.taken), _STORED):
            await self._store_some(actor, batch, found.taken[start : start + _STORED], key, now)
        async with self._database.read() as connection:
            waiting = await rows.waiting(connection, batch)
        await self._handle(waiting[:_AT_ONCE], now)
        self._waiting.extend(waiting[_AT_ONCE:])
        self._work.set()
        return batch

    async def _begin(self, actor: Actor, found: EntryList, key: bytes, now: int) -> int:
        refused = json.dumps([_refused_json(each) for each in found.refused], ensure_ascii=False)
        values = {"commune": actor.commune, "key": key, "user": actor.user, "rows": len(found.taken), "refused": refused, "at": now}

        async def unit(connection: AsyncConnection) -> int:
            if (known := await rows.batch_by_key(connection, key)) is not None:
                actor.need(Action.TIP_ENTER, known.commune)
                return known.id
            id_ = await rows.add_batch(connection, values)
            detail = {"rows": len(found.taken), "refused": len(found.refused)}
            await audit.note(connection, Entry(actor, Action.TIP_ENTER, f"entry_batch:{id_}", detail), now)
            return id_

        return await self._database.write(unit)

    async def _store_some(self, actor: Actor, batch: int, some: Sequence[tuple[int, Typed]], key: str, now: int) -> None:
        """Store rows as MOs with their entries; they are read afterwards, by us or by whoever looks for new MOs."""
        keys = [self._database.keyring.blind(f"{key}:{line}", "entry") for line, _ in some]
        arrivals = [self._arrival(typed, blind, self._commune(actor, typed), now) for blind, (_, typed) in zip(keys, some, strict=True)]

        async def unit(connection: AsyncConnection) -> None:
            known = await rows.known_keys(connection, keys)
            new = [(blind, mo, at) for blind, mo, at in zip(keys, arrivals, some, strict=True) if blind not in known]
            stored = await add_mos(connection, self._database.keyring, [mo for _, mo, _ in new]) if new else []
            await rows.add(
                connection,
                [
                    NewEntry(self._commune(actor, typed), blind, at.id, actor.user, typed.channel, now, typed.sheet or None, batch, line)
                    for at, (blind, _, (line, typed)) in zip(stored, new, strict=True)
                ],
            )

        await self._database.write(unit)

    async def _handle(self, ids: Sequence[int], now: int) -> None:
        for start in range(0, len(ids), _GROUP):
            await self._inbound.handle_these(now, ids[start : start + _GROUP])

    async def run(self, stop: asyncio.Event, clock: Callable[[], int]) -> None:
        """Read what lists have left to be read, until `stop`; what is left then, the loop of the inbox finds."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                work = asyncio.create_task(self._work.wait())
                await asyncio.wait({stopped, work}, return_when=asyncio.FIRST_COMPLETED)
                work.cancel()
                self._work.clear()
                while self._waiting and not stop.is_set():
                    some = [self._waiting.popleft() for _ in range(min(_GROUP, len(self._waiting)))]
                    with suppress(StorageDown):
                        await self._handle(some, clock())
        finally:
            stopped.cancel()

    # --- looking ---

    async def listed(self, actor: Actor, batch: int) -> Listed:
        """A list with what became of it. Raises Forbidden, Refusal."""
        actor.need(Action.TIP_ENTER)
        async with self._database.read() as connection:
            found = await rows.batch_by_id(connection, batch)
            if found is None:
                raise Refusal("Không có danh sách này.")
            actor.need(Action.TIP_ENTER, found.commune)
            entries = await rows.of_batch(connection, batch)
        return Listed(found, tuple(entries), tuple(_refused_of(each) for each in json.loads(found.refused or "[]")))

    async def refused_rows(self, actor: Actor, batch: int, now: int) -> Listed:
        """A list's rows that were not taken, as they leave the house in a file: noted. Raises Forbidden, Refusal."""
        listed = await self.listed(actor, batch)
        entry = Entry(actor, "tip.enter.export", f"entry_batch:{batch}", {"rows": len(listed.refused)}, listed.batch.commune)
        await self._database.write(lambda connection: audit.note(connection, entry, now))
        return listed

    async def latest(self, actor: Actor, limit: int = 8) -> list[Entered]:
        """What was typed in last in the actor's commune."""
        actor.need(Action.TIP_ENTER)
        async with self._database.read() as connection:
            return await rows.latest(connection, actor.commune, limit)

    async def receipt(self, actor: Actor, tip: int) -> Entered:
        """The entry that a tip was made of. Raises Forbidden, Refusal."""
        actor.need(Action.TIP_ENTER)
        async with self._database.read() as connection:
            found = await rows.by_tip(connection, tip)
        if found is None:
            raise Refusal("Tin này không do cán bộ ghi.")
        actor.need(Action.TIP_ENTER, found.commune)
        return found

    async def similar(self, actor: Actor, words: str) -> list[Similar]:
        """Earlier tips of the actor's commune that tell of the like, likest first; numbers masked. Raises Forbidden."""
        actor.need(Action.TIP_ENTER)
        actor.need(Action.TIP_READ)
        pairs = corroboration.pairs_of(words[:4_000])
        hashes = corroboration.hashes_of(self._database.keyring, pairs)
        asked = alike_rows.Told(0, b"", words)
        async with self._database.read() as connection:
            found = await alike_rows.alike(connection, asked, hashes, corroboration.SHARED)
            likely = {told.id: corroboration.likeness(pairs, corroboration.pairs_of(told.text)) for told in found}
            shown = await rows.seen(connection, [id_ for id_, like in likely.items() if like >= SIMILAR])
        mine = [each for each in shown if actor.sees(each.commune)]
        mine.sort(key=lambda each: (-likely[each.id], each.id))
        return [
            Similar(each.code, each.village or "", each.received_at, likely[each.id], mask(each.text)[:280]) for each in mine[:MOST_SIMILAR]
        ]


def _beside(typed: Typed, commune: str) -> dict[str, Any]:  # Any: JSON
    """What is known of an entry beside its words. `asked`: the words that the yes or no answers, as evidence (field.md §2.4)."""
    given = {
        "commune": commune,
        "contact_name": typed.teller,
        "sheet": typed.sheet,
        "told_on": typed.told_on.isoformat() if typed.told_on else "",
    }
    may = {"may_call": typed.may_call, "may_publish": typed.may_publish}
    said = {name: value for name, value in may.items() if value is not None}
    return {name: value for name, value in given.items() if value} | said | ({"asked": ASKED} if said else {})


def _refused_json(each: Refused) -> dict[str, Any]:  # Any: JSON
    wrong = [[one.field, one.text, one.remedy] for one in each.wrong]
    return {"line": each.line, "cells": dict(each.cells), "wrong": wrong}


def _refused_of(stored: Mapping[str, Any]) -> Refused:  # Any: JSON
    return Refused(stored["line"], stored["cells"], tuple(Wrong(*each) for each in stored["wrong"]))
