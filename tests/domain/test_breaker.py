"""The circuit breaker: a wall is left alone, and tried with one request at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.domain.breaker import LONGEST_MS, OPEN_MS, REFUSALS, Breaker, route_took
from gateway.domain.failure import Failure


def refused(times: int, now: int = 0, breaker: Breaker | None = None) -> Breaker:
    breaker = breaker or Breaker()
    for _ in range(times):
        breaker = breaker.after(taken=False, now=now)
    return breaker


def test_ten_refusals_in_a_row_open_it_for_half_a_minute():
    """The ninth does not."""
    assert refused(REFUSALS - 1).admits(0, 64) is None
    assert refused(REFUSALS).admits(0, 0) == 0
    assert refused(REFUSALS).admits(OPEN_MS - 1, 0) == 0
    assert refused(REFUSALS).admits(OPEN_MS, 0) == 1


def test_one_taken_in_between_begins_the_count_anew():
    assert refused(REFUSALS - 1, breaker=refused(REFUSALS - 1).after(taken=True, now=0)).closed


def test_answers_to_what_left_before_move_nothing():
    """64 were on the wire when it opened: their refusals don't make it longer, and one that was slow to be taken doesn't end it."""
    opened = refused(REFUSALS, now=1_000)
    assert refused(54, now=2_000, breaker=opened) == opened
    assert opened.after(taken=True, now=2_000) == opened


def test_a_taken_probe_closes_it():
    assert refused(REFUSALS).after(taken=True, now=OPEN_MS) == Breaker()


def test_each_refused_probe_doubles_the_wait_up_to_the_longest():
    """30 s, 60 s, then two minutes each."""
    breaker, waits = refused(REFUSALS), []
    for _ in range(80):
        now = breaker.open_until
        breaker = breaker.after(taken=False, now=now)
        waits.append(breaker.open_until - now)
    assert waits[:3] == [2 * OPEN_MS, LONGEST_MS, LONGEST_MS]
    assert max(waits) == LONGEST_MS


def test_a_probe_waits_for_what_is_still_on_the_wire():
    """A slow answer of before the opening would be taken for the probe's."""
    assert refused(REFUSALS).admits(OPEN_MS, 3) == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60_000))), st.integers(0, 1_000))
def test_a_closed_breaker_never_limits(answers, in_flight):
    """And it is closed unless the last ten answers that counted were refusals."""
    breaker, now, row = Breaker(), 0, 0
    for taken, wait in answers:
        now += wait
        row = row if now < breaker.open_until else 0 if taken else row + 1
        breaker = breaker.after(taken, now)
        assert breaker.closed is (row < REFUSALS)
        assert (breaker.admits(now, in_flight) is None) is breaker.closed


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        ([None], True),
        ([Failure.PERMANENT], True),
        ([Failure.UNROUTABLE], True),
        ([Failure.RETRYABLE], False),
        ([Failure.THROTTLED], None),
        ([Failure.MISCONFIGURED], None),
        ([Failure.RETRYABLE, None], True),  # a batch: the carrier took some
        ([Failure.RETRYABLE, Failure.THROTTLED], False),
        ([], None),
    ],
)
def test_what_an_answer_says_of_the_route(kinds, says):
    assert route_took(kinds) is says


class Route(RuleBasedStateMachine):
    """A dispatcher that sends whatever the breaker admits, over a carrier that answers late, in any order, as it likes."""

    def __init__(self):
        super().__init__()
        self.breaker, self.now, self.wire = Breaker(), 0, 0

    @rule(wanted=st.integers(1, 64))
    def send(self, wanted):
        """As many as are wanted and admitted; a half-open breaker lets one out onto an empty wire."""
        admitted = self.breaker.admits(self.now, self.wire)
        leaving = wanted if admitted is None else min(wanted, admitted)
        if leaving and not self.breaker.closed:
            assert (leaving, self.wire) == (1, 0)
            assert self.now >= self.breaker.open_until
        self.wire += leaving

    @precondition(lambda self: self.wire)
    @rule(taken=st.booleans(), times=st.integers(1, 12))
    def answer(self, taken, times):
        for _ in range(min(times, self.wire)):
            self.breaker = self.breaker.after(taken, self.now)
            self.wire -= 1

    @rule(wait=st.sampled_from([0, 1, 5_000, OPEN_MS - 1, OPEN_MS, LONGEST_MS]))
    def time_passes(self, wait):
        self.now += wait

    @invariant()
    def it_never_sleeps_for_ever(self):
        """With an empty wire, a probe may leave after the longest wait at the latest."""
        assert self.breaker.admits(self.now + LONGEST_MS, 0) in (None, 1)


TestRoute = Route.TestCase


@given(st.integers(0, 12), st.integers(0, 100_000))
def test_an_untouched_breaker_is_the_one_that_a_taken_answer_leaves_as_it_is(refusals: int, now: int):
    """Whoever passes it over for the sake of speed misses nothing."""
    breaker = refused(refusals, now)
    assert breaker.untouched == (breaker == Breaker())
    assert not breaker.untouched or breaker.after(taken=True, now=now) == breaker
