"""Which wave a message answers: the latest that reached this person, else the one partner order that was going out in their commune.

The rule is pure and errs towards silence: a wave is judged by its answers, so one that can't be told is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.domain.window import moment_of
from gateway.storage import orders
from gateway.storage.orders import Placed, Reached

ANSWER_MS: Final = 14 * DAY_MS  # an answer that comes later has another reason
EARLY_MS: Final = 5_000  # an answer may overtake the carrier's word that the text was taken
LONGEST_AHEAD_MS: Final = 120 * DAY_MS  # an order is not handed over earlier than that before its last day


@dataclass(frozen=True, slots=True)
class Asked:
    """A message to attribute. `by_sms`: it came to `short_code` from a handset; forms and sessions answer no partner order."""

    bidx: bytes = field(repr=False)
    received_at: int
    commune: str
    by_sms: bool = True


def wave_answered(asked: Asked, reached: Sequence[Reached], placed: Sequence[Placed], timezone: str) -> int | None:
    """The wave that `asked` answers, or None. `reached`: what waves sent to this person. Pure."""
    mine = [(each.at if each.at is not None else asked.received_at, each.wave) for each in reached if _could_be(each, asked)]
    if mine:
        return max(mine)[1]
    if not asked.by_sms:
        return None
    candidates = [each.wave for each in placed if asked.commune in each.area and _was_going(each, asked.received_at, timezone)]
    return candidates[0] if len(candidates) == 1 else None


def _could_be(each: Reached, asked: Asked) -> bool:
    return each.at is None or asked.received_at - ANSWER_MS <= each.at <= asked.received_at + EARLY_MS


def _was_going(order: Placed, at: int, timezone: str) -> bool:
    """From the first hour of its first day to 14 days after the end of its last."""
    last = date.fromisoformat(order.rule["days"][1])
    return order.starts_at <= at < moment_of(last + timedelta(days=1), 0, timezone) + ANSWER_MS


async def waves_of(connection: AsyncConnection, asked: Sequence[Asked], timezone: str) -> list[int | None]:
    """The waves that a turn's messages answer, in their order: two statements however many there are."""
    if not asked:
        return []
    reached: dict[bytes, list[Reached]] = {}
    for each in await orders.reached(connection, {one.bidx for one in asked}):
        reached.setdefault(each.bidx, []).append(each)
    placed = await orders.placed(connection, min(one.received_at for one in asked) - LONGEST_AHEAD_MS)
    return [wave_answered(one, _of(reached, one), placed, timezone) for one in asked]


def _of(reached: Mapping[bytes, list[Reached]], one: Asked) -> Sequence[Reached]:
    return reached.get(one.bidx, ())
