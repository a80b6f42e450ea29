"""The table of legal moves, the machine's guess, and how sure it is."""

import pytest

from gateway.domain.tip_work import MOVES, NEEDS_VERIFIER, Sort, State, Workflow, certainty, guess, may_move, sources_of


def test_every_state_leads_on_and_can_be_reached() -> None:
    assert set(MOVES) == set(State)
    reached = {State.NEW}
    while more := {after for state in reached for after in MOVES[state]} - reached:
        reached |= more
    assert reached == set(State)
    assert all(state not in MOVES[state] for state in State)


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ("new", State.SORTED, True),
        ("new", State.CONCLUDED, True),
        ("sorted", State.NEW, True),
        ("concluded", State.VERIFYING, True),
        ("concluded", State.NEW, False),
        ("verifying", State.NEW, False),
        ("new", State.NEW, False),
        ("quarantined", State.SORTED, True),
        ("quarantined", State.NEW, False),
    ],
)
def test_moves(before, after, may) -> None:
    assert may_move(before, after) is may


def test_sources_are_the_moves_read_backwards() -> None:
    assert {(before, after) for after in State for before in sources_of(after)} == {(b, a) for b, each in MOVES.items() for a in each}


@pytest.mark.parametrize(
    ("fields", "urgent", "sort"),
    [
        (["grave_count"], None, Sort.GRAVE),
        (["grave_count"], "remains", Sort.REMAINS),
        ([], "uxo", Sort.ORDNANCE),
        (["documents", "witness"], None, Sort.PAPERS),
        (["witness"], None, Sort.WITNESS),
        (["relation"], None, Sort.KIN),
        ([], None, Sort.GRAVE),
    ],
)
def test_the_machines_guess(fields, urgent, sort) -> None:
    assert guess(fields, urgent) is sort


def test_how_sure() -> None:
    """chắc from 0.90, có thể from 0.60, chưa rõ below or where several fit."""
    assert [certainty(at) for at in (0.9, 0.89, 0.6, 0.59)] == [3, 2, 2, 1]
    assert certainty(0.95, is_open=True) == 1


def test_names_of_states_we_do_not_know_stay_as_stored() -> None:
    assert (Workflow().state("sorted"), Workflow().state("quarantined"), Workflow().sort(None)) == ("Đã phân loại", "quarantined", "")
    assert set(NEEDS_VERIFIER) < set(State)
