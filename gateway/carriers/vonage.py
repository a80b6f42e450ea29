"""Vonage (Nexmo) SMS: a form with key and secret, one recipient a request, an answer entry a part; reports and MOs that may be signed.

Source: Vonage's pages on SMS and on signing; an open-source gateway's handler (carriers.md §4.2). `account`: username api_key, password
api_secret, hook_key the signature secret of the account, with method HMAC-SHA256 chosen there. A text with accents must be marked as
unicode by us, or the accents are lost. Pieces of a long MO come with concat-ref, which is told on as a joining header.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from gateway.carriers.protocol import (
    Accepted,
    Account,
    Balance,
    Batch,
    Capabilities,
    Dlr,
    Malformed,
    Mo,
    Network,
    Outcome,
    Signing,
    outcome_from_status,
)
from gateway.carriers.shared import (
    balance_of,
    basic,
    beside,
    by_code,
    code_of,
    digits,
    id_of,
    inside,
    international,
    is_plain,
    iso_ms,
    pairs_of,
    post_form,
    words_of,
)
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.msisdn import Msisdn

NAME: Final = "vonage"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True)
OPTIONS: Final[Mapping[str, str]] = {
    "hook_key": "the account's signature secret; method HMAC-SHA256",
    "lookup_url": "where numbers are looked up; https://api.nexmo.com/ni/standard/json by default",
}

CODES: Final[Mapping[str, Failure | None]] = (
    {"0": None}
    | dict.fromkeys(("2", "3", "6", "7", "12", "22", "33"), Failure.PERMANENT)
    | dict.fromkeys(("5",), Failure.RETRYABLE)
    | dict.fromkeys(("1", "10"), Failure.THROTTLED)
    | dict.fromkeys(("4", "8", "9", "11", "14", "15", "23", "29", "32"), Failure.MISCONFIGURED)
)
_STATUS: Final[Mapping[str, DlrStatus]] = {
    "delivered": DlrStatus.DELIVERED,
    "accepted": DlrStatus.ACCEPTED,
    "buffered": DlrStatus.BUFFERED,
    "unknown": DlrStatus.BUFFERED,
    "expired": DlrStatus.FAILED,
    "failed": DlrStatus.FAILED,
    "rejected": DlrStatus.REJECTED,
}
FRESH_MS: Final = 300_000


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`; `client-ref` is our name of it, which reports bring back."""
    mt = batch.mts[0]
    fields = {
        "api_key": account.username,
        "api_secret": account.password.reveal(),
        "from": account.sender_id,
        "to": digits(mt.msisdn),
        "text": mt.text,
        "type": "text" if is_plain(mt.text) else "unicode",
        "client-ref": mt.ref,
    }
    if account.dlr_url:
        fields |= {"status-report-req": "1", "callback": account.dlr_url}
    if account.validity_min is not None:
        fields["ttl"] = str(account.validity_min * 60_000)
    return post_form(account.url, fields)


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT. An entry a part: taken when all are; where only some are, nobody knows what a handset shows."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    parts = json_object(response.body).get("messages")
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        return outcome_from_status(response)
    outcomes = [_part(part, response, len(parts)) for part in parts]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    if not refused:
        return outcomes[0]
    return refused[0] if len(refused) == len(outcomes) else replace(refused[0], kind=Failure.RETRYABLE, maybe_sent=True)


def _part(part: Mapping[str, Any], response: HttpResponse, count: int) -> Outcome:
    return by_code(CODES, code_of(part.get("status")), response, Accepted(id_of(part.get("message-id")), count))


def build_balance(account: Account) -> HttpRequest:
    """…/account/get-balance beside …/sms/json, by HTTP Basic: a query would be written to logs."""
    return HttpRequest("GET", beside(account.url, "account/get-balance", up=2), basic(account.username, account.password.reveal()))


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """{"value":10.28,"autoReload":false}, always in EUR."""
    return balance_of(json_object(response.body).get("value"), "EUR", response)


def is_signed(call: HookCall, by: Signing) -> bool | None:
    """`sig`: HMAC-SHA256 over the other parameters by name, "&" and "=" in values as "_"; `timestamp` not older than five minutes."""
    fields = _fields(call)
    stamp = fields.get("timestamp", "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12 or abs(by.now_ms - int(stamp) * 1000) > FRESH_MS:
        return False
    text = "".join(f"&{name}={_tame(value)}" for name, value in sorted(fields.items()) if name != "sig")
    made = hmac.new(by.key.reveal().encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    return hmac.compare_digest(fields.get("sig", "").lower().encode("utf-8", "replace"), made.encode())


def _tame(value: str) -> str:
    return value.replace("&", "_").replace("=", "_")


def _fields(call: HookCall) -> dict[str, str]:
    """Of a GET, a form or JSON: the account's settings choose. The hook's secret in the address is none of them."""
    if call.headers.get("content-type", "").startswith("application/json"):
        return {name: str(value) for name, value in json_object(call.body).items() if isinstance(value, str | int) and name.isascii()}
    raw = call.body or call.query
    return {name: value for name, value in pairs_of(raw) or () if name != "secret"}


def parse_mo(call: HookCall) -> Mo | Malformed:
    """A text, or a piece of one."""
    fields = _fields(call)
    sender = international(clean(fields.get("msisdn", "")))
    if not sender:
        return Malformed("msisdn: missing")
    sent_at = iso_ms(clean(fields.get("message-timestamp", "")))
    text = fields.get("text", "").replace("\0", "").encode("utf-8", "replace").decode()
    return Mo(id_of(fields.get("messageId")), sender, clean(fields.get("to", "")), text, sent_at, _header(fields))


def _header(fields: Mapping[str, str]) -> bytes:
    """The joining header of a piece (3GPP TS 23.040 §9.2.3.24.8, the long one): its reference made a number by a hash."""
    total, number = (code_of(fields.get(name)) for name in ("concat-total", "concat-part"))
    if fields.get("concat") != "true" or not (total.isdigit() and number.isdigit()):
        return b""
    if not 1 <= int(number) <= int(total) <= 255:
        return b""
    ref = hashlib.blake2b(fields.get("concat-ref", "").encode("utf-8", "replace"), digest_size=2).digest()
    return bytes((6, 8, 4)) + ref + bytes((int(total), int(number)))


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """A report, under our name where it brings it back."""
    fields = _fields(call)
    ours, theirs = id_of(fields.get("client-ref")), id_of(fields.get("messageId"))
    word = fields.get("status", "").strip().lower()
    status = _STATUS.get(word)
    if (ours or theirs) is None or status is None:
        return Malformed("client-ref, messageId or status: missing or not Vonage's")
    code = code_of(fields.get("err-code")) or word
    return Dlr(ours or theirs or "", ours=ours is not None, status=status, code=code)


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")


def build_lookup(account: Account, msisdn: Msisdn) -> HttpRequest:
    """Number Insight Standard (Vonage's page and its SDKs: V2), with HTTP Basic as the page shows. Vonage ends it on 4 February 2027."""
    base = account.options.get("lookup_url") or "https://api.nexmo.com/ni/standard/json"
    return HttpRequest("GET", f"{base}?number={digits(msisdn)}", basic(account.username, account.password.reveal()))


def parse_lookup(response: HttpResponse, msisdn: Msisdn) -> Network | Malformed:
    """`current_carrier`, where `status` is 0; its network_code is MCC and MNC."""
    answer = json_object(response.body)
    carrier, status = inside(answer, "current_carrier"), code_of(answer.get("status"))
    code, name = code_of(carrier.get("network_code")), words_of(carrier.get("name"))
    if status != "0" or not (code or name):
        return Malformed(f"no current_carrier in the answer (http-{response.status}, status {status or 'none'})")
    return Network(code, name)
