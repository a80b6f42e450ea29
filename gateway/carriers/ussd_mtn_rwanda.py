"""MTN Rwanda USSD: XML-RPC `handleUSSD`. Source: a public adapter (carriers.md §5.7).

Nothing tells a first call: there the request string is the code, and the transaction is one we don't know.
"""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, turn_of, word
from gateway.carriers.ussd_xml import NotXml, read_call, response
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "mtn-rwanda"
MOST_SEPTETS: Final = HARD_LIMIT
_BACK: Final = ("TransactionId", "TransactionTime", "MSISDN", "USSDServiceCode")


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """The struct's `TransactionId`, `MSISDN`, `USSDRequestString`."""
    try:
        method, members = read_call(call.body)
    except NotXml as why:
        return Malformed(f"body: {why}")
    if method != "handleUSSD":
        return Malformed("methodName: not handleUSSD")
    echo = {name: word(members.get(name)) for name in _BACK}
    return turn_of(echo["TransactionId"], echo["MSISDN"], Phase.EITHER, members.get("USSDRequestString", ""), echo=echo)


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """What came, less the request string; `action` request goes on, end ends."""
    members = {**turn.echo, "USSDResponseString": screen, "action": "request" if go_on else "end"}
    return HttpResponse(200, {"content-type": "text/xml; charset=utf-8"}, response(members))
