"""Ramps: the first part of a wave has gone; its reports let the rest follow, stop the wave, or ask a person (`domain/ramp.py`)."""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.ramp import Ramp, RampVerdict
from gateway.domain.wave import WaveState
from gateway.services.routes import Route
from gateway.services.waves import BY_RAMP
from gateway.storage import wave_mts, waves
from gateway.storage.database import Database
from gateway.storage.wave_mts import Trial
from gateway.storage.waves import Wave

NAMED: Final = 3  # codes that a reason names
CODE: Final = 24  # characters of each: it is the carrier's word


async def mind_ramps(database: Database, routes: Sequence[Route], clock: Callable[[], int]) -> None:
    """Look at every wave on trial and do what its reports say. Upkeep comes round with it; any number of processes may."""
    async with database.read() as connection:
        names = await wave_mts.on_trial(connection)
    for name in names:
        async with database.read() as connection:  # most rounds end here, without a writer's turn
            verdict = await _judge(connection, routes, name, clock())
        if verdict is not None:
            await database.write(lambda connection, name=name: _apply(connection, routes, name, clock()))  # type: ignore[misc]


async def _apply(connection: AsyncConnection, routes: Sequence[Route], name: str, now: int) -> None:
    await wave_mts.lock(connection, name)  # judged again with the row locked: a person may have paused it meanwhile
    judged = await _judge(connection, routes, name, now)
    if judged is None:
        return
    wave, ramp, verdict, trial = judged
    match verdict:
        case RampVerdict.GO:
            await wave_mts.set_ramp(connection, wave.id, waves.PASSED, None)
        case RampVerdict.ASK:
            await wave_mts.set_ramp(connection, wave.id, waves.ASKING, _why_asked(ramp, trial, _reports(routes, wave)))
        case RampVerdict.ABORT:
            reason = _why_stopped(ramp, trial)
            if await waves.move(connection, wave.id, WaveState.PAUSED, now, reason):
                await wave_mts.set_ramp(connection, wave.id, waves.ASKING, reason)


async def _judge(connection: AsyncConnection, routes: Sequence[Route], name: str, now: int) -> tuple[Wave, Ramp, RampVerdict, Trial] | None:
    """What follows for the wave; None: it waits, or is not on trial any more."""
    wave = await waves.find(connection, name)
    if wave is None or wave.ramp is None or wave.state is not WaveState.RUNNING or wave.ramp_state != waves.TRIAL:
        return None
    trial = await wave_mts.trial(connection, wave.id, wave.ramp.trial(wave.audience))
    verdict = wave.ramp.decide(
        sent=trial.sent,
        delivered=trial.delivered,
        failed=trial.failed,
        open=trial.open,
        last_sent_at=trial.last_sent_at,
        now=now,
        has_dlr=_reports(routes, wave),
    )
    return None if verdict is RampVerdict.WAIT else (wave, wave.ramp, verdict, trial)


def _reports(routes: Sequence[Route], wave: Wave) -> bool:
    """Whether the wave's route says what became of its MTs; one that is not enabled here says nothing."""
    route = next((route for route in routes if route.name == wave.route), None)
    return route is not None and route.carrier.CAPABILITIES.dlr and bool(route.account.dlr_url)


def _why_stopped(ramp: Ramp, trial: Trial) -> str:
    """ "ramp: 14 of 100 failed (absent 9, barred 5), limit 10 %" """
    whole = trial.sent + trial.settled + trial.open
    of = whole if trial.failed * 100 > ramp.abort_percent * whole else trial.settled
    named = [f"{code[:CODE]} {count}" for code, count in trial.failures[:NAMED]]
    others = trial.failed - sum(count for _, count in trial.failures[:NAMED])
    words = ", ".join([*named, *([f"others {others}"] if others else [])])
    return f"{BY_RAMP}{trial.failed:,} of {of:,} failed ({words}), limit {ramp.abort_percent:g} %"


def _why_asked(ramp: Ramp, trial: Trial, reports: bool) -> str:
    if not trial.sent + trial.settled:
        return f"{BY_RAMP}nothing of the first part was sent"
    if not reports:
        return f"{BY_RAMP}{trial.sent:,} sent, and the route reports no deliveries"
    return f"{BY_RAMP}{trial.sent:,} sent, and no report came within {ramp.wait_s:g} s"
