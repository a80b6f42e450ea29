"""Wires of Viet Nam beyond the common laws: signatures, reports, envelopes, the likely mistakes of carriers.md §7."""

import base64
import hashlib
import json
from urllib.parse import urlencode

import pytest

from gateway.carriers import abenla, esms, speedsms, vietguys, viettel
from gateway.carriers.protocol import Accepted, Account, Dlr, Malformed, Mo, Signing
from gateway.carriers.wire import HookCall
from gateway.domain.message import DlrStatus
from gateway.domain.secret import Secret
from gateway.web.hooks import Hook, is_authentic
from tests.carriers.carrier_cases import ACCOUNT, batch
from tests.carriers.vietnam_cases import viettel_says

KEY = Secret("pk")
BY = Signing(KEY, "https://gw.example.vn", 1_793_494_800_000)  # 2026-11-01 08:00 in Viet Nam


def esms_mo(**changes: str) -> HookCall:
    """The vector of carriers.md §3.1.8: cpid 9, smsid S1, "TIN ao to", 2026-11-01 08:00, key "pk"."""
    fields = {
        "sender": "84300000101", "content": "TIN ao to", "serviceNumber": "8079", "keyword": "TIN", "cpid": "9", "smsid": "S1",
        "receiverTime": "20261101080000", "sign": "dCJRxP5L6TRSS8/6x3Cscw==",
    }  # fmt: skip
    return HookCall("GET", "/hooks/esms/mo", urlencode(fields | changes).encode())


def test_esms_signs_with_the_raw_digest() -> None:
    """Mistake 7: Base64 of the 16 bytes, not of their hex."""
    assert esms.is_signed(esms_mo(), BY) is True
    as_hex = base64.b64encode(hashlib.md5(b"9S1TIN ao to20261101080000pk", usedforsecurity=False).hexdigest().encode()).decode()
    assert esms.is_signed(esms_mo(sign=as_hex), BY) is False


@pytest.mark.parametrize("change", ["content", "smsid", "cpid", "receiverTime"])
def test_an_esms_call_that_was_changed_is_refused(change: str) -> None:
    assert esms.is_signed(esms_mo(**{change: "x"}), BY) is False


@pytest.mark.parametrize("away", [-esms.FRESH_MS - 1, esms.EARLY_MS + 1])
def test_an_esms_call_of_another_time_is_refused(away: int) -> None:
    """Its sender is not signed, so an old call must not come back in another name."""
    assert esms.is_signed(esms_mo(), Signing(KEY, BY.base_url, BY.now_ms - away)) is False
    assert esms.is_signed(esms_mo(), Signing(KEY, BY.base_url, BY.now_ms - away + (1 if away > 0 else -1))) is True


def test_a_plus_that_became_a_blank_is_restored() -> None:
    """Mistake 20. A content is looked for whose signature holds a plus."""
    for at in range(200):
        digest = base64.b64encode(hashlib.md5(f"9S1tin {at}20261101080000pk".encode(), usedforsecurity=False).digest()).decode()
        if "+" in digest:
            call = esms_mo(content=f"tin {at}", sign=digest)
            spoilt = HookCall("GET", call.path, call.query.replace(b"%2B", b"+"))
            assert spoilt.query != call.query
            assert esms.is_signed(spoilt, BY) is True
            return
    raise AssertionError("no signature with a plus in 200")


def test_one_forged_call_among_a_hundred_is_the_only_one_refused() -> None:
    hook = Hook("esms", esms, Secret("in-the-path"), key=KEY)
    calls = [esms_mo() if at == 41 else esms_mo(sign=base64.b64encode(bytes([at]) * 16).decode()) for at in range(100)]
    assert [at for at, call in enumerate(calls) if is_authentic(hook, call, BY.now_ms)] == [41]


def test_a_report_bears_no_signature_and_needs_the_secret() -> None:
    hook = Hook("esms", esms, Secret("in-the-path"), key=KEY)
    assert not is_authentic(hook, HookCall("GET", "/hooks/esms/dlr", b"SMSID=a&SendStatus=5"), 0)
    assert is_authentic(hook, HookCall("GET", "/hooks/esms/dlr", b"secret=in-the-path&SMSID=a&SendStatus=5"), 0)


def test_an_esms_mo_is_read_whole() -> None:
    assert esms.parse_mo(esms_mo(content="LS TN07 mộ + bia")) == Mo("S1", "+84300000101", "8079", "LS TN07 mộ + bia", 1_793_494_800_000)


def test_an_esms_reply_names_the_message_it_answers() -> None:
    answer = esms.acknowledge_with("Đã nhận <tin> & mã", esms_mo())
    assert answer.body.decode() == (
        "<ClientResponse><Message>Đã nhận &lt;tin&gt; &amp; mã</Message><Smsid>S1</Smsid><Receiver>84300000101</Receiver></ClientResponse>"
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SendStatus=1", DlrStatus.BUFFERED),
        ("SendStatus=2", DlrStatus.BUFFERED),
        ("SendStatus=4", DlrStatus.REJECTED),
        ("SendStatus=7", DlrStatus.ACCEPTED),
        ("SendStatus=5&SendSuccess=1&SendFailed=0", DlrStatus.DELIVERED),
        ("SendStatus=5&SendSuccess=0&SendFailed=2", DlrStatus.FAILED),  # mistake 5: the counters may count parts
        ("SendStatus=5&SendSuccess=1&SendFailed=1", DlrStatus.FAILED),
        ("SendStatus=5", None),
        ("SendStatus=6&SendSuccess=1", None),
        ("", None),
    ],
)
def test_what_an_esms_report_says(query: str, status: DlrStatus | None) -> None:
    """Mistake 5: a GET."""
    found = esms.parse_dlr(HookCall("GET", "/hooks/esms/dlr", f"SMSID=abc&RequestId=REF00001&{query}".encode()))
    if status is None:
        assert isinstance(found, Malformed)
    else:
        assert found == Dlr("REF00001", ours=True, status=status, code=query[11])


def test_an_esms_report_without_our_name_comes_under_theirs() -> None:
    assert esms.parse_dlr(HookCall("GET", "/hooks/esms/dlr", b"SMSID=abc&SendStatus=7")) == Dlr("abc", False, 0, DlrStatus.ACCEPTED, "7")


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (0, DlrStatus.DELIVERED),
        (1, DlrStatus.BUFFERED),
        (63, DlrStatus.BUFFERED),
        (64, DlrStatus.FAILED),
        ("0", DlrStatus.DELIVERED),
        (" 64", DlrStatus.FAILED),
        ("", None),
        (True, None),
        (-1, None),
    ],
)
def test_what_a_speedsms_report_says(status: object, means: DlrStatus | None) -> None:
    call = HookCall(
        "POST", "/hooks/s/dlr", body=json.dumps({"type": "report", "tranId": 123, "phone": "84300000101", "status": status}).encode()
    )
    found = speedsms.parse_dlr(call)
    assert isinstance(found, Malformed) if means is None else found == Dlr("123", False, 0, means, str(status).strip())


@pytest.mark.parametrize("kind", ["sms", "incoming"])
def test_a_speedsms_text_under_either_name(kind: str) -> None:
    call = HookCall("POST", "/hooks/s/mo", body=json.dumps({"type": kind, "phone": "84300000101", "content": "LS TN07"}).encode())
    assert speedsms.parse_mo(call) == Mo(None, "+84300000101", "", "LS TN07")


def test_viettel_says_yes_with_one_and_no_with_nought() -> None:
    """Mistake 8: the opposite of its neighbours."""
    assert viettel.parse_send(viettel_says(1, ""), batch()) == (Accepted(),)
    assert esms.parse_send(viettel_says(1, ""), batch()) != (Accepted(),)


def test_viettel_marks_a_text_with_accents() -> None:
    """Mistake 9: both numbers alike, children without a namespace, the text escaped."""
    account = Account("v", "http://127.0.0.1:1/bulkapi", "u", Secret("p&w"), "UBNDXA", options={"cp_code": "C<1"})
    plain, accented = (viettel.build_send(account, batch(text=text)).body.decode() for text in ("a < b & c", "Kính báo"))
    assert "<Content>a &lt; b &amp; c</Content><ContentType>0</ContentType>" in plain
    assert "<Password>p&amp;w</Password><CPCode>C&lt;1</CPCode>" in plain
    assert "<UserID>84300000001</UserID><ReceiverID>84300000001</ReceiverID>" in plain
    assert "<ContentType>1</ContentType>" in accented


def test_an_account_shows_no_option() -> None:
    assert "geheim" not in repr(Account("v", "http://x", "u", Secret("p"), "", options={"hook_key": "geheim"}))
    assert hash(ACCOUNT)


def test_abenla_signs_with_the_password_alone() -> None:
    """The vector of carriers.md §3.11."""
    account = Account("a", "http://127.0.0.1:1/api/SendSms", "u", Secret("pass"), "B", options={"service_type_id": "1"})
    assert "sign=1a1dc91c907325c69271ddf0c944bc72&" in abenla.build_send(account, batch()).url


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"message_id": "a1", "status": "sent"}, DlrStatus.ACCEPTED),
        ({"message_id": "a1", "status": "delivered"}, DlrStatus.DELIVERED),
        ({"message_id": "a1", "status": "fail"}, DlrStatus.FAILED),
        ({"message_id": "a1", "status": "read"}, None),
        ({"message_id": ["a1"], "status": "sent"}, None),
        ([], None),
    ],
)
def test_what_a_vietguys_report_says(data: object, status: DlrStatus | None) -> None:
    found = vietguys.parse_dlr(HookCall("POST", "/hooks/v/dlr", body=json.dumps({"data": data}).encode()))
    assert isinstance(found, Malformed) if status is None else found.status is status
