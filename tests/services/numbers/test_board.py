"""The board: every count by itself, on both engines; the days of the place; whose rows are whose; 100,000 tips."""

import time
from datetime import date
from random import Random

import pytest
from sqlalchemy import insert

from gateway.domain.figures import BY_NAME, Count, Kpi, figure
from gateway.domain.period import Kind, Reading, month, month_of, week_of
from gateway.domain.permission import Forbidden, Role
from gateway.services.numbers.board import Asked, board
from gateway.services.numbers.scope import scope_of
from gateway.storage import numbers
from gateway.storage.schema import mo, tip, tip_work
from tests.cpu import uncollected
from tests.services.numbers_rows import COMMUNE, NOVEMBER, OTHER, PROVINCE, REPORTER, at, campaign, closing, person, rules
from tests.services.people import deployment
from tests.services.tip_rows import make_tip


def asked(period=NOVEMBER, commune=None) -> Asked:
    return Asked(period, rules(), {"gia-lap": 350}, commune)


async def test_every_count_by_hand(database) -> None:
    await campaign(database)
    found = await board(database, deployment(), REPORTER, asked())
    counts = {name: n for name, n in found.counts.items() if n and name is not Count.PLACEMENTS}
    assert counts == {
        Count.TIPS: 4, Count.LATER_MESSAGES: 1, Count.PHOTOS: 2, Count.RECORDINGS: 1, Count.PAPERS: 1, Count.CONCLUDED: 2, Count.RIGHT: 1,
        Count.FOUND: 1, Count.SENT: 9, Count.DELIVERED: 6, Count.ANSWERS: 2, Count.SCANS: 5, Count.RECOVERED: 2, Count.COORDINATES: 1,
    }  # fmt: skip
    by_name = {each.kpi: each for each in found.measured}
    assert by_name[Kpi.TIPS].chosen.value == 4
    assert by_name[Kpi.TIPS].before is not None
    assert by_name[Kpi.TIPS].before.value == 1
    assert (by_name[Kpi.ENGAGEMENT].chosen.value, by_name[Kpi.ENGAGEMENT].chosen.of) == (2, 9)
    assert by_name[Kpi.INFORMATION].chosen.value == 9
    assert [each.value for each in by_name[Kpi.VERIFICATION].others] == [1]
    assert by_name[Kpi.REMAINS].chosen.value == 2


async def test_the_funnel_by_channel_village_wave_and_placement(database) -> None:
    await campaign(database)
    found = await board(database, deployment(), REPORTER, asked())
    assert {row.key: row.tips for row in found.by_channel} == {"sms": 1, "web": 1, "zalo": 1, "ussd": 1}
    villages = {row.key: row for row in found.by_village}
    assert (villages["TN01"].scans, villages["TN01"].tips, villages["TN01"].right, villages["TN01"].found) == (5, 2, 1, 1)
    assert villages[""].tips == 1
    assert villages["TN05"].tips == 0  # a village without a tip has its row
    assert {row.key: row.tips for row in found.by_placement if row.tips} == {"TN01-1": 1}
    (wave,) = found.waves
    assert (wave.sent, wave.delivered, wave.answers, wave.cost) == (9, 6, 2, 4_500)
    assert (found.cost.messages, found.cost.per_tip, found.cost.per_right) == (4_500, 1_125, 4_500)
    assert sum(week.tips for week in found.by_week) == 4
    assert all(week.first.weekday() == 0 or week.first == NOVEMBER.first for week in found.by_week)


async def test_what_stands_behind_a_count_adds_up_to_it(database) -> None:
    await campaign(database)
    for commune in (COMMUNE, None):
        scope = scope_of(deployment(), NOVEMBER, commune)
        async with database.read() as connection:
            totals = await numbers.totals(connection, scope)
            traced = await numbers.sources(connection, scope)
        sums = dict.fromkeys(totals, 0)
        for each in traced:
            sums[each.count] += each.n
        assert sums == totals


async def test_a_commune_counts_its_own_and_the_province_all(database) -> None:
    await campaign(database)
    mine = await board(database, deployment(), REPORTER, asked())
    all_ = await board(database, deployment(), PROVINCE, asked())
    assert (mine.counts[Count.TIPS], all_.counts[Count.TIPS]) == (4, 5)
    assert {row.key: row.tips for row in all_.by_commune} == {COMMUNE: 4, OTHER: 1}
    assert mine.by_commune == ()
    one = await board(database, deployment(), PROVINCE, asked(commune=OTHER))
    assert (one.counts[Count.TIPS], one.counts[Count.RIGHT], one.counts[Count.SCANS]) == (1, 1, 0)
    with pytest.raises(Forbidden):
        await board(database, deployment(), REPORTER, asked(commune=OTHER))


async def test_a_clock_at_midnight_of_the_25th(database) -> None:
    """23:59:59.999 of the 25th is this month's; a millisecond later is the next one's, and the board has turned the page."""
    the_25th, the_26th = date(2026, 11, 25), date(2026, 11, 26)
    await make_tip(database, at=at(the_26th, -1))
    await make_tip(database, at=at(the_26th, 0))
    await make_tip(database, at=at(the_26th, 1))
    november, december = month_of(the_25th, Reading.CUT), month_of(the_26th, Reading.CUT)
    assert (november.name, december.name) == ("tháng 11 năm 2026", "tháng 12 năm 2026")
    counts = [(await board(database, deployment(), REPORTER, asked(each))).counts[Count.TIPS] for each in (november, december)]
    assert counts == [1, 2]
    calendar = month(2026, 11, Reading.CALENDAR)
    assert (await board(database, deployment(), REPORTER, asked(calendar))).counts[Count.TIPS] == 3


async def test_nothing_at_all_is_a_board_too(database) -> None:
    found = await board(database, deployment(), REPORTER, asked(week_of(date(2026, 11, 18))))
    assert all(each.chosen.value == 0 and each.chosen.tenths is None for each in found.measured)
    assert found.cost.per_tip is None
    assert found.by_week == ()


async def test_a_curve_climbs_to_its_figure(database) -> None:
    await campaign(database)
    found = await board(database, deployment(), REPORTER, asked(closing(date(2026, 3, 14), date(2027, 7, 27))))
    for each in found.measured:
        if each.curve:
            assert each.curve[-1] == (each.chosen.value if each.chosen.of is None else each.chosen.tenths or 0)
    assert found.before is None


async def test_nobody_without_a_role_counts(database) -> None:
    with pytest.raises(Forbidden):
        await board(database, deployment(), person(), asked())


def test_rates_are_rounded_half_up_and_nothing_over_nothing_is_nothing() -> None:
    rate = figure(BY_NAME["concluded-received"], {Count.CONCLUDED: 1, Count.TIPS: 3})
    assert rate.tenths == 333
    assert figure(BY_NAME["concluded-received"], {}).tenths is None
    assert figure(BY_NAME["scans-codes"], {Count.SCANS: 5, Count.PLACEMENTS: 4}).tenths == 13
    assert Kind.MONTH is NOVEMBER.kind
    assert Role.REPORTER in REPORTER.roles


MANY = 100_000


async def a_province_of_tips(database) -> None:
    """100,000 tips over 500 days, straight into the tables."""
    chance = Random(6)
    start, codes = at(date(2026, 3, 14), 0), [f"TN{number:02}" for number in range(1, 31)]

    def rows(first: int, last: int):
        for number in range(first, last):
            bidx = number.to_bytes(8, "big")
            channel, text = chance.choice(("sms", "web", "zalo")), "LS TN01 co mot ngoi mo " * 4
            common = {"bidx": bidx, "sender": "+84300000001", "text": text, "channel": channel}
            moment = start + chance.randrange(256 * 86_400_000)
            one = {"id": number, "route": "r", "content_key": bidx, "receiver": "8088", "received_at": moment, "state": "done", **common}
            state = chance.choice(("new", "sorted", "concluded"))
            two = {"id": number, "code": f"C{number}", "commune": COMMUNE, "mo": number, "village": chance.choice(codes), "state": state}
            yield one, two | common | {"received_at": moment, "linked_at": moment}

    for first in range(1, MANY + 1, 10_000):
        made = list(rows(first, first + 10_000))

        async def unit(connection, made=made) -> None:
            await connection.execute(insert(mo), [one for one, _ in made])
            await connection.execute(insert(tip), [two for _, two in made])
            work = [{"tip": two["id"], "commune": COMMUNE, "result": "true"} for _, two in made if two["state"] == "concluded"]
            await connection.execute(insert(tip_work), work)

        await database.write(unit)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
async def test_the_board_of_100_000_tips_is_cheap(database) -> None:
    """By the processor's time of the whole process, SQLite's threads too; 0.3 s is the page's bar on an idle machine."""
    await a_province_of_tips(database)
    spent = []
    for _ in range(3):
        with uncollected():
            began = time.process_time()
            found = await board(database, deployment(), REPORTER, asked(closing(date(2026, 3, 14), date(2026, 11, 24))))
            spent.append(time.process_time() - began)
    assert found.counts[Count.TIPS] > 0.99 * MANY
    assert min(spent) < 3, spent
