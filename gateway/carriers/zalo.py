"""Zalo Official Account: consultation messages out (OpenAPI v3.0), signed events in. Tokens: `zalo_token.py`.

Source: Zalo's php-sdk at 6bacb1b and the public pages gathered in carriers.md §3.14 (November 2026). Rows of `CODES` marked (memory) were
found on no page. A person is known by an id that Zalo gives out for this OA alone: our address for them is "zalo:ID", never a number.

What a person does at Zalo without a word is no yes and no no. `follow` shows nobody the words of a consent; `unfollow` stops the OA's
own messages, which Zalo enforces by itself (-213), and says nothing of the SMS of a campaign to a number that we don't know. So both are
acknowledged and left, like what was seen, liked, or sent by the OA itself (an answer to which would be an answer to ourselves).
"""

import hashlib
import hmac
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from gateway.carriers.protocol import (
    Accepted,
    Account,
    Batch,
    Capabilities,
    Dlr,
    Malformed,
    Mo,
    Outcome,
    outcome_from_status,
    retry_after_s,
)
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.secret import Secret

NAME: Final = "zalo"
SCHEME: Final = "zalo:"  # begins the address of a person at Zalo
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True, addresses=SCHEME)
TOKEN_REFUSED: Final = frozenset({"-216", "-124"})

CODES: Final[Mapping[str, Failure | None]] = {
    "0": None,
    "-204": Failure.PERMANENT,  # the message is invalid
    "-207": Failure.PERMANENT,  # the user id is
    "-213": Failure.PERMANENT,  # (memory) no follower, and never wrote
    "-217": Failure.PERMANENT,  # (memory) has blocked the OA: another route must not go round it
    "-227": Failure.PERMANENT,  # (memory) inactive
    "-230": Failure.PERMANENT,  # (memory) nothing from this person in 7 days
    "-233": Failure.PERMANENT,  # (memory) this kind of message is not allowed to them
    "-244": Failure.PERMANENT,  # (memory) refuses this kind
    "-32": Failure.THROTTLED,  # (memory)
    **dict.fromkeys(("-201", "-202", "-203", "-205", "-206", "-208", "-209", "-210"), Failure.MISCONFIGURED),  # app, OA, package, field
    "-216": Failure.MISCONFIGURED,  # (memory) the access token; it is renewed once before this is believed (services/zalo_tokens.py)
    "-124": Failure.MISCONFIGURED,  # the same
    "-240": Failure.MISCONFIGURED,  # (memory) this version of the API is gone
    "-1241": Failure.MISCONFIGURED,  # appsecret_proof: the app secret is another app's
}
_HEADERS: Final = {"Content-Type": "application/json"}
_USER: Final = re.compile(r"[0-9A-Za-z]{1,40}")
_CODE: Final = re.compile(r"-?[0-9]{1,6}")
_ID: Final = re.compile(r"[\w.:=+/-]{1,120}", re.ASCII)
_STAMP: Final = re.compile(r"[0-9]{10,14}")
_EVENT: Final = re.compile(r"[a-z0-9_]{1,60}")

# --- out ---


def address_of(user_id: str) -> str:
    """Our address for a person at Zalo: what stands where an SMS has its number."""
    return f"{SCHEME}{user_id}"


def user_of(address: str) -> str | None:
    """The Zalo id in an address of ours; None: it is a number."""
    user = address.removeprefix(SCHEME)
    return user if user != address and _USER.fullmatch(user) else None


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """The consultation message to the one person of `batch`, still without its token: that one changes daily and is put on at the last
    moment (`with_token`). Without a person of Zalo's the id is empty, and Zalo says -207."""
    mt = batch.mts[0]
    message = {"recipient": {"user_id": user_of(mt.msisdn.e164) or ""}, "message": {"text": mt.text}}
    return HttpRequest("POST", account.url, _HEADERS, json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())


def with_token(request: HttpRequest, access: Secret, app_secret: Secret) -> HttpRequest:
    """`request` as it goes out: token and proof in headers, for a URL is written to logs."""
    proof = hmac.digest(app_secret.reveal().encode(), access.reveal().encode(), "sha256").hex()
    headers = {**request.headers, "access_token": access.reveal(), "appsecret_proof": proof}
    return HttpRequest(request.method, request.url, headers, request.body)


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome for the one MT: business errors come under HTTP 200, so the body decides. A code of no table: refused, tried again."""
    answer = json_object(response.body)
    code = code_in(answer)
    if code is None:
        return (outcome_from_status(response),) * len(batch.mts)
    if code == "0":
        data = answer.get("data")
        return (Accepted(_word(data.get("message_id")) if isinstance(data, dict) else None),) * len(batch.mts)
    return (Refused(CODES.get(code) or Failure.RETRYABLE, code, retry_after_s(response), unknown=code not in CODES),) * len(batch.mts)


def refuses_token(response: HttpResponse) -> bool:
    """Whether nothing but the access token was wrong: nobody got anything, and a new one may help."""
    return code_in(json_object(response.body)) in TOKEN_REFUSED


def code_in(answer: Mapping[str, Any]) -> str | None:
    """`error` as a trimmed string: numbers come quoted at times. None: no answer of Zalo's."""
    code = answer.get("error")
    code = str(code).strip() if isinstance(code, int | str) else ""
    return code if _CODE.fullmatch(code) else None


# --- when we may write ---

FREE_MS: Final = 48 * 3_600_000
FREE_MESSAGES: Final = 8
OPEN_MS: Final = 7 * 24 * 3_600_000


class Window(StrEnum):
    """Whether a consultation message may go to somebody, by what they did last."""

    FREE = "free"  # within 48 h, fewer than eight since
    PAID = "paid"  # within 7 days: Zalo charges the OA
    CLOSED = "closed"  # Zalo would refuse it (-230); the person must write first


def window(heard_at: int | None, answers_since: int, now: int) -> Window:
    """By the last thing heard of a person and how many messages went to them since; epoch ms. Carriers.md §3.14, partly from memory."""
    if heard_at is None or now - heard_at >= OPEN_MS:
        return Window.CLOSED
    return Window.FREE if now - heard_at < FREE_MS and answers_since < FREE_MESSAGES else Window.PAID


# --- in: a call, and whether it is Zalo's ---

EARLY_MS: Final = 10 * 60_000  # clocks differ
STALE_MS: Final = 13 * 3_600_000  # Zalo repeats what failed for about 12 h, then gives up


@dataclass(frozen=True, slots=True)
class Opened:
    """A call as JSON, nothing of it believed yet. `at_ms`: when it happened, by the call itself."""

    name: str
    app_id: str
    timestamp: str
    fields: Mapping[str, Any] = field(repr=False)  # Any: JSON
    body: bytes = field(repr=False)

    @property
    def at_ms(self) -> int:
        return int(self.timestamp)

    def is_fresh(self, now: int) -> bool:
        """Whether Zalo may be sending this now; an old one under a true signature may be a replay."""
        return -EARLY_MS <= now - self.at_ms <= STALE_MS


def open_call(call: HookCall) -> Opened | Malformed:
    """What a call says it is. Never raises."""
    fields = json_object(call.body)
    name, stamp = fields.get("event_name"), _digits(fields.get("timestamp"))
    if not isinstance(name, str) or not _EVENT.fullmatch(name):
        return Malformed("event_name: missing or no event's")
    if not _STAMP.fullmatch(stamp):
        return Malformed("timestamp: missing or no milliseconds")
    return Opened(name, _digits(fields.get("app_id")), stamp, fields, call.body)


def is_signed(call: HookCall, opened: Opened, app_id: str, key: Secret) -> bool:
    """Whether the X-ZEvent-Signature over the bytes as they came is Zalo's: a plain SHA-256, not an HMAC, that ends in the OA's key."""
    given = call.headers.get("x-zevent-signature", "").strip().removeprefix("mac=").strip().lower()
    known = signature(app_id, call.body, opened.timestamp, key).removeprefix("mac=")
    is_ours = opened.app_id == app_id and bool(key)
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode()) and is_ours


def signature(app_id: str, body: bytes, timestamp: str, key: Secret) -> str:
    """What Zalo writes in X-ZEvent-Signature."""
    return "mac=" + hashlib.sha256(app_id.encode() + body + timestamp.encode() + key.reveal().encode()).hexdigest()


# --- in: what happened ---

_LEFT: Final = frozenset({"follow", "unfollow", "user_seen_message", "user_reacted_message", "user_send_sticker", "user_send_gif"})
_PERSON: Final = ("user_", "anonymous_")
_MEDIA: Final = ("image", "audio", "video")
MOST_MEDIA: Final = 20


@dataclass(frozen=True, slots=True)
class Media:
    """A photo, recording or film at Zalo's servers, for as long as its address is good. `kind`: image | audio | video, as declared."""

    kind: str
    url: str = field(repr=False)
    thumbnail: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a phone was, degrees of WGS84: its own measurement."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Told:
    """What a person sent. `others`: kinds of attachments that we don't take."""

    mo: Mo
    media: tuple[Media, ...] = ()
    position: Position | None = field(default=None, repr=False)
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Aside:
    """An event to be acknowledged and left."""

    name: str


Event = Told | Dlr | Aside | Malformed


def event_of(opened: Opened) -> Event:
    """What happened. Never raises; what may be a person's voice and can't be read is Malformed, and the caller keeps it for the desk."""
    name = opened.name
    if name in _LEFT or not name.startswith(_PERSON):
        return Aside(name)
    message = opened.fields.get("message")
    if not isinstance(message, dict):
        return Malformed("message: missing")
    if name == "user_received_message":
        return _receipt(opened, message)
    return _told(opened, message)


def _receipt(opened: Opened, message: Mapping[str, Any]) -> Event:
    if tracking := _word(message.get("tracking_id")):  # of a template message: the name that we gave it
        return Dlr(tracking, ours=True, status=DlrStatus.DELIVERED, code=opened.name, at_ms=opened.at_ms)
    ref = _word(message.get("msg_id"))
    if ref is None:
        return Aside(opened.name)  # nobody's voice
    return Dlr(ref, ours=False, status=DlrStatus.DELIVERED, code=opened.name, at_ms=opened.at_ms)


def _told(opened: Opened, message: Mapping[str, Any]) -> Event:
    user = _digits(_inner(opened.fields, "sender").get("id"))
    if not _USER.fullmatch(user):
        return Malformed("sender.id: missing or no id")
    attachments = _attachments(message)
    words = clean(message["text"]) if isinstance(message.get("text"), str) else ""
    media = tuple(filter(None, map(_media, attachments)))
    position = next((place for each in attachments if (place := _position(each)) is not None), None)
    if not (words or media or position):
        return Malformed("message: neither text, nor photo, nor position")
    mo = Mo(
        carrier_id=f"{opened.name}:{_word(message.get('msg_id')) or _print_of(opened)}",  # an id is one event's, carriers.md §1.2
        sender=address_of(user),
        receiver=_digits(_inner(opened.fields, "recipient").get("id"))[:40],
        text=words,
        sent_at_ms=opened.at_ms,
    )
    return Told(mo, media, position, _others(attachments))


def _print_of(opened: Opened) -> str:
    """Names an event without an id: its repeats have the same bytes."""
    return hashlib.sha256(opened.body).hexdigest()[:32]


def _attachments(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = message.get("attachments")
    return [row for row in rows[:MOST_MEDIA] if isinstance(row, dict)] if isinstance(rows, list) else []


def _media(attachment: Mapping[str, Any]) -> Media | None:
    payload, kind = _inner(attachment, "payload"), attachment.get("type")
    url, small = (_address(payload.get(name)) for name in ("url", "thumbnail"))
    return Media(kind, url or small, small) if isinstance(kind, str) and kind in _MEDIA and (url or small) else None


def _position(attachment: Mapping[str, Any]) -> Position | None:
    """Coordinates come as strings, at times as numbers."""
    at = _inner(_inner(attachment, "payload"), "coordinates")
    latitude, longitude = _degrees(at.get("latitude"), 90), _degrees(at.get("longitude"), 180)
    return Position(latitude, longitude) if latitude is not None and longitude is not None else None


def _degrees(value: object, most: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 32:
        return None
    try:
        degrees = float(value)
    except ValueError:
        return None
    return degrees if math.isfinite(degrees) and abs(degrees) <= most else None


def _others(attachments: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    kinds = (each.get("type") for each in attachments)
    named = {kind for kind in kinds if isinstance(kind, str) and _EVENT.fullmatch(kind)}
    return tuple(sorted(named - {*_MEDIA, "location"}))


# --- photos: only from Zalo's own servers ---

MEDIA_HOSTS: Final = ("zdn.vn", "zadn.vn", "zalo.me", "zaloapp.com")  # and below; where public webhook code was seen to get photos


def is_zalos(url: str, hosts: Sequence[str] = MEDIA_HOSTS) -> bool:
    """Whether `url` leads to one of `hosts` or below, by https on its own port: an event must not make us call our own network."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    name = (parts.hostname or "").lower().rstrip(".")
    below = any(name == host or name.endswith(f".{host}") for host in hosts)
    plain = url.isascii() and url.isprintable() and not set(url) & set(' #\\"<>')  # a backslash is a slash to some readers of URLs
    return parts.scheme == "https" and port in (None, 443) and parts.username is None and below and plain


# --- the carrier's other names ---


def parse_mo(call: HookCall) -> Mo | Malformed:
    """The person's message in an event; the hook for these is `web/zalo.py`, which asks for the signature first."""
    found = _event(call)
    return found.mo if isinstance(found, Told) else found if isinstance(found, Malformed) else Malformed("event_name: no person's message")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """The receipt in an event, under Zalo's own message id."""
    found = _event(call)
    return found if isinstance(found, Dlr | Malformed) else Malformed("event_name: no receipt")


def _event(call: HookCall) -> Event:
    opened = open_call(call)
    return opened if isinstance(opened, Malformed) else event_of(opened)


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing, within 2 s: what Zalo can't deliver for half a day it stops delivering."""
    return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b"")


# --- JSON ---


def _inner(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _digits(value: object) -> str:
    """Ids and times: strings by the pages, numbers in some of the code that was seen."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 80:
        return str(value)
    return clean(value) if isinstance(value, str) else ""


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _address(value: object) -> str:
    return value if isinstance(value, str) and 8 < len(value) <= 2_000 and value.isascii() and value.isprintable() else ""
