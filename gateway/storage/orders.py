"""Partner orders and the counts that partners report of them, as rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import MtState
from gateway.domain.wave import WaveKind, WaveState
from gateway.storage.schema import mo, mt, partner_count, partner_order, wave


@dataclass(frozen=True, slots=True)
class PartnerOrder:
    """What a wave of kind `partner` has besides. `area`: official codes of communes. `ordered_at`: when it was handed over."""

    wave: int
    area: tuple[str, ...]
    ordered_at: int | None
    carrier_ref: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """What the partner says it sent of a text, on one operator's network, on one day (ISO 8601, the partner's)."""

    variant: str
    operator: str
    day: str
    sent: int
    delivered: int
    failed: int
    charged_segments: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What a later report of the same replaces."""
        return self.variant, self.operator, self.day


# --- orders ---


async def add(connection: AsyncConnection, wave_id: int, area: Sequence[str]) -> None:
    """Store the order of a wave."""
    await connection.execute(insert(partner_order).values(wave=wave_id, area=list(area)))


async def find(connection: AsyncConnection, wave_id: int) -> PartnerOrder | None:
    """The order of a wave; None: it is no partner's."""
    row = (await connection.execute(select(partner_order).where(partner_order.c.wave == wave_id))).one_or_none()
    return PartnerOrder(row.wave, tuple(row.area), row.ordered_at, row.carrier_ref) if row else None


async def hand_over(connection: AsyncConnection, wave_id: int, now: int) -> None:
    """Note when it was handed over; a second time changes nothing."""
    first = partner_order.c.wave == wave_id, partner_order.c.ordered_at.is_(None)
    await connection.execute(update(partner_order).where(*first).values(ordered_at=now))


async def take_back(connection: AsyncConnection, wave_id: int) -> None:
    """The carrier said no: it is not ordered after all."""
    refused = partner_order.c.wave == wave_id, partner_order.c.carrier_ref.is_(None)
    await connection.execute(update(partner_order).where(*refused).values(ordered_at=None))


async def set_carrier_ref(connection: AsyncConnection, wave_id: int, carrier_ref: str) -> None:
    """The carrier's own name of the order."""
    await connection.execute(update(partner_order).where(partner_order.c.wave == wave_id).values(carrier_ref=carrier_ref))


# --- counts ---

_COUNT_FIELDS: Final = tuple(each.name for each in fields(Count))


async def counts_of(connection: AsyncConnection, wave_id: int) -> list[Count]:
    """What the partner reported of a wave, in order of day, operator, variant."""
    chosen = (
        select(*(partner_count.c[name] for name in _COUNT_FIELDS))
        .where(partner_count.c.wave == wave_id)
        .order_by(partner_count.c.day, partner_count.c.operator, partner_count.c.variant)
    )
    return [Count(*row) for row in await connection.execute(chosen)]


async def put_counts(connection: AsyncConnection, wave_id: int, counts: Sequence[Count], now: int) -> None:
    """Store counts; what was reported before of the same text, operator and day gives way."""
    for count in counts:
        same = partner_count.c.variant == count.variant, partner_count.c.operator == count.operator, partner_count.c.day == count.day
        await connection.execute(delete(partner_count).where(partner_count.c.wave == wave_id, *same))
    if counts:
        rows = [{"wave": wave_id, "imported_at": now, **{name: getattr(count, name) for name in _COUNT_FIELDS}} for count in counts]
        await connection.execute(insert(partner_count), rows)


# --- who answers what ---


@dataclass(frozen=True, slots=True)
class Reached:
    """A wave's MT that left for a person. `at`: when the carrier answered, epoch ms; None: it has not yet."""

    bidx: bytes
    wave: int
    at: int | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A partner order that was handed over. `rule`: the wave's audience rule, which holds its days."""

    wave: int
    area: tuple[str, ...]
    starts_at: int
    rule: dict[str, Any]  # Any: JSON
    ordered_at: int


_MAY_HAVE_COME: Final = tuple(state.value for state in (MtState.SENDING, MtState.SENT, MtState.DELIVERED, MtState.UNCERTAIN))


REACHED: Final = (  # served by mt_member (bidx, wave) WHERE wave <> 0; a bound 0 would keep both engines from the partial index
    select(mt.c.bidx, mt.c.wave, mt.c.sent_at).where(
        mt.c.bidx.in_(bindparam("people_", expanding=True)), mt.c.wave != literal_column("0"), mt.c.state.in_(_MAY_HAVE_COME)
    )
)


async def reached(connection: AsyncConnection, people: Collection[bytes]) -> list[Reached]:
    """The waves' MTs that left for `people`, all of them."""
    if not people:
        return []
    return [Reached(bytes(row.bidx), row.wave, row.sent_at) for row in await connection.execute(REACHED, {"people_": list(people)})]


async def placed(connection: AsyncConnection, since: int) -> list[Placed]:
    """Partner orders handed over since then, newest first; a cancelled one was not sent."""
    chosen = (
        select(wave.c.id, partner_order.c.area, wave.c.starts_at, wave.c.audience_rule, partner_order.c.ordered_at)
        .join_from(wave, partner_order, partner_order.c.wave == wave.c.id)
        .where(
            wave.c.kind == WaveKind.PARTNER.value,
            wave.c.state != WaveState.CANCELLED.value,
            partner_order.c.ordered_at.is_not(None),
            partner_order.c.ordered_at >= since,
        )
        .order_by(wave.c.id.desc())
    )
    return [
        Placed(row.id, tuple(row.area), row.starts_at, row.audience_rule or {}, row.ordered_at) for row in await connection.execute(chosen)
    ]


async def answers(connection: AsyncConnection, wave_id: int) -> dict[str, int]:
    """How many MOs answered a wave, by what they were (a Kind, or why nothing was made of them); those not handled yet under "new"."""
    what = func.coalesce(mo.c.action, mo.c.state)
    counted = select(what.label("what"), func.count().label("n")).where(mo.c.wave == wave_id).group_by(what)
    return {row.what: row.n for row in await connection.execute(counted)}
