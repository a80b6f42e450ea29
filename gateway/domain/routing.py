"""Which of several ways a text takes to a number, and why none of the others. Pure.

    can't  the address, a prefix, an operator, accents, length, the name shown, answers      such a way is never taken
    first  what is open before what waits, then `priority`, then those best for the operator
    equals the cheapest, then the longest prefix, then the order of the file

Nothing here depends on chance or on the clock: the same question gets the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from gateway.domain.cost import FREE, Prices, vnd
from gateway.domain.segments import Alphabet

Standing = Literal["open", "paused", "held"]
LONG_PAUSE_MS: Final = 600_000  # a route that goes on within ten minutes is worth waiting for
_WAITS: Final[dict[Standing, int]] = {"open": 0, "paused": 1, "held": 2}


@dataclass(frozen=True, slots=True)
class Needs:
    """What the text needs of its way beside its length and letters: `name` in place of a number as its origin, `mo`: answers reach us."""

    name: bool = False
    mo: bool = False


NOTHING_MORE: Final = Needs()


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be sent. `address`: E.164, or "zalo:ID"; `operators`: the number's, then the network that carries it; () unknown."""

    address: str = field(repr=False)
    operators: tuple[str, ...]
    alphabet: Alphabet
    segments: int
    needs: Needs = NOTHING_MORE


@dataclass(frozen=True, slots=True)
class Way:
    """A route as the choice sees it. `addresses`: how those begin that its carrier knows; `shows`: its sender id, "" the carrier's own.

    `standing`: how it stands now, `why` if it doesn't go on. `rehearsal`: it leads to no subscriber.
    """

    name: str
    addresses: str = "+"
    prefixes: tuple[str, ...] = ()
    priority: int = 100
    operators: tuple[str, ...] = ()
    best_for: tuple[str, ...] = ()
    prices: Prices = FREE
    unicode: bool = True
    long: bool = True
    shows: str = ""
    mo: bool = True
    rehearsal: bool = False
    standing: Standing = "open"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """A way that was looked at. `why` it was not taken; "" for the one that was. `possible`: it could have carried the text."""

    name: str
    why: str
    price_vnd: int
    possible: bool


def chosen(ways: Sequence[Way], errand: Errand) -> tuple[str | None, tuple[Tried, ...]]:
    """The name of the way taken, None if there is none, and every way: the one taken, the next best in order, then those that can't."""
    real = any(not way.rehearsal for way in ways)
    barred = {way.name: why for way in ways if (why := _barred(way, errand, real)) is not None}
    able = sorted((way for way in ways if way.name not in barred), key=lambda way: _rank(way, errand))  # stable: the file's order decides
    took = able[0] if able else None
    tried = [Tried(way.name, _behind(way, took, errand), way.prices.of(errand.operators), possible=True) for way in able if took]
    unable = (Tried(way.name, barred[way.name], way.prices.of(errand.operators), possible=False) for way in ways if way.name in barred)
    return took.name if took else None, (*tried, *unable)


def _barred(way: Way, errand: Errand, real: bool) -> str | None:
    """Why `way` can't carry the text; None: it can. `real`: there are routes that lead to subscribers."""
    if not errand.address.startswith(way.addresses):
        return "its carrier knows no such addresses"
    if way.rehearsal and real:
        return "it leads to no subscriber"
    if way.prefixes and not errand.address.startswith(way.prefixes):
        return f"its prefixes are {', '.join(way.prefixes)}"
    if way.operators and not set(way.operators) & set(errand.operators):
        return f"it reaches {', '.join(way.operators)} only"
    if not way.unicode and errand.alphabet is Alphabet.UCS2:
        return "it takes no accents"
    if not way.long and errand.segments > 1:
        return f"it takes one segment, the text has {errand.segments}"
    if errand.needs.name and not any(char.isalpha() for char in way.shows):
        return "it shows a number, not a name"
    if errand.needs.mo and not way.mo:
        return "answers to it reach nobody"
    return None


def _rank(way: Way, errand: Errand) -> tuple[int, int, bool, int, int]:
    prefix = max((len(each) for each in way.prefixes if errand.address.startswith(each)), default=0)
    return _WAITS[way.standing], way.priority, not _is_best(way, errand), way.prices.of(errand.operators), -prefix


def _is_best(way: Way, errand: Errand) -> bool:
    return not set(way.best_for).isdisjoint(errand.operators)


def _behind(way: Way, took: Way, errand: Errand) -> str:
    """Why `way`, which could carry the text, comes after `took`; "" for itself."""
    if way is took:
        return ""
    if way.standing != took.standing:
        return f"it is {way.standing}{f' ({way.why})' if way.why else ''}"
    if way.priority != took.priority:
        return f"its priority is {way.priority}, not {took.priority}"
    if _is_best(way, errand) != _is_best(took, errand):
        return f"{took.name} is best for {errand.operators[0]}"
    mine, theirs = way.prices.of(errand.operators), took.prices.of(errand.operators)
    if mine != theirs:
        return f"a segment costs {vnd(mine)}, not {vnd(theirs)}"
    if _rank(way, errand) != _rank(took, errand):
        return f"the prefixes of {took.name} are closer"
    return f"{took.name} stands before it in the file"
