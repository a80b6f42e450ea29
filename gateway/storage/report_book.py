"""Reports as rows: frozen figures and the objects behind them, packed; states move in one direction."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import commune_figures, report, report_figure, report_source

DRAFT: Final = "draft"
SIGNED: Final = "signed"
SENT: Final = "sent"


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report to store as a draft. Days ISO 8601."""

    commune: str
    kind: str
    first: str
    last: str
    reading: str
    due: str | None
    words: str = field(repr=False)
    content: str = field(repr=False)
    made_at: int
    made_by: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A stored report without its text."""

    id: int
    commune: str
    kind: str
    first: str
    last: str
    reading: str
    version: int
    state: str
    due: str | None
    made_at: int
    made_by: int
    number: str | None
    signed_on: str | None
    signed_at: int | None
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A frozen figure. `was`, `was_of`: what an earlier report said of the same days, where that differs."""

    name: str
    value: int
    of: int | None
    chosen: bool
    was: int | None = None
    was_of: int | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """The rows behind one count of one column: objects with how much each adds."""

    name: str
    kind: str
    lines: tuple[tuple[str, int], ...] = field(repr=False)

    @property
    def total(self) -> int:
        """What they add up to."""
        return sum(n for _, n in self.lines)


_ROW: Final = tuple(report.c[each.name] for each in fields(ReportRow))
_SAME: Final = (
    report.c.commune == bindparam("commune_"),
    report.c.kind == bindparam("kind_"),
    report.c.first == bindparam("first_"),
    report.c.last == bindparam("last_"),
)
_LAST_VERSION: Final = select(func.coalesce(func.max(report.c.version), 0)).where(*_SAME)
_TURN: Final = text("SELECT pg_advisory_xact_lock(hashtext(:of))")
_LATEST: Final = select(*_ROW).where(*_SAME).order_by(report.c.version.desc()).limit(1)


def _same(commune: str, kind: str, first: str, last: str) -> dict[str, str]:
    return {"commune_": commune, "kind_": kind, "first_": first, "last_": last}


async def add(connection: AsyncConnection, new: NewReport, figures: Sequence[FigureRow], sources: Sequence[Mapping[str, Any]]) -> ReportRow:
    """Store a report as the next version of its period. `sources`: what `packed` made, so that nothing is packed inside a write."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer: of two who make the same report, one comes after the other
        await connection.execute(_TURN, {"of": f"report {new.commune}"})
    version = int(await connection.scalar(_LAST_VERSION, _same(new.commune, new.kind, new.first, new.last)) or 0) + 1
    values = {each.name: getattr(new, each.name) for each in fields(new)} | {"version": version, "state": DRAFT}
    id_ = int((await connection.execute(insert(report).values(values).returning(report.c.id))).scalar_one())
    await connection.execute(insert(report_figure), [{"report": id_, **_values(each)} for each in figures])
    if sources:
        await connection.execute(insert(report_source), [{"report": id_, **each} for each in sources])
    found = await find(connection, id_)
    assert found is not None  # noqa: S101 # just stored
    return found


def _values(row: FigureRow) -> dict[str, Any]:  # Any: a row's values
    return {each.name: getattr(row, each.name) for each in fields(row)}


def packed(source: SourceRow) -> dict[str, Any]:  # Any: a row's values
    """A source as its row."""
    lines = "\n".join(f"{name}\t{n}" for name, n in source.lines)
    return {"name": source.name, "kind": source.kind, "total": source.total, "lines": zlib.compress(lines.encode(), 6)}


async def find(connection: AsyncConnection, id_: int) -> ReportRow | None:
    """A report by its id."""
    row = (await connection.execute(select(*_ROW).where(report.c.id == id_))).first()
    return ReportRow(*row) if row else None


async def latest(connection: AsyncConnection, commune: str, kind: str, first: str, last: str) -> ReportRow | None:
    """The newest version for a period."""
    row = (await connection.execute(_LATEST, _same(commune, kind, first, last))).first()
    return ReportRow(*row) if row else None


async def listed(connection: AsyncConnection, commune: str | None, most: int = 200) -> list[ReportRow]:
    """Reports, the newest first; of one commune, or of all (None)."""
    chosen = select(*_ROW).order_by(report.c.id.desc()).limit(most)
    chosen = chosen if commune is None else chosen.where(report.c.commune == commune)
    return [ReportRow(*row) for row in await connection.execute(chosen)]


async def content(connection: AsyncConnection, id_: int) -> tuple[str, str | None]:
    """(content, words) as JSON."""
    row = (await connection.execute(select(report.c.content, report.c.words).where(report.c.id == id_))).one()
    return row.content, row.words


async def figures(connection: AsyncConnection, id_: int) -> list[FigureRow]:
    """The frozen figures."""
    columns = [report_figure.c[each.name] for each in fields(FigureRow)]
    found = await connection.execute(select(*columns).where(report_figure.c.report == id_).order_by(report_figure.c.name))
    return [FigureRow(*row) for row in found]


async def sources(connection: AsyncConnection, id_: int) -> list[SourceRow]:
    """What stands behind them."""
    chosen = select(report_source.c.name, report_source.c.kind, report_source.c.lines).where(report_source.c.report == id_)
    found = await connection.execute(chosen.order_by(report_source.c.name))
    return [SourceRow(name, kind, _unpacked(lines)) for name, kind, lines in found]


def _unpacked(lines: bytes) -> tuple[tuple[str, int], ...]:
    told = zlib.decompress(lines).decode()
    return tuple((name, int(n)) for name, _, n in (line.rpartition("\t") for line in told.split("\n"))) if told else ()


async def signed(connection: AsyncConnection, id_: int, number: str, signed_on: str, by: int, now: int) -> bool:
    """A draft gets its number and its day; False: it is no draft any more."""
    values = {"state": SIGNED, "number": number, "signed_on": signed_on, "signed_at": now, "signed_by": by}
    done = await connection.execute(update(report).where(report.c.id == id_, report.c.state == DRAFT).values(values))
    return done.rowcount == 1


async def sent(connection: AsyncConnection, id_: int, by: int, now: int) -> bool:
    """A signed report has gone up; False: it is not signed, or went before."""
    done = await connection.execute(
        update(report).where(report.c.id == id_, report.c.state == SIGNED).values(state=SENT, sent_at=now, sent_by=by)
    )
    return done.rowcount == 1


# --- what communes with an installation of their own sent ---


@dataclass(frozen=True, slots=True)
class ForeignFigures:
    """Signed figures of a commune's own installation. `figures`: JSON; `key`: Ed25519, 32 bytes."""

    commune: str
    kind: str
    first: str
    last: str
    version: int
    figures: str = field(repr=False)
    key: bytes = field(repr=False)
    made_at: int
    received_at: int
    received_by: int


async def take(connection: AsyncConnection, new: ForeignFigures) -> bool:
    """Store figures of a commune; False: this version is there already."""
    values = {each.name: getattr(new, each.name) for each in fields(new)}
    key = [commune_figures.c[name] == values[name] for name in ("commune", "kind", "first", "last", "version")]
    if (await connection.execute(select(commune_figures.c.id).where(*key))).first() is not None:
        return False
    await connection.execute(insert(commune_figures).values(values))
    return True


async def taken(connection: AsyncConnection, kind: str, first: str, last: str) -> dict[str, ForeignFigures]:
    """The latest figures of a period by commune."""
    columns = [commune_figures.c[each.name] for each in fields(ForeignFigures)]
    same = (commune_figures.c.kind == kind, commune_figures.c.first == first, commune_figures.c.last == last)
    found = await connection.execute(select(*columns).where(*same).order_by(commune_figures.c.version))
    return {row.commune: ForeignFigures(*row) for row in found}


async def of_period(connection: AsyncConnection, kind: str, first: str, last: str) -> dict[str, ReportRow]:
    """The furthest report of a period by commune: sent before signed before draft, then the newest."""
    order = {DRAFT: 0, SIGNED: 1, SENT: 2}
    chosen = select(*_ROW).where(report.c.kind == kind, report.c.first == first, report.c.last == last)
    found = sorted((ReportRow(*row) for row in await connection.execute(chosen)), key=lambda row: (order[row.state], row.version))
    return {row.commune: row for row in found}


async def any_reports(connection: AsyncConnection) -> bool:
    """Whether this installation makes or takes reports at all."""
    for table in (report, commune_figures):
        if (await connection.execute(select(table.c.id).limit(1))).first() is not None:
            return True
    return False


async def figures_of(connection: AsyncConnection, ids: Collection[int]) -> dict[int, list[FigureRow]]:
    """Frozen figures of several reports."""
    columns = [report_figure.c[each.name] for each in fields(FigureRow)]
    found: dict[int, list[FigureRow]] = {}
    for row in await connection.execute(select(report_figure.c.report, *columns).where(report_figure.c.report.in_(ids))):
        found.setdefault(row[0], []).append(FigureRow(*row[1:]))
    return found
