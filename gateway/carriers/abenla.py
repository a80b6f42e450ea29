"""Abenla: GET with an MD5 of the sending password, one recipient a request; it recognises our smsGuid.

Source: four public clients agree on sending. What a callback brings is not known, so none is asked for.
`account`: username loginName, password the password for sending SMS, service_type_id from the contract. `sign` is the lower-case hex MD5 of
that password alone. How long an smsGuid is known is not said: nothing is resent by itself.
"""

import hashlib
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlencode

from gateway.carriers.protocol import Accepted, Account, Balance, Batch, Capabilities, Dlr, Malformed, Mo, Outcome
from gateway.carriers.shared import balance_of, beside, by_code, code_of, count_of, digits
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused

NAME: Final = "abenla"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=False, mo=False)
OPTIONS: Final[Mapping[str, str]] = {"service_type_id": "serviceTypeId of the contract"}
NEEDED: Final = ("service_type_id",)

CODES: Final[Mapping[str, Failure | None]] = (
    dict.fromkeys(("106", "203", "201", "212", "116"))  # taken, waiting, taken already
    | dict.fromkeys(("115", "117", "118"), Failure.PERMANENT)
    | dict.fromkeys(("100", "110", "114"), Failure.RETRYABLE)
    | {"109": Failure.THROTTLED}  # over the contract's number of SMS
    | dict.fromkeys(("101", "102", "103", "104", "105", "107", "108", "111", "112", "113"), Failure.MISCONFIGURED)
)


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One GET for the one MT of `batch`."""
    mt = batch.mts[0]
    fields = {
        "loginName": account.username,
        "sign": _sign(account),
        "serviceTypeId": account.options.get("service_type_id", ""),
        "phoneNumber": digits(mt.msisdn),
        "message": mt.text,
        "brandName": account.sender_id,
        "callBack": "false",
        "smsGuid": batch.ref,
    }
    return HttpRequest("GET", f"{account.url}{'&' if '?' in account.url else '?'}{urlencode(fields)}")


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT; `SmsPerMessage` is what is charged."""
    answer = json_object(response.body)
    taken = Accepted(None, count_of(answer.get("SmsPerMessage")))
    return (by_code(CODES, code_of(answer.get("Code")), response, taken),) * len(batch.mts)


def _sign(account: Account) -> str:
    return hashlib.md5(account.password.reveal().encode(), usedforsecurity=False).hexdigest()


def build_balance(account: Account) -> HttpRequest:
    """GetBalance beside SendSms."""
    return HttpRequest("GET", f"{beside(account.url, 'GetBalance')}?{urlencode({'loginName': account.username, 'sign': _sign(account)})}")


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """{"Code":106,"Balance":1000}, in VND; a refusal bears the Code of sending's table."""
    answer = json_object(response.body)
    outcome = by_code(CODES, code, response, Accepted()) if (code := code_of(answer.get("Code"))) else None
    return outcome if isinstance(outcome, Refused) else balance_of(answer.get("Balance"), "VND", response)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """This API brings no MOs."""
    return Malformed("abenla: this API brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """What Abenla's callback holds is not known."""
    return Malformed("abenla: its callback is not documented")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
