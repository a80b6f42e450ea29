"""Where a wave stands: what has left, what came back, how fast, for how much, and when it will be through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.eta import ends_at
from gateway.domain.message import OPEN, MtState
from gateway.domain.wave import WaveState
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage import wave_mts, waves
from gateway.storage.database import Database
from gateway.storage.wave_mts import Departed
from gateway.storage.waves import ASKING, Wave

SPAN_MS: Final = 10_000  # over which the pace is measured
ENDED: Final = (WaveState.DONE, WaveState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Standing:
    """A wave at the moment `at` (epoch ms). `counts`: MTs by state; `uncertain`, `failed`: by code, the most frequent first.

    `pace_used`: units a second over the last 10 s; `pace_allowed`: of the contract, or the wave's own below it, None: no limit; `unit`:
    segments, messages or requests. `counts_money`: whether the route has a price. `eta`: epoch ms, None: nobody can tell.
    """

    at: int
    wave: Wave
    counts: Mapping[str, int]
    uncertain: Mapping[str, int]
    failed: Mapping[str, int]
    pace_used: float
    pace_allowed: float | None
    unit: str
    counts_money: bool
    eta: int | None
    opens_at: int | None

    @property
    def left(self) -> int:
        """MTs that have not left, or have no answer yet."""
        return sum(self.counts[state.value] for state in OPEN)

    @property
    def over(self) -> bool:
        """Whether nothing more will change but by reports."""
        return self.wave.state in ENDED and not self.left


async def standing(database: Database, routes: Sequence[Route], name: str, now: int, timezone: str) -> Standing:
    """How wave `name` stands. Raises Refusal."""
    async with database.read() as connection:
        wave = await waves.find(connection, name)
        if wave is None:
            raise Refusal(f"there is no wave {name}; tinbao wave list shows all")
        counts = await wave_mts.by_state(connection, wave.id)
        uncertain = dict(await wave_mts.by_code(connection, wave.id, MtState.UNCERTAIN)) if counts["uncertain"] else {}
        failed = dict(await wave_mts.by_code(connection, wave.id, MtState.FAILED)) if counts["failed"] else {}
        departed = await wave_mts.departed(connection, wave.id, wave.route, now, SPAN_MS)
    route = next((route for route in routes if route.name == wave.route), None)
    unit = route.pace.unit if route else "segments"
    used, allowed = _units(departed, unit) * 1000 / departed.span_ms, _allowed(route, wave)
    waits = wave.state is WaveState.RUNNING and not wave.window.open_at(now, timezone)
    return Standing(
        now,
        wave,
        counts,
        uncertain,
        failed,
        used,
        allowed,
        unit,
        route is not None and route.price_vnd > 0,
        _eta(wave, counts, used or allowed or 0.0, unit, now, timezone),
        wave.window.opens_at(now, timezone) if waits else None,
    )


def _units(departed: Departed, unit: str) -> int:
    return {"segments": departed.segments, "messages": departed.messages, "requests": departed.requests}[unit]


def _allowed(route: Route | None, wave: Wave) -> float | None:
    """Units a second: the contract's, or the wave's own where that is lower."""
    contract = route.pace.limit / route.pace.per_s if route and route.pace.limit else None
    limits = [limit for limit in (contract, wave.pace_limit) if limit]
    return min(limits) if limits else None


def _eta(wave: Wave, counts: Mapping[str, int], rate: float, unit: str, now: int, timezone: str) -> int | None:
    """From what is left, at this rate, inside the window; a wave that waits for a person has none."""
    left = sum(counts[state.value] for state in OPEN)
    if wave.state is not WaveState.RUNNING or wave.ramp_state == ASKING or not left or not rate:
        return None
    units = left * wave.segments / wave.audience if unit == "segments" and wave.audience else left
    return ends_at(max(now, wave.starts_at), round(units * 1000 / rate), wave.window, timezone)
