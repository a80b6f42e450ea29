"""Infobip SMS v3: JSON with an App key, up to 100 recipients of one text under our names; reports and MOs as arrays, without a signature.

Source: Infobip's SMS pages and an open-source gateway's live handler, which name the sender differently: sender_field chooses between
`sender` (the pages) and `from` (carriers.md §4.3). `url` ends in /sms/3/messages. `account`: username is any name, password the API key.
The published maximum of recipients was not found. Its logs know our messageId for 48 hours: what they name was taken; what they lack may be
too old, or not there yet, so it proves nothing and nothing is sent again for it.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal
from urllib.parse import urlencode, urljoin

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
    outcome_from_status,
)
from gateway.carriers.shared import balance_of, beside, code_of, digits, id_of, inside, international, iso_ms, post_json, silent, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.msisdn import Msisdn

NAME: Final = "infobip"
CAPABILITIES: Final = Capabilities(max_batch=100, dedupe_window_s=0, status_by="our_ref", unicode=True, dlr=True, mo=True)
OPTIONS: Final[Mapping[str, str]] = {
    "sender_field": "sender (the default) or from",
    "lookup_url": "where numbers are looked up; /number/1/query beside url by default",
}
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"sender_field": ("sender", "from")}

CODES: Final[Mapping[str, Failure | None]] = {
    "accepted": None,
    "pending": None,
    "delivered": None,
    "undeliverable": Failure.PERMANENT,
    "expired": Failure.RETRYABLE,
    "rejected": Failure.PERMANENT,
    "account": Failure.MISCONFIGURED,  # a rejection whose name speaks of sender, balance or account
    "http-400": Failure.PERMANENT,
}
_GROUPS: Final = dict(zip("012345", ("accepted", "pending", "undeliverable", "delivered", "expired", "rejected"), strict=True))
_OURS_TO_MEND: Final = ("SENDER", "BALANCE", "CREDIT", "ACCOUNT", "SOURCE")
_AT_OPERATOR: Final = "DELIVERED_TO_OPERATOR"  # of the group "delivered", and yet another report follows (its status page, 2026-11)
_REPORTED: Final[Mapping[str, DlrStatus]] = {
    "accepted": DlrStatus.ACCEPTED,
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
        delivery = {"url": account.dlr_url, "intermediateReport": True}
        message["webhooks"] = {"delivery": delivery, "contentType": "application/json"}
    if account.validity_min is not None:
        message["options"] = {"validityPeriod": {"amount": account.validity_min, "timeUnit": "MINUTES"}}
    return post_json(account.url, {"messages": [message]}, _headers(account))


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
    return _GROUPS.get(code_of(status.get("groupId")))


def build_status(account: Account, batch: Batch) -> HttpRequest:
    """The logs of our names: …/sms/3/logs beside …/sms/3/messages."""
    asked = urlencode([("messageId", mt.ref) for mt in batch.mts] + [("limit", "1000")])
    return HttpRequest("GET", f"{beside(account.url, 'logs')}?{asked}", _headers(account))


def parse_status(response: HttpResponse, batch: Batch) -> tuple[Outcome | None, ...]:
    """One per MT in order, never None: see the top of this file."""
    rows = json_object(response.body).get("results") if response.status == 200 else None
    by_ref = {id_of(row.get("messageId")): row for row in rows if isinstance(row, dict)} if isinstance(rows, list) else {}
    return tuple(_outcome(by_ref[mt.ref]) if mt.ref in by_ref else silent(response) for mt in batch.mts)


def build_balance(account: Account) -> HttpRequest:
    """…/account/1/balance on the same host."""
    return HttpRequest("GET", beside(account.url, "account/1/balance", up=3), _headers(account))


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """{"balance":47.79134,"currency":"EUR"}"""
    answer = json_object(response.body)
    return balance_of(answer.get("balance"), answer.get("currency"), response)


def _headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"App {account.password.reveal()}", "Accept": "application/json"}


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
    status = inside(row, "status")
    ref, group = id_of(row.get("messageId")), _group(status)
    if ref is None or group is None:
        return Malformed("results: not one element with a messageId and a status of a known group")
    name = code_of(inside(row, "error").get("name"))
    reached = DlrStatus.ACCEPTED if words_of(status.get("name")) == _AT_OPERATOR else _REPORTED[group]
    return Dlr(ref, ours=True, status=reached, code=name or group, at_ms=iso_ms(words_of(row.get("doneAt"))))


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")


def build_lookup(account: Account, msisdn: Msisdn) -> HttpRequest:
    """Number lookup, one number (four of its clients: V2)."""
    url = account.options.get("lookup_url") or urljoin(account.url, "/number/1/query")
    headers = {"Authorization": f"App {account.password.reveal()}", "Accept": "application/json"}
    return post_json(url, {"to": [digits(msisdn)]}, headers)


def parse_lookup(response: HttpResponse, msisdn: Msisdn) -> Network | Malformed:
    """The network of today. Of a number that was ported the new network's name counts; that mccMnc follows the number is from memory."""
    rows = json_object(response.body).get("results")
    row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    ported = row.get("ported") is True
    name = words_of(inside(row, "portedNetwork" if ported else "originalNetwork").get("networkName"))
    code = code_of(row.get("mccMnc"))
    if not (code or name):
        return Malformed(f"no network in the answer (http-{response.status}, {code_of(inside(row, 'status').get('name')) or 'no status'})")
    return Network("" if ported and name else code, name)
