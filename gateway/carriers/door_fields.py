"""What the doors for outside systems share: fields that stand there once, small numbers, and the value that both dialects are read into.

Whoever wrote a client tests it against an answer of ours, so each field that can't be taken is named with what it should be. Its value
never is: numbers, words and passwords stand there.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote_plus

from gateway.carriers.udh import Part
from gateway.carriers.wire import HookCall, decode_text, form_fields
from gateway.domain.callback_target import fault_of
from gateway.domain.msisdn import BadMsisdn, Msisdn

MOST_RECIPIENTS: Final = 100  # of one call
_MOST_FIELDS: Final = 60
_REFERENCE_MOST: Final = 200
_FORM: Final = "application/x-www-form-urlencoded"


class Unfit(Exception):
    """A call that can't be taken as it is; the message is one sentence with the remedy and holds nothing that the caller sent."""


@dataclass(frozen=True, slots=True)
class Submit:
    """What a call asks for: `text`, or a part of one (`raw` in `charset`, and which). `mask`: as Kannel adds it up; 0: tell nothing.

    `deferred_min`: not before so many minutes; `validity_min`: tried so long. `route`: the one it names, "" for none.
    `reference`: the caller's own name of it: the same again goes once.
    """

    to: tuple[Msisdn, ...] = field(repr=False)
    sender: str = field(repr=False)
    text: str = field(repr=False)
    raw: bytes = field(default=b"", repr=False)
    charset: str = "utf-8"
    part: Part | None = None
    deferred_min: int | None = None
    validity_min: int | None = None
    route: str = ""
    mask: int = 0
    report_url: str = field(default="", repr=False)
    report_method: Literal["GET", "POST"] = "GET"
    reference: str | None = field(default=None, repr=False)


def fields_of(call: HookCall) -> dict[str, bytes]:
    """The fields of a call's query and of its form. Raises Unfit where one stands there twice: which would count?"""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = call.body if call.method == "POST" and kind in (_FORM, "") else b""
    pairs = [pair for pair in b"&".join((call.query, form)).split(b"&") if pair.partition(b"=")[0]]
    if len(pairs) > _MOST_FIELDS:
        raise Unfit("there are too many fields; send those that the documentation names")
    fields = form_fields(b"&".join(pairs))
    if len(fields) < len(pairs):
        raise Unfit(f"{_twice(pairs)} stands there twice; send each field once")
    return fields


def _twice(pairs: Iterable[bytes]) -> str:
    """The field that is repeated, if it is one that anybody knows."""
    seen: set[str] = set()
    for pair in pairs:
        name = unquote_plus(pair.partition(b"=")[0].decode("latin-1"))
        if name in seen:
            return name if name.replace("-", "").isascii() and name.replace("-", "").isalpha() and len(name) < 20 else "a field"
        seen.add(name)
    return "a field"


def word(fields: Mapping[str, bytes], *names: str) -> str:
    """The value of the first of `names` that stands there, as text without NUL and without blanks around it; "" where none does."""
    return next((decode_text(fields[name]).strip() for name in names if name in fields), "")


def number(fields: Mapping[str, bytes], least: int, most: int, *names: str) -> int | None:
    """A whole number; None: not given. Raises Unfit."""
    given = word(fields, *names)
    if not given:
        return None
    bare = given.removeprefix("-")
    if not (bare.isascii() and bare.isdigit() and len(bare) < 10) or not least <= int(given) <= most:
        raise Unfit(f"{names[0]} is no number from {least} to {most}")
    return int(given)


def recipients(numbers: Iterable[str]) -> tuple[Msisdn, ...]:
    """Numbers as people and systems write them, each once. Raises Unfit."""
    given = list(numbers)
    if not given:
        raise Unfit("to is missing; write the number it goes to")
    if len(given) > MOST_RECIPIENTS:
        raise Unfit(f"to holds {len(given)} numbers and a call takes {MOST_RECIPIENTS}; send them in several calls")
    found: dict[str, Msisdn] = {}
    for at, each in enumerate(given, 1):
        try:
            msisdn = Msisdn.parse(each)
        except BadMsisdn:
            raise Unfit(f"to: number {at} of {len(given)} is no subscriber number; write it as +84 and its digits") from None
        found.setdefault(msisdn.e164, msisdn)
    return tuple(found.values())


def callback_url(name: str, given: str, hosts: Collection[str]) -> str:
    """An address that can be called back, or "". `hosts`: private ones that this client may name. Raises Unfit."""
    if given and (fault := fault_of(given, hosts)) is not None:
        raise Unfit(f"{name}: {fault}")
    return given


def reference(fields: Mapping[str, bytes]) -> str | None:
    """`reference`, a field of ours that neither dialect has: with it a repeat is harmless. Raises Unfit."""
    given = word(fields, "reference")
    if len(given) > _REFERENCE_MOST:
        raise Unfit(f"reference is longer than {_REFERENCE_MOST} characters")
    return given or None
