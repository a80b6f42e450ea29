"""TrueAfrican USSD: XML-RPC `USSD.INIT`, `USSD.CONT`, `USSD.END`. Source: a public adapter (carriers.md §5.7).

Its earlier and later versions call the answer's state `status` and `type`: both are given.
"""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, turn_of, word
from gateway.carriers.ussd_xml import NotXml, read_call, response
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "trueafrican"
MOST_SEPTETS: Final = HARD_LIMIT
_PHASES: Final = {"USSD.INIT": Phase.NEW, "USSD.CONT": Phase.ANSWER, "USSD.END": Phase.END}


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """`session` in all of them; `msisdn` in the first alone; `response` is the newest input."""
    try:
        method, members = read_call(call.body)
    except NotXml as why:
        return Malformed(f"body: {why}")
    phase = _PHASES.get(method)
    if phase is None:
        return Malformed("methodName: not USSD.INIT, USSD.CONT or USSD.END")
    session = word(members.get("session"))
    text = members.get("response", "") if phase is Phase.ANSWER else ""
    return turn_of(session, word(members.get("msisdn")), phase, text, echo={"session": session})


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """cont goes on, end ends; an END is answered with an empty struct."""
    state = "cont" if go_on else "end"
    members = (
        {} if turn.phase is Phase.END else {"session": turn.echo.get("session", ""), "status": state, "type": state, "message": screen}
    )
    return HttpResponse(200, {"content-type": "text/xml; charset=utf-8"}, response(members))
