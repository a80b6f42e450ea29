"""Africa's Talking USSD: a form that carries all the input so far, answered CON or END.

Source: AT-USSD.md of a public app and the typings of its end event (carriers.md §5.2); Advanta answers alike, see `ussd_advanta`.
"""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, query_fields, text_answer, turn_of, word
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "africastalking"
MOST_SEPTETS: Final = HARD_LIMIT


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """POST `sessionId`, `phoneNumber`, `text`. The end event has a `status` in place of a `text`."""
    fields = query_fields(call)
    session, msisdn = word(fields.get("sessionId")), word(fields.get("phoneNumber"))
    if "text" not in fields and "status" in fields:
        return turn_of(session, msisdn, Phase.END)
    text = fields.get("text", "")
    return turn_of(session, msisdn, Phase.ANSWER if text else Phase.NEW, text, cumulative=True)


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """ "CON …" goes on, "END …" hangs up: upper case and one space, or the session breaks."""
    if turn.phase is Phase.END:
        return text_answer("")
    return text_answer(f"{'CON' if go_on else 'END'} {screen}")
