"""A case (hồ sơ): where it may go from where, what it can come to, and which office somebody signs for. Pure."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from gateway.domain.permission import Role


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"  # opened from tips
    FIELD = "field"  # field work is planned or under way
    RESULT = "result"  # came to something
    CLOSED = "closed"


class Outcome(StrEnum):
    """What a case came to. The outcome counters of the plan count these (field.md T9)."""

    COORDINATE = "coordinate"  # a place was verified on the ground
    RECOVERED = "recovered"  # remains were recovered
    IDENTIFIED = "identified"  # a martyr was identified
    NOTHING = "nothing"  # searched, nothing found


class Safety(StrEnum):
    """What was found before anybody dug: remains and ordnance lie side by side (field.md §1.2)."""

    CLEAR = "clear"
    ORDNANCE = "ordnance"


class Office(StrEnum):
    """The two offices that sign for a commendation together (TN VIII.1d)."""

    MILITARY = "military"  # Ban CHQS
    CULTURE = "culture"  # Phòng VH-XH


_NEXT: Final[Mapping[CaseState, frozenset[CaseState]]] = {
    CaseState.OPEN: frozenset({CaseState.FIELD, CaseState.CLOSED}),
    CaseState.FIELD: frozenset({CaseState.RESULT, CaseState.CLOSED}),
    CaseState.RESULT: frozenset({CaseState.FIELD, CaseState.CLOSED}),
    CaseState.CLOSED: frozenset({CaseState.OPEN}),  # reopened, with a reason
}
_OFFICES: Final[Mapping[Role, Office]] = {
    Role.READER: Office.MILITARY,
    Role.VERIFIER: Office.MILITARY,
    Role.CUSTODIAN: Office.MILITARY,
    Role.PLANNER: Office.CULTURE,
    Role.APPROVER: Office.CULTURE,
}
OF_REMAINS: Final = frozenset({Outcome.RECOVERED, Outcome.IDENTIFIED})  # counted in remains or persons; the others are one each
MOST_REMAINS: Final = 500  # in one outcome: more is a slip of the finger


def may_go(now: CaseState, then: CaseState) -> bool:
    """Whether a case may go from `now` to `then`. Nothing comes of a case that nobody went out for."""
    return then in _NEXT[now]


def offices_of(roles: Collection[Role]) -> frozenset[Office]:
    """The offices that a person of these roles belongs to."""
    return frozenset(_OFFICES[role] for role in roles if role in _OFFICES)


def register_number(register: str, year: int, number: int) -> str:
    """ "HS-2026-0012"."""
    return f"{register}-{year}-{number:04}"
