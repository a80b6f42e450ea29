"""What comes in, handed on to outside systems: MOs to a client's URL as Kannel's sms-service would, tips as an event without words.

Which MOs a client gets: SMS that came by its route, or, if it has none, those of its commune. What an informant told (a tip, words that
joined one, a registration for sampling, an answer to our question) goes only to a client with the scope `tips`, and only of its own
commune. Codes that approve, and answers of those on duty, go to nobody. Stops and yeses go on: who sends through us must know of them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain import kannel_escapes as kannel
from gateway.domain.kannel_escapes import Told
from gateway.domain.tip import Channel
from gateway.services.answers import APPROVAL, TAKEN
from gateway.services.outward import Callback, event, queue
from gateway.storage import callbacks as rows
from gateway.storage.clients import Client
from gateway.storage.inbox import Handled, Mo
from gateway.storage.tips import NewDnaRequest, NewTip

RECEIVED: Final = "tip.received"
TIPS: Final = "tips"  # the scope
_OURS: Final = frozenset({APPROVAL, TAKEN})


@dataclass(frozen=True, slots=True)
class Incoming:
    """What one transaction made of MOs. `commune`: the deployment's own, of MOs that told nothing."""

    commune: str
    mos: Sequence[Mo] = field(default=(), repr=False)
    handled: Sequence[Handled] = ()
    tips: Sequence[NewTip] = field(default=(), repr=False)
    dna: Sequence[NewDnaRequest] = field(default=(), repr=False)


def wants_mos(clients: Collection[Client]) -> bool:
    """Whether anybody is to be told of what comes in."""
    return any(each.mo_url or hears_of_tips(each) for each in clients)


def hears_of_tips(client: Client) -> bool:
    """Whether `client` is told that a tip came. It must be one that may read tips."""
    return client.webhook_url is not None and RECEIVED in client.events and TIPS in client.scopes


async def hand_on(connection: AsyncConnection, clients: Collection[Client], came: Incoming, now: int) -> None:
    """Queue, in the transaction that made something of MOs, the calls that tell of them."""
    if not wants_mos(clients):
        return
    told = {each.id: each for each in came.handled}
    communes = await _communes(connection, came)
    for mo in came.mos:
        for client in clients:
            if mo.id in told and may_have(client, mo, told[mo.id], communes.get(mo.id), came.commune):
                await forward_mo(connection, client, mo, now)
    await tell_of_tips(connection, clients, came.tips, now)


async def tell_of_tips(connection: AsyncConnection, clients: Collection[Client], tips: Sequence[NewTip], now: int) -> None:
    """Queue `tip.received` to the clients of each tip's commune: its code, how and when it came. They ask the API for more."""
    for tip in tips:
        data = {"tip": tip.code, "commune": tip.commune, "channel": tip.channel, "urgent": tip.urgent, "received_at": tip.received_at}
        calls = [
            event(client, RECEIVED, f"{RECEIVED}:{tip.code}", now, data)
            for client in clients
            if hears_of_tips(client) and client.commune == tip.commune
        ]
        await queue(connection, *calls, now=now)


async def _communes(connection: AsyncConnection, came: Incoming) -> dict[int, str]:
    """Whose the words of an informant are, by MO id; an MO that told nothing has no entry."""
    found = {each.mo: each.commune for each in came.tips} | {each.mo: each.commune for each in came.dna}
    joined = {each.id: each.tip for each in came.handled if each.tip is not None}
    communes = await rows.communes_of(connection, set(joined.values()))
    return {mo: communes[tip] for mo, tip in joined.items() if tip in communes} | found


def may_have(client: Client, mo: Mo, handled: Handled, told: str | None, commune: str) -> bool:
    """Whether `client` may be handed `mo`. `told`: the commune of the tip or registration that its words belong to; `commune`: ours."""
    if client.mo_url is None or mo.channel != Channel.SMS or handled.action in _OURS:
        return False
    if mo.route != client.route if client.route else client.commune != (told or commune):
        return False
    is_of_an_informant = told is not None or handled.tip is not None or (handled.alarm or "").startswith("urgent")
    return not is_of_an_informant or (TIPS in client.scopes and client.commune == told)


async def forward_mo(connection: AsyncConnection, client: Client, mo: Mo, now: int) -> None:
    """Queue the call that hands `mo` to `client`, the URL's escapes filled in; by POST the text is the body, as of Kannel's post-url."""
    told = Told(mo.sender, mo.receiver, mo.text, mo.received_at, str(mo.id), mo.route, client.name)
    url = kannel.fill(client.mo_url or "", told)
    headers = _headers(told) if client.mo_method == "POST" else {}
    body = mo.text if client.mo_method == "POST" else ""
    await queue(connection, Callback(client, "mo", client.mo_method, url, f"mo:{mo.id}", headers, body, mo.bidx), now=now)


def _headers(told: Told) -> dict[str, str]:
    """Kannel's of a post-url (user guide, "X-Kannel headers"). A header holds no line break and no accent."""
    values = {
        "X-Kannel-From": told.handset, "X-Kannel-To": told.ours, "X-Kannel-Time": kannel.moment(told).replace("+", " "),
        "X-Kannel-SMSC": told.smsc, "X-Kannel-Service": told.service, "X-Kannel-Coding": "0",
    }  # fmt: skip
    return {"Content-Type": "text/plain; charset=UTF-8", **{name: kannel.plain(value) for name, value in values.items()}}
