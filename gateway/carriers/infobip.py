"""Infobip SMS v3: JSON with an App key, up to 100 recipients of one text under our names; reports and MOs as arrays, without a signature.

Source: Infobip's SMS pages and an open-source gateway's live handler, which name the sender differently: sender_field chooses between
`sender` (the pages) and `from` (carriers.md §4.3). `url` ends in /sms/3/messages. `account`: username is any name, password the API key.
The published maximum of recipients was not found.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import code_of, digits, id_of, inside, international, iso_ms, post_json, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus

NAME: Final = "infobip"
CAPABILITIES: Final = Capabilities(max_batch=100, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True)
OPTIONS: Final[Mapping[str, str]] = {"sender_field": "sender (the default) or from"}
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"sender_field": ("sender", "from")}

CODES: Final[Mapping[str, Failure | None]] = {
    "pending": None,
    "delivered": None,
    "undeliverable": Failure.PERMANENT,
    "expired": Failure.RETRYABLE,
    "rejected": Failure.PERMANENT,
    "account": Failure.MISCONFIGURED,  # a rejection whose name speaks of sender, balance or account
    "http-400": Failure.PERMANENT,
}
_GROUPS: Final[Mapping[object, str]] = {1: "pending", 2: "undeliverable", 3: "delivered", 4: "expired", 5: "rejected"}
_OURS_TO_MEND: Final = ("SENDER", "BALANCE", "CREDIT", "ACCOUNT", "SOURCE")
_REPORTED: Final[Mapping[str, DlrStatus]] = {
    "pending": DlrStatus.ACCEPTED,
    "undeliverable": DlrStatus.FAILED,
    "delivered": DlrStatus.DELIVERED,
    "expired": DlrStatus.FAILED,
    "rejected": DlrStatus.REJECTED,
}


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for all MTs of `batch`; messageId is our name of each, which answers and reports bring back."""
    message: dict[str, object] = {
        account.options.get("sender_field", "sender"): account.sender_id,
        "destinations": [{"to": digits(mt.msisdn), "messageId": mt.ref} for mt in batch.mts],
        "content": {"text": batch.text},
    }
    if account.dlr_url:
        delivery = {"url": account.dlr_url, "intermediateReport": True, "contentType": "application/json"}
        message["webhooks"] = {"delivery": delivery}
    if account.validity_min is not None:
        message["options"] = {"validityPeriod": {"amount": account.validity_min, "timeUnit": "MINUTES"}}
    headers = {"Authorization": f"App {account.password.reveal()}", "Accept": "application/json"}
    return post_json(account.url, {"messages": [message]}, headers)


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT, in order. A recipient that the answer leaves out may have been sent."""
    rows = json_object(response.body).get("messages")
    if response.status == 400:
        return (Refused(Failure.PERMANENT, "http-400"),) * len(batch.mts)
    if response.status != 200 or not isinstance(rows, list):
        return (outcome_from_status(response),) * len(batch.mts)
    by_ref = {id_of(row.get("messageId")): row for row in rows if isinstance(row, dict)}
    return tuple(_outcome(by_ref.get(mt.ref, {})) for mt in batch.mts)


def _outcome(row: Mapping[str, Any]) -> Outcome:
    status = inside(row, "status")
    group = _group(status)
    if group is None:
        return Refused(Failure.RETRYABLE, "left-out", maybe_sent=True)
    if group == "rejected" and any(word in words_of(status.get("name")).upper() for word in _OURS_TO_MEND):
        return Refused(Failure.MISCONFIGURED, "account")
    failure = CODES[group]
    return Accepted(id_of(row.get("messageId"))) if failure is None else Refused(failure, group)


def _group(status: Mapping[str, Any]) -> str | None:
    number = status.get("groupId")
    return _GROUPS.get(number) if isinstance(number, int) and not isinstance(number, bool) else None


def calls_in(call: HookCall) -> tuple[HookCall, ...]:
    """A call for each element of `results`; the call itself where there is no such array."""
    rows = json_object(call.body).get("results")
    if not isinstance(rows, list) or not rows:
        return (call,)
    return tuple(replace(call, body=json.dumps({"results": [row]}).encode()) for row in rows)


def _only(call: HookCall) -> dict[str, Any]:  # Any: JSON
    rows = json_object(call.body).get("results")
    return rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}


def parse_mo(call: HookCall) -> Mo | Malformed:
    """The text of a call with one element. `receivedAt` has a zone without a colon."""
    row = _only(call)
    sender = international(words_of(row.get("from")))
    if not sender:
        return Malformed("results: not one element with a from")
    text = row.get("text")
    words = text.replace("\0", "").encode("utf-8", "replace").decode() if isinstance(text, str) else ""
    return Mo(id_of(row.get("messageId")), sender, words_of(row.get("to")), words, iso_ms(words_of(row.get("receivedAt"))))


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """The report of a call with one element, under our name."""
    row = _only(call)
    ref, group = id_of(row.get("messageId")), _group(inside(row, "status"))
    if ref is None or group is None:
        return Malformed("results: not one element with a messageId and a status of a known group")
    name = code_of(inside(row, "error").get("name"))
    return Dlr(ref, ours=True, status=_REPORTED[group], code=name or group, at_ms=iso_ms(words_of(row.get("doneAt"))))


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
