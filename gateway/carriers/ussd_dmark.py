"""DMark USSD: a GET, answered in JSON. Source: a public adapter's documentation of the fields (carriers.md §5.7)."""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, is_true, json_answer, query_fields, turn_of, word
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "dmark"
MOST_SEPTETS: Final = HARD_LIMIT
_PHASES: Final = {False: Phase.NEW, True: Phase.ANSWER, None: Phase.EITHER}


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """`transactionId` names the session; `response` false: a new one. They never tell of an end."""
    fields = query_fields(call)
    phase = _PHASES[is_true(fields.get("response"))]
    text = "" if phase is Phase.NEW else fields.get("ussdRequestString", "")
    return turn_of(word(fields.get("transactionId")), word(fields.get("msisdn")), phase, text)


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """`action` request goes on, end ends."""
    return json_answer({"responseString": screen, "action": "request" if go_on else "end"})
