"""Counters and gauges of one process, for Prometheus; they count and never name."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from gateway.services.dispatch import Dispatcher


class Metrics:
    """What `/metrics` on the desk's listener shows."""

    def __init__(self, dispatchers: Iterable[Dispatcher]) -> None:
        self._dispatchers = tuple(dispatchers)
        self._registry = CollectorRegistry()
        self._mt = Gauge("tinbao_mt", "MTs settled by this process since its start", ["route", "outcome"], registry=self._registry)
        self._outbox = Gauge("tinbao_outbox", "MTs in the database by state", ["state"], registry=self._registry)

    def render(self, outbox: Mapping[str, int]) -> bytes:
        """The text format; `outbox`: MTs by state."""
        for dispatcher in self._dispatchers:
            tally = dispatcher.tally
            for outcome, count in (
                ("sent", tally.sent),
                ("failed", tally.failed),
                ("uncertain", tally.uncertain),
                ("retried", tally.retried),
            ):
                self._mt.labels(dispatcher.route.name, outcome).set(count)
        for state, count in outbox.items():
            self._outbox.labels(state).set(count)
        return generate_latest(self._registry)
