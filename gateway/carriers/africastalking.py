"""Africa's Talking SMS, form API version1: up to 100 recipients of one text, a row each in the answer; reports and MOs as unsigned forms.

Source: an open-source gateway's handler and the public SDKs' documentation (carriers.md §4.5). `account`: username, password the API key.
Without `Accept: application/json` the answer is XML. A recipient that the answer leaves out may have been sent; an empty list with a
sentence in `Message` refused them all.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

from gateway.carriers.protocol import Accepted, Account, Balance, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import balance_of, beside, by_code, code_of, form_of, id_of, inside, iso_ms, post_form, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus

NAME: Final = "africastalking"
CAPABILITIES: Final = Capabilities(max_batch=100, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True)

CODES: Final[Mapping[str, Failure | None]] = (
    dict.fromkeys(("100", "101", "102"))
    | dict.fromkeys(("403", "404", "406", "409", "502"), Failure.PERMANENT)  # the number, a black list, do not disturb
    | {"407": Failure.UNROUTABLE}
    | dict.fromkeys(("500", "501"), Failure.RETRYABLE)
    | {"401": Failure.THROTTLED}  # held for risk: a person there looks at it
    | dict.fromkeys(("402", "405", "refused"), Failure.MISCONFIGURED)  # sender, balance; refused: no recipient was taken
)
_STATUS: Final[Mapping[str, DlrStatus]] = {
    "success": DlrStatus.DELIVERED,
    "sent": DlrStatus.ACCEPTED,
    "submitted": DlrStatus.ACCEPTED,
    "buffered": DlrStatus.BUFFERED,
    "absentsubscriber": DlrStatus.FAILED,
    "expired": DlrStatus.FAILED,
    "failed": DlrStatus.FAILED,
    "rejected": DlrStatus.REJECTED,
}


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for all MTs of `batch`."""
    form = {"username": account.username, "to": ",".join(mt.msisdn.e164 for mt in batch.mts), "message": batch.text, "bulkSMSMode": "1"}
    if account.sender_id:  # without one the carrier sends from the shared short code
        form["from"] = account.sender_id
    return post_form(account.url, form, {"apiKey": account.password.reveal(), "Accept": "application/json"})


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT, in order."""
    data = inside(json_object(response.body), "SMSMessageData")
    rows = data.get("Recipients")
    if response.status not in (200, 201) or not isinstance(rows, list):
        return (outcome_from_status(response),) * len(batch.mts)
    if not rows and words_of(data.get("Message")):
        return (Refused(Failure.MISCONFIGURED, "refused"),) * len(batch.mts)
    by_number = {words_of(row.get("number")): row for row in rows if isinstance(row, dict)}
    return tuple(_outcome(by_number.get(mt.msisdn.e164, {}), response) for mt in batch.mts)


def _outcome(row: Mapping[str, Any], response: HttpResponse) -> Outcome:
    code = code_of(row.get("statusCode"))
    if not code:
        return Refused(Failure.RETRYABLE, "left-out", maybe_sent=True)
    ref = id_of(row.get("messageId"))
    return by_code(CODES, code, response, Accepted(None if ref == "None" else ref))


def build_balance(account: Account) -> HttpRequest:
    """…/version1/user beside …/version1/messaging."""
    url = f"{beside(account.url, 'user')}?username={quote(account.username, safe='')}"
    return HttpRequest("GET", url, {"apiKey": account.password.reveal(), "Accept": "application/json"})


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """{"UserData":{"balance":"KES 1250.0000"}}: the currency stands before the sum."""
    currency, _, amount = words_of(inside(json_object(response.body), "UserData").get("balance")).partition(" ")
    return balance_of(amount, currency, response)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """A text; `date` in either of two forms."""
    fields = form_of(call)
    sender = clean(fields.get("from", ""))
    if not sender:
        return Malformed("from: missing")
    return Mo(id_of(fields.get("id")), sender, clean(fields.get("to", "")), fields.get("text", ""), iso_ms(clean(fields.get("date", ""))))


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """A report under the carrier's id."""
    fields = form_of(call)
    ref, word = id_of(fields.get("id")), fields.get("status", "").strip().lower()
    status = _STATUS.get(word)
    if ref is None or status is None:
        return Malformed("id or status: missing or not Africa's Talking's")
    return Dlr(ref, ours=False, status=status, code=clean(fields.get("failureReason", ""))[:24] or word)


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
