"""What outside systems read: their own MTs, and their commune's tips with every number masked. Each reading of tips is noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.code import read_tip_code
from gateway.services.desk_tips.words import hidden_words, told
from gateway.storage import audit, client_rows
from gateway.storage.client_rows import OutsideTip, SentMt
from gateway.storage.clients import Client
from gateway.storage.database import Database

READ: Final = "client.tip_read"


@dataclass(frozen=True, slots=True)
class Shown:
    """A tip as it leaves. `text`: in one line, numbers masked; `fields`: what was drawn out of it, as the desk shows it, masked too."""

    row: OutsideTip = field(repr=False)
    text: str = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)


async def sent(database: Database, client: Client, after: int, limit: int, state: str | None) -> list[SentMt]:
    """MTs of `client` behind the one of id `after`, oldest first."""
    async with database.read() as connection:
        return await client_rows.messages(connection, client, after, limit, state)


async def sent_one(database: Database, client: Client, ref: str) -> SentMt | None:
    """The MT of `client` that bears this name."""
    async with database.read() as connection:
        return await client_rows.message(connection, client, ref)


async def tips(database: Database, client: Client, after: int, limit: int, now: int) -> tuple[list[Shown], bool]:
    """Tips of the client's commune behind the one of id `after`, as they were stored, and whether there are more.

    The page is noted before it is given out.
    """
    async with database.read() as connection:
        found = await client_rows.tips(connection, client.commune, after, limit + 1)
    page = found[:limit]
    await _note(database, client, page, now)
    return [_shown(each) for each in page], len(found) > limit


async def tip(database: Database, client: Client, code: str, now: int) -> Shown | None:
    """The tip that `code` names, as typed or read aloud, if it is of the client's commune; noted."""
    exact = read_tip_code(code)
    if exact is None:
        return None
    async with database.read() as connection:
        found = await client_rows.tip_by_code(connection, client.commune, exact)
    if found is None:
        return None
    await _note(database, client, [found], now)
    return _shown(found)


async def _note(database: Database, client: Client, read: Sequence[OutsideTip], now: int) -> None:
    detail = {"client": client.name, "tips": [each.code for each in read]}
    entry = audit.Entry(None, READ, f"client:{client.id}", detail, client.commune)

    async def unit(connection: AsyncConnection) -> None:
        await audit.note(connection, entry, now)

    await database.write(unit)


def _shown(row: OutsideTip) -> Shown:
    lines = told(row.text, row.fields, row.corrected).lines
    return Shown(row, hidden_words(row.text, row.fields), {line.name: line.value for line in lines if line.value})
