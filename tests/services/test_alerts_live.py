"""An urgent tip against dispatchers at work: its text is at the telco within ten seconds, behind a blast, and once."""

import asyncio
from pathlib import Path

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.domain.pace import Pace
from gateway.sending import now_ms
from gateway.services import duty
from gateway.services.alerts import Alerts, raise_alert
from gateway.services.attachments import Attachments
from gateway.services.digest import Digest
from gateway.services.replies import load_replies
from gateway.services.tending import Tending
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Telco, telco
from gateway.storage import contacts
from gateway.storage.database import Database
from tests.services.blasts import a_wave, route_to, running
from tests.services.people import deployment
from tests.services.tip_rows import make_tip

DATA = deployment()
LAN = Msisdn("+84300900201")


async def _until_texted(there: Telco, msisdn: Msisdn, within_s: float) -> list[str]:
    async with asyncio.timeout(within_s):
        while not there.handsets.of(msisdn.e164):
            await asyncio.sleep(0.02)
    return [sms.text for sms in there.handsets.of(msisdn.e164)]


async def _under_way(there: Telco) -> None:
    async with asyncio.timeout(20):
        while there.counted()["mts"] < 5:
            await asyncio.sleep(0.02)


async def _urgent(database: Database) -> None:
    tip = await make_tip(database, "LS TN07 thay xuong nguoi va qua bom", at=now_ms(), urgent="uxo")
    await database.write(lambda connection: raise_alert(connection, tip, "uxo", now_ms()))


@pytest.mark.parametrize("stopped", [False, True], ids=["willing", "who once texted TC"])
async def test_ten_seconds_behind_a_blast(database: Database, tmp_path: Path, stopped: bool) -> None:
    """Who once stopped the campaign's messages is on duty all the same."""
    await duty.add(database, "Lan", LAN, 1, "06577", 1)
    if stopped:
        bidx = database.keyring.blind(LAN.e164, "msisdn")
        await database.write(lambda connection: contacts.opt_out(connection, bidx, LAN, "06577", 1))
    async with telco(behaviour=Behaviour(dlr="never")) as there:
        route = route_to("simulator", there.url, pace=Pace(20))
        replies, stop = load_replies(DATA), asyncio.Event()
        tending = Tending(
            database,
            Alerts(database, DATA.villages, replies, (route,)),
            Digest(database, DATA.campaign.timezone, replies, (route,)),
            Attachments(database, tmp_path / "attachments"),
        )
        await a_wave(database, route, range(2_000))
        async with running(database, route), asyncio.TaskGroup() as tasks:
            tasks.create_task(tending.run(stop, now_ms))
            try:
                await _under_way(there)
                await _urgent(database)
                (text,) = await _until_texted(there, LAN, 10)
            finally:
                stop.set()
        assert text.startswith("KHAN: co tin bao nghi co vat no")
        assert (there.counted()["twice"], "xuong" in text) == (0, False)
