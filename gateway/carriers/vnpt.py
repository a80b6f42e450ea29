"""VNPT / VinaPhone brand name (VIVAS), `send_sms_list`: JSON by IP list; template parameters in the place of a text.

Source: six public clients agree on the request; what its codes mean is inferred from a public test suite, all but 0.
VNPT joins the parameters into a registered template. Ours is one placeholder: register a template that is `{1}` alone, or with the office's
name before it; a wave's text goes in whole. `account`: username APIUSER, password APIPASS; user_name USERNAME, and the four numbers VNPT
gave out. Whole requests only: no id, no report.
"""

from collections.abc import Mapping
from typing import Final, Literal

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome
from gateway.carriers.shared import by_code, code_of, digits, inside, is_plain, post_json
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure

NAME: Final = "vnpt"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=False, mo=False)
OPTIONS: Final[Mapping[str, str]] = {
    "user_name": "USERNAME",
    "label_id": "LABELID, the brand name's number",
    "contract_id": "CONTRACTID",
    "template_id": "TEMPLATEID of a template whose only placeholder is the text",
    "agent_id": "AGENTID",
}
NEEDED: Final = tuple(OPTIONS)

_P, _U, _T, _M = Failure.PERMANENT, Failure.UNROUTABLE, Failure.THROTTLED, Failure.MISCONFIGURED
CODES: Final[Mapping[str, Failure | None]] = (
    {"0": None}
    | dict.fromkeys(("2", "8", "11", "17", "24", "30"), _P)  # parameters, schedule, too long, accents, a word
    | dict.fromkeys(("23", "25"), _U)  # another network's number; a ported one
    | {"26": _T}  # too many advertisements to this number today
    | dict.fromkeys(("1", "7", "9", "10", "14", "21", "22", "29", "31"), _M)  # names, template, label, contract, quotas
)
_PLAIN, _UNICODE = "0", "8"


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`, every value a string; its text is the template's only parameter."""
    mt = batch.mts[0]
    options = account.options
    call = {
        "name": "send_sms_list",
        "REQID": batch.ref,
        "LABELID": options.get("label_id", ""),
        "CONTRACTTYPEID": "1",
        "CONTRACTID": options.get("contract_id", ""),
        "TEMPLATEID": options.get("template_id", ""),
        "PARAMS": [{"NUM": "1", "CONTENT": mt.text}],
        "SCHEDULETIME": "",
        "MOBILELIST": digits(mt.msisdn),
        "ISTELCOSUB": "0",
        "AGENTID": options.get("agent_id", ""),
        "APIUSER": account.username,
        "APIPASS": account.password.reveal(),
        "USERNAME": options.get("user_name", ""),
        "DATACODING": _PLAIN if is_plain(mt.text) else _UNICODE,
        "SALEORDERID": "",
        "PACKAGEID": "",
    }
    return post_json(account.url, {"RQST": call})


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT. `ERROR` is a string or a number, with blanks or without."""
    code = code_of(inside(json_object(response.body), "RPLY").get("ERROR"))
    return (by_code(CODES, code, response, Accepted()),) * len(batch.mts)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """This API brings no MOs."""
    return Malformed("vnpt: this API brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """This API sends no reports."""
    return Malformed("vnpt: this API sends no reports")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
