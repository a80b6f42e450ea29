"""Hubtel USSD: JSON with a `Sequence` that counts the calls. Source: a public wrapper quoting the vendor's notes (carriers.md §5.4)."""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, json_answer, json_fields, turn_of, word, words
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "hubtel"
MOST_SEPTETS: Final = HARD_LIMIT
_PHASES: Final = {"initiation": Phase.NEW, "response": Phase.ANSWER, "release": Phase.END, "timeout": Phase.END}


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """`Message` is the newest input; at the first dial it is the code itself, which answers nothing."""
    fields = json_fields(call)
    phase = _PHASES.get(word(fields.get("Type")).lower())
    if phase is None:
        return Malformed("Type: not Initiation, Response, Release or Timeout")
    text = words(fields.get("Message")) if phase is Phase.ANSWER else ""
    return turn_of(
        word(fields.get("SessionId")), word(fields.get("Mobile")), phase, text,
        mark=word(fields.get("Sequence")), echo={"ClientState": word(fields.get("ClientState"))},
    )  # fmt: skip


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """`Type` Response goes on, Release ends."""
    type_ = "Response" if go_on and turn.phase is not Phase.END else "Release"
    return json_answer({"Type": type_, "Message": screen, "ClientState": turn.echo.get("ClientState", "")})
