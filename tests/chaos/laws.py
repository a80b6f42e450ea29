"""What must hold after each kill and at the end, said of two independent counts: the gateway's rows and the telco's references."""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final, NamedTuple

NEVER_LEFT: Final = frozenset({"queued", "claimed", "failed", "cancelled", "expired", "suppressed"})
TAKEN: Final = frozenset({"sent", "delivered"})
UNDECIDED: Final = frozenset({"sending", "uncertain"})  # of a process that died, `sending` is what the next one calls uncertain
ENDS: Final = TAKEN | {"uncertain"}


class Broken(AssertionError):
    """A law does not hold; the message says which, and of how many."""


class Row(NamedTuple):
    """An MT as a stranger reads it from the database."""

    state: str
    request: str | None


Rows = Mapping[str, Row]  # by our reference


@dataclass(frozen=True, slots=True)
class Telco:
    """The telco's own count at that moment. `lost`: requests whose answer it withheld, spoilt, or that it dropped."""

    refs: Set[str]
    twice: int
    lost: int


def after_a_kill(rows: Rows, accepted: int, there: Telco) -> None:
    """Nothing lost, nothing twice, and no row speaks against the telco. Raises Broken."""
    states = Counter(row.state for row in rows.values())
    _hold(states.total() == accepted, f"{accepted} were accepted, the states add up to {states.total()}: {dict(states)}")
    _hold(not (strange := states.keys() - NEVER_LEFT - TAKEN - UNDECIDED), f"states that nobody knows: {strange}")
    _hold(there.twice == 0, f"{there.twice} reached the telco twice")
    reached = [ref for ref, row in rows.items() if row.state in NEVER_LEFT and ref in there.refs]
    _hold(not reached, f"{len(reached)} are called {sorted({rows[ref].state for ref in reached})}, but the telco has them")
    absent = [ref for ref, row in rows.items() if row.state in TAKEN and ref not in there.refs]
    _hold(not absent, f"{len(absent)} are called sent, but the telco never had them")
    _hold(not (there.refs - rows.keys()), "the telco has MTs that the gateway does not know")


def at_the_end(rows: Rows, accepted: int, there: Telco) -> None:
    """All of that, and each has ended: the telco has it, or it is called uncertain. Raises Broken."""
    after_a_kill(rows, accepted, there)
    _hold(not (left := {row.state for row in rows.values()} - ENDS), f"some never ended: {left}")


def newly_uncertain(rows: Rows, known: Set[str]) -> Set[str]:
    """Requests, by their reference, of which it is not known what became, and which are not in `known`."""
    return {row.request or ref for ref, row in rows.items() if row.state in UNDECIDED} - known


def bounded(new: int, on_wire: int, lost: int) -> None:
    """No more requests are uncertain than could be on the wire at the kill, beside those whose answer the telco lost. Raises Broken."""
    _hold(new <= on_wire + lost, f"{new} requests are uncertain, {on_wire} could be on the wire and the telco lost {lost}")


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)
