"""The classic SOAP short code of Viet Nam (VMG, VASC, INET, Fibo, ICOM, VHT and others): MOs in by SOAP, MTs out by SOAP `mtReceiver`.

Source: one public code base of 2015 that spoke with many partners (carriers.md §3.13 A). Every partner differs: get the WSDL, the value
that means "received" and the time-out in writing. `account`: username and password for HTTP Basic, where the partner wants it; the sender
id is the Service_ID; what differs by partner stands in OPTIONS. An operation is known by its parameters, not by its name:

    MO: User_ID, Service_ID, Command_Code, Message, Request_ID, Operator      -> <ns:OPERATIONResponse><OPERATIONReturn>1</…>
    siblings: src, dest, cmdcode, msgbody, moid; Phone, ServiceNum, Syntax, MOId; the same by GET, whose answer is the bare value
    MT: User_ID, Message, Service_ID, Command_Code, Message_Type, Request_ID, Total_Message, Message_Index, IsMore, Content_Type, Operator

The calls bear no signature: the hook's secret and `hooks_from` protect them. What we answer may carry the text for the sender ("0|text").
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal
from xml.sax.saxutils import escape, quoteattr

from gateway.carriers.protocol import Accepted, Account, Batch, Capabilities, Dlr, Malformed, Mo, Outcome, outcome_from_status
from gateway.carriers.shared import basic, digits, id_of, international
from gateway.carriers.short_code import with_keyword
from gateway.carriers.ussd_xml import Element, NotXml, plain, read_xml
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, decode_text, form_fields
from gateway.domain.failure import Failure, Refused

_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_MC: Final = "http://service.mc.vasc.com"
_XML: Final = {"content-type": "text/xml; charset=utf-8"}
_TEXT: Final = {"content-type": "text/plain; charset=utf-8"}
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {  # a parameter's names among the partners, without their underscores
    "sender": ("userid", "src", "phone"),
    "receiver": ("serviceid", "dest", "servicenum"),
    "keyword": ("commandcode", "cmdcode"),
    "text": ("message", "msgbody", "syntax"),
    "id": ("requestid", "moid"),
}
_LOOKED_AT: Final = 8_192  # bytes of an answer
_RESULT: Final = re.compile(
    r"<(?:[\w.-]{1,40}:)?\w{0,60}(?:return|result)(?:\s[^<>]{0,300})?>\s{0,20}(-?\d{1,6})\b[^<]{0,500}</", re.IGNORECASE
)
_FAULT: Final = re.compile(r"<(?:\w+:)?Fault[\s>]")
_GENERIC: Final = ("messageReceiver", _MC)


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner's dialect. `received`: what means "I have it" in answer to an MO; `accepted`: the same in answer to an MT."""

    received: str = "1"
    accepted: str = "1"
    in_base64: bool = False

    NAME: ClassVar[str] = "classic-soap"
    CAPABILITIES: ClassVar[Capabilities] = Capabilities(
        max_batch=1, dedupe_window_s=0, status_by="none", unicode=False, dlr=False, mo=True, reply_in_response=True, names_mo=True
    )
    OPTIONS: ClassVar[Mapping[str, str]] = {
        "command_code": "the keyword of the contract",
        "received": "what the partner takes for “I have it” in answer to an MO; unset: 1",
        "accepted": "what the partner says to an MT that it takes; unset: 1",
        "base64": "yes: texts go and come in Base64",
        "message_type": "0 free, 1 the person pays, 2 a refund, 3 a push; unset: 0 in answer to an MO, else 3",
        "push_id": "what stands in Request_ID of a push, which answers no MO; unset: our own name of it",
        "namespace": f"of mtReceiver; unset: {_MC}",
        "operator": "what stands in Operator; unset: nothing",
    }
    NEEDED: ClassVar[tuple[str, ...]] = ("command_code",)
    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {"base64": ("yes", "no"), "message_type": ("0", "1", "2", "3")}

    @property
    def CODES(self) -> Mapping[str, Failure | None]:
        return {"-1": Failure.RETRYABLE, "fault": Failure.RETRYABLE, self.accepted: None}

    def bound(self, options: Mapping[str, str]) -> "Partner":
        """The partner of an account."""
        return Partner(options.get("received") or "1", options.get("accepted") or "1", options.get("base64") == "yes")

    # --- out ---

    def build_send(self, account: Account, batch: Batch) -> HttpRequest:
        """The envelope for the one MT of `batch`: a free answer to its MO, or a push."""
        mt, options = batch.mts[0], account.options
        fields = {
            "User_ID": digits(mt.msisdn),
            "Message": b64encode(mt.text.encode("utf-8", "replace")).decode() if self.in_base64 else plain(mt.text),
            "Service_ID": account.sender_id,
            "Command_Code": options.get("command_code", ""),
            "Message_Type": options.get("message_type") or ("0" if mt.answers else "3"),
            "Request_ID": mt.answers or options.get("push_id") or mt.ref,
            "Total_Message": "1",
            "Message_Index": "1",
            "IsMore": "0",
            "Content_Type": "0",
            "Operator": options.get("operator", ""),
        }
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
        body = f"<m:mtReceiver xmlns:m={quoteattr(options.get('namespace') or _MC)}>{inner}</m:mtReceiver>"
        headers = {"Content-Type": _XML["content-type"], "SOAPAction": '"mtReceive"'}
        proof = basic(account.username, account.password.reveal()) if account.username else {}
        return HttpRequest("POST", account.url, headers | proof, _enveloped(body))

    def parse_send(self, response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
        """One Outcome per MT: the whole number in the element that ends in return or result."""
        return (self._outcome(response),) * len(batch.mts)

    def _outcome(self, response: HttpResponse) -> Outcome:
        text = decode_text(response.body[:_LOOKED_AT])
        found = _RESULT.search(text)
        if found is None:
            return Refused(Failure.RETRYABLE, "fault") if _FAULT.search(text) else outcome_from_status(response)
        if found[1] == self.accepted:
            return Accepted()
        return Refused(Failure.RETRYABLE, found[1], unknown=found[1] not in self.CODES)

    # --- in ---

    def parse_mo(self, call: HookCall) -> Mo | Malformed:
        """A text to the short code, with its keyword."""
        try:
            said = _parameters(call)
        except NotXml as why:
            return Malformed(f"body: {why}")
        sender = international(said["sender"].removeprefix("+"))
        if not sender:
            return Malformed("User_ID: missing")
        text = _opened(said["text"]) if self.in_base64 else said["text"]
        return Mo(id_of(said["id"]), sender, said["receiver"], with_keyword(said["keyword"], text))

    def parse_dlr(self, call: HookCall) -> Dlr | Malformed:
        """This family knows no reports."""
        return Malformed("classic-soap: it knows no reports")

    def acknowledge(self, call_kind: Literal["mo", "dlr"]) -> HttpResponse:
        """ "Received" under the operation's usual name; `acknowledge_call` takes it from the call."""
        return _result(self.received, *_GENERIC)

    def acknowledge_call(self, call_kind: Literal["mo", "dlr"], call: HookCall) -> HttpResponse:
        """ "Received", under the name and namespace of the operation that was called; a GET gets the bare value."""
        return self._said(self.received, call)

    def acknowledge_with(self, words: str, call: HookCall) -> HttpResponse:
        """ "Received", with `words` for the sender."""
        return self._said(f"0|{words}", call)

    def _said(self, value: str, call: HookCall) -> HttpResponse:
        if not call.body:
            return HttpResponse(200, _TEXT, value.encode("utf-8", "replace"))
        return _result(value, *_operation(call.body))


CLASSIC_SOAP: Final = Partner()


def _enveloped(body: str) -> bytes:
    return f'<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'.encode(
        "utf-8", "replace"
    )


def _result(value: str, operation: str, namespace: str) -> HttpResponse:
    inner = f"<{operation}Return>{escape(plain(value))}</{operation}Return>"
    return HttpResponse(
        200, _XML, _enveloped(f"<ns1:{operation}Response xmlns:ns1={quoteattr(namespace)}>{inner}</ns1:{operation}Response>")
    )


def _parameters(call: HookCall) -> dict[str, str]:
    """What the call says, under the names of _NAMES; "" for what it doesn't. Raises NotXml."""
    said: dict[str, str] = {}
    if call.body:
        for element in _all(read_xml(call.body)):
            if not element.inside:
                said.setdefault(_plain_name(_local(element.name)), clean(element.text))
    else:
        said = {_plain_name(name): clean(decode_text(value)) for name, value in form_fields(call.query).items()}
    return {ours: next((said[name] for name in names if said.get(name)), "") for ours, names in _NAMES.items()}


def _all(element: Element) -> Iterator[Element]:
    yield element
    for each in element.inside:
        yield from _all(each)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _plain_name(name: str) -> str:
    return name.lower().replace("_", "")


def _opened(text: str) -> str:
    """Base64, or the text itself where it is none."""
    try:
        return clean(decode_text(b64decode(text, validate=True)))
    except ValueError:
        return text


def _operation(body: bytes) -> tuple[str, str]:
    """Name and namespace of the operation in a call's Body; the usual ones where there is none."""
    try:
        root = read_xml(body)
    except NotXml:
        return _GENERIC
    inner = next((each for each in root.inside if _local(each.name) == "Body"), None)
    if inner is None or not inner.inside:
        return _GENERIC
    called = inner.inside[0]
    prefix, _, name = called.name.rpartition(":")
    declared = f"xmlns:{prefix}" if prefix else "xmlns"
    namespace = next((each.attributes[declared] for each in (called, inner, root) if declared in each.attributes), _MC)
    return name, plain(namespace)
