"""What persons may ask of their data, and by when they are answered: Luật 91/2025/QH15, Nghị định 356/2025/NĐ-CP (field.md §2.4). Pure.

Of the access, correction and deletion terms only secondary sources were at hand, which don't say working days: all days are counted, the
shorter reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from gateway.domain.deadline import Term, Terms


class Kind(StrEnum):
    """What is asked."""

    ACCESS = "access"
    CORRECT = "correct"
    DELETE = "delete"
    WITHDRAW = "withdraw"  # consent
    OBJECT = "object"  # to a use, or restrict it


class Channel(StrEnum):
    """How it came."""

    WALK_IN = "walk_in"
    PHONE = "phone"
    PAPER = "paper"
    SMS = "sms"
    ZALO = "zalo"
    EMAIL = "email"
    WEB = "web"


class Identity(StrEnum):
    """How it was made sure who asks. Nobody is asked for a copy of an identity card by message."""

    IN_PERSON = "in_person"  # with a paper, looked at and given back
    CALL_BACK = "call_back"  # we called the number that it is about
    FROM_NUMBER = "from_number"  # it was sent from that very number
    REPRESENTATIVE = "representative"  # somebody authorised, who showed it


FIRST_ANSWER: Final = Term(2)  # working days
_FINAL: Final[Mapping[Kind, Term]] = {
    Kind.ACCESS: Term(10, working=False),
    Kind.CORRECT: Term(10, working=False),
    Kind.DELETE: Term(20, working=False),
    Kind.WITHDRAW: Term(15, working=False),
    Kind.OBJECT: Term(15, working=False),
}
EXTENSION: Final = timedelta(days=15)  # once


@dataclass(frozen=True, slots=True)
class Due:
    """The last days of the first answer and of the work."""

    answer: date
    done: date


def due(kind: Kind, received: date, terms: Terms) -> Due:
    """Both terms of a request that came on `received`; `terms` knows the holidays."""
    return Due(terms.after(received, FIRST_ANSWER), terms.after(received, _FINAL[kind]))


def days_of(kind: Kind) -> int:
    """The term for `kind`, days."""
    return _FINAL[kind].days
