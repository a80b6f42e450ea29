"""Kannel smsbox: `GET /cgi-bin/sendsms`, MOs by get-url or post-url, DLRs by a dlr-url of ours.

Source: Kannel user guide "Using the HTTP interface to send SMS messages", read in its 1.4.5 sources (smsbox, urltrans); run against 1.4.5.
A build without iconv answers every UCS-2 text with "Charset or body misformed, rejected": rebuild it with iconv, as Debian's is.
The sms-service that brings MOs here (`max-messages = 0`, or 1 where a route says `reply_by = "response"`; `omit-empty = true`, blank
`reply-*` texts, or residents get English errors):

    get-url = "http://…/hooks/ROUTE/mo?secret=…&from=%q&to=%Q&text=%b&id=%I&ts=%T&coding=%c&cs=%C&udh=%u"
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

from gateway.carriers.protocol import (
    Accepted,
    Account,
    Balance,
    Batch,
    Capabilities,
    Dlr,
    Malformed,
    Mo,
    Outcome,
    outcome_from_status,
)
from gateway.carriers.shared import is_page, unanswered
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, decode_text, encoded, form_fields
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.segments import Alphabet, alphabet_of

NAME: Final = "kannel"
CAPABILITIES: Final = Capabilities(
    max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True, reply_in_response=True
)

# Kannel answers in words. Ours for them, and what each means.
CODES: Final[Mapping[str, Failure | None]] = {
    "accepted": None,
    "queued": None,
    "sent": None,
    "no-receiver": Failure.PERMANENT,
    "denied": Failure.PERMANENT,  # a black list: somebody said stop; another route must not go round it
    "misformed": Failure.PERMANENT,
    "not-routable": Failure.UNROUTABLE,
    "temporal": Failure.RETRYABLE,
    "dlr-url": Failure.MISCONFIGURED,  # every MT of the route carries the same hook
    "no-sender": Failure.MISCONFIGURED,
    "authorization": Failure.MISCONFIGURED,
}
_WORDS: Final = tuple(  # read from the start of the body, the first that fits counts; 403 stands for two of them: the words decide
    (re.compile(pattern), code)
    for pattern, code in (
        (r"0: accepted", "accepted"),
        (r"3: queued", "queued"),
        (r"sent\.", "sent"),
        (r"(missing|empty) receiver", "no-receiver"),
        (r"number\(s\) has/have been denied", "denied"),
        (r"dlr-(url|mask) field misformed", "dlr-url"),
        (r"[^<]{0,60}misformed, rejected", "misformed"),
        (r"not routable", "not-routable"),
        (r"temporal failure", "temporal"),
        (r"sender missing", "no-sender"),
        (r"authorization failed", "authorization"),
    )
)
_DLR: Final[Mapping[str, DlrStatus]] = {
    "1": DlrStatus.DELIVERED,
    "2": DlrStatus.FAILED,
    "4": DlrStatus.BUFFERED,
    "8": DlrStatus.ACCEPTED,
    "16": DlrStatus.REJECTED,
    "32": DlrStatus.BUFFERED,  # intermediate: under way
}
_REF: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UNIX: Final = re.compile(r"\d{9,11}")
_CHARSET: Final = re.compile(r"charset=\"?([\w.:-]+)", re.ASCII)


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """`GET …/sendsms?…` for the one MT of `batch`. GSM 7-bit texts are read as UTF-8 by default; UCS-2 says its charset."""
    mt = batch.mts[0]
    start, hook = _constant(account)
    report = f"{hook}{encoded(encoded(mt.ref))}{_REPORT}" if hook else ""
    return HttpRequest("GET", f"{start}&to={encoded(mt.msisdn.e164)}{_words(mt.text)}{report}")


@lru_cache(maxsize=64)
def _words(text: str) -> str:
    """What all URLs of a blast share: encoding a text takes longer than all the rest."""
    coding = "0" if alphabet_of(text) is Alphabet.GSM7 else "2&charset=UTF-8"
    return f"&text={encoded(text)}&coding={coding}"


# %d the status, %T Unix time. Not %A, the SMSC's reply: some SMSCs repeat the text of the MT in it, and a hook's URL is written to logs.
_REPORT: Final = encoded("&st=%d&ts=%T")


@lru_cache(maxsize=64)
def _constant(account: Account) -> tuple[str, str]:
    """What all URLs of `account` share: up to the sender, and the dlr-url up to its id.

    The dlr-url is encoded once, as a value, so that Kannel sees %d and %T; a percent sign of ours is doubled, or Kannel would expand it.
    """
    fields = {"username": account.username, "password": account.password.reveal()} | (
        {"from": account.sender_id} if account.sender_id else {}
    )
    if account.validity_min is not None:
        fields["validity"] = str(account.validity_min)  # minutes (carriers.md §4.6)
    start = account.url + ("&" if "?" in account.url else "?") + "&".join(f"{name}={encoded(value)}" for name, value in fields.items())
    if not account.dlr_url:
        return start, ""
    hook = account.dlr_url.replace("%", "%%") + ("&" if "?" in account.dlr_url else "?") + "id="
    return start, f"&dlr-mask=31&dlr-url={encoded(hook)}"


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT. Kannel gives no message id: reports come under our ref. Words it never said fall back to the status."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    code = _word(response.body[:200])
    if code is None:
        return Accepted() if response.status == 202 and not is_page(response) else outcome_from_status(response)
    failure = CODES[code]
    return Accepted() if failure is None else Refused(failure, code)


@lru_cache(maxsize=64)
def _word(body: bytes) -> str | None:
    """Which of Kannel's words a body begins with; a blast brings the same one a thousand times a second."""
    words = body.decode("utf-8", "replace").strip().lower()
    return next((code for pattern, code in _WORDS if pattern.match(words)), None)


def build_balance(account: Account) -> HttpRequest:
    """A send without a receiver: Kannel checks name and password first, and then has nobody to send to."""
    fields = {"username": account.username, "password": account.password.reveal()}
    asked = "&".join(f"{name}={encoded(value)}" for name, value in fields.items())
    return HttpRequest("GET", f"{account.url}{'&' if '?' in account.url else '?'}{asked}")


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """That the receiver is missing is the yes: Kannel itself has no money."""
    outcome = _outcome(response)
    if isinstance(outcome, Refused) and outcome.code == "no-receiver":
        return Balance(None)
    return outcome if isinstance(outcome, Refused) and outcome.code in CODES else unanswered(response)


def parse_mo(call: HookCall) -> Mo | Malformed:
    """The MO of a get-url (fields in the query) or a post-url (headers, the body is the text)."""
    return _posted(call) if "x-kannel-from" in call.headers else _fetched(call)


def _fetched(call: HookCall) -> Mo | Malformed:
    fields = form_fields(call.query)
    sender = clean(decode_text(fields.get("from", b"")))
    if not sender:
        return Malformed("from: missing")
    charset = decode_text(fields.get("cs") or fields.get("charset") or b"") or _default_charset(decode_text(fields.get("coding", b"")))
    return Mo(
        carrier_id=clean(decode_text(fields.get("id", b""))) or None,
        sender=sender,
        receiver=clean(decode_text(fields.get("to", b""))),
        text=decode_text(fields.get("text", b""), charset),
        sent_at_ms=_time_ms(decode_text(fields.get("ts", b""))),
        udh=fields.get("udh", b""),
    )


def _posted(call: HookCall) -> Mo | Malformed:
    headers = {name: clean(value) for name, value in call.headers.items()}
    if not headers["x-kannel-from"]:
        return Malformed("X-Kannel-From: empty")
    named = _CHARSET.search(headers.get("content-type", ""))
    charset = named[1] if named else _default_charset(headers.get("x-kannel-coding", ""))
    return Mo(
        carrier_id=clean(decode_text(form_fields(call.query).get("id", b""))) or None,
        sender=headers["x-kannel-from"],
        receiver=headers.get("x-kannel-to", ""),
        text=decode_text(call.body, charset),
        sent_at_ms=_time_ms(headers.get("x-kannel-time", "")),
        udh=_hex(headers.get("x-kannel-udh", "")),
    )


def _default_charset(coding: str) -> str:
    """Without `mo-recode` a UCS-2 text comes as it was on the air."""
    return "utf-16be" if coding.strip() == "2" else "utf-8"


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _time_ms(text: str) -> int | None:
    """Unix seconds (%T) or "YYYY-MM-DD HH:MM:SS" in UTC (%t, X-Kannel-Time) as epoch ms; anything else gives None."""
    if _UNIX.fullmatch(text):
        return int(text) * 1000
    try:
        return int(datetime.fromisoformat(f"{text}+00:00").timestamp() * 1000) if len(text) == 19 else None
    except ValueError:
        return None


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """The report in the query of our dlr-url: `id` our ref, `st` Kannel's status, `ts` Unix seconds."""
    fields = {name: decode_text(value) for name, value in form_fields(call.query).items()}
    ref, status = fields.get("id", ""), _DLR.get(fields.get("st", ""))
    if not _REF.fullmatch(ref):
        return Malformed("id: missing or no reference of ours")
    if status is None:
        return Malformed("st: not one of 1, 2, 4, 8, 16, 32")
    return Dlr(ref, ours=True, status=status, code=fields["st"], at_ms=_time_ms(fields.get("ts", "")))


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and nothing: Kannel would send any body to the resident as an SMS."""
    return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b"")


def acknowledge_with(words: str, call: HookCall) -> HttpResponse:
    """200 and `words`: Kannel sends them to the resident, from the number that was written to."""
    return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, words.encode())
