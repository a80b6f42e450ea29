"""Nalo USSD: JSON whose `MSGTYPE` means "first call" on its way to us and "go on" on its way back.

Source: a public package's notes on the vendor's document (carriers.md §5.5).
"""

from typing import Final

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import Phase, UssdTurn, is_true, json_answer, json_fields, turn_of, word, words
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "nalo"
MOST_SEPTETS: Final = 120  # `MSG`, by the vendor's document


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """`USERDATA` is the newest input; in the first call it is the code."""
    fields = json_fields(call)
    is_first = is_true(fields.get("MSGTYPE"))
    if is_first is None:
        return Malformed("MSGTYPE: neither true nor false")
    text = "" if is_first else words(fields.get("USERDATA"))
    msisdn = word(fields.get("MSISDN"))
    return turn_of(
        word(fields.get("SESSIONID")), msisdn, Phase.NEW if is_first else Phase.ANSWER, text,
        echo={"USERID": word(fields.get("USERID")), "MSISDN": msisdn},
    )  # fmt: skip


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """`MSGTYPE` true goes on, false ends."""
    return json_answer({"USERID": turn.echo.get("USERID", ""), "MSISDN": turn.echo.get("MSISDN", ""), "MSG": screen, "MSGTYPE": go_on})
