"""The life of a wave as a table of legal moves; every statement that changes a state asks it.

    planning -> planned -> approved -> running <-> paused -> done
        \\          \\          \\           \\          \\-> cancelled

`planning`: its MTs are being made, in transactions of their own; a planner that dies leaves it there and nothing of it can start.
`planned` goes straight to `running` only where no approval is needed (ADR 0017).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class WaveState(StrEnum):
    """States of a wave, as stored."""

    PLANNING = "planning"
    PLANNED = "planned"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class WaveKind(StrEnum):
    """Who sends it: we ourselves, or the telecom partner to its own subscribers of an area."""

    OWN = "own"
    PARTNER = "partner"


_S = WaveState
MOVES: Final[Mapping[WaveState, frozenset[WaveState]]] = {
    _S.PLANNING: frozenset({_S.PLANNED, _S.CANCELLED}),
    _S.PLANNED: frozenset({_S.APPROVED, _S.RUNNING, _S.CANCELLED}),
    _S.APPROVED: frozenset({_S.RUNNING, _S.PLANNED, _S.CANCELLED}),  # planned again: what was approved no longer holds
    _S.RUNNING: frozenset({_S.PAUSED, _S.DONE, _S.CANCELLED}),
    _S.PAUSED: frozenset({_S.RUNNING, _S.DONE, _S.CANCELLED}),
    _S.DONE: frozenset({_S.RUNNING}),  # a lost answer that turns out to be no is sent again
    _S.CANCELLED: frozenset(),
}


def may_move(old: WaveState, new: WaveState) -> bool:
    """Whether the table allows it. Staying is no move."""
    return new in MOVES[old]


def before(new: WaveState) -> frozenset[WaveState]:
    """The states from which `new` may be reached."""
    return frozenset(old for old, following in MOVES.items() if new in following)
