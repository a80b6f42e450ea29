"""eSMS.vn (ViHAT), advertising: one text to 30 to 5,000 numbers a request, JSON in and out; what became of each is asked for, not told.

Source: the vendor's developer pages, as for `esms.py`, whose account, codes and 24 hours of recognising a RequestId these are too.
A request of fewer than 30 numbers is refused (107): what is left of a wave then takes the route's `fallback`, an esms route for example.
Its callback tells totals only, no recipient, so none is asked for.

POST {"ApiKey","SecretKey","Phones":["84…"],"Content","Brandname","SmsType":"1","IsUnicode","RequestId"} -> {"CodeResult":"100","SMSID":"…"}
"""

from collections.abc import Mapping
from typing import Final, Literal

from gateway.carriers import esms
from gateway.carriers.protocol import Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome
from gateway.carriers.shared import digits, is_plain, post_json
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse
from gateway.domain.failure import Failure

NAME: Final = "esms-ads"
FEWEST: Final = 30
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
