"""The states of an MT."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.message import MOVES, OPEN, DlrStatus, MtState, after_dlr, may_move


def test_the_table_is_whole() -> None:
    """Each state has its row; what is finished for good goes nowhere."""
    assert set(MOVES) == set(MtState)
    assert not MOVES[MtState.DELIVERED]
    assert all(MOVES[state] for state in OPEN)


def test_only_sending_becomes_uncertain() -> None:
    """A claimed MT can't have left."""
    assert [old for old in MtState if may_move(old, MtState.UNCERTAIN)] == [MtState.SENDING]


@given(st.lists(st.sampled_from(DlrStatus), min_size=1, max_size=4), st.sampled_from([MtState.SENDING, MtState.SENT, MtState.UNCERTAIN]))
def test_dlrs_commute(reports: list[DlrStatus], state: MtState) -> None:
    """Carriers repeat and reorder reports: any order ends in the same state."""
    ends = set()
    for order in permutations(reports):
        now = state
        for report in order:
            now = after_dlr(now, report)
        ends.add(now)
    assert len(ends) == 1


def test_a_report_never_leads_back() -> None:
    """accepted after delivered is old news."""
    assert after_dlr(MtState.DELIVERED, DlrStatus.ACCEPTED) is MtState.DELIVERED
    assert after_dlr(MtState.DELIVERED, DlrStatus.FAILED) is MtState.DELIVERED
