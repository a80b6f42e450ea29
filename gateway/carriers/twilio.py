"""Twilio Messages: a form with HTTP Basic, one recipient a request; reports and MOs as signed forms.

Source: Twilio's samples and its security page with the signature's vector (carriers.md §4.1); the class of some 30xxx codes rests on
memory. `url`: https://api.twilio.com/2010-04-01/Accounts/SID/Messages.json. `account`: username the account's SID or a key's, password its
token or secret, hook_key the account's auth token, which signs calls (the same as password where no key is used).
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from gateway.carriers.protocol import (
    Accepted,
    Account,
    Batch,
    Capabilities,
    Dlr,
    Malformed,
    Mo,
    Outcome,
    Signing,
    retry_after_s,
)
from gateway.carriers.shared import basic, by_code, code_of, form_of, id_of, post_form
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus

NAME: Final = "twilio"
CAPABILITIES: Final = Capabilities(
    max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True, reply_in_response=True
)
OPTIONS: Final[Mapping[str, str]] = {"hook_key": "the account's auth token, which signs Twilio's calls"}

_P, _U, _R, _T, _M = Failure.PERMANENT, Failure.UNROUTABLE, Failure.RETRYABLE, Failure.THROTTLED, Failure.MISCONFIGURED
CODES: Final[Mapping[str, Failure | None]] = (
    dict.fromkeys(("21211", "21614", "21617", "21602", "21603", "21604"), _P)  # the number, too long, an empty field
    | dict.fromkeys(("21610", "30004", "30006", "30007"), _P)  # said stop, blocked, a landline, filtered
    | {"21612": _U}  # this pair of numbers has no way
    | dict.fromkeys(("21611", "30001"), _R)  # their queue is full
    | dict.fromkeys(("20429", "14107", "63018"), _T)
    | dict.fromkeys(("20003", "20404", "21408", "21606", "21212", "21608", "30002", "30018", "30024"), _M)
)
_STATUS: Final[Mapping[str, DlrStatus]] = {
    "accepted": DlrStatus.BUFFERED,
    "queued": DlrStatus.BUFFERED,
    "sending": DlrStatus.BUFFERED,
    "sent": DlrStatus.ACCEPTED,
    "delivered": DlrStatus.DELIVERED,
    "read": DlrStatus.DELIVERED,
    "undelivered": DlrStatus.FAILED,
    "failed": DlrStatus.FAILED,
}
_XML: Final = {"content-type": "text/xml; charset=utf-8"}


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`. A sender id that begins with MG is a messaging service."""
    mt = batch.mts[0]
    origin = "MessagingServiceSid" if account.sender_id.startswith("MG") and len(account.sender_id) == 34 else "From"
    fields = {"To": mt.msisdn.e164, origin: account.sender_id, "Body": mt.text}
    if account.dlr_url:
        fields["StatusCallback"] = account.dlr_url
    if account.validity_min is not None:
        fields["ValidityPeriod"] = str(min(account.validity_min * 60, 36_000))  # its longest
    return post_form(account.url, fields, basic(account.username, account.password.reveal()))


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT: 201 with a sid is the yes, else the body's code."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    answer = json_object(response.body)
    sid = id_of(answer.get("sid"))
    if response.status in (200, 201) and sid:
        return Accepted(sid)
    code = code_of(answer.get("code")) if response.status >= 400 else ""
    outcome = by_code(CODES, code, response, Accepted())
    if isinstance(outcome, Refused) and outcome.kind is Failure.THROTTLED:
        return replace(outcome, retry_after_s=retry_after_s(response))
    return outcome


def is_signed(call: HookCall, by: Signing) -> bool | None:
    """X-Twilio-Signature: Base64 of HMAC-SHA1 over the address as Twilio called it and each POST field by name, name and value glued."""
    fields = sorted(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)) if call.method == "POST" else []
    signed = by.url_of(call) + "".join(f"{name}{value}" for name, value in fields)
    made = b64encode(hmac.new(by.key.reveal().encode(), signed.encode("utf-8", "surrogateescape"), hashlib.sha1).digest())
    return hmac.compare_digest(call.headers.get("x-twilio-signature", "").encode("utf-8", "replace"), made)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """A text."""
    fields = form_of(call)
    sender = clean(fields.get("From", ""))
    if not sender:
        return Malformed("From: missing")
    return Mo(id_of(fields.get("MessageSid")), sender, clean(fields.get("To", "")), fields.get("Body", ""))


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """A status callback under Twilio's sid."""
    fields = form_of(call)
    ref, word = id_of(fields.get("MessageSid")), fields.get("MessageStatus", "").strip().lower()
    status = _STATUS.get(word)
    if ref is None or status is None:
        return Malformed("MessageSid or MessageStatus: missing or not Twilio's")
    return Dlr(ref, ours=False, status=status, code=code_of(fields.get("ErrorCode")) or word)


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and an empty Response: plain text would go to the resident."""
    return HttpResponse(200, _XML, b"<Response></Response>")


def acknowledge_with(words: str, call: HookCall) -> HttpResponse:
    """`words` for the sender of the MO."""
    return HttpResponse(200, _XML, f"<Response><Message>{escape(words)}</Message></Response>".encode())
