"""Jasmin's dialect of sending, as its clients speak it to us: `GET|POST /send`.

Source: Jasmin's documentation of its HTTP API, "Sending SMS-MT" and "Receiving DLR" (carriers.md §4.7). `content` is UTF-8 under coding 0
and the bytes on the air under any other; `hex-content` is always those bytes, in hex. Never both.
"""

import json
import re
from collections.abc import Collection, Mapping
from typing import Final

from gateway.carriers.door_fields import Submit, Unfit, callback_url, fields_of, number, recipients, reference, word
from gateway.carriers.wire import HookCall
from gateway.domain.jasmin_report import MASKS, JasminReport
from gateway.domain.segments import read_septets

MOST_VALIDITY_MIN: Final = 7 * 24 * 60
# 3GPP TS 23.038 §6.2.1.1: where the second table has its signs.
_CODECS: Final[Mapping[int, str]] = {1: "ascii", 3: "latin-1", 8: "utf-16-be"}
_TAGS: Final = re.compile(r"[A-Za-z0-9, -]{0,200}")


def read_fields(call: HookCall) -> dict[str, bytes]:
    """The fields of a call, of its query or of its form. Raises Unfit."""
    return fields_of(call)


def read_submit(fields: Mapping[str, bytes], hosts: Collection[str] = ()) -> Submit:
    """What the call asks for. `hosts`: private ones where this client may be called back. Raises Unfit."""
    _refuse_what_no_route_carries(fields)
    numbers = word(fields, "to")
    wanted = word(fields, "dlr") or "no"
    if wanted not in ("yes", "no"):
        raise Unfit("dlr is neither yes nor no")
    url = callback_url("dlr-url", word(fields, "dlr-url"), hosts) if wanted == "yes" else ""
    if wanted == "yes" and not url:
        raise Unfit("dlr-url is missing; dlr=yes needs the address to call")
    level = number(fields, 1, 3, "dlr-level") or 1
    method = word(fields, "dlr-method").upper() or "POST"
    if method not in ("GET", "POST"):
        raise Unfit("dlr-method is neither GET nor POST")
    return Submit(
        to=recipients([numbers] if numbers else []),
        sender=word(fields, "from"),
        text=_text(fields),
        validity_min=number(fields, 1, MOST_VALIDITY_MIN, "validity-period"),
        mask=MASKS[level] if url else 0,
        report_url=str(JasminReport(level, url)) if url else "",
        report_method="GET" if method == "GET" else "POST",
        reference=reference(fields),
    )


def _refuse_what_no_route_carries(fields: Mapping[str, bytes]) -> None:
    number(fields, 0, 3, "priority")
    if not _TAGS.fullmatch(word(fields, "tags")):
        raise Unfit("tags holds something else than letters, digits, commas and dashes")
    if word(fields, "sdt"):
        raise Unfit("sdt is not taken here; send the text when it is due")
    if tlvs := word(fields, "custom_tlvs", "custom-tlvs"):
        try:
            given = json.loads(tlvs)
        except (ValueError, RecursionError):
            given = None
        if given != []:
            raise Unfit("custom_tlvs are carried by no route here; leave them out")


def _text(fields: Mapping[str, bytes]) -> str:
    content, in_hex = fields.get("content"), fields.get("hex-content")
    if (content is None) == (in_hex is None):
        raise Unfit("the text is missing or stands there twice; send content or hex-content")
    coding = number(fields, 0, 14, "coding") or 0
    if coding and coding not in _CODECS:
        raise Unfit("coding is none of 0, 1, 3 and 8, the ones of text")
    raw = content if content is not None else _hex(in_hex or b"")
    text = read_septets(raw) if coding == 0 and in_hex is not None else _decoded(raw, _CODECS[coding] if coding else "utf-8")
    if text is None:
        raise Unfit("the text is not of its coding; content with coding 0 is UTF-8, hex-content with coding 8 is UTF-16BE")
    if not text.strip():
        raise Unfit("the text is empty; write one")
    if "\0" in text:
        raise Unfit("the text holds a NUL, which no phone shows; leave it out")
    return text


def _hex(given: bytes) -> bytes:
    try:
        return bytes.fromhex(given.decode("ascii"))
    except ValueError:
        raise Unfit("hex-content is no row of hex digits") from None


def _decoded(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None
