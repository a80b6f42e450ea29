"""Waves with MTs in chosen states, as rows: what tests of the life, the ramp and the standing of a wave begin with."""

from collections.abc import Mapping
from itertools import count

from sqlalchemy import insert, update

from gateway.domain.ramp import Ramp
from gateway.domain.wave import WaveState
from gateway.domain.window import Window
from gateway.storage import waves
from gateway.storage.database import Database
from gateway.storage.schema import mt, wave
from gateway.storage.waves import NewWave, Wave
from tests.services.people import NOW

_people = count(1)
WHOLE_DAY = Window(0, 0)


async def make_wave(
    database: Database, name: str = "tri-an", *, mts: Mapping[str, int] | None = None, state: WaveState = WaveState.PLANNED, **changes
) -> Wave:
    """A wave in `state` with so many MTs of each state. `changes`: columns of `wave`; `mt`: columns of its MTs; ramp: a Ramp."""
    of_mts = changes.pop("mt", {})
    ramp: Ramp | None = changes.pop("ramp", None)
    new = NewWave(
        name, "xa", changes.pop("route", "gia-lap"), {"vi": "Tri an"}, changes.pop("window", WHOLE_DAY), {}, ramp=ramp, planning="mine"
    )

    async def unit(connection) -> Wave:
        id_ = await waves.create(connection, new, NOW)
        assert id_ is not None
        made = mts or {}
        await waves.planned(connection, id_, "mine", sum(made.values()), sum(made.values()))
        values = {"state": state.value} | changes
        await connection.execute(update(wave).where(wave.c.id == id_).values(**values))
        found = await waves.find(connection, name)
        rows = [mt_row(id_, new.route, each, of_mts) for each, many in made.items() for _ in range(many)]
        for start in range(0, len(rows), 5_000):
            await connection.execute(insert(mt), rows[start : start + 5_000])
        assert found is not None
        return found

    return await database.write(unit)


def mt_row(wave_id: int, route: str, state: str, more: Mapping[str, object]) -> dict[str, object]:
    """The columns of one MT to a person that nobody else is."""
    person = next(_people)
    left = state in ("sent", "delivered", "failed", "uncertain")
    return {
        "ref": f"R{person}", "wave": wave_id, "bidx": person.to_bytes(8, "big"), "msisdn": f"+84300{person:06d}", "parameters": "{}",
        "lane": 0, "route": route, "state": state, "due_at": 0, "expires_at": NOW + 86_400_000, "segments": 1, "created_at": NOW,
        "sent_at": NOW if left else None, "owner": "d-1" if state in ("claimed", "sending") else None, "code": None,
    } | dict(more)  # fmt: skip


async def the_wave(database: Database, name: str = "tri-an") -> Wave:
    async with database.read() as connection:
        found = await waves.find(connection, name)
    assert found is not None
    return found
