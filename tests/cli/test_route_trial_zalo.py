"""The first message of a Zalo route: to a person of the OA, or a template message to a number; the receipt comes to the webhook."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.cli.context import Door
from gateway.cli.route_trial import FirstMessage, Tried, try_out
from gateway.cli.routes import add_commands
from gateway.domain.msisdn import Msisdn
from gateway.route_file import Added
from gateway.services.onboarding import WORDS
from gateway.settings import load_settings
from gateway.simulator.zalo import APP_ID, Zalo, ZaloHabits, zalo_server
from tests.cli.door import run
from tests.cli.test_serve_zalo import MAN, table
from tests.harness import KEY, Gateway, deployment, listening, route

NUMBER = Msisdn("+84300000101")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINBAO_KEY", KEY)


@pytest.fixture
async def zalo() -> AsyncIterator[Zalo]:
    async with zalo_server() as it:
        yield it


def deployed(folder: Path, zalo: Zalo, more: str = "") -> Gateway:
    secrets = (zalo.app_secret.reveal(), zalo.key.reveal(), zalo.first.reveal())
    gateway = deployment(folder, routes=table(zalo.url, *secrets) + more)
    zalo.hook = f"{gateway.url}/hooks/zalo/zalo"
    return gateway


async def tried(gateway: Gateway, name: str, test: FirstMessage) -> Tried:
    added = Added(load_settings(gateway.folder, os.environ), gateway.folder / "gateway.toml.before")
    return await asyncio.to_thread(try_out, Door(gateway.folder, True), added, name, test, probe=False, quiet=True)


async def test_a_person_of_the_oa_gets_it_and_its_receipt_comes_in(tmp_path: Path, zalo: Zalo, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = deployed(tmp_path / "d", zalo)
    zalo.hears(MAN)
    done = await tried(gateway, "zalo", FirstMessage(Msisdn(f"zalo:{MAN}"), None, 60))
    assert (done.good, done.row["test"]) == (True, {"state": "delivered", "over": True})
    assert [(each.user, each.text) for each in zalo.shown] == [(MAN, WORDS)]
    said = capsys.readouterr().err
    assert "the route works both ways" in said
    assert MAN not in said


async def test_somebody_who_never_wrote_is_refused_in_zalos_words(tmp_path: Path, zalo: Zalo) -> None:
    gateway = deployed(tmp_path / "d", zalo)
    done = await tried(gateway, "zalo", FirstMessage(Msisdn(f"zalo:{MAN}"), "Chao", 60))
    assert (done.good, done.row["test"]["state"]) == (False, "failed")
    assert zalo.counts.refused == {-230: 1}


async def test_without_a_receipt_it_waits_so_long(tmp_path: Path) -> None:
    async with zalo_server(habits=ZaloHabits(receipts=False)) as silent:
        gateway = deployed(tmp_path / "d", silent)
        silent.hears(MAN)
        done = await tried(gateway, "zalo", FirstMessage(Msisdn(f"zalo:{MAN}"), None, 2))
    assert (done.good, done.row["test"]) == (False, {"state": "sent", "over": False})


# --- template messages ---


@dataclass
class Templates:
    """ZNS: what came, and a receipt to the OA's webhook, as Zalo sends it for a number."""

    zalo: Zalo
    url: str = ""
    came: list[dict[str, Any]] = field(default_factory=list)  # Any: JSON

    async def take(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        assert request.headers["access_token"]
        self.came.append(body)
        message = {"msg_id": "zns1", "tracking_id": body["tracking_id"], "delivery_time": "1"}
        self.zalo.send("user_received_message", body["phone"], message)
        return web.json_response({"error": 0, "message": "Success", "data": {"msg_id": "zns1"}})


@pytest.fixture
async def templates(zalo: Zalo) -> AsyncIterator[Templates]:
    it = Templates(zalo)
    async with listening(web.post("/message/template", it.take)) as it.url:
        yield it


def zns_table(url: str, secret: str) -> str:
    return f"""
[[routes]]
name = "zns"
carrier = "zalo-zns"
url = "{url}/message/template"
hook_secret = "s3cret"
account = {{ username = "{APP_ID}", password = "{secret}", template_id = "7", template = "Kinh gui {{ten}}, hop luc {{gio}}." }}
pace = {{ limit = 20, per_s = 1, unit = "requests" }}
"""


@pytest.mark.parametrize(
    ("text", "data"),
    [(None, {"ten": "thu", "gio": "thu"}), ("Kinh gui ong An, hop luc 19h.", {"ten": "ong An", "gio": "19h"})],
)
async def test_a_template_message_is_filled_in(
    tmp_path: Path, zalo: Zalo, templates: Templates, text: str | None, data: dict[str, str]
) -> None:
    """With the tokens of the OA's route, whose webhook takes the receipt."""
    gateway = deployed(tmp_path / "d", zalo, zns_table(templates.url, zalo.app_secret.reveal()))
    done = await tried(gateway, "zns", FirstMessage(NUMBER, text, 60))
    assert done.row["test"] == {"state": "delivered", "over": True}
    assert [(each["phone"], each["template_id"], each["template_data"]) for each in templates.came] == [("84300000101", "7", data)]


# --- the question ---


@pytest.mark.parametrize(
    ("carrier", "to", "why"), [("zalo", "0300 abc", "Zalo user id"), ("zalo-zns", "abc", "Write it like 0300 000 101")]
)
def test_whom_to_write_to_is_checked_before_anything_is_written(tmp_path: Path, carrier: str, to: str, why: str) -> None:
    gateway = deployment(tmp_path / "d", routes=route("gia-lap", "kannel", "http://127.0.0.1:9/"))
    before = (gateway.folder / "gateway.toml").read_text("utf-8")
    options = ("--option", "template_id=7", "--option", "template=Kinh gui {ten}") if carrier == "zalo-zns" else ()
    words = ("--carrier", carrier, "--username", APP_ID, *options, "--test-to", to)
    ran = run(add_commands, gateway.folder, "routes", "add", *words, json=True, stdin="p\nk\nt\n")
    assert ran.exit_code == 2, ran.stderr
    assert why in ran.stderr
    assert (gateway.folder / "gateway.toml").read_text("utf-8") == before
