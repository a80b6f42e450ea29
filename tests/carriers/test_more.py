"""Wires beyond the common laws: FPT, MobiFone, Stringee, V-COM, the classic SOAP short code, eSMS's other services, Zalo ZNS, RapidPro."""

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers import esms_ads, esms_zns, fpt, mobifone, stringee, traccar, vcom, zalo, zalo_zns
from gateway.carriers.classic_soap import CLASSIC_SOAP
from gateway.carriers.protocol import (
    Accepted,
    Account,
    Batch,
    Dlr,
    Malformed,
    Mo,
    Result,
    Signing,
    acknowledgement,
    bound,
    misfits_in,
    needed_by,
    refusal_of,
)
from gateway.carriers.rapidpro import RAPIDPRO
from gateway.carriers.session import Session
from gateway.carriers.template_data import data_of, fields_in
from gateway.carriers.wire import HookCall, HttpResponse
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret
from gateway.web.hooks import Hook, is_authentic
from tests.carriers.carrier_cases import batch, says
from tests.carriers.more_fakes import NOW_MS, soap_return


def account(url: str = "http://127.0.0.1:1/api", password: str = "p", sender: str = "UBNDXA", **options: str) -> Account:  # noqa: S107
    return Account("r", url, "u", Secret(password), sender, options=options)


# --- template messages ---

TEMPLATE = "Kinh gui {ten}, hop luc {gio}."
TEXT = "Kinh gui ba An, hop luc 19h, nha van hoa."


@pytest.mark.parametrize(
    ("template", "text", "found"),
    [
        (TEMPLATE, TEXT, {"ten": "ba An", "gio": "19h, nha van hoa"}),
        ("{noi_dung}", "bất cứ điều gì", {"noi_dung": "bất cứ điều gì"}),
        ("khong co truong", "khong co truong", {}),
        (TEMPLATE, "Kinh gui , hop luc 19h.", None),  # an empty field
        (TEMPLATE, "Kinh gui ba An, hop luc 19h", None),  # the last words are missing
        (TEMPLATE, "Thong bao khac", None),
        (TEMPLATE, "", None),
        ("khong co truong", "khac", None),
    ],
)
def test_what_stands_in_a_text_where_its_template_has_fields(template: str, text: str, found: dict[str, str] | None) -> None:
    assert fields_in(template, text) == found


def test_the_fields_go_under_the_names_of_the_registered_template() -> None:
    options = {"template": TEMPLATE, "data": '{"customer_name":"{ten}","time":"luc {gio}","sdt":"{number}","unit":"UBND xa"}'}
    found = data_of(options, batch(text=TEXT).mts[0])
    assert found == {"customer_name": "ba An", "time": "luc 19h, nha van hoa", "sdt": "84300000001", "unit": "UBND xa"}


def test_a_text_that_is_not_the_templates_has_no_fields() -> None:
    """Then the carrier refuses it as empty, and the route's fallback may send the SMS."""
    assert data_of({"template": TEMPLATE, "data": '{"customer_name":"{ten}"}'}, batch(text="khac").mts[0]) == {}
    assert (zalo_zns.CODES["-111"], esms_zns.CODES["854"]) == (Failure.UNROUTABLE, Failure.UNROUTABLE)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"template": "{ten}{gio}"}, "side by side"),
        ({"template": "{ten} va {ten}"}, "stands twice"),
        ({"template": TEMPLATE, "data": "{ten}"}, "no JSON object"),
        ({"template": TEMPLATE, "data": '{"a":1}'}, "no JSON object"),
        ({"template": TEMPLATE, "data": '{"a":"{tuoi}"}'}, "no field tuoi"),
    ],
)
@pytest.mark.parametrize("carrier", [zalo_zns, esms_zns])
def test_a_template_that_can_not_be_used_is_said(carrier, options: dict[str, str], said: str) -> None:
    (misfit,) = misfits_in(carrier, options)
    assert said in misfit.sentence
    assert misfit.remedy
    assert misfits_in(carrier, {"template": TEMPLATE, "data": '{"a":"{ten} {text} {number}"}'}) == ()


def test_esms_ads_sends_one_text_to_many() -> None:
    call = json.loads(esms_ads.build_send(account(), batch(40, "[QC] Hop thon")).body)
    assert (len(call["Phones"]), call["Content"], call["IsUnicode"]) == (40, "[QC] Hop thon", "0")
    assert esms_ads.parse_send(says(200, '{"CodeResult":"100","SMSID":"a"}'), batch(40)) == (Accepted("a"),) * 40


def test_esms_zns_reports_as_an_sms_does() -> None:
    call = HookCall("GET", "/hooks/z/dlr", b"SMSID=z1&RequestId=REF00001&SendStatus=5&SendSuccess=0&SendFailed=1&tempid=7&oaid=4")
    assert esms_zns.parse_dlr(call) == Dlr("REF00001", True, 0, DlrStatus.FAILED, "5")


ZNS_KEY = Secret("oasecret")
RECEIPT = json.dumps(
    {"app_id": "111", "event_name": "user_received_message", "timestamp": str(NOW_MS), "sender": {"id": "1"}, "recipient": {"id": "2"},
     "message": {"msg_id": "m1", "tracking_id": "REF00001", "delivery_time": str(NOW_MS)}}
).encode()  # fmt: skip


def signed(body: bytes, key: Secret = ZNS_KEY, at: int = NOW_MS) -> HookCall:
    return HookCall("POST", "/hooks/zns/dlr", headers={"x-zevent-signature": zalo.signature("111", body, str(at), key)}, body=body)


def test_the_vector_of_zalos_signature_verifies_a_receipts_call() -> None:
    """carriers.md §3.14: plain SHA-256 over the bytes as they came, with the OA's key; mistake 1."""
    body = (
        '{"app_id":"111","event_name":"user_send_text","timestamp":"1700000000000","sender":{"id":"222"},"recipient":{"id":"333"},'
        '"message":{"msg_id":"m1","text":"Xin chào"}}'
    ).encode()
    mac = "mac=9557a64ac66e71a90141d56cf153634f4e074774d000a7aede391381201770b8"
    call = HookCall("POST", "/hooks/zns/dlr", headers={"x-zevent-signature": mac}, body=body)
    assert zalo_zns.is_signed(call, Signing(ZNS_KEY, "https://gw.example.vn", 1_700_000_000_000)) is True
    assert zalo_zns.is_signed(call, Signing(Secret("appsecret"), "https://gw.example.vn", 1_700_000_000_000)) is False
    assert zalo_zns.is_signed(call, Signing(ZNS_KEY, "https://gw.example.vn", 1_700_000_000_000 + 14 * 3_600_000)) is False  # a replay


def test_a_receipt_of_a_template_message_comes_under_our_name() -> None:
    """At whichever of the app's hooks: an app has one webhook."""
    expected = Dlr("REF00001", True, 0, DlrStatus.DELIVERED, "user_received_message", NOW_MS)
    assert zalo_zns.parse_dlr(signed(RECEIPT)) == zalo.parse_dlr(signed(RECEIPT)) == expected


def test_a_template_message_whose_token_is_refused_is_sent_again_with_a_new_one() -> None:
    """By the words that an OA's messages know too: nothing was sent."""
    assert all(zalo.refuses_token(says(200, f'{{"error":{code}}}')) for code in (-124, -216))
    assert not zalo.refuses_token(says(200, '{"error":-118}'))


def test_of_a_hundred_receipts_the_one_true_is_taken() -> None:
    hook = Hook("zns", zalo_zns, Secret("in-the-path"), key=ZNS_KEY)
    calls = [signed(RECEIPT, ZNS_KEY if at == 41 else Secret(f"k{at}")) for at in range(100)]
    assert [at for at, call in enumerate(calls) if is_authentic(hook, call, NOW_MS)] == [41]


# --- carriers that log in ---


def test_fpt_asks_for_a_token_with_the_session_it_sends_in() -> None:
    """Mistake 11."""
    login = fpt.build_login(account("https://sms.example.vn/"), "5f0c")
    assert login.url == "https://sms.example.vn/oauth2/token"
    assert json.loads(login.body) == {
        "grant_type": "client_credentials", "client_id": "u", "client_secret": "p", "scope": "send_brandname_otp", "session_id": "5f0c"
    }  # fmt: skip
    session = fpt.parse_login(says(200, '{"access_token":"T","expires_in":86400}'), "5f0c")
    assert isinstance(session, Session)
    assert session.lifetime_s == 86_400
    push = fpt.with_session(fpt.build_send(account("https://sms.example.vn"), batch(text="Xin chao")), session.value)
    assert push.url == "https://sms.example.vn/api/push-brandname-otp"
    assert json.loads(push.body) == {
        "access_token": "T", "session_id": "5f0c", "BrandName": "UBNDXA", "Phone": "84300000001", "Message": "WGluIGNoYW8=",
        "RequestId": "REF00001"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (says(200, '{"access_token":"T","expires_in":"3600"}'), 3_600),
        (says(200, '{"access_token":"T"}'), 3_500),
        (says(400, '{"error":7,"error_description":"client secret is wrong"}'), Refused(Failure.MISCONFIGURED, "client")),
        (says(503, ""), Refused(Failure.RETRYABLE, "http-503")),
        (says(200, '{"access_token":"a b"}'), Refused(Failure.RETRYABLE, "http-200", maybe_sent=True)),
    ],
)
def test_what_an_fpt_token_call_gives(answer: HttpResponse, found: int | Refused) -> None:
    given = fpt.parse_login(answer, "c")
    assert (given.lifetime_s if isinstance(given, Session) else given) == found


def test_mobifone_trims_its_sid_and_has_a_page_for_accents() -> None:
    """Mistake 12."""
    session = mobifone.parse_login(says(200, '{"status":"200","sid":"S1\\r\\n","message":""}'), "")
    assert isinstance(session, Session)
    assert session.value.reveal() == "S1"
    here = account("https://sms.example.vn/smsg/")
    plain, accented = (mobifone.build_send(here, batch(text=text)) for text in ("Hop thon", "Họp thôn"))
    assert (plain.url, b"enCoding" in plain.body) == ("https://sms.example.vn/smsg/send.jsp", False)
    assert (accented.url, b"enCoding=ALPHA_UCS2" in accented.body) == ("https://sms.example.vn/smsg/send_2.jsp", True)
    assert mobifone.with_session(plain, session.value).body.startswith(b"sid=S1&")
    assert mobifone.build_login(here, "").url == "https://sms.example.vn/smsg/login.jsp"


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (says(200, '{"status":"401","message":"wrong"}'), Refused(Failure.MISCONFIGURED, "login-401")),
        (says(200, '{"status":"200","sid":" "}'), Refused(Failure.MISCONFIGURED, "login-200")),
        (says(500), Refused(Failure.RETRYABLE, "http-500", maybe_sent=True)),
    ],
)
def test_a_mobifone_log_in_that_failed(answer: HttpResponse, refused: Refused) -> None:
    assert mobifone.parse_login(answer, "") == refused


@pytest.mark.parametrize("carrier", [fpt, mobifone])
def test_a_session_shows_in_no_repr(carrier) -> None:
    session = Session(Secret("geheim"), 5)
    request = carrier.with_session(carrier.build_send(account(), batch()), session.value)
    assert "geheim" not in f"{session!r} {request!r}"


# --- carriers that sign the time ---


def test_a_stringee_token_is_a_json_web_token() -> None:
    """RFC 7519, made once by hand: each part is Base64 for addresses, without its padding."""
    made = stringee.token(account(password="secret"), 1_700_000_000)
    head, claims, mac = made.split(".")
    assert head == "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImN0eSI6InN0cmluZ2VlLWFwaTt2PTEifQ"
    assert json.loads(base64.b64decode(claims + "==")) == {"jti": "u_1700000000", "iss": "u", "exp": 1_700_000_300, "rest_api": True}
    own = hmac.new(b"secret", f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert mac == base64.urlsafe_b64encode(own).decode().rstrip("=")
    assert made not in repr(stringee.stamped(account(password="secret"), stringee.build_send(account(), batch()), 1_700_000_000_000))


def test_stringee_says_one_word_a_message_in_order() -> None:
    answer = says(200, '{"smsSent":2,"result":[{"r":0},{"r":9},{"r":"0"}]}')
    assert stringee.parse_send(answer, batch(3)) == (Accepted(), Refused(Failure.RETRYABLE, "9", unknown=True), Accepted())
    lost = Refused(Failure.RETRYABLE, "left-out", maybe_sent=True)
    assert stringee.parse_send(answer, batch(2)) == (lost, lost)


VCOM_MO = {
    "type": "new", "client_id": "cp1", "request_id": "R1", "service_id": "8179", "command_code": "TIN", "message": "TIN ngap thon 3",
    "telco": "VT", "phone": "84901234567", "time": "2026-11-01 08:00:00", "checksum": "UhMIRmcS25YZK1VDU4MhbeT3HxMAxY2mWKxZ/Aa7nZ8=",
}  # fmt: skip
BY_SK = Signing(Secret("sk"), "https://gw.example.vn", NOW_MS)


def vcom_mo(**changes: object) -> HookCall:
    """The vector of carriers.md §3.13: cp1, R1, that phone, key sk, that time."""
    return HookCall("POST", "/hooks/v/mo", body=json.dumps(VCOM_MO | changes).encode())


def test_the_vector_of_vcoms_checksum_is_the_raw_digest() -> None:
    """Mistake 7."""
    assert vcom.is_signed(vcom_mo(), BY_SK) is True
    as_hex = base64.b64encode(hashlib.sha256(b"cp1R184901234567sk2026-11-01 08:00:00").hexdigest().encode()).decode()
    assert vcom.is_signed(vcom_mo(checksum=as_hex), BY_SK) is False
    assert vcom.is_signed(vcom_mo(), Signing(Secret("other"), "", NOW_MS)) is False


@pytest.mark.parametrize("change", ["client_id", "request_id", "phone", "time", "checksum"])
@pytest.mark.parametrize("value", ["x", "", None, 7, ["84901234567"]])
def test_a_vcom_call_that_was_changed_is_refused(change: str, value: object) -> None:
    assert vcom.is_signed(vcom_mo(**{change: value}), BY_SK) is False


@pytest.mark.parametrize(("later_s", "fresh"), [(0, True), (23 * 3600, True), (25 * 3600, False), (-300, True), (-3600, False)])
def test_a_vcom_call_may_be_a_day_old(later_s: int, fresh: bool) -> None:
    """What was missed comes once more under its old time; beyond that it is a replay."""
    assert vcom.is_signed(vcom_mo(), Signing(Secret("sk"), "", NOW_MS + later_s * 1000)) is fresh


@pytest.mark.parametrize(
    ("message", "text"), [("TIN ngap thon 3", "TIN ngap thon 3"), ("ngap thon 3", "TIN ngap thon 3"), ("tínthôn3", "tínthôn3"), ("", "TIN")]
)
def test_a_vcom_mo_is_read_with_its_keyword(message: str, text: str) -> None:
    assert vcom.parse_mo(vcom_mo(message=message)) == Mo("R1", "+84901234567", "8179", text, 1_793_494_800_000)


def test_vcom_is_answered_under_200_whatever_it_is() -> None:
    refused = refusal_of(vcom, vcom_mo())
    assert refused is not None
    assert refused.status == 200
    assert json.loads(refused.body)["errors"]["code"] == 106
    assert acknowledgement(vcom, "mo", vcom_mo()) == vcom.acknowledge("mo")


def test_a_vcom_answer_names_its_mo_and_signs_its_own_name() -> None:
    one = batch(text="Da nhan tin bao")
    answering = Batch(one.ref, (one.mts[0]._replace(answers="R1"),))
    here = Account("r", "http://127.0.0.1:1/mt", "cp1", Secret("sk"), "8179", options={"command_code": "TIN"})
    call = json.loads(vcom.stamped(here, vcom.build_send(here, answering), NOW_MS + 1_000).body)
    assert (call["request_id"], call["mt_code"], call["service_id"], call["is_charged"]) == ("R1", "REF00001", "8179", 0)
    assert call["time"] == "2026-11-01 08:00:01"
    assert call["checksum"] == base64.b64encode(hashlib.sha256(b"cp1R1REF00001sk2026-11-01 08:00:01").digest()).decode()


def test_a_vcom_time_may_be_a_whole_number() -> None:
    """Theirs as it comes, quoted or not; ours where the contract says so. It is signed as it is written."""
    seconds = NOW_MS // 1000
    signed = vcom.checksum("cp1", "R1", "84901234567", "sk", str(seconds))
    for time in (seconds, str(seconds)):
        call = vcom_mo(time=time, checksum=signed)
        assert vcom.is_signed(call, BY_SK) is True
        assert vcom.is_signed(call, Signing(Secret("sk"), "", NOW_MS + 25 * 3_600_000)) is False
        assert vcom.parse_mo(call) == Mo("R1", "+84901234567", "8179", "TIN ngap thon 3", seconds * 1000)
    here = Account("r", "http://127.0.0.1:1/mt", "cp1", Secret("sk"), "8179", options={"command_code": "TIN", "time": "seconds"})
    said = json.loads(vcom.stamped(here, vcom.build_send(here, batch()), NOW_MS).body)
    assert (said["time"], said["checksum"]) == (seconds, vcom.checksum("cp1", said["request_id"], said["mt_code"], "sk", str(seconds)))


# --- the classic SOAP short code ---


def soap_mo(operation: str = "moReceiver", prefix: str = "mo:", **said: str) -> HookCall:
    inner = "".join(f'<{name} xsi:type="xsd:string">{value}</{name}>' for name, value in said.items())
    namespace = f'xmlns{":" if prefix else ""}{prefix.rstrip(":")}="http://partner.example.vn/mo"'
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        f"<{prefix}{operation} {namespace}>{inner}</{prefix}{operation}></soapenv:Body></soapenv:Envelope>"
    )
    return HookCall("POST", "/hooks/s/mo", headers={"content-type": "text/xml"}, body=body.encode())


SAID = {
    "User_ID": "84300000101", "Service_ID": "8179", "Command_Code": "TIN", "Message": "TIN mộ &amp; bia", "Request_ID": "77",
    "Operator": "VIETTEL",
}  # fmt: skip
FOUND = Mo("77", "+84300000101", "8179", "TIN mộ & bia")


@pytest.mark.parametrize("operation", ["messageReceiver", "moReceiver", "moReceiverStandard", "receiverMO", "receiveMO", "GetMOData", "mo"])
@pytest.mark.parametrize("prefix", ["mo:", ""])
def test_a_soap_mo_is_known_by_its_parameters(operation: str, prefix: str) -> None:
    assert CLASSIC_SOAP.parse_mo(soap_mo(operation, prefix, **SAID)) == FOUND


@pytest.mark.parametrize("sender", ["84300000101", "+84300000101"])
def test_a_soap_sender_in_any_form(sender: str) -> None:
    assert CLASSIC_SOAP.parse_mo(soap_mo(**SAID | {"User_ID": sender})) == FOUND
    assert CLASSIC_SOAP.parse_mo(soap_mo(**SAID | {"User_ID": "0300000101"})) == Mo("77", "0300000101", "8179", "TIN mộ & bia")


def test_the_siblings_names_are_known() -> None:
    ncs = soap_mo(moid="77", moseq="1", src="84300000101", dest="8179", cmdcode="TIN", msgbody="mộ &amp; bia")
    other = soap_mo(MOId="77", Telco="VT", ServiceNum="8179", Phone="84300000101", Syntax="TIN mộ &amp; bia")
    assert CLASSIC_SOAP.parse_mo(ncs) == CLASSIC_SOAP.parse_mo(other) == FOUND


def test_the_get_sibling_gets_the_bare_value() -> None:
    query = urlencode(
        {"User_ID": "84300000101", "Service_ID": "8179", "Command_Code": "TIN", "Message": "TIN mộ & bia", "Request_ID": "77"}
    )
    call = HookCall("GET", "/hooks/s/mo", query.encode())
    assert CLASSIC_SOAP.parse_mo(call) == FOUND
    assert acknowledgement(CLASSIC_SOAP, "mo", call) == HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b"1")


def soap_answer(operation: str, value: str) -> bytes:
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<ns1:{operation}Response xmlns:ns1="http://partner.example.vn/mo"><{operation}Return>{value}</{operation}Return>'
        f"</ns1:{operation}Response></soapenv:Body></soapenv:Envelope>"
    ).encode()


@pytest.mark.parametrize("prefix", ["mo:", ""])
def test_a_soap_mo_is_acknowledged_under_the_operation_that_was_called(prefix: str) -> None:
    answer = acknowledgement(CLASSIC_SOAP, "mo", soap_mo("receiverMO", prefix, **SAID))
    assert (answer.status, answer.headers) == (200, {"content-type": "text/xml; charset=utf-8"})
    assert answer.body == soap_answer("receiverMO", "1")


def test_a_partner_chooses_its_words() -> None:
    partner = bound(CLASSIC_SOAP, {"command_code": "TIN", "received": "0", "accepted": "0", "base64": "yes"})
    call = soap_mo(**SAID | {"Message": base64.b64encode("TIN mộ & bia".encode()).decode()})
    assert partner.parse_mo(call) == FOUND
    assert acknowledgement(partner, "mo", call).body == soap_answer("moReceiver", "0")
    assert partner.parse_send(says(200, soap_return("0")), batch()) == (Accepted(),)
    assert partner.parse_send(says(200, soap_return("1")), batch()) == (Refused(Failure.RETRYABLE, "1", unknown=True),)
    sent = partner.build_send(account(command_code="TIN"), batch(text="Đã nhận")).body.decode()
    assert f"<Message>{base64.b64encode('Đã nhận'.encode()).decode()}</Message>" in sent
    assert needed_by(partner) == ("command_code",)


def test_a_soap_reply_may_ride_in_the_answer() -> None:
    answer = CLASSIC_SOAP.acknowledge_with("Da nhan <tin> & ma", soap_mo(**SAID))
    assert answer.body == soap_answer("moReceiver", "0|Da nhan &lt;tin&gt; &amp; ma")


def test_a_soap_answer_is_free_and_names_its_mo() -> None:
    one = batch(text="a < b & c")
    answering = Batch(one.ref, (one.mts[0]._replace(answers="77"),))
    sent, push = (CLASSIC_SOAP.build_send(account(command_code="TIN"), each).body.decode() for each in (answering, one))
    assert "<Message>a &lt; b &amp; c</Message>" in sent
    assert "<Message_Type>0</Message_Type><Request_ID>77</Request_ID>" in sent
    assert "<Message_Type>3</Message_Type><Request_ID>REF00001</Request_ID>" in push


@pytest.mark.parametrize(("answers", "request_id"), [("", "0"), ("77", "77")])
def test_a_soap_push_bears_the_partners_word_for_it(answers: str, request_id: str) -> None:
    """Some want "0" or an agreed number where there is no MO to name; an answer names its MO all the same."""
    one = batch()
    pushed = Batch(one.ref, (one.mts[0]._replace(answers=answers),))
    said = CLASSIC_SOAP.build_send(account(command_code="TIN", push_id="0"), pushed).body.decode()
    assert f"<Request_ID>{request_id}</Request_ID>" in said


@pytest.mark.parametrize(
    "body",
    [
        b"<a/>", b"not xml", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x><User_ID>&a;</User_ID></x>', b"<a>" * 5_000,
        soap_mo(Message="x").body,
    ],
)  # fmt: skip
def test_a_soap_call_that_can_not_be_read_is_kept_and_acknowledged(body: bytes) -> None:
    call = HookCall("POST", "/hooks/s/mo", body=body)
    assert isinstance(CLASSIC_SOAP.parse_mo(call), Malformed)
    assert acknowledgement(CLASSIC_SOAP, "mo", call).status == 200


# --- results that are asked for ---


def test_what_esms_says_of_each_recipient() -> None:
    """The keys stand in the query, as the vendor wants it; who is not sent to yet is left out, whatever else is said of them."""
    here = Account("r", "https://sms.example.vn/json/SendMultipleSMSBrandname_json/", "K", Secret("S+/="), "B")
    asked = esms_ads.build_results(here, "abc-1")
    assert (asked.method, asked.url) == (
        "GET",
        "https://sms.example.vn/json/GetSmsReceiverStatus_get?RefId=abc-1&ApiKey=K&SecretKey=S%2B%2F%3D",
    )
    rows = [
        {"Phone": "0300000101", "IsSent": True, "SentResult": True},
        {"Phone": "84300000102", "IsSent": "true", "SentResult": "False"},
        {"Phone": "0300000103", "IsSent": False, "SentResult": True},
        {"Phone": "0300000104", "IsSent": True},
        {"Phone": "x", "IsSent": True, "SentResult": True},
        "0300000105",
    ]
    found = esms_ads.parse_results(says(200, json.dumps({"CodeResult": 100, "ReceiverList": rows})))
    assert found == (Result(Msisdn("+84300000101"), DlrStatus.DELIVERED), Result(Msisdn("+84300000102"), DlrStatus.FAILED))
    assert "300" not in repr(found)
    assert esms_ads.parse_results(says(200, '{"CodeResult":"105"}')) == Refused(Failure.RETRYABLE, "105")


@given(st.binary(max_size=300), st.sampled_from((200, 401, 500)))
def test_no_answer_about_results_makes_it_raise(body: bytes, status: int) -> None:
    for each in (
        body,
        b'{"CodeResult":"100","ReceiverList":' + body,
        b'{"CodeResult":"100","ReceiverList":[{"IsSent":true,"Phone":"' + body,
    ):
        found = esms_ads.parse_results(HttpResponse(status, {}, each))
        assert isinstance(found, Refused | tuple)


# --- RapidPro ---


def test_rapidpro_fills_its_templates_for_where_they_stand() -> None:
    here = Account("r", "http://127.0.0.1:1/{{channel}}?to={{to}}", "", Secret("Token abc"), "+8088", options={
        "content_type": "json", "body": '{"text":{{text}},"to":{{ to_no_plus }},"from":{{from_no_plus}}}'
    })  # fmt: skip
    request = RAPIDPRO.build_send(here, batch(text='"mộ" & <bia>'))
    assert request.url == "http://127.0.0.1:1/r?to=%2B84300000001"
    assert request.headers == {"Content-Type": "application/json", "Authorization": "Token abc"}
    assert json.loads(request.body) == {"text": '"mộ" & <bia>', "to": "84300000001", "from": "8088"}
    xml = account(content_type="xml", body="<m>{{text}}</m>")
    assert RAPIDPRO.build_send(xml, batch(text='"mộ" & <bia>')).body.decode() == '<m>"mộ" &amp; &lt;bia&gt;</m>'
    got = RAPIDPRO.build_send(account("http://127.0.0.1:1/s?t={{text}}", "", method="GET"), batch(text="a&b {{to}}"))
    assert (got.method, got.url, got.body, dict(got.headers)) == ("GET", "http://127.0.0.1:1/s?t=a%26b%20%7B%7Bto%7D%7D", b"", {})


def test_rapidpro_may_ask_for_words_of_confirmation() -> None:
    checking = bound(RAPIDPRO, {"response_check": '"ok":true'})
    assert checking.parse_send(says(200, '{"ok":true}'), batch()) == (Accepted(),)
    assert checking.parse_send(says(200, '{"ok":false}'), batch()) == (Refused(Failure.RETRYABLE, "unconfirmed"),)
    assert "unconfirmed" in checking.CODES
    assert misfits_in(checking, {"body": "{{text}} {{secret}}"})[0].option == "body"


@pytest.mark.parametrize(
    ("path", "query", "body", "status"),
    [
        ("/dlr/sent", b"id=REF00001", b"", DlrStatus.ACCEPTED),
        ("/dlr/delivered", b"secret=s", b"id=REF00001", DlrStatus.DELIVERED),
        ("/dlr/failed", b"uuid=REF00001", b"", DlrStatus.FAILED),
        ("/dlr", b"status=delivered&id=REF00001", b"", DlrStatus.DELIVERED),
        ("/dlr/stopped", b"from=%2B84300000101", b"", None),
        ("/dlr/delivered", b"", b"", None),
    ],
)
def test_what_a_rapidpro_sender_reports(path: str, query: bytes, body: bytes, status: DlrStatus | None) -> None:
    found = RAPIDPRO.parse_dlr(HookCall("POST", f"/hooks/r{path}", query, body=body))
    assert isinstance(found, Malformed) if status is None else (found.ref, found.ours, found.status) == ("REF00001", True, status)


@pytest.mark.parametrize(
    "query",
    [
        b"from=%2B84300000101&text=LS+m%E1%BB%99&date=2026-11-01T08:00:00%2B07:00",
        b"sender=%2B84300000101&text=LS+m%E1%BB%99&time=2026-11-01T01:00:00Z",
    ],
)
def test_a_rapidpro_mo_under_either_name(query: bytes) -> None:
    for call in (HookCall("GET", "/hooks/r/mo", query), HookCall("POST", "/hooks/r/mo", b"secret=s", body=query)):
        assert RAPIDPRO.parse_mo(call) == Mo(None, "+84300000101", "", "LS mộ", 1_793_494_800_000)


@pytest.mark.parametrize("query", [b"from=%2B84300000101", b"sender=%2B84300000101&text=ignored"])
def test_a_rapidpro_stop_is_a_stop_here(query: bytes) -> None:
    """Whoever was stopped there is written to no more: an MO with the word for it, read like any other."""
    found = RAPIDPRO.parse_mo(HookCall("POST", "/hooks/r/mo/stopped", query))
    assert found == Mo(None, "+84300000101", "", "TC")
    assert isinstance(RAPIDPRO.parse_mo(HookCall("POST", "/hooks/r/mo/stopped", b"text=x")), Malformed)
    assert isinstance(RAPIDPRO.parse_mo(HookCall("POST", "/hooks/r/mo/started", query)), Malformed)


def test_a_traccar_mo() -> None:
    call = HookCall("POST", "/hooks/t/mo", body='{"from":"+84300000101","message":"LS mộ"}'.encode())
    assert traccar.parse_mo(call) == Mo(None, "+84300000101", "", "LS mộ")
