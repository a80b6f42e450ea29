"""The other side of FPT, MobiFone, Stringee, V-COM, the classic SOAP short code, eSMS's other services, Zalo ZNS, RapidPro and Traccar,
as `fakes.py`. Each sees a request as it leaves: within its session, with its time."""

import base64
import hashlib
import hmac
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from gateway.carriers.protocol import Account, Carrier
from gateway.carriers.session import logs_in, stamps
from gateway.carriers.wire import HttpRequest
from gateway.domain.secret import Secret
from tests.carriers.carrier_cases import PASSWORD

Sent = list[tuple[str, str]]
Fake = Callable[[Mapping[str, str], Mapping[str, str], bytes], tuple[Sent, str]]
NOW_MS = 1_793_494_800_000  # 2026-11-01 08:00:00 in Ha Noi
SESSION = Secret("5f0c 1T")
TEMPLATE = {"template_id": "7895", "template": "{noi_dung}"}


def ready(carrier: Carrier, account: Account, request: HttpRequest) -> HttpRequest:
    """`request` as it leaves."""
    if logs_in(carrier):
        return carrier.with_session(request, SESSION)
    return carrier.stamped(account, request, NOW_MS) if stamps(carrier) else request


def esms_ads(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["Content-Type"] == "application/json"
    call = json.loads(body)
    assert (call["ApiKey"], call["SecretKey"], call["SmsType"], call["Brandname"]) == ("u", PASSWORD, "1", "8088")
    assert len(set(call["Phones"])) == len(call["Phones"]) <= 5_000
    assert call["IsUnicode"] == ("0" if call["Content"].isascii() else "1")
    assert len(call["RequestId"]) <= 50
    return [("+" + each, call["Content"]) for each in call["Phones"]], json.dumps({"CodeResult": "100", "SMSID": "s1"})


def esms_zns(_headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    call = json.loads(body)
    data = call.pop("TempData")
    assert all(isinstance(value, str) for value in (*call.values(), *data.values()))
    assert (call["OAID"], call["TempID"], call["SendingMode"]) == ("409", "7895", "1")
    return [("+" + call["Phone"], data["noi_dung"])], json.dumps({"CodeResult": "100", "CountRegenerate": 0, "SMSID": "z1"})


def zalo_zns(_headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    call = json.loads(body)
    assert set(call) == {"phone", "template_id", "template_data", "tracking_id"}
    assert len(call["tracking_id"]) <= 48
    quota = {"dailyQuota": "500", "remainingQuota": "499"}
    answer = {"error": 0, "message": "Success", "data": {"msg_id": "m1", "sent_time": "1793494800000", "quota": quota}}
    return [("+" + call["phone"], call["template_data"]["noi_dung"])], json.dumps(answer)


def fpt(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    """Mistake 11: token and session_id in the body, the text Base64 of UTF-8."""
    assert not {"authorization", "access_token"} & {name.lower() for name in headers}
    call = json.loads(body)
    assert (call["access_token"], call["session_id"], call["BrandName"]) == ("1T", "5f0c", "8088")
    assert call["RequestId"]
    text = base64.b64decode(call["Message"], validate=True).decode()
    return [("+" + call["Phone"], text)], json.dumps({"MessageId": 77, "Phone": call["Phone"], "Telco": "VIETTEL"})


def mobifone(headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert not query  # words and numbers stand in no address
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    call = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    assert (call["sid"], call["sender"]) == ("5f0c 1T", "8088")
    assert call.get("enCoding") == (None if call["content"].isascii() else "ALPHA_UCS2")
    return [("+" + call["recipient"], call["content"])], json.dumps({"status": "200", "message": "OK"})


def stringee(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    head, claims, mac = headers["X-STRINGEE-AUTH"].split(".")
    assert _opened(head) == {"typ": "JWT", "alg": "HS256", "cty": "stringee-api;v=1"}
    said = _opened(claims)
    assert (said["iss"], said["rest_api"]) == ("u", True)
    assert said["jti"] == f"u_{NOW_MS // 1000}"
    assert said["exp"] > NOW_MS // 1000
    made = hmac.new(PASSWORD.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(made).decode().rstrip("=") == mac
    calls = json.loads(body)["sms"]
    assert all(set(call) == {"from", "to", "text"} and call["from"] == "8088" for call in calls)
    rows = [{"price": "300", "smsType": 2, "r": 0, "msg": "Success"} for _ in calls]
    return [("+" + call["to"], call["text"]) for call in calls], json.dumps({"smsSent": len(rows), "result": rows})


def _opened(part: str) -> dict[str, object]:
    value: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return value


def vcom(_headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    """The number is that of the MO, which the request names; here each MO is called as its answer is."""
    call = json.loads(body)
    assert (call["client_id"], call["service_id"], call["command_code"], call["is_charged"]) == ("u", "8088", "TIN", 0)
    assert call["time"] == "2026-11-01 08:00:00"
    signed = call["client_id"] + call["request_id"] + call["mt_code"] + PASSWORD + call["time"]
    assert base64.b64encode(hashlib.sha256(signed.encode()).digest()).decode() == call["checksum"]
    number = f"+8430000{int(call['request_id'].removeprefix('REF')):04}"
    return [(number, call["message"])], json.dumps({"data": {"code": 200, "status": "success", "message": ""}})


def classic_soap(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["SOAPAction"] == '"mtReceive"'
    assert headers["Authorization"].startswith("Basic ")
    envelope = ET.fromstring(body.decode())  # noqa: S314 # ours
    (call,) = envelope.iter("{http://service.mc.vasc.com}mtReceiver")
    said = {child.tag: child.text or "" for child in call}
    assert (said["Service_ID"], said["Command_Code"], said["Content_Type"]) == ("8088", "TIN", "0")
    assert (said["Total_Message"], said["Message_Index"], said["IsMore"]) == ("1", "1", "0")
    assert (said["Message_Type"], said["Request_ID"][:3]) == ("3", "REF")  # a push: it answers nobody
    return [("+" + said["User_ID"], said["Message"])], soap_return("1")


def soap_return(value: str, operation: str = "mtReceiver") -> str:
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<ns1:{operation}Response xmlns:ns1="http://service.mc.vasc.com"><{operation}Return xsi:type="xsd:int" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{value}</{operation}Return></ns1:{operation}Response>'
        "</soapenv:Body></soapenv:Envelope>"
    )


def rapidpro(headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["Authorization"].encode("utf-8", "surrogateescape") == PASSWORD.encode("latin-1")  # as headers travel
    call = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)) or dict(query)
    assert (call["from"], call["channel"], call["to"]) == ("8088", "route", "+" + call["to_no_plus"])
    assert call["id"].startswith("REF")
    return [(call["to"], call["text"])], '{"ok":true}'


def traccar(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["Authorization"].encode("utf-8", "surrogateescape") == PASSWORD.encode("latin-1")  # as headers travel
    call = json.loads(body)
    return [(call["to"], call["message"])], ""


FAKES: Mapping[str, Fake] = {
    "classic-soap": classic_soap,
    "esms-ads": esms_ads,
    "esms-zns": esms_zns,
    "fpt": fpt,
    "mobifone": mobifone,
    "rapidpro": rapidpro,
    "stringee": stringee,
    "traccar": traccar,
    "vcom": vcom,
    "zalo-zns": zalo_zns,
}
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "classic-soap": {"command_code": "TIN"},
    "esms-zns": {"oaid": "409", **TEMPLATE},
    "vcom": {"command_code": "TIN"},
    "zalo-zns": TEMPLATE,
}
