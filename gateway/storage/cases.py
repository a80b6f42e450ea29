"""Cases as rows: their tips, their field work, what they came to, and the counters that rest on them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import and_, bindparam, func, insert, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.case_file import CaseState, Outcome, Safety
from gateway.storage.schema import case_file, case_outcome, case_picture, case_tip, field_work, tip, user

LISTED: Final = 200  # cases a page


@dataclass(frozen=True, slots=True)
class Case:
    """A case. `owner`: id of who leads it, `owner_name`; `version`: goes up with every step; `tips`: how many belong to it now."""

    id: int
    commune: str
    number: str
    title: str = field(repr=False)
    state: CaseState
    version: int
    owner: int
    owner_name: str
    opened_at: int
    moved_at: int
    tips: int


@dataclass(frozen=True, slots=True)
class CaseTip:
    """A tip of a case; its words are shown by who may read tips, with numbers masked."""

    id: int
    code: str
    commune: str
    channel: str
    village: str | None
    text: str = field(repr=False)
    received_at: int
    may_publish: bool | None
    bidx: bytes = field(repr=False)
    has_number: bool


@dataclass(frozen=True, slots=True)
class FieldWork:
    """One going out. `day`: yyyy-mm-dd; `spot`: JSON; `done_at`: when its report was written, epoch ms."""

    id: int
    case: int
    day: str
    people: str = field(repr=False)
    state: str
    safety: Safety | None
    safety_by: str | None = field(repr=False)
    found: str | None = field(repr=False)
    spot: str | None = field(repr=False)
    created_at: int
    done_at: int | None


@dataclass(frozen=True, slots=True)
class Came:
    """One thing that a case came to; `withdrawn_at`: when it was taken back as a mistake."""

    id: int
    kind: Outcome
    count: int
    spot: str | None = field(repr=False)
    note: str | None = field(repr=False)
    at: int
    withdrawn_at: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a case; its content lies in the sealed file named after `digest` (hex)."""

    id: int
    field_work: int | None
    digest: str
    media: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcome counters of the plan (field.md T9). Each one counts rows of cases; `cases`: (number, kind, count) of every row."""

    coordinates: int
    recovered: int
    identified: int
    searched_in_vain: int
    cases: tuple[tuple[str, Outcome, int], ...]


_TIPS: Final = (
    select(func.count())
    .select_from(case_tip)
    .where(case_tip.c.case == case_file.c.id, case_tip.c.left_at.is_(literal_column("NULL")))
    .correlate(case_file)
    .scalar_subquery()
)
_CASES: Final = select(
    case_file.c.id, case_file.c.commune, case_file.c.number, case_file.c.title, case_file.c.state, case_file.c.version,
    case_file.c.owner, user.c.name.label("owner_name"), case_file.c.opened_at, case_file.c.moved_at, _TIPS.label("tips"),
).join(user, user.c.id == case_file.c.owner)  # fmt: skip
_ONE: Final = _CASES.where(case_file.c.id == bindparam("case_"))
_BY_TIP: Final = _CASES.join(case_tip, case_tip.c.case == case_file.c.id).where(
    case_tip.c.tip == bindparam("tip_"), case_tip.c.left_at.is_(literal_column("NULL"))
)
_TIP_COLUMNS: Final = (
    tip.c.id, tip.c.code, tip.c.commune, tip.c.channel, tip.c.village, tip.c.text, tip.c.received_at, tip.c.may_publish, tip.c.bidx,
    tip.c.sender,
)  # fmt: skip
_CASE_TIPS: Final = (
    select(*_TIP_COLUMNS)
    .join(case_tip, case_tip.c.tip == tip.c.id)
    .where(case_tip.c.case == bindparam("case_"), case_tip.c.left_at.is_(literal_column("NULL")))
    .order_by(tip.c.received_at, tip.c.id)
)
_TIP: Final = select(*_TIP_COLUMNS).where(tip.c.code == bindparam("code_"))
_JOIN_TIP: Final = (
    upsert(case_tip)
    .values(case=bindparam("case_"), tip=bindparam("tip_"), joined_at=bindparam("now_"))
    .on_conflict_do_nothing(index_elements=["tip"], index_where=literal_column("left_at IS NULL"))
    .returning(case_tip.c.id)
)
_LEAVE: Final = (
    update(case_tip)
    .where(case_tip.c.case == bindparam("case_"), case_tip.c.tip == bindparam("tip_"), case_tip.c.left_at.is_(literal_column("NULL")))
    .values(left_at=bindparam("now_"))
)
_STEP: Final = (  # of two who act on the same version, one finds no row
    update(case_file)
    .where(case_file.c.id == bindparam("case_"), case_file.c.version == bindparam("version_"))
    .values(version=case_file.c.version + 1)
)
_FIELD_WORK: Final = select(
    field_work.c.id, field_work.c.case, field_work.c.day, field_work.c.people, field_work.c.state, field_work.c.safety,
    field_work.c.safety_by, field_work.c.found, field_work.c.spot, field_work.c.created_at, field_work.c.done_at,
).where(field_work.c.case == bindparam("case_")).order_by(field_work.c.id)  # fmt: skip
_OUTCOMES: Final = (
    select(
        case_outcome.c.id, case_outcome.c.kind, case_outcome.c.count, case_outcome.c.spot, case_outcome.c.note, case_outcome.c.at,
        case_outcome.c.withdrawn_at,
    ).where(case_outcome.c.case == bindparam("case_")).order_by(case_outcome.c.id)
)  # fmt: skip
_COUNTED: Final = (
    select(case_file.c.number, case_outcome.c.kind, case_outcome.c.count)
    .join(case_file, case_file.c.id == case_outcome.c.case)
    .where(
        case_outcome.c.withdrawn_at.is_(literal_column("NULL")),
        case_outcome.c.at >= bindparam("since_"),
        case_outcome.c.at < bindparam("until_"),
    )
    .order_by(case_outcome.c.id)
)
_PICTURES: Final = select(
    case_picture.c.id, case_picture.c.field_work, case_picture.c.digest, case_picture.c.media, case_picture.c.bytes
).where(case_picture.c.case == bindparam("case_")).order_by(case_picture.c.id)  # fmt: skip


async def open_case(connection: AsyncConnection, commune: str, number: str, title: str, owner: int, now: int) -> int:
    """A new case; returns its id."""
    values = {"commune": commune, "number": number, "title": title, "state": CaseState.OPEN.value, "version": 1, "owner": owner}
    made = insert(case_file).values(**values, opened_at=now, moved_at=now).returning(case_file.c.id)
    return int((await connection.execute(made)).scalar_one())


async def join_tip(connection: AsyncConnection, case: int, tip_id: int, now: int) -> bool:
    """Put a tip into a case; False: it belongs to one already, this one or another."""
    return (await connection.execute(_JOIN_TIP, {"case_": case, "tip_": tip_id, "now_": now})).scalar() is not None


async def leave_tip(connection: AsyncConnection, case: int, tip_id: int, now: int) -> bool:
    """Take a tip out of a case; that it was there stays written down. False: it was not there."""
    return (await connection.execute(_LEAVE, {"case_": case, "tip_": tip_id, "now_": now})).rowcount > 0


async def step(connection: AsyncConnection, case: int, version: int) -> bool:
    """Count a case's version up from `version`; False: somebody was quicker, and nothing may be done."""
    return (await connection.execute(_STEP, {"case_": case, "version_": version})).rowcount == 1


async def move(connection: AsyncConnection, case: int, state: CaseState, now: int) -> None:
    """A case goes into another state."""
    await connection.execute(update(case_file).where(case_file.c.id == case).values(state=state.value, moved_at=now))


async def change(connection: AsyncConnection, case: int, **values: str | int) -> None:
    """Another title or owner."""
    await connection.execute(update(case_file).where(case_file.c.id == case).values(**values))


async def find(connection: AsyncConnection, case: int) -> Case | None:
    """One case, or None."""
    row = (await connection.execute(_ONE, {"case_": case})).one_or_none()
    return None if row is None else _case(row)


async def of_tip(connection: AsyncConnection, tip_id: int) -> Case | None:
    """The case that a tip belongs to now, or None."""
    row = (await connection.execute(_BY_TIP, {"tip_": tip_id})).one_or_none()
    return None if row is None else _case(row)


async def listed(connection: AsyncConnection, communes: str | None, states: Sequence[CaseState], before: int | None = None) -> list[Case]:
    """Cases in `states`, the newest first, a page of them; `before`: an id to go on from. `communes`: None: all."""
    wanted = _CASES.where(case_file.c.state.in_([state.value for state in states]))
    if communes is not None:
        wanted = wanted.where(case_file.c.commune == communes)
    if before is not None:
        wanted = wanted.where(case_file.c.id < before)
    return [_case(row) for row in await connection.execute(wanted.order_by(case_file.c.id.desc()).limit(LISTED))]


async def counts(connection: AsyncConnection, communes: str | None) -> dict[CaseState, int]:
    """How many cases stand where."""
    wanted = select(case_file.c.state, func.count()).group_by(case_file.c.state)
    if communes is not None:
        wanted = wanted.where(case_file.c.commune == communes)
    found = {CaseState(row[0]): int(row[1]) for row in await connection.execute(wanted)}
    return {state: found.get(state, 0) for state in CaseState}


async def tips_of(connection: AsyncConnection, case: int) -> list[CaseTip]:
    """The tips of a case by the time they reached us, the first informant's first."""
    return [_tip(row) for row in await connection.execute(_CASE_TIPS, {"case_": case})]


async def tip_of(connection: AsyncConnection, code: str) -> CaseTip | None:
    """The tip of a code, as cases see it; None: there is none."""
    row = (await connection.execute(_TIP, {"code_": code})).one_or_none()
    return None if row is None else _tip(row)


def _tip(row: Sequence[Any]) -> CaseTip:  # Any: the columns of _TIP_COLUMNS
    values = [*row[:8], bytes(row[8]), row[9].startswith("+")]
    return CaseTip(*values)


def _case(row: Sequence[Any]) -> Case:  # Any: the columns of _CASES
    values = [*row[:4], CaseState(row[4]), *row[5:]]
    return Case(*values)


# --- field work ---


async def plan_field_work(connection: AsyncConnection, case: int, day: str, people: str, now: int) -> int:
    """Somebody is to go out; returns the id."""
    values = {"case": case, "day": day, "people": people, "state": "planned", "created_at": now}
    return int((await connection.execute(insert(field_work).values(**values).returning(field_work.c.id))).scalar_one())


async def change_field_work(connection: AsyncConnection, work: int, **values: str | int | None) -> None:
    """What came of a going out."""
    await connection.execute(update(field_work).where(field_work.c.id == work).values(**values))


async def field_work_of(connection: AsyncConnection, case: int) -> list[FieldWork]:
    """Every going out of a case, the first first."""
    return [
        FieldWork(row.id, row.case, row.day, row.people, row.state, Safety(row.safety) if row.safety else None, row.safety_by, row.found,
                  row.spot, row.created_at, row.done_at)
        for row in await connection.execute(_FIELD_WORK, {"case_": case})
    ]  # fmt: skip


# --- what it came to ---


async def add_outcome(
    connection: AsyncConnection, case: Case, kind: Outcome, count: int, spot: str | None, note: str | None, now: int
) -> int:
    """A case came to something; returns the row's id."""
    values = {"case": case.id, "commune": case.commune, "kind": kind.value, "count": count, "spot": spot, "note": note, "at": now}
    return int((await connection.execute(insert(case_outcome).values(**values).returning(case_outcome.c.id))).scalar_one())


async def withdraw_outcome(connection: AsyncConnection, case: int, outcome: int, now: int) -> bool:
    """Take an outcome back as a mistake: it stays to be read and is counted no more. False: there is none to take back."""
    mine = and_(case_outcome.c.id == outcome, case_outcome.c.case == case, case_outcome.c.withdrawn_at.is_(None))
    return (await connection.execute(update(case_outcome).where(mine).values(withdrawn_at=now))).rowcount == 1


async def outcomes_of(connection: AsyncConnection, case: int) -> list[Came]:
    """What a case came to, withdrawn rows too, the first first."""
    found = await connection.execute(_OUTCOMES, {"case_": case})
    return [Came(id_, Outcome(kind), *rest) for id_, kind, *rest in found]


async def outcomes(connection: AsyncConnection, communes: str | None, since: int, until: int) -> Outcomes:
    """The outcome counters of [since, until) (epoch ms), every figure with the cases behind it. `communes`: None: all."""
    wanted = _COUNTED if communes is None else _COUNTED.where(case_outcome.c.commune == communes)
    rows = [(row[0], Outcome(row[1]), int(row[2])) for row in await connection.execute(wanted, {"since_": since, "until_": until})]

    def total(kind: Outcome) -> int:
        return sum(count for _, each, count in rows if each is kind)

    return Outcomes(total(Outcome.COORDINATE), total(Outcome.RECOVERED), total(Outcome.IDENTIFIED), total(Outcome.NOTHING), tuple(rows))


# --- pictures ---


async def add_picture(connection: AsyncConnection, case: int, work: int | None, digest: str, media: str, size: int, now: int) -> bool:
    """A picture belongs to a case; False: the case has it already."""
    values = {"case": case, "field_work": work, "digest": digest, "media": media, "bytes": size, "created_at": now}
    made = upsert(case_picture).values(**values).on_conflict_do_nothing().returning(case_picture.c.id)
    return (await connection.execute(made)).scalar() is not None


async def pictures_of(connection: AsyncConnection, case: int) -> list[Picture]:
    """The pictures of a case, the first first."""
    return [Picture(*row) for row in await connection.execute(_PICTURES, {"case_": case})]
