"""Airtel, Comviva Flares HTTP Pull 1.5: a GET, answered as text with a `Freeflow` header.

Source: a public adapter after API document 1.2.0 (carriers.md §5.7). Nothing is charged: `charge: N`.
"""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, query_fields, text_answer, turn_of, word
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "airtel"
MOST_SEPTETS: Final = HARD_LIMIT


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """Nothing tells a first call: there `input` is the code without star and hash. The clean-up call has `clean` and a small `msisdn`."""
    fields = query_fields(call)
    session = word(fields.get("SessionID"))
    if "clean" in fields:
        return turn_of(session, word(fields.get("msisdn") or fields.get("MSISDN")), Phase.END)
    return turn_of(session, word(fields.get("MSISDN")), Phase.EITHER, fields.get("input", ""))


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """FC goes on, FB breaks."""
    if turn.phase is Phase.END:
        return text_answer("")
    return text_answer(screen, {"Freeflow": "FC" if go_on else "FB", "charge": "N", "amount": "0"})
