"""Kannel's dialect of sending, as its clients speak it to us: `GET|POST /cgi-bin/sendsms`.

Source: Kannel user guide "Using the HTTP Interface to Send SMS Messages" (carriers.md §4.6), and the calls of a real Kannel 1.4.5 whose
SMSC is `system-type = kannel`. A POST carries the fields as X-Kannel-* headers and the text as its body, or all as a form.

Taken and without effect, since a route decides them: from (the route has its own sender), account, binfo, meta-data, priority, rpi,
alt-dcs, mclass 1 to 3, pid 0. Refused, since the phone would show something else than was meant: coding 1, a header that doesn't join
parts, mclass 0 (flash), mwi, compress, another pid.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from gateway.carriers.door_fields import Submit, Unfit, callback_url, fields_of, number, recipients, reference, word
from gateway.carriers.udh import Part, part_of
from gateway.carriers.wire import HookCall, exact_text

MOST_LATER_MIN: Final = 7 * 24 * 60
MOST_PARTS: Final = 10
_PART_BYTES: Final = 600
_HEADER: Final = "x-kannel-"
_UDH_LENGTHS: Final = (6, 7)  # length byte, element, its length, a reference of one byte or two, total, number
_KANNEL_ID: Final = re.compile(r"(?<=[?&]dlr-mid=)[0-9A-Fa-f-]{36}(?=&|$)")
_CHARSET: Final = re.compile(r"charset=\"?([\w.:-]+)", re.ASCII)
# The headers whose names are not the parameter's with another start.
_ALIASES: Final[Mapping[str, str]] = {"user": "username", "pass": "password", "dlrmask": "dlr-mask", "dlrurl": "dlr-url"}
_KNOWN_HEADERS: Final = (
    "username", "password", "from", "to", "smsc", "udh", "mclass", "mwi", "coding", "compress", "validity", "deferred", "dlr-mask",
    "dlr-url", "account", "pid", "alt-dcs", "binfo", "rpi", "priority", "charset", "meta-data",
)  # fmt: skip


def read_fields(call: HookCall) -> dict[str, bytes]:
    """The fields of a call under the names of the user guide. Raises Unfit."""
    fields: dict[str, bytes] = {}
    for name, value in fields_of(call).items():
        if (known := _ALIASES.get(name, name)) in fields:
            raise Unfit(f"{known} stands there twice; send each field once")
        fields[known] = value
    return fields | _posted(call) if _is_posted(call) else fields


def _is_posted(call: HookCall) -> bool:
    return call.method == "POST" and any(name.startswith(_HEADER) for name in call.headers)


def _posted(call: HookCall) -> dict[str, bytes]:
    """The fields of a POST with headers. Its header of the text is in hex, its charset stands in Content-Type."""
    given = {name: call.headers[_HEADER + name] for name in _KNOWN_HEADERS if _HEADER + name in call.headers}
    fields = {name: value.encode("utf-8", "surrogateescape") for name, value in given.items()}
    kind = call.headers.get("content-type", "text/plain")
    if kind.partition(";")[0].strip().lower() not in ("text/plain", ""):
        raise Unfit("the body is no plain text; send it as text/plain, or all as a form")
    if named := _CHARSET.search(kind):
        fields.setdefault("charset", named[1].encode())
    if "udh" in fields:
        fields["udh"] = _hex(given["udh"])
    return fields | {"text": call.body}


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Unfit("X-Kannel-UDH is no row of hex digits") from None


def read_submit(fields: Mapping[str, bytes], hosts: Collection[str] = ()) -> Submit:
    """What the call asks for. `hosts`: private ones where this client may be called back. Raises Unfit."""
    _refuse_what_phones_would_show_otherwise(fields)
    coding = number(fields, 0, 2, "coding")
    charset = word(fields, "charset") or ("utf-16be" if coding == 2 else "utf-8")
    raw, part = fields.get("text", b""), _part(fields.get("udh", b""))
    mask, url = number(fields, 0, 63, "dlr-mask") or 0, callback_url("dlr-url", word(fields, "dlr-url"), hosts)
    return Submit(
        to=recipients(word(fields, "to").split()),
        sender=word(fields, "from"),
        text="" if part else _text(raw, charset),
        raw=_whole_letters(raw, charset) if part else b"",
        charset=charset.lower(),
        part=part,
        deferred_min=_minutes(fields, "deferred"),
        validity_min=_minutes(fields, "validity"),
        route=word(fields, "smsc")[:40],
        mask=mask if url else 0,  # nobody could be told
        report_url=url if mask else "",
        reference=_reference(fields, url),
    )


def _refuse_what_phones_would_show_otherwise(fields: Mapping[str, bytes]) -> None:
    number(fields, 0, 3, "priority")
    number(fields, -1, 1, "rpi")
    number(fields, -1, 1, "alt-dcs")
    if number(fields, 0, 2, "coding") == 1:
        raise Unfit("coding 1 is binary, which no route here carries; send text with coding 0 or 2")
    if number(fields, -1, 3, "mclass") == 0:
        raise Unfit("mclass 0 is a flash text, which no route here carries; leave mclass out")
    if (number(fields, -1, 7, "mwi") or 0) > -1 and word(fields, "mwi"):
        raise Unfit("mwi sets a phone's sign for voice mail, which no route here carries; leave it out")
    if number(fields, -1, 1, "compress") == 1:
        raise Unfit("compressed texts are carried by no route here; leave compress out")
    if (number(fields, -1, 255, "pid") or 0) > 0:
        raise Unfit("pid makes another thing than a text of it, which no route here carries; leave it out")


def _minutes(fields: Mapping[str, bytes], name: str) -> int | None:
    """Minutes from now. Less than one, which Kannel writes when it has rounded down, is one; what it writes for "none" is none."""
    found = number(fields, -1, MOST_LATER_MIN, name)
    return None if found is None or found < 0 else max(1, found) if name == "validity" else found


def _part(udh: bytes) -> Part | None:
    """Which part of a longer text a header makes of it; None for a whole text. Raises Unfit for any other header."""
    if not udh:
        return None
    part = part_of(udh)
    if len(udh) not in _UDH_LENGTHS or (part is None and not (udh[1] in (0, 8) and udh[-2:] == b"\1\1")):
        raise Unfit("udh may only join the parts of a long text (elements 00 and 08); leave it out")
    if part is not None and part.total > MOST_PARTS:
        raise Unfit(f"udh says {part.total} parts and a text here has {MOST_PARTS} at most; send it in two")
    return part


def _text(raw: bytes, charset: str) -> str:
    text = exact_text(raw, charset)
    if text is None:
        raise Unfit("text is not of the charset that the call names or this field has by default; name it, or send UTF-8")
    if not text.strip():
        raise Unfit("Empty text not allowed; write one")
    if "\0" in text:
        raise Unfit("text holds a NUL, which no phone shows; leave it out, or name the charset")
    return text


def _whole_letters(raw: bytes, charset: str) -> bytes:
    """`raw`, if it can be a part: of a known charset, of whole letters. A pair of UTF-16 may lie half in one part and half in the next."""
    is_wide = charset.lower() in ("utf-16be", "utf-16", "ucs-2", "ucs2")
    text = raw.decode("utf-16-be", "replace") if is_wide and len(raw) % 2 == 0 else exact_text(raw, charset)
    if text is None or (is_wide and len(raw) % 2):
        raise Unfit("text is not of the charset that the call names or this field has by default; name it, or send UTF-8")
    if not raw or len(raw) > _PART_BYTES or "\0" in text:
        raise Unfit("the part is empty, holds a NUL or is longer than a part on the air; send one")
    return raw


def _reference(fields: Mapping[str, bytes], url: str) -> str | None:
    """Kannel's own name of a message stands in the address that it wants to be told at: when it calls again, it is the same message."""
    found = _KANNEL_ID.search(url)
    return reference(fields) or (found[0] if found else None)
