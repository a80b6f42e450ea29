"""Plivo: JSON with HTTP Basic, up to 100 recipients of one text; reports and MOs as forms signed by V3, or by V2 where V3 is missing.

Source: an open-source gateway's handler; two public implementations agree on the signature of an address without a query, the query's case
rests on one; not tried on live calls (carriers.md §4.4). `url` ends in /Message/. `account`: username the auth id, password the auth token,
hook_key the same token, which signs calls. Of several recipients the answer lists an id each, in their order; where it lists fewer, none of
them can be told apart.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import parse_qsl

from gateway.carriers.protocol import (
    Accepted,
    Account,
    Balance,
    Batch,
    Capabilities,
    Dlr,
    Malformed,
    Mo,
    Outcome,
    Signing,
    outcome_from_status,
)
from gateway.carriers.shared import balance_of, basic, beside, code_of, digits, form_of, id_of, international, pairs_of, post_json
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus

NAME: Final = "plivo"
CAPABILITIES: Final = Capabilities(max_batch=100, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True)
OPTIONS: Final[Mapping[str, str]] = {"hook_key": "the auth token, which signs Plivo's calls"}

CODES: Final[Mapping[str, Failure | None]] = {
    "202": None,
    "http-400": Failure.PERMANENT,
    "http-401": Failure.MISCONFIGURED,
    "http-402": Failure.MISCONFIGURED,  # no credit
}
_STATUS: Final[Mapping[str, DlrStatus]] = {
    "queued": DlrStatus.BUFFERED,
    "sent": DlrStatus.ACCEPTED,
    "delivered": DlrStatus.DELIVERED,
    "undelivered": DlrStatus.FAILED,
    "failed": DlrStatus.FAILED,
    "rejected": DlrStatus.REJECTED,
}


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for all MTs of `batch`."""
    call = {"src": account.sender_id, "dst": "<".join(digits(mt.msisdn) for mt in batch.mts), "text": batch.text}
    if account.dlr_url:
        call |= {"url": account.dlr_url, "method": "POST"}
    return post_json(account.url, call, basic(account.username, account.password.reveal()))


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT, in order."""
    ids = json_object(response.body).get("message_uuid")
    if response.status in (200, 202) and isinstance(ids, list) and ids:
        named = ids if len(ids) == len(batch.mts) else [None] * len(batch.mts)
        return tuple(Accepted(id_of(each)) for each in named)
    if response.status == 400:
        return (Refused(Failure.PERMANENT, "http-400"),) * len(batch.mts)
    return (outcome_from_status(response),) * len(batch.mts)


def build_balance(account: Account) -> HttpRequest:
    """The account itself: the address without Message/."""
    return HttpRequest("GET", beside(account.url, ""), basic(account.username, account.password.reveal()))


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """{"cash_credits":"12.345",…}, in USD."""
    return balance_of(json_object(response.body).get("cash_credits"), "USD", response)


def is_signed(call: HookCall, by: Signing) -> bool | None:
    """X-Plivo-Signature-V3, a list of which any may fit: Base64 of HMAC-SHA256 over address, sorted fields and nonce. Else V2."""
    given = call.headers.get("x-plivo-signature-v3", "")
    if given:
        base = _base(call, by)
        if base is None:
            return False
        signed = f"{base}.{call.headers.get('x-plivo-signature-v3-nonce', '')}"
    else:
        given = call.headers.get("x-plivo-signature-v2", "")
        signed = by.url_of(call).partition("?")[0] + call.headers.get("x-plivo-signature-v2-nonce", "")
    made = b64encode(hmac.new(by.key.reveal().encode(), signed.encode("utf-8", "surrogateescape"), hashlib.sha256).digest())
    return any(hmac.compare_digest(each.strip().encode("utf-8", "replace"), made) for each in given.split(","))


def _base(call: HookCall, by: Signing) -> str | None:
    url, _, query = by.url_of(call).partition("?")
    asked = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(query, keep_blank_values=True)))
    posted = pairs_of(call.body) if call.method == "POST" else []
    if posted is None:
        return None
    glued = "".join(f"{name}{value}" for name, value in sorted(posted))
    if not asked and not glued:
        return url
    return f"{url}?{asked}{'.' if asked and glued else ''}{glued}"


def parse_mo(call: HookCall) -> Mo | Malformed:
    """A text."""
    fields = form_of(call)
    sender = international(clean(fields.get("From", "")))
    if not sender:
        return Malformed("From: missing")
    return Mo(id_of(fields.get("MessageUUID")), sender, clean(fields.get("To", "")), fields.get("Text", ""))


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """A report; of a text in parts, under the id of the whole."""
    fields = form_of(call)
    ref = id_of(fields.get("ParentMessageUUID")) or id_of(fields.get("MessageUUID"))
    word = fields.get("Status", "").strip().lower()
    status = _STATUS.get(word)
    if ref is None or status is None:
        return Malformed("MessageUUID or Status: missing or not Plivo's")
    return Dlr(ref, ours=False, status=status, code=code_of(fields.get("ErrorCode")) or word)


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and an empty Response, which sends nobody anything."""
    return HttpResponse(200, {"content-type": "text/xml; charset=utf-8"}, b"<Response></Response>")
