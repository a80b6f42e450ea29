"""Where a wave stands: counts, pace over the last ten seconds, end inside the window, cost."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from gateway.domain.pace import Pace
from gateway.domain.wave import WaveState
from gateway.domain.window import Window
from gateway.services.progress import Standing, standing
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage.database import Database
from gateway.storage.schema import mt
from tests.services.people import NOW, route
from tests.services.wave_rows import make_wave

ZONE = "Asia/Ho_Chi_Minh"
BY = replace(route(), pace=Pace(100, 1.0, "segments"), price_vnd=300)


async def stands(database: Database, by: Route = BY, now: int = NOW) -> Standing:
    return await standing(database, (by,), "tri-an", now, ZONE)


async def test_counts_by_state_and_code(database: Database) -> None:
    await make_wave(
        database, mts={"queued": 4, "sent": 3, "failed": 2, "uncertain": 1}, state=WaveState.RUNNING, mt={"code": "x"}, spent=900
    )
    found = await stands(database)
    assert {state: n for state, n in found.counts.items() if n} == {"queued": 4, "sent": 3, "failed": 2, "uncertain": 1}
    assert (found.failed, found.uncertain, found.left, found.over) == ({"x": 2}, {"x": 1}, 4, False)
    assert (found.wave.spent, found.counts_money) == (900, True)


@pytest.mark.parametrize(("unit", "used"), [("segments", 6.0), ("messages", 3.0), ("requests", 1.5)])
async def test_pace_of_the_last_ten_seconds(database: Database, unit: str, used: float) -> None:
    """30 MTs of two segments in 15 requests left in the last ten seconds; those before don't count."""
    await make_wave(database, mts={"sent": 40, "queued": 50}, state=WaveState.RUNNING, mt={"segments": 2})
    ids = await _ids(database)

    async def unit_of_work(connection) -> None:
        await connection.execute(update(mt).where(mt.c.id.in_(ids[:10])).values(sent_at=NOW - 10_001))
        for first in range(0, 40, 2):
            await connection.execute(update(mt).where(mt.c.id.in_(ids[first : first + 2])).values(request=f"Q{first}"))

    await database.write(unit_of_work)
    assert (await stands(database, replace(BY, pace=Pace(100, 1.0, unit)))).pace_used == used


async def _ids(database: Database) -> list[int]:
    async with database.read() as connection:
        return list((await connection.scalars(mt.select().with_only_columns(mt.c.id).order_by(mt.c.id))).all())


@pytest.mark.parametrize(
    ("contract", "own", "allowed"),
    [
        (Pace(100), None, 100),
        (Pace(60, 60.0, "requests"), None, 1),
        (Pace(100), 20, 20),
        (Pace(10), 20, 10),
        (Pace(0), 20, 20),
        (Pace(0), None, None),
    ],
)
async def test_pace_allowed(database: Database, contract: Pace, own: int | None, allowed: float | None) -> None:
    """The contract's, or the wave's own below it."""
    await make_wave(database, mts={"queued": 1}, state=WaveState.RUNNING, pace_limit=own)
    assert (await stands(database, replace(BY, pace=contract))).pace_allowed == allowed


async def test_the_end_at_the_pace_used(database: Database) -> None:
    """100 MTs left in ten seconds, 200 are left: twenty seconds more. Nothing left yet: by the pace allowed."""
    await make_wave(database, mts={"sent": 100, "queued": 200}, state=WaveState.RUNNING)
    assert (await stands(database)).eta == NOW + 20_000
    assert (await stands(database, now=NOW + 60_000)).eta == NOW + 60_000 + 2_000


async def test_the_end_waits_for_the_window(database: Database) -> None:
    await make_wave(database, mts={"queued": 200}, state=WaveState.RUNNING, window=Window(7 * 60, 17 * 60))  # NOW is 17:26 there
    found = await stands(database)
    opens = Window(7 * 60, 17 * 60).opens_at(NOW, ZONE)
    assert (found.opens_at, found.eta) == (opens, opens + 2_000)


@pytest.mark.parametrize(
    "changes", [{"state": WaveState.PAUSED}, {"state": WaveState.PLANNED}, {"state": WaveState.RUNNING, "ramp_state": "asking"}]
)
async def test_no_end_where_a_person_is_waited_for(database: Database, changes: dict) -> None:
    await make_wave(database, mts={"queued": 2}, **changes)
    assert (await stands(database)).eta is None


async def test_a_wave_that_is_over(database: Database) -> None:
    await make_wave(database, mts={"delivered": 2}, state=WaveState.DONE, ended_at=NOW)
    found = await stands(database)
    assert (found.over, found.eta, found.pace_used) == (True, None, 0)


async def test_of_a_route_that_is_gone(database: Database) -> None:
    await make_wave(database, mts={"queued": 2}, state=WaveState.RUNNING, route="cu")
    found = await stands(database)
    assert (found.pace_allowed, found.counts_money) == (None, False)


async def test_an_unknown_wave(database: Database) -> None:
    with pytest.raises(Refusal, match="there is no wave tri-an"):
        await stands(database)
