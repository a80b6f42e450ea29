"""Hand-overs as rows: packages, their tips, what happened to them. Their bytes lie apart and are read only where they are wanted."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.hand_over import Format, Part, State, Status, Way
from gateway.storage.schema import case_tip, hand_over, hand_over_bytes, hand_over_event, hand_over_item, tip, user

LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class HandOver:
    """One version of a package. `sha256`: of the bytes that leave; `due_at`: until when its receipt should be back, epoch ms."""

    id: int
    commune: str
    number: str
    version: int
    series: int | None
    receiver: str
    way: Way
    format: Format
    parts: tuple[Part, ...]
    state: State
    note: str = field(repr=False)
    content_sha256: str
    sha256: str | None
    term_days: int
    due_at: int | None
    prepared_by: int
    prepared_at: int
    decided_by: int | None
    decided_at: int | None
    received_on: date | None
    received_by: str = field(repr=False)
    preparer: str = ""
    decider: str = ""
    tips: int = 0

    def is_late(self, now: int) -> bool:
        """Whether its receipt should be back by now."""
        return self.state is State.RELEASED and self.due_at is not None and now > self.due_at


@dataclass(frozen=True, slots=True)
class New:
    """A package that is prepared. `receipt`: keyed hash of the code on its slip."""

    commune: str
    number: str
    version: int
    series: int | None
    receiver: str
    way: Way
    format: Format
    parts: tuple[Part, ...]
    note: str = field(repr=False)
    content_sha256: str
    receipt: bytes = field(repr=False)
    term_days: int
    prepared_by: int
    prepared_at: int


@dataclass(frozen=True, slots=True)
class Item:
    """A tip of a package. `is_named`: its informant's number goes along; `status`, `words`: what the receiver said."""

    tip: int
    code: str
    line: int
    is_named: bool
    status: Status | None
    words: str = field(repr=False)
    answered_at: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a package."""

    what: str
    words: str = field(repr=False)
    who: str
    at: int


_preparer, _decider = user.alias("preparer"), user.alias("decider")
_TIPS: Final = select(func.count()).where(hand_over_item.c.hand_over == hand_over.c.id).scalar_subquery()
_ALL: Final[Select[Any]] = (
    select(hand_over, _preparer.c.name.label("preparer"), func.coalesce(_decider.c.name, "").label("decider"), _TIPS.label("tips"))
    .join(_preparer, _preparer.c.id == hand_over.c.prepared_by)
    .outerjoin(_decider, _decider.c.id == hand_over.c.decided_by)
)
_ONE: Final = _ALL.where(hand_over.c.id == bindparam("id_"))
_LAST: Final = select(func.count()).where(
    hand_over.c.commune == bindparam("commune_"), hand_over.c.number.like(bindparam("like_")), hand_over.c.version == 1
)
_LATE: Final = select(func.count()).where(hand_over.c.state == State.RELEASED.value, hand_over.c.due_at < bindparam("now_"))
_ITEMS: Final = (
    select(hand_over_item, tip.c.code)
    .join(tip, tip.c.id == hand_over_item.c.tip)
    .where(hand_over_item.c.hand_over == bindparam("id_"))
    .order_by(hand_over_item.c.line)
)
_EVENTS: Final = (
    select(hand_over_event.c.what, hand_over_event.c.words, user.c.name, hand_over_event.c.at)
    .join(user, user.c.id == hand_over_event.c.user)
    .where(hand_over_event.c.hand_over == bindparam("id_"))
    .order_by(hand_over_event.c.id)
)
_OF_CASE: Final = (
    select(tip.c.code)
    .join(case_tip, case_tip.c.tip == tip.c.id)
    .where(case_tip.c.case == bindparam("case_"), case_tip.c.left_at.is_(None))
    .order_by(tip.c.id)
)
# Only what still waits is decided, by somebody else than who prepared it: of two at once the second changes no row.
_waits = (hand_over.c.id == bindparam("id_")) & (hand_over.c.state == State.PREPARED.value)


def _row(row: Row[Any]) -> HandOver:  # Any: a row's values
    return HandOver(
        row.id, row.commune, row.number, row.version, row.series, row.receiver, Way(row.way), Format(row.format),
        tuple(Part(each) for each in row.parts.split(",") if each), State(row.state), row.note or "", row.content_sha256, row.sha256,
        row.term_days, row.due_at, row.prepared_by, row.prepared_at, row.decided_by, row.decided_at,
        date.fromisoformat(row.received_on) if row.received_on else None, row.received_by or "", row.preparer, row.decider, row.tips,
    )  # fmt: skip


async def count_of_year(connection: AsyncConnection, commune: str, year: int) -> int:
    """How many packages a commune has begun in a year."""
    return int((await connection.execute(_LAST, {"commune_": commune, "like_": f"CG-{year}-%"})).scalar_one())


async def add(connection: AsyncConnection, new: New, tips: Sequence[tuple[int, bool]], content: bytes) -> int | None:
    """A prepared package with its tips: (tip, whether its informant's number goes along). Its id; None: the number is taken."""
    values = {
        "commune": new.commune, "number": new.number, "version": new.version, "series": new.series, "receiver": new.receiver,
        "way": new.way.value, "format": new.format.value, "parts": ",".join(new.parts), "state": State.PREPARED.value, "note": new.note,
        "content_sha256": new.content_sha256, "receipt": new.receipt, "term_days": new.term_days, "prepared_by": new.prepared_by,
        "prepared_at": new.prepared_at,
    }  # fmt: skip
    made = upsert(hand_over).values(**values).on_conflict_do_nothing().returning(hand_over.c.id)
    id_: int | None = (await connection.execute(made)).scalar()
    if id_ is None:
        return None
    items = [
        {"hand_over": id_, "tip": each, "commune": new.commune, "line": line, "is_named": int(is_named)}
        for line, (each, is_named) in enumerate(tips, 1)
    ]
    await connection.execute(insert(hand_over_item), items)
    await connection.execute(insert(hand_over_bytes).values(hand_over=id_, commune=new.commune, content=_text(content)))
    return id_


async def by_id(connection: AsyncConnection, id_: int) -> HandOver | None:
    """One package."""
    row = (await connection.execute(_ONE, {"id_": id_})).one_or_none()
    return None if row is None else _row(row)


async def by_receipt(connection: AsyncConnection, receipt: bytes) -> HandOver | None:
    """The package whose slip bears this code."""
    row = (await connection.execute(_ALL.where(hand_over.c.receipt == receipt))).one_or_none()
    return None if row is None else _row(row)


async def listed(connection: AsyncConnection, commune: str | None) -> list[HandOver]:
    """The newest packages of a commune (None: of all)."""
    wanted = _ALL if commune is None else _ALL.where(hand_over.c.commune == commune)
    return [_row(row) for row in await connection.execute(wanted.order_by(hand_over.c.id.desc()).limit(LISTED))]


async def late(connection: AsyncConnection, commune: str | None, now: int) -> int:
    """How many receipts are overdue."""
    wanted = _LATE if commune is None else _LATE.where(hand_over.c.commune == commune)
    return int((await connection.execute(wanted, {"now_": now})).scalar_one())


async def waiting(connection: AsyncConnection, commune: str | None, user_: int) -> int:
    """How many packages wait for this person's word: somebody else prepared them."""
    wanted = select(func.count()).where(hand_over.c.state == State.PREPARED.value, hand_over.c.prepared_by != user_)
    wanted = wanted if commune is None else wanted.where(hand_over.c.commune == commune)
    return int((await connection.execute(wanted)).scalar_one())


async def versions(connection: AsyncConnection, commune: str, number: str) -> int:
    """The highest version of a package."""
    found = select(func.max(hand_over.c.version)).where(hand_over.c.commune == commune, hand_over.c.number == number)
    return int((await connection.execute(found)).scalar_one() or 0)


async def items(connection: AsyncConnection, id_: int) -> list[Item]:
    """The tips of a package, in its order."""
    return [
        Item(row.tip, row.code, row.line, bool(row.is_named), Status(row.status) if row.status else None, row.words or "", row.answered_at)
        for row in await connection.execute(_ITEMS, {"id_": id_})
    ]


async def events(connection: AsyncConnection, id_: int) -> list[Event]:
    """What happened to a package, the first thing first."""
    return [Event(row.what, row.words or "", row.name, row.at) for row in await connection.execute(_EVENTS, {"id_": id_})]


async def content(connection: AsyncConnection, id_: int) -> bytes | None:
    """What was decided on; None: it was taken out since (its key is destroyed)."""
    found = select(hand_over_bytes.c.content).where(hand_over_bytes.c.hand_over == id_)
    return _bytes((await connection.execute(found)).scalar_one())


async def package(connection: AsyncConnection, id_: int) -> bytes | None:
    """The bytes that leave; None: nobody has decided yet, or they were taken out since."""
    found = select(hand_over_bytes.c.package).where(hand_over_bytes.c.hand_over == id_)
    return _bytes((await connection.execute(found)).scalar_one())


async def release(connection: AsyncConnection, id_: int, sha256: str, data: bytes, by: int, due_at: int, now: int) -> bool:
    """The second person's yes, with the bytes that leave; False: it does not wait any more, or this person prepared it."""
    decided = update(hand_over).where(_waits, hand_over.c.prepared_by != by)
    values = {"state": State.RELEASED.value, "sha256": sha256, "decided_by": by, "decided_at": now, "due_at": due_at}
    if (await connection.execute(decided.values(**values), {"id_": id_})).rowcount == 0:
        return False
    kept = update(hand_over_bytes).where(hand_over_bytes.c.hand_over == id_).values(package=_text(data))
    await connection.execute(kept)
    return True


async def refuse(connection: AsyncConnection, id_: int, by: int, now: int) -> bool:
    """The second person's no."""
    decided = update(hand_over).where(_waits, hand_over.c.prepared_by != by)
    return (await connection.execute(decided.values(state=State.REFUSED.value, decided_by=by, decided_at=now), {"id_": id_})).rowcount > 0


async def receive(connection: AsyncConnection, id_: int, on: date, by: str) -> bool:
    """Its receipt is back; False: it is already, or it never left."""
    done = update(hand_over).where(hand_over.c.id == id_, hand_over.c.state == State.RELEASED.value)
    return (await connection.execute(done.values(state=State.RECEIVED.value, received_on=on.isoformat(), received_by=by))).rowcount > 0


async def answer(connection: AsyncConnection, id_: int, answers: Mapping[int, tuple[Status, str]], now: int) -> None:
    """What the receiver said of tips, by tip."""
    for each, (status, words) in answers.items():
        mine = update(hand_over_item).where(hand_over_item.c.hand_over == id_, hand_over_item.c.tip == each)
        await connection.execute(mine.values(status=status.value, words=words, answered_at=now))


async def note(connection: AsyncConnection, id_: int, commune: str, what: str, words: str, by: int, now: int) -> None:
    """Something happened to a package; never changed."""
    await connection.execute(
        insert(hand_over_event).values(hand_over=id_, commune=commune, what=what, words=words or None, user=by, at=now)
    )


async def codes_of_case(connection: AsyncConnection, case: int) -> list[str]:
    """The tips that belong to a case now."""
    return [row.code for row in await connection.execute(_OF_CASE, {"case_": case})]


def _bytes(text: str | None) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if text else None
    except ValueError:  # words that stand where a value was erased
        return None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
