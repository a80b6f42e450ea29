"""The other side of carriers without a simulator of their own: each reads a request as the vendor's page says, apart from our own code.

A fake takes (headers, query, body) and gives (number, text) pairs that it would send, with its answer; it raises where the page would
refuse the form of the request. `telco_of` serves one over real HTTP.
"""

import base64
import json
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

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


FAKES: Mapping[str, Fake] = {"esms": esms, "speedsms": speedsms, "viettel": viettel}
OPTIONS: Mapping[str, Mapping[str, str]] = {"viettel": {"cp_code": "CP"}}


@dataclass
class Telco:
    """What a fake was sent."""

    url: str = ""
    sent: Sent = field(default_factory=list)


@asynccontextmanager
async def telco_of(name: str) -> AsyncIterator[Telco]:
    """The fake of carrier `name`, listening on loopback."""
    it = Telco()

    async def take(request: web.Request) -> web.Response:
        pairs, answer = FAKES[name](request.headers, request.query, await request.read())
        it.sent += pairs
        return web.Response(text=answer)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.url = f"http://127.0.0.1:{runner.addresses[0][1]}/send"
    try:
        yield it
    finally:
        await runner.cleanup()
