"""What the audit log says, opened."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from gateway.storage.database import Database
from gateway.storage.schema import audit


@dataclass(frozen=True, slots=True)
class Noted:
    """A row. `detail`: its JSON."""

    user: int | None
    commune: str
    action: str
    object: str
    detail: dict[str, Any]


async def audited(database: Database) -> list[Noted]:
    """All rows, the oldest first."""
    async with database.read() as connection:
        rows = await connection.execute(select(audit).order_by(audit.c.id))
        return [Noted(row.user, row.commune, row.action, row.object, json.loads(row.detail or "{}")) for row in rows]
