"""Why nothing moves, in one sentence a cause: what stands, since when, how many MTs wait, and what to do.

`examine` reads once; every cause is a function of what was read.
"""

import asyncio
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers import zalo, zalo_zns
from gateway.domain.cost import vnd
from gateway.domain.wave import WaveState
from gateway.services.routes import Route
from gateway.services.zalo_tokens import trouble
from gateway.storage import alerts, audit, duty, outbox, standing, wave_mts, waves
from gateway.storage.callbacks import Unheard, unheard
from gateway.storage.carrier_tokens import token_row
from gateway.storage.database import Database, now_us
from gateway.storage.outbox import RouteCondition
from gateway.storage.schema import NO_WAVE
from gateway.storage.standing import Queued, Reports, UncertainRow, WaveRow

DEAD_AFTER_MS: Final = 10_000  # five beats of a dispatcher
HOUR_MS: Final = 3_600_000
NO_REPORTS_MS: Final = HOUR_MS  # most reports come within minutes; an hour without any is the hook, not the phones
ENOUGH: Final = 20  # MTs without a report that say something
PHONES_OFF: Final = 20  # percent that may well never be reported on
SKEW_MS: Final = 2_000
DISK_PERCENT: Final = 5
DISK_BYTES: Final = 500_000_000  # free; of a large disk 5 % are enough once they are twenty times that


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the settings and the machine say. `disabled`: routes of gateway.toml that are switched off; `folders`: whose disks must not
    fill up, by what lies there; `spool`: the folder of hook calls that wait for the database."""

    routes: tuple[Route, ...]
    disabled: frozenset[str]
    timezone: str
    folders: Mapping[str, Path]
    spool: Path


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why something waits. `name`: for programs; `text`: one sentence with the remedy; `waiting`: MTs; times in epoch ms."""

    name: str
    text: str
    waiting: int = 0
    route: str | None = None
    wave: str | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """How long final reports of a route took, s, over the latest of them."""

    median_s: float
    p95_s: float
    count: int


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found. `queued`: MTs that wait, whatever for."""

    causes: tuple[Cause, ...]
    queued: int
    delays: Mapping[str, Delay]
    unmatched: int
    log: str = ""  # the end of the audit log, for paper: how many rows, and the beginning of the last hash


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was read, at the moment `now` (epoch ms, ours); `database_now` is the database's clock.

    `trials`: by wave, how many of a ramp's first part have left without a report, where all of it has left. `back_off`: by place, the code
    with which the next of what waits came back. `unreported`: by wave, (MTs sent, of them without a final report).
    """

    now: int
    database_now: int
    queue: tuple[Queued, ...]
    route_rows: Mapping[str, RouteCondition]
    waves: Mapping[int, WaveRow]
    beats: Mapping[str, int]
    uncertain: tuple[UncertainRow, ...]
    reports: Reports
    back_off: Mapping[tuple[str, int, int], str | None]
    trials: Mapping[int, int]
    unreported: Mapping[int, tuple[int, int]]
    spooled: tuple[int, int | None]
    disks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)  # by route, what is wrong with its tokens
    alerts: tuple[int, int | None] = (0, None)  # that nobody has taken, and since when
    on_duty: int = 0
    unheard: tuple[Unheard, ...] = ()  # clients that were not told what they should know

    def waiting(self, *, route: str | None = None, wave: int | None = None) -> int:
        """MTs queued there."""
        chosen = (each for each in self.queue if route in (None, each.route) and wave in (None, each.wave))
        return sum(each.count for each in chosen)


async def examine(database: Database, around: Surroundings, now: int) -> Examined:
    """Look at everything once."""
    spooled, disks = await asyncio.to_thread(_spooled, around.spool), await asyncio.to_thread(_disks, around.folders)
    found = await _read(database, around, now, spooled, disks)
    async with database.read() as connection:
        proof = await audit.prove(connection)
    causes = [*(cause for look in LOOKS for cause in look(found, around)), *_log(proof)]
    delays = {route: _delay(each) for route, each in found.reports.delays_ms.items()}
    return Examined(tuple(causes), found.waiting(), delays, found.reports.unmatched, proof.head.print_)


def _log(proof: audit.Proof) -> Iterator[Cause]:
    """The audit log, where somebody changed it behind our back."""
    if proof.broken is not None:
        where = f"row {proof.broken.row}" if proof.broken.row else "its end"
        remedy = "restore a backup from before beside it, compare, and ask who had the database"
        yield Cause("audit", f"the audit log was changed behind our back at {where}: {proof.broken.why}; {remedy}")


# --- reading ---


async def _read(
    database: Database, around: Surroundings, now: int, spooled: tuple[int, int | None], disks: Mapping[str, tuple[int, int]]
) -> Findings:
    async with database.read() as connection:
        database_now = await now_us(connection) // 1000
        queue = await standing.queue(connection, now)
        uncertain = await standing.uncertain(connection)
        named = ({each.wave for each in queue} | {each.wave for each in uncertain}) - {NO_WAVE}
        rows = await standing.waves_of(connection, named)
        waiting = [each for each in queue if each.wave != NO_WAVE and each.later and not each.due]
        back_off = {(each.route, each.lane, each.wave): await standing.refused_with(connection, each, now) for each in waiting}
        trials = {row.id: sent for row in rows.values() if (sent := await _on_trial(connection, row))}
        unreported = {}
        for row in await standing.waves_since(connection, now - 24 * HOUR_MS):
            counts = await wave_mts.by_state(connection, row.id)
            unreported[row.id] = (counts["sent"] + counts["delivered"] + counts["failed"], counts["sent"])
            rows[row.id] = row
        return Findings(
            now,
            database_now,
            tuple(queue),
            await standing.route_rows(connection),
            rows,
            await outbox.heartbeats(connection),
            tuple(uncertain),
            await standing.reports(connection),
            back_off,
            trials,
            unreported,
            spooled,
            disks,
            await _tokens_of(connection, around, database_now),
            await alerts.open_since(connection),
            len(await duty.everybody(connection)),
            tuple(await unheard(connection, now - HOUR_MS)),
        )


async def _tokens_of(connection: AsyncConnection, around: Surroundings, now: int) -> dict[str, str]:
    """What is wrong with the tokens of Zalo routes."""
    names = [route.name for route in around.routes if route.carrier.NAME == zalo.NAME]
    names += [  # one that sends with the tokens of the OA's route has none of its own
        route.name for route in around.routes if route.carrier.NAME == zalo_zns.NAME and await token_row(connection, route.name) is not None
    ]
    return {name: why for name in names if (why := await trouble(connection, name, now))}


async def _on_trial(connection: AsyncConnection, row: WaveRow) -> int:
    """How many MTs of a wave's first part have left and are not reported on; 0: it is not on trial, or some have not left."""
    if row.state is not WaveState.RUNNING or row.ramp_state != waves.TRIAL:
        return 0
    wave = await waves.find(connection, row.name)
    trial = await wave_mts.trial(connection, row.id, wave.ramp.trial(row.audience)) if wave and wave.ramp else None
    return trial.sent if trial and not trial.open else 0


def _spooled(folder: Path) -> tuple[int, int | None]:
    """(calls that wait in the spool, since when); blocks for the disk."""
    files = [*folder.glob("calls.spool"), *folder.glob("*.draining")] if folder.is_dir() else []
    try:
        calls = sum(file.read_bytes().count(b"\n") for file in files)
        return calls, min((round(file.stat().st_mtime * 1000) for file in files), default=None) if calls else None
    except OSError:  # drained between two looks
        return 0, None


def _disks(folders: Mapping[str, Path]) -> dict[str, tuple[int, int]]:
    """(bytes free, bytes in all) of the disk behind each folder that is there."""
    usages = {name: shutil.disk_usage(folder) for name, folder in folders.items() if folder.is_dir()}
    return {name: (usage.free, usage.total) for name, usage in usages.items()}


# --- causes ---


def _nobody_sends(found: Findings, around: Surroundings) -> Iterator[Cause]:
    waiting = found.waiting()
    latest = max(found.beats.values(), default=None)
    if not waiting or (latest is not None and found.database_now - latest < DEAD_AFTER_MS):
        return
    last = f"the last sign of life is from {_clock(latest, found.now, around.timezone)}" if latest else "no process has a sign of life"
    yield Cause("nobody-sends", f"no tinbao serve is sending: {last}; {_mts(waiting)} wait; start tinbao serve", waiting, since=latest)


def _routes(found: Findings, around: Surroundings) -> Iterator[Cause]:
    by_name = {route.name: route for route in around.routes}
    for name in sorted({each.route for each in found.queue} | (found.route_rows.keys() & by_name.keys())):
        waiting = found.waiting(route=name)
        if name not in by_name:
            if waiting:
                why = "is disabled" if name in around.disabled else "is not in gateway.toml"
                text = f"route {name} {why}; {_mts(waiting)} wait; enable it in gateway.toml, or cancel their wave"
                yield Cause("route-disabled", text, waiting, name)
        elif row := found.route_rows.get(name):
            yield from _of_route(found, around, by_name[name], row, waiting)


def _of_route(found: Findings, around: Surroundings, route: Route, row: RouteCondition, waiting: int) -> Iterator[Cause]:
    if row.hold_code is not None:
        since = _clock(row.held_at, found.now, around.timezone) if row.held_at else "some time"
        cure = f"correct gateway.toml or ask the carrier, then tinbao routes release {route.name}{_or_move(found, around, route, waiting)}"
        text = f"route {route.name} is held since {since}: {row.hold_code}; {_mts(waiting)} wait; {cure}"
        yield Cause("route-held", text, waiting, route.name, since=row.held_at)
    if _spent_up(found, around, route, row):
        spent, budget = vnd(row.spent_vnd), vnd(route.daily_budget_vnd)
        cure = "tomorrow they go on; a higher daily_budget_vnd in gateway.toml lets them go today"
        text = f"route {route.name} has spent {spent} of its daily budget of {budget}; {_mts(waiting)} wait; {cure}"
        yield Cause("daily-budget", text, waiting, route.name, until=row.paused_until or None)
    elif row.paused_until > found.now and waiting:
        until = _clock(row.paused_until, found.now, around.timezone)
        why = row.pause_why or "its carrier asked for it"
        text = f"route {route.name} is paused until {until}: {why}; {_mts(waiting)} wait; it goes on by itself"
        yield Cause("route-paused", text, waiting, route.name, until=row.paused_until)


def _or_move(found: Findings, around: Surroundings, route: Route, waiting: int) -> str:
    """The other way out of a hold: what was never sent goes by the next enabled route of its fallback that is not held too."""
    enabled = {each.name for each in around.routes}
    held = {name for name, row in found.route_rows.items() if row.hold_code is not None}
    onward = next((name for name in route.fallback if name in enabled and name not in held), None)
    return f", or move what was never sent: tinbao routes move {route.name} {onward}" if waiting and onward else ""


def _spent_up(found: Findings, around: Surroundings, route: Route, row: RouteCondition) -> bool:
    today = int(_local(found.now, around.timezone).strftime("%Y%m%d"))
    spent = row.spent_vnd if row.spent_day == today else 0
    return bool(route.daily_budget_vnd and route.price_vnd) and spent + route.price_vnd > route.daily_budget_vnd


def _tokens(found: Findings, around: Surroundings) -> Iterator[Cause]:
    for name, why in found.tokens.items():
        yield Cause("token", why, found.waiting(route=name), name)


def _waves(found: Findings, around: Surroundings) -> Iterator[Cause]:
    for id_, wave in sorted(found.waves.items()):
        if waiting := found.waiting(wave=id_):
            yield from _of_wave(found, around, wave, waiting)


def _of_wave(found: Findings, around: Surroundings, wave: WaveRow, waiting: int) -> Iterator[Cause]:
    name, wait = wave.name, f"{_mts(waiting)} wait"
    why = f" ({wave.reason})" if wave.reason else ""
    match wave.state:
        case WaveState.PLANNING:
            text = f"wave {name} is not planned to its end; {wait}; if nobody plans it now, run tinbao wave plan again with the same --id"
            yield Cause("wave-planning", text, waiting, wave.route, name)
        case WaveState.PLANNED:
            text = f"wave {name} is neither approved nor started; {wait}; tinbao wave approve {name}, then tinbao wave start {name}"
            yield Cause("wave-not-approved", text, waiting, wave.route, name)
        case WaveState.APPROVED:
            yield Cause(
                "wave-not-started", f"wave {name} is approved and not started; {wait}; tinbao wave start {name}", waiting, wave.route, name
            )
        case WaveState.PAUSED:
            yield _paused(found, around, wave, waiting, why)
        case WaveState.RUNNING:
            yield from _of_running(found, around, wave, waiting, why)
        case WaveState.CANCELLED | WaveState.DONE:
            cure = f"tinbao wave cancel {name} ends them" if wave.state is WaveState.CANCELLED else "a running tinbao serve lets them go"
            yield Cause("wave-over", f"wave {name} is {wave.state.value} and has {_mts(waiting)} queued; {cure}", waiting, wave.route, name)


def _paused(found: Findings, around: Surroundings, wave: WaveRow, waiting: int, why: str) -> Cause:
    price = next((route.price_vnd for route in around.routes if route.name == wave.route), 0)
    if wave.cost_ceiling is not None and price and wave.spent + price > wave.cost_ceiling:
        text = (
            f"wave {wave.name} has spent {vnd(wave.spent)} of its approved {vnd(wave.cost_ceiling)}; {_mts(waiting)} wait; "
            "plan and approve a wave for the rest"
        )
        return Cause("wave-at-its-cost", text, waiting, wave.route, wave.name)
    text = f"wave {wave.name} is paused{why}; {_mts(waiting)} wait; tinbao wave resume {wave.name}"
    return Cause("wave-paused", text, waiting, wave.route, wave.name)


def _of_running(found: Findings, around: Surroundings, wave: WaveRow, waiting: int, why: str) -> Iterator[Cause]:
    name, zone, now = wave.name, around.timezone, found.now
    if wave.starts_at > now:
        text = f"wave {name} starts at {_clock(wave.starts_at, now, zone)}; {_mts(waiting)} wait until then"
        yield Cause("wave-starts-later", text, waiting, wave.route, name, until=wave.starts_at)
    elif not wave.window.open_at(now, zone):
        opens = wave.window.opens_at(now, zone)
        text = f"wave {name} is outside its window {wave.window}; {_mts(waiting)} wait until {_clock(opens, now, zone)}"
        yield Cause("outside-window", text, waiting, wave.route, name, until=opens)
    elif wave.ramp_state == waves.ASKING:
        text = f"wave {name} asks for a person's word{why}; {_mts(waiting)} wait; tinbao wave go-on {name}, or tinbao wave cancel {name}"
        yield Cause("ramp-asks", text, waiting, wave.route, name)
    elif (sent := found.trials.get(wave.id)) is not None:
        text = f"wave {name} waits for reports on {_mts(sent)} of its first part; {_mts(waiting)} wait; tinbao wave show {name}"
        yield Cause("ramp-waits", text, waiting, wave.route, name)
    else:
        yield from _all_later(found, around, wave, waiting)


def _all_later(found: Findings, around: Surroundings, wave: WaveRow, waiting: int) -> Iterator[Cause]:
    """Everything that is left of a wave waits for its time: a cap, or a next attempt."""
    places = [each for each in found.queue if each.wave == wave.id]
    if any(each.due for each in places):
        return
    soonest = min((each.soonest for each in places if each.soonest), default=None)
    until = _clock(soonest, found.now, around.timezone) if soonest else "their time"
    codes = {code for each in places if (code := found.back_off.get((each.route, each.lane, each.wave)))}
    if codes:
        text = f"wave {wave.name}: {_mts(waiting)} were refused for now ({', '.join(sorted(codes))}) and go again from {until} on"
        yield Cause("all-refused", text, waiting, wave.route, wave.name, until=soonest)
    else:
        text = f"wave {wave.name}: {_mts(waiting)} are all capped until {until}: their people have had enough messages"
        yield Cause("all-capped", text, waiting, wave.route, wave.name, until=soonest)


def _uncertain(found: Findings, around: Surroundings) -> Iterator[Cause]:
    """Lost answers that no look-up will settle."""
    looked_at = {route.name for route in around.routes if route.on_lost_answer != "hold"}
    for each in found.uncertain:
        if not (count := each.count - (each.asked if each.route in looked_at else 0)):
            continue
        wave = found.waves.get(each.wave)
        cure = f"tinbao wave resolve {wave.name}" if wave else "a report may still settle them"
        of = f" of wave {wave.name}" if wave else ""
        text = f"{_mts(count)}{of} by route {each.route} had no answer and may have arrived; they wait for a person; {cure}"
        yield Cause("uncertain", text, count, each.route, wave.name if wave else None)


def _no_reports(found: Findings, around: Surroundings) -> Iterator[Cause]:
    """A route that should report and has gone quiet while much is unreported."""
    for route in around.routes:
        if not (route.carrier.CAPABILITIES.dlr and route.account.dlr_url):
            continue
        last = found.reports.last_at.get(route.name)
        mine = [wave for wave in found.waves.values() if wave.route == route.name and wave.id in found.unreported]
        old = [wave for wave in mine if (wave.started_at or found.now) <= found.now - NO_REPORTS_MS]
        sent = sum(found.unreported[wave.id][0] for wave in old)
        open_ = sum(found.unreported[wave.id][1] for wave in old)
        quiet = last is None or last <= found.now - NO_REPORTS_MS
        if quiet and open_ >= ENOUGH and open_ * 100 > PHONES_OFF * sent:
            hours = (found.now - (last or min(wave.started_at or found.now for wave in old))) // HOUR_MS
            since = f"has reported nothing for {hours} h" if last else f"has never reported anything, for {hours} h"
            cure = "check the report address at the carrier, base_url and hook_secret in gateway.toml"
            yield Cause(
                "no-reports", f"route {route.name} {since}; {_mts(open_)} are sent without a report; {cure}", open_, route.name, since=last
            )


def _unmatched(found: Findings, around: Surroundings) -> Iterator[Cause]:
    since = found.reports.unmatched_since
    if since is not None and since <= found.now - NO_REPORTS_MS:
        at = _clock(since, found.now, around.timezone)
        count = f"{found.reports.unmatched:,} reports"
        text = f"{count} belong to no message we know, the oldest came at {at}; another system may use the same account"
        yield Cause("unmatched-reports", text, since=since)


def _alerts(found: Findings, around: Surroundings) -> Iterator[Cause]:
    """An urgent tip that nobody has taken waits for a person as a queue waits for a route."""
    count, since = found.alerts
    if since is None:
        return
    at = _clock(since, found.now, around.timezone)
    urgent = f"{count:,} urgent tip{'' if count == 1 else 's'}"
    if found.on_duty:
        text = f"nobody has taken {urgent}, the oldest since {at}; whoever goes answers NHAN and its code, see tinbao tips list"
    else:
        text = f"{urgent} since {at} and nobody is on duty; put somebody on the list: tinbao duty add"
    yield Cause("alert", text, since=since)


def _callbacks(found: Findings, around: Surroundings) -> Iterator[Cause]:
    """Calls to outside systems that don't arrive."""
    for each in found.unheard:
        since = _clock(each.since, found.now, around.timezone)
        given_up = f"{each.dead:,} given up" if each.dead else ""
        tried = f"{each.late:,} still tried" if each.late else ""
        calls = " and ".join(filter(None, (given_up, tried)))
        again = f", then tinbao clients retry {each.client}" if each.dead else ""
        cure = f"put its address right (tinbao clients set {each.client}), or ask who keeps it{again}"
        text = f"client {each.client} can't be called since {since}: {each.why}; {calls}; {cure}"
        yield Cause("callbacks", text, since=each.since)


def _machine(found: Findings, around: Surroundings) -> Iterator[Cause]:
    calls, since = found.spooled
    if calls:
        at = _clock(since, found.now, around.timezone) if since else "some time"
        cure = "a running tinbao serve stores them by itself"
        text = f"the spool holds {calls:,} hook calls since {at} that the database could not take; {cure}"
        yield Cause("spool", text, since=since)
    for free, total in sorted(set(found.disks.values())):
        if free < DISK_BYTES or (free < 20 * DISK_BYTES and free * 100 < DISK_PERCENT * total):
            names = " and ".join(name for name, usage in found.disks.items() if usage == (free, total))
            text = f"the disk of {names} is nearly full: {free // 1_000_000:,} MB of {total // 1_000_000:,} MB are free; make room"
            yield Cause("disk", text)
    skew = found.database_now - found.now
    if abs(skew) > SKEW_MS:
        text = f"the database's clock is {abs(skew) / 1000:,.1f} s {'ahead of' if skew > 0 else 'behind'} this machine's; let NTP set both"
        yield Cause("clock", text)


LOOKS: Final = (_alerts, _nobody_sends, _routes, _tokens, _waves, _uncertain, _no_reports, _unmatched, _callbacks, _machine)


# --- words ---


def _delay(delays_ms: Sequence[int]) -> Delay:
    return Delay(median(delays_ms) / 1000, delays_ms[(len(delays_ms) - 1) * 95 // 100] / 1000, len(delays_ms))


def _mts(count: int) -> str:
    return f"{count:,} MT{'' if count == 1 else 's'}"


def _local(at_ms: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone))


def _clock(at_ms: int, now_ms: int, timezone: str) -> str:
    """ "10:02", with the day where it is not today."""
    at, now = _local(at_ms, timezone), _local(now_ms, timezone)
    return at.strftime("%H:%M" if at.date() == now.date() else "%Y-%m-%d %H:%M")
