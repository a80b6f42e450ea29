"""Whom a wave may reach, and its MTs as they are planned: pages in the order of the blind index, numbers copied as they lie there, sealed.

In that order a page's rows stand side by side in the indexes over people, of contacts and of MTs alike. `mt.msisdn` and `contact.msisdn`
share their place, so the ciphertext is copied, never opened and sealed again (the nonce stays with its text: nothing is used twice).
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, LargeBinary, Select, and_, bindparam, delete, func, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import MtState
from gateway.domain.wave import WaveState
from gateway.storage.outbox import BLAST
from gateway.storage.schema import contact, mo, mt, wave, wave_text
from gateway.storage.sqlite_writer import driver_of

PAGE: Final = 3_000  # rows a transaction writes: the writer is free again within a tenth of a second
_AT_ONCE: Final = 100  # rows of one INSERT on SQLite
_FEW: Final = 500  # people looked up one by one; more are read as a stretch of the index
_LEFT: Final = (MtState.SENDING.value, MtState.SENT.value, MtState.DELIVERED.value, MtState.UNCERTAIN.value)


@dataclass(frozen=True, slots=True)
class Who:
    """A rule as the database is asked: an empty part asks nothing. `since`, `until`: when we came to know them, epoch ms.

    `not_answered`: id of a wave that they got and have not written since.
    """

    villages: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    not_answered: int | None = None


class Person(NamedTuple):
    """One member of an audience, or somebody who is left out of it. `msisdn`: sealed; `tags`: as stored."""

    bidx: bytes
    msisdn: bytes
    village: str | None
    language: str
    tags: list[str] | None
    has_basis: bool
    opted_out_at: int | None
    blocked_at: int | None


MtRow = tuple[Any, ...]  # Any: the values of `_MT`


class Listed(NamedTuple):
    """A person of a list, to be stored. `msisdn`: sealed; `tags`, `consent`: JSON."""

    bidx: bytes
    msisdn: bytes
    commune: str
    village: str
    language: str
    tags: str | None
    consent: str | None
    legal_basis: str | None


# --- people ---

_has_basis: Final = or_(contact.c.consent.is_not(None), contact.c.legal_basis.is_not(None))
_SEALED: Final = type_coerce(contact.c.msisdn, LargeBinary)
_PERSON: Final = (
    contact.c.bidx, _SEALED.label("msisdn"), contact.c.village, contact.c.language, contact.c.tags, _has_basis.label("has_basis"),
    contact.c.opted_out_at, contact.c.blocked_at,
)  # fmt: skip


def _conditions(who: Who) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, wanted in ((contact.c.village, who.villages), (contact.c.commune, who.communes), (contact.c.language, who.languages)):
        if wanted:
            found.append(column.in_(wanted))
    if who.since is not None and who.until is not None:
        found.append(contact.c.created_at.between(who.since, who.until - 1))
    if who.not_answered is not None:
        found.append(_silent_since(who.not_answered))
    return found


def _silent_since(wave_id: int) -> ColumnElement[bool]:
    """They got an MT of that wave, and no MO of theirs came in since it left."""
    wrote = select(mo.c.id).where(mo.c.bidx == contact.c.bidx, mo.c.received_at >= mt.c.sent_at).correlate(contact, mt).exists()
    got = select(mt.c.id).where(
        mt.c.bidx == contact.c.bidx, mt.c.wave == wave_id, mt.c.wave != 0, mt.c.state.in_(_LEFT), mt.c.sent_at.is_not(None), ~wrote
    )
    return got.correlate(contact).exists()


def _people(who: Who) -> Select[Any]:
    return select(*_PERSON).where(*_conditions(who)).order_by(contact.c.bidx)


async def page(connection: AsyncConnection, who: Who, after: bytes, size: int = PAGE) -> list[Person]:
    """The next people of `who`, above `after` in the order of the blind index; also those who will be left out."""
    rows = await connection.execute(_people(who).where(contact.c.bidx > after).limit(size))
    return list(map(Person._make, rows.all()))


async def among(connection: AsyncConnection, who: Who, people: Sequence[bytes]) -> list[Person]:
    """Those of `people` (at most a page) whom `who` names and who are known."""
    size = next(each for each in (10, 100, 1_000, PAGE // 2, PAGE, len(people)) if each >= len(people))
    padded = list(people) + [people[-1]] * (size - len(people))  # few lengths: the statement is prepared once for each
    rows = await connection.execute(_people(who).where(contact.c.bidx.in_(padded)))
    return list(map(Person._make, rows.all()))


async def kinds(connection: AsyncConnection, who: Who) -> list[tuple[str | None, str, int]]:
    """(village, language, how many people) of all whom `who` names: what their texts can differ in."""
    grouped = select(contact.c.village, contact.c.language, func.count()).where(*_conditions(who))
    return [tuple(row) for row in await connection.execute(grouped.group_by(contact.c.village, contact.c.language))]


# --- lists ---

_LISTED: Final = ", ".join(("bidx", "msisdn", "commune", "village", "language", "tags", "consent", "legal_basis", "created_at"))
_KNOWN_ALREADY: Final = (  # who is known keeps their opt-out, their block and their own consent, and moves to the list's village
    " ON CONFLICT (bidx) DO UPDATE SET commune = excluded.commune, village = excluded.village, language = excluded.language, "
    "tags = coalesce(excluded.tags, contact.tags), consent = coalesce(contact.consent, excluded.consent), "
    "legal_basis = coalesce(excluded.legal_basis, contact.legal_basis)"
)
_REMEMBER_SQLITE: Final = f"INSERT INTO contact ({_LISTED})"
_REMEMBER_POSTGRES: Final = (
    f"INSERT INTO contact ({_LISTED}) SELECT l.bidx, l.msisdn, l.commune, l.village, l.language, "  # noqa: S608 # constants
    "CAST(l.tags AS json), CAST(l.consent AS json), l.legal_basis, $9 "
    "FROM unnest(CAST($1 AS bytea[]), CAST($2 AS bytea[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS text[]), "
    "CAST($6 AS text[]), CAST($7 AS text[]), CAST($8 AS text[])) "
    "AS l (bidx, msisdn, commune, village, language, tags, consent, legal_basis)" + _KNOWN_ALREADY
)


async def remember(connection: AsyncConnection, listed: Sequence[Listed], now: int) -> None:
    """Store a page of a list, nobody in it twice."""
    if not listed:
        return
    if (driver := driver_of(connection)) is not None:
        _insert(driver, _REMEMBER_SQLITE, [(*each, now) for each in listed], _KNOWN_ALREADY)
    else:
        columns = (list(column) for column in zip(*listed, strict=True))
        await connection.exec_driver_sql(_REMEMBER_POSTGRES, (*columns, now))


# --- caps ---


async def recent_waves(connection: AsyncConnection, since: int) -> list[int]:
    """Waves of which an MT may have left since then."""
    chosen = select(wave.c.id).where(wave.c.started_at.is_not(None), or_(wave.c.ended_at.is_(None), wave.c.ended_at > since))
    return list((await connection.scalars(chosen)).all())


async def left_since(
    connection: AsyncConnection, people: Sequence[bytes], waves: Sequence[int], since: int, now: int
) -> dict[bytes, list[int]]:
    """When MTs of `waves` to some of `people`, who stand in the order of the blind index, left since then; by person."""
    if not people or not waves:
        return {}
    theirs = mt.c.bidx.in_(people) if len(people) <= _FEW else mt.c.bidx.between(people[0], people[-1])
    left = select(mt.c.bidx, mt.c.sent_at).where(theirs, mt.c.wave.in_(waves), mt.c.wave != 0, mt.c.state.in_(_LEFT))
    found: dict[bytes, list[int]] = {}
    for bidx, at in await connection.execute(left.where(or_(mt.c.sent_at.is_(None), mt.c.sent_at > since))):
        found.setdefault(bidx, []).append(now if at is None else at)
    return found


# --- the wave's MTs ---

_MT: Final = (
    "ref", "wave", "bidx", "msisdn", "parameters", "language", "operator", "lane", "route", "state", "due_at", "expires_at", "attempts",
    "segments", "created_at",
)  # fmt: skip
_INSERT_SQLITE: Final = f"INSERT INTO mt ({', '.join(_MT)})"


def mt_row(
    ref: str,
    wave_id: int,
    person: Person,
    parameters: bytes,
    language: str,
    operator: str | None,
    route: str,
    segments: int,
    times: tuple[int, int],
) -> MtRow:
    """An MT of a wave, queued, due at once: what holds it back is the wave. `parameters`: sealed; `times`: now, and its end, epoch ms."""
    return (
        ref, wave_id, person[0], person[1], parameters, language, operator, BLAST, route, "queued", 0, times[1], 0, segments, times[0],
    )  # fmt: skip


async def add_mts(connection: AsyncConnection, rows: Sequence[MtRow]) -> None:
    """Insert a page of a wave's MTs."""
    if (driver := driver_of(connection)) is not None:
        _insert(driver, _INSERT_SQLITE, rows)
    else:
        raw = await connection.get_raw_connection()
        await raw.driver_connection.copy_records_to_table("mt", records=rows, columns=_MT)  # type: ignore[union-attr] # asyncpg's


def _insert(driver: sqlite3.Connection, head: str, rows: Sequence[tuple[Any, ...]], tail: str = "") -> None:  # Any: what sqlite3 binds
    """Insert `rows` in statements of many rows: each step gives up the GIL, and a busy thread beside it is slow to hand it back."""
    if not rows:
        return
    one = f"({', '.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % _AT_ONCE
    many = f"{head} VALUES {', '.join([one] * _AT_ONCE)}{tail}"
    driver.executemany(many, [list(chain.from_iterable(rows[at : at + _AT_ONCE])) for at in range(0, whole, _AT_ONCE)])
    driver.executemany(f"{head} VALUES {one}{tail}", rows[whole:])


# --- how far planning has come ---

_mine: Final = and_(
    wave.c.id == bindparam("id_"), wave.c.state == WaveState.PLANNING.value, wave.c.planning == bindparam("token_")
)  # what `waves.still_planning` asks; here with what was found, in one statement
_PROGRESS: Final = update(wave).where(_mine)


async def note_progress(connection: AsyncConnection, id_: int, token: str, rule: Mapping[str, Any], audience: int, segments: int) -> bool:
    """Write how far the planner `token` has come, in the transaction of its MTs. False: it is its turn no more, and must roll back."""
    statement = _PROGRESS.values(audience_rule=dict(rule), audience=audience, segments=segments)
    return (await connection.execute(statement, {"id_": id_, "token_": token})).rowcount > 0


async def likeness_of(connection: AsyncConnection, id_: int) -> bytes | None:
    """The keyed hash of a wave's texts and rule."""
    likeness: bytes | None = await connection.scalar(select(wave.c.likeness).where(wave.c.id == id_))
    return likeness


async def set_ceiling(connection: AsyncConnection, id_: int, token: str, cost_ceiling: int | None) -> None:
    """What the wave may cost (VND): known once it is counted."""
    await connection.execute(_PROGRESS.values(cost_ceiling=cost_ceiling), {"id_": id_, "token_": token})


async def forget_some(connection: AsyncConnection, id_: int, size: int = 2 * PAGE) -> int:
    """Delete up to `size` MTs of a wave that never left `planning`. Returns how many; 0: none is left."""
    some = select(mt.c.id).where(mt.c.wave == id_, mt.c.state == MtState.QUEUED.value).limit(size)
    return (await connection.execute(delete(mt).where(mt.c.id.in_(some)))).rowcount


async def forget(connection: AsyncConnection, id_: int) -> None:
    """Delete a wave without MTs and its texts."""
    await connection.execute(delete(wave_text).where(wave_text.c.wave == id_))
    await connection.execute(delete(wave).where(wave.c.id == id_))


# --- looking at a planned wave ---


@dataclass(frozen=True, slots=True)
class Sample:
    """One MT of a wave as it would be rendered."""

    language: str
    village: str | None
    parameters: str
    segments: int


async def samples(connection: AsyncConnection, refs: Sequence[str]) -> dict[str, Sample]:
    """MTs by their references."""
    chosen = (
        select(mt.c.ref, mt.c.language, contact.c.village, mt.c.parameters, mt.c.segments)
        .join_from(mt, contact, contact.c.bidx == mt.c.bidx, isouter=True)
        .where(mt.c.ref.in_(refs))
    )
    return {row.ref: Sample(row.language, row.village, row.parameters, row.segments) for row in await connection.execute(chosen)}


async def tests_of(connection: AsyncConnection, send_ids: Sequence[str]) -> dict[str, int]:
    """When each of `send_ids` went to the outbox first, epoch ms; those that did not are missing."""
    chosen = select(mt.c.send_id, func.min(mt.c.created_at)).where(mt.c.send_id.is_not(None), mt.c.send_id.in_(send_ids))
    return {row[0]: row[1] for row in await connection.execute(chosen.group_by(mt.c.send_id))}


def tags_json(tags: Sequence[str]) -> str | None:
    """Tags as they are stored."""
    return json.dumps(list(tags), ensure_ascii=False) if tags else None


async def how_many(connection: AsyncConnection) -> int:
    """People we know."""
    return await connection.scalar(select(func.count()).select_from(contact)) or 0
