"""playSMS webservices: a GET with name and token, up to 100 recipients of one text, a row each in the answer; no pushed reports or MOs.

Source: the project's documentation and its sources (carriers.md §4.8). `url` is …/index.php; `account`: username, password the webservices
token. Reports and the inbox can only be asked for, which this module doesn't do.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlencode

from gateway.carriers.protocol import Accepted, Account, Balance, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import balance_of, by_code, code_of, digits, id_of, is_plain, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused

NAME: Final = "playsms"
CAPABILITIES: Final = Capabilities(max_batch=100, dedupe_window_s=0, status_by="none", unicode=True, dlr=False, mo=False)

CODES: Final[Mapping[str, Failure | None]] = (
    {"0": None}
    | dict.fromkeys(("102", "201"), Failure.PERMANENT)
    | {"200": Failure.RETRYABLE}
    | dict.fromkeys(("100", "101", "103", "104", "105", "106"), Failure.MISCONFIGURED)
)


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One GET for all MTs of `batch`."""
    fields = {
        "app": "ws",
        "u": account.username,
        "h": account.password.reveal(),
        "op": "pv",
        "to": ",".join(digits(mt.msisdn) for mt in batch.mts),
        "msg": batch.text,
        "unicode": "0" if is_plain(batch.text) else "1",
        "nofooter": "1",
        "format": "json",
    } | ({"from": account.sender_id} if account.sender_id else {})
    return HttpRequest("GET", f"{account.url}{'&' if '?' in account.url else '?'}{urlencode(fields)}")


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT, in order; a refusal of the whole call stands beside `data`."""
    answer = json_object(response.body)
    rows = answer.get("data")
    if isinstance(rows, list) and rows:
        by_number = {words_of(row.get("to")).removeprefix("+"): row for row in rows if isinstance(row, dict)}
        return tuple(_outcome(by_number.get(digits(mt.msisdn), {}), response) for mt in batch.mts)
    code = code_of(answer.get("error"))
    refused = by_code(CODES, "" if code == "0" else code, response, Accepted()) if code else outcome_from_status(response)
    return (refused,) * len(batch.mts)


def _outcome(row: Mapping[str, Any], response: HttpResponse) -> Outcome:
    code = code_of(row.get("error"))
    if not code:
        return Refused(Failure.RETRYABLE, "left-out", maybe_sent=True)
    return by_code(CODES, code, response, Accepted(id_of(row.get("smslog_id"))))


def build_balance(account: Account) -> HttpRequest:
    """The same address with op=cr."""
    fields = {"app": "ws", "u": account.username, "h": account.password.reveal(), "op": "cr", "format": "json"}
    return HttpRequest("GET", f"{account.url}{'&' if '?' in account.url else '?'}{urlencode(fields)}")


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """{"status":"OK","error":"0","credit":"5000"}; a refusal bears its error."""
    answer = json_object(response.body)
    code = code_of(answer.get("error"))
    outcome = by_code(CODES, code, response, Accepted()) if code else None
    return outcome if isinstance(outcome, Refused) else balance_of(answer.get("credit"), "credits", response)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """playSMS pushes no MOs."""
    return Malformed("playsms: it pushes no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """playSMS pushes no reports."""
    return Malformed("playsms: it pushes no reports")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
