"""FPT Telecom brand name SMS, customer care: JSON with an OAuth2 token in the body, one recipient a request; no pushed reports, no MOs.

Source: the vendor's developer pages and eight public clients for the requests; its error numbers rest on memory, so the words beside them
are read too (carriers.md §3.6). `url` is the host, https://app.sms.fpt.net; `account`: username the client id, password the client secret,
scope what the contract grants. A token belongs to the session_id that it was asked for with: both travel together.

POST /oauth2/token {"grant_type":"client_credentials","client_id","client_secret","scope","session_id"} -> {"access_token","expires_in"}
POST /api/push-brandname-otp {"access_token","session_id","BrandName","Phone","Message": Base64 of UTF-8,"RequestId"} -> {"MessageId":…}
an error: another HTTP status with {"error":1011,"error_description":"…"}
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from gateway.carriers.protocol import Accepted, Account, Balance, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.session import Session
from gateway.carriers.shared import code_of, count_of, digits, id_of, post_json, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.secret import Secret

NAME: Final = "fpt"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=False, mo=False)
SCOPE: Final = "send_brandname_otp"
OPTIONS: Final[Mapping[str, str]] = {"scope": f"what the contract grants; unset: {SCOPE}"}

CODES: Final[Mapping[str, Failure | None]] = {
    "ok": None,
    "1011": Failure.MISCONFIGURED,  # (memory) the token, once it was renewed
    "1013": Failure.MISCONFIGURED,  # (memory) the same
    "token": Failure.MISCONFIGURED,  # the same in words; the rows below are told by their words alone
    "client": Failure.MISCONFIGURED,
    "scope": Failure.MISCONFIGURED,
    "brandname": Failure.MISCONFIGURED,
    "template": Failure.PERMANENT,
    "phone": Failure.PERMANENT,
}
_TOKEN: Final = frozenset({"1011", "1013", "token"})
_WORDS: Final = ("token", "client", "scope", "template", "brandname", "phone")  # looked for in this order
_LIFETIME_S: Final = 3_500  # what clients take for granted
_LONGEST_S: Final = 30 * 24 * 3_600


def build_login(account: Account, chance: str) -> HttpRequest:
    """Ask for a token under the session_id `chance`."""
    call = {
        "grant_type": "client_credentials",
        "client_id": account.username,
        "client_secret": account.password.reveal(),
        "scope": account.options.get("scope") or SCOPE,
        "session_id": chance,
    }
    return post_json(f"{account.url.rstrip('/')}/oauth2/token", call)


def parse_login(response: HttpResponse, chance: str) -> Session | Refused:
    """The token, with the session_id it belongs to."""
    answer = json_object(response.body)
    token = words_of(answer.get("access_token"))
    if token and token.isascii() and " " not in token:
        lifetime = min(count_of(answer.get("expires_in")) or _LIFETIME_S, _LONGEST_S)
        return Session(Secret(f"{chance} {token}"), lifetime)
    if _code(answer):
        return Refused(Failure.MISCONFIGURED, _code(answer))
    return outcome_from_status(response)


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`, still without its token."""
    mt = batch.mts[0]
    call = {
        "BrandName": account.sender_id,
        "Phone": digits(mt.msisdn),
        "Message": b64encode(mt.text.encode("utf-8", "replace")).decode(),
        "RequestId": mt.ref,
    }
    return post_json(f"{account.url.rstrip('/')}/api/push-brandname-otp", call)


def with_session(request: HttpRequest, session: Secret) -> HttpRequest:
    """Token and session_id go into the body, before the rest."""
    session_id, _, token = session.reveal().partition(" ")
    head = json.dumps({"access_token": token, "session_id": session_id}, separators=(",", ":")).encode()
    return request._replace(body=head[:-1] + b"," + request.body[1:])


def refuses_session(response: HttpResponse) -> bool:
    """Whether the token is what it says no to."""
    return _code(json_object(response.body)) in _TOKEN


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT. A yes is the answer that names its message; a no has a number and words."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    answer = json_object(response.body)
    ref, code = id_of(answer.get("MessageId")), _code(answer)
    if ref is not None and not code and response.status in (200, 201):
        return Accepted(ref)
    if not code or response.status == 429:
        return outcome_from_status(response)
    kind = CODES.get(code)
    return Refused(kind, code) if kind else Refused(Failure.RETRYABLE, code, unknown=True)


def _code(answer: Mapping[str, Any]) -> str:
    """The number of an error if it is one of ours, else the first of our words that stands in its sentence, else the number. "": none."""
    number = code_of(answer.get("error"))
    if not number or number == "0" or number in CODES:
        return "" if number == "0" else number
    sentence = words_of(answer.get("error_description")).lower()
    return next((word for word in _WORDS if word in sentence), number)


def build_balance(account: Account) -> HttpRequest:
    """The log-in itself: it sends nothing, and the session of those who send goes on beside it."""
    return build_login(account, "0" * 32)


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """That the account stands; no sum."""
    found = parse_login(response, "")
    return replace(found, maybe_sent=False) if isinstance(found, Refused) else Balance(None)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """This API brings no MOs."""
    return Malformed("fpt: this API brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """This API sends no reports: they are asked for."""
    return Malformed("fpt: this API sends no reports")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
