"""Partner orders at the desk: asked for, handed over as papers, their counts taken in and held against what was ordered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.document import Document
from gateway.domain.permission import Action, Actor
from gateway.domain.wave import WaveKind
from gateway.domain.window import local_day
from gateway.services import orders
from gateway.services.orders import Imported, Standing, Wanted
from gateway.services.refusal import Refusal
from gateway.services.routes import Route, route_named
from gateway.services.wave_desk import drafts
from gateway.services.wave_desk.deciding import wave_named
from gateway.services.wave_desk.drafts import Opened
from gateway.services.wave_desk.words import spoken
from gateway.storage import audit, waves
from gateway.storage import wave_desk as rows
from gateway.storage.audit import Entry
from gateway.storage.database import Database

MOST_COUNTS: Final = 10_000_000  # bytes of a partner's list


async def ask(database: Database, actor: Actor, deployment: Deployment, routes: Sequence[Route], id_: int, version: int, now: int) -> int:
    """Plan the order of a draft, which asks the second person; returns the wave's id. Raises Refusal, Forbidden."""
    actor.need(Action.WAVE_PLAN)
    opened = await drafts.find(database, actor, id_)
    if opened.draft.version != version or not opened.draft.is_open:
        raise Refusal("Bản nháp này vừa có người sửa hoặc đã xin duyệt. Xin tải lại trang.")
    if against := drafts.standing_against(opened, deployment, now):
        raise Refusal("Chưa xin duyệt được. " + " ".join(against))
    name = drafts.name_of(opened.draft)
    async with database.read() as connection:
        if await waves.find(connection, name) is not None:
            raise Refusal(f"Đã có đợt tên “{name}”. Xin đổi tên rồi xin duyệt lại.")
    wanted = wanted_of(opened, actor, deployment, name, now)
    with spoken():
        route = route_named(routes, opened.composed.route)
        made, _ = await orders.plan(database, route, deployment.campaign, deployment.communes, wanted, now)
    await database.write(lambda connection: _asked(connection, actor, opened, name, made.wave.id, now))
    return made.wave.id


def wanted_of(opened: Opened, actor: Actor, deployment: Deployment, name: str, now: int) -> Wanted:
    """The order as it is asked for. Raises Refusal."""
    composed, campaign = opened.composed, deployment.campaign
    area = composed.area or (opened.draft.commune,)
    if any(not actor.sees(code) for code in area):
        raise Refusal("Đơn chỉ gửi trên địa bàn xã mình. Xin bỏ xã khác ra.")
    try:
        first = date.fromisoformat(composed.day)
        last = date.fromisoformat(composed.last) if composed.last else first
    except ValueError:
        raise Refusal("Chưa chọn ngày gửi. Một đơn cần ngày đầu và ngày cuối.") from None
    with spoken():
        paper = Document.read(composed.document, composed.document_date, local_day(now, campaign.timezone))
    return Wanted(
        name, composed.sent, area, first, last, drafts.window_of(composed), composed.expected, composed.max_segments,
        composed.cost_ceiling, paper, opened.draft.planner, composed.again, opened.draft.commune,
    )  # fmt: skip


async def _asked(connection: AsyncConnection, actor: Actor, opened: Opened, name: str, wave_id: int, now: int) -> None:
    draft = opened.draft
    await rows.move(connection, draft.id, rows.ASKED, rows.OPEN, wave=name, asked_at=now)
    await rows.note(connection, draft.commune, actor.user, "ask", now, draft=draft.id, wave_id=wave_id)
    await audit.note(connection, Entry(actor, "wave.ask", f"wave:{wave_id}", {"kind": WaveKind.PARTNER.value}, draft.commune), now)


async def stands(database: Database, actor: Actor, routes: Sequence[Route], id_: int) -> Standing:
    """An order with what came of it. Raises Refusal, Forbidden."""
    name = await wave_named(database, actor, id_)
    with spoken():
        return await orders.stands(database, routes, name)


async def hand_over(database: Database, actor: Actor, routes: Sequence[Route], id_: int, now: int) -> None:
    """Approved: its papers may be given to the partner from now on. Raises Refusal, Forbidden."""
    actor.need(Action.WAVE_CONTROL)
    name = await wave_named(database, actor, id_)
    with spoken():
        await orders.hand_over(database, routes, name, now)
    await _note(database, actor, id_, "hand_over", {}, now)


async def take_counts(database: Database, actor: Actor, routes: Sequence[Route], id_: int, data: bytes, file: str, now: int) -> Imported:
    """The partner's counts; the same list twice changes nothing. Raises Refusal, Forbidden."""
    actor.need(Action.WAVE_CONTROL)
    name = await wave_named(database, actor, id_)
    if len(data) > MOST_COUNTS:
        raise Refusal("Bảng số liệu lớn quá 10 MB. Xin xem lại tệp.")
    with spoken():
        done = await orders.import_counts(database, routes, name, data, file, now)
    await _note(database, actor, id_, "counts", {"new": len(done.new), "changed": len(done.changed), "faults": len(done.faults)}, now)
    return done


async def close(database: Database, actor: Actor, id_: int, now: int) -> None:
    """All counts are in. Raises Refusal, Forbidden."""
    actor.need(Action.WAVE_CONTROL)
    name = await wave_named(database, actor, id_)
    with spoken():
        await orders.close(database, name, now)
    await _note(database, actor, id_, "close", {}, now)


async def _note(database: Database, actor: Actor, id_: int, what: str, detail: Mapping[str, object], now: int) -> None:
    async with database.read() as connection:
        found = await rows.name_of(connection, id_)
    commune = found[1] if found else actor.commune

    async def unit(connection: AsyncConnection) -> None:
        await rows.note(connection, commune, actor.user, what, now, wave_id=id_)
        await audit.note(connection, Entry(actor, f"order.{what}", f"wave:{id_}", detail, commune), now)

    await database.write(unit)


# --- differences in plain words ---


@dataclass(frozen=True, slots=True)
class _Saying:
    pattern: re.Pattern[str]
    words: str


_PLACE: Final = r"(?P<place>[^:]*): "
_SAYINGS: Final = tuple(
    _Saying(re.compile(pattern), words)
    for pattern, words in (
        (r"nothing is reported of the text (?P<a>\S+),", "Mẫu {a} đã đặt mà không thấy số liệu."),
        (
            r"(?P<a>[\d,]+) messages were sent to (?P<b>[\d,]+) expected subscribers, (?P<c>[\d,]+) too many",
            "Nhà mạng báo gửi {a} tin, dự kiến {b} thuê bao: nhiều hơn {c}.",
        ),
        (r"the charged segments cost (?P<a>[\d.]+ đ), over the ceiling of (?P<b>[\d.]+ đ)", "Tiền tính cước {a}, quá mức duyệt {b}."),
        (_PLACE + r"no text of this order is called “(?P<a>.*)” .*; (?P<b>[\d,]+) messages", "{place}: không có mẫu tên “{a}”; {b} tin."),
        (_PLACE + r"outside the ordered days .*; (?P<b>[\d,]+) messages", "{place}: ngoài những ngày đã đặt; {b} tin."),
        (_PLACE + r"(?P<a>[\d,]+) results of (?P<b>[\d,]+) messages", "{place}: {a} kết quả trên {b} tin đã gửi."),
        (
            _PLACE
            + r"(?P<a>[\d,]+) segments are charged for (?P<b>[\d,]+) messages of (?P<c>\d+) each.*: (?P<d>[\d,]+) too (?P<e>many|few)",
            "{place}: tính cước {a} đoạn cho {b} tin, mỗi tin {c} đoạn: {e} {d} đoạn.",
        ),
    )
)


def difference(said: str) -> str:
    """A difference of `order_counts.differences` in Vietnamese."""
    for saying in _SAYINGS:
        if found := saying.pattern.match(said):
            return saying.words.format_map({name: _word(value) for name, value in found.groupdict().items()})
    return said


def _word(value: str) -> str:
    if value in ("many", "few"):
        return "thừa" if value == "many" else "thiếu"
    value = re.sub(r"\b(\d{4})-(\d\d)-(\d\d)\b", r"\3/\2/\1", value)
    return value.replace(",", ".") if re.fullmatch(r"[\d,]+", value) else value
