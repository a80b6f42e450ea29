"""Reading the audit log: an administrator that of their commune, the province all of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.domain.permission import Action, Actor
from gateway.storage import audit, users
from gateway.storage.audit import Noted, Wanted
from gateway.storage.database import Database

PAGE = 100  # rows


@dataclass(frozen=True, slots=True)
class Pages:
    """A page of the log. `names`: of users by id; `more`: the id to go on below, None: that was all."""

    rows: list[Noted]
    names: Mapping[int, str]
    more: int | None


async def read(database: Database, actor: Actor, which: Wanted) -> Pages:
    """Rows that `actor` may see, the newest first. Raises Forbidden."""
    actor.need(Action.AUDIT_READ, which.commune)
    mine = which if which.commune is not None or actor.communes is None else replace(which, commune=actor.communes)
    async with database.read() as connection:
        rows = await audit.wanted(connection, mine, PAGE + 1)
        names = {each.id: each.name for each in await users.everybody(connection)}
    return Pages(rows[:PAGE], names, rows[PAGE - 1].id if len(rows) > PAGE else None)


async def kinds(database: Database, actor: Actor) -> list[str]:
    """The actions there are, for the filter. Raises Forbidden."""
    actor.need(Action.AUDIT_READ)
    async with database.read() as connection:
        return list(await audit.actions(connection))
