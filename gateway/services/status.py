"""Where a tip stands, for whoever has its code: the state and the day, never a word of it, and nothing that helps to guess codes.

A code that does not check, one that nobody was given, and one that is only nearly right get the same answer. Wrong codes are counted by
sender and by network; whose count is full is told so even for a right code, or the difference would tell which codes there are. An
information day behind one address asks with right codes and is not held up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.code import read_tip_code
from gateway.domain.tip_work import State
from gateway.storage.limits import spent, within
from gateway.storage.tips import states

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
ASKED: Final = "status"
MISSED: Final = "status.missed"
CODES_A_LOOK: Final = 6  # of one message: "TT" and words that may each be one


class Public(StrEnum):
    """What anybody with the code is told of a tip's state; the desk's own states are finer."""

    NEW = "new"  # stored, nobody has read it yet
    READ = "read"  # read and sorted
    UNDER_WAY = "under_way"  # being verified; and every state that we have no words for
    CONCLUDED = "concluded"  # the informant hears the result from staff, never from a page
    DNA = "dna"  # a registration for sampling


_PUBLIC: Final[Mapping[str, Public]] = {
    State.NEW: Public.NEW,
    State.SORTED: Public.READ,
    State.ANALYSED: Public.READ,
    State.CONCLUDED: Public.CONCLUDED,
    Public.DNA: Public.DNA,
}


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much one asker may: look-ups an hour, wrong codes in 24 hours."""

    looks: int
    misses: int


SENDER: Final = Allowance(
    looks=30, misses=5
)  # one phone; 5 wrong codes an hour find one of 100,000 tips in 8 days, and then only its state
NETWORK: Final = Allowance(looks=1_200, misses=40)  # 300 people behind one address, some of whom mistype


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a tip stands. `state`: as stored; `public`: what may be shown of it; `received_at`: epoch ms."""

    code: str
    state: str
    received_at: int

    @property
    def public(self) -> Public:
        return _PUBLIC.get(self.state, Public.UNDER_WAY)


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such code; also what a code that can't be one gets."""


@dataclass(frozen=True, slots=True)
class Limited:
    """Asked too often, or wrong too often; nothing was looked up."""


async def look_up(
    connection: AsyncConnection, typed: str | Sequence[str], by: bytes, now: int, allowance: Allowance = SENDER
) -> Standing | Unknown | Limited:
    """Where the tip stands that `typed` names: a code as typed, or the words of a message that may be one, likeliest first.

    `by`: blind index of the sender, or `limits.network_key` with `allowance` NETWORK. Counts a look-up, and a miss where nothing is found.
    """
    missed = await spent(connection, MISSED, by, DAY_MS, now)
    if missed >= allowance.misses or not await within(connection, ASKED, by, HOUR_MS, allowance.looks, now):
        return Limited()
    found = await _find(connection, [typed] if isinstance(typed, str) else typed)
    if found is None:
        await within(connection, MISSED, by, DAY_MS, allowance.misses, now)
        return Unknown()
    return found


async def _find(connection: AsyncConnection, typed: Sequence[str]) -> Standing | None:
    codes = list(dict.fromkeys(code for each in typed if (code := read_tip_code(each)) is not None))[:CODES_A_LOOK]
    known = {code: Standing(code, state, at) for code, state, at in await states(connection, codes)}
    return next((known[code] for code in codes if code in known), None)
