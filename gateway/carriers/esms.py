"""eSMS.vn (ViHAT), customer care: one recipient a request, JSON in and out; reports by GET; a short code's MOs by signed GET.

Source: the vendor's developer pages (error table, callback, single send, short code), as of April 2026; two clients agree on sending.
`account`: username is the ApiKey, password the SecretKey, hook_key the private key that signs the short code's calls. The order of the
five signed parts is the order in which the page lists them (one source). The private key never travels; reports carry no signature, so
the hook's secret rides in their address.

POST {"ApiKey","SecretKey","Phone","Content","Brandname","SmsType":"2","IsUnicode","RequestId","CallbackUrl"}, every value a string
    -> {"CodeResult":"100","SMSID":"…"}, an error also under HTTP 200
POST …/GetBalance_json {"ApiKey","SecretKey"} -> {"Balance":…,"CodeResponse":"100","UserID":…}
GET  …/dlr?SMSID=…&RequestId=…&SendStatus=5&SendSuccess=1&SendFailed=0
GET  …/mo?sender=84…&content=…&serviceNumber=8079&sign=…&cpid=…&smsid=…&receiverTime=yyyyMMddHHmmss -> XML <ClientResponse>
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Final, Literal
from xml.sax.saxutils import escape

from gateway.carriers.protocol import Accepted, Account, Balance, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, Signing
from gateway.carriers.shared import (
    balance_of,
    beside,
    by_code,
    code_of,
    count_of,
    digits,
    id_of,
    international,
    is_plain,
    local_ms,
    post_json,
)
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, decode_text, form_fields, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus

NAME: Final = "esms"
CAPABILITIES: Final = Capabilities(
    max_batch=1, dedupe_window_s=86_400, status_by="none", unicode=True, dlr=True, mo=True, reply_in_response=True
)
OPTIONS: Final[Mapping[str, str]] = {"hook_key": "the private key of the short code, which signs its calls"}

_P, _R, _T, _M = Failure.PERMANENT, Failure.RETRYABLE, Failure.THROTTLED, Failure.MISCONFIGURED
CODES: Final[Mapping[str, Failure | None]] = {
    "100": None,
    "124": None,  # this RequestId was taken already
    "99": _P,  # the number is blocked
    "107": _P,  # fewer than 30 numbers
    "108": _P,  # no phone number
    "110": _P,
    "115": _P,
    "118": _P,
    "120": _P,
    "146": _P,  # fits none of the registered templates
    "163": _P,
    "171": _P,
    "201": _P,  # a forbidden word
    "210": _P,
    "300": _P,
    "301": _P,
    "687": _P,
    "177": Failure.UNROUTABLE,  # this operator doesn't know the brand name: another route may
    "105": _R,
    "160": _T,
    "101": _M,  # the keys
    "102": _M,  # no price list
    "103": _M,  # no balance
    "104": _M,  # the brand name
    "106": _M,
    "140": _M,  # our address is not on their list
    "143": _M,  # the account is locked
}
FRESH_MS: Final = 3 * 86_400_000  # their queue may have waited for us; a repeat is known by its smsid
EARLY_MS: Final = 600_000
_TIME: Final = "%Y%m%d%H%M%S"
_XML: Final = {"content-type": "text/xml; charset=utf-8"}
_STATUS: Final[Mapping[str, DlrStatus]] = {
    "1": DlrStatus.BUFFERED,  # waits for their approval
    "2": DlrStatus.BUFFERED,
    "4": DlrStatus.REJECTED,
    "7": DlrStatus.ACCEPTED,
}
_FINISHED: Final = "5"  # then the counters decide


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`; its RequestId is what their 24 hours of recognising a repeat rest on."""
    mt = batch.mts[0]
    call = {
        "ApiKey": account.username,
        "SecretKey": account.password.reveal(),
        "Phone": digits(mt.msisdn),
        "Content": mt.text,
        "Brandname": account.sender_id,
        "SmsType": "2",
        "IsUnicode": "0" if is_plain(mt.text) else "1",
        "RequestId": batch.ref,
    }
    return post_json(account.url, call | ({"CallbackUrl": account.dlr_url} if account.dlr_url else {}))


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT. Business errors come under HTTP 200: the body's code decides."""
    return outcomes(CODES, response, batch)


def outcomes(codes: Mapping[str, Failure | None], response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """The same for the vendor's other services, each by its own `codes`."""
    answer = json_object(response.body)
    code = code_of(answer.get("CodeResult"))
    taken = Accepted(id_of(answer.get("SMSID")))
    return (by_code(codes, code if code.isdigit() else "", response, taken),) * len(batch.mts)


def build_balance(account: Account) -> HttpRequest:
    """One POST of the keys."""
    return post_json(beside(account.url, "GetBalance_json"), {"ApiKey": account.username, "SecretKey": account.password.reveal()})


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """What is left, in VND; the code is named CodeResponse here."""
    answer = json_object(response.body)
    code = code_of(answer.get("CodeResponse"))
    outcome = by_code(CODES, code, response, Accepted()) if code.isdigit() else None
    return outcome if isinstance(outcome, Refused) else balance_of(answer.get("Balance"), "VND", response)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """What came to the short code. `receiverTime` is Viet Nam's time."""
    fields = {name: decode_text(value) for name, value in form_fields(call.query).items()}
    sender = international(clean(fields.get("sender", "")))
    if not sender:
        return Malformed("sender: missing")
    smsid, receiver = (clean(fields.get(name, "")) for name in ("smsid", "serviceNumber"))
    sent_at = local_ms(fields.get("receiverTime", ""), _TIME)
    return Mo(smsid or None, sender, receiver, fields.get("content", ""), sent_at)


def is_signed(call: HookCall, by: Signing) -> bool | None:
    """Whether an MO bears the signature: Base64 of the raw MD5 of cpid, smsid, content, receiverTime and the key; None: a report.

    Who sent it is not signed: a call that somebody saw once could come back in anybody's name, so only those of three days are taken. A "+"
    of Base64 that the query turned into a blank is restored.
    """
    if call.path.endswith("/dlr"):
        return None
    fields = form_fields(call.query)
    given = fields.get("sign", b"").replace(b" ", b"+")
    signed = b"".join(fields.get(name, b"") for name in ("cpid", "smsid", "content", "receiverTime")) + by.key.reveal().encode()
    at = local_ms(fields.get("receiverTime", b"").decode("ascii", "replace"), _TIME)
    if at is None or not -EARLY_MS <= by.now_ms - at <= FRESH_MS:
        return False
    return hmac.compare_digest(given, b64encode(hashlib.md5(signed, usedforsecurity=False).digest()))


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """The report to our CallbackUrl. Finished, the counters decide; they may count parts, so any failed one is a failure."""
    fields = {name: clean(decode_text(value)) for name, value in form_fields(call.query).items()}
    ours, theirs = fields.get("RequestId", ""), fields.get("SMSID", "")
    code = fields.get("SendStatus", "")
    status = _finished(fields) if code == _FINISHED else _STATUS.get(code)
    if not (ours or theirs).isascii() or not (ours or theirs):
        return Malformed("RequestId, SMSID: missing or not theirs")
    if status is None:
        return Malformed("SendStatus: not one of 1, 2, 4, 5, 7, or 5 without its counters")
    return Dlr(ours or theirs, ours=bool(ours), status=status, code=code)


def _finished(fields: Mapping[str, str]) -> DlrStatus | None:
    if count_of(fields.get("SendFailed")):
        return DlrStatus.FAILED
    return DlrStatus.DELIVERED if count_of(fields.get("SendSuccess")) else None


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200; to an MO an empty ClientResponse, so that the resident gets no text but ours."""
    return HttpResponse(200, _XML, b"<ClientResponse></ClientResponse>") if call_kind == "mo" else HttpResponse(200, {}, b"")


def acknowledge_with(words: str, call: HookCall) -> HttpResponse:
    """`words` for the sender of the MO in `call`."""
    fields = form_fields(call.query)
    smsid, sender = (escape(clean(decode_text(fields.get(name, b"")))) for name in ("smsid", "sender"))
    reply = f"<Message>{escape(words)}</Message><Smsid>{smsid}</Smsid><Receiver>{sender}</Receiver>"
    return HttpResponse(200, _XML, f"<ClientResponse>{reply}</ClientResponse>".encode())
