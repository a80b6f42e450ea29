"""A good morning with numbers: once a day, in its hours, to the first level; nothing where there is nothing."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.services import duty
from gateway.services.alerts import raise_alert
from gateway.services.digest import Digest
from gateway.services.replies import load_replies
from gateway.storage.schema import mt, tip
from tests.services.people import deployment, route, rows
from tests.services.tip_rows import make_tip

HOUR = 3_600_000
SEVEN = round(datetime(2026, 11, 19, 7, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).timestamp() * 1000)
LAN, HUNG = Msisdn("+84300000201"), Msisdn("+84300000202")


def _digest(database) -> Digest:
    return Digest(database, deployment().campaign.timezone, load_replies(deployment()), (route(),))


@pytest.fixture
async def team(database) -> None:
    await duty.add(database, "Lan", LAN, 2, "06577", 1)
    await duty.add(database, "Hùng", HUNG, 3, "06577", 1)


async def _yesterday(database) -> None:
    for hours, changes in ((25, {}), (24, {}), (3, {"state": "verified"}), (1, {"urgent": "uxo"}), (-1, {}), (2, {"commune": "06580"})):
        await make_tip(database, at=SEVEN - hours * HOUR, **changes)
    urgent = next(row for row in await rows(database, tip) if row.urgent)
    await database.write(lambda connection: raise_alert(connection, urgent.id, "uxo", SEVEN - HOUR))


@pytest.mark.usefixtures("team")
async def test_the_first_level_learns_the_counts_of_the_last_day(database) -> None:
    await _yesterday(database)
    assert await _digest(database).mind(SEVEN + 61_000) == 1
    (row,) = await rows(database, mt)
    assert row.msisdn == LAN.e164
    assert row.body == ("Xa Thong Nhat, sang 19/11: 3 tin moi trong 24 gio, 1 tin khan. Con 4 tin cho doc, 1 tin khan chua ai nhan.")


@pytest.mark.usefixtures("team")
async def test_once_a_day_whoever_asks_and_in_the_morning_only(database) -> None:
    await _yesterday(database)
    sent = {}
    for minutes in range(-120, 3 * 24 * 60, 20):
        at = SEVEN + minutes * 60_000
        if found := sum(await asyncio.gather(_digest(database).mind(at), _digest(database).mind(at))):
            sent[minutes] = found
    assert sent == {0: 1, 1440: 1, 2880: 1}


@pytest.mark.usefixtures("team")
async def test_a_late_start_is_still_morning_but_noon_is_not(database) -> None:
    await _yesterday(database)
    assert await _digest(database).mind(SEVEN + 4 * HOUR) == 0
    assert await _digest(database).mind(SEVEN + 4 * HOUR - 1) == 1


@pytest.mark.usefixtures("team")
async def test_nothing_new_and_nothing_waiting_is_no_text(database) -> None:
    assert await _digest(database).mind(SEVEN) == 0
    await make_tip(database, at=SEVEN - 50 * HOUR)
    assert await _digest(database).mind(SEVEN + 24 * HOUR) == 1  # an old one still waits


async def test_without_a_list_nothing_happens(database) -> None:
    await _yesterday(database)
    assert await _digest(database).mind(SEVEN) == 0
