"""What a USSD convention is: a module with these names. Values in, values out; `parse_ussd` never raises, whatever the bytes.

HookCall -> parse_ussd -> UssdTurn | Malformed          (UssdTurn, screen, go_on) -> answer_ussd -> HttpResponse

A session that ends by itself is a turn too (Phase.END), answered 200 without a screen. Source of the facts: carriers.md §5, each
module names its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from gateway.carriers.protocol import Malformed
from gateway.carriers.wire import HookCall, HttpResponse, clean, decode_text, form_fields, json_object

HARD_LIMIT: Final = 182  # septets: 160 octets (3GPP TS 23.038 §6.1.2.3)
MOST_INPUT: Final = 1_000  # characters; no handset sends more than 182, and what lies beyond costs nothing more
MOST_SO_FAR: Final = 4_000  # of a session's whole input, where the carrier sends that
_WORD_LIMIT: Final = 200  # of ids and codes


class Phase(StrEnum):
    """What a call says of its session. EITHER: nothing; a session that is known goes on, else it begins."""

    NEW = "new"
    ANSWER = "answer"
    EITHER = "either"
    END = "end"
    STATUS = "status"  # the carrier asks whether we know the session


@dataclass(frozen=True, slots=True)
class UssdTurn:
    """One call. `session`: the carrier's id; "": it gives none, the number stands for it. `msisdn`: "" where only the first call has it.

    `text`: what was typed; with `cumulative` all that was typed so far, joined by "*". `mark`: what a repeat of this call repeats and the
    next call does not ("" where nothing tells). `echo`: what the answer must bring back.
    """

    session: str
    msisdn: str = field(repr=False)
    phase: Phase
    text: str = field(default="", repr=False)
    cumulative: bool = False
    mark: str = ""
    echo: Mapping[str, str] = field(default_factory=dict, repr=False)


NOBODY: Final = UssdTurn("", "", Phase.EITHER)  # whose answer a call gets that can't be read


class Ussd(Protocol):
    """A convention's module. `MOST_SEPTETS`: what its screens hold at most."""

    @property
    def NAME(self) -> str: ...
    @property
    def MOST_SEPTETS(self) -> int: ...

    def parse_ussd(self, call: HookCall) -> UssdTurn | Malformed:
        """The turn in a hook call."""

    def answer_ussd(self, turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
        """The answer that shows `screen` and, if `go_on`, asks for the next input. To END: that we heard; to STATUS: whether `go_on`."""


# -- what the modules share --------------------------------------------------------------------------------------------------------------


def turn_of(
    session: str,
    msisdn: str,
    phase: Phase,
    text: str = "",
    *,
    cumulative: bool = False,
    mark: str = "",
    echo: Mapping[str, str] | None = None,
) -> UssdTurn | Malformed:
    """A turn, or what it lacks: one of session and number there must be."""
    if not session and not msisdn:
        return Malformed("session and number: missing")
    if phase is Phase.NEW and not msisdn:
        return Malformed("number: missing where a session begins")
    said = printed(text, MOST_SO_FAR) if cumulative else typed(text)  # what follows on a blank must still follow on it
    return UssdTurn(session, msisdn, phase, said, cumulative, mark, echo or {})


def typed(text: str) -> str:
    """What a person can have typed: no control characters, no marks of direction, bounded."""
    return printed(text, MOST_INPUT).strip()


def printed(text: str, most: int) -> str:
    """The first `most` characters of `text`, those that show."""
    return "".join(c for c in text[:most] if c in "\n " or c.isprintable())


def query_fields(call: HookCall) -> dict[str, str]:
    """Fields of the query and of a posted form; the query wins, for our own secret and route are there."""
    raw = dict(form_fields(call.query))
    if call.body and "json" not in call.headers.get("content-type", ""):
        raw = form_fields(call.body) | raw
    return {name: decode_text(value) for name, value in raw.items()}


def json_fields(call: HookCall) -> dict[str, Any]:  # Any: JSON
    """The object in the body; anything else reads as an empty one."""
    return json_object(call.body)


def word(value: object) -> str:
    """An id, number or code of JSON or a form: a text or a number, bounded."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return clean(value)[:_WORD_LIMIT] if isinstance(value, str) else str(value)[:_WORD_LIMIT] if abs(value) < 10**30 else ""


def words(value: object) -> str:
    """What was typed, of JSON: some gateways send a digit as a number."""
    return value if isinstance(value, str) else word(value)


def is_true(value: object) -> bool | None:
    """A JSON yes or no, also as a word; None for anything else."""
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return value if isinstance(value, bool) else known.get(word(value).lower())


def json_answer(body: Mapping[str, object]) -> HttpResponse:
    """200 and an object."""
    return HttpResponse(200, {"content-type": "application/json; charset=utf-8"}, json.dumps(body, ensure_ascii=False).encode())


def text_answer(body: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """200 and a text."""
    return HttpResponse(200, {"content-type": "text/plain; charset=utf-8", **(headers or {})}, body.encode("utf-8", "replace"))
