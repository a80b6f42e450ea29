"""Zalo's wire: requests without a token until they leave, signatures over the bytes as they came, every event."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers import zalo
from gateway.carriers.protocol import Accepted, Account, Batch, Dlr, Malformed, Mo, Mt
from gateway.carriers.wire import HookCall
from gateway.carriers.zalo import (
    FREE_MS,
    OPEN_MS,
    STALE_MS,
    Aside,
    Media,
    Opened,
    Position,
    Told,
    Window,
    event_of,
    is_signed,
    is_zalos,
    open_call,
    window,
)
from gateway.carriers.zalo_token import Denied, Pair, Unclear, build_refresh, parse_pair
from gateway.domain.failure import Refused
from gateway.domain.message import DlrStatus
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret
from tests.carriers.carrier_cases import batch, says
from tests.carriers.zalo_cases import ZALO

ACCOUNT = Account("zalo", "https://openapi.example/v3.0/oa/message/cs", "111", Secret("app-secret"), "")
KEY = Secret("oasecret")
STAMP = "1700000000000"


def call(body: bytes, mac: str = "") -> HookCall:
    return HookCall("POST", "/hooks/zalo/zalo", b"", {"x-zevent-signature": mac}, body)


def event(name: str = "user_send_text", message: object = None, **more: object) -> dict[str, object]:
    parts = {
        "sender": {"id": "222"},
        "recipient": {"id": "333"},
        "message": {"msg_id": "m1", "text": "Xin chào"} if message is None else message,
    }
    return {"app_id": "111", "event_name": name, "timestamp": STAMP, **parts, **more}


def opened(values: object) -> Opened | Malformed:
    return open_call(call(json.dumps(values).encode()))


def read(values: object):
    found = opened(values)
    return event_of(found) if isinstance(found, Opened) else found


# --- out ---


@pytest.mark.parametrize(("response", "outcome"), [case[1:] for case in ZALO], ids=[case[0] for case in ZALO])
def test_what_an_answer_means(response, outcome):
    assert zalo.parse_send(response, batch()) == (outcome,)


def test_every_code_has_a_case_and_means_what_codes_says():
    met = {outcome.code: outcome.kind for _, _, outcome in ZALO if isinstance(outcome, Refused)}
    assert {code: met.get(code) for code, kind in zalo.CODES.items() if kind} == {code: kind for code, kind in zalo.CODES.items() if kind}


def test_a_message_is_addressed_by_user_id_and_names_no_token():
    mt = Mt(1, "REF1", Msisdn(zalo.address_of("222")), "Đã nhận tin báo “7K3M9P”", 1)
    request = zalo.build_send(ACCOUNT, Batch("REF1", (mt,)))
    assert json.loads(request.body) == {"recipient": {"user_id": "222"}, "message": {"text": "Đã nhận tin báo “7K3M9P”"}}
    assert (request.method, request.url, dict(request.headers)) == ("POST", ACCOUNT.url, {"Content-Type": "application/json"})


def test_a_number_is_no_user():
    assert json.loads(zalo.build_send(ACCOUNT, batch()).body)["recipient"] == {"user_id": ""}
    assert [zalo.user_of(each) for each in ("zalo:222", "222", "+84300000011", "zalo:", "zalo:2 2", "zalo:zalo:2")] == ["222", *[None] * 5]


def test_the_token_goes_into_headers_alone():
    request = zalo.with_token(zalo.build_send(ACCOUNT, batch()), Secret("tok"), Secret("app-secret"))
    assert request.headers["access_token"] == "tok"
    assert request.headers["appsecret_proof"] == hmac.new(b"app-secret", b"tok", hashlib.sha256).hexdigest()
    assert "tok" not in request.url + request.body.decode() + repr(request).replace("access_token", "")


@pytest.mark.parametrize(("code", "told"), [(-216, True), (-124, True), ("-216", True), (0, False), (-213, False), (None, False)])
def test_which_answers_blame_the_token(code, told):
    assert zalo.refuses_token(says(200, json.dumps({"error": code}))) is told


@pytest.mark.parametrize(("age_h", "answers", "found"), [
    (0, 0, Window.FREE), (47.9, 7, Window.FREE), (47.9, 8, Window.PAID), (48, 0, Window.PAID),
    (167.9, 0, Window.PAID), (168, 0, Window.CLOSED)])  # fmt: skip
def test_when_somebody_may_be_written_to(age_h, answers, found):
    now = 10 * OPEN_MS
    assert window(now - round(age_h * 3_600_000), answers, now) is found


def test_who_never_wrote_is_not_written_to():
    assert window(None, 0, FREE_MS) is Window.CLOSED


# --- signatures ---

SAMPLE = (
    '{"app_id":"111","event_name":"user_send_text","timestamp":"1700000000000","sender":{"id":"222"},"recipient":{"id":"333"},'
    '"message":{"msg_id":"m1","text":"Xin chào"}}'
).encode()
MAC = "mac=9557a64ac66e71a90141d56cf153634f4e074774d000a7aede391381201770b8"  # carriers.md §3.14
ESCAPED = b'{ "timestamp" : "1700000000000",\n"app_id":"111", "event_name":"user_send_text", "message":{"text":"Xin ch\\u00e0o"} }'


def mac_of(body: bytes, app_id: str = "111", stamp: str = STAMP, key: str = "oasecret") -> str:
    return "mac=" + hashlib.sha256(app_id.encode() + body + stamp.encode() + key.encode()).hexdigest()


@pytest.mark.parametrize(("body", "mac", "known"), [
    (SAMPLE, MAC, True),
    (SAMPLE, MAC.removeprefix("mac="), True),
    (SAMPLE, " mac=" + MAC[4:].upper() + " ", True),
    (ESCAPED, mac_of(ESCAPED), True),  # re-serialised JSON would not verify
    (SAMPLE.replace(b"Xin", b"xin"), MAC, False),  # edited
    (SAMPLE.replace(b'"222"', b'"223"'), MAC, False),
    (SAMPLE.replace(b"1700000000000", b"1700000000001"), MAC, False),  # made young again
    (SAMPLE + b" ", MAC, False),
    (SAMPLE, "", False),
    (SAMPLE, "mac=", False),
    (SAMPLE, MAC[:-1], False),
    (SAMPLE, "mac=" + "é" * 64, False),
    (SAMPLE, "mac=\udcff", False),
    (SAMPLE, "mac=" + hmac.new(b"oasecret", b"111" + SAMPLE + STAMP.encode(), hashlib.sha256).hexdigest(), False),  # an HMAC, as some think
    (SAMPLE, mac_of(SAMPLE, key="app-secret"), False),  # the app's secret, as others do
    (SAMPLE.replace(b'"111"', b'"112"'), mac_of(SAMPLE.replace(b'"111"', b'"112"'), "112"), False),  # another app's
])  # fmt: skip
def test_a_signature_covers_the_bytes_as_they_came(body, mac, known):
    found = open_call(call(body, mac))
    assert isinstance(found, Opened)
    assert is_signed(call(body, mac), found, "111", KEY) is known


def test_without_a_key_nothing_is_signed():
    assert not is_signed(call(SAMPLE, mac_of(SAMPLE, key="")), open_call(call(SAMPLE)), "111", Secret(""))


@pytest.mark.parametrize(("age_ms", "fresh"), [(0, True), (STALE_MS, True), (STALE_MS + 1, False), (-600_000, True), (-600_001, False)])
def test_how_old_a_call_may_be(age_ms, fresh):
    assert opened(event()).is_fresh(int(STAMP) + age_ms) is fresh


@pytest.mark.parametrize("values", [
    [], {}, {"event_name": "user_send_text"}, event(timestamp=None), event(timestamp=""), event(timestamp="1e12"), event(timestamp=True),
    event(timestamp="-1700000000000"), event(timestamp="９" * 13), event(timestamp=1.7e12), event(timestamp=10**40), event(event_name=5),
    event(event_name=""), event(event_name="A" * 500), event(event_name="<script>")])  # fmt: skip
def test_what_says_neither_what_nor_when_is_no_event(values):
    assert isinstance(opened(values), Malformed)


def test_a_time_may_come_as_a_number():
    assert opened(event(timestamp=int(STAMP))).at_ms == int(STAMP)


# --- events ---


def located(latitude: object, longitude: object, **more: object) -> dict[str, object]:
    return {
        "msg_id": "m1",
        "attachments": [{"type": "location", "payload": {"coordinates": {"latitude": latitude, "longitude": longitude}}}],
        **more,
    }


def pictured(**payload: object) -> dict[str, object]:
    return {"msg_id": "m1", "attachments": [{"type": "image", "payload": payload}]}


def said(text: str, name: str = "user_send_text") -> Mo:
    return Mo(f"{name}:m1", "zalo:222", "333", text, int(STAMP))


IMAGE, PLACE = "user_send_image", "user_send_location"
PHOTO = "https://f1.photo.zdn.vn/a.jpg"
EVENTS = [
    ("a text", event(), Told(said("Xin chào"))),
    ("ids as numbers", event(app_id=111, sender={"id": 222}, recipient={"id": 333}), Told(said("Xin chào"))),
    ("NUL and half a letter", event(message={"msg_id": "m1", "text": "a\0b\ud800"}), Told(said("ab?"))),
    ("a photo", event(IMAGE, pictured(url=PHOTO, thumbnail=PHOTO)), Told(said("", IMAGE), (Media("image", PHOTO, PHOTO),))),
    ("a photo with words", event(IMAGE, pictured(url=PHOTO) | {"text": "mộ"}), Told(said("mộ", IMAGE), (Media("image", PHOTO),))),
    ("only a small photo", event(IMAGE, pictured(thumbnail=PHOTO)), Told(said("", IMAGE), (Media("image", PHOTO, PHOTO),))),
    ("a recording", event("user_send_audio", {"msg_id": "m1", "attachments": [{"type": "audio", "payload": {"url": PHOTO}}]}),
     Told(said("", "user_send_audio"), (Media("audio", PHOTO),))),
    ("a place", event(PLACE, located("16.4637", "107.5909")), Told(said("", PLACE), (), Position(16.4637, 107.5909))),
    ("a place with a name", event(PLACE, located(16.4637, 107.5909, text="Khe Tăng")),
     Told(said("Khe Tăng", PLACE), (), Position(16.4637, 107.5909))),
    ("a place and no more than its name", event(PLACE, located("x", "y", text="Khe Tăng")),
     Told(said("Khe Tăng", PLACE), others=())),
    ("words with a file",
     event("user_send_file", {"msg_id": "m1", "text": "giấy báo tử", "attachments": [{"type": "file", "payload": {}}]}),
     Told(said("giấy báo tử", "user_send_file"), others=("file",))),
    ("delivered", event("user_received_message", {"msg_id": "oa1", "delivery_time": STAMP}),
     Dlr("oa1", ours=False, status=DlrStatus.DELIVERED, code="user_received_message", at_ms=int(STAMP))),
    ("delivered, without an id", event("user_received_message", {}), Aside("user_received_message")),
    *[(name, event(name, {}), Aside(name)) for name in (
        "follow", "unfollow", "user_seen_message", "user_reacted_message", "user_send_sticker", "user_send_gif", "oa_send_text",
        "oa_send_image", "shop_has_order")],
]  # fmt: skip


@pytest.mark.parametrize(("values", "found"), [case[1:] for case in EVENTS], ids=[case[0] for case in EVENTS])
def test_what_an_event_is(values, found):
    assert read(values) == found


@pytest.mark.parametrize("values", [
    event(message=[]), event(message="mộ"), event(message={"msg_id": "m1"}), event(message={"text": ""}), event(message={"text": 5}),
    event(sender={}), event(sender=[]), event(sender={"id": ""}), event(sender={"id": "2 2"}), event(sender={"id": "x" * 41}),
    event(IMAGE, pictured(url="")), event(IMAGE, pictured(url=5)), event(IMAGE, pictured(url="https://é/")),
    event("user_send_image", {"attachments": {}}), event("user_send_image", {"attachments": ["x"]}),
    *[event(PLACE, located(*at)) for at in (
        ("", ""), ("91", "107"), ("16", "181"), ("nan", "107"), ("1e400", "107"), (None, "107"), (True, "107"), (["16"], "107"),
        ("1" * 40, "1"))],
    event("user_submit_info", {"info": "0300 000 011"}), event("anonymous_send_text", {"msg_id": "m1"})])  # fmt: skip
def test_what_may_be_a_voice_and_cannot_be_read_is_for_the_desk(values):
    found = read(values)
    assert isinstance(found, Malformed)
    assert "0300" not in found.reason


def test_an_event_without_an_id_has_the_name_of_its_bytes():
    """A repeat has the same bytes, another event has not."""
    once, again, other = (read(event(message={"text": text})).mo.carrier_id for text in ("mộ", "mộ", "mộ khác"))
    assert once == again != other


def test_ten_thousand_attachments_are_twenty():
    many = [{"type": "image", "payload": {"url": PHOTO}}] * 10_000
    assert len(read(event("user_send_image", {"attachments": many})).media) == zalo.MOST_MEDIA


def test_the_carrier_protocol_sees_the_same():
    body = json.dumps(event()).encode()
    assert zalo.parse_mo(call(body)) == said("Xin chào")
    assert isinstance(zalo.parse_dlr(call(body)), Malformed)
    receipt = json.dumps(event("user_received_message", {"msg_id": "oa1"})).encode()
    assert isinstance(zalo.parse_dlr(call(receipt)), Dlr)
    assert isinstance(zalo.parse_mo(call(receipt)), Malformed)
    assert zalo.acknowledge("mo").status == 200


NAMES = ["user_send_text", IMAGE, PLACE, "user_received_message", "follow", "oa_send_text", "user_x"]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["222", "16.4", PHOTO, STAMP, "image"])
)
KEYS = st.sampled_from(["id", "msg_id", "text", "attachments", "type", "payload", "url", "coordinates", "latitude", "longitude"])
ANY = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=15)
CALLS = st.fixed_dictionaries({"event_name": st.sampled_from(NAMES) | SCALARS, "timestamp": st.just(STAMP) | SCALARS},
                              optional={"app_id": SCALARS, "sender": ANY, "recipient": ANY, "message": ANY})  # fmt: skip


@given(body=st.binary(max_size=200) | (CALLS | ANY).map(lambda value: json.dumps(value).encode()), mac=st.text(max_size=80))
def test_no_body_makes_the_parser_raise_or_yields_what_a_database_refuses(body, mac):
    found = open_call(call(body, mac))
    if isinstance(found, Malformed):
        return
    assert is_signed(call(body, mac), found, "111", KEY) is False
    what = event_of(found)
    if isinstance(what, Told):
        words = f"{what.mo.carrier_id}{what.mo.sender}{what.mo.receiver}{what.mo.text}"
        words.encode()  # no lone surrogate
        assert "\0" not in words
        assert what.position is None or (abs(what.position.latitude) <= 90 and abs(what.position.longitude) <= 180)
    if isinstance(what, Dlr):
        assert what.ref.isascii()


@given(body=st.binary(max_size=100) | ANY.map(lambda value: json.dumps(value).encode()), status=st.integers(100, 599))
def test_no_answer_makes_a_parser_raise(body, status):
    assert isinstance(zalo.parse_send(says(status, body), batch())[0], Accepted | Refused)
    assert isinstance(parse_pair(says(status, body)), Pair | Denied | Unclear)


def test_no_repr_shows_a_person_or_a_word():
    values = [call(SAMPLE, MAC), open_call(call(SAMPLE)), read(event()), read(event(PLACE, located("16.4637", "107.5909")))]
    values += [read(event(IMAGE, pictured(url=PHOTO))), parse_pair(says(200, '{"access_token":"aaa","refresh_token":"rrr"}'))]
    shown = " ".join(f"{value!r} {value!s}" for value in values)
    for word in ("Xin", "zalo:222", "16.4637", PHOTO, "aaa", "rrr", MAC):
        assert word not in shown


# --- photos ---


@pytest.mark.parametrize(("url", "zalos"), [
    ("https://f1.photo.zdn.vn/a.jpg", True), ("https://zdn.vn/a", True), ("https://S.ZADN.VN:443/a", True), ("https://zdn.vn./a", True),
    ("http://f1.zdn.vn/a", False), ("https://zdn.vn.example/a", False), ("https://xzdn.vn/a", False), ("https://zdn.vn:8443/a", False),
    ("https://zdn.vn@127.0.0.1/a", False), ("https://u@zdn.vn/a", False), ("https://127.0.0.1/zdn.vn", False),
    ("https://[::1]/zdn.vn", False),
    ("https://127.0.0.1\\.zdn.vn/a", False), ("https://example\\@zdn.vn/", False), ("https://zdn.vn/a b", False),
    ("https://zdn.vn/#a", False),
    ("https://zdn.vn:99999/", False), ("https://[zdn.vn/", False), ("file:///etc/zdn.vn", False), ("", False), ("//zdn.vn/a", False),
    ("https://zdn.vn/\r\nHost: x", False), ("https://zḋn.vn/", False)])  # fmt: skip
def test_only_zalos_own_servers_are_called(url, zalos):
    assert is_zalos(url) is zalos


# --- tokens ---


def test_a_renewal_has_its_secrets_out_of_the_address():
    request = build_refresh("https://oauth.example/v4/oa/access_token", "111", Secret("app-secret"), Secret("r+1&"))
    assert (request.method, request.url) == ("POST", "https://oauth.example/v4/oa/access_token")
    assert dict(request.headers) == {"Content-Type": "application/x-www-form-urlencoded", "secret_key": "app-secret"}
    assert request.body == b"app_id=111&grant_type=refresh_token&refresh_token=r%2B1%26"


GOOD = {"access_token": "a1", "refresh_token": "r2", "expires_in": "90000"}


@pytest.mark.parametrize(("body", "found"), [
    (GOOD, Pair(Secret("a1"), Secret("r2"), 90_000)),
    (GOOD | {"expires_in": 90_000}, Pair(Secret("a1"), Secret("r2"), 90_000)),
    (GOOD | {"expires_in": "soon"}, Pair(Secret("a1"), Secret("r2"), 60)),
    (GOOD | {"expires_in": "9" * 9}, Pair(Secret("a1"), Secret("r2"), 366 * 86_400)),
    (GOOD | {"error": 0}, Pair(Secret("a1"), Secret("r2"), 90_000)),
    ({"error": -14014, "error_name": "Invalid refresh token."}, Denied("-14014")),
    ({"error": "-14014"}, Denied("-14014")),
    (GOOD | {"refresh_token": ""}, Unclear("http-200")),  # half a pair is none
    (GOOD | {"access_token": "a\r\nX: y"}, Unclear("http-200")),
    (GOOD | {"access_token": "é"}, Unclear("http-200")),
    ({"error": 0}, Unclear("http-200")), ({}, Unclear("http-200")), ([GOOD], Unclear("http-200")),
    ("<html>", Unclear("http-200"))])  # fmt: skip
def test_what_a_renewal_brought(body, found):
    assert parse_pair(says(200, body if isinstance(body, str) else json.dumps(body))) == found


def test_a_proxy_page_is_no_word_of_zalos():
    assert parse_pair(says(503, "<h1>busy</h1>")) == Unclear("http-503")
