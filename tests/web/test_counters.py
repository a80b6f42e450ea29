"""Public counters: sums only, small ones not told, kept for a minute, framable; nothing else of the listener is."""

import re
from datetime import date

from tests.services.numbers_rows import at, campaign, conclude
from tests.services.tip_rows import make_tip


async def test_sums_without_a_name_a_village_or_a_small_number(door) -> None:
    await campaign(door.database)
    door.now[0] = at(date(2026, 11, 30))
    async with door.session.get(f"{door.url}/counters.json") as answer:
        told = await answer.json()
    assert told["counts"] == {
        "tips": 6, "concluded": None, "right": None, "coordinates": 1, "recovered": 2, "identified": 0, "samples": 0,
    }  # fmt: skip
    assert (told["commune"], told["day"], told["day_number"], told["days"]) == ("xã Thống Nhất", "2026-11-30", 262, 500)
    async with door.session.get(f"{door.url}/counters") as answer:
        page = await answer.text()
    assert "dưới 5" in page
    assert "Số liệu đến 30/11/2026" in page
    assert not re.search(r"TN\d\d|21\.\d{3}|0300|HS-2026", page)


async def test_kept_for_a_minute(door) -> None:
    door.now[0] = at(date(2026, 11, 30))
    for _ in range(6):
        await make_tip(door.database, at=at(date(2026, 11, 29)))

    async def tips() -> int:
        async with door.session.get(f"{door.url}/counters.json") as answer:
            assert answer.headers["Cache-Control"] == "public, max-age=60"
            return (await answer.json())["counts"]["tips"]

    assert await tips() == 6
    await conclude(door.database, await make_tip(door.database, at=at(date(2026, 11, 29))), "true")
    door.now[0] += 59_999
    assert await tips() == 6
    door.now[0] += 1
    assert await tips() == 7


async def test_framable_by_anyone_while_nothing_else_is(door) -> None:
    async with door.session.get(f"{door.url}/counters") as answer:
        policy, page = answer.headers["Content-Security-Policy"], await answer.text()
        assert "X-Frame-Options" not in answer.headers
    assert "frame-ancestors *" in policy
    assert "default-src 'none'" in policy
    assert "<script" not in page
    async with door.session.get(f"{door.url}/") as answer:
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    async with door.session.get(f"{door.url}/counters.json") as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
