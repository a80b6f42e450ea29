"""Cellulant USSD: a GET, answered with six fields joined by the pipe sign. Source: a public adapter (carriers.md §5.7)."""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, query_fields, text_answer, turn_of, word
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "cellulant"
MOST_SEPTETS: Final = HARD_LIMIT


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """`opCode` BEG begins, ABO or an ABORT other than 0 and null ends, everything else answers."""
    fields = query_fields(call)
    code = word(fields.get("opCode")).upper()
    aborted = word(fields.get("ABORT")).lower() not in ("", "0", "null")
    phase = Phase.END if code == "ABO" or aborted else Phase.NEW if code == "BEG" else Phase.ANSWER
    text = fields.get("INPUT", "") if phase is Phase.ANSWER else ""
    return turn_of(word(fields.get("sessionID")), word(fields.get("MSISDN")), phase, text)


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """level, text, value, service, state, extra; a pipe sign of ours would shift them."""
    if turn.phase is Phase.END:
        return text_answer("")
    return text_answer("|".join(("1", screen.replace("|", "/"), "null", "null", "null" if go_on else "end", "null")))
