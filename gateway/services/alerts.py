"""Urgent tips wake people: the duty list is texted at once, again every ten minutes and one level higher each time, until `NHAN <code>`.

A text says what, where and which code, never a word of the tip. `raise_alert` writes a row in the tip's own transaction; `mind_alerts`
enqueues the texts and moves the row on in one transaction: a process that dies in between has done both or neither. The texts go by the
priority lane at any hour; caps, windows and opt-outs are rules of waves. More than AT_ONCE_MOST open alerts share one text, and nobody
gets more than BURST texts in ten minutes, whatever is thrown at the number.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.code import read_tip_code
from gateway.domain.fold import fold
from gateway.domain.msisdn import Msisdn
from gateway.domain.segments import segments_of
from gateway.domain.village import Village
from gateway.services.replies import Replies, ReplyName
from gateway.services.routes import Route
from gateway.storage import alerts as rows
from gateway.storage import duty
from gateway.storage.alerts import Alert, Round
from gateway.storage.database import Database
from gateway.storage.duty import OnDuty
from gateway.storage.limits import within
from gateway.storage.outbox import AT_ONCE, PRIORITY, NewMt, enqueue, new_refs

REPEAT_MS: Final = 600_000
NOBODY_MS: Final = 60_000  # nobody on the list, or no route to them: asked again
AT_ONCE_MOST: Final = 3
BURST: Final = 12
_WHAT: Final = {"remains": "thay hai cot", "uxo": "nghi co vat no"}
_TAKES: Final = re.compile(r"nhan[\s.:,-]*(?P<what>.*)")
_ALL: Final = ("het", "tat ca", "tatca", "all")


async def raise_alert(connection: AsyncConnection, tip: int, why: str, now: int) -> bool:
    """Wake the duty list for a tip, in the transaction that stores it; `why`: remains | uxo. False: it is awake for this tip."""
    return await rows.raise_(connection, tip, why, now)


def reached(levels: Sequence[int], round_: int) -> tuple[int, ...]:
    """Which of the `levels` that have people get round `round_` (from 1): the first alone, then one more each time."""
    return tuple(sorted(set(levels))[:round_])


# --- texting ---


@dataclass(frozen=True, slots=True)
class _Text:
    """One SMS to one person on duty."""

    to: OnDuty
    route: str
    words: str


class Alerts:
    """Texts the duty list. `villages`: by code; `routes`: the enabled ones, the first that reaches a number takes its text."""

    def __init__(self, database: Database, villages: Mapping[str, Village], replies: Replies, routes: Sequence[Route]) -> None:
        self._database, self._villages, self._replies, self._routes = database, villages, replies, routes

    async def mind(self, now: int) -> int:
        """Enqueue the texts that are due at `now` (epoch ms); returns how many. Any number of processes may. Raises StorageDown."""
        async with self._database.read() as connection:  # most rounds end here, without a writer's turn
            if not await rows.any_due(connection, now):
                return 0
        return await self._database.write(lambda connection: self._round(connection, now))

    async def _round(self, connection: AsyncConnection, now: int) -> int:
        due = await rows.due(connection, now)
        people = await duty.everybody(connection)
        texts: list[_Text] = []
        for commune in {each.commune for each in due}:
            here = [each for each in due if each.commune == commune]
            team = [(each, route) for each in people if each.commune == commune and (route := self._route(each.msisdn)) is not None]
            levels = [person.level for person, _ in team]
            open_, newest = await rows.newest_open(connection, commune)
            for person, route in team:
                told = [each for each in here if person.level in reached(levels, each.sent + 1)]
                words = self._words(told, open_, newest)
                texts += [_Text(person, route, each) for each in words if await _may_text(connection, person, open_, now)]
            await rows.texted(connection, [_next(each, levels, now) for each in here])
        mts = [_mt(ref, text, now) for ref, text in zip(new_refs(len(texts)), texts, strict=False)]
        return await enqueue(connection, mts, now) if mts else 0

    def _route(self, msisdn: Msisdn) -> str | None:
        return next((route.name for route in self._routes if route.reaches(msisdn)), None)

    def _words(self, told: Sequence[Alert], open_: int, newest: Alert | None) -> list[str]:
        """What one person reads: a text an alert, or one for all where many are open."""
        if told and newest and open_ > AT_ONCE_MOST:
            return [self._replies.text(ReplyName.ALERT_MANY, count=str(open_), **self._named(newest))]
        return [
            self._replies.text(ReplyName.ALERT_REPEAT, round=str(each.sent), **self._named(each))
            if each.sent
            else self._replies.text(ReplyName.ALERT, **self._named(each))
            for each in told
        ]

    def _named(self, alert: Alert) -> dict[str, str]:
        village = self._villages.get(alert.village or "")
        place = f"{village.kind} {village.name} ({village.code})" if village else "chua ro thon"
        return {"code": alert.code, "what": _WHAT.get(alert.why, "khan"), "place": place, "at": self._replies.moment(alert.received_at)}


async def _may_text(connection: AsyncConnection, person: OnDuty, open_: int, now: int) -> bool:
    """Half of the burst is kept for single alerts: a flood must not use all of it up."""
    most = BURST if open_ <= AT_ONCE_MOST else BURST // 2
    return await within(connection, "alert", person.bidx, REPEAT_MS, most, now)


def _next(alert: Alert, levels: Sequence[int], now: int) -> Round:
    if not levels:
        return Round(alert.id, 0, now + NOBODY_MS, 0)
    return Round(alert.id, reached(levels, alert.sent + 1)[-1], now + REPEAT_MS, 1)


def _mt(ref: str, text: _Text, now: int) -> NewMt:
    return NewMt(
        ref=ref,
        msisdn=text.to.msisdn,
        bidx=text.to.bidx,
        route=text.route,
        segments=segments_of(text.words),
        due_at=AT_ONCE,
        expires_at=now + REPEAT_MS,  # by then the next round says it better
        lane=PRIORITY,
        body=text.words,
    )


# --- taking ---


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a NHAN. `codes`: the tips that are now this person's; `before`: who took it earlier, and when."""

    codes: tuple[str, ...] = ()
    at: int = 0
    before: str | None = None

    def words(self, replies: Replies) -> str:
        """The reply's text."""
        if self.before is not None:
            return replies.text(ReplyName.ALERT_TAKEN_BEFORE, code=self.codes[0], name=self.before, at=replies.moment(self.at))
        if not self.codes:
            return replies.text(ReplyName.ALERT_UNKNOWN)
        named = self.codes[0] if len(self.codes) == 1 else f"({len(self.codes)} tin)"
        return replies.text(ReplyName.ALERT_TAKEN, code=named, at=replies.moment(self.at))


def begins_like_a_taking(text: str) -> bool:
    """Whether it may be a NHAN; only then its sender is looked up."""
    return fold(text).startswith("nhan")


async def acknowledge(connection: AsyncConnection, bidx: bytes, text: str, now: int) -> Taken | None:
    """What a NHAN from the phone `bidx` does: "NHAN 7K3M9P", the code alone, "NHAN HET"; "NHAN" where only one alert is open.

    None: not on the duty list, or no answer to us: read it like any text. A second one finds it taken and changes nothing.
    """
    person = await duty.by_phone(connection, bidx)
    if person is None:
        return None
    found = _TAKES.fullmatch(fold(text))
    what = (found["what"] if found else fold(text)).strip(" .!")
    if found and what in (*_ALL, ""):
        return await _take_open(connection, person, now, all_=what != "")
    code = read_tip_code(what)
    if code is None:
        return None if found is None or " " in what else Taken()
    return await _take_one(connection, person, code, now)


async def _take_open(connection: AsyncConnection, person: OnDuty, now: int, *, all_: bool) -> Taken:
    open_ = await rows.open_in(connection, person.commune)
    if not all_ and len(open_) != 1:
        return Taken()
    await rows.take(connection, [each.id for each in open_], person.id, now)
    return Taken(tuple(each.code for each in open_), now)


async def _take_one(connection: AsyncConnection, person: OnDuty, code: str, now: int) -> Taken:
    alert = await rows.of_tip(connection, code)
    if alert is None or alert.commune != person.commune:
        return Taken()
    if alert.acknowledged_at is not None and alert.acknowledged_by != person.id:
        by = await duty.by_id(connection, alert.acknowledged_by or 0)
        return Taken((code,), alert.acknowledged_at, by.name if by else "nguoi truc truoc")
    await rows.take(connection, [alert.id], person.id, now)
    return Taken((code,), alert.acknowledged_at or now)
