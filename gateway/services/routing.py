"""The choice of a route for a number: what it knows of operators and of how the routes stand, and `domain/routing.py`, which decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.cost import cost_vnd
from gateway.domain.fold import nfc
from gateway.domain.msisdn import Msisdn
from gateway.domain.operator import Operators
from gateway.domain.routing import LONG_PAUSE_MS, NOTHING_MORE, Errand, Needs, Standing, Tried, Way, chosen
from gateway.domain.segments import alphabet_of, segments_of
from gateway.operator_file import shipped_operators
from gateway.services.portability import Whose, whose
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage import standing
from gateway.storage.database import Database
from gateway.storage.outbox import RouteCondition
from gateway.storage.seal import Keyring

__all__ = ["Around", "Choice", "Chooser", "Needs", "Part", "around", "choose", "choose_now", "must_choose", "way_back"]


@dataclass(frozen=True, slots=True)
class Around:
    """What a choice looks at beside routes and text: the operators of some numbers, and how the routes stand (by name; else open)."""

    operators: Operators = field(default_factory=shipped_operators, repr=False)
    whose: Mapping[Msisdn, Whose] = field(default_factory=dict, repr=False)
    conditions: Mapping[str, RouteCondition] = field(default_factory=dict)
    now: int = 0

    def of(self, msisdn: Msisdn) -> Whose:
        """The operator of `msisdn`: by its prefix, where it was not asked about."""
        return self.whose.get(msisdn) or Whose(self.operators.of(msisdn), "prefix")

    def standing_of(self, route: str) -> tuple[Standing, str]:
        """How `route` stands, and why. One that goes on within ten minutes counts as open."""
        row = self.conditions.get(route)
        if row is not None and row.hold_code is not None:
            return "held", row.hold_code
        if row is not None and row.paused_until > self.now + LONG_PAUSE_MS:
            return "paused", row.pause_why or ""
        return "open", ""

    def waits(self, route: str) -> str:
        """ "held (http-401)"; "" for a route that sends."""
        state, why = self.standing_of(route)
        return "" if state == "open" else f"{state}{f' ({why})' if why else ''}"


@dataclass(frozen=True, slots=True)
class Choice:
    """`route` None: none of them reaches the number. `tried`: every other route and why it was not taken, the next best first.

    `ways`: all of them, also the one taken, with its price; `waits`: how the route taken stands, where it doesn't send now.
    """

    route: Route | None
    tried: tuple[tuple[str, str], ...]
    operator: Whose
    segments: int
    ways: tuple[Tried, ...] = ()
    waits: str = ""

    @property
    def price_vnd(self) -> int:
        """What a segment costs by the route taken."""
        return next((each.price_vnd for each in self.ways if self.route is not None and each.name == self.route.name), 0)

    @property
    def cost_vnd(self) -> int:
        """What the text costs by the route taken."""
        return cost_vnd(self.segments, self.price_vnd)


async def around(connection: AsyncConnection, keyring: Keyring, operators: Operators, numbers: Sequence[Msisdn], now: int) -> Around:
    """What there is to know for a choice about `numbers`; two statements, on a reader's connection or within a unit."""
    found = await whose(connection, keyring, operators, numbers, now)
    return Around(operators, found, await standing.route_rows(connection), now)


class Chooser:
    """The choice for one text, number by number: what is the same for all of them is looked at once. Pure."""

    def __init__(self, routes: Sequence[Route], text: str, seen: Around, needs: Needs = NOTHING_MORE) -> None:
        words = nfc(text)
        self._routes, self._seen, self._needs = {route.name: route for route in routes}, seen, needs
        self._ways = [_way(route, seen) for route in routes]
        self._alphabet, self._segments = alphabet_of(words), max(1, segments_of(words))

    def of(self, msisdn: Msisdn, operator: str | None = None) -> Choice:
        """The route to `msisdn`. `operator`: whose number it is; None: as is known."""
        known = self._seen.of(msisdn) if operator is None else Whose(operator, "look-up")
        carried_by = self._seen.operators.carried_by(known.operator)
        name, ways = chosen(self._ways, Errand(msisdn.e164, carried_by, self._alphabet, self._segments, self._needs))
        others = tuple((each.name, each.why) for each in ways if each.name != name)
        if name is None:
            return Choice(None, others, known, self._segments, ways)
        return Choice(self._routes[name], others, known, self._segments, ways, self._seen.waits(name))


def choose(
    routes: Sequence[Route],
    msisdn: Msisdn,
    text: str,
    *,
    needs: Needs = NOTHING_MORE,
    operator: str | None = None,
    seen: Around | None = None,
) -> Choice:
    """The route by which `text` goes to `msisdn`. `operator`: whose number it is, None: as `seen` knows, else by its prefix. Pure."""
    return Chooser(routes, text, seen or Around(), needs).of(msisdn, operator)


async def choose_now(
    database: Database, routes: Sequence[Route], msisdn: Msisdn, text: str, now: int, needs: Needs = NOTHING_MORE
) -> Choice:
    """`choose` with what the database knows."""
    async with database.read() as connection:
        seen = await around(connection, database.keyring, database.operators, [msisdn], now)
    return choose(routes, msisdn, text, needs=needs, seen=seen)


def way_back(routes: Sequence[Route], own: str, msisdn: Msisdn, words: str, seen: Around) -> Route | None:
    """By which route an MO of route `own` is answered: by the same, whose number people wrote to, while it sends; else by the best. Pure.

    Where none sends it waits for its own. Behind a rehearsal's route stands nobody real, so a real one never takes over from it; and a
    person of a network without numbers is known there alone.
    """
    mine = next((route for route in routes if route.name == own), None)
    if mine is not None and (not seen.waits(own) or not msisdn.e164.startswith("+")):
        return mine
    found = choose([route for route in routes if mine is None or route.rehearsal == mine.rehearsal], msisdn, words, seen=seen).route
    return mine if found is None or (mine is not None and seen.waits(found.name)) else found


@dataclass(frozen=True, slots=True)
class Part:
    """Those of many numbers that go by one route; `waits`: how it stands, where it doesn't send now."""

    route: Route
    numbers: tuple[Msisdn, ...] = field(repr=False)
    waits: str = ""


def must_choose(routes: Sequence[Route], numbers: Sequence[Msisdn], text: str, seen: Around) -> tuple[Part, ...]:
    """`numbers`, each once, by the route that it goes by, in the order of the first of each. Raises Refusal: there is none for one."""
    chooser, by_route = Chooser(routes, text, seen), dict[str, tuple[Choice, list[Msisdn]]]()
    for number in dict.fromkeys(numbers):
        choice = chooser.of(number)
        if choice.route is None:
            raise Refusal(f"no enabled route takes this text to {number}: {in_words(choice)}")
        by_route.setdefault(choice.route.name, (choice, []))[1].append(number)
    return tuple(Part(choice.route, tuple(some), choice.waits) for choice, some in by_route.values() if choice.route is not None)


def in_words(choice: Choice) -> str:
    """ "viettel: it takes no accents; vina: held (http-401)"."""
    return "; ".join(f"{name}: {why}" for name, why in choice.tried) or "there is none"


def _way(route: Route, seen: Around) -> Way:
    state, why = seen.standing_of(route.name)
    can = route.carrier.CAPABILITIES
    return Way(
        route.name, can.addresses, route.prefixes, route.priority, route.operators, route.best_for, route.tariff,
        route.unicode and can.unicode, route.long, route.account.sender_id, can.mo, route.rehearsal, state, why,
    )  # fmt: skip
