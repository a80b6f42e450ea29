"""Tips for the people who read them: lists with masked numbers, and exports that no spreadsheet runs as formulas."""

import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from gateway.deployment import Deployment
from gateway.domain.code import read_tip_code
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.storage import tips as rows
from gateway.storage.database import Database
from gateway.storage.tips import TipRow

COLUMNS: Final = ("code", "received", "channel", "village", "village_name", "placement", "urgent", "state", "sender", "text", "fields")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"\+?\d(?:[\s.\-()]{0,2}\d){7,14}")
_CELL: Final = 32_767  # characters a cell of a workbook holds
_CUT: Final = " … (cut: the CSV has it whole)"


class CannotExport(Exception):
    """The file can't be written as asked; the message says what to do."""


async def list_tips(database: Database) -> list[TipRow]:
    """Every tip, oldest first, with all numbers masked."""
    async with database.read() as connection:
        return [masked(tip) for tip in await rows.all_tips(connection)]


async def show_tip(database: Database, code: str) -> TipRow | None:
    """The tip that `code` names, as typed or read aloud, numbers masked; None if there is none."""
    exact = read_tip_code(code)
    if exact is None:
        return None
    async with database.read() as connection:
        found = await rows.tip_by_code(connection, exact)
    return None if found is None else masked(found)


async def export_tips(database: Database, deployment: Deployment, to: Path) -> int:
    """Write every tip in full to `to` (.csv or .xlsx, mode 0600), whole or not at all; returns how many. Raises CannotExport."""
    if to.suffix.lower() not in (".csv", ".xlsx"):
        raise CannotExport(f"{to.name}: the name must end in .csv or .xlsx")
    async with database.read() as connection:
        found = await rows.all_tips(connection)
    table = [_cells(tip, deployment) for tip in found]
    content = _csv(table) if to.suffix.lower() == ".csv" else _xlsx(table)
    try:
        _write(to, content)
    except OSError as why:
        raise CannotExport(f"{to}: the file can't be written ({why.strerror}). Close it where it is open, or name another folder") from None
    return len(found)


def masked(tip: TipRow) -> TipRow:
    """`tip` with no number in full, in its words neither."""
    return replace(tip, sender=mask(tip.sender), text=mask(tip.text), fields=mask(tip.fields) if tip.fields else tip.fields)


def mask(text: str) -> str:
    """Runs of eight digits and more show their first four signs and last two."""
    return _NUMBER.sub(lambda found: f"{found[0][:4]}…{found[0][-2:]}", text)


def neutral(cell: str) -> str:
    """`cell` as words even where a spreadsheet would run it (CWE-1236)."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def local_time(at_ms: int, timezone: str) -> str:
    """ "2026-11-18 18:06" in the deployment's zone."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")


def _cells(tip: TipRow, deployment: Deployment) -> list[str]:
    village = deployment.villages.get(tip.village or "")
    return [
        neutral(cell)
        for cell in (
            tip.code,
            local_time(tip.received_at, deployment.campaign.timezone),
            tip.channel,
            tip.village or "",
            village.title if village else "",
            tip.placement or "",
            tip.urgent or "",
            tip.state,
            _national(tip.sender),
            tip.text,
            tip.fields or "",
        )
    ]


def _national(sender: str) -> str:
    """As it is dialled; grouped, so that no spreadsheet drops the leading zero."""
    try:
        return Msisdn.parse(sender).national if sender.startswith("+") else sender
    except BadMsisdn:
        return sender


def _csv(table: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([COLUMNS, *table])
    return text.getvalue().encode("utf-8-sig")  # without the mark Excel reads Vietnamese as another code page


def _xlsx(table: Iterable[Sequence[str]]) -> bytes:
    from openpyxl import Workbook  # 150 ms that no other use case needs
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("tips")
    for row in (COLUMNS, *table):
        sheet.append([_fitting(ILLEGAL_CHARACTERS_RE.sub("", cell)) for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _fitting(cell: str) -> str:
    return cell if len(cell) <= _CELL else cell[: _CELL - len(_CUT)] + _CUT


def _write(to: Path, content: bytes) -> None:
    half = to.with_name(f".{to.name}.half")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(to)
    except OSError:
        half.unlink(missing_ok=True)
        raise
