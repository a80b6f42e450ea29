"""A ramp: what follows on the trial."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.ramp import Ramp, RampVerdict

WAIT, GO, ABORT, ASK = RampVerdict.WAIT, RampVerdict.GO, RampVerdict.ABORT, RampVerdict.ASK
RAMP = Ramp(percent=1, abort_percent=5, wait_s=600)
SENT_AT = 1_790_000_000_000
TOO_LATE = SENT_AT + 600_000
counts = st.integers(0, 300)


def decide(sent=0, delivered=0, failed=0, still_open=0, now=SENT_AT, has_dlr=True, ramp=RAMP) -> RampVerdict:
    return ramp.decide(sent=sent, delivered=delivered, failed=failed, open=still_open, last_sent_at=SENT_AT, now=now, has_dlr=has_dlr)


@pytest.mark.parametrize(
    ("percent", "audience", "trial"),
    [
        (1, 100_000, 1_000),
        (1, 99, 1),
        (1, 101, 2),
        (0.5, 1, 1),
        (1, 0, 0),
        (100, 7, 7),
        (1.1, 1_000, 11),
        (0.1, 1_000_000, 1_000),
        (33.3, 10, 4),
    ],
)
def test_the_trial_is_rounded_up_and_at_least_one(percent, audience, trial):
    assert Ramp(percent, 5, 600).trial(audience) == trial


@given(st.floats(0.01, 100), st.integers(1, 10**8))
def test_a_trial_is_a_part_of_the_audience(percent, audience):
    assert 1 <= Ramp(percent, 5, 600).trial(audience) <= audience


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        ({"still_open": 100}, WAIT),
        ({"sent": 99, "still_open": 1, "now": TOO_LATE}, WAIT),  # the wait begins when the last has left
        ({"delivered": 1}, GO),  # a trial of one
        ({"sent": 100}, WAIT),
        ({"sent": 1, "delivered": 99, "now": TOO_LATE - 1}, WAIT),
        ({"delivered": 95, "failed": 5}, GO),  # at the limit is not above it
        ({"delivered": 94, "failed": 6}, ABORT),
        ({"sent": 94, "failed": 6}, ABORT),  # the rest may arrive: it is too many all the same
        ({"failed": 2, "still_open": 98}, WAIT),  # 2 % of the trial, though all of those that have an end
        ({"failed": 6, "still_open": 94}, ABORT),  # the other 94 need not be spent on it
        ({"sent": 20, "delivered": 80, "now": TOO_LATE}, GO),
        ({"sent": 96, "delivered": 1, "failed": 3, "now": TOO_LATE}, ABORT),  # 3 of the 4 that were heard of
        ({"sent": 100, "now": TOO_LATE}, ASK),  # not one report: the hook may be wrong
        ({"sent": 97, "failed": 3, "now": TOO_LATE}, ASK),  # refusals only: nothing says that the others arrived
        ({"sent": 100, "has_dlr": False}, ASK),
        ({"sent": 90, "failed": 10, "has_dlr": False}, ABORT),  # refused at once: no report is needed
        ({"sent": 50, "still_open": 50, "has_dlr": False}, WAIT),
        ({}, ASK),  # all of the trial opted out or capped: it has shown nothing
    ],
)
def test_what_follows(case, verdict):
    """`abort_percent` 5, `wait_s` 600, a trial of 100."""
    assert decide(**case) is verdict


def test_without_any_tolerance_one_failure_stops_it():
    assert decide(delivered=100, ramp=Ramp(1, 0, 600)) is GO
    assert decide(delivered=99, failed=1, ramp=Ramp(1, 0, 600)) is ABORT


@given(counts, counts, counts, counts, st.integers(0, 10**9), st.booleans(), st.floats(0, 100))
def test_the_law_of_the_ramp(sent, delivered, failed, still_open, waited, has_dlr, abort):
    """It never goes on with one in the queue, with too many failed, unheard or unasked; and once all is over it never waits."""
    ramp = Ramp(1, abort, 600)
    verdict = decide(sent, delivered, failed, still_open, SENT_AT + waited, has_dlr, ramp)
    trial = sent + delivered + failed + still_open
    if verdict is GO:
        assert not still_open
        assert has_dlr
        assert failed <= abort / 100 * trial + 1e-9
        assert delivered or not sent
        assert not sent or waited >= 600_000
    if verdict is ABORT:
        assert failed
    if not still_open and (waited >= 600_000 or not sent):
        assert verdict is not WAIT


@given(counts, counts, counts, counts, st.integers(1, 50))
def test_one_more_failure_never_turns_stop_into_go(sent, delivered, failed, still_open, more):
    """Of the same trial."""
    if decide(sent + more, delivered, failed, still_open, TOO_LATE) is ABORT:
        assert decide(sent, delivered, failed + more, still_open, TOO_LATE) is ABORT


@pytest.mark.parametrize("bad", [(0, 5, 1), (101, 5, 1), (1, -1, 1), (1, 101, 1), (1, 5, -1)])
def test_an_impossible_ramp_is_refused(bad):
    with pytest.raises(ValueError, match="a ramp is"):
        Ramp(*bad)
