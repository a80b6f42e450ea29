"""Twilio Messages: a form with HTTP Basic, one recipient a request; reports and MOs as signed forms.

Source: Twilio's samples and its security page with the signature's vector (carriers.md §4.1); the class of some 30xxx codes rests on
memory. `url`: https://api.twilio.com/2010-04-01/Accounts/SID/Messages.json. `account`: username the account's SID or a key's, password its
token or secret, hook_key the account's auth token, which signs calls (the same as password where no key is used).
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal
from urllib.parse import quote
from xml.sax.saxutils import escape

from gateway.carriers.protocol import (
    Accepted,
    Account,
    Balance,
    Batch,
    Capabilities,
    Dlr,
    Malformed,
    Mo,
    Network,
    Outcome,
    Signing,
    retry_after_s,
)
from gateway.carriers.shared import balance_of, basic, beside, by_code, code_of, form_of, id_of, inside, pairs_of, post_form, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, form_fields, json_object
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.msisdn import Msisdn

NAME: Final = "twilio"
CAPABILITIES: Final = Capabilities(
    max_batch=1, dedupe_window_s=0, status_by="none", unicode=True, dlr=True, mo=True, reply_in_response=True
)
OPTIONS: Final[Mapping[str, str]] = {
    "hook_key": "the account's auth token, which signs Twilio's calls",
    "lookup_url": "where numbers are looked up; https://lookups.twilio.com/v2/PhoneNumbers by default",
}

_P, _U, _R, _T, _M = Failure.PERMANENT, Failure.UNROUTABLE, Failure.RETRYABLE, Failure.THROTTLED, Failure.MISCONFIGURED
CODES: Final[Mapping[str, Failure | None]] = (
    dict.fromkeys(("21211", "21614", "21617", "21602", "21603", "21604"), _P)  # the number, too long, an empty field
    | dict.fromkeys(("21610", "30004", "30006", "30007"), _P)  # said stop, blocked, a landline, filtered
    | {"21612": _U}  # this pair of numbers has no way
    | dict.fromkeys(("21611", "30001", "20429", "14107", "63018"), _T)  # their queue is full; too many at once
    | dict.fromkeys(("20003", "20404", "21408", "21606", "21212", "21608", "30002", "30018", "30024"), _M)
)
_STATUS: Final[Mapping[str, DlrStatus]] = {
    "accepted": DlrStatus.BUFFERED,
    "queued": DlrStatus.BUFFERED,
    "sending": DlrStatus.BUFFERED,
    "sent": DlrStatus.ACCEPTED,
    "delivered": DlrStatus.DELIVERED,
    "read": DlrStatus.DELIVERED,
    "undelivered": DlrStatus.FAILED,
    "failed": DlrStatus.FAILED,
}
_DIGESTS: Final = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
_XML: Final = {"content-type": "text/xml; charset=utf-8"}


def build_send(account: Account, batch: Batch) -> HttpRequest:
    """One POST for the one MT of `batch`. A sender id that begins with MG is a messaging service."""
    mt = batch.mts[0]
    origin = "MessagingServiceSid" if account.sender_id.startswith("MG") and len(account.sender_id) == 34 else "From"
    fields = {"To": mt.msisdn.e164, origin: account.sender_id, "Body": mt.text}
    if account.dlr_url:
        fields["StatusCallback"] = account.dlr_url
    if account.validity_min is not None:
        fields["ValidityPeriod"] = str(min(account.validity_min * 60, 36_000))  # its longest
    return post_form(account.url, fields, basic(account.username, account.password.reveal()))


def parse_send(response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
    """One Outcome per MT: 201 with a sid is the yes, else the body's code."""
    return (_outcome(response),) * len(batch.mts)


def _outcome(response: HttpResponse) -> Outcome:
    answer = json_object(response.body)
    sid = id_of(answer.get("sid"))
    if response.status in (200, 201) and sid:
        return Accepted(sid)
    code = code_of(answer.get("code")) if response.status >= 400 else ""
    outcome = by_code(CODES, code, response, Accepted())
    if isinstance(outcome, Refused) and outcome.kind is Failure.THROTTLED:
        return replace(outcome, retry_after_s=retry_after_s(response))
    return outcome


def build_balance(account: Account) -> HttpRequest:
    """Balance.json beside Messages.json."""
    return HttpRequest("GET", beside(account.url, "Balance.json"), basic(account.username, account.password.reveal()))


def parse_balance(response: HttpResponse) -> Balance | Refused:
    """{"currency":"USD","balance":"12.3"}; a refusal bears Twilio's code."""
    answer = json_object(response.body)
    code = code_of(answer.get("code")) if response.status >= 400 else ""
    outcome = by_code(CODES, code, response, Accepted()) if code else None
    return outcome if isinstance(outcome, Refused) else balance_of(answer.get("balance"), answer.get("currency"), response)


def is_signed(call: HookCall, by: Signing) -> bool | None:
    """X-Twilio-Signature: Base64 of an HMAC over the address as Twilio called it and each POST field by name, name and value glued.

    SHA-1 with the auth token, or what X-Twilio-Webhooks-Signature-Settings names, with a shared key. Twilio itself is not sure whether the
    address shows its port: both are taken, as in its SDK (9.13). A field that stands there twice counts once for each value.
    """
    digest = _DIGESTS.get(_algorithm(call.headers.get("x-twilio-webhooks-signature-settings", "")))
    if digest is None:
        return False
    glued = _glued(call)
    if glued is None:
        return False
    given = call.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
    made = (
        b64encode(hmac.new(by.key.reveal().encode(), f"{url}{glued}".encode("utf-8", "surrogateescape"), digest).digest())
        for url in _with_and_without_port(by.url_of(call))
    )
    return any(hmac.compare_digest(given, each) for each in made)


def _glued(call: HookCall) -> str | None:
    """The fields of a form as they are signed; "" for any other body, whose hash stands in the address. None: neither fits."""
    if call.method != "POST":
        return ""
    given = form_fields(call.query).get("bodySHA256")
    if given is not None and "form" not in call.headers.get("content-type", ""):
        return "" if hmac.compare_digest(given.lower(), hashlib.sha256(call.body).hexdigest().encode()) else None
    posted = pairs_of(call.body)
    return None if posted is None else "".join(f"{name}{value}" for name, value in sorted(set(posted)))


def _algorithm(settings: str) -> str:
    """Of "key=…,algorithm=…"; the old one where the header is missing."""
    parts = (part.strip().partition("=") for part in settings.split(","))
    return next((value.strip().upper() for name, _, value in parts if name.strip() == "algorithm" and value.strip()), "HMAC_SHA1")


def _with_and_without_port(url: str) -> tuple[str, str]:
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    host, colon, port = place.partition(":") if not place.startswith("[") else (place, "", "")
    port = port if colon else {"http": "80", "https": "443"}.get(scheme, "")
    return f"{scheme}://{host}{slash}{path}", f"{scheme}://{host}:{port}{slash}{path}"


def parse_mo(call: HookCall) -> Mo | Malformed:
    """A text."""
    fields = form_of(call)
    sender = clean(fields.get("From", ""))
    if not sender:
        return Malformed("From: missing")
    return Mo(id_of(fields.get("MessageSid")), sender, clean(fields.get("To", "")), fields.get("Body", ""))


def parse_dlr(call: HookCall) -> Dlr | Malformed:
    """A status callback under Twilio's sid."""
    fields = form_of(call)
    ref, word = id_of(fields.get("MessageSid")), fields.get("MessageStatus", "").strip().lower()
    status = _STATUS.get(word)
    if ref is None or status is None:
        return Malformed("MessageSid or MessageStatus: missing or not Twilio's")
    return Dlr(ref, ours=False, status=status, code=code_of(fields.get("ErrorCode")) or word)


def acknowledge(call_kind: Literal["mo", "dlr"]) -> HttpResponse:
    """200 and an empty Response: plain text would go to the resident."""
    return HttpResponse(200, _XML, b"<Response></Response>")


def acknowledge_with(words: str, call: HookCall) -> HttpResponse:
    """`words` for the sender of the MO."""
    return HttpResponse(200, _XML, f"<Response><Message>{escape(words)}</Message></Response>".encode())


def build_lookup(account: Account, msisdn: Msisdn) -> HttpRequest:
    """Lookup v2, package line_type_intelligence (Twilio's page on it, and several clients: V2). Charged by the answer."""
    base = account.options.get("lookup_url") or "https://lookups.twilio.com/v2/PhoneNumbers"
    url = f"{base.rstrip('/')}/{quote(msisdn.e164, safe='')}?Fields=line_type_intelligence"
    return HttpRequest("GET", url, basic(account.username, account.password.reveal()))


def parse_lookup(response: HttpResponse, msisdn: Msisdn) -> Network | Malformed:
    """The carrier of today. `error_code` stands there when the package has no answer for the number."""
    line = inside(json_object(response.body), "line_type_intelligence")
    code = code_of(line.get("mobile_country_code")) + code_of(line.get("mobile_network_code"))
    if response.status != 200 or not (code or words_of(line.get("carrier_name"))):
        return Malformed(f"no carrier in the answer (http-{response.status})")
    return Network(code, words_of(line.get("carrier_name")))
