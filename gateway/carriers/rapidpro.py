"""RapidPro's "External API", spoken as RapidPro speaks it: any sender built to serve a RapidPro channel serves us without a change.

Source: the open-source courier's handler for it and its tests (carriers.md §4.10). `url` is a template, `account` holds the rest of what a
RapidPro channel's page asks for: the password is the whole Authorization header, or empty; the name is not used. In `url` and `body` stand
{{id}} {{uuid}} {{text}} {{to}} {{to_no_plus}} {{from}} {{from_no_plus}} {{channel}} {{quick_replies}} {{session_status}}, escaped for where
they stand: in an address and a form by percent signs, in JSON as a whole string with its quotes, in XML as text.

MO:  GET or POST …/hooks/ROUTE/mo     from (or sender), text, date (or time)
     GET or POST …/hooks/ROUTE/mo/stopped     from: this person said stop there, so here too
DLR: GET or POST …/hooks/ROUTE/dlr/sent | delivered | failed     id (or uuid); or …/dlr with status
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal
from urllib.parse import quote
from xml.sax.saxutils import escape

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Misfit, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import digits, form_of, id_of, is_page, iso_ms
from gateway.carriers.ussd_xml import plain
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, decode_text, form_fields
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus

_TYPES: Final[Mapping[str, str]] = {
    "form": "application/x-www-form-urlencoded",
    "json": "application/json",
    "xml": "text/xml; charset=utf-8",
}
_VARIABLE: Final = re.compile(r"\{\{\s{0,5}(\w{1,30})\s{0,5}\}\}")
_KNOWN: Final = frozenset(("id", "uuid", "text", "to", "to_no_plus", "from", "from_no_plus", "channel", "quick_replies", "session_status"))
_BODY: Final = "id={{id}}&text={{text}}&to={{to}}&to_no_plus={{to_no_plus}}&from={{from}}&channel={{channel}}"  # courier's own
_STATUS: Final[Mapping[str, DlrStatus]] = {
    "sent": DlrStatus.ACCEPTED,
    "delivered": DlrStatus.DELIVERED,
    "failed": DlrStatus.FAILED,
}
_STOP: Final = "TC"  # the keyword that no deployment is without
_JSON: Final = {"content-type": "application/json"}
_LOOKED_AT: Final = 65_536  # bytes of an answer


@dataclass(frozen=True, slots=True)
class External:
    """One External channel. `check`: words that the body of a yes holds; "": any 2xx is one."""

    check: str = ""

    NAME: ClassVar[str] = "rapidpro"
    CAPABILITIES: ClassVar[Capabilities] = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True)
    OPTIONS: ClassVar[Mapping[str, str]] = {
        "method": "POST, PUT or GET; unset: POST",
        "content_type": "form, json or xml; unset: form",
        "body": f"the body's template; unset: {_BODY}",
        "response_check": "words that the answer to a message that was taken holds; unset: any 2xx is a yes",
    }
    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {"method": ("GET", "POST", "PUT"), "content_type": tuple(_TYPES)}

    @property
    def CODES(self) -> Mapping[str, Failure | None]:
        return {"2xx": None} | ({"unconfirmed": Failure.RETRYABLE} if self.check else {})

    def bound(self, options: Mapping[str, str]) -> "External":
        """The channel of an account."""
        return External(options.get("response_check", ""))

    def misfits(self, options: Mapping[str, str]) -> tuple[Misfit, ...]:
        """A variable that nothing fills."""
        strange = sorted(set(_VARIABLE.findall(options.get("body", ""))) - _KNOWN)
        remedy = f"Take of: {', '.join(sorted(_KNOWN))}"
        return (Misfit("body", f"No variable is called {', '.join(strange)}", remedy),) if strange else ()

    # --- out ---

    def build_send(self, account: Account, batch: Batch) -> HttpRequest:
        """The request for the one MT of `batch`; a GET has no body."""
        options, values = account.options, _values(account, batch)
        method, kind = options.get("method") or "POST", options.get("content_type") or "form"
        url = _filled(account.url, values, "form")
        proof = {"Authorization": account.password.reveal()} if account.password else {}
        if method == "GET":
            return HttpRequest(method, url, proof)
        body = _filled(options.get("body") or _BODY, values, kind)
        return HttpRequest(method, url, {"Content-Type": _TYPES[kind]} | proof, body.encode("utf-8", "replace"))

    def parse_send(self, response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
        """One Outcome per MT: a 2xx is a yes, with the words of `check` where there are any."""
        return (self._outcome(response),) * len(batch.mts)

    def _outcome(self, response: HttpResponse) -> Outcome:
        if not 200 <= response.status < 300 or (not self.check and is_page(response)):
            return outcome_from_status(response)
        confirmed = self.check in decode_text(response.body[:_LOOKED_AT])
        return Accepted() if confirmed else Refused(Failure.RETRYABLE, "unconfirmed")

    # --- in ---

    def parse_mo(self, call: HookCall) -> Mo | Malformed:
        """A text, by GET or as a form; who was stopped has said so, in our words."""
        fields, word = _fields(call), _word(call)
        sender = clean(fields.get("from") or fields.get("sender") or "")
        if not sender or word not in ("mo", "receive", "stopped"):
            return Malformed("from: missing")
        at = clean(fields.get("date") or fields.get("time") or "")
        return Mo(None, sender, "", _STOP if word == "stopped" else fields.get("text", ""), iso_ms(at))

    def parse_dlr(self, call: HookCall) -> Dlr | Malformed:
        """A report under our name; what happened is the last word of the address, or `status`."""
        fields = _fields(call)
        ref = id_of(fields.get("id")) or id_of(fields.get("uuid"))
        word = clean(fields.get("status", "")).lower() or _word(call)
        status = _STATUS.get(word)
        if ref is None or status is None:
            return Malformed("id or status: missing, or not one of sent, delivered, failed")
        return Dlr(ref, ours=True, status=status, code=word)

    def acknowledge(self, call_kind: Literal["mo", "dlr"]) -> HttpResponse:
        """200 and JSON, as courier answers."""
        return HttpResponse(200, _JSON, b'{"message":"Accepted"}')


RAPIDPRO: Final = External()


def _values(account: Account, batch: Batch) -> dict[str, str]:
    mt, sender = batch.mts[0], account.sender_id
    number = digits(mt.msisdn)
    return {"id": mt.ref, "uuid": mt.ref, "text": mt.text, "to": f"+{number}", "to_no_plus": number, "from": sender,
            "from_no_plus": sender.removeprefix("+"), "channel": account.name, "quick_replies": "", "session_status": ""}  # fmt: skip


def _filled(template: str, values: Mapping[str, str], kind: str) -> str:
    return _VARIABLE.sub(lambda found: _escaped(values.get(found[1], ""), kind), template)


def _escaped(value: str, kind: str) -> str:
    match kind:
        case "json":
            return json.dumps(value, ensure_ascii=False)
        case "xml":
            return escape(plain(value))
        case _:
            return quote(value, safe="", errors="replace")


def _fields(call: HookCall) -> dict[str, str]:
    """Of the form and of the query: the secret rides in the one, the rest may come in either."""
    return {name: decode_text(value) for name, value in form_fields(call.query).items()} | form_of(call)


def _word(call: HookCall) -> str:
    """The last part of the address."""
    return call.path.rstrip("/").rpartition("/")[2].lower()
