"""MobiFone smsbrandname: forms within a session of a few minutes, one recipient a request; no reports, no MOs.

Source: five public clients for the requests, one for the answers under 401 (carriers.md §3.5); its other statuses are not known. `url` is
the folder, https://smsbrandname.mobifone.vn/smsg/. An account is logged in once at a time: all processes share its `sid`.

POST login.jsp userName, password, bindMode=T -> {"status":"200","sid":"…\\r\\n"}
POST send.jsp sid, sender, recipient, content; with accents send_2.jsp and enCoding=ALPHA_UCS2 -> {"status":"200"}; 401 SessionExpired
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal
from urllib.parse import quote_plus

from gateway.carriers.protocol import Accepted, Account, Balance, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.session import Session
from gateway.carriers.shared import by_code, code_of, digits, id_of, is_plain, post_form
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, decode_text, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.secret import Secret

NAME: Final = "mobifone"
CAPABILITIES: Final = Capabilities(max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=False, mo=False)
CODES: Final[Mapping[str, Failure | None]] = {
    "200": None,
    "SessionExpired": Failure.MISCONFIGURED,  # and again after a new log-in
    "SidNotPassed": Failure.MISCONFIGURED,
}
LIFETIME_S: Final = 300  # as one client keeps it; an older one is told by a 401 and renewed
_LOOKED_AT: Final = 200  # bytes of an answer


def build_login(account: Account, chance: str) -> HttpRequest:
    """The password goes in the body, not in an address that gets logged."""
    form = {"userName": account.username, "password": account.password.reveal(), "bindMode": "T"}
    return post_form(_page(account, "login.jsp"), form)


def parse_login(response: HttpResponse, chance: str) -> Session | Refused:
    """The sid, without the line end that comes with it."""
    answer = json_object(response.body)
    status, sid = code_of(answer.get("status")), id_of(answer.get("sid"))
    if status == "200" and sid:
        return Session(Secret(sid), LIFETIME_S)
    return Refused(Failure.MISCONFIGURED, f"login-{status}") if status else outcome_from_status(response)


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`, still without its sid; a text with accents has a page of its own."""
    mt = batch.mts[0]
    form = {"sender": account.sender_id, "recipient": digits(mt.msisdn), "content": mt.text}
    if is_plain(mt.text):
        return post_form(_page(account, "send.jsp"), form)
    return post_form(_page(account, "send_2.jsp"), form | {"enCoding": "ALPHA_UCS2"})


def _page(account: Account, page: str) -> str:
    return f"{account.url.rstrip('/')}/{page}"


def with_session(request: HttpRequest, session: Secret) -> HttpRequest:
    """The sid stands before the form's other fields."""
    return request._replace(body=b"sid=" + quote_plus(session.reveal()).encode() + b"&" + request.body)


def refuses_session(response: HttpResponse) -> bool:
    """Whether it wants a new log-in."""
    return _session_word(response) != ""


def _session_word(response: HttpResponse) -> str:
    text = decode_text(response.body[:_LOOKED_AT])
    return next((word for word in ("SessionExpired", "SidNotPassed") if word in text), "")


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT."""
    code = _session_word(response) or code_of(json_object(response.body).get("status"))
    return (by_code(CODES, code, response, Accepted()),) * len(batch.mts)


def build_balance(account: Account) -> HttpRequest:
    """The log-in itself: it sends nothing. It may end the session that is open, and then the next message opens another."""
    return build_login(account, "")


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """That the account stands; no sum."""
    found = parse_login(response, "")
    return replace(found, maybe_sent=False) if isinstance(found, Refused) else Balance(None)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """This API brings no MOs."""
    return Malformed("mobifone: this API brings no MOs")


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """This API sends no reports."""
    return Malformed("mobifone: this API sends no reports")


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing."""
    return HttpResponse(200, {}, b"")
