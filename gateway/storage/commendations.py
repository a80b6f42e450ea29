"""Proposals to commend whoever told us, as rows: proposed by one office, signed or refused by the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import case_file, commendation, tip, user


@dataclass(frozen=True, slots=True)
class NewCommendation:
    """A proposal. `person`: the name as it is to be printed; `consent`: may_publish or explicit; `office`: of who proposes."""

    commune: str
    number: str
    case: int
    tip: int
    person: str = field(repr=False)
    merit: str = field(repr=False)
    consent: str
    consent_note: str | None = field(repr=False)
    by: int
    office: str


@dataclass(frozen=True, slots=True)
class Commendation:
    """A proposal as stored; `proposer`, `signer`: names of users."""

    id: int
    commune: str
    number: str
    case: int
    case_number: str
    tip: int
    tip_code: str
    person: str = field(repr=False)
    merit: str = field(repr=False)
    consent: str
    consent_note: str | None = field(repr=False)
    state: str
    version: int
    proposed_at: int
    proposed_by: int
    proposed_office: str
    proposer: str
    signed_at: int | None
    signed_by: int | None
    signed_office: str | None
    signer: str | None


_signer = user.alias("signer")
_ALL: Final = (
    select(
        commendation.c.id, commendation.c.commune, commendation.c.number, commendation.c.case, case_file.c.number, commendation.c.tip,
        tip.c.code, commendation.c.person, commendation.c.merit, commendation.c.consent, commendation.c.consent_note,
        commendation.c.state, commendation.c.version, commendation.c.proposed_at, commendation.c.proposed_by,
        commendation.c.proposed_office, user.c.name, commendation.c.signed_at, commendation.c.signed_by, commendation.c.signed_office,
        _signer.c.name,
    )
    .join(case_file, case_file.c.id == commendation.c.case)
    .join(tip, tip.c.id == commendation.c.tip)
    .join(user, user.c.id == commendation.c.proposed_by)
    .outerjoin(_signer, _signer.c.id == commendation.c.signed_by)
)  # fmt: skip
_ONE: Final = _ALL.where(commendation.c.id == bindparam("commendation_"))


async def propose(connection: AsyncConnection, new: NewCommendation, now: int) -> int | None:
    """Store a proposal; returns its id, None: this tip was proposed for this case before."""
    values = {
        "commune": new.commune, "number": new.number, "case": new.case, "tip": new.tip, "person": new.person, "merit": new.merit,
        "consent": new.consent, "consent_note": new.consent_note, "state": "proposed", "version": 1, "proposed_at": now,
        "proposed_by": new.by, "proposed_office": new.office,
    }  # fmt: skip
    made = upsert(commendation).values(**values).on_conflict_do_nothing(index_elements=["case", "tip"]).returning(commendation.c.id)
    found = (await connection.execute(made)).scalar()
    return None if found is None else int(found)


async def find(connection: AsyncConnection, id_: int) -> Commendation | None:
    """One proposal, or None."""
    row = (await connection.execute(_ONE, {"commendation_": id_})).one_or_none()
    return None if row is None else _commendation(row)


async def listed(connection: AsyncConnection, communes: str | None, case: int | None = None) -> list[Commendation]:
    """Proposals, the newest first; of one case if `case` is given."""
    wanted = _ALL if communes is None else _ALL.where(commendation.c.commune == communes)
    if case is not None:
        wanted = wanted.where(commendation.c.case == case)
    return [_commendation(row) for row in await connection.execute(wanted.order_by(commendation.c.id.desc()))]


def _commendation(row: Sequence[Any]) -> Commendation:  # Any: the columns of _ALL
    return Commendation(*row)


async def decide(connection: AsyncConnection, id_: int, version: int, state: str, by: int, office: str, now: int) -> bool:
    """The other office signs or refuses; False: somebody was quicker."""
    mine = (commendation.c.id == id_) & (commendation.c.version == version) & (commendation.c.state == "proposed")
    values = {"state": state, "signed_by": by, "signed_office": office, "signed_at": now, "version": version + 1}
    return (await connection.execute(update(commendation).where(mine).values(**values))).rowcount == 1
