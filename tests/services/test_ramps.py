"""Ramps with real rows: the first part's reports let the rest follow, stop the wave with its numbers, or ask a person."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from gateway.domain.ramp import Ramp
from gateway.domain.wave import WaveState
from gateway.services import ramps, waves
from gateway.services.ramps import mind_ramps
from gateway.services.routes import Route
from gateway.storage.database import Database
from gateway.storage.schema import mt
from tests.services.people import NOW, route
from tests.services.wave_rows import make_wave, mt_row, the_wave

RAMP = Ramp(percent=10, abort_percent=10, wait_s=600)
REPORTING = replace(route(), account=replace(route().account, dlr_url="http://127.0.0.1:9/hooks/gia-lap/dlr?secret=s"))
LATER = NOW + 600_000
RUNNING, PAUSED = WaveState.RUNNING, WaveState.PAUSED


async def minded(database: Database, now: int, by: Route = REPORTING):
    await mind_ramps(database, (by,), lambda: now)
    wave = await the_wave(database)
    return wave.state, wave.ramp_state, wave.reason


@pytest.mark.parametrize(
    ("mts", "now", "expected"),
    [  # an audience of 1,000: the trial is 100 MTs
        ({"queued": 1_000}, NOW, (RUNNING, "trial", None)),
        ({"sent": 99, "queued": 901}, LATER, (RUNNING, "trial", None)),  # one of the trial has not left
        ({"sent": 99, "sending": 1, "queued": 900}, LATER, (RUNNING, "trial", None)),
        ({"sent": 60, "delivered": 40, "queued": 900}, NOW, (RUNNING, "trial", None)),  # reports may still come
        ({"delivered": 100, "queued": 900}, NOW, (RUNNING, "passed", None)),
        ({"sent": 60, "delivered": 40, "queued": 900}, LATER, (RUNNING, "passed", None)),
        ({"delivered": 91, "failed": 9, "queued": 900}, NOW, (RUNNING, "passed", None)),
        ({"sent": 100, "queued": 900}, LATER, (RUNNING, "asking", "ramp: 100 sent, and no report came within 600 s")),
        ({"sent": 40, "delivered": 40, "failed": 9, "uncertain": 11, "queued": 900}, LATER,
         (PAUSED, "asking", "ramp: 9 of 49 failed (no code 9), limit 10 %")),
        ({"sent": 60, "failed": 14, "queued": 926}, NOW, (PAUSED, "asking", "ramp: 14 of 100 failed (no code 14), limit 10 %")),
        ({"delivered": 90, "failed": 10, "suppressed": 3, "queued": 897}, NOW, (RUNNING, "passed", None)),  # suppressed is not failed
        ({"suppressed": 1_000}, NOW, (RUNNING, "asking", "ramp: nothing of the first part was sent")),
    ],
)  # fmt: skip
async def test_verdicts(database: Database, mts: dict[str, int], now: int, expected: tuple) -> None:
    await make_wave(database, mts=mts, state=RUNNING, ramp=RAMP)
    assert await minded(database, now) == expected


async def test_a_route_without_reports_asks(database: Database) -> None:
    """No hook for reports, no such carrier, or a route that is not enabled here: nothing tells whether it arrived."""
    await make_wave(database, mts={"sent": 100, "queued": 900}, state=RUNNING, ramp=RAMP)
    asked = (RUNNING, "asking", "ramp: 100 sent, and the route reports no deliveries")
    assert await minded(database, NOW, route()) == asked
    await make_wave(database, "b", mts={"sent": 100, "queued": 900}, state=RUNNING, ramp=RAMP, route="not-enabled")
    await mind_ramps(database, (REPORTING,), lambda: NOW)
    assert (await the_wave(database, "b")).ramp_state == "asking"


async def test_the_reason_names_the_codes(database: Database) -> None:
    """The three most frequent codes by name, the rest together; a carrier's long word is cut."""
    made = await make_wave(database, mts={"sent": 80, "queued": 900}, state=RUNNING, ramp=RAMP)
    codes = ["absent"] * 9 + ["barred"] * 5 + ["x" * 100] * 3 + ["full"] * 2 + ["other"]
    rows = [mt_row(made.id, "gia-lap", "failed", {"code": code}) for code in codes]
    await database.write(lambda connection: connection.execute(insert(mt), rows))
    state, _, reason = await minded(database, NOW)
    assert state is PAUSED
    assert reason == f"ramp: 20 of 100 failed (absent 9, barred 5, {'x' * 24} 3, others 3), limit 10 %"


@pytest.mark.parametrize("state", [WaveState.PLANNED, WaveState.PAUSED, WaveState.CANCELLED, WaveState.DONE])
async def test_only_running_waves_are_judged(database: Database, state: WaveState) -> None:
    """A person's pause is not overruled, nor is a wave judged that has not begun."""
    await make_wave(database, mts={"failed": 100, "queued": 900}, state=state, ramp=RAMP)
    assert (await minded(database, NOW))[:2] == (state, "trial")


async def test_after_the_word_it_is_judged_no_more(database: Database) -> None:
    await make_wave(database, mts={"failed": 50, "delivered": 50, "queued": 900}, state=RUNNING, ramp=RAMP)
    assert (await minded(database, NOW))[0] is PAUSED
    await waves.resume(database, (REPORTING,), "tri-an", NOW)
    assert await minded(database, NOW) == (RUNNING, "passed", None)


async def test_a_verdict_is_asked_again_with_the_row_locked(database: Database) -> None:
    """Between the look and the lock a person let it go on: what was seen before stops nothing."""
    await make_wave(database, mts={"failed": 50, "delivered": 50, "queued": 900}, state=RUNNING, ramp=RAMP, ramp_state="passed")
    await database.write(lambda connection: ramps._apply(connection, (REPORTING,), "tri-an", NOW))
    wave = await the_wave(database)
    assert (wave.state, wave.ramp_state) == (RUNNING, "passed")


async def test_a_wave_without_a_ramp(database: Database) -> None:
    await make_wave(database, mts={"failed": 100}, state=RUNNING)
    assert await minded(database, NOW) == (RUNNING, None, None)
