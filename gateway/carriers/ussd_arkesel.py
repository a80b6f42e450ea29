"""Arkesel USSD: JSON, newest input only. The field names are from memory (carriers.md §5.6): ask the provider before going live."""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, is_true, json_answer, json_fields, turn_of, word, words
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "arkesel"
MOST_SEPTETS: Final = HARD_LIMIT


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """`newSession` true: `userData` is the code."""
    fields = json_fields(call)
    is_new = is_true(fields.get("newSession"))
    if is_new is None:
        return Malformed("newSession: neither true nor false")
    session, msisdn = word(fields.get("sessionID")), word(fields.get("msisdn"))
    text = "" if is_new else words(fields.get("userData"))
    echo = {"sessionID": session, "userID": word(fields.get("userID")), "msisdn": msisdn}
    return turn_of(session, msisdn, Phase.NEW if is_new else Phase.ANSWER, text, echo=echo)


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """`continueSession` goes on."""
    named = {name: turn.echo.get(name, "") for name in ("sessionID", "userID", "msisdn")}
    return json_answer({**named, "message": screen, "continueSession": go_on})
