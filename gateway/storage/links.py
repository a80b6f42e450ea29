"""What becomes of printed codes: visits by code and day, codes that were re-pointed or switched off, slips, reports of fakes.

Nothing of a visitor is stored, neither address nor time of day: a visit adds one to its code's day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import fake_report, link_override, mistyped, scan_count


class Visits(NamedTuple):
    """What visits are counted by. `placement`: the code in capitals where it was scanned, in small letters where it was typed or passed on,

    "" where only the village is known. `day`: yyyymmdd, local.
    """

    village: str
    placement: str
    day: int


@dataclass(frozen=True, slots=True)
class Override:
    """A printed code that no longer means what was printed. `target`: the code it leads to now; None: as printed.

    `disabled_at`: epoch ms from when it is switched off; None: it is in use.
    """

    code: str
    target: str | None
    disabled_at: int | None
    why: str
    changed_at: int


@dataclass(frozen=True, slots=True)
class Mistyped:
    """A code that leads nowhere, as it was typed: letters and digits only."""

    code: str
    at: int


@dataclass(frozen=True, slots=True)
class FakeReport:
    """What somebody tells of a poster that seems to be no poster of ours."""

    code: str | None
    words: str = field(repr=False)
    contact: str | None = field(repr=False)
    at: int


_seen = upsert(scan_count).values(
    village=bindparam("village_"), placement=bindparam("placement_"), day=bindparam("day_"), count=bindparam("count_")
)
_COUNT: Final = _seen.on_conflict_do_update(
    index_elements=["village", "placement", "day"], set_={"count": scan_count.c.count + _seen.excluded["count"]}
)
_OVERRIDES: Final = select(*link_override.c)
_changed = upsert(link_override).values(
    code=bindparam("code_"),
    target=bindparam("target_"),
    disabled_at=bindparam("disabled_at_"),
    why=bindparam("why_"),
    changed_at=bindparam("changed_at_"),
)
_CHANGE: Final = _changed.on_conflict_do_update(
    index_elements=["code"], set_={name: _changed.excluded[name] for name in ("target", "disabled_at", "why", "changed_at")}
)
_RESTORE: Final = delete(link_override).where(link_override.c.code == bindparam("code_"))


async def count_visits(connection: AsyncConnection, visits: Mapping[Visits, int]) -> None:
    """Add `visits` to their days: one row a code and day, however many came."""
    rows = [{"village_": v.village, "placement_": v.placement, "day_": v.day, "count_": n} for v, n in sorted(visits.items())]
    if rows:
        await connection.execute(_COUNT, rows)


async def add_mistyped(connection: AsyncConnection, slips: Sequence[Mistyped]) -> None:
    """Store codes that led nowhere."""
    if slips:
        await connection.execute(insert(mistyped), [{"code": each.code, "at": each.at} for each in slips])


async def add_fake_report(connection: AsyncConnection, report: FakeReport) -> None:
    """Store a report of a fake."""
    await connection.execute(insert(fake_report).values(code=report.code, words=report.words, contact=report.contact, at=report.at))


async def overrides(connection: AsyncConnection) -> dict[str, Override]:
    """All codes that were re-pointed or switched off, by code."""
    return {row.code: Override(*row) for row in await connection.execute(_OVERRIDES)}


async def change(connection: AsyncConnection, override: Override) -> None:
    """Re-point a code, or switch it off."""
    values = {"target": override.target, "disabled_at": override.disabled_at, "why": override.why, "changed_at": override.changed_at}
    await connection.execute(_CHANGE, {"code_": override.code, **{f"{name}_": value for name, value in values.items()}})


async def restore(connection: AsyncConnection, code: str) -> bool:
    """Let a code mean again what was printed; False: it did."""
    return (await connection.execute(_RESTORE, {"code_": code})).rowcount > 0
