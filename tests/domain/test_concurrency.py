"""Concurrency follows the route: halved when answers take twice as long, 1 more a second otherwise."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.concurrency import ENOUGH, FLOOR_MS, MOST, Adaptive
from tests.cpu import least_cpu_s


def second(adaptive: Adaptive, now_ms: int, *latencies: float) -> int:
    """Note `latencies` and judge at `now_ms`."""
    for each in latencies:
        adaptive.note(each)
    return adaptive.limit(now_ms)


def steady(ceiling: int = 64, latency: float = 50.0) -> Adaptive:
    """After one second of answers that took `latency`."""
    adaptive = Adaptive(ceiling)
    adaptive.limit(0)
    assert second(adaptive, 1_000, *[latency] * 100) == ceiling
    return adaptive


def test_it_starts_at_the_ceiling_and_stays_there():
    """Nothing is known against it."""
    assert Adaptive(64).limit(0) == 64
    assert second(steady(), 2_000, *[60.0] * 100) == 64


def test_twice_the_latency_halves_it():
    """Just under twice does not; the baseline has drifted by 0.6 % in the second."""
    assert second(steady(), 2_000, *[99.0] * 100) == 64
    assert second(steady(), 2_000, *[101.0] * 100) == 32


def test_a_second_more_is_one_more():
    """Never above the ceiling; rare looks count the seconds."""
    adaptive = steady()
    assert second(adaptive, 2_000, *[200.0] * 100) == 32
    for at in range(3_000, 13_000, 1_000):
        limit = second(adaptive, at, *[50.0] * 100)
    assert limit == 42
    assert second(adaptive, 16_500, *[50.0] * 100) == 46
    assert second(adaptive, 17_000, *[50.0] * 100) == 47  # the half second was not lost
    assert second(adaptive, 3_600_000, *[50.0] * 100) == 64  # an hour of rest


def test_what_was_on_the_wire_at_a_halving_is_not_held_against_it_again():
    """64 answers of before still come in, as slow as those that led to it."""
    adaptive = steady()
    assert second(adaptive, 2_000, *[200.0] * ENOUGH) == 32
    assert second(adaptive, 3_000, *[200.0] * 64) == 32
    assert second(adaptive, 4_000, *[200.0] * ENOUGH) == 16


def test_a_few_answers_are_no_median():
    """A night with one reply a minute: an outlier proves nothing."""
    adaptive = steady()
    assert second(adaptive, 2_000, *[9_000.0] * (ENOUGH - 1)) == 64
    assert second(adaptive, 3_000, 9_000.0) == 32


def test_a_stall_of_our_own_is_not_the_carriers():
    """One turn in a second that kept all its answers waiting."""
    assert second(steady(), 2_000, *[50.0] * 600, *[900.0] * 64) == 64


def test_below_the_floor_nothing_is_slow():
    """2 ms to 30 ms: a loop that had more to do."""
    adaptive = steady(latency=2.0)
    assert second(adaptive, 2_000, *[2 * FLOOR_MS - 1] * 100) == 64
    assert second(adaptive, 3_000, *[2 * FLOOR_MS] * 100) == 32


def test_what_was_fast_long_ago_is_no_measure_for_ever():
    """One good second, two minutes of 90 ms: 150 ms are no more than usual then, and were too many before."""
    assert second(steady(), 2_000, *[150.0] * 100) == 32
    adaptive = steady()
    for at in range(2_000, 122_000, 1_000):
        second(adaptive, at, *[90.0] * 100)
    assert second(adaptive, 122_000, *[150.0] * 100) == 64


def test_a_second_has_one_verdict():
    """However many answers: 10,000 a second would else halve it to nothing within a hiccup."""
    adaptive = steady()
    assert [second(adaptive, at, *[500.0] * 1_000) for at in range(1_100, 2_000, 100)] == [64] * 9
    assert second(adaptive, 2_000, *[500.0] * 1_000) == 32


def test_what_nobody_looks_at_does_not_pile_up():
    """The samples of a second are bounded."""
    adaptive = steady()
    for _ in range(50_000):
        adaptive.note(50.0)
    assert len(adaptive._fresh) == MOST


def test_the_least_is_one():
    """A route that gets slower and slower is still tried, with one request at a time."""
    adaptive = steady(4)
    latency = 50.0
    for at in range(2_000, 20_000, 1_000):
        latency *= 3
        limit = second(adaptive, at, *[latency] * (ENOUGH + 4))
    assert limit == 1


def test_what_never_comes_back_does_not_let_it_grow():
    """Growth needs a verdict: with all requests hanging there is none."""
    adaptive = steady()
    assert second(adaptive, 2_000, *[500.0] * 100) == 32
    assert [adaptive.limit(at) for at in range(3_000, 60_000, 1_000)] == [32] * 57


@given(st.integers(-3, 200), st.lists(st.tuples(st.integers(0, 5_000), st.floats(0, 60_000), st.integers(0, 300)), max_size=60))
def test_always_between_one_and_the_ceiling(ceiling, seconds):
    """And it never grows by more than 1 a second, nor falls to less than half."""
    adaptive, now = Adaptive(ceiling), 0
    before, since = adaptive.limit(0), 0
    for wait, latency, answers in seconds:
        now += wait
        limit = second(adaptive, now, *[latency] * answers)
        assert 1 <= limit <= max(1, ceiling)
        assert limit >= before // 2
        if limit > before:
            assert limit - before <= (now - since) // 1_000 + 1
        before, since = limit, now if limit != before else since


# --- carriers ---


class Carrier:
    """Works on `width` requests at once, `base_ms` each; the rest waits in its queue, so latency grows with what is on the wire."""

    def __init__(self, width: int, base_ms: float, seed: int = 1) -> None:
        self.width, self.base_ms, self._chance = width, base_ms, Random(seed)

    def latency(self, on_the_wire: int) -> float:
        return self.base_ms * max(1.0, on_the_wire / self.width) * self._chance.uniform(0.9, 1.2)


def run(adaptive: Adaptive, carrier: Carrier, start_s: int, seconds: int) -> list[int]:
    """Limits, one a second, of a sender that always fills the wire."""
    limits = []
    for at in range(start_s, start_s + seconds):
        limit = adaptive.limit(at * 1_000)
        rate = min(2_000, max(1, round(limit * 1_000 / carrier.latency(limit))))
        for _ in range(rate):
            adaptive.note(carrier.latency(limit))
        limits.append(limit)
    return limits


def test_a_carrier_that_loses_most_of_its_workers_is_not_drowned():
    """64 wide, then 8: the queue is cut to a few times its width, and it stays busy; when it recovers so do we."""
    adaptive = Adaptive(64)
    assert set(run(adaptive, Carrier(64, 50.0), 0, 20)) == {64}
    narrow = run(adaptive, Carrier(8, 50.0), 20, 60)
    assert all(8 <= limit <= 32 for limit in narrow[15:])
    assert run(adaptive, Carrier(64, 50.0), 80, 70)[-1] == 64


def test_a_carrier_that_is_slower_for_good_is_accepted():
    """Three times slower whatever we do: not strangled in between, and back at the ceiling within two minutes."""
    adaptive = Adaptive(64)
    run(adaptive, Carrier(1_000, 50.0), 0, 20)
    slower = run(adaptive, Carrier(1_000, 150.0), 20, 120)
    assert min(slower) >= 8
    assert slower[-1] == 64


def test_ten_times_slower_is_accepted_in_minutes():
    adaptive = Adaptive(64)
    run(adaptive, Carrier(1_000, 50.0), 0, 20)
    slower = run(adaptive, Carrier(1_000, 500.0), 20, 240)
    assert min(slower) >= 1
    assert slower[-1] == 64


@pytest.mark.parametrize("rate", [2, 10, 40, 200])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chance_alone_does_not_halve_it(rate, seed):
    """Answers of a carrier whose slowest twentieth takes three times the median, 20 minutes long."""
    adaptive, chance = Adaptive(64), Random(seed)
    for at in range(1_200):
        assert adaptive.limit(at * 1_000) == 64
        for _ in range(rate):
            adaptive.note(300.0 * chance.lognormvariate(0, 0.67))


def test_an_answer_costs_next_to_nothing():
    """At 10,000 answers a second, with a look after each: under 3 % of a processor, in its own time, not the clock's."""

    def answered() -> None:
        adaptive, latency = Adaptive(64), 12.5
        for at in range(100_000):
            adaptive.note(latency)
            adaptive.limit(at // 10)

    assert least_cpu_s(answered, rounds=3) < 0.3
