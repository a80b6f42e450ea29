"""Jasmin SMS gateway, HTTP API `/send`: one recipient a request, words for an answer; reports and MOs by calls that want "ACK/Jasmin".

Source: Jasmin's documentation of its APIs and `jasmin/routing/throwers.py` (carriers.md §4.7). Unicode goes as the hex of UTF-16BE with
coding 8: with coding 0 Jasmin drops what GSM 03.38 lacks without a word. Reports of level 3: the SMSC's yes, then the handset's.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlencode

from gateway.carriers.protocol import Accepted, Account, Balance, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import balance_of, beside, form_of, id_of, is_plain
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.segments import read_septets

NAME: Final = "jasmin"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True)

CODES: Final[Mapping[str, Failure | None]] = {
    "success": None,
    "parameter": Failure.PERMANENT,
    "no-route": Failure.UNROUTABLE,
    "failed": Failure.RETRYABLE,  # the broker or a connector
    "throughput": Failure.THROTTLED,
    "refused": Failure.MISCONFIGURED,  # name, right, balance: all under 403
}
_SUCCESS: Final = re.compile(rb'Success "([\w-]{1,64})"')
_BY_STATUS: Final[Mapping[int, str]] = {400: "parameter", 403: "refused", 412: "no-route", 500: "failed", 503: "failed"}
_STATUS: Final[Mapping[str, DlrStatus]] = {
    "DELIVRD": DlrStatus.DELIVERED,
    "ACCEPTD": DlrStatus.ACCEPTED,
    "ESME_ROK": DlrStatus.ACCEPTED,
    "ENROUTE": DlrStatus.BUFFERED,
    "UNKNOWN": DlrStatus.BUFFERED,
    "UNDELIV": DlrStatus.FAILED,
    "EXPIRED": DlrStatus.FAILED,
    "DELETED": DlrStatus.FAILED,
    "REJECTD": DlrStatus.REJECTED,
}
# Jasmin on Python 3 writes the number as the octet itself (seen with 0.11.0 and 0.11.1), its documentation as digits.
_BY_CODING: Final[Mapping[str, str]] = {"3": "latin-1", "8": "utf-16-be", "\x03": "latin-1", "\x08": "utf-16-be"}

_DEFAULT: Final = frozenset(("0", ""))  # "": the octet 0, which `form_of` drops


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One GET for the one MT of `batch`."""
    mt = batch.mts[0]
    fields = {"username": account.username, "password": account.password.reveal(), "to": mt.msisdn.e164.removeprefix("+")}
    if account.sender_id:
        fields["from"] = account.sender_id
    if is_plain(mt.text):
        fields |= {"coding": "0", "content": mt.text}
    else:
        fields |= {"coding": "8", "hex-content": mt.text.encode("utf-16-be").hex()}
    if account.dlr_url:
        fields |= {"dlr": "yes", "dlr-url": account.dlr_url, "dlr-level": "3", "dlr-method": "POST"}
    if account.validity_min is not None:
        fields["validity-period"] = str(account.validity_min)
    return HttpRequest("GET", f"{account.url}{'&' if '?' in account.url else '?'}{urlencode(fields)}")


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT. `Success "id"` is the only yes; under 403 the words tell a full pipe from a wrong password."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    if found := _SUCCESS.match(response.body.strip()):
        return Accepted(found[1].decode())
    if not response.body.lstrip().startswith(b"Error") or response.status not in _BY_STATUS:
        return outcome_from_status(response)
    code = "throughput" if b"throughput" in response.body[:500].lower() else _BY_STATUS[response.status]
    return Refused(CODES[code] or Failure.RETRYABLE, code)


def build_balance(account: Account) -> HttpRequest:
    """/balance beside /send."""
    fields = {"username": account.username, "password": account.password.reveal()}
    return HttpRequest("GET", f"{beside(account.url, 'balance')}?{urlencode(fields)}")


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """{"balance":100.0,"sms_count":"ND"}; "ND", not defined, is an account without a limit."""
    answer = json_object(response.body)
    if response.status == 200 and answer.get("balance") == "ND":
        return Balance(None)
    return balance_of(answer.get("balance"), "credits", response)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """A text; its bytes (`binary`, hex) by their coding are surer than `content`, whose letters Jasmin may have lost."""
    fields = form_of(call)
    sender = clean(fields.get("from", ""))
    if not sender:
        return Malformed("from: missing")
    return Mo(id_of(fields.get("id")), sender, clean(fields.get("to", "")), _text(fields))


def _text(fields: Mapping[str, str]) -> str:
    codec = _BY_CODING.get(fields.get("coding", ""))
    try:
        raw = bytes.fromhex(fields.get("binary", ""))
    except ValueError:
        raw = b""
    if codec and raw:
        words = raw.decode(codec, "replace")
    else:  # the alphabet of the network's own; some SMSCs write other octets in it, and Jasmin's letters are what is left then
        words = (read_septets(raw) if fields.get("coding") in _DEFAULT else None) or fields.get("content", "")
    return words.replace("\0", "")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """A report under Jasmin's id."""
    fields = form_of(call)
    ref, word = id_of(fields.get("id")), fields.get("message_status", "").strip().upper()
    status = _STATUS.get(word)
    if status is None and word.startswith("ESME_R"):  # the SMSC refused it
        status = DlrStatus.REJECTED
    if ref is None or status is None:
        return Malformed("id or message_status: missing or not Jasmin's")
    return Dlr(ref, ours=False, status=status, code=clean(word)[:24])


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """The words without which Jasmin calls three times more."""
    return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b"ACK/Jasmin")
