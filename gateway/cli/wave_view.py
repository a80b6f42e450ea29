"""How a wave looks on a screen: a block that stands still while its numbers run, a line for logs, an object for programs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from gateway.domain.cost import vnd
from gateway.domain.wave import WaveKind, WaveState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from gateway.services.progress import Standing
    from gateway.storage.waves import Wave

NAMED: Final = 3  # codes that are named beside a count
CODE: Final = 16  # characters of each: it is the carrier's word
BAR: Final = 40  # columns
NOT_SENT: Final = ("expired", "suppressed", "cancelled")


def row_of(wave: Wave) -> dict[str, object]:
    """A wave as JSON, without its words."""
    return {
        "wave": wave.name, "state": wave.state.value, "reason": wave.reason, "route": wave.route, "audience": wave.audience,
        "segments": wave.segments, "ramp_state": wave.ramp_state, "spent": wave.spent, "cost_ceiling": wave.cost_ceiling,
        "created_at": wave.created_at, "starts_at": wave.starts_at, "started_at": wave.started_at, "ended_at": wave.ended_at,
    }  # fmt: skip


def json_of(standing: Standing) -> dict[str, Any]:  # Any: JSON
    """All that the block shows, with plain numbers."""
    pace = {"used": round(standing.pace_used, 1), "allowed": standing.pace_allowed, "unit": standing.unit}
    more = {"messages": dict(standing.counts), "uncertain": dict(standing.uncertain), "failed": dict(standing.failed)}
    return {**row_of(standing.wave), **more, "pace": pace, "eta": standing.eta, "opens_at": standing.opens_at, "at": standing.at}


def line_of(standing: Standing, timezone: str) -> str:
    """One line, for a log or a pipe."""
    counts = standing.counts
    uncertain = f" ({_by_code(standing.uncertain)})" if standing.uncertain else ""
    parts = [
        f"{_clock(standing.at, timezone, '%H:%M:%S')} {standing.wave.name} {_state(standing)}: sent {counts['sent']:,}",
        f"delivered {counts['delivered']:,}",
        f"failed {counts['failed']:,}",
        f"uncertain {counts['uncertain']:,}{uncertain}",
        f"left {standing.left:,}",
    ]
    return "; ".join([", ".join(parts), _pace(standing), f"cost {_cost(standing)}", f"end {_end(standing, timezone)}"])


def block_of(standing: Standing, timezone: str) -> RenderableType:
    """The same lines in the same places whatever the numbers are, at most 80 columns wide."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    width = max(7, len(f"{standing.wave.audience:,}"))
    table = Table.grid(padding=(0, 2))
    table.add_column(width=10, no_wrap=True)
    table.add_column(width=width, no_wrap=True, justify="right")
    table.add_column(width=80 - 10 - width - 6, no_wrap=True, overflow="ellipsis")
    for label, number, note in _counted(standing):
        table.add_row(label, f"{number:,}", Text(note, style="dim"))
    facts = Table.grid(padding=(0, 2))
    facts.add_column(width=10, no_wrap=True)
    facts.add_column(width=66, no_wrap=True, overflow="ellipsis")
    for label, fact in (("pace", _pace(standing)), ("cost", _cost(standing)), ("end", _end(standing, timezone))):
        facts.add_row(label, Text(fact))
    away = standing.wave.audience - standing.left
    bar = Table.grid(padding=(0, 2))
    bar.add_row(
        ProgressBar(
            total=max(1, standing.wave.audience), completed=away, width=BAR, style="dim", complete_style="bold", finished_style="bold"
        ),
        f"{_percent(away, standing.wave.audience)}  {away:>{width},} of {standing.wave.audience:,}",
    )
    heading = Text.assemble((standing.wave.name, "bold"), f"  {_state(standing)}")
    way = Text(f"{standing.wave.segments:,} segments by {standing.wave.route}, {standing.wave.window}", style="dim")
    return Group(heading, way, Padding(bar, (1, 0)), table, Padding(facts, (1, 0, 0, 0)))


def _counted(standing: Standing) -> list[tuple[str, int, str]]:
    counts = standing.counts
    unsent = {state: counts[state] for state in NOT_SENT if counts[state]}
    return [
        ("queued", counts["queued"], ""),
        ("sending", counts["claimed"] + counts["sending"], ""),
        ("sent", counts["sent"], "taken by the carrier, no report yet"),
        ("delivered", counts["delivered"], ""),
        ("failed", counts["failed"], _by_code(standing.failed)),
        ("uncertain", counts["uncertain"], _by_code(standing.uncertain)),
        ("not sent", sum(unsent.values()), ", ".join(f"{state} {count:,}" for state, count in unsent.items())),
    ]


def _by_code(counts: Mapping[str, int]) -> str:
    """ "no answer 20, process died 11, others 3" """
    named = list(counts.items())[:NAMED]
    others = sum(counts.values()) - sum(count for _, count in named)
    words = [f"{code[:CODE]} {count:,}" for code, count in named]
    return ", ".join([*words, *([f"others {others:,}"] if others else [])])


def _state(standing: Standing) -> str:
    wave = standing.wave
    if wave.reason:
        return f"{wave.state.value}: {wave.reason}"
    return (
        f"{wave.state.value}, first part of a ramp" if wave.state is WaveState.RUNNING and wave.ramp_state == "trial" else wave.state.value
    )


def _pace(standing: Standing) -> str:
    allowed = f" of {standing.pace_allowed:,.1f} allowed" if standing.pace_allowed is not None else ", no limit"
    return f"{standing.pace_used:,.1f} {standing.unit}/s{allowed}"


def _cost(standing: Standing) -> str:
    wave = standing.wave
    if not standing.counts_money and not wave.spent:
        return "not counted, the route has no price"
    return f"{vnd(wave.spent)} of {vnd(wave.cost_ceiling)} approved" if wave.cost_ceiling is not None else f"{vnd(wave.spent)}, no ceiling"


def _end(standing: Standing, timezone: str) -> str:
    wave = standing.wave
    if wave.ended_at is not None and wave.state in (WaveState.DONE, WaveState.CANCELLED):
        return f"ended {_day_and_clock(wave.ended_at, standing.at, timezone)}"
    if wave.kind is WaveKind.PARTNER:
        return f"known to the partner who sends it; its counts: tinbao wave order {wave.name}"
    if standing.opens_at is not None:
        waiting = f"window shut until {_day_and_clock(standing.opens_at, standing.at, timezone)}"
        return f"{waiting}, then about {_day_and_clock(standing.eta, standing.at, timezone)}" if standing.eta else waiting
    if standing.eta is not None:
        return f"about {_day_and_clock(standing.eta, standing.at, timezone)}"
    return "not known" if wave.state is WaveState.RUNNING else f"{wave.state.value}, nothing is sent"


def _percent(part: int, whole: int) -> str:
    """Never 100 % before all of it."""
    return f"{part * 100 // whole if whole else 100:>3} %"


def _day_and_clock(at_ms: int, now_ms: int, timezone: str) -> str:
    """ "14:32", with the day where it is not today."""
    same = _clock(at_ms, timezone, "%Y-%m-%d") == _clock(now_ms, timezone, "%Y-%m-%d")
    return _clock(at_ms, timezone, "%H:%M" if same else "%Y-%m-%d %H:%M")


def _clock(at_ms: int, timezone: str, form: str) -> str:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone)).strftime(form)
