"""VietGuys cloudsms: a form with account and token, one recipient a request; reports by JSON without a signature.

Source: six public clients for the request, one for reports. The negative codes rest on memory: they are what the same platform answered
without `json=1`, and stand here so that a known word stops the route and a wrong guess costs a retry only.
`account`: username u, password the API token. The address of reports is registered by their support.
"""

from collections.abc import Mapping
from typing import Final, Literal

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import by_code, code_of, digits, id_of, inside, is_plain, post_form
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure
from gateway.domain.message import DlrStatus

NAME: Final = "vietguys"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=False)

CODES: Final[Mapping[str, Failure | None]] = (
    {"0": None}
    | dict.fromkeys(("-1", "-10", "-11"), Failure.PERMANENT)  # a field, the number, too long (memory)
    | {"-2": Failure.RETRYABLE, "refused": Failure.RETRYABLE}  # refused: a no that names no code
    | dict.fromkeys(("-3", "-4", "-5", "-6", "-7", "-8", "-9", "-12"), Failure.MISCONFIGURED)
)
_STATUS: Final[Mapping[object, DlrStatus]] = {"sent": DlrStatus.ACCEPTED, "delivered": DlrStatus.DELIVERED, "fail": DlrStatus.FAILED}


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`; `bid` is our name of it."""
    mt = batch.mts[0]
    fields = {
        "u": account.username,
        "pwd": account.password.reveal(),
        "from": account.sender_id,
        "phone": digits(mt.msisdn),
        "sms": mt.text,
        "bid": batch.ref,
        "type": "0" if is_plain(mt.text) else "8",
        "json": "1",
    }
    return post_form(account.url, fields)


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT. `error` 0 is the yes; of a no `error_code` says why."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    answer = json_object(response.body)
    verdict = code_of(answer.get("error"))
    if not verdict:
        return outcome_from_status(response)
    why = code_of(answer.get("error_code")) or code_of(answer.get("ErrorCode"))
    return by_code(CODES, verdict if verdict == "0" else why or "refused", response, Accepted(id_of(answer.get("msgid"))))


def parse_mo(call: HookCall) -> Mo | Malformed:
    """This API brings no MOs."""
    return Malformed("vietguys: this API brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """A report under VietGuys' own id."""
    data = inside(json_object(call.body), "data")
    ref, word = id_of(data.get("message_id")), data.get("status")
    status = _STATUS.get(word) if isinstance(word, str) else None
    if ref is None or status is None:
        return Malformed("data: no message_id, or a status that is not sent, delivered or fail")
    return Dlr(ref, ours=False, status=status, code=str(word))


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
