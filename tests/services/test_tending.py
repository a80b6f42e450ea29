"""One loop does it all, alerts first; a database that is away ends nothing."""

import asyncio

from gateway.domain.msisdn import Msisdn
from gateway.services import duty
from gateway.services.alerts import Alerts, raise_alert
from gateway.services.attachments import Attachments
from gateway.services.digest import Digest
from gateway.services.replies import load_replies
from gateway.services.tending import SWEEP_EVERY_MS, Tending
from gateway.storage.limits import KEPT_MS, within
from gateway.storage.schema import mt, tally, tip
from tests.services.people import NOW, deployment, route, rows
from tests.services.tip_rows import make_tip


def _tending(database, tmp_path) -> Tending:
    data = deployment()
    replies = load_replies(data)
    alerts = Alerts(database, data.villages, replies, (route(),))
    digest = Digest(database, data.campaign.timezone, replies, (route(),))
    return Tending(database, alerts, digest, Attachments(database, tmp_path / "attachments"))


async def test_a_round_does_what_is_due(database, tmp_path) -> None:
    await duty.add(database, "Lan", Msisdn("+84300000201"), 1, "06577", NOW)
    id_ = await make_tip(database, urgent="uxo")
    await database.write(lambda connection: raise_alert(connection, id_, "uxo", NOW))
    await database.write(lambda connection: within(connection, "old", b"k", 1000, 1, NOW - 2 * KEPT_MS))
    tending = _tending(database, tmp_path)
    await tending.once(NOW)
    assert tending.texted.is_set()
    assert len(await rows(database, mt)) == 1
    assert [row.linked_at for row in await rows(database, tip)] == [NOW]
    assert "old" not in {row.kind for row in await rows(database, tally)}


async def test_rare_things_are_done_rarely_and_a_clock_put_back_stops_none(database, tmp_path) -> None:
    tending = _tending(database, tmp_path)

    async def old_counts_after(now: int) -> int:
        await database.write(lambda connection: within(connection, "old", b"k", 1000, 9, now - 2 * KEPT_MS))
        await tending.once(now)
        return len(await rows(database, tally))

    assert await old_counts_after(NOW) == 0
    assert await old_counts_after(NOW + 1000) == 1
    assert await old_counts_after(NOW + SWEEP_EVERY_MS) == 0
    assert await old_counts_after(NOW - SWEEP_EVERY_MS) == 0


async def test_it_ends_with_stop_within_its_beat(database, tmp_path) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(_tending(database, tmp_path).run(stop, lambda: NOW))
    await asyncio.sleep(0)
    stop.set()
    async with asyncio.timeout(5):
        await running
