"""Terms in working days, as offices count them, and who is late. Pure.

The day on which a term begins does not count (Bộ luật Dân sự 2015, Art. 147): what came on Friday evening or on Saturday and has two
working days is due on Tuesday.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

_ONE: Final = timedelta(days=1)
_SATURDAY: Final = 5  # date.weekday()


class Step(StrEnum):
    """What can be late."""

    URGENT = "urgent"  # an urgent tip that nobody has taken
    FIRST_READING = "first_reading"  # a tip that nobody has read
    FIELD_WORK = "field_work"  # a case for which nobody has planned to go out
    FIELD_REPORT = "field_report"  # somebody was to go out and nothing was written down
    OLD_WITNESS = "old_witness"  # a witness over 80, or very ill
    WITNESS = "witness"
    CUSTODY = "custody"  # a hand-over that the receiver has not confirmed
    COMMENDATION = "commendation"  # a proposal that the other office has not decided on
    HAND_OVER = "hand_over"  # a package that was decided on and has no receipt
    COMPANION = "companion"  # a registration for sampling that nobody stands by
    APPOINTMENT = "appointment"  # a day for sampling that has gone by without a word


@dataclass(frozen=True, slots=True)
class Term:
    """`days` after the day it begins; `working`: only working days count. 0 days: on the day itself."""

    days: int
    working: bool = True


DEFAULTS: Final[Mapping[Step, Term]] = {
    Step.URGENT: Term(0, working=False),
    Step.FIRST_READING: Term(2),  # what the public page promises
    Step.FIELD_WORK: Term(10),
    Step.FIELD_REPORT: Term(2),
    Step.OLD_WITNESS: Term(7, working=False),
    Step.WITNESS: Term(20),
    Step.CUSTODY: Term(1),
    Step.COMMENDATION: Term(10),
    Step.HAND_OVER: Term(2),
    Step.COMPANION: Term(5),
    Step.APPOINTMENT: Term(1),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a deployment. `holidays`: days off; `worked`: Saturdays and Sundays worked in exchange."""

    of: Mapping[Step, Term] = field(default_factory=lambda: DEFAULTS)
    holidays: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether offices work on `day`."""
        return day in self.worked or (day.weekday() < _SATURDAY and day not in self.holidays)

    def after(self, day: date, term: Term) -> date:
        """The last day of a term that begins on `day`."""
        if not term.working:
            return day + term.days * _ONE
        left = term.days
        while left > 0:
            day += _ONE
            left -= self.is_working(day)
        return day

    def due(self, step: Step, since: date) -> date:
        """The last day on which `step` is in time, for what began on `since`."""
        return self.after(since, self.of[step])

    def days_late(self, step: Step, due: date, today: date) -> int:
        """How many days, counted as the step's term counts them, `today` lies behind `due`; 0: in time."""
        if today <= due:
            return 0
        if not self.of[step].working:
            return (today - due).days
        return sum(self.is_working(due + n * _ONE) for n in range(1, (today - due).days + 1))

    def is_late(self, step: Step, due: date, today: date) -> bool:
        """Whether a working day, or a day where all count, has gone by since `due`."""
        return self.days_late(step, due, today) > 0


@dataclass(frozen=True, slots=True)
class Late:
    """Something that is late. `name`: what people call it (a code, a register number), never a person's words; `who`: a user's name."""

    step: Step
    name: str
    path: str
    commune: str
    who: str
    due: date
    days: int
