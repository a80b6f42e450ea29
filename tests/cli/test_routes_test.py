"""`tinbao routes test` as a process, and `tinbao send` without a route: which way, and why none of the others."""

import asyncio
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.cli.refused import refusal
from tests.harness import Gateway, deployment, route

NOWHERE = "http://127.0.0.1:9/cgi-bin/sendsms"
NUMBER = "+84300000101"
TABLE = """
version = "test"
source = "030 is given to nobody: here it is"
operators = [
    { name = "Viettel", prefixes = ["0300"] },
    { name = "VinaPhone", prefixes = ["0301"] },
    { name = "MobiFone", prefixes = [], networks = ["45201"] },
    { name = "iTel", prefixes = ["0302"], host = "VinaPhone" },
]
"""


def deployed(folder: Path, routes: str) -> Gateway:
    """A deployment with a table of operators of its own, in which invented numbers are somebody's."""
    made = deployment(folder, routes=routes)
    (made.folder / "operators.toml").write_text(TABLE, "utf-8")
    return made


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """Three contracts: one for Viettel's numbers, one for all, one for Laos."""
    routes = (
        route("moi-noi", "kannel", NOWHERE, price_vnd=400, fallback=["lao"])
        + route("vt", "kannel", NOWHERE, price_vnd=400, operators=["Viettel"])
        + "price_by_operator_vnd = { Viettel = 250 }\n"
        + route("lao", "kannel", NOWHERE).replace("prefixes = []", 'prefixes = ["+856"]')
        + route("tap-duot", "simulator", NOWHERE)
    )
    return deployed(tmp_path_factory.mktemp("routes") / "d", routes=routes)


def test_it_says_which_and_why(gateway: Gateway) -> None:
    done = gateway.run("routes", "test", "0300 000 101", "--text", "Chao ba con")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "+843…01: Viettel (by its prefix); 1 segment",
        "1. vt: yes, 250 đ",
        "2. moi-noi: no: a segment costs 400 đ, not 250 đ, 400 đ",
        "3. lao: no: its prefixes are +856",
        "4. tap-duot: no: it leads to no subscriber",
    ]
    assert "300000101" not in done.stdout + done.stderr


def test_json_holds_the_same(gateway: Gateway) -> None:
    found = gateway.json("routes", "test", "0302000101", "--text", "Cả xã biết tin " * 10)
    assert {name: value for name, value in found.items() if name != "routes"} == {
        "number": "+843…01", "operator": "iTel", "host": "VinaPhone", "by": "prefix", "source": None, "asked_at": None, "segments": 3,
        "route": "moi-noi", "waits": None, "price_vnd": 400, "cost_vnd": 1200, "fallback": ["lao"],
    }  # fmt: skip
    assert [(each["route"], each["possible"], each["why_not"]) for each in found["routes"]] == [
        ("moi-noi", True, None), ("vt", False, "it reaches Viettel only"), ("lao", False, "its prefixes are +856"),
        ("tap-duot", False, "it leads to no subscriber"),
    ]  # fmt: skip


def test_what_nothing_takes_ends_with_1(gateway: Gateway) -> None:
    done = gateway.run("routes", "test", NUMBER, "--name")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "No enabled route takes it"
    assert "it shows a number, not a name" in done.stdout
    assert refusal(gateway.run("routes", "test", "12"), 2).endswith("Write it like 0300 000 101 or +84300000101")


def test_a_send_without_a_route_says_by_which_it_goes(gateway: Gateway) -> None:
    done = gateway.run("send", "--to", NUMBER, "--to", "0301000102", "--to", "0301000103", "--text", "Chao", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accepted"] == 3
    assert done.stderr.splitlines() == ["route vt: 1 number", "route moi-noi: 2 numbers"]


def test_a_send_that_no_route_takes_stores_nothing(gateway: Gateway) -> None:
    """And says of each why not."""
    only_vt = deployed(gateway.folder.parent / "vt", routes=route("vt", "kannel", NOWHERE, operators=["Viettel"]))
    sentence = refusal(only_vt.run("send", "--to", NUMBER, "--to", "0301000102", "--text", "Chao", "--id", "x"), 1)
    assert sentence == "no enabled route takes this text to +843…02: vt: it reaches Viettel only"
    assert only_vt.json("send", "--to", NUMBER, "--text", "Chao", "--id", "x")["accepted"] == 1


class _Telco(BaseHTTPRequestHandler):
    """VMG's look-up: everybody is with MobiFone. `asked`: how often."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = b'{"data": [{"currentTelco": "01"}]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the library's name
        pass


async def test_ask_asks_once_and_the_answer_counts_from_then_on(tmp_path: Path) -> None:
    """Over real HTTP; afterwards nobody is asked, and a send bears the new operator's route."""
    handler = type("Handler", (_Telco,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        running = Thread(target=server.serve_forever, daemon=True)
        running.start()
        try:
            await asyncio.to_thread(_asking, tmp_path, f"http://127.0.0.1:{server.server_port}/mnp")
        finally:
            server.shutdown()
            running.join()
    assert handler.asked == [{"phoneNumber": NUMBER[1:]}]  # type: ignore[attr-defined]


def _asking(folder: Path, url: str) -> None:
    vmg = route("vmg", "vmg", NOWHERE, look_up=True, operators=["Viettel"]).replace(
        'password = "p"', f'password = "p", lookup_url = "{url}"'
    )
    gateway = deployed(folder / "d", routes=vmg + route("mobi", "kannel", NOWHERE, operators=["MobiFone"]))
    assert gateway.json("routes", "test", NUMBER)["route"] == "vmg"
    found = gateway.json("routes", "test", NUMBER, "--ask")
    assert (found["route"], found["operator"], found["by"], found["source"]) == ("mobi", "MobiFone", "look-up", "vmg")
    sent = gateway.run("send", "--to", NUMBER, "--text", "Chao")
    assert sent.stderr.splitlines() == ["route mobi: 1 number"]


def test_a_carrier_that_does_not_answer_stops_no_send(tmp_path: Path) -> None:
    vmg = route("vmg", "vmg", NOWHERE, look_up=True).replace('password = "p"', 'password = "p", lookup_url = "http://127.0.0.1:9/"')
    gateway = deployed(tmp_path / "d", routes=vmg)
    done = gateway.run("send", "--to", NUMBER, "--text", "Chao")
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["whose number it is: it can't be reached; the prefix is taken", "route vmg: 1 number"]
