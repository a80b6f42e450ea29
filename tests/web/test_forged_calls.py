"""A hundred calls to each carrier that signs, one of them true: one row, 99 refusals, little work, and no word of them anywhere."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from time import process_time
from urllib.parse import quote

import pytest
from yarl import URL

from gateway.carriers.protocol import Signing, signs_calls
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HookCall
from gateway.custom_file import load_custom
from gateway.domain.secret import Secret
from gateway.storage.schema import dlr
from gateway.web.hooks import CALL_LIMIT, HOOKS, Hook
from tests.carriers.signing import SIGNERS
from tests.carriers.test_custom import EXAMPLE
from tests.cpu import least_cpu_s, uncollected
from tests.harness import deployment, eventually, route
from tests.services.people import ALICE, NOW, rows
from tests.test_secrecy import call as plain_call

KEY = "khoa-ky-that"
MARK = "daucuakegia"  # no true text holds it
WORDS = "LS TN07 có 2 mộ"
CPU_S = 15.0  # for a hundred calls, the test's own half included; they take some 0.5 s, and work a forger could order would take minutes
NAMES = (*SIGNERS, "custom")
DAY_S = 86_400
FRESH_S = dict.fromkeys(("smsgate", "vonage", "custom"), 300) | {
    "esms": 3 * DAY_S,
    "vcom": DAY_S,
    "zalo-zns": DAY_S,
}  # how old a signature may be; others: any age


def kind_of(name: str) -> str:
    """What `name` signs: messages from handsets, or, where it has none, reports."""
    return "dlr" if name == "zalo-zns" else "mo"


def told(words: str = WORDS) -> dict[str, dict[str, str]]:
    """An MO in the words of each carrier."""
    return {
        "custom": {"id": "C1", "msisdn": ALICE[1:], "shortcode": "8088", "content": words, "at": "01/11/2026 08:00:00"},
        "esms": {
            "cpid": "1",
            "smsid": "E1",
            "sender": ALICE[1:],
            "serviceNumber": "8088",
            "content": words,
        },
        "plivo": {"From": ALICE[1:], "To": "8088", "Text": words, "MessageUUID": "P1"},
        "smsgate": {"id": "S1", "from": ALICE, "text": words},
        "twilio": {"From": ALICE, "To": "8088", "Body": words, "MessageSid": "SM1", "Note": ""},
        "vcom": {"request_id": "R1", "service_id": "8088", "command_code": "LS", "message": words, "telco": "VT", "phone": ALICE[1:]},
        "zalo-zns": {"msg_id": "Z1", "tracking_id": f"REF{words.split()[0]}", "delivery_time": f"{NOW}"},
        "vonage": {"msisdn": ALICE[1:], "to": "8088", "messageId": "V1", "text": words},
    }


def true_call(name: str, base: str, words: str = WORDS, key: str = KEY, now: int = NOW) -> HookCall:
    """A call as the carrier signs it."""
    url, stamp, fields = f"{base}/hooks/{name}/{kind_of(name)}", now // 1000, told(words)[name]
    if name != "custom":
        return SIGNERS[name](fields, key, url, stamp=stamp)
    body = json.dumps(fields, ensure_ascii=False).encode()
    made = hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return HookCall(
        "POST", f"/hooks/{name}/mo", b"", {"content-type": "application/json", "x-vd-signature": made, "x-vd-time": str(stamp)}, body
    )


HEADERS = ("x-twilio-signature", "x-plivo-signature-v3", "x-signature", "x-vd-signature", "x-zevent-signature")


CHANGES: tuple[Callable[[str], str], ...] = (  # of a signature made with another key
    lambda _: "",
    lambda _: "0",
    lambda made: made[:-4],
    lambda made: made + "AAAA",
    lambda _: "é" * 40,
    lambda _: "A" * 4000,
    lambda made: made[::-1],
    lambda made: f"sha256={made}",
    lambda _: hashlib.md5(KEY.encode(), usedforsecurity=False).hexdigest(),
    lambda _: "," * 500,
    lambda _: base64.b64encode(bytes(20)).decode(),
)


def _resigned(call: HookCall, change: Callable[[str], str]) -> HookCall:
    """`call` with its signature changed, wherever it stands."""
    headers = {name: change(value) if name in HEADERS else value for name, value in call.headers.items()}
    parts = [call.query, call.body]
    for at, raw in enumerate(parts):
        for name in (b"sig=", b"sign="):
            head, mark, old = raw.rpartition(name)
            if mark:
                parts[at] = head + mark + quote(change(old.decode()), safe="%").encode("utf-8", "replace")
    if b'"checksum"' in parts[1]:
        said = json.loads(parts[1])
        parts[1] = json.dumps(said | {"checksum": change(said["checksum"])}).encode()
    return replace(call, headers=headers, query=parts[0], body=parts[1])


def forgeries(name: str, base: str, now: int = NOW) -> Iterator[HookCall]:
    """Ninety-nine calls that bear no signature of KEY's over what they say now."""
    random, true, marked = Random(7), true_call(name, base, now=now), true_call(name, base, f"{MARK} LS", key="khoa-khac")
    yield marked
    yield true_call(name, base, f"{MARK} {WORDS}", key="")
    for change in CHANGES:
        yield _resigned(marked, change)
    said = true.body or true.query
    covered = {"vcom": "R1", "zalo-zns": "REFLS"}.get(name, "LS TN07")  # V-COM signs who and when, not what
    other = said.replace(quote(covered).replace("%20", "+").encode(), MARK.encode()).replace(covered.encode(), MARK.encode())
    assert other != said
    yield replace(true, body=other) if true.body else replace(true, query=other)  # a true signature, other words
    yield replace(true, headers={}, query=b"", body=b"x")  # nothing that proves anything
    if name in FRESH_S:
        for away in (-FRESH_S[name] - 1, FRESH_S[name] + 1, -7 * DAY_S, 10**9):
            yield true_call(name, base, f"{MARK} {away}", now=now + away * 1000)  # signed truly, at another time
    if name == "twilio":
        yield replace(true, headers=dict(true.headers) | {"x-twilio-webhooks-signature-settings": "algorithm=HMAC_MD5"})
        yield replace(true, body=true.body + b"&Body=" + MARK.encode())
        yield replace(true, query=b"bodySHA256=" + hashlib.sha256(true.body).hexdigest().encode(), body=true.body)
    if true.method == "POST":
        for filler in (b"a=1&", b"&", b"%41=%42&", b'{"a":', b"\xff" * 7):
            yield replace(marked, body=filler * (900_000 // len(filler)) + marked.body)  # work, if anybody did it
    while True:
        junk = "".join(random.choices("ABCDEFabcdef0123456789+/=", k=random.choice((28, 40, 44, 64))))
        yield _resigned(true_call(name, base, f"{MARK} {junk}", key="khoa-khac"), lambda _, junk=junk: junk)


async def _bring(door, call: HookCall) -> tuple[int, str]:
    url = URL(f"{door.url}{call.path}{'?' if call.query else ''}{call.query.decode()}", encoded=True)
    headers = {name: value.encode("utf-8").decode("latin-1") for name, value in call.headers.items()}
    async with door.session.request(call.method, url, data=call.body or None, headers=headers) as answer:
        return answer.status, await answer.text()


def _hook(name: str, base: str, folder: Path) -> Hook:
    if name == "custom":
        (folder / "vi-du.toml").write_text(EXAMPLE, "utf-8")
        carrier, faults = load_custom(folder / "vi-du.toml")
        assert carrier is not None, faults
    else:
        carrier = CARRIERS[name]
    return Hook(name, carrier, Secret("bi-mat-trong-dia-chi"), key=Secret(KEY), base_url=base)


def _is_refused(name: str, status: int, page: str) -> bool:
    """V-COM hears its no under HTTP 200, or it would call again."""
    assert status in (200, 403)
    return status == 403 or (name == "vcom" and '"errors"' in page)


async def _is_the_true_one(door, name: str) -> None:
    """One row, and it is the true call's."""
    mos, reports = await rows(door.database), await rows(door.database, dlr)
    if kind_of(name) == "mo":
        assert [(row.route, row.sender, row.text, row.state) for row in mos] == [(name, ALICE, WORDS, "new")]
        assert reports == []
    else:
        assert mos == []
        assert [(row.route, row.ref, row.status) for row in reports] == [(name, "REFLS", "delivered")]


def test_every_carrier_that_signs_is_here() -> None:
    """Zalo has a door of its own, and a test there."""
    assert {name for name, carrier in CARRIERS.items() if signs_calls(carrier)} - {"zalo"} == set(SIGNERS)


@pytest.mark.parametrize("name", NAMES)
async def test_one_of_a_hundred_is_true(door, name: str, tmp_path: Path, capfd) -> None:
    door.app[HOOKS][name] = _hook(name, door.url, tmp_path)
    made = forgeries(name, door.url)
    calls = [next(made) for _ in range(99)]
    calls.insert(57, true_call(name, door.url))
    assert all(len(each.body) < CALL_LIMIT for each in calls)
    capfd.readouterr()
    with uncollected():
        began = process_time()
        answers = [await _bring(door, each) for each in calls]
        spent = process_time() - began
    await _is_the_true_one(door, name)
    assert [_is_refused(name, *answer) for answer in answers] == [at != 57 for at in range(100)]
    said = " ".join([text for _, text in answers] + [*capfd.readouterr()])
    assert MARK not in said
    assert spent < CPU_S


@pytest.mark.parametrize("name", NAMES)
async def test_forgers_at_once_do_not_keep_the_true_one_out(door, name: str, tmp_path: Path) -> None:
    door.app[HOOKS][name] = _hook(name, door.url, tmp_path)
    made = forgeries(name, door.url)
    calls = [next(made) for _ in range(30)] + [true_call(name, door.url)] * 3
    answers = await asyncio.gather(*(_bring(door, each) for each in calls))
    assert [_is_refused(name, *answer) for answer in answers] == [True] * 30 + [False] * 3
    await _is_the_true_one(door, name)


LONG_AGO = 10**12  # 2001: this gateway goes by the real clock
LIVE = ("esms", "plivo", "smsgate", "twilio", "vonage")  # those whose account needs no more than a hook_key


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_no_log_and_no_metric_of_a_gateway_tells_of_forged_words(tmp_path: Path) -> None:
    """A real process with every signing carrier, as an operator runs it."""
    routes = "".join(
        route(name, name, "http://127.0.0.1:9/x").replace('password = "p"', f'password = "p", hook_key = "{KEY}"') for name in LIVE
    )
    gateway = deployment(tmp_path / "d", routes=routes)
    with gateway.serving():
        for name in LIVE:
            made = forgeries(name, gateway.url, LONG_AGO)
            for each in [next(made) for _ in range(25)]:
                query = f"?{each.query.decode()}" if each.query else ""
                headers = {head: value.encode("utf-8").decode("latin-1") for head, value in each.headers.items()}
                data = each.body if each.method == "POST" else None
                status, page = await asyncio.to_thread(plain_call, f"{gateway.url}{each.path}{query}", data=data, headers=headers)
                assert status == 403, name
                assert MARK.encode() not in page
        await eventually(lambda: asyncio.to_thread(_listens, gateway.desk))
        _, metrics = await asyncio.to_thread(plain_call, f"http://127.0.0.1:{gateway.desk}/metrics")
    assert b"tinbao_outbox" in metrics
    written = [metrics, *(path.read_bytes() for path in (tmp_path / "d").rglob("*") if path.is_file())]
    assert not any(MARK.encode() in data.lower() for data in written)


@pytest.mark.parametrize("name", ["plivo", "twilio", "vonage"])
def test_a_form_of_a_quarter_of_a_million_fields_is_refused_unread(name: str) -> None:
    """Nobody needs a key to send one: sorting it would cost a third of a second each time."""
    true, carrier = true_call(name, "http://h"), CARRIERS[name]
    assert signs_calls(carrier)
    call = replace(true, body=b"a=1&" * 250_000 + true.body)
    assert carrier.is_signed(call, Signing(Secret(KEY), "http://h", NOW)) is False
    assert least_cpu_s(lambda: carrier.is_signed(call, Signing(Secret(KEY), "http://h", NOW))) < 0.1
