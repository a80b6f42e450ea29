"""From a request to an answer: token, rate, scope, address, body, then the operation's own handler. The order is the contract's."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from gateway.domain.secret import Secret
from gateway.services.clients import Client, by_token
from gateway.services.refusal import Refusal
from gateway.storage.database import Database, StorageDown
from gateway.web.api.limits import Allowance
from gateway.web.api.operation import KEY_HEADER, KEY_PATTERN, Answer, Call, Operation
from gateway.web.api.problems import NO_STORE, Fault, Problem, out_of_scope, plain, unauthorized
from gateway.web.api.schema import Asked

BODY_LIMIT: Final = 1 << 18  # bytes
_BEARER: Final = re.compile(r"bearer +([\x21-\x7e]{3,200})", re.IGNORECASE)
_INTEGER: Final = re.compile(r"-?[0-9]{1,9}")
_NAME_SHOWN: Final = 64  # characters of a member's name that is repeated to the caller
_JSON: Final = "application/json"


async def answer(request: web.Request, operation: Operation, database: Database, allowance: Allowance, now: int) -> web.Response:
    """What `request` gets. Never raises but for a fault of ours."""
    headers: Mapping[str, str] = {}
    try:
        client = await _client(request, database, now)
        may, headers = allowance.take(client.id, now)
        if not may:
            raise plain(429)
        call = await _call(request, operation, client, database, allowance, now)
        return _response(operation, await operation.handle(call), headers)
    except Refusal as refusal:
        return Problem(422, "refused", _sentence(refusal)).answer(headers)
    except StorageDown:
        return plain(503, {"Retry-After": "5"}).answer(headers)
    except Problem as problem:
        return problem.answer(headers)


def _response(operation: Operation, given: Answer, headers: Mapping[str, str]) -> web.Response:
    kind = operation.answers[given.status]  # what isn't described can't be said
    if not isinstance(given.body, kind or type(None)):
        raise TypeError(f"{operation.name} answered something else than it describes")
    body = given.body.model_dump_json().encode() if given.body is not None else None
    media = _JSON if body is not None else None
    return web.Response(status=given.status, body=body, content_type=media, headers={**NO_STORE, **headers, **given.headers})


def _sentence(refusal: Refusal) -> str:
    text = str(refusal)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


# --- who, and may they ---


async def _client(request: web.Request, database: Database, now: int) -> Client:
    given = request.headers.getall("Authorization", [])
    bearer = _BEARER.fullmatch(given[0].strip()) if len(given) == 1 else None
    client = await by_token(database, Secret(bearer[1]), now) if bearer else None
    if client is None:
        raise unauthorized(was_given=bool(given))
    return client


async def _call(request: web.Request, operation: Operation, client: Client, database: Database, allowance: Allowance, now: int) -> Call:
    if operation.scope is not None and operation.scope not in client.scopes:
        raise out_of_scope(operation.scope)
    for name, segment in operation.segments.items():
        if not re.fullmatch(segment.pattern, request.match_info[name]):
            raise plain(404)
    query, key = _query(request, operation), _key(request, operation)
    raw = await _text(request) if operation.body is not None else ""
    body = _body(raw, operation.body) if operation.body is not None else None
    return Call(client, database, now, dict(request.match_info), query, body, raw, key, allowance)


# --- the address ---


def _query(request: web.Request, operation: Operation) -> Asked:
    given = list(request.query.items())
    faults = [Fault(detail="Given more than once", parameter=_shown(name)) for name in _repeated([name for name, _ in given])]
    if faults:
        raise Problem(400, "bad-query", "A parameter may stand in the address once only.", tuple(faults))
    values: dict[str, str | int] = {name: int(value) if _INTEGER.fullmatch(value) else value for name, value in given}
    try:
        return operation.query.model_validate(values)
    except ValidationError as error:
        faults = [Fault(detail=text, parameter=_shown(str(place[0]))) for place, text in _faults(error)]
        raise Problem(400, "bad-query", "The address asks for something that isn't there.", tuple(faults)) from None


def _key(request: web.Request, operation: Operation) -> str | None:
    if not operation.takes_key or (given := request.headers.getall(KEY_HEADER, [])) == []:
        return None
    if len(given) > 1 or not re.fullmatch(KEY_PATTERN, given[0]):
        text = "Send one Idempotency-Key of 1 to 200 visible ASCII characters"
        raise Problem(400, "bad-key", f"{text}.", (Fault(detail=text, parameter=KEY_HEADER),))
    return given[0]


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


# --- the body ---


async def _text(request: web.Request) -> str:
    if request.content_type != _JSON or (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise plain(415, {"Accept": _JSON})
    try:
        data = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise plain(413) from None
    if len(data) > BODY_LIMIT:
        raise plain(413)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Problem(400, "bad-json", "The body is no UTF-8.") from None


class _Twice(ValueError):
    """A JSON object names a member twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: JSON
    if len(found := dict(pairs)) != len(pairs):
        raise _Twice
    return found


def _no_constant(_: str) -> None:
    raise ValueError("no JSON")  # NaN and Infinity, which Python would take


def _body(raw: str, model: type[Asked]) -> Asked:
    try:
        value = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
    except _Twice:
        raise Problem(400, "bad-json", "The body names a member twice. Send each once.") from None
    except (ValueError, RecursionError):
        raise Problem(400, "bad-json", "The body is no JSON.") from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = tuple(Fault(detail=text, pointer=_pointer(place)) for place, text in _faults(error))
        raise Problem(422, "bad-body", "The body isn't what is asked for; each fault is named with its place.", faults) from None
    except UnicodeEncodeError:  # half of a surrogate pair as \uD800
        raise Problem(422, "bad-body", "The body holds half a character. Send whole ones.") from None


def _faults(error: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """(place, what is wrong) of at most twenty faults; none repeats a value."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[:20]
    return [(each["loc"] or ("",), "There is no such member" if each["type"] == "extra_forbidden" else each["msg"]) for each in found]


def _pointer(place: Sequence[int | str]) -> str:
    parts = [_shown(str(part)).replace("~", "~0").replace("/", "~1") for part in place if part != ""]
    return "".join(f"/{part}" for part in parts)


def _shown(name: str) -> str:
    return name[:_NAME_SHOWN].encode("utf-8", "replace").decode()
