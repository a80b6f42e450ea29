"""Requests of persons: written down as they come, answered in time, carried out, with a history that is never changed."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.deadline import Terms
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.permission import Action, Actor
from gateway.domain.person_request import EXTENSION, Channel, Identity, Kind, due
from gateway.domain.window import local_day, moment_of
from gateway.services.keeping.erase import Erased, Whom, erase, look
from gateway.services.keeping.keys import Random
from gateway.services.refusal import Refusal
from gateway.storage import audit, contacts, held, person_requests
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.held import Held
from gateway.storage.person_requests import PersonRequest, Step

_LAST_MINUTE: Final = 24 * 60 - 1
_GONE: Final = "Yêu cầu này đã kết thúc. Xin tải lại trang để xem."


@dataclass(frozen=True, slots=True)
class NewRequest:
    """As an officer writes it down. `number` "": it is about no number."""

    kind: Kind
    channel: Channel
    number: str = field(repr=False)
    name: str = field(repr=False)
    words: str = field(repr=False)
    received: date
    commune: str


@dataclass(frozen=True, slots=True)
class Clock:
    """Now (epoch ms), the local calendar and its holidays."""

    now: int
    timezone: str
    terms: Terms

    @property
    def today(self) -> date:
        return local_day(self.now, self.timezone)

    def end_of(self, day: date) -> int:
        """The last minute of a local day, epoch ms."""
        return moment_of(day, _LAST_MINUTE, self.timezone)


@dataclass(frozen=True, slots=True)
class Opened:
    """A request with its history. `would`: what erasing its person would take out; None: nothing of that is to be decided."""

    request: PersonRequest
    steps: list[Step]
    would: Erased | None


async def register(database: Database, actor: Actor, new: NewRequest, clock: Clock) -> int:
    """Write it down; its id. Who withdraws or objects is written to no more from now on, whoever they turn out to be. Raises Refusal."""
    actor.need(Action.REQUEST_WORK, new.commune)
    msisdn = _number(new.number)
    if not new.name and msisdn is None:
        raise Refusal("Xin ghi họ tên hoặc số điện thoại của người yêu cầu.")
    if new.received > clock.today or new.received < clock.today - timedelta(days=366):
        raise Refusal("Ngày nhận phải là hôm nay hoặc trước đó, không quá một năm.")
    terms = due(new.kind, new.received, clock.terms)
    received_at = clock.now if new.received == clock.today else moment_of(new.received, 12 * 60, clock.timezone)
    bidx = None if msisdn is None else database.keyring.blind(msisdn.e164, "msisdn")
    row = {
        "commune": new.commune, "kind": new.kind.value, "channel": new.channel.value, "bidx": bidx,
        "msisdn": msisdn.e164 if msisdn else None, "name": new.name or None, "words": new.words or None, "state": "new",
        "received_at": received_at, "answer_by": clock.end_of(terms.answer), "done_by": clock.end_of(terms.done), "user": actor.user,
    }  # fmt: skip

    async def unit(connection: AsyncConnection) -> int:
        id_ = await person_requests.add(connection, row)
        await person_requests.note_step(connection, id_, "received", None, actor.user, clock.now)
        if new.kind in (Kind.WITHDRAW, Kind.OBJECT) and msisdn is not None and bidx is not None:
            await contacts.opt_out(connection, bidx, msisdn, new.commune, clock.now)
            await person_requests.note_step(connection, id_, "stopped", None, actor.user, clock.now)
        await _note(connection, actor, "received", id_, new.commune, clock.now)
        return id_

    return await database.write(unit)


def _number(written: str) -> Msisdn | None:
    if not written:
        return None
    try:
        return Msisdn.parse(written)
    except BadMsisdn:
        raise Refusal("Số điện thoại chưa đúng. Xin ghi như 0300 123 456 hoặc +84 300 123 456.") from None


async def _note(connection: AsyncConnection, actor: Actor, what: str, id_: int, commune: str, now: int) -> None:
    await audit.note(connection, Entry(actor, Action.REQUEST_WORK, f"request:{id_}", {"what": what}, commune), now)


# --- reading ---


async def listed(database: Database, actor: Actor, *, is_open: bool) -> list[PersonRequest]:
    """Those of the actor's communes."""
    actor.need(Action.REQUEST_WORK)
    async with database.read() as connection:
        return list(await person_requests.listed(connection, actor.communes, is_open=is_open))


async def waiting(database: Database, actor: Actor) -> int:
    """How many are open."""
    async with database.read() as connection:
        return await person_requests.count_open(connection, actor.communes)


async def open_one(database: Database, actor: Actor, id_: int) -> Opened:
    """One with its history. Raises Refusal, Forbidden."""
    async with database.read() as connection:
        request = await _found(connection, actor, id_)
        steps = await person_requests.steps(connection, id_)
    is_erasure = request.kind == Kind.DELETE and request.is_open and request.msisdn is not None
    return Opened(request, steps, await look(database, Whom(number=request.msisdn, commune=request.commune)) if is_erasure else None)


async def _found(connection: AsyncConnection, actor: Actor, id_: int) -> PersonRequest:
    actor.need(Action.REQUEST_WORK)
    request = await person_requests.find(connection, id_)
    if request is None:
        raise Refusal(f"Không có yêu cầu số {id_}.")
    actor.need(Action.REQUEST_WORK, request.commune)
    return request


# --- steps ---


@dataclass(frozen=True, slots=True)
class _Change:
    """What a step does to the row, and how the history calls it."""

    step: str
    values: dict[str, object]
    note: str | None = field(default=None, repr=False)


async def _step(database: Database, actor: Actor, id_: int, now: int, change: _Change) -> None:
    async def unit(connection: AsyncConnection) -> None:
        request = await _found(connection, actor, id_)
        if not await person_requests.change(connection, id_, change.values):
            raise Refusal(_GONE)
        await person_requests.note_step(connection, id_, change.step, change.note, actor.user, now)
        await _note(connection, actor, change.step, id_, request.commune, now)

    await database.write(unit)


async def identify(database: Database, actor: Actor, id_: int, identity: Identity, now: int) -> None:
    """It was made sure who asks, in this way. Raises Refusal, Forbidden."""
    await _step(database, actor, id_, now, _Change("identified", {"identity": identity.value}))


async def answer_first(database: Database, actor: Actor, id_: int, note: str, now: int) -> None:
    """The first answer went out. Raises Refusal, Forbidden."""
    if not note:
        raise Refusal("Xin ghi đã trả lời thế nào.")
    await _step(database, actor, id_, now, _Change("answered", {"state": "answered", "answered_at": now}, note))


async def extend(database: Database, actor: Actor, id_: int, why: str, clock: Clock) -> None:
    """Once, by 15 days, with a reason that the person is told. Raises Refusal, Forbidden."""
    if not why:
        raise Refusal("Xin ghi lý do gia hạn; người yêu cầu phải được báo lý do này.")
    async with database.read() as connection:
        request = await _found(connection, actor, id_)
    if request.extended_at is not None:
        raise Refusal("Chỉ được gia hạn một lần.")
    until = clock.end_of(local_day(request.done_by, clock.timezone) + EXTENSION)
    await _step(database, actor, id_, clock.now, _Change("extended", {"extended_at": clock.now, "done_by": until}, why))


async def close(database: Database, actor: Actor, id_: int, answer: str, now: int, *, refused: bool) -> None:
    """Done, or refused with the reason; the words go into the letter. Raises Refusal, Forbidden."""
    if not answer:
        raise Refusal("Xin ghi nội dung trả lời; phần này in vào văn bản trả lời.")
    state = "refused" if refused else "done"
    await _step(database, actor, id_, now, _Change(state, {"state": state, "closed_at": now, "answer": answer}))


async def carry_out(database: Database, contents: Path, actor: Actor, id_: int, now: int, random: Random) -> Erased:
    """Erase the person of a request to delete, whose identity was made sure. Raises Refusal, Forbidden."""
    async with database.read() as connection:
        request = await _found(connection, actor, id_)
    if request.kind != Kind.DELETE or request.msisdn is None or not request.is_open:
        raise Refusal("Yêu cầu này không phải yêu cầu xóa đang mở có số điện thoại.")
    _need_identity(request)
    done = await erase(database, contents, Whom(number=request.msisdn, why=f"request {id_}", commune=request.commune), now, random, actor)
    answer = "Đã xóa số điện thoại và lời của ông/bà khỏi hệ thống của xã; xã sẽ không nhắn tin tới số này nữa."
    if done.case_tips:
        answer += f" {done.case_tips} tin báo thuộc hồ sơ tìm kiếm liệt sĩ được giữ lại phần nội dung, không còn số điện thoại."
    values: dict[str, object] = {"state": "done", "closed_at": now, "answer": answer}
    await _step(database, actor, id_, now, _Change("erased", values))
    return done


def _need_identity(request: PersonRequest) -> None:
    if request.identity is None:
        raise Refusal("Chưa ghi đã xác minh người yêu cầu thế nào. Xin ghi trước rồi làm tiếp.")


async def held_of(database: Database, actor: Actor, id_: int, now: int) -> tuple[PersonRequest, Held]:
    """All that is held of the number of a request whose identity was made sure; the look is noted. Raises Refusal, Forbidden."""
    async with database.read() as connection:
        request = await _found(connection, actor, id_)
        _need_identity(request)
        if request.bidx is None:
            raise Refusal("Yêu cầu không ghi số điện thoại nên không tìm được gì. Xin ghi số trong một yêu cầu mới.")
        found = await held.of_person(connection, request.bidx, request.commune)

    async def unit(connection: AsyncConnection) -> None:
        await person_requests.note_step(connection, id_, "exported", None, actor.user, now)
        await _note(connection, actor, "exported", id_, request.commune, now)

    await database.write(unit)
    return request, found


def export_word(database: Database, request: PersonRequest) -> str:
    """What opens the exported file of this request: twelve digits, told apart from the file."""
    digest = database.keyring.blind(f"{request.id}:{request.received_at}", "request.export")
    digits = f"{int.from_bytes(digest[:8], 'big') % 10**12:012}"
    return " ".join(digits[at : at + 4] for at in range(0, 12, 4))
