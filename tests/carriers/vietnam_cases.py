"""What carriers of Viet Nam are documented to say, and what it means: tables that `test_contract.py` loops over."""

import json
from collections.abc import Callable

from gateway.carriers import abenla, esms, incom, speedsms, vietguys, viettel, vmg, vnpt
from gateway.carriers.protocol import Accepted, Carrier
from gateway.carriers.wire import HttpResponse
from tests.carriers.carrier_cases import BY_STATUS, Case, M, P, R, T, U, no, says


def esms_says(code: object, **more: object) -> HttpResponse:
    return says(200, json.dumps({"CodeResult": code, "CountRegenerate": 0} | more))


ESMS: list[Case] = [
    ("accepted", esms_says("100", SMSID="abc-1"), Accepted("abc-1")),
    ("accepted, a number", esms_says(100, SMSID="abc-1"), Accepted("abc-1")),
    ("accepted, blanks", esms_says(" 100 "), Accepted()),
    ("taken already: no failure, nothing to resend", esms_says("124", ErrorMessage="RequestId da ton tai"), Accepted()),
    *[(f"code {code}", esms_says(code, ErrorMessage="…"), no(kind, code)) for code, kind in esms.CODES.items() if kind is not None],
    ("a code of no table", esms_says("999"), no(R, "999", unknown=True)),
    ("a code that is a list", esms_says(["100"]), no(R, "http-200", maybe_sent=True)),
    ("a word for a code", esms_says("ok"), no(R, "http-200", maybe_sent=True)),
    ("half a body", says(200, '{"CodeResult":"1'), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]


def speedsms_says(code: str, message: str = "", **data: object) -> HttpResponse:
    if code == "00":
        return says(200, json.dumps({"status": "success", "code": code, "data": {"tranId": 123, "totalSMS": 1, "totalPrice": 250} | data}))
    return says(200, json.dumps({"status": "error", "code": code, "message": message, "invalidPhone": []}))


_OWN = ("invalid-phone", "http-429", "sender")  # words of ours, not codes of theirs
SPEEDSMS: list[Case] = [
    ("accepted", speedsms_says("00", invalidPhone=[]), Accepted("123")),
    ("accepted, a text for an id", speedsms_says("00", tranId="t-9"), Accepted("t-9")),
    ("accepted, an odd id", speedsms_says("00", tranId=["x"]), Accepted()),
    ("accepted, and yet the number was not sent", speedsms_says("00", invalidPhone=["84300000001"]), no(P, "invalid-phone")),
    *[(f"code {code}", speedsms_says(code), no(kind, code)) for code, kind in speedsms.CODES.items() if kind and code not in _OWN],
    ("no such sender", speedsms_says("101", "Sender not found"), no(M, "sender")),
    ("a code of no table", speedsms_says("912"), no(R, "912", unknown=True)),
    ("an error without a code", says(200, '{"status":"error"}'), no(R, "unnamed", unknown=True)),
    ("more than 60 a minute", says(429, '{"name":"Too Many Requests","status":429}', x_rate_limit_reset="41"), no(T, "http-429", 41.0)),
    ("neither success nor error", says(200, '{"code":"00"}'), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]


def viettel_says(result: object, message: str, status: int = 200) -> HttpResponse:
    inner = f"<return><message>{message}</message><result>{result}</result></return>"
    return says(
        status,
        '<?xml version="1.0" ?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
        f'<ns2:wsCpMtResponse xmlns:ns2="http://impl.bulkSms.ws/">{inner}</ns2:wsCpMtResponse></S:Body></S:Envelope>',
    )


_VIETTEL = {
    "duplicate": "DUPLICATE MESSAGE",
    "request": "RequestID: REQUEST_ID_NOT_NUMBER",
    "receiver": "Length of ReceiverID is invalid",
    "too-long": "MAXLENGTH_LIMIT_480 (YOUR_CONTENT: 512 BYTE)",
    "blacklist": "Content: CONTAIN_BLACKLIST",
    "template": "CONTENT_NOT_MATCH_TEMPLATE",
    "alias": "Alias: ALIAS_INVALID:TELCO=VN",
    "check": "Check information error",
    "command-code": "COMMAND_CODE_ERROR",
    "account": "Authenticate: WRONG_INFORMATION_AUTHENTICATE",
    "address": "IP_INVALID (YOUR IP: 192.0.2.1)",
}
_FAULT = (
    '<S:Envelope xmlns:S="…"><S:Body><S:Fault><faultstring>java.lang.NullPointerException</faultstring></S:Fault></S:Body></S:Envelope>'
)
VIETTEL: list[Case] = [
    ("1 is yes", viettel_says(1, "Insert MT_QUEUE: OK"), Accepted()),
    ("1 is yes, whatever the words", viettel_says(1, "thanh cong"), Accepted()),
    *[(code, viettel_says(0, words), no(viettel.CODES[code] or R, code)) for code, words in _VIETTEL.items()],
    ("in capitals or not", viettel_says(0, "alias_invalid:telco=vm"), no(U, "alias")),
    ("no password", viettel_says(0, "Password: NULL_OR_BLANK"), no(M, "account")),
    ("no content", viettel_says(0, "Content: NULL_OR_BLANK"), no(P, "request")),
    ("the wrong number twice", viettel_says(0, "USERID_NOT_EQUAL_RECEIVERID"), no(P, "receiver")),
    ("0 in words of no table", viettel_says(0, "He thong ban"), no(R, "refused", unknown=True)),
    ("another number than 0 and 1", viettel_says(7, "?"), no(R, "http-200", maybe_sent=True)),
    ("a yes in words under a no", viettel_says(0, "Insert MT_QUEUE: OK"), no(R, "refused", unknown=True)),
    ("a SOAP fault", says(500, _FAULT), no(R, "fault")),
    *BY_STATUS,
]


def listed(carrier: Carrier, answer: Callable[[str], HttpResponse]) -> list[Case]:
    """A case for every refusal of the vendor's table, by the answer that bears its code."""
    return [(f"code {code}", answer(code), no(kind, code)) for code, kind in carrier.CODES.items() if kind is not None]


def vmg_says(code: object, **more: object) -> HttpResponse:
    return says(200, json.dumps({"errorCode": code, "errorMessage": "…", "referentId": "", "mtCount": 0} | more))


VMG: list[Case] = [
    ("accepted", vmg_says("000", referentId="r-7", mtCount=2), Accepted("r-7", 2)),
    ("taken already: no failure, nothing to resend", vmg_says("304"), Accepted()),
    *listed(vmg, vmg_says),
    ("a code of no table", vmg_says("777"), no(R, "777", unknown=True)),
    ("no code", says(200, '{"errorMessage":"ok"}'), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]


def incom_says(code: object) -> HttpResponse:
    return says(200, json.dumps({"StatusCode": code, "StatusDesc": "…"}))


INCOM: list[Case] = [
    ("accepted", incom_says("1"), Accepted()),
    ("accepted, a number", incom_says(1), Accepted()),
    *[(f"taken already {code}", incom_says(code), Accepted()) for code in ("304", "399")],
    *listed(incom, incom_says),
    ("a code of no table", incom_says("0"), no(R, "0", unknown=True)),
    ("a code that is true", incom_says(True), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]


def abenla_says(code: object, **more: object) -> HttpResponse:
    return says(200, json.dumps({"Code": code, "Message": "…", "SmsPerMessage": 1, "Balance": 1000} | more))


ABENLA: list[Case] = [
    ("accepted", abenla_says(106, SmsPerMessage=3), Accepted(None, 3)),
    ("accepted, another word", abenla_says("203"), Accepted(None, 1)),
    *[(f"waits {code}", abenla_says(code), Accepted(None, 1)) for code in (201, 212)],
    ("taken already: no failure, nothing to resend", abenla_says(116), Accepted(None, 1)),
    *listed(abenla, abenla_says),
    ("a code of no table", abenla_says(999), no(R, "999", unknown=True)),
    ("nonsense beside the yes", abenla_says(106, SmsPerMessage="many"), Accepted()),
    *BY_STATUS,
]


def vietguys_says(error: object, why: object = "", **more: object) -> HttpResponse:
    return says(200, json.dumps({"error": error, "error_code": why, "msgid": "", "message": "…"} | more))


VIETGUYS: list[Case] = [
    ("accepted", vietguys_says(0, msgid="a" * 32), Accepted("a" * 32)),
    ("accepted, quoted", vietguys_says("0"), Accepted()),
    *[(f"code {code}", vietguys_says(1, code), no(kind, code)) for code, kind in vietguys.CODES.items() if kind and code != "refused"],
    ("the other name of the code", vietguys_says(1, "", ErrorCode=-12), no(M, "-12")),
    ("a no without a code", vietguys_says(1), no(R, "refused")),
    ("a code of no table", vietguys_says(1, "-99"), no(R, "-99", unknown=True)),
    ("a bare number, without json=1", says(200, "-3"), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]


def vnpt_says(error: object) -> HttpResponse:
    return says(200, json.dumps({"RPLY": {"name": "send_sms_list", "ERROR": error, "ERROR_DESC": "…"}}))


VNPT: list[Case] = [
    *[(f"0 as {said!r}", vnpt_says(said), Accepted()) for said in ("0", 0, " 0")],  # carriers.md §7, mistake 10
    *listed(vnpt, vnpt_says),
    ("a code of no table", vnpt_says("77"), no(R, "77", unknown=True)),
    ("another's answer", says(200, '{"CodeResult":"100"}'), no(R, "http-200", maybe_sent=True)),
    ("a reply that is a list", says(200, '{"RPLY":[{"ERROR":"0"}]}'), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]
CASES: dict[str, list[Case]] = {
    "abenla": ABENLA,
    "esms": ESMS,
    "incom": INCOM,
    "speedsms": SPEEDSMS,
    "viettel": VIETTEL,
    "vietguys": VIETGUYS,
    "vmg": VMG,
    "vnpt": VNPT,
}
