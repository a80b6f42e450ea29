"""What became of MTs whose answer never came: reports first, then the carrier's word, then a person's (ADR 0005)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.protocol import Batch, Mt, Outcome, asks_status
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import MtState
from gateway.domain.wave import WaveState, may_move
from gateway.services.purse import Purse
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.settlement import cost_correction, settlement
from gateway.services.waves import tidy
from gateway.storage import outbox, uncertain, wave_mts, waves
from gateway.storage.database import Database
from gateway.storage.uncertain import Doubtful
from gateway.storage.waves import Wave

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
NOT_FOUND_PROVES_AFTER_MS: Final = 600_000  # a carrier that doesn't know a reference may only be slow to index it
GIVES_UP_AFTER: Final = 3  # questions in a row that a carrier leaves without an answer
DAY_MS: Final = 24 * 3_600_000
ANY: Final = "*"


class Word(StrEnum):
    """What a person says of MTs that nobody else can tell of."""

    SENT = "sent"
    FAILED = "failed"
    AGAIN = "again"  # queued once more: who has it already gets it twice


_STATE_OF: Final[Mapping[Word, MtState]] = {Word.SENT: MtState.SENT, Word.FAILED: MtState.FAILED, Word.AGAIN: MtState.QUEUED}


@dataclass(frozen=True, slots=True)
class Carriers:
    """Whom to ask and how. `timezone`: whose day a route's budget is counted by."""

    routes: tuple[Route, ...]
    send: Send
    timezone: str

    def asked_by_our_ref(self, name: str) -> Route | None:
        """The enabled route of that name, if its carrier knows our references."""
        by_name = (route for route in self.routes if route.name == name)
        return next((route for route in by_name if route.carrier.CAPABILITIES.status_by == "our_ref"), None)


@dataclass(frozen=True, slots=True)
class Resolved:
    """`before`, `after`: uncertain MTs by code. Who settled how many: `by_report`, `by_carrier`, `by_word`. `counts`: the wave by state.

    `silent`: routes whose carrier can be asked and did not answer.
    """

    wave: str
    before: Mapping[str, int]
    after: Mapping[str, int]
    by_report: int
    by_carrier: int
    by_word: int
    counts: Mapping[str, int]
    silent: tuple[str, ...] = field(default=())


async def resolve(database: Database, carriers: Carriers, name: str, now: int, *, word: Word | None = None, code: str = ANY) -> Resolved:
    """Settle the uncertain MTs of wave `name`; `word` for those that neither reports nor carriers know of, `code` "*": all of them.

    Raises Refusal: unknown wave, or `again` for a wave that can't go any more.
    """
    wave = await _find(database, name)
    if word is Word.AGAIN and not (wave.state in (WaveState.RUNNING, WaveState.PAUSED) or may_move(wave.state, WaveState.RUNNING)):
        raise Refusal(f"wave {name} is {wave.state.value}, nothing of it goes again; settle it with --as sent or --as failed")
    before = await _uncertain(database, wave)
    await _match(database, now)
    reported = await _uncertain(database, wave)
    silent = await _ask(database, carriers, wave, now)
    asked = await _uncertain(database, wave)
    by_word = await _decide(database, wave, word, code, now) if word is not None else 0
    await tidy(database, now)  # a wave that was done runs again when something of it is queued
    after = await _uncertain(database, wave)
    async with database.read() as connection:
        counts = await wave_mts.by_state(connection, wave.id)
    return Resolved(
        name,
        before,
        after,
        sum(before.values()) - sum(reported.values()),
        sum(reported.values()) - sum(asked.values()),
        by_word,
        counts,
        silent,
    )


async def _find(database: Database, name: str) -> Wave:
    async with database.read() as connection:
        wave = await waves.find(connection, name)
    if wave is None:
        raise Refusal(f"there is no wave {name}; tinbao wave list shows all")
    return wave


async def _uncertain(database: Database, wave: Wave) -> dict[str, int]:
    async with database.read() as connection:
        return dict(await wave_mts.by_code(connection, wave.id, MtState.UNCERTAIN))


async def _match(database: Database, now: int) -> None:
    while await database.write(lambda connection: outbox.match_dlrs(connection, now)):
        continue


# --- the carrier's word ---


async def _ask(database: Database, carriers: Carriers, wave: Wave, now: int) -> tuple[str, ...]:
    """Ask after every request of the wave whose carrier can be asked by our reference. The routes that did not answer."""
    unanswered: dict[str, int] = {}
    after = ""
    while doubtful := await _page(database, wave, after):
        after = doubtful[-1].ref
        for each in doubtful:
            route = carriers.asked_by_our_ref(each.route)
            if route is not None and unanswered.get(each.route, 0) < GIVES_UP_AFTER:
                answered = await _ask_one(database, carriers, route, each, now)
                unanswered[each.route] = 0 if answered else unanswered.get(each.route, 0) + 1
    return tuple(sorted(name for name, misses in unanswered.items() if misses))


async def _page(database: Database, wave: Wave, after: str) -> list[Doubtful]:
    async with database.read() as connection:
        return await uncertain.requests_of(connection, wave.id, after)


async def _ask_one(database: Database, carriers: Carriers, route: Route, doubtful: Doubtful, now: int) -> bool:
    """Settle what the carrier knows. "Not found" proves nothing for 10 minutes, then that it was never taken. False: no answer."""
    carrier = route.carrier
    if not asks_status(carrier):
        return True
    batch = Batch(doubtful.ref, tuple(Mt(mt.id, mt.ref, mt.msisdn, "", mt.segments) for mt in doubtful.mts))
    try:
        found = carrier.parse_status(await carriers.send(carrier.build_status(route.account, batch)), batch)
    except (NotSent, LostAnswer):
        return False
    young = now - doubtful.sent_at < NOT_FOUND_PROVES_AFTER_MS
    never = Refused(Failure.RETRYABLE, "never arrived")
    said = {mt.id: outcome or never for mt, outcome in zip(doubtful.mts, found, strict=True) if outcome is not None or not young}
    if said:
        await database.write(lambda connection: _settle(connection, carriers, route, doubtful, said, now))
        await _match(database, now)
    return True


async def _settle(
    connection: AsyncConnection, carriers: Carriers, route: Route, doubtful: Doubtful, said: Mapping[int, Outcome], now: int
) -> None:
    """Write the carrier's word, and give back what was booked for MTs that never arrived."""
    await outbox.route_condition(connection, route.name, lock=True)  # first, as everywhere: two processes never wait crosswise
    still = await uncertain.still(connection, said)
    pairs = [(mt, settlement(mt, said[mt.id], route, carriers.routes, now, was_uncertain=True)) for mt in doubtful.mts if mt.id in still]
    costs: dict[int, int] = {}
    for mt, settled in pairs:
        costs[mt.wave] = costs.get(mt.wave, 0) + cost_correction(mt, settled, route.price_vnd)
    await Purse(route, carriers.timezone).correct(connection, costs, now)
    unsettled = len(said) < len(doubtful.mts) or any(settled.state is MtState.UNCERTAIN for _, settled in pairs)
    await outbox.settle(connection, [settled for _, settled in pairs], now, **{"lost" if unsettled else "found": [doubtful.ref]})


# --- a person's word ---


async def _decide(database: Database, wave: Wave, word: Word, code: str, now: int) -> int:
    decided = 0
    until = now + DAY_MS if word is Word.AGAIN else 0
    only = "" if code == wave_mts.NO_CODE else code
    while some := await database.write(lambda connection: uncertain.decide_some(connection, wave.id, _STATE_OF[word], only, now, until)):
        decided += some
    return decided
