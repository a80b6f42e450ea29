"""Calls as carriers sign them, written apart from our own code: from the vendors' pages. `SIGNERS` names each carrier that signs."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode, urlsplit

from gateway.carriers.wire import HookCall

HANOI = timezone(timedelta(hours=7))
FORM = {"content-type": "application/x-www-form-urlencoded"}
Fields = Mapping[str, str]


def _call(method: str, url: str, query: str, body: bytes, headers: Mapping[str, str]) -> HookCall:
    return HookCall(method, urlsplit(url).path, query.encode(), dict(headers), body, "127.0.0.1")


def _hmac(key: str, over: bytes, algorithm: str) -> bytes:
    return hmac.new(key.encode(), over, algorithm).digest()


def twilio(fields: Fields, key: str, url: str, query: str = "", algorithm: str = "", stamp: int = 0) -> HookCall:
    """Base64 of HMAC over the address and each field by name, glued."""
    signed = url + (f"?{query}" if query else "") + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    made = base64.b64encode(_hmac(key, signed.encode(), "sha256" if algorithm.endswith("256") else "sha1")).decode()
    headers = FORM | {"x-twilio-signature": made}
    if algorithm:
        headers["x-twilio-webhooks-signature-settings"] = f"key=webhooks_sharedkey_1,algorithm={algorithm}"
    return _call("POST", url, query, urlencode(fields).encode(), headers)


def vonage(fields: Fields, key: str, url: str, query: str = "", algorithm: str = "", stamp: int = 0) -> HookCall:
    """HMAC-SHA256 in hex over "&name=value" of each field by name, "&" and "=" of values as "_"."""
    said = dict(fields) | {"timestamp": str(stamp)}
    over = "".join(f"&{name}={said[name].replace('&', '_').replace('=', '_')}" for name in sorted(said))
    body = urlencode(said | {"sig": _hmac(key, over.encode(), "sha256").hex()}).encode()
    return _call("POST", url, query, body, FORM)


def plivo(fields: Fields, key: str, url: str, query: str = "", algorithm: str = "", stamp: int = 0) -> HookCall:
    """V3: Base64 of HMAC-SHA256 over address, "?", fields by name, "." and a nonce."""
    glued = "".join(f"{name}{fields[name]}" for name in sorted(fields))
    over = f"{url}?{glued}.n1"
    headers = {"x-plivo-signature-v3-nonce": "n1", "x-plivo-signature-v3": base64.b64encode(_hmac(key, over.encode(), "sha256")).decode()}
    return _call("POST", url, query, urlencode(fields).encode(), FORM | headers)


def smsgate(fields: Fields, key: str, url: str, query: str = "", algorithm: str = "", stamp: int = 0) -> HookCall:
    """Hex HMAC-SHA256 over the body and the time, glued."""
    event = {"id": fields["id"], "event": "sms:received", "payload": {"sender": fields["from"], "message": fields["text"]}}
    body = json.dumps(event, ensure_ascii=False).encode()
    headers = {"x-timestamp": str(stamp), "x-signature": _hmac(key, body + str(stamp).encode(), "sha256").hex()}
    return _call("POST", url, query, body, {"content-type": "application/json"} | headers)


def esms(fields: Fields, key: str, url: str, query: str = "", algorithm: str = "", stamp: int = 0) -> HookCall:
    """A GET; Base64 of the raw MD5 over cpid, smsid, content, receiverTime and the key."""
    said = {"receiverTime": datetime.fromtimestamp(stamp, HANOI).strftime("%Y%m%d%H%M%S")} | dict(fields)
    over = "".join(said[name] for name in ("cpid", "smsid", "content", "receiverTime")) + key
    sign = base64.b64encode(hashlib.md5(over.encode(), usedforsecurity=False).digest()).decode()
    return _call("GET", url, urlencode(said | {"sign": sign}), b"", {})


def vcom(fields: Fields, key: str, url: str, query: str = "", algorithm: str = "", stamp: int = 0) -> HookCall:
    """Base64 of the raw SHA-256 of client_id, request_id, phone, key and time; it doesn't cover the words."""
    said = {"type": "new", "client_id": "1", "time": datetime.fromtimestamp(stamp, HANOI).strftime("%Y-%m-%d %H:%M:%S")} | dict(fields)
    over = said["client_id"] + said["request_id"] + said["phone"] + key + said["time"]
    said["checksum"] = base64.b64encode(hashlib.sha256(over.encode()).digest()).decode()
    return _call("POST", url, query, json.dumps(said, ensure_ascii=False).encode(), {"content-type": "application/json"})


def zalo_zns(fields: Fields, key: str, url: str, query: str = "", algorithm: str = "", stamp: int = 0) -> HookCall:
    """Hex of a plain SHA-256 of app_id, the body as it goes, its timestamp and the OA's key."""
    event = {"app_id": "111", "event_name": "user_received_message", "timestamp": f"{stamp}000", "sender": {"id": "333"}}
    body = json.dumps(event | {"recipient": {"id": "222"}, "message": dict(fields)}).encode()
    made = hashlib.sha256(b"111" + body + f"{stamp}000".encode() + key.encode()).hexdigest()
    return _call("POST", url, query, body, {"content-type": "application/json", "x-zevent-signature": f"mac={made}"})


SIGNERS: Mapping[str, Callable[..., HookCall]] = {
    each.__name__.replace("_", "-"): each for each in (esms, plivo, smsgate, twilio, vcom, vonage, zalo_zns)
}


def signed_call(name: str, fields: Fields, key: str, url: str, query: str = "", **more: object) -> HookCall:
    """A call of carrier `name` with `fields`, to `url` (scheme, host, path) and `query`, signed with `key`."""
    return SIGNERS[name](fields, key, url, query, **more)
