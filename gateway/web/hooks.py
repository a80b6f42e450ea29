"""`/hooks/{route}/{mo|dlr}`: authenticity, then the carrier's own parser, then the inbox, then its acknowledgement (ADR 0008).

Nothing a caller sent is ever echoed, and nothing they send makes a 500: what can't be read is kept raw for the desk and acknowledged.
"""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, Literal

from aiohttp import web

from gateway.carriers.protocol import (
    Carrier,
    Dlr,
    Malformed,
    Mo,
    Signing,
    acknowledgement,
    calls_in,
    refusal_of,
    replies_in_response,
    signs_calls,
)
from gateway.carriers.udh import part_of
from gateway.carriers.wire import HookCall, HttpResponse, clean, form_fields
from gateway.domain.secret import Secret
from gateway.services.intake import Accepted, Intake, own_id, read_sender
from gateway.storage.inbox import NEW, OURS, PART, UNREADABLE, NewDlr, NewMo
from gateway.storage.spool import SpoolDown

CALL_LIMIT: Final = 1 << 20  # bytes of a hook call's body
_MS_LIMIT: Final = 1 << 53
_ID_LIMIT: Final = 200
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
Network = IPv4Network | IPv6Network
_LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
Kind = Literal["mo", "dlr"]
Clock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Hook:
    """A route's hook. A call must bring `secret`, if there is one, and come from `networks`, if there are any; without both none is taken.

    `rehearsal`: its secret is public, so its calls are taken from this machine only unless `networks` say otherwise. `in_response`: the
    carrier takes the reply to an MO with our answer to its call. `key`: what the carrier signs its calls with, where it does;
    `base_url`: the address that it calls us by.
    """

    route: str
    carrier: Carrier
    secret: Secret
    rehearsal: bool = False
    networks: tuple[Network, ...] = ()
    in_response: bool = False
    key: Secret = Secret("")  # noqa: RUF009 # frozen
    base_url: str = ""


HOOKS: Final[web.AppKey[Mapping[str, Hook]]] = web.AppKey("hooks")
PROXIES: Final[web.AppKey[Collection[Network]]] = web.AppKey("proxies")
INTAKE: Final = web.AppKey("intake", Intake)
CLOCK: Final[web.AppKey[Clock]] = web.AppKey("clock")


def add_hooks(app: web.Application) -> None:
    """Put the hooks on `app`."""
    for method in ("GET", "POST"):
        app.router.add_route(method, "/hooks/{route}/{kind:mo|dlr}", receive)
        app.router.add_route(method, "/hooks/{route}/{kind:mo|dlr}/{word:[a-z]{1,20}}", receive)  # RapidPro tells a report's status so


async def receive(request: web.Request) -> web.Response:
    """Take one call of a carrier."""
    hook = request.app[HOOKS].get(request.match_info["route"])
    if hook is None:
        return _say(404, "There is no such route.")
    call = await call_of(request)
    now = request.app[CLOCK]()
    if not is_authentic(hook, call, now):
        if (refusal := refusal_of(hook.carrier, call)) is not None:
            return _answer(refusal)
        return _say(403, "The secret of this hook is missing or wrong, or the call came from where it may not.")
    kind: Kind = "mo" if request.match_info["kind"] == "mo" else "dlr"
    arrivals = [arrival_of(hook, kind, each, now) for each in calls_in(hook.carrier, call)]
    intake = request.app[INTAKE]
    try:
        taken = (await asyncio.gather(*(_take(intake, arrival) for arrival in arrivals)))[0]
    except SpoolDown:
        return _say(503, "The call can't be stored now. Repeat it later.")
    if isinstance(taken, Accepted) and taken.words and hook.in_response and replies_in_response(hook.carrier):
        return await _with_reply(request, hook.carrier.acknowledge_with(taken.words, call), intake, taken.whole or taken.id)
    return _answer(acknowledgement(hook.carrier, kind, call))


async def _take(intake: Intake, arrival: NewMo | NewDlr) -> object:
    return await (intake.mo(arrival) if isinstance(arrival, NewMo) else intake.dlr(arrival))


async def _with_reply(request: web.Request, reply: HttpResponse, intake: Intake, mo: int) -> web.Response:
    """Answer with a text for the sender. Only once it is written it needs no MT any more: a caller that hung up gets that later."""
    answer = _answer(reply)
    await answer.prepare(request)
    await answer.write_eof()
    intake.went_in_response(mo)
    return answer


async def call_of(request: web.Request) -> HookCall:
    """The call as it came: the query stays raw, for its charset may be UTF-16. Raises HTTPRequestEntityTooLarge."""
    path, _, query = request.raw_path.partition("?")
    body = await request.read()
    headers = {name.lower(): value for name, value in request.headers.items()}
    return HookCall(
        request.method,
        path,
        query.encode("utf-8", "surrogateescape"),
        headers,
        body,
        caller_of(request.remote or "", headers, request.app[PROXIES]),
    )


def is_authentic(hook: Hook, call: HookCall, now: int) -> bool:
    """By the carrier's signature where it signs calls of this kind and its key is known, else by the hook's secret; and by the network."""
    by = Signing(hook.key, hook.base_url, now)
    signed = hook.carrier.is_signed(call, by) if hook.key and signs_calls(hook.carrier) else None
    if signed is not None:
        return signed and (not hook.networks or _is_within(call.remote, hook.networks))
    given = _secret_in(call.query) or call.headers.get("x-hook-secret", "").encode("utf-8", "surrogateescape")
    known = hook.secret.reveal().encode()
    networks = hook.networks or (_LOOPBACK if hook.rehearsal else ())
    if not known and not networks:
        return False
    return (not known or hmac.compare_digest(given, known)) and (not networks or _is_within(call.remote, networks))


def _secret_in(query: bytes) -> bytes | None:
    """The query's `secret`, without undoing what stands beside it: the parser does that."""
    pair = next((pair for pair in query.split(b"&") if pair.startswith(b"secret=")), query)
    return form_fields(pair).get("secret")


def _is_within(address: str, networks: Iterable[Network]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in networks)


def caller_of(remote: str, headers: Mapping[str, str], proxies: Collection[Network]) -> str:
    """The address a call began at: beyond our own proxies, the last one they don't vouch for. "" where a stranger claims to be a proxy."""
    if not any(name in headers for name in _FORWARDED):
        return remote
    path = [*(hop.strip() for hop in headers.get("x-forwarded-for", "").split(",")), remote]
    while len(path) > 1 and _is_within(path[-1], proxies):
        path.pop()
    return path[-1] if path[-1] != remote else ""


def arrival_of(hook: Hook, kind: Kind, call: HookCall, now: int) -> NewMo | NewDlr:
    """What `call` brings, as a row. Never raises: the rest is for the desk."""
    read = hook.carrier.parse_mo(call) if kind == "mo" else hook.carrier.parse_dlr(call)
    match read:
        case Mo():
            return _mo(hook, read, now)
        case Dlr():
            return NewDlr(hook.route, read.ref, read.ours, read.recipient, read.status, read.code, _time(read.at_ms), now)
        case Malformed():
            return unread_of(hook, kind, call, read.reason, now)


def _mo(hook: Hook, mo: Mo, now: int) -> NewMo:
    given = clean(mo.carrier_id or "")
    is_usable = bool(given) and len(given) <= _ID_LIMIT and not given.startswith(OURS)
    msisdn, part = read_sender(mo.sender), part_of(mo.udh)
    return NewMo(
        route=hook.route,
        channel="sms",
        carrier_id=given if is_usable else own_id(),
        sender=msisdn.e164 if msisdn else clean(mo.sender),
        receiver=clean(mo.receiver),
        text=mo.text.replace("\0", ""),
        received_at=now,
        sent_at=_time(mo.sent_at_ms),
        state=PART if part else NEW,
        part_ref=part.ref if part else None,
        part_number=part.number if part else None,
        part_total=part.total if part else None,
    )


def unread_of(hook: Hook, kind: Kind, call: HookCall, reason: str, now: int) -> NewMo:
    query = b"&".join(pair for pair in call.query.split(b"&") if not pair.startswith(b"secret="))
    raw = json.dumps(
        {
            "method": call.method,
            "query": query.decode("utf-8", "replace").replace("\0", ""),
            "type": clean(call.headers.get("content-type", "")),
            "body": base64.b64encode(call.body).decode(),
        }
    )
    unread = NewMo(hook.route, "sms", own_id(), "", "", "", now, raw=raw)
    return replace(unread, state=UNREADABLE, action=f"{kind}: {reason}", alarm=UNREADABLE)


def _time(at_ms: int | None) -> int | None:
    return at_ms if at_ms is not None and 0 <= at_ms < _MS_LIMIT else None


def _answer(response: HttpResponse) -> web.Response:
    return web.Response(status=response.status, headers=dict(response.headers), body=response.body)


def _say(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=sentence + "\n")
