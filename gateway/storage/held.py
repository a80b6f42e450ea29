"""All that is held of one person, for that person to read."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import attachment, contact, dna_request, mo, mt, question, tip, wave


@dataclass(frozen=True, slots=True)
class Item:
    """Something that we hold. `kind`: contact, received, sent, tip, dna, question; `at`: epoch ms."""

    kind: str
    at: int
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """Oldest first. `opted_out_at`: since when nobody writes; `pictures`: attachments of the tips."""

    items: Sequence[Item]
    village: str | None
    consent: str | None
    opted_out_at: int | None
    pictures: int


async def of_person(connection: AsyncConnection, bidx: bytes, commune: str) -> Held:
    """What there is under that blind index; what other communes were told is theirs to show."""
    person = (await connection.execute(select(contact).where(contact.c.bidx == bidx))).one_or_none()
    elsewhere = select(tip.c.id).where(tip.c.bidx == bidx, tip.c.commune != commune)
    theirs = select(tip.c.mo).where(tip.c.bidx == bidx, tip.c.commune != commune)
    here = (mo.c.bidx == bidx) & mo.c.id.not_in(theirs) & func.coalesce(mo.c.tip, 0).not_in(elsewhere)
    items = [Item("received", row.received_at, row.text) for row in await connection.execute(select(mo).where(here))]
    mos = select(mo.c.id).where(here)
    of_others = select(wave.c.id).where(wave.c.commune != commune)
    sent = select(mt.c.created_at, mt.c.body, mt.c.wave).where(mt.c.bidx == bidx, mt.c.wave.not_in(of_others))
    items += [Item("sent", row.created_at, row.body or f"đợt nhắn tin số {row.wave}") for row in await connection.execute(sent)]
    mine = (tip.c.bidx == bidx) & (tip.c.commune == commune)
    tips = select(tip.c.received_at, tip.c.code, tip.c.text).where(mine)
    items += [Item("tip", row.received_at, f"{row.code}: {row.text}") for row in await connection.execute(tips)]
    for kind, table in (("dna", dna_request), ("question", question)):
        rows = await connection.execute(select(table.c.received_at, table.c.text).where(table.c.mo.in_(mos), table.c.commune == commune))
        items += [Item(kind, row.received_at, row.text) for row in rows]
    pictures = (await connection.scalars(select(attachment.c.id).where(attachment.c.tip.in_(select(tip.c.id).where(mine))))).all()
    return Held(
        sorted(items, key=lambda each: each.at),
        person.village if person else None,
        _consent(person.consent, person.legal_basis) if person else None,
        person.opted_out_at if person else None,
        len(pictures),
    )


def _consent(consent: object, basis: str | None) -> str | None:
    if isinstance(consent, dict):
        return f"đồng ý qua {consent.get('source', 'không ghi')}"
    return basis
