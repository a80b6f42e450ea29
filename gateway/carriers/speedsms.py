"""SpeedSMS.vn: JSON by HTTP Basic with the access token; one webhook for reports and MOs, without a signature.

Source: the vendor's API pages; two clients agree on sending. The ranges of a report's status rest on memory.
`account`: username is any name, password the access token; sms_type as the contract has it, 3 for a brand name. `url` ends in /sms/send.
One recipient a request, though the vendor takes lists: a list has one tranId, and a report names it with the number alone, which could be
matched only by keeping numbers in the clear.

POST {"to":["84…"],"content","sms_type":3,"sender"} -> {"status":"success","code":"00","data":{"tranId":123,"invalidPhone":[]}}
    or {"status":"error","code":"113"}; HTTP 429 after 60 requests in 60 s, with X-Rate-Limit-Reset
GET …/user/info -> {"email","balance":100000.0,"currency":"VND"}
POST webhook {"type":"report","tranId":123,"phone":"84…","status":0} or {"type":"sms"|"incoming","phone":"84…","content":"…"}
"""

from collections.abc import Mapping
from typing import Final, Literal

from gateway.carriers.protocol import Accepted, Account, Balance, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import balance_of, basic, beside, by_code, code_of, digits, id_of, inside, international, post_json, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus

NAME: Final = "speedsms"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True)
OPTIONS: Final[Mapping[str, str]] = {
    "sms_type": "2 any number, 3 brand name (the default), 4 their shared name, 6 a fixed number, 8 two-way"
}
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"sms_type": ("2", "3", "4", "6", "7", "8")}

CODES: Final[Mapping[str, Failure | None]] = {
    "00": None,
    "101": Failure.PERMANENT,
    "105": Failure.PERMANENT,  # no phone number
    "110": Failure.PERMANENT,  # this route takes no accents
    "113": Failure.PERMANENT,  # too long
    "invalid-phone": Failure.PERMANENT,  # a success that lists the number as not sent
    "500": Failure.RETRYABLE,
    "http-429": Failure.THROTTLED,
    "007": Failure.MISCONFIGURED,  # our address is locked out
    "008": Failure.MISCONFIGURED,
    "009": Failure.MISCONFIGURED,
    "300": Failure.MISCONFIGURED,  # no balance
    "sender": Failure.MISCONFIGURED,  # "sender not found"
}
_TEMPORARY_UP_TO: Final = 63
_DIGITS: Final = 4
_LONGEST_S: Final = 3600


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`."""
    mt = batch.mts[0]
    call: dict[str, object] = {"to": [digits(mt.msisdn)], "content": mt.text, "sms_type": int(account.options.get("sms_type", "3"))}
    if account.sender_id:
        call["sender"] = account.sender_id
    return post_json(account.url, call, basic(account.password.reveal(), "x"))


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    answer = json_object(response.body)
    if response.status == 429:
        return Refused(Failure.THROTTLED, "http-429", _reset_s(response))
    if answer.get("status") not in ("success", "error"):
        return outcome_from_status(response)
    if "sender not found" in words_of(answer.get("message")).lower():
        return Refused(Failure.MISCONFIGURED, "sender")
    data = inside(answer, "data")
    if answer["status"] == "success" and data.get("invalidPhone"):
        return Refused(Failure.PERMANENT, "invalid-phone")
    return by_code(CODES, code_of(answer.get("code")) or "unnamed", response, Accepted(id_of(data.get("tranId"))))


def build_balance(account: Account) -> HttpRequest:
    """…/user/info beside …/sms/send."""
    return HttpRequest("GET", beside(account.url, "user/info", up=2), basic(account.password.reveal(), "x"))


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """What is left; a refusal has the form of sending's."""
    answer = json_object(response.body)
    outcome = _outcome(response) if answer.get("status") == "error" else None
    return outcome if isinstance(outcome, Refused) else balance_of(answer.get("balance"), answer.get("currency"), response)


def _reset_s(response: HttpResponse) -> float | None:
    text = response.headers.get("x-rate-limit-reset", response.headers.get("retry-after", "")).strip()
    return float(min(int(text), _LONGEST_S)) if text.isascii() and text.isdigit() and len(text) < 10 else None


def parse_mo(call: HookCall) -> Mo | Malformed:
    """An incoming text. The vendor names no id and no receiver."""
    event = json_object(call.body)
    sender = international(words_of(event.get("phone")))
    if event.get("type") not in ("sms", "incoming"):
        return Malformed("type: not sms or incoming")
    return Mo(None, sender, "", words_of(event.get("content"))) if sender else Malformed("phone: missing")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """A report: 0 delivered, up to 63 not yet, from 64 on never."""
    event = json_object(call.body)
    ref, word = id_of(event.get("tranId")), code_of(event.get("status"))
    if event.get("type") != "report" or ref is None:
        return Malformed("type, tranId: no report")
    if not word.isdigit() or len(word) > _DIGITS:
        return Malformed("status: no number from 0 on")
    status = int(word)
    if status == 0:
        return Dlr(ref, ours=False, status=DlrStatus.DELIVERED, code="0")
    said = DlrStatus.BUFFERED if status <= _TEMPORARY_UP_TO else DlrStatus.FAILED
    return Dlr(ref, ours=False, status=said, code=str(status))


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
