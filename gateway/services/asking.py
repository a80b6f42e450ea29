"""Questions to informants through the masked number: measured while they are written, held ten seconds, answered on the same thread.

What leaves the house waits (design/web §11): within HOLD_MS a question can be taken back, and then it was never sent.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.zalo import Window
from gateway.deployment import Deployment
from gateway.domain.caps import DAY_MS
from gateway.domain.permission import Action, Actor
from gateway.domain.segments import segments_of
from gateway.domain.tip import Channel
from gateway.domain.village import Village
from gateway.services.intake import address_of
from gateway.services.refusal import Refusal
from gateway.services.replies import Replies
from gateway.services.routes import Route
from gateway.services.tips import WRITTEN_A_DAY, WRITTEN_SEGMENTS, as_written, mask, one_line, write
from gateway.services.zalo_window import window_of
from gateway.storage import audit, limits, outbox, questions
from gateway.storage import tips as rows
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.follow_ups import ADDED, CORRECTED
from gateway.storage.questions import WITHDRAWN, Question
from gateway.storage.tips import Event, Informant

HOLD_MS: Final = 10_000
LONGEST: Final = 400  # characters of a question: with what stands round it they are three segments
_PRICE: Final = re.compile(r"\s*Tra loi tin nay \([^)]*\)|\s*\{price\}")
_LABELS: Final = {
    "place": "Mộ ở gần chỗ nào?",
    "graves": "Mấy mộ, còn nguyên không?",
    "when": "Năm nào, trận nào?",
    "who": "Tên, quê, đơn vị?",
    "relics": "Bia, kỷ vật?",
    "source": "Thấy hay nghe kể?",
}
_STATES: Final = {
    "queued": "chờ gửi", "claimed": "đang gửi", "sending": "đang gửi", "sent": "đã gửi", "delivered": "đã tới máy", "failed": "không tới",
    "expired": "quá hạn", "cancelled": "đã rút lại", "suppressed": "không gửi", "uncertain": "chưa rõ đã tới",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Template:
    """A question of ours. `label`: as the officer finds it; `words`: as it goes out, to be changed."""

    name: str
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A question as it would go out: the whole text, its segments, what it costs us, and why it can't go or ""."""

    text: str = field(repr=False)
    characters: int
    segments: int
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the thread. `by_us`: asked by staff; `state` in words; `question`: its id while it can be taken back, until `due_at`."""

    by_us: bool
    words: str = field(repr=False)
    at: int
    state: str = ""
    who: str = ""
    question: int | None = None
    due_at: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """A question that waits in the outbox."""

    id: int
    code: str
    due_at: int
    segments: int


def templates(deployment: Deployment, candidates: Sequence[Village] = ()) -> list[Template]:
    """The questions of dialogue.toml for a text message; first which of `candidates` is meant, where more than one may be."""
    script = deployment.dialogue
    found = [_which(candidates)] if len(candidates) > 1 else []
    for slot, label in _LABELS.items():
        if words := script.words.get(("vi", "sms", f"ask.{slot}"), ""):
            plain = _PRICE.sub("", words).strip()
            found.append(Template(slot, label, plain.removeprefix("Xin hoi: ")[:1].upper() + plain.removeprefix("Xin hoi: ")[1:]))
    return found


def _which(candidates: Sequence[Village]) -> Template:
    """By number, for names that differ in their marks alone come back without them."""
    choices = ", ".join(f"{number} nếu là {village.name} ({village.code})" for number, village in enumerate(candidates[:4], 1))
    return Template("village", "Thôn nào?", f"Xin cho biết rõ thôn: trả lời {choices}")


def measured(replies: Replies, code: str, words: str) -> Measured:
    """What `words` become on their way out, for tip `code`. Pure."""
    said = one_line(words)
    text = as_written(replies, code, said) if said else ""
    segments = segments_of(text) if said else 0
    fault = ""
    if len(said) > LONGEST or segments > WRITTEN_SEGMENTS:
        fault = f"Dài quá: {segments} đoạn, nhiều nhất {WRITTEN_SEGMENTS} đoạn. Xin viết ngắn lại."
    elif not said:
        fault = "Chưa có câu hỏi."
    return Measured(text, len(text), segments, fault)


async def ask(
    database: Database, replies: Replies, routes: Sequence[Route], actor: Actor, tip_code: str, name: str, words: str, now: int
) -> Held:
    """Put a question into the outbox, where it waits HOLD_MS. Raises Forbidden, Refusal (in Vietnamese)."""
    actor.need(Action.TIP_ASK)
    found = measured(replies, tip_code, words)
    if found.fault:
        raise Refusal(found.fault)

    async def unit(connection: AsyncConnection) -> Held:
        informant = await rows.informant(connection, tip_code)
        if informant is None:
            raise Refusal("Không có tin nào mang mã này.")
        actor.need(Action.TIP_ASK, informant.commune)
        if why := await obstacle(connection, informant, routes, now):
            raise Refusal(why)
        written = await write(connection, replies, routes, informant, one_line(words), now, now + HOLD_MS)
        row = {
            "commune": informant.commune, "tip": informant.tip, "ref": written.ref, "user": actor.user, "name": name[:40],
            "words": one_line(words), "at": now, "due_at": now + HOLD_MS,
        }  # fmt: skip
        id_ = await questions.add(connection, row)
        entry = Entry(actor, Action.TIP_ASK, f"tip:{informant.code}", {"question": id_, "segments": written.segments}, informant.commune)
        await audit.note(connection, entry, now)
        return Held(id_, informant.code, now + HOLD_MS, written.segments)

    return await database.write(unit)


async def obstacle(connection: AsyncConnection, informant: Informant, routes: Sequence[Route], now: int) -> str:
    """Why the informant can't be written to, in one sentence; "": nothing stands in the way."""
    msisdn = address_of(informant.sender, informant.channel)
    if msisdn is None:
        return "Người báo không để lại số; không nhắn lại được."
    if informant.may_call is False:
        return "Người báo xin đừng liên hệ lại; chờ họ nhắn thêm."
    if await outbox.opted_out(connection, [informant.bidx]):
        return "Người báo đã từ chối nhận tin; không gửi gì nữa."
    if informant.channel == Channel.ZALO and await window_of(connection, informant.bidx, now) is Window.CLOSED:
        return "Người báo nhắn qua Zalo đã hơn 7 ngày; Zalo không nhận tin của ta tới khi họ nhắn lại."
    if await limits.spent(connection, "written", informant.bidx, DAY_MS, now) >= WRITTEN_A_DAY:
        return f"Đã gửi {WRITTEN_A_DAY} tin trong 24 giờ cho người này; xin gọi điện, hoặc để mai."
    if not any(route.reaches(msisdn) for route in routes):
        return "Không có tuyến nhắn tin nào tới được số này; báo người quản trị."
    return ""


async def withdraw(database: Database, actor: Actor, question: int, now: int) -> Question:
    """Take a question back while it waits. Raises Forbidden, Refusal: it has left."""
    actor.need(Action.TIP_ASK)

    async def unit(connection: AsyncConnection) -> Question:
        found = await questions.one(connection, question)
        if found is None:
            raise Refusal("Không có câu hỏi này.")
        actor.need(Action.TIP_ASK, found.commune)
        if found.cancelled_at is not None:
            return found
        if not await questions.cancel(connection, found, now):
            raise Refusal("Tin đã rời máy, không rút lại được nữa. Có thể hỏi thêm câu khác.")
        await rows.add_event(connection, found.tip, WITHDRAWN, found.words, now)
        await audit.note(connection, Entry(actor, "tip.ask.withdrawn", f"tip:{found.code}", {"question": found.id}, found.commune), now)
        return found

    return await database.write(unit)


def thread(asked: Sequence[Question], events: Sequence[Event], now: int) -> list[Said]:
    """What was asked and what came back, in the order it happened; numbers masked. Pure."""
    by_desk = {(each.at, each.words) for each in asked}
    said = [_asked(each, now) for each in asked]
    for event in events:
        if event.note is None:
            continue
        if event.kind == rows.WRITTEN and (event.at, event.note) not in by_desk:  # written with the command
            said.append(Said(True, mask(event.note), event.at, "đã gửi"))
        elif event.kind in (ADDED, CORRECTED):
            said.append(Said(False, mask(event.note), event.at, "sửa lại" if event.kind == CORRECTED else ""))
    return sorted(said, key=lambda each: each.at)


def _asked(each: Question, now: int) -> Said:
    waits = each.cancelled_at is None and each.state == "queued" and now < each.due_at
    state = "đã rút lại" if each.cancelled_at is not None else _STATES.get(each.state or "", "đã gửi")
    return Said(True, mask(each.words), each.at, state, each.who or "", each.id if waits else None, each.due_at)


__all__ = ["HOLD_MS", "Held", "Measured", "Said", "Template", "ask", "measured", "obstacle", "templates", "thread", "withdraw"]
