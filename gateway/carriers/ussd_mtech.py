"""Mtech USSD: fields in the query, or the same as an XML page; answered as an XML page. Source: a public adapter and its tests
(carriers.md §5.7). A call with a `status` says that the session is over.
"""

from typing import Final
from xml.sax.saxutils import escape

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, query_fields, turn_of, word
from gateway.carriers.ussd_xml import NotXml, plain, read_xml
from gateway.carriers.wire import HookCall, HttpResponse

NAME: Final = "mtech"
MOST_SEPTETS: Final = HARD_LIMIT
_FREE_TEXT: Final = '<navigation><link accesskey="*" pageId="indexX" /></navigation>'


def parse_ussd(call: HookCall) -> UssdTurn | Malformed:
    """`page_id` 0 begins; later pages have no `mobile_number`."""
    try:
        fields = _fields(call)
    except NotXml as why:
        return Malformed(f"body: {why}")
    session, msisdn = word(fields.get("session_id")), word(fields.get("mobile_number"))
    if not session:
        return Malformed("session_id: missing")
    phase = Phase.END if "status" in fields else Phase.NEW if fields.get("page_id", "") == "0" else Phase.ANSWER
    return turn_of(session, msisdn, phase, fields.get("data", "") if phase is Phase.ANSWER else "", echo={"session_id": session})


def _fields(call: HookCall) -> dict[str, str]:
    if not call.body.lstrip().startswith(b"<"):
        return query_fields(call)
    return {each.name: each.text.strip() for each in read_xml(call.body).inside}


def answer_ussd(turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
    """Lines are parted by `br`: the page must not hold a line feed. A link for free text goes on."""
    lines = "<br />".join(escape(plain(line)) for line in screen.split("\n"))
    shown = "" if turn.phase is Phase.END else f"<div>{lines}</div>{_FREE_TEXT if go_on else ''}"
    session = escape(plain(turn.echo.get("session_id", "")))
    page = f"<?xml version='1.0' encoding='UTF-8'?><page version=\"2.0\"><session_id>{session}</session_id>{shown}</page>"
    return HttpResponse(200, {"content-type": "text/xml; charset=utf-8"}, page.encode("utf-8", "replace"))
