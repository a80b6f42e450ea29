"""Traccar SMS Gateway: an Android phone as the modem, one text a request; from memory, so it is off until a route says memory_ok.

Source: none was seen (carriers.md §4.9, "other phone bridges"). `url` is the phone's, http://PHONE:8082/; `account`: the password is the
token that the app shows, the name is not used. Prefer carrier smsgate, whose wire is known.

POST {"to":"+84…","message":"…"}, header Authorization: the token -> any 2xx;  MO: POST {"from":"+84…","message":"…"}
"""

from collections.abc import Mapping
from typing import Final, Literal

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import international, is_page, post_json, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, json_object
from gateway.domain.failure import Failure, Refused

NAME: Final = "traccar"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=False, mo=True)
CODES: Final[Mapping[str, Failure | None]] = {"2xx": None, "http-400": Failure.PERMANENT}


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`."""
    mt = batch.mts[0]
    return post_json(account.url, {"to": mt.msisdn.e164, "message": mt.text}, {"Authorization": account.password.reveal()})


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT, by the status alone; but a web page is nobody's yes."""
    if 200 <= response.status < 300 and not is_page(response):
        return (Accepted(),) * len(batch.mts)
    refused = Refused(Failure.PERMANENT, "http-400") if response.status == 400 else outcome_from_status(response)
    return (refused,) * len(batch.mts)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """A text that the phone received."""
    fields = json_object(call.body)
    sender = international(words_of(fields.get("from")))
    return Mo(None, sender, "", words_of(fields.get("message"))) if sender else Malformed("from: missing")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """The app tells of none."""
    return Malformed("traccar: it sends no reports")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
