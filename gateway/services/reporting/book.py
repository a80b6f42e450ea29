"""The book of reports: what there is, what one says, its way from draft over signed to sent."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.permission import Action, Actor, Elsewhere
from gateway.services.refusal import Refusal
from gateway.services.reporting.content import Content, Words
from gateway.storage import audit, report_book
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.report_book import DRAFT, FigureRow, ReportRow, SourceRow

_ROOM: Final = "\u00a0" * 10  # for the pen


@dataclass(frozen=True, slots=True)
class Made:
    """A report with all that was frozen."""

    row: ReportRow
    content: Content
    words: Words
    figures: tuple[FigureRow, ...]
    sources: tuple[SourceRow, ...] = field(repr=False)

    @property
    def is_draft(self) -> bool:
        """Whether it has neither number nor signature."""
        return self.row.state == DRAFT

    @property
    def number(self) -> str:
        """ "12/BC-UBND"; a draft leaves room for the pen."""
        return self.row.number or f"{_ROOM}/{self.content.number_ending}"

    @property
    def day(self) -> date:
        """The day on the paper."""
        return date.fromisoformat(self.row.signed_on) if self.row.signed_on else self.content.day


async def list_reports(database: Database, actor: Actor) -> list[ReportRow]:
    """The reports that `actor` sees, the newest first. Raises Forbidden."""
    actor.need(Action.NUMBERS_READ)
    async with database.read() as connection:
        return await report_book.listed(connection, actor.communes)


async def read_report(database: Database, actor: Actor, id_: int) -> Made:
    """A report. Raises Forbidden: there is none of this id for `actor`."""
    actor.need(Action.NUMBERS_READ)
    async with database.read() as connection:
        row = await _seen(connection, actor, id_)
        content, words = await report_book.content(connection, id_)
        figures, sources = await report_book.figures(connection, id_), await report_book.sources(connection, id_)
    return Made(row, Content.read(content), Words.read(words), tuple(figures), tuple(sources))


async def _seen(connection: AsyncConnection, actor: Actor, id_: int) -> ReportRow:
    row = await report_book.find(connection, id_)
    if row is None or not actor.sees(row.commune):
        raise Elsewhere("there is no such report in your commune")
    return row


async def note_export(database: Database, actor: Actor, row: ReportRow, kind: str, now: int) -> None:
    """A file of a report leaves the desk: noted before it is handed over. Raises Forbidden."""
    actor.need(Action.NUMBERS_READ, row.commune)
    entry = Entry(actor, "report.export", f"report:{row.id}", {"file": kind}, row.commune)
    await database.write(lambda connection: audit.note(connection, entry, now))


async def note_table(database: Database, actor: Actor, last: str, now: int) -> None:
    """The province's table of the month that ends on `last` leaves the desk. Raises Forbidden."""
    actor.need(Action.NUMBERS_READ)
    entry = Entry(actor, "report.export", f"month:{last}", {"file": "province.xlsx"})
    await database.write(lambda connection: audit.note(connection, entry, now))


async def sign_report(database: Database, actor: Actor, id_: int, number: str, signed_on: str, now: int) -> ReportRow:
    """A draft was signed on paper and got its number. Raises Forbidden, Refusal."""
    actor.need(Action.REPORT_SIGN)
    exact, day = " ".join(number.split()), _day(signed_on)
    if not exact or len(exact) > 40:
        raise Refusal("Chưa có số của báo cáo; ghi như trên văn bản, ví dụ 12/BC-UBND.")

    async def unit(connection: AsyncConnection) -> ReportRow:
        row = await _seen(connection, actor, id_)
        if row.made_by == actor.user:
            raise Refusal("Người lập báo cáo không ghi nhận chữ ký của chính báo cáo đó; nhờ người có quyền ký ghi.")
        if not await report_book.signed(connection, id_, exact, day.isoformat(), actor.user, now):
            raise Refusal("Báo cáo này đã được ký; muốn sửa thì lập lại thành bản mới.")
        await audit.note(connection, Entry(actor, Action.REPORT_SIGN, f"report:{id_}", {"number": exact}, row.commune), now)
        return row

    return await database.write(unit)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("Chưa có ngày ký; chọn ngày ghi trên văn bản.") from None


async def send_report(database: Database, actor: Actor, id_: int, now: int) -> ReportRow:
    """A signed report has gone up. Raises Forbidden, Refusal."""
    actor.need(Action.REPORT_MAKE)

    async def unit(connection: AsyncConnection) -> ReportRow:
        row = await _seen(connection, actor, id_)
        if not await report_book.sent(connection, id_, actor.user, now):
            raise Refusal("Chỉ báo cáo đã ký mới ghi là đã gửi, và chỉ ghi một lần.")
        await audit.note(connection, Entry(actor, "report.send", f"report:{id_}", {}, row.commune), now)
        return row

    return await database.write(unit)
