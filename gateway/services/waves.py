"""The life of a wave: start, pause, resume, go on, cancel; each move is one transaction. Planning it is `planning`'s."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.cost import vnd
from gateway.domain.wave import WaveKind, WaveState
from gateway.services import approvals, planning
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage import wave_mts, waves
from gateway.storage.database import Database
from gateway.storage.waves import Wave

BY_RAMP: Final = "ramp: "  # how the reason begins when the ramp paused a wave
BY_HAND: Final = "by hand"
HAND_BACK_S: Final = 3.0  # a dispatcher that lives hands back what it claimed within its next turn


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What `cancel` did. `cancelled`: MTs that will not go; `held`: still with a dispatcher, which ends them or has sent them."""

    wave: Wave
    cancelled: int
    held: int
    counts: Mapping[str, int]


async def start(database: Database, routes: Sequence[Route], name: str, now: int) -> Wave:
    """planned or approved -> running. Raises Refusal: unknown, in another state, its route not enabled, not approved as it stands now."""

    async def unit(connection: AsyncConnection) -> Wave:
        wave = await _locked(connection, name)
        _need_own(wave, f"hand the order over: tinbao wave order {name}")
        if wave.state is WaveState.PLANNING:
            raise Refusal(f"wave {name} is not planned to its end; wait for `tinbao wave plan`, or run it again with the same --id")
        if wave.state not in (WaveState.PLANNED, WaveState.APPROVED):
            raise Refusal(_not_so(wave, "started"))
        _need_route(routes, wave)
        await approvals.require(connection, wave, routes, now)
        return await _moved(connection, wave, WaveState.RUNNING, now)

    return await database.write(unit)


async def pause(database: Database, name: str, now: int, why: str = "") -> Wave:
    """running -> paused: what is on the wire is settled, nothing more departs. Raises Refusal."""

    async def unit(connection: AsyncConnection) -> Wave:
        wave = await _locked(connection, name)
        _need_own(wave, "ask the partner to stop it")
        if wave.state is not WaveState.RUNNING:
            raise Refusal(_not_so(wave, "paused"))
        return await _moved(connection, wave, WaveState.PAUSED, now, f"{BY_HAND}: {why}" if why else BY_HAND)

    return await database.write(unit)


async def resume(database: Database, routes: Sequence[Route], name: str, now: int) -> Wave:
    """paused -> running. For a wave that its ramp paused this is the person's word: the rest follows. Raises Refusal."""

    async def unit(connection: AsyncConnection) -> Wave:
        wave = await _locked(connection, name)
        _need_own(wave, "ask the partner to go on")
        if wave.state is not WaveState.PAUSED:
            raise Refusal(_not_so(wave, "resumed"))
        _need_money(_need_route(routes, wave), wave)
        await approvals.require(connection, wave, routes, now)  # a route may have been changed meanwhile
        if _paused_by_ramp(wave):
            await wave_mts.set_ramp(connection, wave.id, waves.PASSED, None)
        return await _moved(connection, wave, WaveState.RUNNING, now)

    return await database.write(unit)


async def go_on(database: Database, routes: Sequence[Route], name: str, now: int) -> Wave:
    """A person's word after the ramp: the rest of the wave follows its first part. Raises Refusal."""

    async def unit(connection: AsyncConnection) -> Wave:
        wave = await _locked(connection, name)
        if wave.state not in (WaveState.RUNNING, WaveState.PAUSED):
            raise Refusal(_not_so(wave, "let go on"))
        if wave.ramp_state != waves.ASKING:
            raise Refusal(f"wave {name} asks for no word: {_ramp_words(wave)}; tinbao wave show {name}")
        if wave.state is WaveState.PAUSED and not _paused_by_ramp(wave):
            raise Refusal(_not_so(wave, "let go on"))
        _need_money(_need_route(routes, wave), wave)
        await approvals.require(connection, wave, routes, now)  # a route may have been changed meanwhile
        await wave_mts.set_ramp(connection, wave.id, waves.PASSED, None)
        if wave.state is WaveState.PAUSED:
            return await _moved(connection, wave, WaveState.RUNNING, now)
        return await _locked(connection, name)

    return await database.write(unit)


async def cancel(database: Database, name: str, now: int) -> Cancelled:
    """End a wave for good: first the wave, so that nothing more departs, then its queued MTs, 5,000 a transaction. Raises Refusal.

    What a dispatcher holds claimed goes back to the queue at its next turn and is cancelled with the rest; what is on the wire is sent.
    Interrupted half-way it is finished by `tidy`, or by the same command again.
    """

    async def unit(connection: AsyncConnection) -> Wave:
        wave = await _locked(connection, name)
        if wave.state is WaveState.DONE:
            raise Refusal(_not_so(wave, "cancelled"))
        if wave.state in (WaveState.CANCELLED, WaveState.PLANNING):
            return wave
        return await _moved(connection, wave, WaveState.CANCELLED, now, BY_HAND)

    wave = await database.write(unit)
    if wave.state is WaveState.PLANNING:  # nothing of it ever left, and its name is free again
        await planning.remove(database, wave.id)
        return Cancelled(wave, 0, 0, await _counts(database, wave.id))
    ended = await _cancel_mts(database, wave.id)
    clock = asyncio.get_running_loop().time
    deadline = clock() + HAND_BACK_S
    while ((counts := await _counts(database, wave.id))["queued"] or counts["claimed"]) and clock() < deadline:
        await asyncio.sleep(0.05)
        ended += await _cancel_mts(database, wave.id)
    return Cancelled(wave, ended, counts["claimed"] + counts["sending"], counts)


async def tidy(database: Database, now: int) -> None:
    """Upkeep's round. Cancelled waves: end what dispatchers handed back since, or an interrupted `cancel` left. Done waves: one whose
    lost answer turned out to be no (by a look-up, or a person's word) goes again."""
    async with database.read() as connection:
        cancelled = await wave_mts.with_queued(connection, WaveState.CANCELLED)
        done = await wave_mts.with_queued(connection, WaveState.DONE)
    for wave_id in cancelled:
        await _cancel_mts(database, wave_id)
    for wave_id in done:
        await database.write(lambda connection, wave_id=wave_id: waves.move(connection, wave_id, WaveState.RUNNING, now))  # type: ignore[misc]


async def _cancel_mts(database: Database, wave_id: int) -> int:
    ended = 0
    while some := await database.write(lambda connection: wave_mts.cancel_some(connection, wave_id)):
        ended += some
    return ended


async def _counts(database: Database, wave_id: int) -> dict[str, int]:
    async with database.read() as connection:
        return await wave_mts.by_state(connection, wave_id)


async def _locked(connection: AsyncConnection, name: str) -> Wave:
    await wave_mts.lock(connection, name)
    if (wave := await waves.find(connection, name)) is None:
        raise Refusal(f"there is no wave {name}; tinbao wave list shows all")
    return wave


async def _moved(connection: AsyncConnection, wave: Wave, to: WaveState, now: int, reason: str | None = None) -> Wave:
    if not await waves.move(connection, wave.id, to, now, reason):  # the table of moves has the last word
        raise Refusal(_not_so(wave, to.value))
    return await _locked(connection, wave.name)


def _need_own(wave: Wave, cure: str) -> None:
    if wave.kind is not WaveKind.OWN:
        raise Refusal(f"wave {wave.name} is sent by the partner; {cure}")


def _need_route(routes: Sequence[Route], wave: Wave) -> Route:
    route = next((route for route in routes if route.name == wave.route), None)
    if route is None:
        raise Refusal(f"wave {wave.name} goes by route {wave.route}, which is not enabled; enable it in gateway.toml")
    return route


def _need_money(route: Route, wave: Wave) -> None:
    """A wave at its approved cost would stop again at once."""
    if wave.cost_ceiling is not None and wave.spent + route.price_vnd > wave.cost_ceiling:
        raise Refusal(
            f"wave {wave.name} has spent {vnd(wave.spent)} of the {vnd(wave.cost_ceiling)} that were approved; plan a wave for the rest"
        )


def _paused_by_ramp(wave: Wave) -> bool:
    return wave.state is WaveState.PAUSED and (wave.reason or "").startswith(BY_RAMP)


_NEXT: Final[Mapping[WaveState, str]] = {
    WaveState.PLANNING: "wait for `tinbao wave plan`, or run it again with the same --id",
    WaveState.PLANNED: "tinbao wave approve {name}, then tinbao wave start {name}",
    WaveState.APPROVED: "tinbao wave start {name}",
    WaveState.RUNNING: "tinbao wave show {name}",
    WaveState.PAUSED: "tinbao wave resume {name}",
    WaveState.DONE: "plan a new one under another name",
    WaveState.CANCELLED: "plan a new one under another name",
}


def _not_so(wave: Wave, wanted: str) -> str:
    """Why it can't be `wanted`: where it stands, and what can be done from there; one sentence."""
    why = f" ({wave.reason})" if wave.reason else ""
    same = wave.state.value == {"started": "running", "resumed": "running"}.get(wanted, wanted)
    stands = f"{wave.state.value} already{why}" if same else f"{wave.state.value}{why} and can't be {wanted}"
    return f"wave {wave.name} is {stands}; {_NEXT[wave.state].format(name=wave.name)}"


def _ramp_words(wave: Wave) -> str:
    match wave.ramp_state:
        case None:
            return "it has no ramp"
        case waves.PASSED:
            return "its ramp is over"
        case _:
            return "its first part is not settled yet"
