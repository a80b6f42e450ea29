"""Wires of the world beyond the common laws: the public vectors of signatures, reports, pieces, the likely mistakes of carriers.md §7."""

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest

from gateway.carriers import africastalking, infobip, jasmin, plivo, smsgate, twilio, vonage
from gateway.carriers.protocol import Accepted, Account, Dlr, Malformed, Mo, Signing, calls_in
from gateway.carriers.udh import part_of
from gateway.carriers.wire import HookCall
from gateway.domain.message import DlrStatus
from gateway.domain.secret import Secret
from gateway.web.hooks import Hook, is_authentic
from tests.carriers.carrier_cases import ACCOUNT, batch, says

NOW = 1_700_000_000_000


def form(path: str, fields: dict[str, str], query: str = "", **headers: str) -> HookCall:
    return HookCall(
        "POST", path, query.encode(), {name.replace("_", "-"): value for name, value in headers.items()}, urlencode(fields).encode()
    )


# --- Twilio ---

VECTOR = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309", "To": "+18005551212"}
BY_TWILIO = Signing(Secret("12345"), "https://mycompany.com", NOW)


def test_twilios_own_vector() -> None:
    """Mistake 16: the address that Twilio called, not the one that a proxy shows."""
    call = form("/myapp.php", VECTOR, "foo=1&bar=2", x_twilio_signature="RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert twilio.is_signed(call, BY_TWILIO) is True
    assert twilio.is_signed(call, Signing(Secret("12345"), "http://127.0.0.1:8080", NOW)) is False
    assert twilio.is_signed(call, Signing(Secret("12346"), "https://mycompany.com", NOW)) is False


@pytest.mark.parametrize(
    ("word", "status"),
    [("queued", DlrStatus.BUFFERED), ("sent", DlrStatus.ACCEPTED), ("delivered", DlrStatus.DELIVERED), ("undelivered", DlrStatus.FAILED)],
)
def test_what_a_twilio_callback_says(word: str, status: DlrStatus) -> None:
    call = form("/hooks/t/dlr", {"MessageSid": "SM1", "MessageStatus": word, "ErrorCode": "30003"})
    assert twilio.parse_dlr(call) == Dlr("SM1", False, 0, status, "30003")


def test_a_twilio_reply_is_xml() -> None:
    assert twilio.acknowledge_with("a < b & c", form("/", {})).body == b"<Response><Message>a &lt; b &amp; c</Message></Response>"


def test_a_messaging_service_stands_in_its_own_field() -> None:
    sid = "MG" + "0" * 32
    body = twilio.build_send(Account("t", "http://127.0.0.1:1/", "u", Secret("p"), sid), batch()).body.decode()
    assert f"MessagingServiceSid={sid}" in body
    assert "From=" not in body


# --- Vonage ---

SIGNED = {"api_key": "k", "from": "AB", "text": "a&b=c", "timestamp": "1700000000", "to": "84901234567", "type": "text"}
SIGNATURE = "27f84f6a692712c247aae9c277e6bc2f188d313ca8b6a0d288bc8baa5b519a68"


def test_vonages_vector_and_its_age() -> None:
    call = HookCall("GET", "/hooks/v/mo", urlencode(SIGNED | {"sig": SIGNATURE.upper()}).encode() + b"&secret=x")
    assert vonage.is_signed(call, Signing(Secret("sec"), "", NOW)) is True
    assert vonage.is_signed(call, Signing(Secret("sec"), "", NOW + vonage.FRESH_MS + 1_000)) is False
    assert vonage.is_signed(call, Signing(Secret("other"), "", NOW)) is False


def test_pieces_of_a_long_vonage_text_can_be_joined() -> None:
    """Mistake 19: they come in any order; the joining is the inbox's, by the header."""
    for number in (3, 1, 2):
        fields = {"msisdn": "84300000101", "to": "8088", "messageId": f"m{number}", "text": f"part {number}", "concat": "true"}
        fields |= {"concat-ref": "dd42", "concat-total": "3", "concat-part": str(number)}
        read = vonage.parse_mo(form("/hooks/v/mo", fields))
        assert isinstance(read, Mo)
        part = part_of(read.udh)
        assert part is not None
        assert (part.number, part.total) == (number, 3)


@pytest.mark.parametrize("form_", ["get", "form", "json"])
def test_a_vonage_report_in_each_of_its_forms(form_: str) -> None:
    fields = {"msisdn": "84300000101", "messageId": "m1", "status": "delivered", "err-code": "0", "client-ref": "REF00001"}
    call = {
        "get": HookCall("GET", "/hooks/v/dlr", urlencode(fields).encode()),
        "form": form("/hooks/v/dlr", fields),
        "json": HookCall("POST", "/hooks/v/dlr", headers={"content-type": "application/json"}, body=json.dumps(fields).encode()),
    }[form_]
    assert vonage.parse_dlr(call) == Dlr("REF00001", True, 0, DlrStatus.DELIVERED, "0")


# --- Plivo ---


def test_plivos_vector() -> None:
    fields = {"From": "84901234567", "Text": "hi", "To": "12025550100"}
    by = Signing(Secret("tok"), "https://gw.example.vn", NOW)
    headers = {"x_plivo_signature_v3_nonce": "n1", "x_plivo_signature_v3": "bm9uZQ==,5F+9/g3UlT6slW5m8zVc3WNVvFzC2t2ZSvxXRzB0zkI="}
    assert plivo.is_signed(form("/in/plivo", fields, **headers), by) is True
    assert plivo.is_signed(form("/in/plivo", fields | {"Text": "ho"}, **headers), by) is False
    assert plivo.is_signed(form("/in/plivo", fields), by) is False


def test_plivos_older_signature_where_the_newer_is_missing() -> None:
    made = base64.b64encode(hmac.new(b"tok", b"https://gw.example.vn/in/plivon2", hashlib.sha256).digest()).decode()
    call = form("/in/plivo", {"From": "8"}, "a=1", x_plivo_signature_v2=made, x_plivo_signature_v2_nonce="n2")
    assert plivo.is_signed(call, Signing(Secret("tok"), "https://gw.example.vn", NOW)) is True


def test_a_plivo_report_in_parts_is_the_wholes() -> None:
    call = form("/hooks/p/dlr", {"MessageUUID": "part", "ParentMessageUUID": "whole", "Status": "delivered"})
    assert plivo.parse_dlr(call) == Dlr("whole", False, 0, DlrStatus.DELIVERED, "delivered")


# --- SMSGate ---

BODY = b'{"event":"sms:received"}'
HMAC = "3772617c4c41a05bc7a4808c3833d4129ef847a530b3487bfe4f10844033fc68"


def test_smsgates_vector_and_its_age() -> None:
    """Mistake 17: body and time glued."""
    call = HookCall("POST", "/hooks/s/mo", headers={"x-signature": HMAC, "x-timestamp": "1700000000"}, body=BODY)
    assert smsgate.is_signed(call, Signing(Secret("k"), "", NOW)) is True
    for away in (smsgate.FRESH_MS + 1_000, -smsgate.FRESH_MS - 1_000):
        assert smsgate.is_signed(call, Signing(Secret("k"), "", NOW + away)) is False
    assert smsgate.is_signed(HookCall("POST", "/", headers={"x-signature": HMAC}, body=BODY), Signing(Secret("k"), "", NOW)) is False


def test_a_signed_call_needs_no_secret_and_a_forged_one_is_not_saved_by_it() -> None:
    hook = Hook("s", smsgate, Secret("in-the-path"), key=Secret("k"))
    signed = HookCall("POST", "/hooks/s/mo", headers={"x-signature": HMAC, "x-timestamp": "1700000000"}, body=BODY)
    forged = HookCall("POST", "/hooks/s/mo", b"secret=in-the-path", {"x-timestamp": "1700000000"}, BODY)
    assert is_authentic(hook, signed, NOW)
    assert not is_authentic(hook, forged, NOW)


def event(kind: str, **payload: object) -> HookCall:
    return HookCall("POST", "/hooks/s/mo", body=json.dumps({"id": "ev1", "event": kind, "payload": payload}).encode())


@pytest.mark.parametrize("name", ["sender", "phoneNumber"])
def test_a_text_of_the_phone_under_either_name(name: str) -> None:
    call = event("sms:received", **{name: "+84300000101"}, message="LS TN07 mộ", receivedAt="2026-11-01T08:00:00.000+07:00")
    assert smsgate.parse_mo(call) == Mo("ev1", "+84300000101", "", "LS TN07 mộ", 1_793_494_800_000)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("sms:sent", DlrStatus.ACCEPTED), ("sms:delivered", DlrStatus.DELIVERED), ("sms:failed", DlrStatus.FAILED), ("system:ping", None)],
)
def test_what_the_phone_reports(kind: str, status: DlrStatus | None) -> None:
    found = smsgate.parse_dlr(event(kind, messageId="REF00001"))
    assert isinstance(found, Malformed) if status is None else found == Dlr("REF00001", True, 0, status, kind[4:])


# --- Jasmin ---


def test_jasmin_gets_accents_as_hex_and_reads_them_so() -> None:
    url = jasmin.build_send(ACCOUNT, batch(text="mộ")).url
    assert "coding=8" in url
    assert f"hex-content={'mộ'.encode('utf-16-be').hex()}" in url
    fields = {"id": "m1", "from": "84300000101", "to": "8088", "coding": "8", "content": "m?", "binary": "mộ".encode("utf-16-be").hex()}
    assert jasmin.parse_mo(form("/hooks/j/mo", fields)) == Mo("m1", "84300000101", "8088", "mộ")


@pytest.mark.parametrize(
    ("coding", "octets", "text"),
    [
        ("\x08", "mộ".encode("utf-16-be"), "mộ"),  # on Python 3 Jasmin writes the number as the octet itself
        ("\x03", b"caf\xe9", "café"),
        ("\0", b"\x00 1 mo \x1b\x65", "@ 1 mo €"),
        ("0", b"\x05", "é"),
        ("0", b"\xff", "m?"),  # no septet: Jasmin's own letters
        ("\0", b"mo \x1b", "m?"),
        ("\0", b"", "m?"),
    ],
)
def test_a_text_through_jasmin_is_read_from_its_octets(coding: str, octets: bytes, text: str) -> None:
    fields = {"id": "m1", "from": "84300000101", "to": "8088", "coding": coding, "content": "m?", "binary": octets.hex()}
    assert jasmin.parse_mo(form("/hooks/j/mo", fields)) == Mo("m1", "84300000101", "8088", text)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("ESME_ROK", DlrStatus.ACCEPTED),
        ("DELIVRD", DlrStatus.DELIVERED),
        ("UNDELIV", DlrStatus.FAILED),
        ("ESME_RINVDSTADR", DlrStatus.REJECTED),
        ("what", None),
    ],
)
def test_what_jasmin_reports(word: str, status: DlrStatus | None) -> None:
    """Mistake 3: each is answered with ACK/Jasmin, those we ignore as well."""
    found = jasmin.parse_dlr(form("/hooks/j/dlr", {"id": "u-1", "message_status": word, "level": "1"}))
    assert isinstance(found, Malformed) if status is None else found == Dlr("u-1", False, 0, status, word)
    assert jasmin.acknowledge("dlr").body == b"ACK/Jasmin"


# --- Africa's Talking ---


def test_each_recipient_has_its_own_row_in_any_order() -> None:
    """Mistake 15."""
    rows = [
        {"statusCode": 403, "number": "+84300000002", "messageId": "None"},
        {"statusCode": 101, "number": "+84300000001", "messageId": "a"},
    ]
    answer = says(201, json.dumps({"SMSMessageData": {"Message": "…", "Recipients": rows}}))
    first, second, third = africastalking.parse_send(answer, batch(3))
    assert first == Accepted("a")
    assert (second.code, third.code, third.maybe_sent) == ("403", "left-out", True)


@pytest.mark.parametrize("date", ["2026-11-01T08:00:00Z", "2026-11-01 08:00:00"])
def test_both_forms_of_its_date(date: str) -> None:
    fields = {"id": "m1", "from": "+84300000101", "to": "8088", "text": "LS TN07", "date": date}
    assert africastalking.parse_mo(form("/hooks/a/mo", fields)) == Mo("m1", "+84300000101", "8088", "LS TN07", 1_793_520_000_000)


# --- Infobip ---


def test_an_array_is_as_many_calls() -> None:
    """Mistake 15: every element is read."""
    rows = [
        {"messageId": f"REF{at:05}", "status": {"groupId": group}, "error": {"name": "NO_ERROR"}, "doneAt": "2026-11-01T08:00:00.000+0000"}
        for at, group in enumerate((1, 2, 3, 4, 5), 1)
    ]
    call = HookCall("POST", "/hooks/i/dlr", body=json.dumps({"results": rows}).encode())
    found = [infobip.parse_dlr(each) for each in calls_in(infobip, call)]
    assert [(each.ref, each.status, each.at_ms) for each in found if isinstance(each, Dlr)] == [
        ("REF00001", DlrStatus.ACCEPTED, 1_793_520_000_000),
        ("REF00002", DlrStatus.FAILED, 1_793_520_000_000),
        ("REF00003", DlrStatus.DELIVERED, 1_793_520_000_000),
        ("REF00004", DlrStatus.FAILED, 1_793_520_000_000),
        ("REF00005", DlrStatus.REJECTED, 1_793_520_000_000),
    ]


def test_a_text_at_the_operator_is_not_at_the_handset() -> None:
    """Infobip's page: of the group "delivered", and yet another report follows."""
    status = {"groupId": 3, "groupName": "DELIVERED", "id": 2, "name": "DELIVERED_TO_OPERATOR"}
    call = HookCall("POST", "/hooks/i/dlr", body=json.dumps({"results": [{"messageId": "REF1", "status": status}]}).encode())
    assert infobip.parse_dlr(call) == Dlr("REF1", True, 0, DlrStatus.ACCEPTED, "delivered")


def test_an_infobip_text_whose_zone_has_no_colon() -> None:
    row = {"messageId": "m1", "from": "84300000101", "to": "8088", "text": "LS TN07 mộ", "receivedAt": "2026-11-01T08:00:00.000+0000"}
    call = HookCall("POST", "/hooks/i/mo", body=json.dumps({"results": [row], "messageCount": 1, "pendingMessageCount": 0}).encode())
    assert infobip.parse_mo(call) == Mo("m1", "+84300000101", "8088", "LS TN07 mộ", 1_793_520_000_000)


def test_what_is_no_array_is_one_unreadable_call() -> None:
    for body in (b"{}", b'{"results":[]}', b'{"results":7}', b"[1]"):
        (call,) = calls_in(infobip, HookCall("POST", "/hooks/i/dlr", body=body))
        assert isinstance(infobip.parse_dlr(call), Malformed)
