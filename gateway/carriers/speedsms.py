"""SpeedSMS.vn: JSON by HTTP Basic with the access token; one webhook for reports and MOs, without a signature.

Source: the vendor's API pages; two clients agree on sending. The ranges of a report's status rest on memory.
`account`: username is any name, password the access token; sms_type as the contract has it, 3 for a brand name. `url` ends in /sms/send.
One recipient a request, though the vendor takes lists: a list has one tranId, and a report names it with the number alone, which could be
matched only by keeping numbers in the clear.

POST {"to":["84…"],"content","sms_type":3,"sender"} -> {"status":"success","code":"00","data":{"tranId":123,"invalidPhone":[]}}
    or {"status":"error","code":"113"}; HTTP 429 after 60 requests in 60 s, with X-Rate-Limit-Reset
POST webhook {"type":"report","tranId":123,"phone":"84…","status":0} or {"type":"sms"|"incoming","phone":"84…","content":"…"}
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final, Literal

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus

NAME: Final = "speedsms"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True)
OPTIONS: Final[Mapping[str, str]] = {
    "sms_type": "2 any number, 3 brand name (the default), 4 their shared name, 6 a fixed number, 8 two-way"
}

CODES: Final[Mapping[str, Failure | None]] = {
    "00": None,
    "101": Failure.PERMANENT,
    "105": Failure.PERMANENT,  # no phone number
    "110": Failure.PERMANENT,  # this route takes no accents
    "113": Failure.PERMANENT,  # too long
    "invalid-phone": Failure.PERMANENT,  # a success that lists the number as not sent
    "500": Failure.RETRYABLE,
    "http-429": Failure.THROTTLED,
    "007": Failure.MISCONFIGURED,  # our address is locked out
    "008": Failure.MISCONFIGURED,
    "009": Failure.MISCONFIGURED,
    "300": Failure.MISCONFIGURED,  # no balance
    "sender": Failure.MISCONFIGURED,  # "sender not found"
}
_TEMPORARY_UP_TO: Final = 63
_LONGEST_S: Final = 3600


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`."""
    mt = batch.mts[0]
    call: dict[str, object] = {
        "to": [mt.msisdn.e164.removeprefix("+")],
        "content": mt.text,
        "sms_type": int(account.options.get("sms_type", "3")),
    }
    if account.sender_id:
        call["sender"] = account.sender_id
    token = b64encode(f"{account.password.reveal()}:x".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {token}"}
    return HttpRequest("POST", account.url, headers, json.dumps(call, ensure_ascii=False, separators=(",", ":")).encode())


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    answer = json_object(response.body)
    if response.status == 429:
        return Refused(Failure.THROTTLED, "http-429", _reset_s(response))
    code = str(answer.get("code", "")).strip()
    if answer.get("status") not in ("success", "error") or not code.isascii() or len(code) > 6:
        return outcome_from_status(response)
    if "sender not found" in str(answer.get("message", "")).lower():
        return Refused(Failure.MISCONFIGURED, "sender")
    failure = CODES.get(code, Failure.RETRYABLE)
    if failure is not None:
        return Refused(failure, code or "unnamed")
    return _taken(answer)


def _taken(answer: Mapping[str, Any]) -> Outcome:
    """A success can still name the number as not sent."""
    data = answer.get("data")
    data = data if isinstance(data, dict) else {}
    if data.get("invalidPhone"):
        return Refused(Failure.PERMANENT, "invalid-phone")
    return Accepted(_id(data.get("tranId")))


def _id(value: object) -> str | None:
    text = clean(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text and text.isascii() and len(text) <= 64 else None


def _reset_s(response: HttpResponse) -> float | None:
    text = response.headers.get("x-rate-limit-reset", response.headers.get("retry-after", "")).strip()
    return float(min(int(text), _LONGEST_S)) if text.isascii() and text.isdigit() and len(text) < 10 else None


def parse_mo(call: HookCall) -> Mo | Malformed:
    """An incoming text. The vendor names no id and no receiver."""
    event = json_object(call.body)
    sender = _words(event.get("phone"))
    if event.get("type") not in ("sms", "incoming"):
        return Malformed("type: not sms or incoming")
    if not sender:
        return Malformed("phone: missing")
    return Mo(None, f"+{sender}" if sender.startswith("84") else sender, "", _words(event.get("content")))


def _words(value: object) -> str:
    return clean(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """A report: 0 delivered, up to 63 not yet, from 64 on never."""
    event = json_object(call.body)
    ref, status = _id(event.get("tranId")), event.get("status")
    if event.get("type") != "report" or ref is None:
        return Malformed("type, tranId: no report")
    if not isinstance(status, int) or isinstance(status, bool) or not 0 <= status < 10_000:
        return Malformed("status: no number from 0 on")
    if status == 0:
        return Dlr(ref, ours=False, status=DlrStatus.DELIVERED, code="0")
    said = DlrStatus.BUFFERED if status <= _TEMPORARY_UP_TO else DlrStatus.FAILED
    return Dlr(ref, ours=False, status=said, code=str(status))


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
