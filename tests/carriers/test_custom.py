"""A carrier by description: the worked example of docs/custom-carrier.md obeys the laws, and a bad description is named by its line."""

import hashlib
import hmac
import json
import re
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers.custom import Custom
from gateway.carriers.protocol import Accepted, Account, Dlr, Malformed, Mo, Signing
from gateway.carriers.wire import HookCall, HttpResponse
from gateway.custom_file import load_custom
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.secret import Secret
from gateway.settings import BadSettings, load_settings
from gateway.transport import http_sender
from tests.carriers.carrier_cases import BY_STATUS, PASSWORD, TEXT, Case, M, P, R, T, U, batch, no, says
from tests.harness import everything, listening
from tests.test_settings import SECRETS, SHIPPED

PAGE = (Path(__file__).parents[2] / "docs" / "custom-carrier.md").read_text("utf-8")
EXAMPLE, ROUTE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
NOW = 1_700_000_000_000
ACCOUNT = Account("v", "http://127.0.0.1:1", "u", Secret(PASSWORD), "UBNDXA", "http://127.0.0.1:2/dlr", options={"contract": "7 7"})


def described(folder: Path, text: str = EXAMPLE) -> Custom:
    (folder / "vi-du.toml").write_text(text, "utf-8")
    carrier, faults = load_custom(folder / "vi-du.toml")
    assert carrier is not None, faults
    return carrier


@pytest.fixture(scope="module")
def carrier(tmp_path_factory) -> Custom:
    return described(tmp_path_factory.mktemp("custom"))


def answer(code: object, **sms: object) -> HttpResponse:
    return says(200, json.dumps({"status": {"code": code}, "sms": sms}))


CASES: list[Case] = [
    ("taken", answer(0, id="m1", parts=2), Accepted("m1", 2)),
    ("taken, quoted", answer("0"), Accepted()),
    ("taken already", answer(17), Accepted()),
    *[(f"code {code}", answer(code), no(kind, code)) for code, kind in (("3", P), ("4", P), ("5", U), ("29", T), ("1", M), ("2", M))],
    ("a code of no list", answer(99), no(R, "99", unknown=True)),
    ("a code that became a list", answer([0]), no(R, "http-200", maybe_sent=True)),
    ("a status that became a word", says(200, '{"status":"ok"}'), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]


@pytest.mark.parametrize(("response", "outcome"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_an_answer_means(carrier, response, outcome) -> None:
    assert carrier.parse_send(response, batch()) == (outcome,)


def test_answers_are_remembered_only_so_far(tmp_path) -> None:
    """Ten thousand answers with an id of their own, or a long one, fill no memory, and each is still read right."""
    carrier = described(tmp_path)
    for at in range(10_000):
        code = at % 5
        (outcome,) = carrier.parse_send(answer(code, id=f"m{at}"), batch())
        assert outcome == carrier.parse_send(answer(code, id=f"m{at}"), batch())[0]
        assert (outcome == Accepted(f"m{at}")) is (code == 0)
    carrier.parse_send(says(200, json.dumps({"status": {"code": 0}, "more": "x" * 1_000})), batch())
    assert len(carrier._codes_seen) == 64
    assert max(map(len, carrier._codes_seen)) <= 200


def test_an_answer_whose_code_is_in_a_header_is_never_remembered(tmp_path) -> None:
    """Equal bodies, other words."""
    text = EXAMPLE.replace('code = "jmes:status.code"', 'code = "header:x-code"')
    carrier = described(tmp_path, text)
    found = [carrier.parse_send(HttpResponse(200, {"x-code": code}, b"{}"), batch())[0] for code in ("0", "3", "0")]
    assert text != EXAMPLE
    assert (found[0], found[2]) == (Accepted(), Accepted())
    assert found[1] == Refused(Failure.PERMANENT, "3")


@given(body=st.binary(max_size=300), kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""]))
def test_no_bytes_make_it_raise(carrier, body: bytes, kind: str) -> None:
    headers = {"content-type": kind}
    assert len(carrier.parse_send(HttpResponse(200, headers, body), batch())) == 1
    call = HookCall("POST", "/hooks/v/mo", body, headers, body)
    assert isinstance(carrier.parse_mo(call), Mo | Malformed)
    assert isinstance(carrier.parse_dlr(call), Dlr | Malformed)


def test_no_repr_shows_a_secret(carrier) -> None:
    shown = f"{carrier!r} {carrier.build_send(ACCOUNT, batch())!r}"
    assert PASSWORD not in shown
    assert "8430000" not in shown


@pytest.mark.parametrize("text", [TEXT, 'a "quoted" \\ text\nin two lines', "{{ password }} {% import 'os' %}", "😀" * 30])
async def test_what_was_built_is_what_the_telco_reads(carrier, text: str) -> None:
    """Over real HTTP. A text is never a template."""
    seen: list[tuple[str, str, str, dict]] = []

    async def take(request: web.Request) -> web.Response:
        seen.append((request.method, request.raw_path, request.headers["Authorization"], json.loads(await request.read())))
        return web.json_response({"status": {"code": 0}, "sms": {"id": "m1"}})

    async with listening(everything(take)) as url, http_sender(5) as send:
        account = Account("v", url, "u", Secret("t0ken"), "8088", options={"contract": "7 7"})
        (outcome,) = carrier.parse_send(await send(carrier.build_send(account, batch(text=text))), batch())
    assert outcome == Accepted("m1")
    ((method, path, token, body),) = seen
    assert (method, path, token) == ("POST", "/v2/7%207/messages", "Bearer t0ken")
    assert (body["to"], body["text"], body["ref"], body["unicode"]) == ("84300000001", text, "BATCH1", not text.isascii())


def signed(body: bytes, key: bytes = b"k", stamp: str = "1700000000") -> HookCall:
    made = hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return HookCall("POST", "/hooks/v/mo", headers={"x-vd-signature": made, "x-vd-time": stamp}, body=body)


def test_calls_are_signed_and_fresh(carrier) -> None:
    by = Signing(Secret("k"), "https://gw.example.vn", NOW)
    body = '{"content":"mộ"}'.encode()
    assert carrier.is_signed(signed(body), by) is True
    assert carrier.is_signed(signed(body, b"other"), by) is False
    assert carrier.is_signed(signed(body, stamp="1690000000"), by) is False
    assert carrier.is_signed(HookCall("POST", "/hooks/v/mo", body=body), by) is False


def test_an_mo_and_a_report(carrier) -> None:
    mo = {"id": "i1", "msisdn": "84300000101", "shortcode": "8088", "content": "LS TN07 mộ", "at": "01/11/2026 08:00:00"}
    read = carrier.parse_mo(HookCall("POST", "/hooks/v/mo", body=json.dumps(mo).encode()))
    assert read == Mo("i1", "+84300000101", "8088", "LS TN07 mộ", 1_793_494_800_000)
    dlr = carrier.parse_dlr(HookCall("POST", "/hooks/v/dlr", body=b'{"ref":"REF1","state":"DELIVRD"}'))
    assert dlr == Dlr("REF1", True, 0, DlrStatus.DELIVERED, "DELIVRD")
    assert carrier.acknowledge("mo") == HttpResponse(200, {"content-type": "application/json"}, b'{"ok":true}')


def test_by_form_and_by_regular_expression(tmp_path: Path) -> None:
    text = (
        EXAMPLE.replace('"jmes:status.code"', r'"regex:code=(\\d+)"')
        .replace('"jmes:state"', '"field:st"')
        .replace('"jmes:ref"', '"field:r"')
    )
    carrier = described(tmp_path, text)
    assert carrier.parse_send(says(200, "OK code=17 x"), batch()) == (Accepted(),)
    dlr = carrier.parse_dlr(HookCall("GET", "/hooks/v/dlr", b"r=REF1&st=UNDELIV"))
    assert dlr == Dlr("REF1", True, 0, DlrStatus.FAILED, "UNDELIV")


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("{{ digits | json }}", "{{ ''.__class__ }}", "send.body"),
        ("{{ digits | json }}", "{{ digits.__init__.__globals__ }}", "send.body"),
        ("{{ digits | json }}", "{% include '/etc/passwd' %}", "send.body"),
        ("{{ digits | json }}", "{{ cycler }}", "send.body"),
        ("{{ digits | json }}", "{{ range(10**9) | list }}", "send.body"),
        ("{{ digits | json }}", "{{ digits", "send.body"),
        ("{{ url }}/v2", "{{ password.upper.__self__ }}/{{ nobody }}", "send.url"),
        ("jmes:status.code", "jmes:status..code", "answer.code"),
        ("jmes:status.code", "xpath:/a", "answer.code"),
        ("jmes:sms.id", "regex:(a)(b)", "answer.ref"),
        ('taken = ["0", "17"] ', "taken = [] ", "answer.taken"),
        ('permanent = ["3", "4"]', 'permanent = ["3", "0"]', "answer.permanent"),
        ('needed = ["contract"]', 'needed = ["nothing"]', "needed"),
        ('ref = "jmes:ref" ', "", "dlr"),
        ('"POST"', '"DELETE"', "send.method"),
        ("fresh_s = 300", "fresh_s = 300\nfrish = 1", "signature.frish"),
    ],
)
def test_a_bad_description_is_named_by_its_line(tmp_path: Path, before: str, after: str, key: str) -> None:
    assert before in EXAMPLE
    text = EXAMPLE.replace(before, after, 1)
    (tmp_path / "vi-du.toml").write_text(text, "utf-8")
    carrier, faults = load_custom(tmp_path / "vi-du.toml")
    assert carrier is None
    assert key in [fault.field for fault in faults], faults
    assert all(fault.line and fault.remedy for fault in faults)


def test_the_route_of_the_page_is_a_route(tmp_path: Path) -> None:
    described(tmp_path)
    head = SHIPPED[: SHIPPED.index("[[routes]]")]
    environ = SECRETS | {"VIDU_TOKEN": "t", "VIDU_KEY": "k", "VIDU_HOOK": "h"}
    (tmp_path / "gateway.toml").write_text(head + ROUTE, "utf-8")
    settings = load_settings(tmp_path, environ)
    carrier = settings.carrier(settings.routes[0])
    assert (carrier.NAME, carrier.CAPABILITIES.dedupe_window_s) == ("custom", 3600)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('description = "vi-du.toml"', ""),
        ('description = "vi-du.toml"', 'description = "/etc/vi-du.toml"'),
        ('description = "vi-du.toml"', 'description = "nowhere.toml"'),
        ('carrier = "custom"', 'carrier = "kannel"'),
        (', contract = "77"', ""),
        ('url = "https://sms.vi-du.example"', 'url = "sms.vi-du.example"'),
    ],
)
def test_a_route_without_its_description_stops_the_start(tmp_path: Path, before: str, after: str) -> None:
    described(tmp_path)
    head = SHIPPED[: SHIPPED.index("[[routes]]")]
    assert before in ROUTE
    (tmp_path / "gateway.toml").write_text(head + ROUTE.replace(before, after, 1), "utf-8")
    with pytest.raises(BadSettings):
        load_settings(tmp_path, SECRETS | {"VIDU_TOKEN": "t", "VIDU_KEY": "k", "VIDU_HOOK": "h"})
