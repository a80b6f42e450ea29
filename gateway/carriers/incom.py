"""Incom: JSON with name and password in the body, by IP list; a brand name or a short code; one recipient a request.

Source: a public client with its table and one bank's Java client. `account`: username, password; command_code, if it isn't the sender id.
`RequestId` "0" is a push. No reports and no MOs over this wire are documented.
"""

from collections.abc import Mapping
from typing import Final, Literal

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome
from gateway.carriers.shared import by_code, code_of, digits, is_plain, post_json
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure

NAME: Final = "incom"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=False, mo=False)
OPTIONS: Final[Mapping[str, str]] = {"command_code": "CommandCode, where it differs from the sender id"}

CODES: Final[Mapping[str, Failure | None]] = (
    dict.fromkeys(("1", "304", "399"))  # taken; taken already
    | dict.fromkeys(("360", "392", "535"), Failure.PERMANENT)  # blocked, bad, an 11-digit number
    | dict.fromkeys(("515", "530", "536", "537"), Failure.PERMANENT)  # too long, a word, no [QC], no template
    | dict.fromkeys(("356", "357", "359", "396", "511"), Failure.PERMANENT)  # the context of an MO is lost
    | dict.fromkeys(("253", "267", "393", "394", "395", "397", "398", "509", "510"), Failure.MISCONFIGURED)
)
_ASCII, _UNICODE = 0, 12


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`."""
    mt = batch.mts[0]
    call = {
        "Username": account.username,
        "Password": account.password.reveal(),
        "PhoneNumber": digits(mt.msisdn),
        "PrefixId": account.sender_id,
        "CommandCode": account.options.get("command_code", account.sender_id),
        "RequestId": "0",
        "MsgContent": mt.text,
        "MsgContentTypeId": _ASCII if is_plain(mt.text) else _UNICODE,
        "FeeTypeId": 0,
    }
    return post_json(account.url, call)


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT."""
    return (by_code(CODES, code_of(json_object(response.body).get("StatusCode")), response, Accepted()),) * len(batch.mts)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """This wire brings no MOs: Incom forwards them as its classic short code."""
    return Malformed("incom: this wire brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """This wire sends no reports."""
    return Malformed("incom: this wire sends no reports")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
