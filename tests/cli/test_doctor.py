"""`tinbao doctor` and `tinbao routes`: what stands still, said at the command line."""

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.cli import doctor, routes
from gateway.domain.wave import WaveState
from gateway.sending import now_ms
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.schema import route_state
from tests.cli.deployed import folder, made, within
from tests.cli.door import run

__all__ = ["folder"]  # the fixture


async def beat(database: Database) -> None:
    await database.write(lambda connection: outbox.beat(connection, "d-1"))


async def route_is(database: Database, **values) -> None:
    await database.write(lambda connection: outbox.ensure_route(connection, "gia-lap"))
    await database.write(lambda connection: connection.execute(update(route_state).values(**values)))


def test_nothing_is_stuck(folder: Path) -> None:  # the fixture
    ran = run(doctor.add_commands, folder, "doctor")
    assert (ran.exit_code, ran.stdout) == (0, "nothing is stuck: the queue is empty\n")
    made(folder, mts={"queued": 1_200}, state=WaveState.RUNNING)
    within(folder, beat)
    said = "nothing is stuck: 1,200 MTs wait and leave as pace and places on the wire allow\n"
    assert run(doctor.add_commands, folder, "doctor").stdout == said


def test_causes_and_exit_code(folder: Path) -> None:
    made(folder, mts={"queued": 12_400}, state=WaveState.PAUSED, reason="by hand")
    within(folder, partial(route_is, hold_code="HTTP 401", held_at=now_ms()))
    ran = run(doctor.add_commands, folder, "doctor")
    assert ran.exit_code == 1
    stuck, held, paused = ran.stdout.splitlines()
    assert stuck == "no tinbao serve is sending: no process has a sign of life; 12,400 MTs wait; start tinbao serve"
    assert held.startswith("route gia-lap is held since ")
    assert paused == "wave w is paused (by hand); 12,400 MTs wait; tinbao wave resume w"
    ran = run(doctor.add_commands, folder, "doctor", "--json")
    assert ran.exit_code == 1
    assert [cause["name"] for cause in ran.json["causes"]] == ["nobody-sends", "route-held", "wave-paused"]
    assert (ran.json["stuck"], ran.json["queued"]) == (True, 12_400)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "gia-lap: open; 100 segments/s; 2 MTs wait; 0 đ spent today"),
        ({"hold_code": "HTTP 401", "held_at": 1_795_496_400_000},
         "gia-lap: held since 2026-11-24 12:00 (HTTP 401); 100 segments/s; 2 MTs wait; 0 đ spent today"),
        ({"paused_until": 4_102_444_800_000, "pause_why": "the carrier says we are too fast (429)"},
         "gia-lap: paused until 2100-01-01 07:00 (the carrier says we are too fast (429)); 100 segments/s; 2 MTs wait; 0 đ spent today"),
    ],
)  # fmt: skip
def test_list(folder: Path, values: dict, said: str) -> None:
    made(folder, mts={"queued": 2}, state=WaveState.RUNNING)
    within(folder, partial(route_is, **({"spent_vnd": 900, "spent_day": 20200101} | values)))  # of another day
    assert run(routes.add_commands, folder, "routes", "list").stdout.splitlines() == [said]


def test_list_as_json_and_release(folder: Path) -> None:
    within(folder, partial(route_is, hold_code="HTTP 401", held_at=1))
    row = run(routes.add_commands, folder, "routes", "list", "--json").json
    assert (row["route"], row["state"], row["why"], row["carrier"], row["pace"]["limit"]) == ("gia-lap", "held", "HTTP 401", "kannel", 100)
    assert run(routes.add_commands, folder, "routes", "release", "gia-lap").stdout == "gia-lap goes on\n"
    assert run(routes.add_commands, folder, "routes", "release", "gia-lap").stdout == "gia-lap was not held\n"


def test_disabled_routes_are_listed(folder: Path) -> None:
    settings = folder / "gateway.toml"
    text = settings.read_text("utf-8")
    table = text[text.index("\n[[routes]]") :].replace('name = "gia-lap"', 'name = "cu"\nenabled = false')
    settings.write_text(text + table, "utf-8")
    assert run(routes.add_commands, folder, "routes", "list").stdout.splitlines()[1] == "cu: disabled; 0 MTs wait"
