"""Vodacom Messaging USSD: a GET, answered as XML with a header text and options that call us back.

Source: a public adapter (carriers.md §5.7). One undisplayed option takes free text; its callback is the address of the call itself.
"""

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, query_fields, turn_of, word
from gateway.carriers.ussd_xml import plain
from gateway.carriers.wire import HookCall, HttpResponse, form_fields

NAME: Final = "vodacom"
MOST_SEPTETS: Final = HARD_LIMIT


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """`request` is the newest input; where it begins with a star it is the code."""
    fields = query_fields(call)
    text = fields.get("request", "")
    phase = Phase.NEW if text.startswith("*") and text.rstrip().endswith("#") else Phase.EITHER
    echo = {"callback": _callback(call)}
    return turn_of(word(fields.get("ussdSessionId")), word(fields.get("msisdn")), phase, "" if phase is Phase.NEW else text, echo=echo)


def _callback(call: HookCall) -> str:
    """Where this call went, with our secret and nothing of the person."""
    host = call.headers.get("host", "")
    scheme = "https" if call.headers.get("x-forwarded-proto", "") == "https" else "http"
    secret = (
        next((pair for pair in call.query.split(b"&") if pair.startswith(b"secret=")), b"") if "secret" in form_fields(call.query) else b""
    )
    return f"{scheme}://{host}{call.path}{'?' if secret else ''}{secret.decode('latin-1')}"


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """Without options it ends."""
    option = f'<option command="1" order="1" callback={quoteattr(plain(turn.echo.get("callback", "")))} display="False"></option>'
    options = f"<options>{option}</options>" if go_on else ""
    body = f"<request><headertext>{escape(plain(screen))}</headertext>{options}</request>"
    return HttpResponse(200, {"content-type": "text/xml; charset=utf-8"}, body.encode("utf-8", "replace"))
