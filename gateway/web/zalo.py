"""`POST /hooks/{route}/zalo`: the events of a Zalo Official Account (carriers/zalo.py), taken like any hook's call (ADR 0008).

true signature, a message         stored, then 200
true signature, can't be read     kept raw for the desk, then 200: Zalo would repeat it for half a day, and it would read no better
true signature, too old or early  the same: nobody is answered, for it may be a replay; an outage of ours may have aged it, too
true signature, of no use         200
no true signature                 403. It is nobody's voice, unless the OA's key was changed at Zalo and not here: then Zalo repeats it
                                  till the key is right, and meanwhile a few an hour are kept raw, so that the desk sees it happen
"""

import base64
import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aiohttp import web

from gateway.carriers.protocol import Dlr, Malformed
from gateway.carriers.wire import HookCall, clean
from gateway.carriers.zalo import Aside, Media, Opened, Told, event_of, is_signed, open_call
from gateway.domain.secret import Secret
from gateway.domain.tip import Channel
from gateway.services.intake import Intake, own_id
from gateway.storage.inbox import UNREADABLE, NewDlr, NewMo
from gateway.storage.spool import SpoolDown
from gateway.web.hooks import CLOCK, INTAKE

DOUBTFUL_AN_HOUR: Final = 20  # calls without a true signature that the desk gets to see; anybody can make millions
HOUR_MS: Final = 3_600_000
STALE: Final = "its time is long past or to come"
FORGED: Final = "the signature is missing or wrong"
REFUSED: Final = "The signature of this call is missing or wrong."
_LATEST_MS: Final = 1 << 53
_WORDS: Final = 20_000  # characters, ten times what the app lets anybody write; the rest of a longer text is kept beside it
_KINDS: Final = {"image": "ảnh", "audio": "ghi âm", "video": "phim"}


@dataclass(frozen=True, slots=True)
class ZaloHook:
    """A route's OA. `app_id`: our app's, `key`: the OA's secret key, which is shown on Zalo's webhook page and is not the app's secret."""

    route: str
    app_id: str
    key: Secret
    doubtful: deque[int] = field(default_factory=deque, repr=False, compare=False)  # when one was kept, epoch ms

    def may_keep(self, now: int) -> bool:
        """Whether one more doubtful call goes to the desk in this hour."""
        while self.doubtful and not now - HOUR_MS < self.doubtful[0] <= now:
            self.doubtful.popleft()
        if len(self.doubtful) >= DOUBTFUL_AN_HOUR:
            return False
        self.doubtful.append(now)
        return True


ZALO_HOOKS: Final[web.AppKey[Mapping[str, ZaloHook]]] = web.AppKey("zalo_hooks")
ON_MEDIA: Final[web.AppKey[Callable[[], None]]] = web.AppKey("on_media")


def add_zalo(app: web.Application, hooks: Iterable[ZaloHook], on_media: Callable[[], None] = lambda: None) -> None:
    """Put the hook on `app`, beside those of the other carriers; `on_media` is called when an MO is stored that brings photos to fetch."""
    app[ZALO_HOOKS], app[ON_MEDIA] = {hook.route: hook for hook in hooks}, on_media
    app.router.add_post("/hooks/{route}/zalo", receive)


async def receive(request: web.Request) -> web.Response:
    """Take one event."""
    hook = request.app[ZALO_HOOKS].get(request.match_info["route"])
    if hook is None:
        return _say(404, "There is no such route.")
    signed = {"x-zevent-signature": request.headers.get("X-ZEvent-Signature", "")}
    call = HookCall("POST", request.path, b"", signed, await request.read(), request.remote or "")
    now = request.app[CLOCK]()
    opened = open_call(call)
    if not isinstance(opened, Opened):
        return _say(403, REFUSED)  # without a time there is no signature
    known = is_signed(call, opened, hook.app_id, hook.key)
    arrival = arrival_of(hook, opened, call, now) if known else doubtful_of(hook, opened, call, now)
    try:
        await _store(request.app[INTAKE], arrival)
    except SpoolDown:
        return _say(503, "The call can't be stored now. Repeat it later.")
    if isinstance(arrival, NewMo) and arrival.raw and known:
        request.app[ON_MEDIA]()
    return web.Response() if known else _say(403, REFUSED)


async def _store(intake: Intake, arrival: NewMo | NewDlr | None) -> None:
    """Returns when it is safe. Raises SpoolDown."""
    if isinstance(arrival, NewMo):
        await intake.mo(arrival)
    elif arrival is not None:
        await intake.dlr(arrival)


def arrival_of(hook: ZaloHook, opened: Opened, call: HookCall, now: int) -> NewMo | NewDlr | None:
    """What a call of Zalo's brings, as a row; None: nothing to keep. Never raises."""
    found = event_of(opened)
    match found:
        case Told():
            return told(hook, found, now) if opened.is_fresh(now) else unread(hook, call, STALE, now)
        case Dlr():
            at = found.at_ms if found.at_ms is not None and found.at_ms < _LATEST_MS else None
            return NewDlr(hook.route, found.ref, found.ours, found.recipient, found.status, found.code, at, now)
        case Aside():
            return None
        case Malformed(reason):
            return unread(hook, call, reason, now)


def told(hook: ZaloHook, event: Told, now: int) -> NewMo:
    """A person's message. What came beside the words is JSON in `raw`; a position stands in the words, too, for people and the reader."""
    mo = event.mo
    beside: dict[str, Any] = {}  # Any: JSON
    words = mo.text[:_WORDS]
    if mo.text[_WORDS:]:
        beside["rest"] = mo.text[_WORDS:]
    if event.position is not None:
        beside |= {"latitude": event.position.latitude, "longitude": event.position.longitude, "position_by": "phone"}
        words = f"{words}\nVị trí: {event.position.latitude:.6f}, {event.position.longitude:.6f}".strip()
    if event.media:
        words = words or f"[{_counted(event.media)}]"  # for people: a photo without a word is a message, too
        beside["media"] = [{"kind": each.kind, "url": each.url, "thumbnail": each.thumbnail} for each in event.media]
    if event.others:
        beside["others"] = list(event.others)
    return NewMo(
        route=hook.route,
        channel=Channel.ZALO,
        carrier_id=mo.carrier_id or own_id(),
        sender=mo.sender,
        receiver=mo.receiver,
        text=words,
        received_at=now,
        sent_at=mo.sent_at_ms,
        raw=json.dumps(beside, ensure_ascii=False) if beside else None,
    )


def _counted(media: Sequence[Media]) -> str:
    """ "2 ảnh, 1 ghi âm"."""
    kinds = Counter(each.kind for each in media)
    return ", ".join(f"{kinds[kind]} {name}" for kind, name in _KINDS.items() if kinds[kind])


def unread(hook: ZaloHook, call: HookCall, reason: str, now: int) -> NewMo:
    """A row for the desk that holds the call as it came; its repeats are counted on it."""
    raw = json.dumps({"method": call.method, "type": "application/json", "body": base64.b64encode(call.body).decode()})
    ident = "raw:" + hashlib.sha256(call.body).hexdigest()[:40]
    row = NewMo(hook.route, Channel.ZALO, ident, "", "", "", now, raw=raw)
    return replace(row, state=UNREADABLE, action=f"zalo: {clean(reason)}", alarm=UNREADABLE)


def doubtful_of(hook: ZaloHook, opened: Opened, call: HookCall, now: int) -> NewMo | None:
    """A call that bears no true signature, if it reads like a person's message to us and the hour's few aren't used up."""
    reads_well = opened.app_id == hook.app_id and isinstance(event_of(opened), Told)
    return unread(hook, call, FORGED, now) if reads_well and hook.may_keep(now) else None


def _say(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=sentence + "\n")
