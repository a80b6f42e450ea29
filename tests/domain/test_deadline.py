"""Terms as offices count them: the first day does not count, weekends and holidays neither, a Saturday worked in exchange does."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.deadline import DEFAULTS, Step, Term, Terms

TERMS = Terms(DEFAULTS, frozenset({date(2026, 9, 1), date(2026, 9, 2)}), frozenset({date(2026, 8, 22)}))
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(("since", "term", "due"), [
    (date(2026, 11, 23), Term(2), date(2026, 11, 25)),  # Monday
    (date(2026, 11, 20), Term(2), date(2026, 11, 24)),  # Friday: Monday is the first day
    (date(2026, 11, 21), Term(2), date(2026, 11, 24)),  # Saturday: as if it had come on Friday
    (date(2026, 8, 31), Term(1), date(2026, 9, 3)),  # over two holidays
    (date(2026, 8, 21), Term(1), date(2026, 8, 22)),  # a Saturday worked in exchange
    (date(2026, 11, 20), Term(7, working=False), date(2026, 11, 27)),
    (date(2026, 11, 21), Term(0), date(2026, 11, 21)),
])  # fmt: skip
def test_the_last_day_of_a_term(since, term, due):
    assert TERMS.after(since, term) == due


@pytest.mark.parametrize(
    ("today", "late"), [(date(2026, 11, 24), 0), (date(2026, 11, 25), 1), (date(2026, 11, 30), 4)]
)  # Sat and Sun between count for nothing
def test_days_late_count_as_the_term_counts(today, late):
    assert TERMS.days_late(Step.FIRST_READING, date(2026, 11, 24), today) == late


def test_nothing_gets_late_over_a_weekend():
    """Due on Friday, looked at on Sunday: nobody was in the office since."""
    assert not TERMS.is_late(Step.FIRST_READING, date(2026, 11, 20), date(2026, 11, 22))
    assert TERMS.is_late(Step.OLD_WITNESS, date(2026, 11, 20), date(2026, 11, 21))  # for the old every day counts


@given(DAYS, st.integers(0, 60))
def test_a_term_holds_so_many_working_days(since, days):
    """Recounted day by day, independently."""
    due = TERMS.after(since, Term(days))
    between = [since + timedelta(days=n) for n in range(1, (due - since).days + 1)]
    assert sum(TERMS.is_working(day) for day in between) == days
    assert days == 0 or TERMS.is_working(due)


@given(DAYS, DAYS)
def test_in_time_until_the_due_day_and_not_after_the_next_working_one(since, today):
    due = TERMS.due(Step.FIRST_READING, since)
    assert TERMS.is_late(Step.FIRST_READING, due, today) == (today >= TERMS.after(due, Term(1)))
