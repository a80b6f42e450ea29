"""Zalo ZNS: a template message to a phone number, by the same app, Official Account and tokens as `zalo.py`; receipts as signed events.

Source: Zalo's guide to its error codes and public clients (carriers.md §3.14, November 2026). Rows of `CODES` marked (memory) were found on
no page. `account`: username our app's id, password its secret; template_id, template and data as `template_data.py` says; hook_key the OA's
secret key where this route's dlr hook is the app's webhook. An app has one webhook: where that is a zalo route's, receipts come there and
bring our `tracking_id` with them. `mode = "development"` reaches the OA's administrators only.

POST {"phone":"84…","template_id","template_data":{…},"tracking_id"}, header access_token -> {"error":0,"data":{"msg_id":"…"}}
"""

import hmac
from collections.abc import Mapping
from typing import Final, Literal

from gateway.carriers import template_data, zalo
from gateway.carriers.protocol import (
    Accepted,
    Account,
    Batch,
    Capabilities,
    Dlr,
    Malformed,
    Misfit,
    Mo,
    Outcome,
    Signing,
    outcome_from_status,
)
from gateway.carriers.shared import digits, id_of, inside, post_json
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused

NAME: Final = "zalo-zns"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=False)
OPTIONS: Final[Mapping[str, str]] = {
    **template_data.OPTIONS,
    "mode": '"development": to the OA\'s administrators only',
    "hook_key": "the OA's secret key, where this route's dlr hook is the app's webhook",
}
NEEDED: Final = template_data.NEEDED
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"mode": ("development",)}

_P, _U, _M = Failure.PERMANENT, Failure.UNROUTABLE, Failure.MISCONFIGURED
CODES: Final[Mapping[str, Failure | None]] = (
    {"0": None, "-100": Failure.RETRYABLE}
    | dict.fromkeys(("-108", "-109", "-112", "-116"), _P)  # the number, the template's number, its data, its text
    | {"-111": _U}  # no data: the text was not the template's; an SMS may carry it
    | dict.fromkeys(("-110", "-114", "-118", "-119"), _U)  # their Zalo is too old, asleep, or there is none: an SMS reaches them
    | dict.fromkeys(("-139", "-141"), _P)  # (memory) they refuse this OA: another route must not go round it
    | dict.fromkeys(("-101", "-102", "-103", "-104", "-105", "-106", "-113", "-115", "-117", "-120"), _M)  # app, secret, balance, rights
    | dict.fromkeys(
        ("-124", "-216", "-131", "-146"), _M
    )  # the token, once it was renewed; (memory) the template is not approved, switched off
    | dict.fromkeys(("-133", "-144", "-147"), Failure.THROTTLED)  # (memory) at night; the day's quota of the OA, of the template
)
_WAITS_S: Final[Mapping[str, float]] = {"-133": 900.0, "-144": 3600.0, "-147": 3600.0}  # no use in asking every second


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """The template message for the one MT of `batch`, still without its token, as `zalo.build_send`."""
    mt, options = batch.mts[0], account.options
    call: dict[str, object] = {
        "phone": digits(mt.msisdn),
        "template_id": options.get("template_id", ""),
        "template_data": template_data.data_of(options, mt),
        "tracking_id": mt.ref,
    }
    return post_json(account.url, call | ({"mode": options["mode"]} if options.get("mode") else {}))


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT: business errors come under HTTP 200, so the body decides."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    answer = json_object(response.body)
    code = zalo.code_in(answer)
    if code is None:
        return outcome_from_status(response)
    if code == "0":
        return Accepted(id_of(inside(answer, "data").get("msg_id")))
    if code not in CODES:
        return Refused(Failure.RETRYABLE, code, unknown=True)
    return Refused(CODES[code] or Failure.RETRYABLE, code, _WAITS_S.get(code))


def misfits(options: Mapping[str, str]) -> tuple[Misfit, ...]:
    """What can't be used of the template."""
    return template_data.misfits(options)


def is_signed(call: HookCall, by: Signing) -> bool | None:
    """Whether the X-ZEvent-Signature over the bytes as they came is Zalo's, and Zalo may be sending the event now (13 hours)."""
    opened = zalo.open_call(call)
    if isinstance(opened, Malformed):
        return False
    given = call.headers.get("x-zevent-signature", "").strip().lower().removeprefix("mac=")
    known = zalo.signature(opened.app_id, call.body, opened.timestamp, by.key).removeprefix("mac=")
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode()) and opened.is_fresh(by.now_ms)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """What people write to the OA comes by carrier zalo."""
    return Malformed("zalo-zns: template messages bring no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """The receipt in an event, under our tracking_id, else under Zalo's id."""
    return zalo.parse_dlr(call)


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing, within 2 s."""
    return zalo.acknowledge(call_kind)
