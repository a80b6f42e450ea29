"""IMImobile USSD: a GET without any session id, answered as text with an `X-USSD-SESSION` header.

Source: a public adapter (carriers.md §5.7), which takes the number for the session: `tid` names a call, as far as can be seen.
"""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, query_fields, text_answer, turn_of, word
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "imimobile"
MOST_SEPTETS: Final = HARD_LIMIT
_ABORT: Final = "Map Dialog User Abort User Reason"  # comes as the text: there is no field for it


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """`msg` is the newest input, or the code (`code`, or dialled with star and hash) where a session begins."""
    fields = query_fields(call)
    msisdn, text = word(fields.get("msisdn")), fields.get("msg", "")
    if text.startswith(_ABORT):
        return turn_of("", msisdn, Phase.END)
    dialled = text.strip().startswith("*") and text.strip().endswith("#")
    is_new = dialled or (bool(text) and text.strip() == fields.get("code", "").strip())
    return turn_of("", msisdn, Phase.NEW if is_new else Phase.EITHER, "" if is_new else text)


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """1 goes on, 0 ends."""
    return text_answer(screen, {"X-USSD-SESSION": "1" if go_on and turn.phase is not Phase.END else "0"})
