"""The filtered list as a file: numbers masked, nothing that a spreadsheet would run, and noted."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.permission import Action, Actor
from gateway.services.desk_tips.queue import Filters, checked, item_of, wanted_by
from gateway.services.refusal import Refusal
from gateway.services.tips import local_time, neutral
from gateway.storage import audit, tip_queue
from gateway.storage.audit import Entry
from gateway.storage.database import Database

MOST: Final = 20_000  # tips a file
CSV: Final = "csv"
XLSX: Final = "xlsx"
FORMS: Final = {CSV: "text/csv", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
HEADS: Final = ("Mã tin", "Nhận lúc", "Kênh", "Thôn", "Mã in", "Gấp", "Bước", "Loại", "Người làm", "Kết luận", "Lời báo")
_CELL: Final = 32_000  # characters a cell of a workbook holds, and a little less


async def export(database: Database, deployment: Deployment, actor: Actor, filters: Filters, form: str, now: int) -> bytes:
    """The tips of `filters` as CSV or XLSX, urgent first; the export is noted before a byte leaves. Raises Forbidden, Refusal."""
    actor.need(Action.TIP_READ)
    if form not in FORMS:
        raise Refusal("Chưa chọn loại tệp. Xin chọn CSV hoặc XLSX.")
    asked = checked(filters)
    wanted = wanted_by(actor, asked, deployment.campaign.timezone)
    async with database.read() as connection:
        rows = await tip_queue.page(connection, wanted, None, MOST + 1)
    if len(rows) > MOST:
        raise Refusal("Nhiều hơn 20.000 tin. Xin lọc theo tháng hoặc theo thôn rồi xuất từng phần.")

    async def unit(connection: AsyncConnection) -> None:
        detail = {"tips": len(rows), "form": form, **asked.narrowed}
        await audit.note(connection, Entry(actor, "tip.export", "tips", detail, actor.commune), now)

    await database.write(unit)
    table = [_cells(row, deployment) for row in rows]
    return _csv(table) if form == CSV else _xlsx(table)


def _cells(row: tip_queue.Row, deployment: Deployment) -> list[str]:
    item, workflow = item_of(row, deployment), deployment.workflow
    result = {str(key): name for key, name in workflow.results.items()}.get(row.result or "", "")
    at = local_time(row.received_at, deployment.campaign.timezone)
    cells = (row.code, at, row.channel, item.place, row.placement or "", "gấp" if row.urgent else "", item.state, item.kind)
    return [neutral(cell) for cell in (*cells, row.assignee or "", result, item.whole)]


def _csv(table: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADS, *table])
    return text.getvalue().encode("utf-8-sig")  # without the mark Excel reads Vietnamese as another code page


def _xlsx(table: Sequence[Sequence[str]]) -> bytes:
    from openpyxl import Workbook  # 150 ms that no other use case needs
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("tin bao")
    for row in (HEADS, *table):
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", cell)[:_CELL] for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
