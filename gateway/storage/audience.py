"""Whom a wave may reach: people of a list or of villages, never without consent or a legal basis, never who said stop."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.msisdn import Msisdn
from gateway.storage.schema import contact

_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Person:
    """One member of an audience."""

    bidx: bytes
    msisdn: Msisdn
    village: str | None
    language: str = "vi"


@dataclass(frozen=True, slots=True)
class Listed:
    """A person as a list gives them, on the basis it names."""

    bidx: bytes
    msisdn: Msisdn = field(repr=False)
    village: str
    language: str
    tags: tuple[str, ...]
    consent: str
    legal_basis: str


async def remember(connection: AsyncConnection, listed: Sequence[Listed], commune: str, now: int) -> None:
    """Store people of a list; who is known keeps their opt-out and their own consent, and moves to the list's village."""
    for start in range(0, len(listed), _PAGE):
        statement = upsert(contact)
        taken = {name: statement.excluded[name] for name in ("village", "language", "tags")}
        taken["legal_basis"] = statement.excluded.legal_basis
        rows = [
            {
                "bidx": each.bidx,
                "msisdn": each.msisdn.e164,
                "commune": commune,
                "village": each.village,
                "language": each.language,
                "tags": list(each.tags) or None,
                "consent": {"source": each.consent, "at": now} if each.consent else None,
                "legal_basis": each.legal_basis or None,
                "created_at": now,
            }
            for each in listed[start : start + _PAGE]
        ]
        await connection.execute(statement.on_conflict_do_update(index_elements=["bidx"], set_=taken), rows)


async def people(connection: AsyncConnection, villages: Collection[str]) -> AsyncIterator[list[Person]]:
    """The audience of `villages`, page by page in the order of their first coming."""
    last = 0
    while True:
        chosen = (
            select(contact.c.id, contact.c.bidx, contact.c.msisdn, contact.c.village, contact.c.language)
            .where(
                contact.c.id > last,
                contact.c.village.in_(villages),
                contact.c.opted_out_at.is_(None),
                or_(contact.c.consent.is_not(None), contact.c.legal_basis.is_not(None)),
            )
            .order_by(contact.c.id)
            .limit(_PAGE)
        )
        rows = (await connection.execute(chosen)).all()
        if not rows:
            return
        last = rows[-1].id
        yield [Person(row.bidx, Msisdn(row.msisdn), row.village, row.language) for row in rows]
