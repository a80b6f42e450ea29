"""Tips, DNA requests and questions as rows. DNA requests are a table of their own and in no tip export (field.md §2.4)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from sqlalchemy import bindparam, insert, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.new_rows import NewRows
from gateway.storage.schema import dna_request, mo, question, tip, tip_event
from gateway.storage.twice import change, in_one, read_rows, twice

NEW: Final = "new"
# Kinds of tip_event beside "received"; notes are sealed.
WRITTEN: Final = "written"  # staff wrote to the informant; the note is the text
CONSENT: Final = "consent"  # the note is its evidence
ATTACHMENT_REFUSED: Final = "attachment refused"


@dataclass(frozen=True, slots=True)
class NewTip:
    """A tip to store; `fields`: JSON of what the reading drew out."""

    code: str
    commune: str
    mo: int
    channel: str
    village: str | None
    placement: str | None
    bidx: bytes
    sender: str = field(repr=False)
    text: str = field(repr=False)
    fields: str = field(repr=False)
    urgent: str | None
    received_at: int
    state: str = NEW
    wave: int | None = None  # the wave it answers, where one can be told
    language: str = "vi"
    may_call: bool | None = None
    may_publish: bool | None = None


@dataclass(frozen=True, slots=True)
class NewDnaRequest:
    """A relative who registers for sampling."""

    code: str
    commune: str
    mo: int
    channel: str
    village: str | None
    sender: str = field(repr=False)
    text: str = field(repr=False)
    received_at: int


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """A question for the desk."""

    commune: str
    mo: int
    channel: str
    sender: str = field(repr=False)
    text: str = field(repr=False)
    received_at: int


@dataclass(frozen=True, slots=True)
class TipRow:
    """A stored tip as the desk reads it."""

    code: str
    channel: str
    village: str | None
    placement: str | None
    sender: str = field(repr=False)
    text: str = field(repr=False)
    fields: str | None = field(repr=False)
    urgent: str | None
    state: str
    received_at: int
    id: int
    language: str
    may_call: bool | None
    may_publish: bool | None


def _of(new: type[NewTip] | type[NewDnaRequest] | type[NewQuestion]) -> list[str]:
    return [each.name for each in fields(new)]


_TIPS: Final = NewRows(tip, *_of(NewTip))
_DNA: Final = NewRows(dna_request, *_of(NewDnaRequest))
_QUESTIONS: Final = NewRows(question, *_of(NewQuestion))
_RECEIVED: Final = twice(
    "INSERT INTO tip_event (tip, kind, at) SELECT id, 'received', received_at FROM tip WHERE mo {of_1} ORDER BY id"  # an MO has one tip
)
_IDS: Final = in_one("SELECT code, id FROM tip WHERE mo {of_1}", "code", "id")
_TAKEN: Final = in_one(
    "SELECT code FROM tip WHERE code {texts_1} UNION ALL SELECT code FROM dna_request WHERE code {texts_1}",
    "code",
)


async def add_tips(connection: AsyncConnection, tips: Sequence[NewTip]) -> dict[str, int]:
    """Store tips with their first event; their ids by code."""
    if not tips:
        return {}
    await _TIPS.add(connection, tips)
    mos = [new.mo for new in tips]
    await change(connection, _RECEIVED, mos)
    return {row[0]: row[1] for row in await read_rows(connection, _IDS, mos)}


async def add_dna_requests(connection: AsyncConnection, requests: Sequence[NewDnaRequest]) -> None:
    """Store registrations for sampling."""
    await _DNA.add(connection, requests)


async def add_questions(connection: AsyncConnection, questions: Sequence[NewQuestion]) -> None:
    """Store questions."""
    await _QUESTIONS.add(connection, questions)


async def free_codes(connection: AsyncConnection, make: Callable[[], str], count: int) -> list[str]:
    """`count` codes that neither a tip nor a DNA request has: 33 million codes collide sooner than one thinks."""
    free: list[str] = []
    while len(free) < count:
        drawn = list(dict.fromkeys(make() for _ in range(count - len(free))))
        taken = {row[0] for row in await read_rows(connection, _TAKEN, drawn)}
        free += [code for code in drawn if code not in taken and code not in free]
    return free


async def states(connection: AsyncConnection, codes: Collection[str]) -> list[tuple[str, str, int]]:
    """(code, state, received at) of those of `codes` that exist; a DNA request's state is "dna"."""
    if not codes:
        return []
    found = await connection.execute(
        union_all(
            select(tip.c.code, tip.c.state, tip.c.received_at).where(tip.c.code.in_(codes)),
            select(dna_request.c.code, literal("dna").label("state"), dna_request.c.received_at).where(dna_request.c.code.in_(codes)),
        )
    )
    return [(row[0], row[1], row[2]) for row in found]


async def code_of_mo(connection: AsyncConnection, mo: int) -> str | None:
    """The code that was given out for an MO."""
    found = await connection.execute(
        union_all(select(tip.c.code).where(tip.c.mo == mo), select(dna_request.c.code).where(dna_request.c.mo == mo))
    )
    return found.scalar()


async def ids_of(connection: AsyncConnection, codes: Collection[str]) -> dict[str, int]:
    """Ids of the tips with these codes."""
    return {row.code: row.id for row in await connection.execute(select(tip.c.code, tip.c.id).where(tip.c.code.in_(codes)))}


async def add_event(connection: AsyncConnection, tip_id: int, kind: str, note: str | None, at: int) -> None:
    """Something happened to a tip; events are never changed."""
    await connection.execute(insert(tip_event).values(tip=tip_id, kind=kind, note=note, at=at))


async def notes_of(connection: AsyncConnection, tip_id: int, kind: str) -> list[tuple[str, int]]:
    """(note, at) of a tip's events of one kind, the first one first; events without a note are left out."""
    found = select(tip_event.c.note, tip_event.c.at).where(tip_event.c.tip == tip_id, tip_event.c.kind == kind).order_by(tip_event.c.id)
    return [(row.note, row.at) for row in await connection.execute(found) if row.note is not None]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a tip: `note` the words, where there are any."""

    kind: str
    note: str | None = field(repr=False)
    at: int


async def events_of(connection: AsyncConnection, tip_id: int) -> list[Event]:
    """Everything that happened to a tip, the first thing first."""
    found = select(tip_event.c.kind, tip_event.c.note, tip_event.c.at).where(tip_event.c.tip == tip_id).order_by(tip_event.c.id)
    return [Event(*row) for row in await connection.execute(found)]


async def wrote(connection: AsyncConnection, tip_id: int, words: str, at: int) -> None:
    """Staff wrote to a tip's informant: an event, and until a day later the person's words join this tip."""
    await add_event(connection, tip_id, WRITTEN, words, at)
    await connection.execute(update(tip).where(tip.c.id == tip_id).values(written_at=at))


@dataclass(frozen=True, slots=True)
class Informant:
    """Whom staff write to about a tip. `route`, `channel`: by which it came; `sender`: E.164, or a name that no number stands behind."""

    tip: int
    code: str
    commune: str
    channel: str
    route: str
    bidx: bytes = field(repr=False)
    sender: str = field(repr=False)
    may_call: bool | None


_INFORMANT: Final = (
    select(tip.c.id, tip.c.code, tip.c.commune, tip.c.channel, mo.c.route, tip.c.bidx, tip.c.sender, tip.c.may_call)
    .join(mo, mo.c.id == tip.c.mo)
    .where(tip.c.code == bindparam("code_"))
)


async def informant(connection: AsyncConnection, code: str) -> Informant | None:
    """Who told the tip of this code."""
    row = (await connection.execute(_INFORMANT, {"code_": code})).one_or_none()
    return None if row is None else Informant(row[0], row[1], row[2], row[3], row[4], bytes(row[5]), row[6], row[7])


_COLUMNS: Final = [tip.c[each.name] for each in fields(TipRow)]
_LIST: Final = select(*_COLUMNS).order_by(tip.c.id)
_BY_CODE: Final = select(*_COLUMNS).where(tip.c.code == bindparam("code_"))


async def all_tips(connection: AsyncConnection) -> list[TipRow]:
    """Every tip, oldest first."""
    return [TipRow(*row) for row in await connection.execute(_LIST)]


async def tip_by_code(connection: AsyncConnection, code: str) -> TipRow | None:
    """One tip, or None."""
    row = (await connection.execute(_BY_CODE, {"code_": code})).one_or_none()
    return None if row is None else TipRow(*row)
