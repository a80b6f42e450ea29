"""Drafts: written by a planner, saved by version, left or asked for. Of two planners who save at once the second is told."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from io import BytesIO
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.audience import AudienceRule, ListFile
from gateway.domain.contact_list import OWN, Contact
from gateway.domain.document import Document
from gateway.domain.permission import Action, Actor, Elsewhere
from gateway.domain.ramp import Ramp
from gateway.domain.wave import WaveKind
from gateway.domain.window import Window, local_day, moment_of
from gateway.services import contact_lists
from gateway.services.contact_lists import Note
from gateway.services.planning import Plan
from gateway.services.refusal import Refusal
from gateway.services.wave_desk.composition import OF_EVERYBODY, Composition, blocks
from gateway.services.wave_desk.words import spoken
from gateway.storage import audit
from gateway.storage import wave_desk as rows
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.wave_desk import Draft, StoredList

MOST_TITLE: Final = 80
MOST_LIST: Final = 20_000_000  # bytes of a list
MOST_NOTES: Final = 200  # rows that the report names; all are counted
_GONE: Final = "Không có bản nháp này. Xin về danh sách đợt nhắn."


@dataclass(frozen=True, slots=True)
class Opened:
    """A draft as it is written on. `listed`: the list that it is for."""

    draft: Draft
    composed: Composition = field(repr=False)
    listed: StoredList | None

    @property
    def own(self) -> dict[str, str]:
        """The longest cell of each further column of the list."""
        return dict(self.listed.report["longest"]) if self.listed else {}


async def new(database: Database, actor: Actor, kind: WaveKind, title: str, composed: Composition, commune: str, now: int) -> int:
    """A draft with `composed` to begin from; returns its id. Raises Refusal, Forbidden."""
    actor.need(Action.WAVE_PLAN, commune)
    called = _titled(title)

    async def unit(connection: AsyncConnection) -> int:
        await _free(connection, called)
        id_ = await rows.add(connection, commune, kind.value, called, _stored(composed), actor.user, now)
        await _note(connection, actor, commune, id_, "draft", now)
        return id_

    return await database.write(unit)


async def find(database: Database, actor: Actor, id_: int) -> Opened:
    """The draft, for those who may read waves of its commune. Raises Refusal, Forbidden."""
    actor.need(Action.WAVE_READ)
    async with database.read() as connection:
        draft = _seen(await rows.find(connection, id_), actor)
        listed = await rows.list_of(connection, id_)
    return Opened(draft, Composition.of_json(draft.body), listed)


async def save(database: Database, actor: Actor, id_: int, version: int, title: str, composed: Composition, now: int) -> int:
    """Write over the version that was read; returns the new one. Raises Refusal: somebody else saved meanwhile."""
    actor.need(Action.WAVE_PLAN)
    called = _titled(title)

    async def unit(connection: AsyncConnection) -> int:
        draft = _seen(await rows.find(connection, id_), actor)
        if called != draft.title:  # sent back, it bears the name of the wave that it led to
            await _free(connection, called, besides=id_)
        if not await rows.save(connection, id_, version, called, _stored(composed), actor.user, now):
            raise Refusal(_why_not(draft))
        await _note(connection, actor, draft.commune, id_, "save", now)
        return version + 1

    return await database.write(unit)


async def leave(database: Database, actor: Actor, id_: int, now: int) -> None:
    """Throw a draft away; its list goes with it. Raises Refusal."""
    actor.need(Action.WAVE_PLAN)

    async def unit(connection: AsyncConnection) -> None:
        draft = _seen(await rows.find(connection, id_), actor)
        if not await rows.move(connection, id_, rows.LEFT, rows.OPEN):
            raise Refusal(_why_not(draft))
        await rows.drop_list(connection, id_)
        await _note(connection, actor, draft.commune, id_, "leave", now)

    await database.write(unit)


def _why_not(draft: Draft) -> str:
    if not draft.is_open:
        return "Bản nháp này đã gửi xin duyệt hoặc đã bỏ nên không sửa được nữa. Xin tải lại trang."
    return f"{draft.changed_by} vừa lưu bản nháp này trong lúc đang sửa. Lời vừa gõ chưa lưu: xin chép lại, mở bản mới nhất rồi sửa tiếp."


def _seen(draft: Draft | None, actor: Actor) -> Draft:
    """The draft, if it is of a commune that `actor` sees. Raises Refusal, Forbidden."""
    if draft is None:
        raise Elsewhere(_GONE)
    actor.need(Action.WAVE_READ, draft.commune)
    return draft


def _titled(title: str) -> str:
    called = " ".join(title.split())
    if not called or len(called) > MOST_TITLE or not called.isprintable():
        raise Refusal(f"Tên đợt cần từ 1 đến {MOST_TITLE} chữ, ví dụ: Dịp 22/12.")
    return called


async def _free(connection: AsyncConnection, title: str, besides: int = 0) -> None:
    if await rows.is_taken(connection, title, besides):
        raise Refusal(f"Đã có đợt tên “{title}”. Xin đặt tên khác, ví dụ: {title} – lần 2.")


def _stored(composed: Composition) -> str:
    return json.dumps(composed.as_json(), ensure_ascii=False)


async def _note(connection: AsyncConnection, actor: Actor, commune: str, id_: int, what: str, now: int) -> None:
    if what != "save":  # a draft is saved at every pause of its writer: its first and its last words are enough
        await rows.note(connection, commune, actor.user, what, now, draft=id_)
    await audit.note(connection, Entry(actor, f"wave.{what}", f"wave_draft:{id_}", {}, commune), now)


# --- the list ---


async def take_list(
    database: Database, actor: Actor, deployment: Deployment, id_: int, name: str, data: bytes, basis: str, now: int
) -> StoredList:
    """Read a list row by row and keep it beside the draft, with what was wrong in it. Raises Refusal: of no use, or without a basis."""
    actor.need(Action.WAVE_PLAN)
    opened = await find(database, actor, id_)
    if not opened.draft.is_open:
        raise Refusal(_why_not(opened.draft))
    if len(data) > MOST_LIST:
        raise Refusal("Tệp lớn quá 20 MB. Xin chia thành vài tệp.")
    if not basis.strip():
        raise Refusal("Chưa ghi căn cứ pháp lý của danh sách: văn bản nào cho phép nhắn tin tới những người này?")
    report = await _read(data, name, deployment, opened.draft.commune, actor)
    digest = hashlib.sha256(data).hexdigest()

    async def unit(connection: AsyncConnection) -> None:
        stored = json.dumps(report, ensure_ascii=False)
        await rows.keep_list(connection, id_, opened.draft.commune, name[:200], digest, basis.strip()[:300], data, stored, now)
        detail = {"name": name[:200], "rows": report["rows"], "left_out": report["left_out"], "basis": basis.strip()[:300]}
        await audit.note(connection, Entry(actor, "wave.list", f"wave_draft:{id_}", detail, opened.draft.commune), now)

    await database.write(unit)
    return StoredList(id_, name[:200], digest, basis.strip()[:300], report, now)


async def drop_list(database: Database, actor: Actor, id_: int, now: int) -> None:
    """The draft is for people in the book again. Raises Refusal."""
    actor.need(Action.WAVE_PLAN)

    async def unit(connection: AsyncConnection) -> None:
        draft = _seen(await rows.find(connection, id_), actor)
        await rows.drop_list(connection, id_)
        await audit.note(connection, Entry(actor, "wave.list", f"wave_draft:{id_}", {"dropped": True}, draft.commune), now)

    await database.write(unit)


async def _read(data: bytes, name: str, deployment: Deployment, commune: str, actor: Actor) -> dict[str, Any]:  # Any: JSON
    """What stands in the list, row by row; nothing is stored."""
    with spoken():
        return await asyncio.to_thread(_walk, data, name, deployment, commune if actor.communes is not None else "")


def _walk(data: bytes, name: str, deployment: Deployment, commune: str) -> dict[str, Any]:  # Any: JSON
    notes: list[Note] = []
    counted = {"rows": 0, "repaired": 0, "left_out": 0, "elsewhere": 0}
    longest: dict[str, str] = {}

    def tell(note: Note) -> None:
        counted["repaired" if note.fault is None else "left_out"] += 1
        if len(notes) < MOST_NOTES:
            notes.append(note)

    reading = contact_lists.open_list(BytesIO(data), name, deployment.villages, tell)
    for row in reading.rows:
        if not isinstance(row, Contact):
            tell(Note(name, row.fault.line or 0, row.written, fault=row.fault))
            continue
        counted["rows"] += 1
        counted["elsewhere"] += bool(commune) and deployment.villages[row.village].commune != commune
        if row.repaired is not None:
            tell(Note(name, row.line, row.written, str(row.msisdn), row.repaired.value))
        for column, cell in row.cells().items():
            if len(cell) > len(longest.get(column, "")):
                longest[column] = cell
    if not counted["rows"]:
        raise Refusal(contact_lists.no_row(name))
    return counted | {
        "notes": [_noted(each) for each in notes],
        "longest": longest,
        "columns": [c for c in reading.columns if c not in OWN],
    }


_FAULTS: Final[Mapping[str, str]] = {
    "The cell is empty": "ô để trống",
    "is no village": "không có thôn này",
    "stands in line": "số máy đã có ở dòng trên",
    "The column is missing": "thiếu cột",
}


def _noted(note: Note) -> dict[str, Any]:  # Any: JSON
    """A note on a row in Vietnamese, its number masked."""
    if note.fault is None:
        return {"line": note.line, "read": note.read, "what": f"đã sửa số máy thành {note.became}", "out": False}
    said = next(
        (words for known, words in _FAULTS.items() if known in note.fault.text), "số máy không đúng" if note.read else "dòng không đọc được"
    )
    column = {"msisdn": "số máy", "village": "thôn", "language": "ngôn ngữ"}.get(note.fault.field, note.fault.field)
    return {"line": note.line, "read": note.read, "what": f"{column}: {said}" if column else said, "out": True}


# --- what it means ---


def known_fields(opened: Opened) -> tuple[str, ...]:
    """Fields that the draft's texts may name."""
    if opened.draft.kind == WaveKind.PARTNER:
        return OF_EVERYBODY
    columns = ("ten", *opened.listed.report["columns"]) if opened.listed else ()
    return ("ma_thon", "thon", *OF_EVERYBODY, *columns)


def standing_against(opened: Opened, deployment: Deployment, now: int) -> tuple[str, ...]:
    """Every sentence that stands against asking for approval."""
    campaign = deployment.campaign
    found = list(blocks(opened.composed, campaign, known_fields(opened), local_day(now, campaign.timezone)))
    try:
        starts_at(opened.composed, campaign.timezone, now)
        window_of(opened.composed)
    except Refusal as why:
        found.append(str(why))
    if not opened.composed.route:
        found.append("Chưa chọn tuyến gửi.")
    return tuple(found)


def window_of(composed: Composition) -> Window:
    """The hours. Raises Refusal."""
    try:
        first, last = (time.fromisoformat(each) for each in composed.window)
    except ValueError:
        raise Refusal("Giờ được gửi chưa đúng. Ví dụ: từ 07:00 đến 21:00.") from None
    return Window.between(first, last)


def starts_at(composed: Composition, timezone: str, now: int) -> int:
    """Before which nothing leaves, epoch ms; 0: as soon as somebody starts it. Raises Refusal: gone by, or no day."""
    if not composed.day:
        return 0
    try:
        at = datetime.fromisoformat(f"{composed.day}T{composed.at or composed.window[0]}").replace(tzinfo=ZoneInfo(timezone))
    except ValueError:
        raise Refusal("Ngày hoặc giờ bắt đầu chưa đúng. Ví dụ: 22/12/2026, 08:00.") from None
    moment = moment_of(at.date(), at.hour * 60 + at.minute, timezone)
    if moment < now:
        raise Refusal("Giờ bắt đầu đã qua. Xin chọn giờ sắp tới, hoặc để trống để gửi khi có người bấm “Bắt đầu gửi”.")
    return moment


def ramp_of(composed: Composition) -> Ramp | None:
    """The first part. Raises Refusal."""
    if not composed.ramp:
        return None
    try:
        percent, abort, minutes = composed.ramp
        return Ramp(percent, abort, minutes * 60)
    except ValueError:
        raise Refusal("Phần gửi trước chưa đúng: từ 0 đến 100 %, chờ 0 phút trở lên.") from None


def rule_of(opened: Opened, actor: Actor) -> AudienceRule:
    """Whom the draft is for: never people of a commune that `actor` doesn't see."""
    composed, listed = opened.composed, opened.listed
    communes = (opened.draft.commune,) if actor.communes is not None else ()
    return AudienceRule(
        composed.villages, communes, composed.tags, composed.languages, None if listed else composed.phase, composed.not_answered,
        ListFile(listed.name, listed.sha256) if listed else None,
    )  # fmt: skip


def plan_of(opened: Opened, actor: Actor, deployment: Deployment, name: str, data: bytes, now: int) -> Plan:
    """What planning is asked for. `data`: the file of the draft's list. Raises Refusal."""
    composed, campaign = opened.composed, deployment.campaign
    paper = Document.read(composed.document, composed.document_date, local_day(now, campaign.timezone)) if composed.document else None
    return Plan(
        name, composed.sent, rule_of(opened, actor), window_of(composed), BytesIO(data) if data else None, (), composed.max_segments,
        starts_at(composed, campaign.timezone, now), composed.pace, ramp_of(composed), composed.cost_ceiling,
        paper.number if paper else None, paper.day.isoformat() if paper else None, opened.draft.planner, composed.again,
        opened.draft.commune, opened.listed.basis if opened.listed else "",
    )  # fmt: skip


def name_of(draft: Draft) -> str:
    """The name of the wave that it leads to: sent back, it leads to another one."""
    return draft.title if not draft.tries else f"{draft.title} (lần {draft.tries + 1})"
