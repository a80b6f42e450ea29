"""What waits for somebody: rows that began before a moment, by the step they wait for. Bounded, the oldest first; no words of a tip."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, bindparam, exists, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import (
    alert,
    case_file,
    case_tip,
    commendation,
    custody,
    dna_appointment,
    dna_care,
    dna_request,
    evidence,
    field_work,
    hand_over,
    tip,
    tip_work,
    user,
    witness,
)

MOST: Final = 300  # rows a step: who has more late has another problem than a long list


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits. `name`: a code, a register number or an id; `at`: since when (epoch ms) or a day; `who`: a user's name."""

    name: str
    id: int
    commune: str
    at: int
    who: str | None


_tips = (
    select(tip.c.code, tip.c.id, tip.c.commune, tip.c.received_at, tip_work.c.assignee)
    .outerjoin(tip_work, tip_work.c.tip == tip.c.id)
    .where(tip.c.received_at < bindparam("before_"))
)
_in_a_case = exists().where(case_tip.c.tip == tip.c.id, case_tip.c.left_at.is_(None))
_UNREAD: Final = _tips.where(tip.c.state == "new", ~_in_a_case).order_by(tip.c.received_at)
_URGENT: Final = (
    _tips.join(alert, alert.c.tip == tip.c.id).where(alert.c.acknowledged_at.is_(None), alert.c.next_at.is_not(None)).order_by(tip.c.id)
)
_IDLE_CASES: Final = (
    select(case_file.c.number, case_file.c.id, case_file.c.commune, case_file.c.moved_at, user.c.name)
    .join(user, user.c.id == case_file.c.owner)
    .where(case_file.c.state == "open", case_file.c.moved_at < bindparam("before_"))
    .order_by(case_file.c.moved_at)
)
_UNCONFIRMED: Final = (
    select(evidence.c.number, evidence.c.id, evidence.c.commune, custody.c.given_at, user.c.name)
    .join(evidence, evidence.c.id == custody.c.evidence)
    .outerjoin(user, user.c.id == custody.c.receiver_user)
    .where(custody.c.confirmed_at.is_(None), custody.c.refused_at.is_(None), custody.c.given_at < bindparam("before_"))
    .order_by(custody.c.given_at)
)
_UNSIGNED: Final = (
    select(commendation.c.number, commendation.c.id, commendation.c.commune, commendation.c.proposed_at, null())
    .where(commendation.c.state == "proposed", commendation.c.proposed_at < bindparam("before_"))
    .order_by(commendation.c.proposed_at)
)
_ALONE: Final = (
    select(dna_request.c.code, dna_request.c.id, dna_request.c.commune, dna_request.c.received_at, null())
    .outerjoin(dna_care, dna_care.c.request == dna_request.c.id)
    .where(dna_care.c.companion.is_(None), dna_request.c.received_at < bindparam("before_"))
    .order_by(dna_request.c.received_at)
)
_GONE_BY: Final = (
    select(dna_request.c.code, dna_request.c.id, dna_request.c.commune, dna_appointment.c.at, null())
    .join(dna_request, dna_request.c.id == dna_appointment.c.request)
    .where(dna_appointment.c.state == "planned", dna_appointment.c.at < bindparam("before_"))
    .order_by(dna_appointment.c.at)
)
_NO_RECEIPT: Final = (
    select(hand_over.c.number, hand_over.c.id, hand_over.c.commune, hand_over.c.due_at, user.c.name)
    .outerjoin(user, user.c.id == hand_over.c.prepared_by)
    .where(hand_over.c.state == "released", hand_over.c.due_at < bindparam("before_"))
    .order_by(hand_over.c.due_at)
)
_FIELD: Final = (
    select(case_file.c.number, case_file.c.id, case_file.c.commune, field_work.c.day, user.c.name)
    .join(case_file, case_file.c.id == field_work.c.case)
    .join(user, user.c.id == case_file.c.owner)
    .where(field_work.c.state == "planned", field_work.c.day < bindparam("before_"))
    .order_by(field_work.c.day)
)
_WITNESSES: Final = select(
    witness.c.id, witness.c.commune, witness.c.created_at, witness.c.birth_year, witness.c.urgency, witness.c.visit_by, witness.c.visitor
).where(witness.c.state == "waiting")  # fmt: skip


class Which(StrEnum):
    """How something can wait."""

    UNREAD = "unread"  # a tip
    URGENT = "urgent"  # a tip whose alert nobody has taken
    IDLE_CASES = "idle"  # a case for which nobody has planned to go out
    UNCONFIRMED = "unconfirmed"  # a hand-over of evidence
    UNSIGNED = "unsigned"  # a proposal to commend
    ALONE = "alone"  # a registration for sampling without a companion
    GONE_BY = "gone by"  # an appointment of which nothing was said
    NO_RECEIPT = "no receipt"  # a package; its time is when the receipt was due


_STATEMENTS: Final[Mapping[Which, Select[Any]]] = {  # Any: the columns of Waiting
    Which.UNREAD: _UNREAD,
    Which.URGENT: _URGENT,
    Which.IDLE_CASES: _IDLE_CASES,
    Which.UNCONFIRMED: _UNCONFIRMED,
    Which.UNSIGNED: _UNSIGNED,
    Which.ALONE: _ALONE,
    Which.GONE_BY: _GONE_BY,
    Which.NO_RECEIPT: _NO_RECEIPT,
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A going out of a case that was planned for `day` (yyyy-mm-dd)."""

    number: str
    case: int
    commune: str
    day: str
    who: str


@dataclass(frozen=True, slots=True)
class ToVisit:
    """A witness nobody has visited yet. `visit_by`: yyyy-mm-dd."""

    id: int
    commune: str
    created_at: int
    birth_year: int | None
    urgency: str
    visit_by: str | None
    visitor: str | None


async def waiting(connection: AsyncConnection, which: Which, communes: str | None, before: int) -> list[Waiting]:
    """What waits in one of those ways since before the epoch ms `before`. `communes`: None: all."""
    wanted = _STATEMENTS[which]
    if communes is not None:
        wanted = wanted.where(wanted.selected_columns.commune == communes)
    return [Waiting(*row) for row in await connection.execute(wanted.limit(MOST), {"before_": before})]


async def planned_before(connection: AsyncConnection, communes: str | None, day: str) -> list[Planned]:
    """Goings out that were planned for before `day` and of which nothing is written down."""
    wanted = _FIELD if communes is None else _FIELD.where(case_file.c.commune == communes)
    return [Planned(*row) for row in await connection.execute(wanted.limit(MOST), {"before_": day})]


async def to_visit(connection: AsyncConnection, communes: str | None) -> list[ToVisit]:
    """Witnesses nobody has visited."""
    wanted = _WITNESSES if communes is None else _WITNESSES.where(witness.c.commune == communes)
    return [ToVisit(*row) for row in await connection.execute(wanted)]
