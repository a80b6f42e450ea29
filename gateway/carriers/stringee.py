"""Stringee SMS: JSON with a signed token of five minutes in a header, up to 100 messages a request; no reports, no MOs.

Source: the vendor's page on its SMS REST API and one public client (carriers.md §3.8). `account`: username the API key's SID, password its
secret. No page says what `r` means but 0, and none how many messages a request takes. One entry a message, in order.

POST /v1/sms {"sms":[{"from","to":"84…","text"}]}, header X-STRINGEE-AUTH: JWT -> {"smsSent":1,"result":[{"r":0,"msg":"Success"}]}
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final, Literal

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import by_code, code_of, digits, post_json
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused

NAME: Final = "stringee"
CAPABILITIES: Final = Capabilities(max_batch=100, dedupe_window_s=0, status_by="none", unicode=True, dlr=False, mo=False)
CODES: Final[Mapping[str, Failure | None]] = {"0": None}
HEADER: Final = "X-STRINGEE-AUTH"
GOOD_S: Final = 300


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for all MTs of `batch`, still without its token, which bears the time."""
    messages = [{"from": account.sender_id, "to": digits(mt.msisdn), "text": mt.text} for mt in batch.mts]
    return post_json(account.url, {"sms": messages})


def stamped(account: Account, request: HttpRequest, now_ms: int) -> HttpRequest:
    """`request` with a token that is good for five minutes."""
    return request._replace(headers={**request.headers, HEADER: token(account, now_ms // 1000)})


def token(account: Account, now_s: int) -> str:
    """A JSON web token (RFC 7519), HMAC-SHA256 by the key's secret."""
    head = {"typ": "JWT", "alg": "HS256", "cty": "stringee-api;v=1"}
    claims = {"jti": f"{account.username}_{now_s}", "iss": account.username, "exp": now_s + GOOD_S, "rest_api": True}
    signed = b".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    mac = hmac.digest(account.password.reveal().encode(), signed, hashlib.sha256)
    return (signed + b"." + _base64(mac)).decode()


def _base64(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT, in order. Where the answer has another number of rows, none of them can be told apart."""
    rows = json_object(response.body).get("result")
    if not isinstance(rows, list) or response.status not in (200, 201):
        return (outcome_from_status(response),) * len(batch.mts)
    if len(rows) != len(batch.mts):
        return (Refused(Failure.RETRYABLE, "left-out", maybe_sent=True),) * len(batch.mts)
    return tuple(_outcome(row, response) for row in rows)


def _outcome(row: Any, response: HttpResponse) -> Outcome:  # Any: JSON
    code = code_of(row.get("r")) if isinstance(row, dict) else ""
    return by_code(CODES, code, response, Accepted()) if code else Refused(Failure.RETRYABLE, "left-out", maybe_sent=True)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """This API brings no MOs."""
    return Malformed("stringee: this API brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """This API sends no reports."""
    return Malformed("stringee: this API sends no reports")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
