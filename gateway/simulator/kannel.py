"""Kannel's dialect as the telco reads it: a sendsms call, its words, and the dlr-url filled in.

Source: as `carriers/kannel.py`. A query is read raw: UCS-2 from a real Kannel comes as UTF-16BE bytes.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from gateway.carriers.wire import HttpRequest, decode_text, form_fields
from gateway.domain.segments import segments_of

WORDS: Final = {  # a code -> status and words of smsbox; Kannel has no words for being too fast
    "throttled": (429, "Too many requests"),
    "busy": (503, "Temporal failure, try again later."),
    "account": (403, "Authorization failed for sendsms"),
    "balance": (403, "Authorization failed for sendsms"),
    "sender": (400, "Sender missing and no global set, rejected"),
    "foreign": (403, "Not routable. Do not try again."),
}
DENIED: Final = (400, "Number(s) has/have been denied by white- and/or black-lists.")
NO_RECEIVER: Final = (400, "Missing receiver number, rejected")
TAKEN: Final = (202, "0: Accepted for delivery")
_ESCAPE: Final = re.compile(r"%(.)")


class Sendsms(NamedTuple):
    """One call. `ref`: the `id` that our dlr-url carries. `report`: the dlr-url as it stands in the query."""

    account: str
    ref: str
    to: str
    sender: str
    text: str
    segments: int
    report: bytes
    mask: int


def read_sendsms(query: bytes) -> Sendsms:
    """The call in a raw query; of two fields alike the first counts. Texts and senders are much alike: they are read once."""
    try:
        fields = dict([pair.split(b"=", 1) for pair in query.split(b"&")][::-1])
    except ValueError:  # a field without "="
        fields = {}
    if b"to" not in fields:  # or its name is escaped: the long way
        fields = {name.encode(): quote(value, safe="").encode() for name, value in form_fields(query).items()}
    get = fields.get
    text, segments = _text(get(b"text", b""), get(b"coding", b""), get(b"charset", b""))
    report = get(b"dlr-url", b"")
    mask = get(b"dlr-mask", b"")
    return Sendsms(
        _word(get(b"username", b"")),
        _ref(report),
        _number(get(b"to", b"")),
        _word(get(b"from", b"")),
        text,
        segments,
        report,
        int(mask) if mask.isdigit() and len(mask) < 4 else 0,
    )


def _plain(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))


@lru_cache(maxsize=4096)
def _text(raw: bytes, coding: bytes, charset: bytes) -> tuple[str, int]:
    """The words, and their segments."""
    text = decode_text(_plain(raw), decode_text(_plain(charset)) or ("utf-16be" if coding == b"2" else "utf-8"))
    return text, segments_of(text)


@lru_cache(maxsize=4096)
def _word(raw: bytes) -> str:
    return decode_text(_plain(raw))


def _number(raw: bytes) -> str:
    """Most are %2B and digits."""
    return f"+{raw[3:].decode()}" if raw[:3] == b"%2B" and raw[3:].isdigit() else decode_text(_plain(raw))


def _ref(report: bytes) -> str:
    """A ref of ours needs no escapes and stands between two of the dlr-url's: "…%26id%3DREF%26…". Anything else is read the long way."""
    at = report.find(b"id%3D")
    if at > 2 and report[at - 3 : at] in (b"%26", b"%3F"):
        end = report.find(b"%26", at)
        ref = report[at + 5 : end if end > 0 else None]
        if b"%" not in ref and b"+" not in ref:
            return ref.decode()
    url = decode_text(_plain(report))
    return decode_text(form_fields(url.partition("?")[2].encode()).get("id", b""))


def dlr_call(call: Sendsms, carrier_id: str, status: int, at_s: int, stray: bool = False) -> HttpRequest:
    """The dlr-url with Kannel's escapes filled in; an unknown one stays as it is. `stray`: under a reference nobody gave."""
    values = {"d": str(status), "T": str(at_s), "p": call.to, "P": call.sender, "F": carrier_id, "%": "%"}
    url = decode_text(_plain(call.report))
    if stray:
        url = url.replace(f"id={call.ref}", f"id=Z{call.ref}")
    return HttpRequest("GET", _ESCAPE.sub(lambda found: _filled(values, found), url))


def _filled(values: Mapping[str, str], found: re.Match[str]) -> str:
    value = values.get(found[1])
    return found[0] if value is None else value if value == "%" else quote(value, safe="")
