"""What FPT, MobiFone, Stringee, V-COM, the classic SOAP short code, eSMS's other services, Zalo ZNS, RapidPro and Traccar say, and what it
means: tables that `test_contract.py` loops over."""

import json

from gateway.carriers import esms_ads, esms_zns, vcom, zalo_zns
from gateway.carriers.protocol import Accepted
from gateway.carriers.wire import HttpResponse
from gateway.domain.failure import Failure
from tests.carriers.carrier_cases import BY_STATUS, Case, M, P, R, T, U, no, says
from tests.carriers.more_fakes import soap_return
from tests.carriers.vietnam_cases import esms_says, listed

ESMS_ADS: list[Case] = [
    ("accepted", esms_says("100", SMSID="abc-1"), Accepted("abc-1")),
    ("taken already: no failure, nothing to resend", esms_says("124"), Accepted()),
    ("fewer than thirty: the route's fallback takes them", esms_says("107"), no(U, "107")),
    *listed(esms_ads, esms_says),
    ("a code of no table", esms_says("999"), no(R, "999", unknown=True)),
    *BY_STATUS,
]
ESMS_ZNS: list[Case] = [
    ("accepted", esms_says("100", SMSID="z-1"), Accepted("z-1")),
    ("taken already", esms_says(124), Accepted()),
    *listed(esms_zns, esms_says),
    ("a code of no table", esms_says("998"), no(R, "998", unknown=True)),
    *BY_STATUS,
]


def zns_says(error: object, **more: object) -> HttpResponse:
    return says(200, json.dumps({"error": error, "message": "…"} | more))


WAITS = {"-133": 900.0, "-144": 3600.0, "-147": 3600.0}
ZALO_ZNS: list[Case] = [
    ("ok", zns_says(0, data={"msg_id": "a2c4", "quota": {"remainingQuota": "499"}}), Accepted("a2c4")),
    ("ok, quoted", zns_says(" 0"), Accepted()),
    ("ok, an odd id", zns_says(0, data={"msg_id": ["a"]}), Accepted()),
    *[(f"error {code}", zns_says(int(code)), no(kind, code, WAITS.get(code))) for code, kind in zalo_zns.CODES.items() if kind is not None],
    ("a code of no table", zns_says(-9999), no(R, "-9999", unknown=True)),
    ("an error that is a word", zns_says("no"), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]


def fpt_says(error: object, words: str, status: int = 400) -> HttpResponse:
    return says(status, json.dumps({"error": error, "error_description": words}))


FPT: list[Case] = [
    ("accepted", says(200, json.dumps({"MessageId": 77, "BrandName": "B", "PartnerId": "1", "Telco": "VIETTEL"})), Accepted("77")),
    ("accepted, a text for an id", says(200, '{"MessageId":"a-77"}'), Accepted("a-77")),
    *[(f"token {code}", fpt_says(code, "…", 401), no(M, str(code))) for code in (1011, 1013)],
    ("the token in words", fpt_says(1, "Access token is expired"), no(M, "token")),
    ("the client", fpt_says(2, "Client id or secret is wrong"), no(M, "client")),
    ("the scope", fpt_says(3, "Scope is not granted"), no(M, "scope")),
    ("the brand name", fpt_says("4", "Brandname not found"), no(M, "brandname")),
    ("the template", fpt_says(5, "Message does not match any template of brandname"), no(P, "template")),
    ("the number", fpt_says(6, "Phone invalid"), no(P, "phone")),
    ("a number of no table", fpt_says(4242, "He thong ban"), no(R, "4242", unknown=True)),
    ("a yes under a no", fpt_says(4242, "", 200), no(R, "4242", unknown=True)),
    ("nothing named", says(200, '{"MessageId":null}'), no(R, "http-200", maybe_sent=True)),
    ("an error that is no number", says(400, '{"error":["x"]}'), no(R, "http-400")),
    ("429 with words", says(429, '{"error":9,"error_description":"slow"}', retry_after="4"), no(T, "http-429", 4.0)),
    *BY_STATUS,
]
MOBIFONE: list[Case] = [
    ("accepted", says(200, '{"status":"200","message":"OK"}'), Accepted()),
    ("accepted, a number and a line end", says(200, '{"status":200}\r\n'), Accepted()),
    ("the session is over", says(401, "SessionExpired"), no(M, "SessionExpired")),
    ("the session is not known", says(401, "<h1>SidNotPassed</h1>"), no(M, "SidNotPassed")),
    ("another status", says(200, '{"status":"503","message":"busy"}'), no(R, "503", unknown=True)),
    *BY_STATUS,
]


def stringee_says(*rows: object) -> HttpResponse:
    return says(200, json.dumps({"smsSent": 0, "result": rows}))


STRINGEE: list[Case] = [
    ("accepted", stringee_says({"price": "300", "smsType": 2, "r": 0, "msg": "Success"}), Accepted()),
    ("a code of no table", stringee_says({"r": 7, "msg": "brandname"}), no(R, "7", unknown=True)),
    ("a row without a code", stringee_says({"msg": "?"}), no(R, "left-out", maybe_sent=True)),
    ("a row that is none", stringee_says("ok"), no(R, "left-out", maybe_sent=True)),
    ("left out", stringee_says(), no(R, "left-out", maybe_sent=True)),
    ("a result that is no list", says(200, '{"result":{"r":0}}'), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]


def vcom_refuses(code: object) -> HttpResponse:
    return says(200, json.dumps({"errors": {"code": code, "status": "error", "message": "…"}}))


VCOM: list[Case] = [
    ("accepted", says(200, '{"data":{"code":200,"status":"success","message":""}}'), Accepted()),
    ("accepted, quoted", says(200, '{"data":{"code":"200"}}'), Accepted()),
    ("taken already: no failure, nothing to resend", vcom_refuses(104), Accepted()),
    *listed(vcom, vcom_refuses),
    ("a code of no table", vcom_refuses(777), no(R, "777", unknown=True)),
    ("a yes among errors is none", vcom_refuses(200), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]
_FAULT = (
    "<s:Envelope xmlns:s='…'><s:Body><s:Fault><faultstring>java.lang.NullPointerException</faultstring></s:Fault></s:Body></s:Envelope>"
)
CLASSIC_SOAP: list[Case] = [
    ("1 is yes", says(200, soap_return("1")), Accepted()),
    ("1 as a result", says(200, "<r><mtResult>1</mtResult></r>"), Accepted()),
    ("once more, please", says(200, soap_return("-1")), no(R, "-1")),
    ("another number", says(200, soap_return("4")), no(R, "4", unknown=True)),
    ("a word", says(200, soap_return("OK")), no(R, "http-200", maybe_sent=True)),
    ("a fault", says(500, _FAULT), no(R, "fault")),
    *BY_STATUS,
]
BY_ERROR = [case for case in BY_STATUS if case[1].status != 200]  # where any 2xx is a yes
RAPIDPRO: list[Case] = [
    ("any 2xx", says(202, "queued"), Accepted()),
    ("an empty 200", says(200), Accepted()),
    *BY_ERROR,
]
TRACCAR: list[Case] = [
    ("any 2xx", says(200, ""), Accepted()),
    ("400", says(400, "bad number"), no(P, "http-400")),
    *BY_ERROR,
]
CASES: dict[str, list[Case]] = {
    "classic-soap": CLASSIC_SOAP,
    "esms-ads": ESMS_ADS,
    "esms-zns": ESMS_ZNS,
    "fpt": FPT,
    "mobifone": MOBIFONE,
    "rapidpro": RAPIDPRO,
    "stringee": STRINGEE,
    "traccar": TRACCAR,
    "vcom": VCOM,
    "zalo-zns": ZALO_ZNS,
}
assert all(kind is not Failure.PERMANENT for kind in vcom.CODES.values())  # what answers nothing goes another way
