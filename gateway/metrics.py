"""What `/metrics` shows, in Prometheus' text format: counts and never names. No number, no text, no code of a carrier is in a label."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway.services.census import LANES, Census, Waiting, WaveRow
from gateway.services.dispatch import Dispatcher, Tally

LANE_NAMES: Final = dict(zip(LANES, ("replies", "blasts"), strict=True))
QUANTILES: Final = (0.5, 0.95)
_NAME: Final = re.compile(r"(?!.*\d{7})[\w.-]{1,60}", re.ASCII)  # an operator may have named a wave after a person, or their number

# What a dispatcher counts: (its counter or gauge, help). `outcome` of MTs that were settled is a label.
OUTCOMES: Final = ("sent", "failed", "uncertain", "retried")
COUNTERS: Final = {
    "capped": ("tinbao_capped", "MTs that a cap made wait or ended, by this process"),
    "dropped": ("tinbao_dropped", "claimed MTs that ended before they left: too late, opted out, blocked, cancelled"),
    "units": ("tinbao_pace_units", "units of the route's pace (segments, messages or requests) that left; rate() of it is the pace used"),
    "requests": ("tinbao_requests", "requests written to the carrier"),
    "attempts": ("tinbao_attempts", "MTs in those requests"),
    "lost": ("tinbao_lost_answers", "requests whose answer did not come"),
    "turns": ("tinbao_turns", "turns, each one transaction"),
    "turn_s": ("tinbao_turn_seconds", "time that turns took"),
}
GAUGES: Final = {
    "latency_ms": ("tinbao_latency_seconds", "time to an answer, smoothed"),
    "limit": ("tinbao_concurrency_limit", "requests that may be on the wire at once, as it adapts"),
    "in_flight": ("tinbao_in_flight", "requests on the wire"),
    "waiting": ("tinbao_claimed", "MTs claimed and waiting for their slot"),
    "open_until": ("tinbao_breaker_open_seconds", "how long the breaker still keeps the route shut; 0: it is closed"),
}


class Metrics:
    """The numbers of this process's dispatchers, and of a census of the database."""

    def __init__(self, dispatchers: Iterable[Dispatcher]) -> None:
        self._dispatchers = tuple(dispatchers)

    def scrape(self, census: Census) -> bytes:
        """The text format."""
        return _text([*_of_dispatchers(self._dispatchers, census.taken_at), *_of_database(census)])


def _text(metrics: Sequence[Metric]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Once(metrics))
    return generate_latest(registry)


class _Once(Collector):
    """Metrics that are made anew for each look, so that a wave that is gone leaves nothing behind."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


# --- this process ---


def _of_dispatchers(dispatchers: Sequence[Dispatcher], now: int) -> Iterator[Metric]:
    settled = CounterMetricFamily("tinbao_settled", "MTs settled by this process, by outcome", labels=["route", "outcome"])
    allowed = GaugeMetricFamily("tinbao_pace_allowed", "units a second by contract; 0: no limit", labels=["route", "unit"])
    for each in dispatchers:
        pace = each.route.pace
        allowed.add_metric([each.route.name, pace.unit], pace.limit / pace.per_s)
        for outcome in OUTCOMES:
            settled.add_metric([each.route.name, outcome], getattr(each.tally, outcome))
    yield settled
    yield allowed
    for field in fields(Tally):
        if field.name in COUNTERS:
            name, said = COUNTERS[field.name]
            yield _filled(CounterMetricFamily(name, said, labels=["route"]), dispatchers, field.name, now)
        elif field.name in GAUGES:
            name, said = GAUGES[field.name]
            yield _filled(GaugeMetricFamily(name, said, labels=["route"]), dispatchers, field.name, now)


def _filled(family: CounterMetricFamily | GaugeMetricFamily, dispatchers: Sequence[Dispatcher], name: str, now: int) -> Metric:
    for each in dispatchers:
        family.add_metric([each.route.name], _in_base_units(name, getattr(each.tally, name), now))
    return family


def _in_base_units(name: str, value: float, now: int) -> float:
    """Seconds, as Prometheus has it."""
    if name == "latency_ms":
        return value / 1000
    return max(0.0, (value - now) / 1000) if name == "open_until" else value


# --- the database ---


def _of_database(census: Census) -> Iterator[Metric]:
    yield _of_outbox(census.by_state)
    yield _gauge("tinbao_uncertain", "MTs without an answer, by route", ["route"], [([route], n) for route, n in census.uncertain.items()])
    yield _gauge("tinbao_dispatching_processes", "processes with a sign of life", [], [([], census.dispatchers)])
    yield _gauge("tinbao_census_seconds", "how long it took to count the database", [], [([], census.took_s)])
    yield from _of_waves(census)
    yield from _of_queue(census.queue)
    yield from _of_routes(census)
    yield from _of_reports(census)


def _of_outbox(by_state: Mapping[str, int]) -> Metric:
    return _gauge("tinbao_outbox", "MTs in the database by state", ["state"], [([state], n) for state, n in by_state.items()])


def _of_waves(census: Census) -> Iterator[Metric]:
    rows = [([_wave(wave), wave.route if wave else "", state], n) for wave, states in census.by_wave for state, n in sorted(states.items())]
    yield _gauge("tinbao_mts", "MTs by wave (none: replies and direct sends), its route and state", ["wave", "route", "state"], rows)
    own = [wave for wave, _ in census.by_wave if wave is not None]
    labels = ["wave", "route"]
    segments = [([_wave(wave), wave.route], wave.segments) for wave in own]
    yield _gauge("tinbao_wave_segments", "segments of a whole wave", labels, segments)
    yield _gauge("tinbao_wave_spent_vnd", "what a wave has cost", labels, [([_wave(wave), wave.route], wave.spent) for wave in own])
    ceilings = [([_wave(wave), wave.route], wave.cost_ceiling) for wave in own if wave.cost_ceiling is not None]
    yield _gauge("tinbao_wave_ceiling_vnd", "what was approved for a wave", labels, ceilings)
    states = [([_wave(wave), wave.route, wave.state.value], 1) for wave in own]
    yield _gauge("tinbao_wave", "waves by state; always 1", [*labels, "state"], states)


def _of_queue(queue: Sequence[Waiting]) -> Iterator[Metric]:
    labels = ["route", "lane", "wave"]
    due = [([each.route, LANE_NAMES[each.lane], _wave(each.wave), when], n) for each in queue for when, n in _by_when(each)]
    yield _gauge("tinbao_queue", "MTs queued, those that may go by the clock and those whose time comes later", [*labels, "when"], due)
    ages = [([each.route, LANE_NAMES[each.lane], _wave(each.wave)], each.oldest_s) for each in queue]
    yield _gauge("tinbao_queue_oldest_seconds", "how long the first in line could have gone", labels, ages)


def _by_when(each: Waiting) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("now", each.due), ("later", each.later)


def _of_routes(census: Census) -> Iterator[Metric]:
    rows, now = sorted(census.routes.items()), census.taken_at
    held = [([name], int(row.hold_code is not None)) for name, row in rows]
    yield _gauge("tinbao_route_held", "1: held for the operator", ["route"], held)
    paused = [([name], max(0, row.paused_until - now) / 1000) for name, row in rows]
    yield _gauge("tinbao_route_paused_seconds", "how long nothing leaves yet", ["route"], paused)
    spent = [([name, str(row.spent_day)], row.spent_vnd) for name, row in rows]
    yield _gauge("tinbao_route_spent_vnd", "what a route has cost on its last day of sending", ["route", "day"], spent)


def _of_reports(census: Census) -> Iterator[Metric]:
    found, now = census.reports, census.taken_at
    delays = [([route, str(q)], _quantile(each, q) / 1000) for route, each in sorted(found.delays_ms.items()) for q in QUANTILES]
    yield _gauge("tinbao_report_delay_seconds", "from sending to the final report, over the latest of them", ["route", "quantile"], delays)
    ages = [([route], max(0, now - at) / 1000) for route, at in sorted(found.last_at.items())]
    yield _gauge("tinbao_report_last_seconds", "since the last report", ["route"], ages)
    yield _gauge("tinbao_reports_unmatched", "reports that belong to no MT", [], [([], found.unmatched)])
    since = found.unmatched_since
    yield _gauge("tinbao_reports_unmatched_oldest_seconds", "age of the oldest of them", [], [([], (now - since) / 1000 if since else 0)])


def _gauge(name: str, said: str, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, said, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _quantile(ascending: Sequence[int], share: float) -> float:
    return ascending[int((len(ascending) - 1) * share)]


def _wave(wave: WaveRow | None) -> str:
    """A wave's name where it can't hold a person's number or words; else its id. "": no wave."""
    if wave is None:
        return ""
    return wave.name if _NAME.fullmatch(wave.name) else f"#{wave.id}"
