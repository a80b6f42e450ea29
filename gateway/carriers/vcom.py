"""V-COM short codes: MOs as JSON that bear a checksum, MTs as JSON that bear one with the time; no reports.

Source: two of the vendor's support articles (carriers.md §3.13 B). They know no push: the request_id of an MT is that of the MO which it
answers, and it bears no number. An MT that answers none goes under our own name, and what they refuse takes the route's `fallback`. The
articles call `time` a whole number and show none, others write it out: both are read, and the option says what we write. `account`:
username the client_id, password the secure key, hook_key the same key, which signs their calls; command_code the keyword. The sender id is
the service_id. Their calls want HTTP 200 always, with the code in JSON.

MO: POST {"type","client_id","request_id","service_id","command_code","message","telco","phone":"84…","time","checksum"}
    checksum: Base64 of the raw SHA-256 of client_id, request_id, phone, secure key, time
MT: POST {"client_id","request_id","service_id","command_code","mt_code","message","is_charged","time","checksum"}
    checksum: the same with mt_code in the place of phone
    -> {"data":{"code":200,…}} or {"errors":{"code":104,…}}
"""

import hashlib
import hmac
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, Signing
from gateway.carriers.shared import HANOI, by_code, code_of, id_of, inside, international, local_ms, post_json, words_of
from gateway.carriers.short_code import with_keyword
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure

NAME: Final = "vcom"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=False, dlr=False, mo=True, names_mo=True)
OPTIONS: Final[Mapping[str, str]] = {
    "command_code": "the keyword of the contract",
    "hook_key": "the secure key, which signs their calls",
    "is_charged": "1: the person pays for the answer; unset: nobody does",
    "time": "seconds: Unix time, as a whole number; unset: text, as 2026-11-01 08:00:01",
}
NEEDED: Final = ("command_code", "hook_key")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"is_charged": ("0", "1"), "time": ("text", "seconds")}

CODES: Final[Mapping[str, Failure | None]] = {
    "200": None,
    "104": None,  # taken already
    "102": Failure.UNROUTABLE,  # no request of that name: an answer to nothing can only go another way
    "106": Failure.UNROUTABLE,
    "108": Failure.MISCONFIGURED,  # our address is not on their list
}
FRESH_MS: Final = 24 * 3_600_000  # what was missed is sent once more under its old time; a repeat is known by its request_id
EARLY_MS: Final = 600_000
_TIME: Final = "%Y-%m-%d %H:%M:%S"
_SECONDS: Final = re.compile(r"\d{10}", re.ASCII)
_JSON: Final = {"content-type": "application/json"}


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`, still without time and checksum."""
    mt = batch.mts[0]
    call = {
        "client_id": account.username,
        "request_id": mt.answers or mt.ref,
        "service_id": account.sender_id,
        "command_code": account.options.get("command_code", ""),
        "mt_code": mt.ref,
        "message": mt.text,
        "is_charged": int(account.options.get("is_charged") == "1"),
    }
    return post_json(account.url, call)


def stamped(account: Account, request: HttpRequest, now_ms: int) -> HttpRequest:
    """`request` with the time, in seconds or Viet Nam's written out, and the checksum over it."""
    call, seconds = json_object(request.body), now_ms // 1000
    time = seconds if account.options.get("time") == "seconds" else datetime.fromtimestamp(seconds, HANOI).strftime(_TIME)
    made = checksum(call["client_id"], call["request_id"], call["mt_code"], account.password.reveal(), str(time))
    return post_json(request.url, call | {"time": time, "checksum": made}, request.headers)


def checksum(*parts: str) -> str:
    """Base64 of the raw SHA-256 of `parts`, glued."""
    return b64encode(hashlib.sha256("".join(parts).encode("utf-8", "replace")).digest()).decode()


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT. A refusal stands under `errors`; a 200 counts under `data` alone."""
    answer = json_object(response.body)
    refused, taken = (code_of(inside(answer, name).get("code")) for name in ("errors", "data"))
    code = refused if refused != "200" else ""
    return (by_code(CODES, code or taken, response, Accepted()),) * len(batch.mts)


def is_signed(call: HookCall, by: Signing) -> bool | None:
    """Whether the checksum is theirs, over fields of the call, and its time is of the last day."""
    fields = json_object(call.body)
    client, request, phone, time, given = (_raw(fields, name) for name in ("client_id", "request_id", "phone", "time", "checksum"))
    made = checksum(client, request, phone, by.key.reveal(), time)
    at = _at(time)
    fresh = at is not None and -EARLY_MS <= by.now_ms - at <= FRESH_MS
    return hmac.compare_digest(given.encode("utf-8", "replace"), made.encode()) and fresh


def _raw(fields: Mapping[str, Any], name: str) -> str:
    """As it was signed: nothing trimmed; a number as it is written."""
    value = fields.get(name)
    return value if isinstance(value, str) else words_of(value)


def _at(time: str) -> int | None:
    """Epoch ms of a `time` in either form; None for anything else."""
    return int(time) * 1000 if _SECONDS.fullmatch(time) else local_ms(time, _TIME)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """A text to the short code."""
    fields = json_object(call.body)
    sender = international(words_of(fields.get("phone")))
    if not sender:
        return Malformed("phone: missing")
    text = with_keyword(words_of(fields.get("command_code")), words_of(fields.get("message")))
    at = _at(words_of(fields.get("time")))
    return Mo(id_of(fields.get("request_id")), sender, words_of(fields.get("service_id")), text, at)


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """This API sends no reports."""
    return Malformed("vcom: this API sends no reports")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """Their yes."""
    return HttpResponse(200, _JSON, b'{"data":{"code":200,"status":"success","message":""}}')


def refuse_call(call: HookCall) -> HttpResponse:
    """Their no to a checksum: under HTTP 200, for anything else is tried twice more."""
    error = {"errors": {"code": 106, "status": "error", "message": "checksum or time is wrong"}}
    return HttpResponse(200, _JSON, json.dumps(error, separators=(",", ":")).encode())
