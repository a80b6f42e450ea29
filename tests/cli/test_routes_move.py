"""`tinbao routes move` as a process: what was never sent goes by another route, the rest is told of."""

import json
from pathlib import Path

import pytest

from tests.harness import Gateway, deployment, route

NOWHERE = "http://127.0.0.1:9/cgi-bin/sendsms"


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    routes = route("mot", "kannel", NOWHERE, fallback=["hai"]) + route("hai", "kannel", NOWHERE).replace(
        "prefixes = []", 'prefixes = ["+84"]'
    )
    made = deployment(tmp_path / "d", routes=routes)
    sent = made.run("send", "--route", "mot", "--to", "0300000101", "--to", "0300000102", "--to", "+85630000001", "--text", "Chao ba con")
    assert sent.returncode == 0, sent.stderr
    return made


def test_it_says_what_moved_and_what_stays_and_why(gateway: Gateway) -> None:
    done = gateway.run("routes", "move", "mot", "hai")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["2 MTs that waited for mot go by hai", "1 MT stay: hai can't carry them: its prefixes are +84"]
    waiting = {row["route"]: row["waiting"] for row in map(json.loads, gateway.run("routes", "list", "--json").stdout.splitlines())}
    assert waiting == {"mot": 1, "hai": 2}


def test_for_machines_and_when_nothing_can_move(gateway: Gateway) -> None:
    """1 where something waits and none of it can go; 0 where nothing waits at all."""
    row = gateway.json("routes", "move", "mot", "hai")
    assert row == {"from": "mot", "to": "hai", "moved": 2, "stay": {"hai can't carry them: its prefixes are +84": 1}, "uncertain": 0}
    again = gateway.run("routes", "move", "mot", "hai")
    assert (again.returncode, again.stdout.splitlines()[0]) == (1, "nothing moved from mot to hai")
    back = gateway.run("routes", "move", "hai", "mot")
    assert (back.returncode, back.stdout) == (0, "2 MTs that waited for hai go by mot\n")
    assert gateway.run("routes", "move", "hai", "mot").returncode == 0


@pytest.mark.parametrize(("words", "why"), [(("mot", "ba"), "there is no enabled route ba"), (("mot", "mot"), "name another")])
def test_refused(gateway: Gateway, words: tuple[str, str], why: str) -> None:
    done = gateway.run("routes", "move", *words)
    assert done.returncode == 1
    assert why in done.stderr
