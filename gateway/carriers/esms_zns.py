"""eSMS.vn (ViHAT), Zalo ZNS: a template message to one number a request, JSON in and out; reports by GET as of an SMS.

Source: the vendor's developer pages, as for `esms.py` (V6: TempData is an object). `account`: username is the ApiKey, password the
SecretKey, oaid the Official Account's id; template_id, template and data as `template_data.py` says. A person without Zalo shows as a
failed report.

POST {"ApiKey","SecretKey","OAID","Phone","TempID","TempData":{…},"SendingMode":"1","RequestId","CallbackUrl"}
    -> {"CodeResult":"100","SMSID":"…"}
"""

from collections.abc import Mapping
from typing import Final, Literal

from gateway.carriers import esms, template_data
from gateway.carriers.protocol import Account, Batch, Capabilities, Dlr, Malformed, Misfit, Mo, Outcome
from gateway.carriers.shared import digits, post_json
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse
from gateway.domain.failure import Failure

NAME: Final = "esms-zns"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=86_400, status_by="none", unicode=True, dlr=True, mo=False)
OPTIONS: Final[Mapping[str, str]] = {"oaid": "the id of the Official Account", **template_data.OPTIONS}
NEEDED: Final = ("oaid", *template_data.NEEDED)
CODES: Final[Mapping[str, Failure | None]] = (
    dict(esms.CODES)
    | dict.fromkeys(("204", "788", "789", "790", "791", "799"), Failure.MISCONFIGURED)  # the OA or the template
    | dict.fromkeys(("801", "802"), Failure.MISCONFIGURED)  # over the quota, which this account may not
    | dict.fromkeys(("851", "852", "853"), Failure.PERMANENT)  # the person's id
    | {"854": Failure.UNROUTABLE}  # no data: the text was not the template's; an SMS may carry it
)


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`."""
    mt = batch.mts[0]
    call: dict[str, object] = {
        "ApiKey": account.username,
        "SecretKey": account.password.reveal(),
        "OAID": account.options.get("oaid", ""),
        "Phone": digits(mt.msisdn),
        "TempID": account.options.get("template_id", ""),
        "TempData": template_data.data_of(account.options, mt),
        "SendingMode": "1",
        "RequestId": batch.ref,
    }
    return post_json(account.url, call | ({"CallbackUrl": account.dlr_url} if account.dlr_url else {}))


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT."""
    return esms.outcomes(CODES, response, batch)


def misfits(options: Mapping[str, str]) -> tuple[Misfit, ...]:
    """What can't be used of the template."""
    return template_data.misfits(options)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """What people write to the OA comes by carrier zalo."""
    return Malformed("esms-zns: this API brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """The report to our CallbackUrl, as of an SMS."""
    return esms.parse_dlr(call)


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")


# --- the call that sends nothing: the same as of the vendor's other services ---

build_balance: Final = esms.build_balance
parse_balance: Final = esms.parse_balance
