"""SMSGate (capcom6, `android-sms-gateway`): a phone with a SIM as the modem, for a commune without a contract. JSON with HTTP Basic.

Source: the project's sources and its server's, as of 2026-11 (carriers.md §4.9). `url` ends in /messages; `account`: username and
password of the app, hook_key the signing key of its webhooks. Register the webhook sms:received with the route's mo hook, and sms:sent,
sms:delivered, sms:failed and sms:cancelled with its dlr hook. The phone is no mass sender: write pace = { limit = 10, per_s = 60 }, for
Android asks its owner after some thirty texts, and operators lock SIMs that send bulk (memory).

POST {"id","textMessage":{"text"},"phoneNumbers":["+84…"],"withDeliveryReport":true} -> 202 {"id","state"}; 409: id taken already
GET …/messages/ID -> {"id","state","recipients"}; 404: not known. Sent again under its id, it is taken once all the same.
GET …/webhooks -> [{"id","url","event"}]
POST webhook {"id","event","payload":{"messageId","sender"|"phoneNumber","message","receivedAt"}}, X-Signature, X-Timestamp
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

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
from gateway.carriers.shared import basic, beside, id_of, inside, iso_ms, post_json, silent, unanswered, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus

NAME: Final = "smsgate"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="our_ref", unicode=True, dlr=True, mo=True)
OPTIONS: Final[Mapping[str, str]] = {"hook_key": "the signing key shown in the app's webhook settings"}
NEEDED: Final = ("hook_key",)

CODES: Final[Mapping[str, Failure | None]] = {
    "202": None,
    "409": None,  # this id was taken already
    "failed": Failure.PERMANENT,  # the phone itself said no; a second try under the same id would be a 409 and never be sent
    "cancelled": Failure.PERMANENT,
    "http-400": Failure.PERMANENT,  # a number or text that Android doesn't take
    "http-401": Failure.MISCONFIGURED,
}
FRESH_MS: Final = 300_000  # a repeat is signed afresh, so an old signature is somebody else's
_EVENTS: Final[Mapping[str, DlrStatus]] = {
    "sms:sent": DlrStatus.ACCEPTED,
    "sms:delivered": DlrStatus.DELIVERED,
    "sms:failed": DlrStatus.FAILED,
    "sms:cancelled": DlrStatus.REJECTED,
}
_RECEIVED: Final = "sms:received"
_STATES: Final[Mapping[str, Outcome]] = dict.fromkeys(("Pending", "Processed", "Sent", "Delivered"), Accepted()) | {
    "Failed": Refused(Failure.PERMANENT, "failed"),  # tried, and its id is spent: it would be taken and not sent
    "Cancelled": Refused(Failure.PERMANENT, "cancelled"),
}


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`, under our name, which reports bring back."""
    mt = batch.mts[0]
    call: dict[str, object] = {
        "id": mt.ref,
        "textMessage": {"text": mt.text},
        "phoneNumbers": [mt.msisdn.e164],
        "withDeliveryReport": True,
    }
    if account.validity_min is not None:
        call["ttl"] = account.validity_min * 60
    return post_json(account.url, call, _credentials(account))


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT. Its own body must say that it has the message: a router's page under 202 says nothing."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    if response.status == 409:
        return Accepted()
    if response.status == 400:
        return Refused(Failure.PERMANENT, "http-400")
    found = _STATES.get(words_of(json_object(response.body).get("state")))
    return found if response.status in (200, 201, 202) and found is not None else outcome_from_status(response)


def build_status(account: Account, batch: Batch) -> HttpRequest:
    """Ask by our name of the one MT of `batch`."""
    return HttpRequest("GET", beside(account.url, quote(batch.mts[0].ref, safe=""), up=0), _credentials(account))


def parse_status(response: HttpResponse, batch: Batch) -> tuple[Outcome | None, ...]:
    """One per MT. The state must stand under our own name of it; only a 404 says that it is not known."""
    if response.status == 404:
        return (None,) * len(batch.mts)
    answer = json_object(response.body) if response.status == 200 else {}
    if answer.get("id") != batch.mts[0].ref:
        return (silent(response),) * len(batch.mts)
    return (_STATES.get(words_of(answer.get("state")), silent(response)),) * len(batch.mts)


def build_balance(account: Account) -> HttpRequest:
    """The list of webhooks: it needs the password, and holds nothing about residents."""
    return HttpRequest("GET", beside(account.url, "webhooks"), _credentials(account))


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """A list is the yes; a phone has no balance that it could name."""
    return Balance(None) if response.status == 200 and response.body.lstrip().startswith(b"[") else unanswered(response)


def _credentials(account: Account) -> dict[str, str]:
    return basic(account.username, account.password.reveal())


def is_signed(call: HookCall, by: Signing) -> bool | None:
    """X-Signature: hex HMAC-SHA256 of the body as it came and X-Timestamp, glued; not older than five minutes."""
    stamp = call.headers.get("x-timestamp", "").strip()
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12 or abs(by.now_ms - int(stamp) * 1000) > FRESH_MS:
        return False
    made = hmac.new(by.key.reveal().encode(), call.body + stamp.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(call.headers.get("x-signature", "").lower().encode("utf-8", "replace"), made.encode())


def parse_mo(call: HookCall) -> Mo | Malformed:
    """A text that the phone received. `recipient`, the SIM's own number, is often not known to it."""
    event = json_object(call.body)
    payload = inside(event, "payload")
    sender = words_of(payload.get("sender")) or words_of(payload.get("phoneNumber"))
    if event.get("event") != _RECEIVED or not sender:
        return Malformed("event: not sms:received, or without its sender")
    sent_at = iso_ms(words_of(payload.get("receivedAt")))
    return Mo(id_of(event.get("id")), sender, words_of(payload.get("recipient")), _said(payload), sent_at)


def _said(payload: Mapping[str, Any]) -> str:
    words = payload.get("message")
    return words.encode("utf-8", "replace").decode().replace("\0", "") if isinstance(words, str) else ""


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """What became of an MT, under our name."""
    event = json_object(call.body)
    kind, ref = event.get("event"), id_of(inside(event, "payload").get("messageId"))
    status = _EVENTS.get(kind) if isinstance(kind, str) else None
    if status is None or ref is None:
        return Malformed("event: not sms:sent, delivered, failed or cancelled, or without its messageId")
    return Dlr(ref, ours=True, status=status, code=str(kind).removeprefix("sms:"))


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing; else the phone tries fifteen times more."""
    return HttpResponse(200, {}, b"")
