"""The simulator's own wire: JSON over HTTP with batches, a dedupe window and a look-up. Source: `gateway/simulator/telco.py`.

POST {"ref","account","password","from","messages":[{"ref","to"}],"text","dlr_url"}
    -> 200 {"results":[{"ref","status","code","id","segments"}]}, "status" accepted or refused
GET ?ref=R1&ref=R2 (Basic credentials) -> 200 {"results":[…]}, "status" also "unknown"
a refusal of the whole request: 4xx or 5xx {"error": code}
POST …/orders {"ref","account","password","from","texts","area","days","hours","timezone","expected","document","approval"}
    -> 200 {"order": {"ref","id"}}, the same for the same ref (see `gateway/simulator/area.py`)
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal
from urllib.parse import quote

from gateway.carriers.orders import AreaOrder
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
    outcome_from_status,
    retry_after_s,
)
from gateway.carriers.shared import silent
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus

NAME: Final = "simulator"
CAPABILITIES: Final = Capabilities(max_batch=100, dedupe_window_s=600, status_by="our_ref", unicode=True, dlr=True, mo=True)
CODES: Final[Mapping[str, Failure | None]] = {
    "ok": None,
    "absent": Failure.PERMANENT,  # no such subscriber
    "barred": Failure.PERMANENT,  # said stop at the telco
    "foreign": Failure.UNROUTABLE,  # another network's number
    "busy": Failure.RETRYABLE,
    "throttled": Failure.THROTTLED,
    "account": Failure.MISCONFIGURED,
    "balance": Failure.MISCONFIGURED,
    "sender": Failure.MISCONFIGURED,
}
_HEADERS: Final = {"Content-Type": "application/json"}
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the whole batch; the same batch gives the same bytes, which is what the telco's dedupe relies on."""
    call = {
        "ref": batch.ref,
        "account": account.username,
        "password": account.password.reveal(),
        "from": account.sender_id,
        "messages": [{"ref": mt.ref, "to": mt.msisdn.e164} for mt in batch.mts],
        "text": batch.text,
        "dlr_url": account.dlr_url,
    }
    return HttpRequest("POST", account.url, _HEADERS, json.dumps(call, ensure_ascii=False, separators=(",", ":")).encode())


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT of `batch`, in its order. A recipient that the answer leaves out may have been sent."""
    answer = json_object(response.body)
    rows = _rows(answer)
    if rows is None:
        return (_whole(response, answer),) * len(batch.mts)
    return tuple(_outcome(rows.get(mt.ref, {})) or Refused(Failure.RETRYABLE, "left-out", maybe_sent=True) for mt in batch.mts)


def _whole(response: HttpResponse, answer: Mapping[str, Any]) -> Refused:
    """A refusal of the request as one. Only a word of `CODES` counts; a yes must name its recipients."""
    code = answer.get("error")
    failure = CODES.get(code) if isinstance(code, str) else None
    if failure is None:
        return outcome_from_status(response)
    return Refused(failure, str(code), retry_after_s(response))


def _rows(answer: Mapping[str, Any]) -> dict[str, Mapping[str, Any]] | None:
    rows = answer.get("results")
    if not isinstance(rows, list):
        return None
    return {row["ref"]: row for row in rows if isinstance(row, dict) and isinstance(row.get("ref"), str)}


def _outcome(row: Mapping[str, Any]) -> Outcome | None:
    """None where the row says neither yes nor no."""
    status = row.get("status")
    if status == "accepted":
        segments = row.get("segments")
        return Accepted(_word(row.get("id")), segments if type(segments) is int and 0 < segments < 256 else None)
    if status == "refused":
        code = _word(row.get("code")) or "unreadable"
        return Refused(CODES.get(code) or Failure.RETRYABLE, code, unknown=code not in CODES)
    return None


def build_status(account: Account, batch: Batch) -> HttpRequest:
    """Ask by our refs, credentials in a header: a URL is written to more logs."""
    credentials = b64encode(f"{account.username}:{account.password.reveal()}".encode()).decode()
    asked = "&".join(f"ref={quote(mt.ref, safe='')}" for mt in batch.mts)
    return HttpRequest("GET", f"{account.url}?{asked}", {"Authorization": f"Basic {credentials}"})


def parse_status(response: HttpResponse, batch: Batch) -> tuple[Outcome | None, ...]:
    """One per MT in order; None: the telco doesn't know it. Without its rows nothing was said of any."""
    rows = _rows(json_object(response.body)) if response.status == 200 else None
    if rows is None:
        return (silent(response),) * len(batch.mts)
    return tuple(_outcome(rows.get(mt.ref, {})) for mt in batch.mts)


def build_balance(account: Account) -> HttpRequest:
    """A look-up of nothing."""
    return HttpRequest("GET", f"{account.url}?ref=", build_status(account, Batch("", ())).headers)


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """Rows are the yes; a telco of the demo has no money."""
    answer = json_object(response.body)
    return Balance(None) if response.status == 200 and _rows(answer) is not None else replace(_whole(response, answer), maybe_sent=False)


def build_order(account: Account, order: AreaOrder) -> HttpRequest:
    """One POST beside the address for MTs; the same order gives the same bytes."""
    call = {
        "ref": order.ref,
        "account": account.username,
        "password": account.password.reveal(),
        "from": account.sender_id,
        "texts": dict(order.texts),
        "area": list(order.area),
        "days": [order.first, order.last],
        "hours": list(order.hours),
        "timezone": order.timezone,
        "expected": order.expected,
        "document": order.document,
        "approval": order.approval,
    }
    body = json.dumps(call, ensure_ascii=False, separators=(",", ":")).encode()
    return HttpRequest("POST", f"{account.url.rstrip('/')}/orders", _HEADERS, body)


def parse_order(response: HttpResponse) -> Accepted | Refused:
    """A yes must name the order; anything else is read as an answer to an MT is."""
    answer = json_object(response.body)
    order = answer.get("order")
    if response.status == 200 and isinstance(order, dict) and (carrier_ref := _word(order.get("id"))):
        return Accepted(carrier_ref)
    return _whole(response, answer)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """POST {"id","from","to","text","at"}: `at` in epoch ms."""
    fields = json_object(call.body)
    sender = _text(fields.get("from"))
    if not sender:
        return Malformed("from: missing")
    return Mo(_word(fields.get("id")), sender, _text(fields.get("to")), _text(fields.get("text")), _epoch_ms(fields.get("at")))


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """POST {"ref","id","status","code","at"}: `ref` ours, `at` in epoch ms."""
    fields = json_object(call.body)
    ref = _word(fields.get("ref"))
    if ref is None:
        return Malformed("ref: missing or no reference of ours")
    try:
        status = DlrStatus(_text(fields.get("status")))
    except ValueError:
        return Malformed("status: not one of " + ", ".join(DlrStatus))
    return Dlr(ref, ours=True, status=status, code=_word(fields.get("code")) or "", at_ms=_epoch_ms(fields.get("at")))


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and an empty object."""
    return HttpResponse(200, {"content-type": "application/json"}, b"{}")


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def _epoch_ms(value: object) -> int | None:
    return value if type(value) is int and 0 < value < 1 << 43 else None
