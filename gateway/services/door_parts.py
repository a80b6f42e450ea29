"""Long texts that a client has cut itself: its parts wait here for each other and leave as one MT, which the carrier cuts again.

What is taken is never lost: a text whose other parts don't come within ten minutes becomes an MT that was not sent, with the reason.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.wire import decode_text
from gateway.domain.fold import nfc
from gateway.domain.message import MtState
from gateway.domain.msisdn import Msisdn
from gateway.domain.segments import segments_of
from gateway.reading.parts import WAIT_MS
from gateway.services.clients import Client
from gateway.services.door_sends import Denied, Outside, Report, Taken, enqueue_in, route_for, seen_by, wanted
from gateway.services.mt_reports import want_reports
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.sends import stopped
from gateway.storage import clients, door_parts, outbox, outside
from gateway.storage.database import Database
from gateway.storage.door_parts import StoredPart
from gateway.storage.outbox import AT_ONCE, NewMt
from gateway.storage.seal import Keyring

MISSING: Final = "parts missing"  # why such an MT was not sent


@dataclass(frozen=True, slots=True)
class OutsidePart:
    """One part of a text to one person. `whole`: what the text's MT is to be, without its words. `sender`: as the client writes it."""

    whole: Outside
    sender: str = field(repr=False)
    raw: bytes = field(repr=False)
    charset: str
    ref: str
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class Waits:
    """The part is kept, and others are missing yet."""


async def take_part(
    connection: AsyncConnection,
    keyring: Keyring,
    routes: Sequence[Route],
    client: Client,
    part: OutsidePart,
    now: int,
) -> Waits | Taken:
    """Keep `part`; the one that completes a text makes its MT. Raises Refusal, which must end the transaction."""
    await _may_go(connection, keyring, routes, client, part.whole, now)
    words = "/".join((str(client.id), part.whole.to.e164, part.sender, part.ref, str(part.total)))
    kept = await door_parts.keep(connection, client.id, client.commune, keyring.blind(words, "door.part"), part.number, _json(part), now)
    if len(kept) < part.total:
        return Waits()
    (taken,) = await enqueue_in(connection, keyring, routes, client, [_whole(kept)], now)
    if isinstance(taken, Refusal):
        raise taken
    await door_parts.drop(connection, [each.id for each in kept])
    return taken


async def _may_go(connection: AsyncConnection, keyring: Keyring, routes: Sequence[Route], client: Client, whole: Outside, now: int) -> None:
    """What would be refused when the last part comes is refused with the first."""
    route_for(routes, client, whole, await seen_by(connection, keyring, client, [whole], now))
    if await stopped(connection, [keyring.blind(whole.to.e164, "msisdn")]):
        raise Denied("this person wants no messages; take them off the list")


def _json(part: OutsidePart) -> str:
    whole = part.whole
    return json.dumps({
        "to": whole.to.e164, "due": whole.due_at_ms, "validity": whole.validity_min, "route": whole.route, "reference": whole.reference,
        "report": asdict(whole.report) if whole.report else None,
        "raw": b64encode(part.raw).decode(), "charset": part.charset, "total": part.total,
    })  # fmt: skip


def _whole(kept: Sequence[StoredPart]) -> Outside:
    """The text of `kept`, which are in order: their bytes joined before they are read, since a letter may lie in two."""
    parts = [json.loads(each.part) for each in kept]
    first = parts[0]
    report = next((each["report"] for each in parts if each["report"]), None)
    return Outside(
        to=Msisdn(first["to"]),
        text=decode_text(b"".join(b64decode(each["raw"]) for each in parts), first["charset"]),
        due_at_ms=first["due"],
        validity_min=first["validity"],
        route=first["route"],
        reference=first["reference"],
        report=Report(**report) if report else None,
    )


# --- what stays incomplete ---


async def give_up(database: Database, now: int) -> int:
    """Make MTs that are not sent of the texts whose first part came ten minutes ago; how many. Most times it only looks."""
    async with database.read() as connection:
        if not await door_parts.any_until(connection, now - WAIT_MS):
            return 0
    return await database.write(lambda connection: _give_up(connection, database.keyring, now))


async def _give_up(connection: AsyncConnection, keyring: Keyring, now: int) -> int:
    late = await door_parts.overdue(connection, now - WAIT_MS)
    texts = {(each.client, each.key) for each in late}
    for client_id, key in sorted(texts):
        kept = await door_parts.of(connection, client_id, key)
        await _end(connection, keyring, await clients.by_id(connection, client_id), _whole(kept), now)
        await door_parts.drop(connection, [each.id for each in kept])
    return len(texts)


async def _end(connection: AsyncConnection, keyring: Keyring, client: Client | None, whole: Outside, now: int) -> None:
    (ref,) = outbox.new_refs(1)
    text = nfc(whole.text)
    route = (client.route if client else None) or whole.route or ""
    new = NewMt(
        ref, whole.to, keyring.blind(whole.to.e164, "msisdn"), route, segments_of(text), AT_ONCE, now, body=text,
    )  # fmt: skip
    await outbox.enqueue(connection, [new], now)
    stored = (await outside.by_refs(connection, [ref]))[ref]
    await outbox.end_unsent(connection, [stored.id], MtState.SUPPRESSED, MISSING)
    if client is not None:
        await clients.own(connection, client, [stored.id])
        await want_reports(connection, client, [wanted(stored.id, whole)], now)
