"""Tips for the people who read them: lists with masked numbers, and exports that no spreadsheet runs as formulas."""

import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.zalo import Window
from gateway.deployment import Deployment
from gateway.domain.caps import DAY_MS
from gateway.domain.code import read_tip_code
from gateway.domain.fold import nfc
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.segments import segments_of
from gateway.domain.tip import Channel
from gateway.services.intake import address_of
from gateway.services.refusal import Refusal
from gateway.services.replies import Replies, ReplyName
from gateway.services.routes import Route
from gateway.services.zalo_window import window_of
from gateway.storage import alerts, attachments, corroboration, outbox
from gateway.storage import tips as rows
from gateway.storage.alerts import Alert
from gateway.storage.attachments import Attachment
from gateway.storage.database import Database
from gateway.storage.limits import within
from gateway.storage.outbox import AT_ONCE, PRIORITY, NewMt
from gateway.storage.tips import Event, Informant, TipRow

COLUMNS: Final = ("code", "received", "channel", "village", "village_name", "placement", "urgent", "state", "sender", "text", "fields")
WRITTEN_SEGMENTS: Final = 3
WRITTEN_A_DAY: Final = 6  # to one person
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


@dataclass(frozen=True, slots=True)
class TipFile:
    """All that belongs to one tip, numbers masked. `corroborated_by`: codes of other people's like tips, likest first."""

    tip: TipRow
    events: tuple[Event, ...]
    attachments: tuple[Attachment, ...]
    corroborated_by: tuple[tuple[str, float], ...]
    alert: Alert | None


async def show_tip(database: Database, code: str) -> TipFile | None:
    """What belongs to the tip that `code` names, as typed or read aloud; None if there is none."""
    exact = read_tip_code(code)
    if exact is None:
        return None
    async with database.read() as connection:
        found = await rows.tip_by_code(connection, exact)
        if found is None:
            return None
        events = [replace(each, note=mask(each.note) if each.note else None) for each in await rows.events_of(connection, found.id)]
        return TipFile(
            masked(found),
            tuple(events),
            tuple(await attachments.of_tip(connection, found.id)),
            tuple(await corroboration.beside(connection, found.id)),
            await alerts.of_tip(connection, exact),
        )


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


# --- writing to an informant ---


@dataclass(frozen=True, slots=True)
class Written:
    """A message on its way to an informant. `to`: masked; `ref`: of its MT."""

    code: str
    to: str
    route: str
    segments: int
    ref: str = ""


async def write_to_informant(database: Database, replies: Replies, routes: Sequence[Route], code: str, words: str, now: int) -> Written:
    """Write about a tip to whoever told it; the number stays masked, and the answer joins the tip. Raises Refusal.

    An answer to a person's own report: at any hour, but never to who has said stop, or that we may not call.
    """
    said = one_line(words)
    if not said:
        raise Refusal("the text is empty; write it after --text")
    exact = read_tip_code(code)

    async def unit(connection: AsyncConnection) -> Written:
        informant = await rows.informant(connection, exact) if exact else None
        if informant is None:
            raise Refusal("there is no tip with this code; tinbao tips list shows all")
        return await write(connection, replies, routes, informant, said, now)

    return await database.write(unit)


async def write(
    connection: AsyncConnection,
    replies: Replies,
    routes: Sequence[Route],
    informant: Informant,
    said: str,
    now: int,
    due_at: int = AT_ONCE,
) -> Written:
    """As `write_to_informant`, in the caller's transaction; `said`: one line. It leaves at `due_at`. Raises Refusal."""
    msisdn = await _may_write(connection, informant, now)
    route = _route_to(routes, informant, msisdn)
    text = as_written(replies, informant.code, said)
    if (segments := segments_of(text)) > WRITTEN_SEGMENTS:
        raise Refusal(f"the text takes {segments} segments with what stands around it, {WRITTEN_SEGMENTS} are allowed; shorten it")
    (ref,) = outbox.new_refs(1)
    mt = NewMt(ref, msisdn, informant.bidx, route, segments, due_at, now + DAY_MS, lane=PRIORITY, body=text)
    await outbox.enqueue(connection, [mt], now)
    await rows.wrote(connection, informant.tip, said, now)
    return Written(informant.code, str(msisdn), route, segments, ref)


def one_line(words: str) -> str:
    """What staff write, as a text holds it."""
    return " ".join(nfc(words).split())


def as_written(replies: Replies, code: str, said: str) -> str:
    """The whole text that an informant gets; `said`: one line of ours."""
    return replies.text(ReplyName.WRITTEN, code=code, words=said if said[-1:] in ".?!" else f"{said}.")


async def _may_write(connection: AsyncConnection, informant: Informant, now: int) -> Msisdn:
    """The number to write to. Raises Refusal."""
    msisdn = address_of(informant.sender, informant.channel)
    if msisdn is None:
        raise Refusal(f"the informant of {informant.code} left no number ({informant.channel}); nobody can be written to")
    if informant.may_call is False:
        raise Refusal(f"the informant of {informant.code} asked not to be called; wait for another message")
    if await outbox.opted_out(connection, [informant.bidx]):
        raise Refusal(f"the informant of {informant.code} said stop, or the number is blocked; nothing is sent")
    if informant.channel == Channel.ZALO and await window_of(connection, informant.bidx, now) is Window.CLOSED:
        raise Refusal(f"the informant of {informant.code} wrote over Zalo more than 7 days ago; Zalo takes nothing till they write again")
    if not await within(connection, "written", informant.bidx, DAY_MS, WRITTEN_A_DAY, now):
        raise Refusal(f"the informant of {informant.code} got {WRITTEN_A_DAY} messages in 24 hours; call, or write tomorrow")
    return msisdn


def _route_to(routes: Sequence[Route], informant: Informant, msisdn: Msisdn) -> str:
    """The route that the tip came by, else the first that reaches the number. Raises Refusal."""
    own = [route for route in routes if route.name == informant.route]
    for route in (*own, *routes):
        if route.reaches(msisdn):
            return route.name
    raise Refusal(f"no enabled route reaches the informant of {informant.code}; enable one whose prefixes admit the number")


# --- what is shown ---


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
