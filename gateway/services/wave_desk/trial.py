"""A draft's words on phones of our own, before anybody is asked: as direct sends under the name of the wave to be."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.permission import Action, Actor
from gateway.services.own_phones import MOST
from gateway.services.preview import trial_ids
from gateway.services.refusal import Refusal
from gateway.services.routes import Route, route_named
from gateway.services.sends import Order, enqueue_in
from gateway.services.texts import filled
from gateway.services.wave_desk import drafts
from gateway.services.wave_desk.drafts import Opened
from gateway.services.wave_desk.words import spoken
from gateway.services.wave_texts import fields_for
from gateway.storage import audience, audit
from gateway.storage import users as user_rows
from gateway.storage import wave_desk as rows
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.users import User


@dataclass(frozen=True, slots=True)
class Tried:
    """`sent`: messages on their way; `stopped`: of phones whose owner said stop."""

    sent: int
    stopped: int


async def colleagues(database: Database, actor: Actor, commune: str) -> list[User]:
    """Users of a commune who have a phone: a trial goes to them."""
    actor.need(Action.WAVE_PLAN, commune)
    async with database.read() as connection:
        found = await user_rows.everybody(connection)
    return [each for each in found if each.is_enabled and each.phone is not None and each.commune == commune]


async def send(
    database: Database, actor: Actor, deployment: Deployment, routes: Sequence[Route], id_: int, users: Sequence[int], typed: str, now: int
) -> Tried:
    """Every language's text, filled in for one village, to colleagues and the numbers `typed`. Raises Refusal, Forbidden."""
    opened = await drafts.find(database, actor, id_)
    actor.need(Action.WAVE_PLAN, opened.draft.commune)
    phones = [each.phone for each in await colleagues(database, actor, opened.draft.commune) if each.id in users and each.phone]
    phones = list(dict.fromkeys([*phones, *_numbers(typed)]))
    if not 0 < len(phones) <= MOST:
        raise Refusal(f"Gửi thử tới 1 đến {MOST} máy; đang chọn {len(phones)} máy.")
    with spoken():
        return await _send(database, actor, deployment, route_named(routes, opened.composed.route), opened, phones, now)


async def _send(
    database: Database, actor: Actor, deployment: Deployment, route: Route, opened: Opened, phones: Sequence[Msisdn], now: int
) -> Tried:
    texts = _texts(opened, deployment)
    ids = trial_ids(drafts.name_of(opened.draft))
    async with database.read() as connection:
        used = await audience.tests_of(connection, ids)
    orders = [Order(send_id, tuple(phones), text) for send_id, text in zip((each for each in ids if each not in used), texts, strict=False)]
    if len(orders) < len(texts):
        raise Refusal("Đợt này đã gửi thử quá nhiều lần. Xin đổi tên đợt nếu lời nhắn vẫn chưa đúng.")

    async def unit(connection: AsyncConnection) -> Tried:
        taken = [await enqueue_in(connection, database.keyring, route, order, now) for order in orders]
        done = Tried(sum(each.accepted for each in taken), sum(each.opted_out for each in taken))
        await rows.note(connection, opened.draft.commune, actor.user, "trial", now, draft=opened.draft.id)
        detail = {"phones": len(phones), "sent": done.sent}
        await audit.note(connection, Entry(actor, "wave.trial", f"wave_draft:{opened.draft.id}", detail, opened.draft.commune), now)
        return done

    return await database.write(unit)


def _texts(opened: Opened, deployment: Deployment) -> list[str]:
    """Each language's, for a village that the draft is for; what is a person's own shows its column's name."""
    codes = [each for each in opened.composed.villages if each in deployment.villages] or list(deployment.villages)
    village = deployment.villages[codes[0]] if codes else None
    own = {name: f"({name})" for name in drafts.known_fields(opened)}
    return [filled(each, own | fields_for(deployment.campaign, village)) for each in opened.composed.sent.values()]


def _numbers(typed: str) -> list[Msisdn]:
    found = []
    for each in typed.replace(";", ",").replace("\n", ",").split(","):
        if not each.strip():
            continue
        try:
            found.append(Msisdn.parse(each))
        except BadMsisdn:
            raise Refusal("Có số máy chưa đúng. Ví dụ: 0300 000 101; nhiều số thì cách nhau bằng dấu phẩy.") from None
    return found


async def tried(database: Database, actor: Actor, commune: str, name: str) -> list[tuple[int, dict[str, int]]]:
    """When a wave of `commune` was tried, and what became of those messages by state; the newest first. Raises Forbidden."""
    actor.need(Action.WAVE_READ, commune)
    async with database.read() as connection:
        return await rows.trials(connection, trial_ids(name))
