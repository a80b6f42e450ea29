"""Figures between installations, whose report is missing, and the province's table."""

import json
from dataclasses import replace
from datetime import date

import pytest

from gateway.deployment import Commune
from gateway.domain.period import Reading, month
from gateway.domain.permission import Forbidden, Role
from gateway.services.refusal import Refusal
from gateway.services.reporting import exchange, missing, roll_up
from gateway.services.reporting.book import read_report, send_report, sign_report
from gateway.services.reporting.making import Order, make_report
from gateway.storage.seal import Keyring
from tests.services import people
from tests.services.numbers_rows import COMMUNE, NOVEMBER, OTHER, PROVINCE, REPORTER, at, campaign, person, rules

NOW = at(date(2026, 11, 25))


def deployment():
    """Ours with a second commune."""
    ours = people.deployment()
    second = Commune(OTHER, "Kỳ Lừa", "phường", "tỉnh Lạng Sơn", "KL")
    return replace(ours, communes={**ours.communes, OTHER: second})


def trusting(**keys: str):
    return replace(rules(), keys={commune[1:]: bytes.fromhex(key) for commune, key in keys.items()})


async def file_of_other(database) -> bytes:
    """What the other commune's installation would write: its own key, its own figures."""
    await campaign(database)
    theirs = person(Role.REPORTER, commune=OTHER, user=7)
    row = await make_report(database, deployment(), theirs, Order(NOVEMBER, rules()), NOW)
    return exchange.exported(THEIRS, await read_report(database, theirs, row.id))


THEIRS = Keyring.of(bytes(32))


async def test_signed_figures_are_taken_once(database) -> None:
    data = await file_of_other(database)
    known = trusting(_26123=exchange.public_key(THEIRS))
    assert await exchange.imported(database, deployment(), PROVINCE, known, data, NOW) == "phường Kỳ Lừa"
    with pytest.raises(Refusal, match="đã được nhận"):
        await exchange.imported(database, deployment(), PROVINCE, known, data, NOW)


async def test_figures_that_were_changed_or_signed_by_another_are_refused(database) -> None:
    data = await file_of_other(database)
    known = trusting(_26123=exchange.public_key(THEIRS))
    told = json.loads(data)
    changed = told | {"figures": told["figures"] | {"tips": [999, None]}}
    stranger = trusting(_26123=exchange.public_key(Keyring.of(bytes([9] * 32))))
    for bad, by, why in (
        (json.dumps(changed).encode(), known, "Chữ ký"),
        (data, stranger, "Chữ ký"),
        (data, rules(), "Chưa có khóa"),
        (json.dumps(told | {"signature": "xx"}).encode(), known, "Chữ ký"),
        (json.dumps(told | {"commune": "99999"}).encode(), known, "communes.csv"),
        (b"[" * 100_000, known, "không phải"),
        (b"{}", known, "không phải"),
        (b"\xff\xfe", known, "không phải"),
        (json.dumps(told | {"figures": {"tips": ["4", None]}}).encode(), known, "không phải"),
        (json.dumps(told | {"figures": {"tips": [-1, None]}}).encode(), known, "không phải"),
        (json.dumps(told | {"first": "2026-1-1"}).encode(), known, "không phải"),
    ):
        with pytest.raises(Refusal, match=why):
            await exchange.imported(database, deployment(), PROVINCE, by, bad, NOW)
    with pytest.raises(Forbidden):
        await exchange.imported(database, deployment(), REPORTER, known, data, NOW)


async def test_the_file_holds_figures_and_nothing_of_a_tip(database) -> None:
    told = json.loads(await file_of_other(database))
    assert set(told) == {"format", "commune", "kind", "first", "last", "version", "made_at", "figures", "key", "signature"}
    assert told["figures"]["tips"] == [1, None]


async def test_the_province_adds_numerators_never_rates(database) -> None:
    data = await file_of_other(database)
    known = trusting(_26123=exchange.public_key(THEIRS))
    counted = await roll_up.roll_up(database, deployment(), PROVINCE, known, NOVEMBER)
    assert {row.commune: row.state for row in counted.rows} == {COMMUNE: "counted", OTHER: "draft"}
    assert [row.figures["scans-codes"].value for row in counted.rows] == [5, 0]
    assert counted.total["tips"].value == 5
    rate = counted.total["concluded-received"]
    assert (rate.value, rate.of) == (3, 5)
    only_ours = replace(deployment(), communes={OTHER: deployment().communes[OTHER]})
    december = month(2026, 12, Reading.CUT)
    assert (await roll_up.roll_up(database, only_ours, PROVINCE, known, december)).rows[0].state == "counted"
    assert [row.commune for row in (await roll_up.roll_up(database, deployment(), REPORTER, known, NOVEMBER)).rows] == [COMMUNE]
    assert data


async def test_figures_of_a_foreign_installation_stand_in_the_table(database) -> None:
    await campaign(database)
    theirs = person(Role.REPORTER, commune=OTHER, user=7)
    row = await make_report(database, deployment(), theirs, Order(month(2026, 10, Reading.CUT), rules()), NOW)
    told = json.loads(exchange.exported(THEIRS, await read_report(database, theirs, row.id)))
    moved = {name: value for name, value in told.items() if name != "signature"} | {"first": "2026-10-26", "last": "2026-11-25"}
    signed = moved | {"signature": exchange._private(THEIRS).sign(exchange._exact(moved)).hex()}
    known = trusting(_26123=exchange.public_key(THEIRS))
    await exchange.imported(database, deployment(), PROVINCE, known, json.dumps(signed).encode(), NOW)
    table = await roll_up.roll_up(database, deployment(), PROVINCE, rules(), NOVEMBER)
    assert {each.commune: each.state for each in table.rows} == {COMMUNE: "counted", OTHER: "foreign"}
    late = await missing.missing(database, deployment(), PROVINCE, rules(), date(2026, 11, 26))
    assert [each.commune for each in late] == [COMMUNE]


async def test_who_has_not_sent_by_the_25th(database) -> None:
    async def late(day: date, who=PROVINCE):
        return [(each.commune, each.state, each.days) for each in await missing.missing(database, deployment(), who, rules(), day)]

    assert await late(date(2026, 11, 21)) == [(COMMUNE, "none", 27), (OTHER, "none", 27)]  # October's is the last that was due
    assert await late(date(2026, 11, 22)) == [(COMMUNE, "none", -3), (OTHER, "none", -3)]
    assert await late(date(2026, 11, 25), REPORTER) == [(COMMUNE, "none", 0)]
    row = await make_report(database, deployment(), REPORTER, Order(NOVEMBER, rules()), NOW)
    assert (await late(date(2026, 11, 26)))[0] == (COMMUNE, "draft", 1)
    await sign_report(database, person(Role.APPROVER, user=2), row.id, "1/BC-UBND", "2026-11-25", NOW)
    assert (await late(date(2026, 11, 26)))[0] == (COMMUNE, "signed", 1)
    await send_report(database, REPORTER, row.id, NOW)
    assert await late(date(2026, 11, 26)) == [(OTHER, "none", 1)]
    found = await missing.missing(database, deployment(), PROVINCE, rules(), date(2026, 11, 26))
    text = missing.duty_text(found, {OTHER: "phường Kỳ Lừa"})
    assert text == "Tin Bao: bao cao thang 11 nam 2026 (han 25/11) con thieu: phuong Ky Lua"
    assert missing.duty_text([], {}) == ""


async def test_by_the_calendar_reading_the_month_is_due_on_the_25th_of_the_next(database) -> None:
    by_calendar = replace(rules(), reading=Reading.CALENDAR)
    found = await missing.missing(database, deployment(), REPORTER, by_calendar, date(2026, 11, 24))
    assert [(each.period.name, each.days) for each in found] == [("tháng 10 năm 2026", -1)]
