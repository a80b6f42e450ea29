"""Fair turns: equal waves get equal segments, whatever a message of theirs takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.fair import FairShare


@dataclass
class Wave:
    """Segments of its MTs in the order of the queue; `backlog` MTs are there to claim."""

    id: int
    lengths: Callable[[], int]
    mean: float
    backlog: int = 10**9
    segments: int = 0

    def claim(self, count: int) -> list[int]:
        taken = [self.lengths() for _ in range(min(count, self.backlog))]
        self.backlog -= len(taken)
        self.segments += sum(taken)
        return taken


def turn(fair: FairShare, waves: Sequence[Wave], room: int) -> int:
    """One turn as a dispatcher does it: claim, book, and give what was left to those that have more. Returns the MTs claimed."""
    asked, left = list(waves), room
    while asked and left:
        short = set()
        for id_, count in fair.shares([(wave.id, wave.mean) for wave in asked], left):
            wave = next(each for each in asked if each.id == id_)
            lengths = wave.claim(count)
            fair.served(id_, sum(lengths), len(lengths))
            left -= len(lengths)
            if len(lengths) < count:
                short.add(id_)
        if not short:
            break
        asked = [wave for wave in asked if wave.id not in short]
    return room - left


def of_length(id_: int, length: int) -> Wave:
    return Wave(id_, lambda: length, float(length))


def mixed(id_: int, lengths: Sequence[int], seed: int) -> Wave:
    chance = Random(seed)
    return Wave(id_, lambda: chance.choice(lengths), sum(lengths) / len(lengths))


many_lengths = st.lists(st.lists(st.integers(1, 8), min_size=1, max_size=4), min_size=2, max_size=6)


@given(many_lengths, st.lists(st.integers(1, 400), min_size=1, max_size=7), st.integers(0, 99))
def test_equal_waves_get_equal_segments(lengths, rooms, seed):
    """± 10 % of each other once some hundred MTs have gone, in turns of any size."""
    waves = [mixed(number, each, seed + number) for number, each in enumerate(lengths)]
    fair = FairShare()
    sent = at = 0
    while sent < 300 * len(waves):
        sent += turn(fair, waves, rooms[at % len(rooms)])
        at += 1
    got = [wave.segments for wave in waves]
    mean = sum(got) / len(got)
    assert all(abs(each - mean) <= 0.1 * mean + 8 for each in got)


@given(many_lengths, st.integers(1, 50))
def test_the_counts_add_up_to_the_room(lengths, room):
    """No turn goes away unused, and nobody is offered less than one MT."""
    fair = FairShare()
    for _ in range(5):
        offers = fair.shares([(number, sum(each) / len(each)) for number, each in enumerate(lengths)], room)
        assert sum(count for _, count in offers) == room
        assert all(count > 0 for _, count in offers)
        for id_, count in offers:
            fair.served(id_, count * lengths[id_][0], count)


def test_one_mt_a_turn_goes_to_the_least_served():
    """A slow route: six segments of one wave, then six MTs of the other."""
    fair, waves = FairShare(), [of_length(1, 6), of_length(2, 1)]
    for _ in range(70):
        turn(fair, waves, 1)
    assert [wave.segments for wave in waves] == [60, 60]


def test_a_mean_that_misleads_is_put_right():
    """The first half of a wave's MTs are short ones, its mean says three segments."""
    fair, short, plain = FairShare(), Wave(1, lambda: 1, 3.0), of_length(2, 3)
    for _ in range(50):
        turn(fair, [short, plain], 100)
    assert short.segments == pytest.approx(plain.segments, rel=0.1)


def test_a_wave_that_joins_later_does_not_starve_the_others():
    """It starts where the least served stands, and is one of three from its first turn."""
    fair, old = FairShare(), [of_length(1, 1), of_length(2, 2)]
    for _ in range(1_000):
        turn(fair, old, 100)
    before = [wave.segments for wave in old]
    late = of_length(3, 1)
    for _ in range(30):
        turn(fair, [*old, late], 100)
    gained = [wave.segments - start for wave, start in zip([*old, late], [*before, 0], strict=True)]
    assert max(gained) - min(gained) <= 0.1 * max(gained)


def test_one_with_nothing_to_claim_holds_nobody_back():
    """All of the room is used in every turn, and what it did not take is not kept for it."""
    fair, busy, idle = FairShare(), of_length(1, 2), of_length(2, 2)
    idle.backlog = 0
    for _ in range(200):
        assert turn(fair, [busy, idle], 50) == 50
    before, idle.backlog = busy.segments, 10**9
    for _ in range(10):
        turn(fair, [busy, idle], 50)
    assert idle.segments == pytest.approx(busy.segments - before, rel=0.1)


@given(st.integers(1, 30), st.integers(1, 30))
def test_one_that_trickles_gets_all_it_has_and_saves_nothing(arrivals, more):
    """Retries that come due one by one: below its share it never waits, and when it is full again it gets half."""
    fair, busy, thin = FairShare(), of_length(1, 1), of_length(2, 3)
    thin.backlog = 0
    for _ in range(100):
        thin.backlog += arrivals % 10
        assert turn(fair, [busy, thin], 100) == 100
        assert thin.backlog == 0
    before, thin.backlog = (busy.segments, thin.segments), 10**9
    for _ in range(10 + more):
        turn(fair, [busy, thin], 100)
    assert thin.segments - before[1] == pytest.approx(busy.segments - before[0], rel=0.1, abs=12)


def test_a_dispatcher_that_only_books_segments_is_fair_as_well():
    """Without counts and without asking again: a wave that is named and has nothing never takes more than a turn's half."""
    fair, busy, idle = FairShare(), of_length(1, 1), of_length(2, 1)
    for _ in range(100):
        for id_, count in fair.shares([(1, 1.0), (2, 1.0)], 100):
            if id_ == busy.id:
                fair.served(id_, sum(busy.claim(count)))
            else:
                fair.served(id_, 0)
    assert busy.segments >= 50 * 100
    assert idle.segments == 0


def test_a_turn_cut_short_starves_nobody():
    """The pace takes only the first half of each turn: those whose turn was not reached come first in the next."""
    fair, waves = FairShare(), [of_length(number, 1) for number in range(1, 5)]
    for _ in range(400):
        left = 50
        for id_, count in fair.shares([(wave.id, wave.mean) for wave in waves], 100):
            kept = min(count, left)
            left -= kept
            if kept:
                fair.served(id_, sum(waves[id_ - 1].claim(kept)))
    got = [wave.segments for wave in waves]
    assert max(got) - min(got) <= 0.1 * max(got)


def test_what_is_given_back_is_still_owed():
    """All claims are booked, then the pace hands back those of the last: it has more, and is not taken for idle."""
    fair, waves = FairShare(), [of_length(number, 1) for number in range(1, 4)]
    for _ in range(300):
        left = 40
        for id_, count in fair.shares([(wave.id, wave.mean) for wave in waves], 90):
            fair.served(id_, count, count)
            kept = min(count, left)
            left -= kept
            waves[id_ - 1].claim(kept)
            if kept < count:
                fair.served(id_, kept - count)
    got = [wave.segments for wave in waves]
    assert max(got) - min(got) <= 0.1 * max(got)


def test_a_paused_wave_comes_back_as_a_new_one():
    """What it missed while it was away is not made up for."""
    fair, stays, away = FairShare(), of_length(1, 1), of_length(2, 1)
    turn(fair, [stays, away], 100)
    for _ in range(50):
        turn(fair, [stays], 100)
    assert dict(fair.shares([(1, 1.0), (2, 1.0)], 100)) == {1: 50, 2: 50}


@pytest.mark.parametrize(("waves", "room"), [([], 10), ([(1, 1.0)], 0), ([(1, 1.0)], -3), ([(1, 0.0), (2, 0.5)], 1)])
def test_nothing_to_share_is_no_error(waves, room):
    """A wave without a known mean counts as one segment an MT."""
    assert sum(count for _, count in FairShare().shares(waves, room)) == (max(0, room) if waves else 0)


def test_booking_a_wave_that_was_not_named_is_nothing():
    """It ended while its claim was under way."""
    fair = FairShare()
    fair.served(9, 5)
    assert fair.shares([(1, 1.0)], 4) == [(1, 4)]
