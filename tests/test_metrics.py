"""`/metrics`: every number the operator watches, none of a person; a million rows cost little."""

import os
import re
import time
from dataclasses import fields, replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, text, update

from gateway.domain.caps import Caps
from gateway.domain.pace import Pace
from gateway.domain.wave import WaveState
from gateway.metrics import COUNTERS, GAUGES, OUTCOMES, Metrics
from gateway.sending import now_ms
from gateway.services.census import Counting
from gateway.services.dispatch import Dispatcher, Tally
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.schema import dlr, mt, route_state
from tests.harness import ROOT
from tests.services.people import route
from tests.services.wave_rows import make_wave

BY = replace(route(), pace=Pace(100, 1.0, "segments"))


async def scrape(database: Database, now: int, *dispatchers: Dispatcher) -> dict[tuple[str, ...], float]:
    """Values by (name, label=value …)."""
    body = Metrics(dispatchers).scrape(await Counting(database, [BY]).census(now)).decode()
    found = {}
    for family in text_string_to_metric_families(body):
        for sample in family.samples:
            found[(sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items())))] = sample.value
    return found


def dispatcher_of(database: Database) -> Dispatcher:
    return Dispatcher(BY, [BY], database, None, "me", "Asia/Ho_Chi_Minh", 5, Caps())  # type: ignore[arg-type] # it sends nothing here


def test_every_count_of_a_dispatcher_is_shown() -> None:
    assert {field.name for field in fields(Tally)} <= {*OUTCOMES, *COUNTERS, *GAUGES}


async def test_what_a_process_did(database: Database) -> None:
    now = now_ms()
    dispatcher = dispatcher_of(database)
    dispatcher.tally.sent, dispatcher.tally.uncertain, dispatcher.tally.units = 7, 1, 12
    dispatcher.tally.latency_ms, dispatcher.tally.open_until = 250.0, now + 30_000
    found = await scrape(database, now, dispatcher)
    assert found["tinbao_settled_total", "outcome=sent", "route=gia-lap"] == 7
    assert found["tinbao_settled_total", "outcome=uncertain", "route=gia-lap"] == 1
    assert found["tinbao_pace_units_total", "route=gia-lap"] == 12
    assert found["tinbao_pace_allowed", "route=gia-lap", "unit=segments"] == 100
    assert found["tinbao_latency_seconds", "route=gia-lap"] == 0.25
    assert found["tinbao_breaker_open_seconds", "route=gia-lap"] == 30


async def test_what_stands_in_the_database(database: Database) -> None:
    """Waves, queue, routes, lost answers, reports."""
    now = now_ms()
    await make_wave(database, "w", mts={"queued": 3, "sent": 4, "uncertain": 2}, state=WaveState.RUNNING, spent=900, cost_ceiling=5_000)
    await make_wave(database, "v", mts={"delivered": 5}, state=WaveState.DONE, ended_at=now - 1_000, started_at=now - 9_000)
    await make_wave(database, "old", mts={"failed": 6}, state=WaveState.DONE, ended_at=now - 90_000_000, started_at=1)
    await database.write(lambda connection: connection.execute(update(mt).where(mt.c.state == "queued").values(created_at=now - 5_000)))
    await database.write(lambda connection: outbox.ensure_route(connection, "gia-lap"))
    held = {"hold_code": "http-401", "held_at": now, "paused_until": now + 9_000, "spent_vnd": 300, "spent_day": 20261118}
    await database.write(lambda connection: connection.execute(update(route_state).values(**held)))
    report = {"route": "gia-lap", "ref": "X", "ours": True, "recipient": 0, "status": "delivered", "code": "", "received_at": now - 2_000}
    await database.write(lambda connection: connection.execute(insert(dlr), [report]))
    await database.write(lambda connection: outbox.beat(connection, "d-1"))
    found = await scrape(database, now)
    expected = {
        ("tinbao_outbox", "state=queued"): 3,
        ("tinbao_outbox", "state=failed"): 6,
        ("tinbao_mts", "route=gia-lap", "state=sent", "wave=w"): 4,
        ("tinbao_mts", "route=gia-lap", "state=delivered", "wave=v"): 5,
        ("tinbao_wave_spent_vnd", "route=gia-lap", "wave=w"): 900,
        ("tinbao_wave_ceiling_vnd", "route=gia-lap", "wave=w"): 5_000,
        ("tinbao_wave_segments", "route=gia-lap", "wave=w"): 9,
        ("tinbao_wave", "route=gia-lap", "state=running", "wave=w"): 1,
        ("tinbao_queue", "lane=blasts", "route=gia-lap", "wave=w", "when=now"): 3,
        ("tinbao_queue_oldest_seconds", "lane=blasts", "route=gia-lap", "wave=w"): 5,
        ("tinbao_queue", "lane=replies", "route=gia-lap", "wave=", "when=now"): 0,
        ("tinbao_uncertain", "route=gia-lap"): 2,
        ("tinbao_route_held", "route=gia-lap"): 1,
        ("tinbao_route_paused_seconds", "route=gia-lap"): 9,
        ("tinbao_route_spent_vnd", "day=20261118", "route=gia-lap"): 300,
        ("tinbao_reports_unmatched",): 1,
        ("tinbao_reports_unmatched_oldest_seconds",): 2,
        ("tinbao_report_last_seconds", "route=gia-lap"): 2,
        ("tinbao_dispatching_processes",): 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert not [name for name in found if "wave=old" in name]  # a wave that ended days ago is no series of its own


@pytest.mark.parametrize("name", ["0300000101", "+84300000101", "bà Lan xóm 5", "dot-84300000101"])
async def test_a_wave_named_after_a_person_is_a_number(database: Database, name: str) -> None:
    """Labels are copied to other machines: what could be a number or words is the wave's id there."""
    made = await make_wave(database, name, mts={"queued": 1}, state=WaveState.RUNNING)
    body = Metrics([]).scrape(await Counting(database, [BY]).census(now_ms())).decode()
    assert name not in body
    assert f'wave="#{made.id}"' in body


async def test_times_of_reports(database: Database) -> None:
    now = now_ms()
    await make_wave(database, "w", mts={"delivered": 3}, state=WaveState.RUNNING, mt={"sent_at": now - 60_000})
    async with database.read() as connection:
        refs = (await connection.scalars(mt.select().with_only_columns(mt.c.ref).order_by(mt.c.id))).all()
    rows = [
        {"route": "gia-lap", "ref": ref, "ours": True, "recipient": 0, "status": "delivered", "code": "",
         "received_at": now - 60_000 + 1_000 * (at + 1), "matched_at": now}
        for at, ref in enumerate(refs)
    ]  # fmt: skip
    await database.write(lambda connection: connection.execute(insert(dlr), rows))
    found = await scrape(database, now)
    assert found["tinbao_report_delay_seconds", "quantile=0.5", "route=gia-lap"] == 2


async def test_a_census_is_believed_for_what_it_cost(database: Database) -> None:
    """Asked again at once it is not counted again; ended waves are counted once in ten minutes."""
    await make_wave(database, "w", mts={"queued": 1}, state=WaveState.RUNNING)
    counting = Counting(database, [BY])
    first = await counting.census(now_ms())
    assert await counting.census(now_ms()) is first
    await make_wave(database, "v", mts={"queued": 1}, state=WaveState.RUNNING)
    clock = time.monotonic()
    while time.monotonic() - clock < 20 * first.took_s:  # counted again once it is old
        pass
    assert (await counting.census(now_ms())).by_state["queued"] == 2


MANY = 200_000


@pytest.mark.parametrize("engine_name", ["sqlite"])  # PostgreSQL counts in a process of its own
async def test_many_rows_cost_little(database: Database, engine_name: str) -> None:
    """Processor time of this process and its threads for 200,000 rows: a million stay below a second."""
    made = await make_wave(database, "w", mts={"queued": 1}, state=WaveState.RUNNING)
    copies = text(
        "INSERT INTO mt (ref, wave, bidx, msisdn, lane, route, state, due_at, expires_at, segments, created_at) "
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) "
        "SELECT 'X' || i, :wave, i, x'00', 0, 'gia-lap', CASE i % 4 WHEN 0 THEN 'queued' ELSE 'delivered' END, 0, 9, 1, 1 FROM n"
    )
    await database.write(lambda connection: connection.execute(copies, {"many": MANY, "wave": made.id}))
    began = os.times()
    census = await Counting(database, [BY]).census(now_ms())
    spent = os.times()
    assert census.by_state["queued"] == MANY // 4 + 1
    assert (spent.user + spent.system) - (began.user + began.system) < 0.2


async def test_the_page_names_every_metric(database: Database) -> None:
    """docs/metrics.md and the code name the same, with the same labels."""
    now = now_ms()
    await make_wave(database, "w", mts={"uncertain": 1, "queued": 1}, state=WaveState.RUNNING, cost_ceiling=1)
    await database.write(lambda connection: outbox.ensure_route(connection, "gia-lap"))
    shown = {
        name: ", ".join(sorted(label.partition("=")[0] for label in labels))
        for name, *labels in await scrape(database, now, dispatcher_of(database))
    }
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    rows = re.findall(r"^\| `(tinbao_\w+)` \| ([^|]+) \|", page, re.MULTILINE)
    told = {name: ", ".join(sorted(labels.strip().replace("–", "").split(", "))) for name, labels in rows}
    of_reports = {"tinbao_report_delay_seconds", "tinbao_report_last_seconds"}  # none has come here
    assert shown == {name: labels for name, labels in told.items() if name not in of_reports}
