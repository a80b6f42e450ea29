"""A reply to a short code's MO names it where the carrier wants that, and no other carrier's dispatcher asks for it."""

import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web

from gateway.carriers.protocol import Account
from gateway.carriers.registry import CARRIERS
from gateway.domain.secret import Secret
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.outbox import PRIORITY, NewMt
from gateway.storage.schema import mo
from tests.carriers.more_fakes import soap_return
from tests.harness import listening
from tests.services.blasts import FOREVER, number, person, route_to, running, until


class Partner:
    """A classic short code's aggregator: what stood in Request_ID and Message_Type."""

    def __init__(self) -> None:
        self.url = ""
        self.said: list[tuple[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        fields = {each.tag: each.text or "" for each in ET.fromstring(await request.text()).iter()}  # noqa: S314 # ours
        self.said.append((fields["Request_ID"], fields["Message_Type"]))
        return web.Response(text=soap_return("1"), content_type="text/xml")


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    it = Partner()
    async with listening(web.post("/mt", it.take)) as url:
        it.url = f"{url}/mt"
        yield it


async def an_mo(database: Database, at: int, carrier_id: str, route: str = "r") -> int:
    values = {
        "route": route, "channel": "sms", "carrier_id": carrier_id, "content_key": b"k%d" % at, "bidx": person(database, at),
        "sender": number(at).e164, "receiver": "8179", "text": "TIN mo", "received_at": 1, "state": "done",
    }  # fmt: skip
    return await database.write(lambda connection: _inserted(connection, values))


async def _inserted(connection, values) -> int:
    return (await connection.execute(mo.insert().values(**values))).inserted_primary_key[0]


async def test_a_reply_names_the_mo_and_a_push_itself(database: Database, partner: Partner) -> None:
    ours, others, unnamed = (
        await an_mo(database, 1, "77"), await an_mo(database, 2, "78", "elsewhere"), await an_mo(database, 3, "~own")
    )  # fmt: skip
    mts = [
        NewMt(f"A{at}", number(at), person(database, at), "r", 1, 0, FOREVER, reply_to=reply_to, lane=PRIORITY, body="Da nhan")
        for at, reply_to in ((1, ours), (2, others), (3, unnamed), (4, None))
    ]
    await database.write(lambda connection: outbox.enqueue(connection, mts, 1))
    account = Account("r", partner.url, "", Secret(""), "8179", options={"command_code": "TIN"})
    route = replace(route_to("kannel", partner.url, account=account), carrier=CARRIERS["classic-soap"])
    async with running(database, route):
        await until(database, sent=4)
    assert sorted(partner.said) == [("77", "0"), ("A2", "3"), ("A3", "3"), ("A4", "3")]


def test_only_short_codes_ask_for_it() -> None:
    """The look-up costs a statement a turn: none for a carrier that has no use for it."""
    assert {name for name, carrier in CARRIERS.items() if carrier.CAPABILITIES.names_mo} == {"classic-soap", "vcom"}
