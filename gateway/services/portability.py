"""Whose number it is now: asked of a carrier that tells, kept 30 days, guessed by the prefix where nobody says.

Asked before a send or by hand, never while sending: a wave of a million would wait for a million answers. Who can't get an answer in time
goes on with the prefix.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.protocol import LooksUp, Malformed, looks_up
from gateway.carriers.wire import LostAnswer, NotSent
from gateway.domain.msisdn import Msisdn
from gateway.domain.operator import Operators
from gateway.services.dispatch import Send
from gateway.services.routes import Route
from gateway.storage import portability
from gateway.storage.database import Database
from gateway.storage.portability import Answer
from gateway.storage.seal import Keyring

MOST: Final = 50  # numbers that one command asks about
WITHIN_S: Final = 5.0  # all of them together
AT_A_TIME: Final = 4


@dataclass(frozen=True, slots=True)
class Whose:
    """The operator of one number, "" unknown. `by`: how we know; `source`, `asked_at`: of a look-up, else "" and None."""

    operator: str
    by: Literal["look-up", "prefix"]
    source: str = ""
    asked_at: int | None = None


@dataclass(frozen=True, slots=True)
class LookedUp:
    """`asked`: numbers that a carrier was asked about; `answered`: of those it told; `trouble`: why it did not, each once."""

    asked: int = 0
    answered: int = 0
    trouble: tuple[str, ...] = ()


@dataclass(slots=True)
class _Round:
    """What comes back from one carrier."""

    said: dict[bytes, Answer] = field(default_factory=dict)
    trouble: dict[str, None] = field(default_factory=dict)


async def whose(
    connection: AsyncConnection, keyring: Keyring, operators: Operators, numbers: Sequence[Msisdn], now: int
) -> dict[Msisdn, Whose]:
    """The operator of each of `numbers`, as was said within 30 days, else by its prefix. Asks nobody."""
    people = {number: keyring.blind(number.e164, "msisdn") for number in numbers}
    said = await portability.answers(connection, list(people.values()), now)
    return {number: _whose(said.get(person), number, operators) for number, person in people.items()}


def _whose(answer: Answer | None, number: Msisdn, operators: Operators) -> Whose:
    if answer is None:
        return Whose(operators.of(number), "prefix")
    return Whose(answer.operator, "look-up", answer.source, answer.asked_at)


async def look_up(
    database: Database,
    routes: Sequence[Route],
    send: Send,
    numbers: Sequence[Msisdn],
    clock: Callable[[], int],
    within_s: float = WITHIN_S,
    most: int = MOST,
) -> LookedUp:
    """Ask the first of `routes` that may be asked about at most `most` of `numbers` that nobody told us of lately, and keep the answers.

    Never raises for what the carrier does, and takes no longer than `within_s`: what came by then is kept. Only Vietnamese numbers and
    such as an operator has: foreign ones have no operator of the table, nor has "zalo:ID".
    """
    route, operators = next((each for each in routes if each.look_up and looks_up(each.carrier)), None), database.operators
    people = {database.keyring.blind(each.e164, "msisdn"): each for each in numbers if operators.of(each)}
    if route is None or not looks_up(route.carrier) or not people:
        return LookedUp()
    async with database.read() as connection:
        known = await portability.answers(connection, list(people), clock())
    asked = [(person, number) for person, number in people.items() if person not in known][:most]
    found, gate = _Round(), asyncio.Semaphore(AT_A_TIME)
    try:
        async with asyncio.timeout(within_s), asyncio.TaskGroup() as tasks:
            for person, number in asked:
                tasks.create_task(_ask(route, route.carrier, send, person, number, operators, clock, found, gate))
    except TimeoutError:
        found.trouble["it did not answer in time"] = None
    if found.said:
        await database.write(lambda connection: portability.remember(connection, found.said))
    return LookedUp(len(asked), len(found.said), tuple(found.trouble))


async def _ask(
    route: Route,
    carrier: LooksUp,
    send: Send,
    person: bytes,
    number: Msisdn,
    operators: Operators,
    clock: Callable[[], int],
    found: _Round,
    gate: asyncio.Semaphore,
) -> None:
    async with gate:
        try:
            response = await send(carrier.build_lookup(route.account, number))
        except (NotSent, LostAnswer):
            found.trouble["it can't be reached"] = None
            return
    network = carrier.parse_lookup(response, number)
    if isinstance(network, Malformed):
        found.trouble[network.reason] = None
    else:
        operator = operators.of_network(network.code) or operators.read(network.name)
        found.said[person] = Answer(operator, clock(), carrier.NAME)
