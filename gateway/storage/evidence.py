"""Evidence as rows, and the chain of custody: who handed what to whom, where, under which seal, in which condition."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import case_file, custody, evidence, tip

LISTED: Final = 300


@dataclass(frozen=True, slots=True)
class Evidence:
    """An object, a paper or a picture under a register number. `case`, `tip`: ids; `case_number`, `tip_code`: as people call them."""

    id: int
    commune: str
    number: str
    kind: str
    title: str = field(repr=False)
    details: str = field(repr=False)
    case: int | None
    case_number: str | None
    tip: int | None
    tip_code: str | None
    version: int
    received_at: int


@dataclass(frozen=True, slots=True)
class NewStep:
    """A hand-over to write down. `receiver_user`: who alone can confirm it; None: somebody outside the desk."""

    evidence: int
    step: int
    giver: str = field(repr=False)
    receiver: str = field(repr=False)
    receiver_user: int | None
    place: str = field(repr=False)
    seal: str
    condition: str = field(repr=False)
    given_at: int
    given_by: int


@dataclass(frozen=True, slots=True)
class Step:
    """A hand-over as stored. Neither `confirmed_at` nor `refused_at`: it waits. `paper`: the sheet that somebody outside signed."""

    id: int
    evidence: int
    step: int
    giver: str = field(repr=False)
    receiver: str = field(repr=False)
    receiver_user: int | None
    place: str = field(repr=False)
    seal: str
    condition: str = field(repr=False)
    given_at: int
    given_by: int
    confirmed_at: int | None
    confirmed_by: int | None
    paper: str | None
    refused_at: int | None

    @property
    def waits(self) -> bool:
        return self.confirmed_at is None and self.refused_at is None

    @property
    def holder(self) -> str:
        """Who answers for the piece after this step: the giver, until the receiver has confirmed."""
        return self.receiver if self.confirmed_at is not None else self.giver


_ALL: Final = (
    select(
        evidence.c.id, evidence.c.commune, evidence.c.number, evidence.c.kind, evidence.c.title, evidence.c.details, evidence.c.case,
        case_file.c.number.label("case_number"), evidence.c.tip, tip.c.code.label("tip_code"), evidence.c.version, evidence.c.received_at,
    )
    .outerjoin(case_file, case_file.c.id == evidence.c.case)
    .outerjoin(tip, tip.c.id == evidence.c.tip)
)  # fmt: skip
_ONE: Final = _ALL.where(evidence.c.id == bindparam("evidence_"))
_STEPS: Final = select(
    custody.c.id, custody.c.evidence, custody.c.step, custody.c.giver, custody.c.receiver, custody.c.receiver_user, custody.c.place,
    custody.c.seal, custody.c.condition, custody.c.given_at, custody.c.given_by, custody.c.confirmed_at, custody.c.confirmed_by,
    custody.c.paper, custody.c.refused_at,
)  # fmt: skip
_CHAIN: Final = _STEPS.where(custody.c.evidence == bindparam("evidence_")).order_by(custody.c.step)
_WAITING: Final = (
    select(evidence.c.id, evidence.c.number, evidence.c.commune, custody.c.given_at, custody.c.receiver_user)
    .join(evidence, evidence.c.id == custody.c.evidence)
    .where(custody.c.confirmed_at.is_(literal_column("NULL")), custody.c.refused_at.is_(literal_column("NULL")))
    .order_by(custody.c.given_at)
)
_COUNT_UP: Final = (
    update(evidence)
    .where(evidence.c.id == bindparam("evidence_"), evidence.c.version == bindparam("version_"))
    .values(version=evidence.c.version + 1)
)


async def add(
    connection: AsyncConnection,
    commune: str,
    number: str,
    kind: str,
    words: tuple[str, str],
    of: tuple[int | None, int | None],
    now: int,
) -> int:
    """A new piece; returns its id. `words`: title and details; `of`: case and tip."""
    values = {"commune": commune, "number": number, "kind": kind, "title": words[0], "details": words[1], "case": of[0], "tip": of[1]}
    made = insert(evidence).values(**values, version=1, received_at=now).returning(evidence.c.id)
    return int((await connection.execute(made)).scalar_one())


async def find(connection: AsyncConnection, id_: int) -> Evidence | None:
    """One piece, or None."""
    row = (await connection.execute(_ONE, {"evidence_": id_})).one_or_none()
    return None if row is None else _piece(row)


async def listed(connection: AsyncConnection, communes: str | None, case: int | None = None) -> list[Evidence]:
    """Pieces, the newest first; of one case if `case` is given."""
    wanted = _ALL if communes is None else _ALL.where(evidence.c.commune == communes)
    if case is not None:
        wanted = wanted.where(evidence.c.case == case)
    return [_piece(row) for row in await connection.execute(wanted.order_by(evidence.c.id.desc()).limit(LISTED))]


async def count_up(connection: AsyncConnection, id_: int, version: int) -> bool:
    """Count a piece's version up from `version`; False: somebody was quicker."""
    return (await connection.execute(_COUNT_UP, {"evidence_": id_, "version_": version})).rowcount == 1


async def chain(connection: AsyncConnection, id_: int) -> list[Step]:
    """The chain of custody of a piece, the first step first."""
    return [_step(row) for row in await connection.execute(_CHAIN, {"evidence_": id_})]


async def hand_over(connection: AsyncConnection, new: NewStep) -> None:
    """Write a step down; it waits for its receiver."""
    await connection.execute(
        insert(custody).values(
            evidence=new.evidence, step=new.step, giver=new.giver, receiver=new.receiver, receiver_user=new.receiver_user,
            place=new.place, seal=new.seal, condition=new.condition, given_at=new.given_at, given_by=new.given_by,
        )
    )  # fmt: skip


async def confirm(connection: AsyncConnection, step: int, by: int, paper: str | None, now: int) -> None:
    """The receiver has it."""
    await connection.execute(update(custody).where(custody.c.id == step).values(confirmed_at=now, confirmed_by=by, paper=paper))


async def refuse(connection: AsyncConnection, step: int, by: int, now: int) -> None:
    """The receiver did not take it."""
    await connection.execute(update(custody).where(custody.c.id == step).values(refused_at=now, confirmed_by=by))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A hand-over without its receiver's word."""

    evidence: int
    number: str
    commune: str
    given_at: int
    receiver_user: int | None


async def waiting(connection: AsyncConnection, communes: str | None) -> list[Waiting]:
    """Hand-overs that wait for their receivers, the oldest first."""
    wanted = _WAITING if communes is None else _WAITING.where(evidence.c.commune == communes)
    return [Waiting(*row) for row in await connection.execute(wanted)]


def _step(row: Sequence[Any]) -> Step:  # Any: the columns of _STEPS
    return Step(*row)


def _piece(row: Sequence[Any]) -> Evidence:  # Any: the columns of _ALL
    return Evidence(*row)
