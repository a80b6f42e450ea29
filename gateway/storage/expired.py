"""Rows whose term is over, by kind, and taking the words out of some of them (see `domain/retention.py`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, LargeBinary, Table, and_, delete, func, literal_column, null, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.retention import Kept
from gateway.storage import erasing
from gateway.storage.erasing import OPEN_MTS, Belongings
from gateway.storage.schema import case_tip, dialogue, dna_request, erased, fake_report, mo, mt, person_request, tip, wave_list
from gateway.storage.seal import key_of
from gateway.storage.sealed_columns import ERASED


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where rows of a kind lie, by which time, and which of them are not in use any more."""

    table: Table
    at: str
    still: ColumnElement[bool]
    key: str = "id"
    whole: bool = False  # the row itself goes: nothing of it is counted later


_in_case = select(case_tip.c.tip).where(case_tip.c.tip == tip.c.id, case_tip.c.left_at.is_(None)).exists()
_of_tip = select(tip.c.id).where(or_(tip.c.mo == mo.c.id, tip.c.id == mo.c.tip)).exists()
_of_dna = select(dna_request.c.id).where(dna_request.c.mo == mo.c.id).exists()
_ROWS: Final[Mapping[Kept, _Rows]] = {
    Kept.SENT: _Rows(mt, "created_at", mt.c.state.not_in(OPEN_MTS)),
    Kept.RECEIVED: _Rows(mo, "received_at", and_(~_of_tip, ~_of_dna, mo.c.state == literal_column("'done'"))),
    Kept.TIP: _Rows(tip, "received_at", ~_in_case),
    Kept.DIALOGUE: _Rows(dialogue, "touched_at", dialogue.c.ended_at.is_not(None)),
    Kept.DNA: _Rows(dna_request, "received_at", dna_request.c.id > 0),
    Kept.FAKE_REPORT: _Rows(fake_report, "at", fake_report.c.id > 0),
    Kept.LIST: _Rows(wave_list, "uploaded_at", wave_list.c.draft > 0, "draft", whole=True),
    Kept.REQUEST: _Rows(person_request, "closed_at", person_request.c.closed_at.is_not(None)),
}


def _due(kind: Kept, before: int) -> ColumnElement[bool]:
    rows = _ROWS[kind]
    gone = select(erased.c.row).where(erased.c.kind == kind.value, erased.c.row == rows.table.c[rows.key]).exists()
    return and_(rows.table.c[rows.at] < before, rows.still, ~gone)


async def count(connection: AsyncConnection, kind: Kept, before: int) -> int:
    """How many rows of `kind` from before that moment still hold something."""
    table = _ROWS[kind].table
    return int(await connection.scalar(select(func.count()).select_from(table).where(_due(kind, before))) or 0)


async def some(connection: AsyncConnection, kind: Kept, before: int, after: int, limit: int) -> list[int]:
    """Ids of at most `limit` of them, behind `after`."""
    key = _ROWS[kind].table.c[_ROWS[kind].key]
    return list(await connection.scalars(select(key).where(_due(kind, before), key > after).order_by(key).limit(limit)))


async def take_out(connection: AsyncConnection, kind: Kept, ids: Sequence[int], now: int) -> tuple[set[int], list[bytes]]:
    """Take the words out of rows `ids`; (ids of the data keys that had sealed them, digests of attachments that went)."""
    keys, digests = set[int](), list[bytes]()
    if kind is Kept.TIP:
        of = await erasing.belongings(connection, None, ids)
    elif kind is Kept.DNA:
        mos = list(await connection.scalars(select(dna_request.c.mo).where(dna_request.c.id.in_(ids))))
        of = Belongings(dna=tuple(ids), mos=tuple(mos))
    elif kind is Kept.RECEIVED:
        of = Belongings(mos=tuple(ids))
    elif kind is Kept.REQUEST:
        of = Belongings(requests=tuple(ids))
    else:
        of = Belongings()
    if of != Belongings():
        _, keys = await erasing.take_out(connection, of)
        digests = await erasing.cut_ties(connection, of, now)
    keys |= await _empty(connection, _ROWS[kind], ids)
    if _ROWS[kind].whole:
        return keys, digests
    await connection.execute(erased.insert(), [{"kind": kind.value, "row": id_, "at": now} for id_ in ids])
    return keys, digests


async def _empty(connection: AsyncConnection, rows: _Rows, ids: Sequence[int]) -> set[int]:
    """Every sealed column of these rows, or the rows; returns the ids of the data keys that had sealed them."""
    columns = [column for of, column, _ in erasing.sealed_columns() if of is rows.table]
    mine = rows.table.c[rows.key].in_(ids)
    sealed = await connection.execute(select(*(type_coerce(column, LargeBinary) for column in columns)).where(mine))
    keys = {key_of(bytes(value)) for row in sealed for value in row if value is not None}
    if rows.whole:
        await connection.execute(delete(rows.table).where(mine))
    else:
        values = {column.name: null() if column.nullable else ERASED for column in columns}
        await connection.execute(update(rows.table).where(mine).values(values))
    return keys
