"""The first SMS of a new route, over real HTTP: sent, reported, and said how it ended; beside a running serve; refused; silent."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.cli.routes import add_commands
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Telco, telco
from gateway.storage.files import dispatcher_lock
from tests.cli.door import Ran, run
from tests.harness import KEY, Gateway, deployment, route

WAIT = "60"


@pytest.fixture
async def fake() -> AsyncIterator[Telco]:
    async with telco() as it:
        yield it


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    monkeypatch.setenv("TINBAO_KEY", KEY)
    return deployment(tmp_path / "d", routes=route("gia-lap", "kannel", "http://127.0.0.1:9/cgi-bin/sendsms"))


async def add(gateway: Gateway, fake: Telco, *words: str, wait: str = WAIT, carrier: str = "simulator") -> Ran:
    flags = ("--carrier", carrier, "--username", "u", "--url", f"{fake.url}/sms", "--test-to", "0300 000 101", "--wait-s", wait)
    return await asyncio.to_thread(run, add_commands, gateway.folder, "routes", "add", *flags, *words, json=True, stdin="p\n")


async def test_one_sms_goes_out_and_its_report_comes_in(gateway: Gateway, fake: Telco) -> None:
    ran = await add(gateway, fake, "--online")
    assert ran.exit_code == 0, ran.stderr
    assert ran.json["test"] == {"state": "delivered", "over": True}
    assert ran.json["online"]["stands"] is True
    assert "Waiting for the report of delivery on 127.0.0.1:" in ran.stderr
    assert "the route works both ways" in ran.stderr
    assert fake.counts.taken == 1
    assert "0300000101" not in ran.stderr + ran.stdout
    assert "300000101" not in (ran.stderr + ran.stdout).replace(" ", "")


async def test_a_report_that_never_comes_is_waited_for_so_long(gateway: Gateway, fake: Telco) -> None:
    fake.behaviour = Behaviour(dlr="never")
    ran = await add(gateway, fake, wait="2")
    assert ran.exit_code == 1
    assert ran.json["test"] == {"state": "sent", "over": False}
    assert "no report came within 2 s" in ran.stderr
    assert gateway.url in ran.stderr  # what the carrier must be able to open


async def test_a_refusal_names_the_carriers_word_and_the_way_on(gateway: Gateway, fake: Telco) -> None:
    fake.behaviour = Behaviour(known_account=False)
    ran = await add(gateway, fake)
    assert ran.exit_code == 1
    assert ran.json["test"]["state"].startswith("held: ")
    assert "tinbao routes release simulator" in ran.stderr


async def test_an_account_that_the_carrier_does_not_take_sends_nothing(gateway: Gateway, fake: Telco) -> None:
    ran = await add(gateway, fake, "--online", "--option", "cp_code=1", carrier="viettel")
    assert ran.exit_code == 1
    assert ran.json["online"]["stands"] is False
    assert "no test SMS was sent" in ran.stderr
    assert fake.counts.taken == 0


async def test_beside_a_running_serve_it_says_that_it_must_start_anew(gateway: Gateway, fake: Telco) -> None:
    """It has the database's lock: nothing is dispatched here, and the wait is bounded."""
    with dispatcher_lock(gateway.folder / "var" / "tinbao.db") as ours:
        assert ours
        ran = await add(gateway, fake, wait="1")
    assert "Start it anew now" in ran.stderr
    assert ran.json["test"] == {"state": "queued", "over": False}
    assert fake.counts.requests == 0


async def test_what_waits_on_another_route_is_not_sent(gateway: Gateway, fake: Telco) -> None:
    """A test of one contract starts nobody's wave."""
    waits = await asyncio.to_thread(gateway.run, "send", "--route", "gia-lap", "--to", "0300000102", "--text", "Cho")
    assert waits.returncode == 0, waits.stderr
    assert (await add(gateway, fake)).json["test"]["state"] == "delivered"
    assert fake.counts.taken == 1
