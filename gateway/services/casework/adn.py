"""Registrations for DNA sampling: who stands by the family, when and where, whether it was done and sent. Nothing genetic is kept.

A restricted book (Action.ADN_READ): in no export of tips and in no search of others. Police take the samples; a wife or a child is no
maternal line and is written down all the same, never refused (field.md §2.6).
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.code import read_tip_code
from gateway.domain.fold import unaccent
from gateway.domain.msisdn import Msisdn
from gateway.domain.permission import Action, Actor
from gateway.domain.segments import segments_of
from gateway.services.casework.common import STALE, Act, a_day, done, none_such, told_of, words
from gateway.services.intake import address_of
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.tips import mask
from gateway.storage import adn, audit, outbox
from gateway.storage.adn import Appointment, Registration
from gateway.storage.database import Database
from gateway.storage.inbox import person
from gateway.storage.outbox import AT_ONCE, PRIORITY, NewMt
from gateway.storage.work_events import Done, What

STATES: Final = ("new", "accompanied", "appointed", "sampled", "sent", "result", "declined")
_AFTER: Final = {"sampled": "sent", "sent": "result"}  # the outcome codes: sent, an answer received; never what it says
REMINDER_SEGMENTS: Final = 2
_AHEAD: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class AdnFile:
    """A registration with its number masked, its appointments and its history."""

    registration: Registration
    appointments: tuple[Appointment, ...]
    history: tuple[Done, ...]

    @property
    def planned(self) -> Appointment | None:
        return next((each for each in self.appointments if each.state == "planned"), None)


async def list_registrations(database: Database, actor: Actor) -> list[Registration]:
    """The book, numbers masked, the newest first. Raises Forbidden."""
    actor.need(Action.ADN_READ)
    async with database.read() as connection:
        return [_masked(each) for each in await adn.listed(connection, actor.communes)]


async def planned_appointments(database: Database, actor: Actor) -> list[tuple[str, Appointment]]:
    """(code, appointment) of what is ahead, the next first. Raises Forbidden."""
    actor.need(Action.ADN_READ)
    async with database.read() as connection:
        return await adn.planned(connection, actor.communes)


async def show_registration(database: Database, actor: Actor, code: str, now: int) -> AdnFile:
    """One registration; that somebody looked is written into the audit log. Raises Forbidden."""
    actor.need(Action.ADN_READ)

    async def unit(connection: AsyncConnection) -> AdnFile:
        found = await _seen(connection, actor, code, Action.ADN_READ)
        await audit.note(connection, audit.Entry(actor, Action.ADN_READ, f"adn:{found.code}", commune=found.commune), now)
        appointments = await adn.appointments(connection, found.id)
        return AdnFile(_masked(found), tuple(appointments), await told_of(connection, What.ADN, found.id))

    return await database.write(unit)


async def reveal_number(database: Database, actor: Actor, code: str, why: str, now: int) -> str:
    """The number in full, for a reason that is written down. Raises Forbidden, Refusal."""
    actor.need(Action.NUMBER_REVEAL)
    reason = words(why, "lý do xem số", most=300)

    async def unit(connection: AsyncConnection) -> str:
        found = await _seen(connection, actor, code, Action.ADN_READ)
        entry = audit.Entry(actor, Action.NUMBER_REVEAL, f"adn:{found.code}", {"why": reason}, found.commune)
        await audit.note(connection, entry, now)
        msisdn = address_of(found.sender, found.channel)
        return msisdn.national if msisdn else found.sender

    return await database.write(unit)


async def accompany(database: Database, actor: Actor, code: str, version: int, companion: str, relation: str, now: int) -> None:
    """Who stands by the family (usually of Hội LHPN), and what the registrant is to the martyr. Raises Forbidden, Refusal."""
    named = words(companion, "người đồng hành", most=200)
    kin = words(relation, "quan hệ với liệt sĩ", most=200)

    async def change(connection: AsyncConnection, found: Registration) -> tuple[str, str]:
        state = "accompanied" if found.state == "new" else found.state
        await adn.change(connection, found.id, companion=named, relation=kin, state=state, moved_at=now)
        return "accompanied", f"{named}; {kin}"

    await _step(database, actor, code, version, now, change)


async def appoint(
    database: Database, actor: Actor, code: str, version: int, when: tuple[str, str], place: str, may_remind: bool, timezone: str, now: int
) -> None:
    """A day and hour (`when`), and a place; one planned before is moved. `may_remind`: the person agreed to a text.

    Raises Forbidden, Refusal.
    """
    where, at = words(place, "nơi lấy mẫu", most=120), moment(when, timezone)
    if not now < at < now + _AHEAD.total_seconds() * 1000:
        raise Refusal("Giờ hẹn phải ở phía trước, trong vòng một năm. Xin xem lại ngày giờ.")

    async def change(connection: AsyncConnection, found: Registration) -> tuple[str, str]:
        if found.companion is None:
            raise Refusal("Chưa có người đồng hành. Xin ghi người đồng hành trước khi hẹn.")
        if found.state not in ("accompanied", "appointed", "declined"):
            raise Refusal("Người này đã lấy mẫu rồi. Không hẹn thêm.")
        again = any(each.state == "planned" for each in await adn.appointments(connection, found.id))
        await adn.appoint(connection, found, at, where, may_remind, now)
        await adn.change(connection, found.id, state="appointed", moved_at=now)
        return "appointed again" if again else "appointed", f"{' '.join(when)}, {where}"

    await _step(database, actor, code, version, now, change)


async def keep_appointment(database: Database, actor: Actor, code: str, version: int, now: int) -> None:
    """The sample was taken. Raises Forbidden, Refusal."""

    async def change(connection: AsyncConnection, found: Registration) -> tuple[str, None]:
        if not await adn.end_appointment(connection, found.id, "sampled"):
            raise Refusal("Không có lịch hẹn nào đang chờ. Xin hẹn trước.")
        await adn.change(connection, found.id, state="sampled", moved_at=now)
        return "sampled", None

    await _step(database, actor, code, version, now, change)


async def go_on(database: Database, actor: Actor, code: str, version: int, now: int) -> None:
    """The sample was sent; later: an answer was received, which the police keep, not we. Raises Forbidden, Refusal."""

    async def change(connection: AsyncConnection, found: Registration) -> tuple[str, None]:
        then = _AFTER.get(found.state)
        if then is None:
            raise Refusal("Chưa lấy mẫu, hoặc đã có kết quả. Xin tải lại trang.")
        await adn.change(connection, found.id, state=then, moved_at=now)
        return then, None

    await _step(database, actor, code, version, now, change)


async def decline(database: Database, actor: Actor, code: str, version: int, why: str, now: int) -> None:
    """The person does not want to after all: nobody presses them. Raises Forbidden, Refusal."""
    reason = words(why, "lý do")

    async def change(connection: AsyncConnection, found: Registration) -> tuple[str, str]:
        if found.state in ("sampled", "sent", "result"):
            raise Refusal("Đã lấy mẫu. Muốn rút lại mẫu, xin chuyển sang trang yêu cầu của công dân.")
        await adn.end_appointment(connection, found.id, "cancelled")
        await adn.change(connection, found.id, state="declined", moved_at=now)
        return "declined", reason

    await _step(database, actor, code, version, now, change)


# --- the reminder ---


def reminder(deployment: Deployment, code: str, appointment: Appointment) -> str:
    """The text of a reminder, in one line of GSM-7."""
    campaign = deployment.campaign
    at = datetime.fromtimestamp(appointment.at / 1000, ZoneInfo(campaign.timezone))
    asked = f" Hoi: {campaign.hotline.national}." if campaign.hotline else ""
    title = campaign.commune_title[:1].upper() + campaign.commune_title[1:]
    text = f"{title}: hen lay mau ADN, ma {code}, luc {at:%H:%M} ngay {at:%d/%m} tai {appointment.place}. Mien phi.{asked}"
    return " ".join(unaccent(text).split())


async def remind(database: Database, actor: Actor, routes: Sequence[Route], deployment: Deployment, code: str, now: int) -> int:
    """Text the reminder of the planned appointment, once, to who agreed to it; returns its segments. Raises Forbidden, Refusal."""
    actor.need(Action.ADN_WORK)

    async def unit(connection: AsyncConnection) -> int:
        found = await _seen(connection, actor, code, Action.ADN_WORK)
        ahead = next((each for each in await adn.appointments(connection, found.id) if each.state == "planned" and each.at > now), None)
        if ahead is None:
            raise Refusal("Không có lịch hẹn nào phía trước để nhắc.")
        if not ahead.may_remind:
            raise Refusal("Người này chưa đồng ý nhận tin nhắn nhắc hẹn. Xin gọi, hoặc nhờ người đồng hành báo.")
        mt = await _reminder_to(connection, database, routes, found, reminder(deployment, found.code, ahead), ahead.at)
        if not await adn.reminded(connection, ahead.id, now):
            raise Refusal("Đã nhắc lịch hẹn này rồi.")
        await outbox.enqueue(connection, [mt], now)
        await done(connection, Act(actor, Action.ADN_WORK, What.ADN, found.id, found.commune, "reminded", found.code), now)
        return mt.segments

    return await database.write(unit)


async def _reminder_to(
    connection: AsyncConnection, database: Database, routes: Sequence[Route], found: Registration, text: str, until: int
) -> NewMt:
    """Raises Refusal: no number, stopped, no route, too long."""
    msisdn = address_of(found.sender, found.channel)
    if msisdn is None:
        raise Refusal("Đăng ký này không có số điện thoại. Xin nhờ người đồng hành báo.")
    bidx = person(database.keyring, found.sender)
    if await outbox.opted_out(connection, [bidx]):
        raise Refusal("Số này đã từ chối nhận tin. Xin gọi, hoặc nhờ người đồng hành báo.")
    if (segments := segments_of(text)) > REMINDER_SEGMENTS:
        raise Refusal("Tin nhắc dài quá. Xin ghi nơi lấy mẫu ngắn lại.")
    (ref,) = outbox.new_refs(1)
    return NewMt(ref, msisdn, bidx, _route_to(routes, msisdn), segments, AT_ONCE, until, lane=PRIORITY, body=text)


def _route_to(routes: Sequence[Route], msisdn: Msisdn) -> str:
    found = next((route.name for route in routes if route.reaches(msisdn)), None)
    if found is None:
        raise Refusal("Không có đường nhắn tin nào tới số này. Xin gọi.")
    return found


# --- one step ---

Change = Callable[[AsyncConnection, Registration], Coroutine[None, None, tuple[str, str] | tuple[str, None]]]


async def _step(database: Database, actor: Actor, code: str, version: int, now: int, change: Change) -> None:
    actor.need(Action.ADN_WORK)

    async def unit(connection: AsyncConnection) -> None:
        found = await _seen(connection, actor, code, Action.ADN_WORK)
        if not await adn.step(connection, found, version, now):
            raise Refusal(STALE)
        kind, text = await change(connection, found)
        await done(connection, Act(actor, Action.ADN_WORK, What.ADN, found.id, found.commune, kind, found.code, text), now)

    await database.write(unit)


async def _seen(connection: AsyncConnection, actor: Actor, code: str, action: Action) -> Registration:
    actor.need(action)
    exact = read_tip_code(code)
    found = await adn.find(connection, exact) if exact else None
    if found is None:
        raise none_such()
    actor.need(action, found.commune)
    return found


def _masked(found: Registration) -> Registration:
    return replace(found, sender=mask(found.sender), text=mask(found.text))


def moment(when: tuple[str, str], timezone: str) -> int:
    """Epoch ms of a day and an hour as written ("2026-12-01" or "01/12/2026", "08:30"). Raises Refusal."""
    day = a_day(when[0], "ngày hẹn")
    try:
        hour, minute = (int(part) for part in when[1].strip().replace("h", ":").split(":"))
        at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(timezone))
    except ValueError:
        raise Refusal(f"Giờ hẹn: “{when[1][:10]}” không phải là giờ. Xin ghi như 08:30.") from None
    return int(at.timestamp() * 1000)
