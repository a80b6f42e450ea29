"""Requests of persons as rows: what they ask, by when it is answered, what was done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import person_request, person_request_event, user
from gateway.storage.seal import Keyring

OPEN: Final = ("new", "answered")
PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """A row. Times: epoch ms."""

    id: int
    commune: str
    kind: str
    channel: str
    bidx: bytes | None = field(repr=False)
    msisdn: str | None = field(repr=False)
    name: str | None = field(repr=False)
    words: str | None = field(repr=False)
    identity: str | None
    state: str
    received_at: int
    answer_by: int
    done_by: int
    extended_at: int | None
    answered_at: int | None
    closed_at: int | None
    answer: str | None = field(repr=False)
    user: int

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Step:
    """What was done of a request, by whom and when."""

    kind: str
    note: str | None = field(repr=False)
    who: str | None
    at: int


def _request(row: Row[tuple[object, ...]]) -> PersonRequest:
    return PersonRequest(**row._mapping)  # noqa: SLF001 # SQLAlchemy's public name for it


async def add(connection: AsyncConnection, values: Mapping[str, object]) -> int:
    """A new row; its id."""
    return int((await connection.execute(insert(person_request).values(**values).returning(person_request.c.id))).scalar_one())


async def find(connection: AsyncConnection, id_: int) -> PersonRequest | None:
    """The row `id_`."""
    row = (await connection.execute(select(person_request).where(person_request.c.id == id_))).one_or_none()
    return None if row is None else _request(row)


async def listed(connection: AsyncConnection, commune: str | None, *, is_open: bool) -> Sequence[PersonRequest]:
    """Those of a commune (None: all), the most pressing first; of closed ones the latest."""
    statement = select(person_request).limit(PAGE)
    if commune is not None:
        statement = statement.where(person_request.c.commune == commune)
    if is_open:
        statement = statement.where(person_request.c.state.in_(OPEN)).order_by(person_request.c.done_by, person_request.c.id)
    else:
        statement = statement.where(person_request.c.state.not_in(OPEN)).order_by(person_request.c.id.desc())
    return [_request(row) for row in await connection.execute(statement)]


async def count_open(connection: AsyncConnection, commune: str | None) -> int:
    """How many wait."""
    statement = select(func.count()).select_from(person_request).where(person_request.c.state.in_(OPEN))
    if commune is not None:
        statement = statement.where(person_request.c.commune == commune)
    return int(await connection.scalar(statement) or 0)


async def change(connection: AsyncConnection, id_: int, values: dict[str, object]) -> bool:
    """Change an open one; False: it was closed meanwhile."""
    statement = update(person_request).where(person_request.c.id == id_, person_request.c.state.in_(OPEN)).values(**values)
    return bool((await connection.execute(statement)).rowcount)


async def note_step(connection: AsyncConnection, id_: int, kind: str, note: str | None, who: int | None, at: int) -> None:
    """Add to the history, which is never changed."""
    values = {"request": id_, "kind": kind, "note": note, "user": who, "at": at}
    await connection.execute(insert(person_request_event).values(**values))


async def steps(connection: AsyncConnection, id_: int) -> list[Step]:
    """Its history, oldest first."""
    events = person_request_event
    rows = await connection.execute(
        select(events.c.kind, events.c.note, user.c.name, events.c.at)
        .select_from(events.outerjoin(user, user.c.id == events.c.user))
        .where(events.c.request == id_)
        .order_by(events.c.id)
    )
    return [Step(*row) for row in rows]


def blind(keyring: Keyring, e164: str) -> bytes:
    """By which a number is found again."""
    return keyring.blind(e164, "msisdn")
