"""What `tinbao check` says of routes to carriers with options of their own, and that `serve` sends as these carriers want it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from gateway.carriers.protocol import bound
from gateway.carriers.quality import QUALITY, USSD_BY_MEMORY, Facts, unproved
from gateway.carriers.registry import CARRIERS
from gateway.deployment import shipped_deployment
from gateway.domain.caps import Caps
from gateway.sending import dispatching, now_ms
from gateway.services.zalo_tokens import TokenSender
from gateway.settings import BadSettings, Settings, load_settings
from gateway.storage import outbox
from gateway.storage.outbox import NewMt
from gateway.storage.schema import mt
from tests.harness import listening
from tests.services.blasts import FOREVER, change, number, person, until

SHIPPED = (shipped_deployment() / "gateway.toml").read_text("utf-8")
HEAD = SHIPPED[: SHIPPED.index("[[routes]]")]


def table(name: str, carrier: str, url: str, account: str = "", **more: object) -> str:
    """A [[routes]] table; `account`: what stands in it beside name and password."""
    values = {"max_unapproved": 0, "hook_secret": "s3cret", "concurrency": 4} | more
    rest = "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items() if key != "zalo")
    zalo = f"zalo = {more['zalo']}\n" if "zalo" in more else ""
    return (
        f'[[routes]]\nname = "{name}"\ncarrier = "{carrier}"\nurl = "{url}"\ntps = 0\nsender_id = "UBNDXA"\n'
        f'account = {{ username = "111", password = "p"{account} }}\n{rest}\n{zalo}'
    )


def load(folder: Path, *tables: str) -> Settings:
    (folder / "gateway.toml").write_text(HEAD + "\n".join(tables), "utf-8")
    return load_settings(folder, {})


def faults(folder: Path, *tables: str) -> dict[str, str]:
    with pytest.raises(BadSettings) as why:
        load(folder, *tables)
    assert all(fault.remedy for fault in why.value.faults)
    return {fault.field: fault.text for fault in why.value.faults}


# --- what rests on memory ---


def test_what_rests_on_memory_is_known() -> None:
    assert {name for name, quality in QUALITY.items() if quality.facts is Facts.MEMORY} == {"traccar"}
    assert [unproved(name) for name in ("traccar", "arkesel", "esms", "", "custom")] == ["traccar", "arkesel", "", "", ""]


@pytest.mark.parametrize(
    "route",
    [table("phone", "traccar", "http://192.0.2.1:8082/"), table("ussd", "kannel", "http://127.0.0.1:9/", ussd="arkesel")],
    ids=["traccar", "arkesel"],
)
def test_what_rests_on_memory_is_off_until_somebody_says_that_it_may_go(tmp_path: Path, route: str) -> None:
    said = faults(tmp_path, route)
    name = "traccar" if "traccar" in route else "arkesel"
    assert said == {"routes.1.memory_ok": f"What is known of {name} rests on memory alone"}
    assert load(tmp_path, route + "enabled = false\n").disabled_routes
    assert load(tmp_path, route + "memory_ok = true\n").routes


def test_a_convention_by_memory_is_one_there_is() -> None:
    from gateway.carriers.ussd_registry import USSD

    assert set(USSD) >= USSD_BY_MEMORY


# --- options ---


def test_a_template_that_can_not_be_used_stops_the_start(tmp_path: Path) -> None:
    account = ', oaid = "4", template_id = "7", template = "{ten}{gio}"'
    said = faults(tmp_path, table("zns", "esms-zns", "https://rest.example.vn/SendZaloMessage_V6/", account))
    assert said == {"routes.1.account": "template: Two fields stand side by side, or one stands twice"}


def test_an_account_that_lacks_its_template_is_told_so(tmp_path: Path) -> None:
    said = faults(tmp_path, table("zns", "zalo-zns", "https://business.example.vn/message/template", ', template_id = "7"'))
    assert "zalo-zns needs template" in said["routes.1.account"]


def test_a_short_codes_partner_speaks_as_its_options_say(tmp_path: Path) -> None:
    account = ', command_code = "TIN", received = "0"'
    settings = load(tmp_path, table("sc", "classic-soap", "http://192.0.2.1/mt", account))
    carrier = settings.carrier(settings.routes[0])
    assert carrier == bound(CARRIERS["classic-soap"], {"received": "0"})
    assert b">0</messageReceiverReturn>" in carrier.acknowledge("mo").body


# --- whose tokens a route of template messages sends with ---

ZNS = ', template_id = "7", template = "{noi_dung}"'
OA = table("oa", "zalo", "https://openapi.example.vn/cs", zalo='{ refresh_token = "r1" }')


@pytest.mark.parametrize(
    ("tables", "givers"),
    [
        ([table("zns", "zalo-zns", "https://b.example.vn/t", ZNS), OA], {"oa": "oa", "zns": "oa"}),  # none of its own: the OA's
        ([OA, table("zns", "zalo-zns", "https://b.example.vn/t", ZNS, zalo='{ refresh_token = "r1" }')], {"oa": "oa", "zns": "oa"}),
        ([OA, table("zns", "zalo-zns", "https://b.example.vn/t", ZNS, zalo='{ refresh_token = "r2" }')], {"oa": "oa", "zns": "zns"}),
        ([table("zns", "zalo-zns", "https://b.example.vn/t", ZNS)], {"zns": "zns"}),
        (
            [OA, table("zns", "zalo-zns", "https://b.example.vn/t", ZNS).replace('"111"', '"222"')],
            {"oa": "oa", "zns": "zns"},
        ),  # another app
    ],
    ids=["leans on the OA", "the same grant", "a grant of its own", "alone", "another app"],
)
def test_a_refresh_token_is_spent_by_one_route(tmp_path: Path, tables: list[str], givers: dict[str, str]) -> None:
    from gateway.sending import token_givers

    assert token_givers(load(tmp_path, *tables)) == givers


def test_template_messages_want_tls_as_their_tokens_do(tmp_path: Path) -> None:
    said = faults(tmp_path, table("zns", "zalo-zns", "http://business.example.vn/t", ZNS))
    assert said == {"routes.1.url": "The tokens would travel in clear"}


# --- from the settings to the wire ---


class Telco:
    """FPT, Stringee and eSMS at once, as far as these tests need them."""

    def __init__(self) -> None:
        self.url = ""
        self.logins = 0
        self.heads: list[str] = []
        self.asked: list[str] = []

    async def tell(self, request: web.Request) -> web.Response:
        """What became of two numbers."""
        self.asked.append(request.query_string)
        rows = [{"Phone": f"030000000{at}", "IsSent": True, "SentResult": at == 1} for at in (1, 2)]
        return web.json_response({"CodeResult": "100", "ReceiverList": rows})

    async def take(self, request: web.Request) -> web.Response:
        call = await request.json()
        if request.path.endswith("/oauth2/token"):
            self.logins += 1
            return web.json_response({"access_token": "T", "expires_in": 86_400})
        if "sms" in call:
            self.heads.append(request.headers["X-STRINGEE-AUTH"])
            return web.json_response({"smsSent": 1, "result": [{"r": 0} for _ in call["sms"]]})
        assert call["access_token"] == "T"
        return web.json_response({"MessageId": 1})


@pytest.fixture
async def there() -> AsyncIterator[Telco]:
    it = Telco()
    async with listening(web.post("/{rest:.*}", it.take), web.get("/json/GetSmsReceiverStatus_get", it.tell)) as it.url:
        yield it


async def test_serve_logs_in_and_signs_as_these_carriers_want_it(database, tmp_path: Path, there: Telco) -> None:
    settings, stop = load(tmp_path, table("f", "fpt", there.url), table("s", "stringee", f"{there.url}/v1/sms")), asyncio.Event()
    mts = [
        NewMt(f"{name}{at}".upper(), number(at), person(database, at), name, 1, 0, FOREVER, body="Hop thon")
        for name in "fs" for at in range(3)
    ]  # fmt: skip
    await database.write(lambda connection: outbox.enqueue(connection, mts, 1))
    async with dispatching(settings, database, stop, Caps()) as state:
        await until(database, sent=6)
        assert {type(each._send) for each in state.dispatchers} >= {TokenSender}
        stop.set()
    assert there.logins == 1
    assert there.heads
    assert all(head.count(".") == 2 for head in there.heads)


async def test_serve_asks_for_results_that_nobody_tells(database, tmp_path: Path, there: Telco) -> None:
    """eSMS's advertising names no recipient by itself: what was taken six minutes ago is asked about, and ends as it says."""
    url = f"{there.url}/json/SendMultipleSMSBrandname_json/"
    settings, stop = load(tmp_path, table("ads", "esms-ads", url)), asyncio.Event()
    mts = [NewMt(f"A{at}", number(at), person(database, at), "ads", 1, 0, FOREVER, body="[QC] Hop thon") for at in (1, 2)]
    await database.write(lambda connection: outbox.enqueue(connection, mts, 1))
    await change(database, mt, state="sent", carrier_ref="S1", sent_at=now_ms() - 360_000)
    async with dispatching(settings, database, stop, Caps()):
        await until(database, delivered=1, failed=1)
        stop.set()
    assert there.asked == ["RefId=S1&ApiKey=111&SecretKey=p"]
