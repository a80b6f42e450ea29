"""VMG (brandsms.vn), customer care: JSON with a token header, one recipient a request; no pushed reports, no MOs.

Source: a public client with the vendor's table of codes 1.5, three more clients, an epacific.net page of the same product.
`account`: username is any name, password the token that VMG issued. `url` ends in /SendSMS. A requestId is recognised for an hour, the same
words to the same number for five minutes.
"""

from collections.abc import Mapping
from typing import Final, Literal

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Network, Outcome
from gateway.carriers.shared import by_code, code_of, count_of, digits, id_of, is_plain, post_json
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure
from gateway.domain.msisdn import Msisdn

NAME: Final = "vmg"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=3_600, status_by="none", unicode=True, dlr=False, mo=False)
OPTIONS: Final[Mapping[str, str]] = {"lookup_url": "where numbers are looked up; https://mnp.brandsms.vn/api/VMG/CheckMnp by default"}

_P, _U, _T, _M = Failure.PERMANENT, Failure.UNROUTABLE, Failure.THROTTLED, Failure.MISCONFIGURED
CODES: Final[Mapping[str, Failure | None]] = (
    {"000": None, "304": None}  # 304: taken already
    | dict.fromkeys(("001", "002", "016", "022"), _P)  # input, type, schedule, format
    | dict.fromkeys(("005", "006", "019"), _P)  # the number
    | dict.fromkeys(("007", "010", "011", "013"), _P)  # a word, too long, no template, a black list
    | dict.fromkeys(("008", "009", "025"), _P)  # accents that this route doesn't take
    | dict.fromkeys(("012", "020", "805"), _U)  # not this operator
    | {"021": _T, "024": _T}  # advertising at this hour; over the most MTs
    | dict.fromkeys(("003", "014", "015", "017", "018", "100", "101", "102", "103", "801", "802", "803", "804", "904"), _M)
    | {"999": Failure.RETRYABLE}
)


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`. Without a `telco` VMG routes by number portability."""
    mt = batch.mts[0]
    call = {
        "to": digits(mt.msisdn),
        "telco": "",
        "type": 1,
        "from": account.sender_id,
        "message": mt.text,
        "scheduled": "",
        "requestId": batch.ref,
        "useUnicode": 0 if is_plain(mt.text) else 1,
        "ext": {},
    }
    return post_json(account.url, call, {"token": account.password.reveal()})


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT; `mtCount` is what is charged."""
    answer = json_object(response.body)
    taken = Accepted(id_of(answer.get("referentId")), count_of(answer.get("mtCount")))
    return (by_code(CODES, code_of(answer.get("errorCode")), response, taken),) * len(batch.mts)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """This API brings no MOs."""
    return Malformed("vmg: this API brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """This API sends no reports: they are asked for by its report service."""
    return Malformed("vmg: this API sends no reports")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")


def build_lookup(account: Account, msisdn: Msisdn) -> HttpRequest:
    """CheckMnp, which answers from the country's portability data (one client: V1); that it takes the same token is inferred."""
    url = account.options.get("lookup_url") or "https://mnp.brandsms.vn/api/VMG/CheckMnp"
    return post_json(url, {"phoneNumber": digits(msisdn)}, {"token": account.password.reveal()})


def parse_lookup(response: HttpResponse, msisdn: Msisdn) -> Network | Malformed:
    """`data[0].currentTelco`, 01 to 09: taken for the network code under Viet Nam's 452, which is inferred from their values."""
    rows = json_object(response.body).get("data")
    telco = code_of(rows[0].get("currentTelco")) if isinstance(rows, list) and rows and isinstance(rows[0], dict) else ""
    if len(telco) != 2 or not telco.isdigit():
        return Malformed(f"no currentTelco in the answer (http-{response.status})")
    return Network(f"452{telco}")
