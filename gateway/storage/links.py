"""Scans: visits of people through printed codes. Nothing of the visitor is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert
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
