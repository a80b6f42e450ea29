"""The other side of carriers without a simulator of their own: each reads a request as the vendor's page says, apart from our own code.

A fake takes (headers, query, body) and gives (number, text) pairs that it would send, with its answer; it raises where the page would
refuse the form of the request. `telco_of` serves one over real HTTP.
"""

import base64
import json
import ssl
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.carriers.wire import HttpRequest, HttpResponse
from tests.carriers import more_fakes
from tests.harness import everything, listening

Sent = list[tuple[str, str]]
Fake = Callable[[Mapping[str, str], Mapping[str, str], bytes], tuple[Sent, str]]


def esms(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["Content-Type"] == "application/json"
    call = json.loads(body)
    assert all(isinstance(value, str) for value in call.values())  # the page: every value a string
    assert (call["ApiKey"], call["SmsType"], call["Brandname"]) == ("u", "2", "8088")
    assert call["SecretKey"]
    assert len(call["RequestId"]) <= 50
    assert call["IsUnicode"] == ("0" if call["Content"].isascii() else "1")
    return [("+" + call["Phone"], call["Content"])], json.dumps({"CodeResult": "100", "CountRegenerate": 0, "SMSID": "s1"})


def speedsms(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    kind, _, token = headers["Authorization"].partition(" ")
    assert kind == "Basic"
    assert base64.b64decode(token).endswith(b":x")  # user: the token, password: the letter x
    call = json.loads(body)
    assert call["sms_type"] == 3
    assert call["sender"]
    pairs = [("+" + number, call["content"]) for number in call["to"]]
    return pairs, json.dumps({"status": "success", "code": "00", "data": {"tranId": 123, "totalSMS": len(pairs), "invalidPhone": []}})


def viettel(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["Content-Type"].startswith("text/xml")
    envelope = ET.fromstring(body.decode())  # noqa: S314 # ours, from the line above
    (call,) = envelope.iter("{http://impl.bulkSms.ws/}wsCpMt")
    said = {child.tag: child.text or "" for child in call}  # a child with a namespace would have it in its tag
    assert said["UserID"] == said["ReceiverID"]
    assert (said["RequestID"], said["CommandCode"], said["CPCode"]) == ("1", "bulksms", "CP")
    answer = "<return><message>Insert MT_QUEUE: OK</message><result>1</result></return>"
    return [("+" + said["ReceiverID"], said["Content"])], (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
        f'<r:wsCpMtResponse xmlns:r="http://impl.bulkSms.ws/">{answer}</r:wsCpMtResponse></S:Body></S:Envelope>'
    )


def vmg(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["token"]
    call = json.loads(body)
    assert (call["type"], call["from"], call["scheduled"]) == (1, "8088", "")
    assert call["requestId"]
    assert call["useUnicode"] == int(not call["message"].isascii())
    return [("+" + call["to"], call["message"])], json.dumps({"errorCode": "000", "referentId": "r1", "mtCount": 1})


def incom(_headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    call = json.loads(body)
    assert (call["Username"], call["PrefixId"], call["CommandCode"], call["RequestId"]) == ("u", "8088", "8088", "0")
    assert call["MsgContentTypeId"] == (0 if call["MsgContent"].isascii() else 12)
    return [("+" + call["PhoneNumber"], call["MsgContent"])], json.dumps({"StatusCode": "1", "StatusDesc": "ok"})


def abenla(_headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert not body
    assert len(query["sign"]) == 32
    assert query["sign"] == query["sign"].lower()
    assert (query["loginName"], query["serviceTypeId"], query["brandName"]) == ("u", "535", "8088")
    return [("+" + query["phoneNumber"], query["message"])], json.dumps({"Code": 106, "Message": "ok", "SmsPerMessage": 1})


def vietguys(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    call = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    assert (call["u"], call["from"], call["json"]) == ("u", "8088", "1")
    assert len(call["bid"]) <= 50
    return [("+" + call["phone"], call["sms"])], json.dumps({"error": 0, "error_code": "", "msgid": "m1"})


def vnpt(_headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    call = json.loads(body)["RQST"]
    assert all(isinstance(value, str) for name, value in call.items() if name != "PARAMS")
    assert (call["name"], call["LABELID"], call["CONTRACTTYPEID"], call["SCHEDULETIME"]) == ("send_sms_list", "1", "1", "")
    (parameter,) = call["PARAMS"]
    assert parameter["NUM"] == "1"
    assert call["DATACODING"] == ("0" if parameter["CONTENT"].isascii() else "8")
    return [("+" + call["MOBILELIST"], parameter["CONTENT"])], json.dumps({"RPLY": {"ERROR": "0", "ERROR_DESC": "success"}})


def smsgate(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["Authorization"].startswith("Basic ")
    call = json.loads(body)
    assert set(call) <= {"id", "textMessage", "phoneNumbers", "withDeliveryReport", "ttl"}
    assert all(number.startswith("+") for number in call["phoneNumbers"])  # E.164, or the app refuses it
    text = call["textMessage"]["text"]
    return [(number, text) for number in call["phoneNumbers"]], json.dumps({"id": call["id"], "state": "Pending", "recipients": []})


def jasmin(_headers: Mapping[str, str], query: Mapping[str, str], _body: bytes) -> tuple[Sent, str]:
    assert ("content" in query) != ("hex-content" in query)  # never both
    if query["coding"] == "8":
        text = bytes.fromhex(query["hex-content"]).decode("utf-16-be")
    else:
        assert query["coding"] == "0"
        text = query["content"]
    return [("+" + query["to"], text)], 'Success "u-1"'


def twilio(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["Authorization"].startswith("Basic ")
    call = dict(parse_qsl(body.decode(), strict_parsing=True))
    assert call["From"] == "8088"
    assert call["To"].startswith("+")
    return [(call["To"], call["Body"])], json.dumps({"sid": "SM1", "status": "queued"})


def vonage(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    call = dict(parse_qsl(body.decode(), strict_parsing=True))
    user, _, _ = base64.b64decode(headers.get("Authorization", "").removeprefix("Basic ")).partition(b":")
    assert call.get("api_key", user.decode()) == "u"  # in the form, or as Basic, which the SDK prefers
    assert call["type"] == ("text" if call["text"].isascii() else "unicode")  # else the accents are lost
    return [("+" + call["to"], call["text"])], json.dumps(
        {"message-count": "1", "messages": [{"to": call["to"], "status": "0", "message-id": "m1", "remaining-balance": "3.1"}]}
    )


def plivo(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["Authorization"].startswith("Basic ")
    call = json.loads(body)
    numbers = call["dst"].split("<")
    return [("+" + number, call["text"]) for number in numbers], json.dumps({"message_uuid": [f"u-{number}" for number in numbers]})


def africastalking(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["apiKey"]
    assert headers["Accept"] == "application/json"  # else it answers in XML
    call = dict(parse_qsl(body.decode(), strict_parsing=True))
    assert call["username"] == "u"
    numbers = call["to"].split(",")
    rows = [{"statusCode": 101, "number": number, "status": "Success", "messageId": f"ATXid_{at}"} for at, number in enumerate(numbers)]
    return [(number, call["message"]) for number in numbers], json.dumps({"SMSMessageData": {"Message": "Sent", "Recipients": rows}})


def playsms(_headers: Mapping[str, str], query: Mapping[str, str], _body: bytes) -> tuple[Sent, str]:
    assert (query["app"], query["op"], query["u"], query["format"]) == ("ws", "pv", "u", "json")
    assert query["unicode"] == str(int(not query["msg"].isascii()))
    numbers = query["to"].split(",")
    return [("+" + number, query["msg"]) for number in numbers], json.dumps(
        {"data": [{"status": "OK", "error": "0", "smslog_id": str(at), "to": number} for at, number in enumerate(numbers, 1)]}
    )


def infobip(headers: Mapping[str, str], _query: Mapping[str, str], body: bytes) -> tuple[Sent, str]:
    assert headers["Authorization"].startswith("App ")
    (message,) = json.loads(body)["messages"]
    assert message["sender"] == "8088"
    pairs = [("+" + each["to"], message["content"]["text"]) for each in message["destinations"]]
    status = {"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED"}
    rows = [{"messageId": each["messageId"], "destination": each["to"], "status": status} for each in message["destinations"]]
    return pairs, json.dumps({"messages": rows})


FAKES: Mapping[str, Fake] = {
    each.__name__: each
    for each in (
        abenla, africastalking, esms, incom, infobip, jasmin, playsms, plivo, smsgate, speedsms, twilio, viettel, vietguys, vmg,
        vnpt, vonage,
    )
} | more_fakes.FAKES  # fmt: skip
_STATUS: Mapping[str, int] = {"africastalking": 201, "plivo": 202, "smsgate": 202, "twilio": 201}
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "abenla": {"service_type_id": "535"},
    "viettel": {"cp_code": "CP"},
    "vnpt": {"user_name": "c", "label_id": "1", "contract_id": "2", "template_id": "3", "agent_id": "4"},
    **more_fakes.OPTIONS,
}


def _kind(body: bytes) -> str:
    return {b"{": "application/json", b"[": "application/json", b"<": "text/html"}.get(body[:1], "text/plain")


@dataclass
class Telco:
    """What a fake was sent, and how. `answers`: what it says in place of its own, one a request; the last one for all that follow."""

    url: str = ""
    sent: Sent = field(default_factory=list)
    seen: list[HttpRequest] = field(default_factory=list, repr=False)
    answers: list[HttpResponse] = field(default_factory=list)


@asynccontextmanager
async def telco_of(name: str, *answers: HttpResponse, tls: ssl.SSLContext | None = None) -> AsyncIterator[Telco]:
    """The fake of carrier `name`, listening on loopback."""
    it = Telco(answers=list(answers))

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        it.seen.append(HttpRequest(request.method, request.raw_path, dict(request.headers), body))
        if it.answers:
            given = it.answers[0] if len(it.answers) == 1 else it.answers.pop(0)
            return web.Response(status=given.status, headers={"content-type": _kind(given.body)} | dict(given.headers), body=given.body)
        pairs, answer = FAKES[name](request.headers, request.query, body)
        it.sent += pairs
        return web.Response(body=answer.encode(), headers={"content-type": _kind(answer.encode())}, status=_STATUS.get(name, 200))

    async with listening(everything(take), tls=tls) as url:
        it.url = f"{url}/send"
        yield it
