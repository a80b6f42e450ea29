"""Statements that take words and numbers out of rows and leave the rows, so that every count stays what it was (ADR 0029)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    Table,
    and_,
    bindparam,
    delete,
    func,
    null,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import (
    attachment,
    case_tip,
    contact,
    dialogue,
    dna_request,
    metadata,
    mo,
    person_request,
    portability,
    tip,
    tip_shingle,
)
from gateway.storage.seal import Sealed, key_of
from gateway.storage.sealed_columns import ERASED, FATES, By, Fate, fate_of

CHUNK: Final = 100  # rows a unit: a few milliseconds of the writer's
READ: Final = 2_000  # rows a look
OPEN_MTS: Final = ("queued", "claimed", "sending")


@dataclass(frozen=True, slots=True)
class Belongings:
    """Ids of the rows of one person, or of those whose time is over. `case_*`: those that belong to a case."""

    bidx: bytes | None = None
    tips: tuple[int, ...] = ()
    case_tips: tuple[int, ...] = ()
    mos: tuple[int, ...] = ()
    case_mos: tuple[int, ...] = ()
    dna: tuple[int, ...] = ()
    requests: tuple[int, ...] = ()


def sealed_columns() -> Iterator[tuple[Table, Column[str], str]]:
    """(table, column, place) of every sealed column."""
    for table in metadata.sorted_tables:
        for column in table.c:
            if isinstance(column.type, Sealed):
                yield table, column, column.type.place


# --- whose rows ---


async def belongings(connection: AsyncConnection, bidx: bytes | None, tips: Collection[int] = (), commune: str | None = None) -> Belongings:
    """What there is of the person `bidx`, and of `tips`. `commune`: what other communes were told is left out."""
    found, others = set(tips), set[int]()
    if bidx is not None:
        for row in await connection.execute(select(tip.c.id, tip.c.commune).where(tip.c.bidx == bidx)):
            (found if commune in (None, row.commune) else others).add(row.id)
    in_case = set(await connection.scalars(select(case_tip.c.tip).where(case_tip.c.tip.in_(found), case_tip.c.left_at.is_(None))))
    mos: set[int] = set()
    if bidx is not None:
        theirs = select(tip.c.mo).where(tip.c.id.in_(others))
        mine = select(mo.c.id).where(mo.c.bidx == bidx, mo.c.id.not_in(theirs), func.coalesce(mo.c.tip, 0).not_in(others))
        mos = set(await connection.scalars(mine))
    rows = await connection.execute(
        select(mo.c.id, tip.c.id.label("whose")).where(or_(tip.c.mo == mo.c.id, mo.c.tip == tip.c.id), tip.c.id.in_(found))
    )
    whose = {row.id: row.whose for row in rows}
    mos |= whose.keys()
    case_mos = {id_ for id_ in mos if whose.get(id_) in in_case}
    dna = (await connection.scalars(select(dna_request.c.id).where(dna_request.c.mo.in_(mos)))).all()
    return Belongings(bidx, _sorted(found - in_case), _sorted(in_case), _sorted(mos - case_mos), _sorted(case_mos), _sorted(dna))


def _sorted(ids: Collection[int]) -> tuple[int, ...]:
    return tuple(sorted(ids))


# --- what is taken out ---


def _condition(table: Table, fate: Fate, of: Belongings) -> ColumnElement[bool] | None:
    """Which rows of `table` are meant; None: none."""
    tips = of.tips if fate.case else (*of.tips, *of.case_tips)
    mos = of.mos if fate.case else (*of.mos, *of.case_mos)
    if fate.by is By.PERSON:
        return None if of.bidx is None else table.c.bidx == of.bidx
    own = {By.TIP: tip, By.MO: mo, By.REQUEST: person_request}.get(fate.by)
    ids = {By.TIP: tips, By.MO: mos, By.DNA: of.dna, By.REQUEST: of.requests}.get(fate.by, ())
    if not ids:
        return None
    name = {By.TIP: "tip", By.MO: "mo"}.get(fate.by, "request")
    return (table.c.id if table is own else table.c[name]).in_(ids)


async def take_out(connection: AsyncConnection, of: Belongings) -> tuple[dict[str, int], set[int]]:
    """Take out what belongs there; (values by column, ids of the data keys that had sealed them)."""
    counts: dict[str, int] = {}
    keys: set[int] = set()
    for table, column, _ in sealed_columns():
        name = f"{table.name}.{column.name}"
        fate = fate_of(table.name, column.name)
        if (condition := _condition(table, fate, of)) is not None:
            count, sealed_with = await _clear(connection, table, column, fate, condition)
            if count:
                counts[name] = count
                keys |= sealed_with
    return counts, keys


async def _clear(
    connection: AsyncConnection, table: Table, column: Column[str], fate: Fate, condition: ColumnElement[bool]
) -> tuple[int, set[int]]:
    where = and_(condition, column.is_not(None))
    if table.name == "mt":
        where = and_(where, table.c.state.not_in(OPEN_MTS))  # what is on its way is cancelled first
    values = list(await connection.scalars(select(type_coerce(column, LargeBinary)).where(where)))
    if values:
        await connection.execute(update(table).where(where).values({column.name: null() if fate.clear else ERASED}))
    return len(values), {key_of(bytes(value)) for value in values}


async def count_of(connection: AsyncConnection, of: Belongings) -> dict[str, int]:
    """How many values `take_out` would take, by column."""
    counts: dict[str, int] = {}
    for table, column, _ in sealed_columns():
        name = f"{table.name}.{column.name}"
        if (condition := _condition(table, fate_of(table.name, column.name), of)) is not None:
            rows = (await connection.scalars(select(table.c[0]).where(condition, column.is_not(None)))).all()
            if rows:
                counts[name] = len(rows)
    return counts


async def cut_ties(connection: AsyncConnection, of: Belongings, now: int) -> list[bytes]:
    """Beside sealed columns: what else points at a person. Digests of attachments whose last row went."""
    if of.bidx is not None:
        await connection.execute(
            update(contact)
            .where(contact.c.bidx == of.bidx)
            .values(village=None, tags=None, consent=None, legal_basis=None, opted_out_at=_earliest(now))
        )
        await connection.execute(
            text("UPDATE mt SET state = 'cancelled', code = 'erased', owner = NULL WHERE bidx = :bidx AND state = 'queued'"),
            {"bidx": of.bidx},
        )
        await connection.execute(update(dialogue).where(dialogue.c.bidx == of.bidx).values(session=None))
        await connection.execute(delete(portability).where(portability.c.bidx == of.bidx))
    await connection.execute(delete(tip_shingle).where(tip_shingle.c.tip.in_(of.tips)))
    digests = [bytes(each) for each in await connection.scalars(select(attachment.c.digest).where(attachment.c.tip.in_(of.tips)))]
    await connection.execute(delete(attachment).where(attachment.c.tip.in_(of.tips)))
    left = set(map(bytes, await connection.scalars(select(attachment.c.digest).where(attachment.c.digest.in_(digests)))))
    return [digest for digest in digests if digest not in left]


def _earliest(now: int) -> ColumnElement[int]:
    return func.coalesce(contact.c.opted_out_at, now)


async def stop(connection: AsyncConnection, bidx: bytes, now: int) -> None:
    """Somebody we never wrote to is stopped as well: a row that is nothing but the hash."""
    if await connection.scalar(select(contact.c.id).where(contact.c.bidx == bidx)) is None:
        row = {"bidx": bidx, "msisdn": ERASED, "commune": "", "opted_out_at": now, "created_at": now}
        await connection.execute(contact.insert().values(**row))


async def tip_of(connection: AsyncConnection, code: str) -> int | None:
    """The id of the tip with that code."""
    found = await connection.scalar(select(tip.c.id).where(tip.c.code == code))
    return None if found is None else int(found)


async def newest_values(connection: AsyncConnection) -> list[tuple[str, bytes | None]]:
    """Of every sealed column its place and its newest value; None: it holds none."""
    found: list[tuple[str, bytes | None]] = []
    for table, column, place in sealed_columns():
        order = [key.desc() for key in table.primary_key]
        statement = select(type_coerce(column, LargeBinary)).where(column.is_not(None)).order_by(*order).limit(1)
        value = await connection.scalar(statement)
        found.append((place, None if value is None else bytes(value)))
    return found


# --- words without an index ---


async def with_words(connection: AsyncConnection, number: str) -> list[tuple[str, int]]:
    """(column, row id) of what is found only by opening it: where `number`'s national digits stand, whatever stands between them."""
    found = []
    for table, column, _ in sealed_columns():
        name = f"{table.name}.{column.name}"
        if fate_of(table.name, column.name).by is By.WORDS:
            rows = await connection.execute(select(table.c.id, column).where(column.is_not(None)))
            found += [(name, row[0]) for row in rows if number in _digits(row[1])]
    return found


def _digits(words: str) -> str:
    return "".join(filter(str.isdigit, words.replace("+84", "0")))


async def clear_words(connection: AsyncConnection, found: Sequence[tuple[str, int]]) -> set[int]:
    """Take out what `with_words` found; ids of the data keys that had sealed it."""
    keys = set[int]()
    for name, id_ in found:
        table, column = metadata.tables[name.partition(".")[0]], name.partition(".")[2]
        value = await connection.scalar(select(type_coerce(table.c[column], LargeBinary)).where(table.c.id == id_))
        if value is not None:
            keys.add(key_of(bytes(value)))
        await connection.execute(update(table).where(table.c.id == id_).values({column: null() if FATES[name].clear else ERASED}))
    return keys


# --- sealing anew (a key is about to be destroyed) ---


async def under_key(
    connection: AsyncConnection, table: Table, column: Column[str], key_id: int, after: int
) -> list[tuple[tuple[Any, ...], bytes]]:  # Any: a primary key
    """(primary key, sealed value) of at most READ rows that were sealed with `key_id`, by id behind `after` where the table `walks`."""
    raw, keys = type_coerce(column, LargeBinary), list(table.primary_key)
    meant = bindparam("key_", key_id.to_bytes(2, "big"), type_=LargeBinary)
    statement = select(*keys, raw.label("sealed_")).where(func.substr(raw, 2, 2, type_=LargeBinary) == meant).order_by(*keys).limit(READ)
    if walks(table):
        statement = statement.where(keys[0] > after)
    return [(tuple(row[:-1]), bytes(row[-1])) for row in await connection.execute(statement)]


def walks(table: Table) -> bool:
    """Whether its rows are gone through by their id: a second look begins where the first one ended."""
    return [key.name for key in table.primary_key] == ["id"]


async def swap(
    connection: AsyncConnection, table: Table, column: Column[str], rows: Sequence[tuple[tuple[object, ...], bytes, bytes]]
) -> int:
    """(primary key, old, new): each row that still holds `old` gets `new`."""
    keys = [key.name for key in table.primary_key]
    where = " AND ".join(f'"{name}" = :pk{at}' for at, name in enumerate(keys))
    statement = text(f'UPDATE "{table.name}" SET "{column.name}" = :new WHERE {where} AND "{column.name}" = :old')  # noqa: S608 # the schema
    done = 0
    for key, old, new in rows:
        values = {f"pk{at}": value for at, value in enumerate(key)} | {"old": old, "new": new}
        done += (await connection.execute(statement, values)).rowcount
    return done
