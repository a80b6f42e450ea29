"""Advanta USSD: a GET whose INPUT begins with the dialled code and grows, answered as Africa's Talking's.

Source: the provider's guide as public documentation (carriers.md §5.2).
"""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, query_fields, turn_of, word
from gateway.carriers.ussd_africastalking import answer_ussd as answer_con_end
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "advanta"
MOST_SEPTETS: Final = HARD_LIMIT


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """GET `SESSIONID`, `USSDCODE` ("*415*33#"), `MSISDN`, `INPUT` ("*415*33*1#")."""
    fields = query_fields(call)
    session, msisdn = word(fields.get("SESSIONID")), word(fields.get("MSISDN"))
    code, text = _bare(fields.get("USSDCODE", "")), _bare(fields.get("INPUT", ""))
    if code and (text == code or text.startswith(f"{code}*")):
        text = text[len(code) + 1 :]
    return turn_of(session, msisdn, Phase.ANSWER if text else Phase.NEW, text, cumulative=True)


def _bare(text: str) -> str:
    """ "*415*33#" without the star and the hash that a dial code has."""
    return text.strip().removeprefix("*").removesuffix("#")


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """CON or END."""
    return answer_con_end(turn, screen, go_on)
