"""The doctor: every cause of a stuck queue with real rows, in one sentence that says where, how many and what to do."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from gateway.carriers.protocol import Account
from gateway.domain.msisdn import Msisdn
from gateway.domain.ramp import Ramp
from gateway.domain.secret import Secret
from gateway.domain.wave import WaveState
from gateway.domain.window import Window, local_day
from gateway.sending import now_ms
from gateway.services import doctor, duty
from gateway.services.doctor import Examined, Surroundings, examine
from gateway.services.outward import Callback, queue
from gateway.services.routes import Route
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.schema import callback, dispatcher, dlr, mt, request, route_state
from gateway.storage.spool import Spool
from tests.services.outside_rows import a_client
from tests.services.people import BINH, NOW, arrive, inbound, route, said
from tests.services.wave_rows import make_wave

S = WaveState
ZONE = "Asia/Ho_Chi_Minh"
HOUR = 3_600_000
CURE = "check the report address at the carrier, base_url and hook_secret in gateway.toml"
REPORTING = replace(route(), account=Account("gia-lap", "http://127.0.0.1:9/", "u", Secret("p"), "8088", "http://127.0.0.1:9/hooks/x"))


def around(tmp_path: Path, by: Route | None = None, **changes) -> Surroundings:
    values = {"routes": (by or route(),), "disabled": frozenset(), "timezone": ZONE, "folders": {}, "spool": tmp_path / "spool"}
    return Surroundings(**(values | changes))


async def alive(database: Database) -> None:
    await database.write(lambda connection: outbox.beat(connection, "d-1"))


async def route_is(database: Database, **values) -> None:
    await database.write(lambda connection: outbox.ensure_route(connection, "gia-lap"))
    await database.write(lambda connection: connection.execute(update(route_state).values(**values)))


async def found(database: Database, where: Surroundings, now: int | None = None) -> Examined:
    return await examine(database, where, now_ms() if now is None else now)


async def the_cause(database: Database, where: Surroundings, now: int | None = None) -> tuple[str, str]:
    """The one cause there is: (name, text)."""
    causes = (await found(database, where, now)).causes
    assert len(causes) == 1, [cause.text for cause in causes]
    return causes[0].name, causes[0].text


async def test_nothing_is_stuck(database: Database, tmp_path: Path) -> None:
    """An empty queue, or one that moves."""
    assert (await found(database, around(tmp_path))).causes == ()
    await alive(database)
    await make_wave(database, mts={"queued": 3, "sent": 5}, state=S.RUNNING)
    examined = await found(database, around(tmp_path))
    assert (examined.causes, examined.queued) == ((), 3)


async def test_nobody_sends(database: Database, tmp_path: Path) -> None:
    await make_wave(database, mts={"queued": 1}, state=S.RUNNING)
    said = "no tinbao serve is sending: no process has a sign of life; 1 MT wait; start tinbao serve"
    assert await the_cause(database, around(tmp_path)) == ("nobody-sends", said)
    await database.write(lambda connection: outbox.beat(connection, "d-1"))
    name, text = await the_cause_later(database, tmp_path)
    assert name == "nobody-sends"
    assert "the last sign of life is from " in text


async def the_cause_later(database: Database, tmp_path: Path) -> tuple[str, str]:
    """The beat is made old: a process that died."""
    await database.write(lambda connection: connection.execute(update(dispatcher).values(heartbeat_at=dispatcher.c.heartbeat_at - 20_000)))
    return await the_cause(database, around(tmp_path))


async def test_a_held_route(database: Database, tmp_path: Path) -> None:
    """The sentence of the issue."""
    await alive(database)
    await make_wave(database, mts={"queued": 1_240}, state=S.RUNNING)
    at = 1_795_496_520_000  # 12:02 in Ha Noi
    await route_is(database, hold_code="HTTP 401", held_at=at)
    examined = await examine(database, around(tmp_path), at + 60_000)
    held = next(cause for cause in examined.causes if cause.name == "route-held")
    assert held.text == (
        "route gia-lap is held since 12:02: HTTP 401; 1,240 MTs wait; correct gateway.toml or ask the carrier, "
        "then tinbao routes release gia-lap"
    )
    assert (held.waiting, held.route, held.since) == (1_240, "gia-lap", at)


@pytest.mark.parametrize(("held", "onward"), [((), "thu-hai"), (("thu-hai",), "thu-ba"), (("thu-hai", "thu-ba"), "")])
async def test_a_held_route_names_the_next_one(database: Database, tmp_path: Path, held: tuple[str, ...], onward: str) -> None:
    """The first of its fallback that is enabled and not held itself; nothing where there is none."""
    await alive(database)
    await make_wave(database, mts={"queued": 2}, state=S.RUNNING)
    for name in ("gia-lap", *held):
        await database.write(
            lambda connection, name=name: connection.execute(insert(route_state).values(route=name, hold_code="HTTP 401", held_at=now_ms()))
        )
    first = replace(route(), fallback=("tat-roi", "thu-hai", "thu-ba"))
    there = replace(around(tmp_path), routes=(first, route("thu-hai"), route("thu-ba")))
    (text,) = [cause.text for cause in (await found(database, there)).causes if cause.route == "gia-lap"]
    said = f", or move what was never sent: tinbao routes move gia-lap {onward}"
    assert text.endswith("tinbao routes release gia-lap" + (said if onward else ""))


async def test_a_paused_route(database: Database, tmp_path: Path) -> None:
    """Throttled, or the breaker is open: the dispatcher's own words."""
    await alive(database)
    await make_wave(database, mts={"queued": 2}, state=S.RUNNING)
    await route_is(database, paused_until=now_ms() + 60_000, pause_why="the carrier refused 10 times in a row (busy)")
    name, text = await the_cause(database, around(tmp_path))
    assert name == "route-paused"
    assert text.startswith("route gia-lap is paused until ")
    assert text.endswith(": the carrier refused 10 times in a row (busy); 2 MTs wait; it goes on by itself")


async def test_a_spent_budget(database: Database, tmp_path: Path) -> None:
    """Of today; yesterday's money is history."""
    await alive(database)
    await make_wave(database, mts={"queued": 2}, state=S.RUNNING)
    where = around(tmp_path, replace(route(), price_vnd=300, daily_budget_vnd=5_000_000))
    now = now_ms()
    await route_is(database, spent_vnd=4_999_900, spent_day=int(local_day(now, ZONE).strftime("%Y%m%d")))
    name, text = await the_cause(database, where, now)
    assert name == "daily-budget"
    assert "has spent 4.999.900 đ of its daily budget of 5.000.000 đ; 2 MTs wait" in text
    await route_is(database, spent_day=20200101)
    assert (await found(database, where)).causes == ()


@pytest.mark.parametrize(("disabled", "why"), [(frozenset({"cu"}), "is disabled"), (frozenset(), "is not in gateway.toml")])
async def test_a_route_that_is_not_enabled(database: Database, tmp_path: Path, disabled: frozenset[str], why: str) -> None:
    await alive(database)
    await make_wave(database, mts={"queued": 2}, state=S.RUNNING, route="cu")
    text = f"route cu {why}; 2 MTs wait; enable it in gateway.toml, or cancel their wave"
    assert await the_cause(database, around(tmp_path, disabled=disabled)) == ("route-disabled", text)


@pytest.mark.parametrize(
    ("state", "changes", "name", "text"),
    [
        (S.PLANNING, {}, "wave-planning",
         "wave w is not planned to its end; 2 MTs wait; if nobody plans it now, run tinbao wave plan again with the same --id"),
        (S.PLANNED, {}, "wave-not-approved",
         "wave w is neither approved nor started; 2 MTs wait; tinbao wave approve w, then tinbao wave start w"),
        (S.APPROVED, {}, "wave-not-started", "wave w is approved and not started; 2 MTs wait; tinbao wave start w"),
        (S.PAUSED, {"reason": "by hand"}, "wave-paused", "wave w is paused (by hand); 2 MTs wait; tinbao wave resume w"),
        (S.PAUSED, {"cost_ceiling": 1_000, "spent": 900}, "wave-at-its-cost",
         "wave w has spent 900 đ of its approved 1.000 đ; 2 MTs wait; plan and approve a wave for the rest"),
        (S.RUNNING, {"ramp": Ramp(1, 10, 60), "ramp_state": "asking", "reason": "ramp: 1 sent"}, "ramp-asks",
         "wave w asks for a person's word (ramp: 1 sent); 2 MTs wait; tinbao wave go-on w, or tinbao wave cancel w"),
        (S.CANCELLED, {}, "wave-over", "wave w is cancelled and has 2 MTs queued; tinbao wave cancel w ends them"),
        (S.DONE, {}, "wave-over", "wave w is done and has 2 MTs queued; a running tinbao serve lets them go"),
    ],
)  # fmt: skip
async def test_a_wave_that_may_not_go(database: Database, tmp_path: Path, state: WaveState, changes: dict, name: str, text: str) -> None:
    await alive(database)
    await make_wave(database, "w", mts={"queued": 2, "sent": 1}, state=state, **changes)
    assert await the_cause(database, around(tmp_path, replace(route(), price_vnd=300))) == (name, text)


async def test_outside_its_window(database: Database, tmp_path: Path) -> None:
    await alive(database)
    minute = (now_ms() // 60_000 + 7 * 60) % 1_440  # of the local day
    window = Window((minute + 60) % 1_440, (minute + 120) % 1_440)
    await make_wave(database, "w", mts={"queued": 2}, state=S.RUNNING, window=window)
    name, text = await the_cause(database, around(tmp_path))
    assert name == "outside-window"
    assert text.startswith(f"wave w is outside its window {window}; 2 MTs wait until ")


async def test_a_later_start(database: Database, tmp_path: Path) -> None:
    await alive(database)
    await make_wave(database, "w", mts={"queued": 2}, state=S.RUNNING, starts_at=now_ms() + 48 * HOUR)
    name, text = await the_cause(database, around(tmp_path))
    assert (name, text.startswith("wave w starts at 20")) == ("wave-starts-later", True)


async def test_a_ramp_that_waits(database: Database, tmp_path: Path) -> None:
    """All of the first part has left; its reports have not come."""
    await alive(database)
    await make_wave(database, "w", mts={"queued": 90, "sent": 10}, state=S.RUNNING, ramp=Ramp(10, 10, 600))
    text = "wave w waits for reports on 10 MTs of its first part; 90 MTs wait; tinbao wave show w"
    assert await the_cause(database, around(tmp_path)) == ("ramp-waits", text)


async def test_all_capped(database: Database, tmp_path: Path) -> None:
    await alive(database)
    due = now_ms() + HOUR
    await make_wave(database, "w", mts={"queued": 3}, state=S.RUNNING, mt={"due_at": due})
    examined = await found(database, around(tmp_path))
    (cause,) = examined.causes
    assert (cause.name, cause.until, cause.waiting) == ("all-capped", due, 3)
    assert cause.text.startswith("wave w: 3 MTs are all capped until ")


async def test_all_refused_for_now(database: Database, tmp_path: Path) -> None:
    """Not the caps, the carrier: they wait for their next attempt."""
    await alive(database)
    later = {"due_at": now_ms() + HOUR, "failure": "retryable", "code": "busy", "attempts": 3}
    await make_wave(database, "w", mts={"queued": 3}, state=S.RUNNING, mt=later)
    name, text = await the_cause(database, around(tmp_path))
    assert (name, text.startswith("wave w: 3 MTs were refused for now (busy) and go again from ")) == ("all-refused", True)


async def test_uncertain_waits_for_a_person(database: Database, tmp_path: Path) -> None:
    """On a route that holds lost answers; where upkeep asks or resends it is at work."""
    await make_wave(database, "w", mts={"uncertain": 2}, state=S.DONE, mt={"request": "Q"})
    lost = {"our_ref": "Q", "route": "gia-lap", "body_hash": b"", "state": "lost", "sent_at": 1, "resolve_at": now_ms()}
    await database.write(lambda connection: connection.execute(insert(request), [lost]))
    text = "2 MTs of wave w by route gia-lap had no answer and may have arrived; they wait for a person; tinbao wave resolve w"
    assert await the_cause(database, around(tmp_path)) == ("uncertain", text)
    asking = around(tmp_path, replace(route(), on_lost_answer="ask"))
    assert (await found(database, asking)).causes == ()
    await database.write(lambda connection: connection.execute(update(request).values(resolve_at=None)))
    assert (await the_cause(database, asking))[0] == "uncertain"  # upkeep gave up


async def test_no_reports(database: Database, tmp_path: Path) -> None:
    """A route that should report, hours after a wave began; a few phones that are off are no fault."""
    now = now_ms()
    await make_wave(database, "w", mts={"sent": 100}, state=S.DONE, started_at=now - 3 * HOUR, ended_at=now - 2 * HOUR)
    name, text = await the_cause(database, around(tmp_path, REPORTING))
    assert (name, text) == (
        "no-reports",
        f"route gia-lap has never reported anything, for 3 h; 100 MTs are sent without a report; {CURE}",
    )
    assert (await found(database, around(tmp_path))).causes == ()  # no address for reports: none are expected
    await make_wave(database, "v", mts={"delivered": 450}, state=S.DONE, started_at=now - 3 * HOUR, ended_at=now - 2 * HOUR)
    assert (await found(database, around(tmp_path, REPORTING))).causes == ()


async def report(database: Database, ref: str, at: int, **changes) -> None:
    values = {
        "route": "gia-lap", "ref": ref, "ours": True, "recipient": 0, "status": "delivered", "code": "", "received_at": at,
        "matched_at": at,
    } | changes  # fmt: skip
    await database.write(lambda connection: connection.execute(insert(dlr), [values]))


async def test_reports_that_stopped(database: Database, tmp_path: Path) -> None:
    now = now_ms()
    await make_wave(database, "w", mts={"sent": 60, "delivered": 40}, state=S.DONE, started_at=now - 5 * HOUR, ended_at=now - HOUR)
    await report(database, "R", now - 4 * HOUR - 60_000)
    name, text = await the_cause(database, around(tmp_path, REPORTING))
    assert (name, text.startswith("route gia-lap has reported nothing for 4 h; 60 MTs are sent without a report")) == ("no-reports", True)
    await report(database, "R2", now)
    assert (await found(database, around(tmp_path, REPORTING))).causes == ()


async def test_reports_of_nobody(database: Database, tmp_path: Path) -> None:
    """Young ones may still find their MT."""
    await report(database, "X", now_ms() - 1_000, matched_at=None)
    assert (await found(database, around(tmp_path))).causes == ()
    await report(database, "Y", now_ms() - 2 * HOUR, matched_at=None)
    name, text = await the_cause(database, around(tmp_path))
    assert (name, text.startswith("2 reports belong to no message we know, the oldest came at ")) == ("unmatched-reports", True)


async def test_how_long_reports_take(database: Database, tmp_path: Path) -> None:
    """Median and 95 % over the latest, by our reference and by the carrier's."""
    now = now_ms()
    await make_wave(database, "w", mts={"delivered": 20}, state=S.DONE, mt={"sent_at": now})
    async with database.read() as connection:
        refs = (await connection.scalars(mt.select().with_only_columns(mt.c.ref).order_by(mt.c.id))).all()
    for at, ref in enumerate(refs[:19]):
        await report(database, ref, now + (at + 1) * 1_000)
    await database.write(lambda connection: connection.execute(update(mt).where(mt.c.ref == refs[19]).values(carrier_ref="C1")))
    await report(database, "C1", now + 90_000, ours=False)
    delay = (await found(database, around(tmp_path))).delays["gia-lap"]
    assert (delay.median_s, delay.p95_s, delay.count) == (10.5, 19.0, 20)


async def test_a_spool_that_waits(database: Database, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", database.keyring)
    for _ in range(3):
        spool.append("mo", {})
    name, text = await the_cause(database, around(tmp_path))
    assert (name, text.startswith("the spool holds 3 hook calls since ")) == ("spool", True)


async def test_a_full_disk(database: Database, tmp_path: Path) -> None:
    """The disk as it is: full enough only where the limit says so."""
    usage = os.statvfs(tmp_path)
    where = around(tmp_path, folders={"the spool": tmp_path, "the database": tmp_path})
    causes = (await found(database, where)).causes
    assert [cause.name for cause in causes] == (["disk"] if usage.f_bavail * usage.f_frsize < 500_000_000 else [])


@pytest.mark.parametrize(
    ("free", "total", "full"),
    [(400_000_000, 100_000_000_000, True), (4_000_000_000, 100_000_000_000, True), (6_000_000_000, 100_000_000_000, False),
     (40_000_000_000, 2_000_000_000_000, False)],
)  # fmt: skip
async def test_when_a_disk_is_full(database: Database, tmp_path: Path, free: int, total: int, full: bool) -> None:
    where = around(tmp_path)
    read = await doctor._read(database, where, now_ms(), (0, None), {"the spool": (free, total), "the database": (free, total)})
    texts = [cause.text for cause in doctor._machine(read, where)]
    said = (
        f"the disk of the spool and the database is nearly full: {free // 1_000_000:,} MB of {total // 1_000_000:,} MB are free; make room"
    )
    assert texts == ([said] if full else [])


@pytest.mark.parametrize(("off", "words"), [(-12_000, "s ahead of"), (12_000, "s behind")])
async def test_clocks_that_differ(database: Database, tmp_path: Path, off: int, words: str) -> None:
    name, text = await the_cause(database, around(tmp_path), now_ms() + off)
    assert name == "clock"
    assert text.startswith("the database's clock is ")
    assert words in text


async def test_an_urgent_tip_that_nobody_takes(database: Database, tmp_path: Path) -> None:
    await arrive(database, said("LS TN07 co dan coi chua no lo ra ngoai"))
    await inbound(database).process_once(NOW)
    await alive(database)
    name, text = await the_cause(database, around(tmp_path))
    assert (name, "and nobody is on duty" in text, "tinbao duty add" in text) == ("alert", True, True)
    await duty.add(database, "Minh Hoa", Msisdn(BINH), 1, "06577", NOW)
    causes = [cause for cause in (await found(database, around(tmp_path))).causes if cause.name == "alert"]
    assert ["nobody has taken 1 urgent tip" in cause.text for cause in causes] == [True]


async def test_more_than_one_cause(database: Database, tmp_path: Path) -> None:
    """Each says its own sentence."""
    await make_wave(database, "a", mts={"queued": 1}, state=S.PAUSED)
    await make_wave(database, "b", mts={"queued": 2}, state=S.PLANNED)
    await route_is(database, hold_code="http-401", held_at=now_ms())
    names = [cause.name for cause in (await found(database, around(tmp_path))).causes]
    assert names == ["nobody-sends", "route-held", "wave-paused", "wave-not-approved"]


async def test_a_client_that_cannot_be_called(database: Database, tmp_path: Path) -> None:
    """What was given up, and what is tried in vain; the address itself is in no sentence."""
    await alive(database)
    client = await a_client(database)
    for key, state, attempts in (("a", "dead", 40), ("b", "waiting", 12)):
        call = Callback(client, "dlr", "GET", "https://crm.example/?n=84300000011", key)
        await database.write(lambda connection, call=call: queue(connection, call, now=NOW))
        values = {"state": state, "attempts": attempts, "why": "HTTP 500"}
        changed = callback.update().where(callback.c.key == key).values(**values)
        await database.write(lambda connection, changed=changed: connection.execute(changed))
    examined = await found(database, around(tmp_path), NOW + 2 * HOUR)
    (text,) = [cause.text for cause in examined.causes if cause.name == "callbacks"]
    assert text.startswith("client crm can't be called since ")
    assert text.endswith(
        ": HTTP 500; 1 given up and 1 still tried; put its address right (tinbao clients set crm), or ask who keeps it, "
        "then tinbao clients retry crm"
    )
