"""eSMS.vn (ViHAT), advertising: one text to 30 to 5,000 numbers a request, JSON in and out; what became of each is asked for, not told.

Source: the vendor's developer pages, as for `esms.py`, whose account, codes and 24 hours of recognising a RequestId these are too.
A request of fewer than 30 numbers is refused (107): what is left of a wave then takes the route's `fallback`, an esms route for example.
Its callback tells totals only, no recipient, so none is asked for: what became of each is asked about, for seven days.

POST {"ApiKey","SecretKey","Phones":["84…"],"Content","Brandname","SmsType":"1","IsUnicode","RequestId"} -> {"CodeResult":"100","SMSID":"…"}
GET GetSmsReceiverStatus_get?RefId=SMSID&ApiKey&SecretKey
    -> {"CodeResult":"100","ReceiverList":[{"Phone":"0…","IsSent":true,"SentResult":false,"NetworkName","Retry"}]}
"""

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlencode

from gateway.carriers import esms
from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, Result
from gateway.carriers.shared import beside, by_code, code_of, digits, is_plain, post_json, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.msisdn import BadMsisdn, Msisdn

NAME: Final = "esms-ads"
FEWEST: Final = 30
RESULTS_FOR_S: Final = 7 * 86_400  # the vendor's page: the last seven days
CAPABILITIES: Final = Capabilities(max_batch=5_000, dedupe_window_s=86_400, status_by="none", unicode=True, dlr=False, mo=False)
CODES: Final[Mapping[str, Failure | None]] = {**esms.CODES, "107": Failure.UNROUTABLE}


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for all MTs of `batch`."""
    call = {
        "ApiKey": account.username,
        "SecretKey": account.password.reveal(),
        "Phones": [digits(mt.msisdn) for mt in batch.mts],
        "Content": batch.text,
        "Brandname": account.sender_id,
        "SmsType": "1",
        "IsUnicode": "0" if is_plain(batch.text) else "1",
        "RequestId": batch.ref,
    }
    return post_json(account.url, call)


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT, the same for all: the answer is about the whole request."""
    return esms.outcomes(CODES, response, batch)


def build_results(account: Account, carrier_ref: str) -> HttpRequest:
    """One GET; the keys stand in its query, as the vendor wants it."""
    asked = urlencode({"RefId": carrier_ref, "ApiKey": account.username, "SecretKey": account.password.reveal()})
    return HttpRequest("GET", f"{beside(account.url, 'GetSmsReceiverStatus_get')}?{asked}")


def parse_results(response: HttpResponse) -> tuple[Result, ...] | Refused:
    """Those that were sent, with what came of it; who still waits there is left out."""
    answer = json_object(response.body)
    code = code_of(answer.get("CodeResult"))
    outcome = by_code(CODES, code if code.isdigit() else "", response, Accepted())
    if isinstance(outcome, Refused):
        return outcome
    listed = answer.get("ReceiverList")
    return tuple(found for each in (listed if isinstance(listed, list) else ()) if (found := _result(each)))


def _result(row: Any) -> Result | None:  # Any: JSON
    if not isinstance(row, dict) or _flag(row.get("IsSent")) is not True:
        return None
    arrived = _flag(row.get("SentResult"))
    try:
        msisdn = Msisdn.parse(words_of(row.get("Phone")))
    except BadMsisdn:
        return None
    return None if arrived is None else Result(msisdn, DlrStatus.DELIVERED if arrived else DlrStatus.FAILED)


def _flag(value: object) -> bool | None:
    """A JSON truth value, or the word for one: their tables call both fields texts."""
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(words_of(value).lower())


def parse_mo(call: HookCall) -> Mo | Malformed:
    """A short code is another contract: carrier esms."""
    return Malformed("esms-ads: this API brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """Its callback names no recipient."""
    return Malformed("esms-ads: this API tells totals only")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")


# --- the call that sends nothing: the same as of the vendor's other services ---

build_balance: Final = esms.build_balance
parse_balance: Final = esms.parse_balance
