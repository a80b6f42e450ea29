"""How long what is kept: months a kind, counted from the row's own day or from the campaign's closing (field.md §2.4). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final


class Kept(StrEnum):
    """What has a term of its own. Nobody's opt-out has one: it stays for good, as a keyed hash."""

    SENT = "sent"  # numbers and words of MTs that have ended
    RECEIVED = "received"  # messages that became no tip
    TIP = "tip"  # tips that belong to no case, with their pictures and what staff wrote to them
    DIALOGUE = "dialogue"  # answers of a dialogue that has ended
    DNA = "dna"  # registrations for sampling
    FAKE_REPORT = "fake_report"
    LIST = "list"  # lists of people that staff uploaded for a wave that was never planned
    REQUEST = "request"  # requests of persons that are closed: the proof that they were answered


@dataclass(frozen=True, slots=True)
class Term:
    """`months` after the row's own day; `after_closing`: but not before so many months after the campaign's closing."""

    months: int
    after_closing: bool = False


USUAL: Final[Mapping[Kept, Term]] = {
    Kept.SENT: Term(24, after_closing=True),
    Kept.RECEIVED: Term(24, after_closing=True),
    Kept.TIP: Term(24, after_closing=True),
    Kept.DIALOGUE: Term(3),
    Kept.DNA: Term(24, after_closing=True),
    Kept.FAKE_REPORT: Term(12),
    Kept.LIST: Term(3),
    Kept.REQUEST: Term(60),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """A deployment's terms; `closing`: the last day of the campaign."""

    closing: date
    by_kind: Mapping[Kept, Term] = field(default_factory=lambda: USUAL)

    def before(self, kind: Kept, now: int) -> int | None:
        """Rows of `kind` from before that moment may go (epoch ms); None: none yet."""
        term = self.by_kind[kind]
        today = datetime.fromtimestamp(now / 1000, UTC).date()
        if term.after_closing and months_later(self.closing, term.months) > today:
            return None
        earliest = months_earlier(today, term.months)
        return round(datetime(earliest.year, earliest.month, earliest.day, tzinfo=UTC).timestamp() * 1000)


def months_later(day: date, months: int) -> date:
    """The same day so many months on, or the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return _at_most(year, month + 1, day.day)


def months_earlier(day: date, months: int) -> date:
    """The same day so many months back, or the month's last."""
    return months_later(day, -months)


def _at_most(year: int, month: int, day: int) -> date:
    for last in (day, 30, 29, 28):
        if last <= day:
            try:
                return date(year, month, last)
            except ValueError:
                continue
    raise AssertionError("every month has a 28th")
