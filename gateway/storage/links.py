"""Scans: visits of people through printed codes. Nothing of the visitor is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import scan


@dataclass(frozen=True, slots=True)
class Scan:
    """One visit; `placement` is None where only the village is known. `at`: epoch ms."""

    village: str
    placement: str | None
    at: int


async def add_scans(connection: AsyncConnection, scans: Sequence[Scan]) -> None:
    """Store visits."""
    await connection.execute(insert(scan), [{"village": each.village, "placement": each.placement, "at": each.at} for each in scans])


async def scans_by_village(connection: AsyncConnection) -> dict[str, int]:
    """How many visits each village had."""
    found = await connection.execute(select(scan.c.village, func.count()).group_by(scan.c.village))
    return {row[0]: row[1] for row in found}
