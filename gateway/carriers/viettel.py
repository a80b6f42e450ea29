"""Viettel brand name SMS, `bulkapi`: SOAP 1.1, one recipient a request, by IP list; no id, no report, no MO.

Source: the vendor's page on wsCpMt; five public clients agree on the request, one test suite on `result` (1 is yes, 0 is no).
`account`: username User, password Password, cp_code CPCode. `url` without ?wsdl. SOAPAction "" rests on memory.
`UserID` and `ReceiverID` are both the recipient; the children of the operation have no namespace.
"""

import re
from collections.abc import Mapping
from html import unescape
from typing import Final, Literal
from xml.sax.saxutils import escape

from gateway.carriers.protocol import Accepted, Account, Balance, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import amount_of, digits, is_plain, unanswered
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, decode_text
from gateway.domain.failure import Failure, Refused

NAME: Final = "viettel"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=False, mo=False)
OPTIONS: Final[Mapping[str, str]] = {"cp_code": "CPCode of the contract"}
NEEDED: Final = ("cp_code",)

CODES: Final[Mapping[str, Failure | None]] = {
    "ok": None,
    "duplicate": Failure.PERMANENT,  # never resent blindly, so somebody else's repeat of the same words
    "request": Failure.PERMANENT,  # a field they call blank or no number: ours to mend
    "receiver": Failure.PERMANENT,
    "too-long": Failure.PERMANENT,
    "blacklist": Failure.PERMANENT,
    "template": Failure.PERMANENT,
    "alias": Failure.UNROUTABLE,  # the brand name is not registered at this number's operator
    "check": Failure.RETRYABLE,
    "fault": Failure.RETRYABLE,
    "refused": Failure.RETRYABLE,  # a no in words of no table
    "command-code": Failure.MISCONFIGURED,
    "account": Failure.MISCONFIGURED,
    "address": Failure.MISCONFIGURED,  # our IP
}
_WORDS: Final = (  # looked for anywhere in the message, for prefixes vary; the first that is found counts
    ("mt_queue: ok", "ok"),
    ("duplicate message", "duplicate"),
    ("cp_code: null_or_blank", "account"),
    ("username: null_or_blank", "account"),
    ("password: null_or_blank", "account"),
    ("cp_code_not_found", "account"),
    ("wrong_information_authenticate", "account"),
    ("ip_invalid", "address"),
    ("command_code_error", "command-code"),
    ("alias_invalid", "alias"),
    ("content_not_match_template", "template"),
    ("contain_blacklist", "blacklist"),
    ("maxlength_limit", "too-long"),
    ("userid_not_equal_receiverid", "receiver"),
    ("length of receiverid", "receiver"),
    ("unable to check telco", "receiver"),
    ("format_error", "receiver"),
    ("request_id_not_number", "request"),
    ("null_or_blank", "request"),
    ("check information error", "check"),
)
_HEADERS: Final = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
_LOOKED_AT: Final = 8_192  # bytes of an answer
_MESSAGE: Final = re.compile(r"<(?:\w+:)?message[^<>]{0,200}>([^<]{0,2000})</")
_RESULT: Final = re.compile(r"<(?:\w+:)?result[^<>]{0,200}>\s{0,20}(-?\d{1,6})\s{0,20}</")
_DESCRIBED: Final = re.compile(r"<(?:\w+:)?errDesc[^<>]{0,200}>([^<]{0,2000})</")
_FAULT: Final = re.compile(r"<(?:\w+:)?Fault[\s>]")


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """The envelope for the one MT of `batch`. RequestID 1: a push, no answer to an MO."""
    mt = batch.mts[0]
    number = digits(mt.msisdn)
    fields = {
        "User": account.username,
        "Password": account.password.reveal(),
        "CPCode": account.options.get("cp_code", ""),
        "RequestID": "1",
        "UserID": number,
        "ReceiverID": number,
        "ServiceID": account.sender_id,
        "CommandCode": "bulksms",
        "Content": mt.text,
        "ContentType": "0" if is_plain(mt.text) else "1",
    }
    return _called(account.url, "wsCpMt", fields)


def _called(url: str, operation: str, fields: Mapping[str, str]) -> HttpRequest:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    envelope = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:b="http://impl.bulkSms.ws/">'
        f"<soapenv:Body><b:{operation}>{inner}</b:{operation}></soapenv:Body></soapenv:Envelope>"
    )
    return HttpRequest("POST", url, _HEADERS, envelope.encode())


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT. `result` 1 is the yes; of a no the message alone says why."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    text = decode_text(response.body[:_LOOKED_AT])
    result, message = _RESULT.search(text), _MESSAGE.search(text)
    said = unescape(message[1]).lower() if message else ""
    code = next((code for words, code in _WORDS if words in said), None)
    if result is not None and result[1] == "1":
        return Accepted()
    if code is not None and CODES[code] is not None and result is not None:
        return Refused(CODES[code] or Failure.RETRYABLE, code)
    if result is not None and result[1] == "0":
        return Refused(Failure.RETRYABLE, "refused", unknown=True)
    return Refused(Failure.RETRYABLE, "fault") if _FAULT.search(text) else outcome_from_status(response)


def build_balance(account: Account) -> HttpRequest:
    """`checkBalance` of the same service."""
    fields = {"User": account.username, "Password": account.password.reveal(), "CPCode": account.options.get("cp_code", "")}
    return _called(account.url, "checkBalance", fields)


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """The sum stands in `errDesc`, where a refusal has its words; what is neither is told to the operator as it came."""
    found = _DESCRIBED.search(decode_text(response.body[:_LOOKED_AT]))
    if found is None:
        return unanswered(response)
    said = unescape(found[1]).strip().lower()
    if (amount := amount_of(said)) is not None:
        return Balance(amount, "VND")
    code = next((code for words, code in _WORDS if words in said), "refused")
    return Refused(CODES[code] or Failure.RETRYABLE, code, unknown=code == "refused")


def parse_mo(call: HookCall) -> Mo | Malformed:
    """This API brings no MOs; a short code is another contract."""
    return Malformed("viettel: bulkapi brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """This API sends no reports: they are in the vendor's portal."""
    return Malformed("viettel: bulkapi sends no reports")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
