"""Infobip USSD, session manager: JSON to `…/session/{id}/start|response|end|status`, by POST, PUT or (status) GET.

Source: a public adapter and its tests, of 2014 (carriers.md §5.3). The address to give them is the hook itself: they append the rest.
"""

import re
from typing import Final
from urllib.parse import unquote

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, json_answer, json_fields, turn_of, word, words
from gateway.carriers.wire import HookCall, HttpResponse, clean

NAME: Final = "infobip"
MOST_SEPTETS: Final = HARD_LIMIT
_PATH: Final = re.compile(r"/session/([^/]{1,200})/(start|response|end|status)/?")
_PHASES: Final = {"start": Phase.NEW, "response": Phase.ANSWER, "end": Phase.END, "status": Phase.STATUS}


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """The session is in the path; `msisdn` and `text` in the body of start and response."""
    found = _PATH.search(call.path)
    if found is None:
        return Malformed("path: not session/{id}/start, response, end or status")
    fields, phase = json_fields(call), _PHASES[found[2]]
    text = words(fields.get("text")) if phase is Phase.ANSWER else ""
    return turn_of(clean(unquote(found[1])), word(fields.get("msisdn")), phase, text)


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """`shouldClose` ends it, but never at the first screen: that is sent as a menu whatever it says."""
    said: dict[str, object] = {"responseExitCode": 200, "responseMessage": ""}
    if turn.phase is Phase.STATUS:
        return json_answer({"sessionActive": go_on} | said)
    if turn.phase is Phase.END:
        return json_answer(said)
    return json_answer({"ussdMenu": screen, "shouldClose": not go_on} | said)
