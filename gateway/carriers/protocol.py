"""What a carrier is: a module with these names. Values in, values out; parsers never raise, whatever the bytes.

build_send -> HttpRequest ~> HttpResponse -> parse_send -> Accepted | Refused, one per MT
HookCall -> parse_mo -> Mo | Malformed          HookCall -> parse_dlr -> Dlr | Malformed
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol, TypeGuard

from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Account:
    """Our contract at a carrier. `name`: the route's. `dlr_url`: our hook for this route's DLRs with its secret in the query, or "".

    `validity_min`: how long the carrier tries to deliver; None: as long as it likes. `options`: what its module's OPTIONS name.
    """

    name: str
    url: str
    username: str
    password: Secret
    sender_id: str
    dlr_url: str = field(default="", repr=False)
    validity_min: int | None = None
    options: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


class Mt(NamedTuple):  # like the other values that a blast makes by the ten thousand a second: a frozen dataclass takes four times as long
    """One text to one handset, or to a person of a network that knows no numbers ("zalo:ID" as `msisdn`).

    `ref`: our unguessable name of it, capitals and digits; the carrier brings it back in a DLR. `answers`: the carrier's id of the MO that
    it replies to, filled in for carriers that want it named (`names_mo`).
    """

    id: int
    ref: str
    msisdn: Msisdn
    text: str
    segments: int
    answers: str = ""

    def __repr__(self) -> str:
        return f"Mt({self.id}, {self.ref})"


class Batch(NamedTuple):
    """The MTs of one request, at least one; when there are more they share one text. `ref` names the request itself."""

    ref: str
    mts: tuple[Mt, ...]

    @property
    def text(self) -> str:
        """The text that all members share."""
        return self.mts[0].text


class Accepted(NamedTuple):
    """The carrier took the MT; that isn't delivery. `segments`: what it charges, where it says so."""

    carrier_ref: str | None = None
    segments: int | None = None


Outcome = Accepted | Refused


class Balance(NamedTuple):
    """What is left on our account, in `currency` (ISO 4217, "credits" or ""). None: the account stands, and the carrier names no sum."""

    amount: Decimal | None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Mo:
    """A message from a handset. `carrier_id` is unique on its route where given; `sender`, `receiver` as the carrier writes them."""

    carrier_id: str | None
    sender: str = field(repr=False)
    receiver: str
    text: str = field(repr=False)
    sent_at_ms: int | None = None
    udh: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Dlr:
    """A delivery report. `ours`: `ref` is our Mt.ref, else the carrier's. `recipient`: index within a request that shares one ref."""

    ref: str
    ours: bool
    recipient: int = 0
    status: DlrStatus = DlrStatus.DELIVERED
    code: str = ""
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """A hook call that can't be read. `reason` names the field and never its value; the caller keeps the raw call for the desk."""

    reason: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a carrier can and can't. `lost_means`: what is true of an MT whose answer never came, by the carrier's own page."""

    max_batch: int
    dedupe_window_s: int  # 0: it never recognises a repeat
    status_by: Literal["our_ref", "carrier_ref", "none"]
    unicode: bool
    dlr: bool
    mo: bool
    reply_in_response: bool = False  # what we answer to an MO's call may carry the text for its sender
    lost_means: Literal["maybe_sent", "not_sent"] = "maybe_sent"
    addresses: str = "+"  # how the addresses begin that it reaches: numbers; Zalo knows people as "zalo:ID"
    names_mo: bool = False  # the reply to an MO must name it


class Carrier(Protocol):
    """A carrier's module. `CODES`: each word the carrier answers with, None for a yes; reviewed row by row."""

    @property
    def NAME(self) -> str: ...
    @property
    def CAPABILITIES(self) -> Capabilities: ...
    @property
    def CODES(self) -> Mapping[str, Failure | None]: ...

    def build_send(self, account: Account, batch: Batch) -> HttpRequest:
        """The request that sends `batch`, the same bytes each time."""

    def parse_send(self, response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
        """One Outcome per MT of `batch`, in its order."""

    def parse_mo(self, call: HookCall) -> Mo | Malformed:
        """The MO in a hook call."""

    def parse_dlr(self, call: HookCall) -> Dlr | Malformed:
        """The report in a hook call."""

    def acknowledge(self, call_kind: Literal["mo", "dlr"]) -> HttpResponse:
        """The answer that this carrier takes for "I have it"."""


class AsksStatus(Carrier, Protocol):
    """A carrier that can be asked what became of a request."""

    def build_status(self, account: Account, batch: Batch) -> HttpRequest:
        """Ask about every MT of `batch`."""

    def parse_status(self, response: HttpResponse, batch: Batch) -> tuple[Outcome | None, ...]:
        """One per MT in order; None: the carrier doesn't know it, which proves nothing for a while, and then that it never arrived.

        An answer that says neither is a Refused with `maybe_sent`: it leaves the MT uncertain, for None leads to a second send.
        """


class AsksBalance(Carrier, Protocol):
    """A carrier with a call that sends nothing and shows whether it takes our credentials: what is left there, or its like."""

    def build_balance(self, account: Account) -> HttpRequest:
        """The call; its address is made from that of sending."""

    def parse_balance(self, response: HttpResponse) -> Balance | Refused:
        """What is left; Refused with the carrier's own word, or http-STATUS."""


class RepliesInResponse(Carrier, Protocol):
    """A carrier that sends the text in our answer to an MO's call to its sender."""

    def acknowledge_with(self, words: str, call: HookCall) -> HttpResponse:
        """ "I have it", with `words` for the sender of the MO in `call`."""


class AnswersCalls(Carrier, Protocol):
    """A carrier whose answer depends on the call."""

    def acknowledge_call(self, call_kind: Literal["mo", "dlr"], call: HookCall) -> HttpResponse:
        """ "I have it" for `call`."""


class RefusesCalls(Carrier, Protocol):
    """A carrier that wants a no in its own words."""

    def refuse_call(self, call: HookCall) -> HttpResponse:
        """The answer to `call`, which isn't authentic."""


def acknowledgement(carrier: Carrier, call_kind: Literal["mo", "dlr"], call: HookCall) -> HttpResponse:
    """What `carrier` takes for "I have it" in answer to `call`."""
    return carrier.acknowledge_call(call_kind, call) if _answers_calls(carrier) else carrier.acknowledge(call_kind)


def refusal_of(carrier: Carrier, call: HookCall) -> HttpResponse | None:
    """The no of `carrier`'s own to a call that isn't authentic; None: a plain 403 will do."""
    return carrier.refuse_call(call) if _refuses_calls(carrier) else None


def _answers_calls(carrier: Carrier) -> TypeGuard[AnswersCalls]:
    return hasattr(carrier, "acknowledge_call")


def _refuses_calls(carrier: Carrier) -> TypeGuard[RefusesCalls]:
    return hasattr(carrier, "refuse_call")


class Binds(Carrier, Protocol):
    """A carrier of which every partner has its own dialect, told by the account's options."""

    def bound(self, options: Mapping[str, str]) -> Carrier:
        """The same for one account."""


def bound(carrier: Carrier, options: Mapping[str, str]) -> Carrier:
    """`carrier` as it speaks with the account of `options`."""
    return carrier.bound(options) if _binds(carrier) else carrier


def _binds(carrier: Carrier) -> TypeGuard[Binds]:
    return hasattr(carrier, "bound")


class Misfit(NamedTuple):
    """An option whose value can't be used: its name, a sentence, the remedy."""

    option: str
    sentence: str
    remedy: str


def misfits_in(carrier: Carrier, options: Mapping[str, str]) -> tuple[Misfit, ...]:
    """What `carrier` can't use of `options`; most take any words."""
    found: tuple[Misfit, ...] = carrier.misfits(options) if hasattr(carrier, "misfits") else ()
    return found


@dataclass(frozen=True, slots=True)
class Signing:
    """What a signature is checked with: our `key`, the public address that the carrier called (`base_url`, without a path), the time."""

    key: Secret
    base_url: str
    now_ms: int

    def url_of(self, call: HookCall) -> str:
        """The address of `call` as the carrier wrote it: behind a proxy the request line shows another host."""
        query = call.query.decode("utf-8", "surrogateescape")
        return f"{self.base_url.rstrip('/')}{call.path}{'?' if query else ''}{query}"


class SignsCalls(Carrier, Protocol):
    """A carrier whose calls prove by themselves where they come from."""

    def is_signed(self, call: HookCall, by: Signing) -> bool | None:
        """Whether `call` bears its signature, compared in constant time and not too old; None: calls of this kind bear none."""


def signs_calls(carrier: Carrier) -> TypeGuard[SignsCalls]:
    """Whether `carrier` has `is_signed`."""
    return hasattr(carrier, "is_signed")


class SplitsCalls(Carrier, Protocol):
    """A carrier that tells several things in one call."""

    def calls_in(self, call: HookCall) -> tuple[HookCall, ...]:
        """`call` as calls that tell one thing each, at least one."""


def calls_in(carrier: Carrier, call: HookCall) -> tuple[HookCall, ...]:
    """What `call` tells, one thing a call."""
    return carrier.calls_in(call) if _splits_calls(carrier) else (call,)


def _splits_calls(carrier: Carrier) -> TypeGuard[SplitsCalls]:
    return hasattr(carrier, "calls_in")


def options_of(carrier: Carrier) -> Mapping[str, str]:
    """What the account of `carrier` may say beside name and password, with what it is; a carrier that needs no more says nothing."""
    return getattr(carrier, "OPTIONS", {})


def needed_by(carrier: Carrier) -> tuple[str, ...]:
    """Those of its options that it can't do without."""
    return getattr(carrier, "NEEDED", ())


def choices_of(carrier: Carrier) -> Mapping[str, tuple[str, ...]]:
    """Those of its options that take one of a few words."""
    return getattr(carrier, "CHOICES", {})


@dataclass(frozen=True, slots=True)
class Network:
    """Which network a number is with today, as a carrier says. `code`: MCC and MNC, "45204"; `name` as written; one of them may be ""."""

    code: str
    name: str = ""


class LooksUp(Carrier, Protocol):
    """A carrier that can be asked which network a number is with. Asking may cost, and sends nobody anything."""

    def build_lookup(self, account: Account, msisdn: Msisdn) -> HttpRequest:
        """Ask about `msisdn`."""

    def parse_lookup(self, response: HttpResponse, msisdn: Msisdn) -> Network | Malformed:
        """What it said; Malformed: no answer to go by, be it a refusal or an unknown number."""


def looks_up(carrier: Carrier) -> TypeGuard[LooksUp]:
    """Whether `carrier` has `build_lookup` and `parse_lookup`."""
    return hasattr(carrier, "build_lookup")


class Result(NamedTuple):
    """What became of one recipient, as a carrier said when it was asked."""

    msisdn: Msisdn
    status: DlrStatus

    def __repr__(self) -> str:
        return f"Result({self.status.value})"


class TellsWhenAsked(Carrier, Protocol):
    """A carrier that sends no reports by recipient, but says when asked what became of those of one request. `RESULTS_FOR_S`: so long."""

    @property
    def RESULTS_FOR_S(self) -> int: ...

    def build_results(self, account: Account, carrier_ref: str) -> HttpRequest:
        """Ask about the request that the carrier calls `carrier_ref`."""

    def parse_results(self, response: HttpResponse) -> tuple[Result, ...] | Refused:
        """Those of which it says something final; Refused with its own word, or http-STATUS."""


def tells_when_asked(carrier: Carrier) -> TypeGuard[TellsWhenAsked]:
    """Whether `carrier` has `build_results` and `parse_results`."""
    return hasattr(carrier, "build_results")


def replies_in_response(carrier: Carrier) -> TypeGuard[RepliesInResponse]:
    """Whether `carrier` has `acknowledge_with`."""
    return carrier.CAPABILITIES.reply_in_response


def asks_balance(carrier: Carrier) -> TypeGuard[AsksBalance]:
    """Whether `carrier` has `build_balance` and `parse_balance`."""
    return hasattr(carrier, "build_balance")


def asks_status(carrier: Carrier) -> TypeGuard[AsksStatus]:
    """Whether `carrier` has `build_status` and `parse_status`."""
    return carrier.CAPABILITIES.status_by != "none"


def retry_after_s(response: HttpResponse) -> float | None:
    """Seconds of a Retry-After header (RFC 9110 §10.2.3), at most an hour; a date or nonsense gives None."""
    text = response.headers.get("retry-after", "").strip()
    return float(min(int(text), 3600)) if text.isascii() and text.isdigit() and len(text) < 10 else None


def outcome_from_status(response: HttpResponse) -> Refused:
    """What an answer without a word of the carrier's own means, by its HTTP status alone: the fallback, never a yes.

    Gateway errors and a 2xx that isn't the carrier's came after our bytes went out: the MT may have been sent. A 503: nobody took it.
    """
    code = f"http-{response.status}"
    match response.status:
        case 401 | 402 | 403 | 404 | 405 | 407:
            return Refused(Failure.MISCONFIGURED, code)
        case 429:
            return Refused(Failure.THROTTLED, code, retry_after_s(response))
        case status if 300 <= status < 400:  # redirects carry credentials along: not followed, so the URL is wrong
            return Refused(Failure.MISCONFIGURED, code)
        case status if 400 <= status < 500 or status == 503:
            return Refused(Failure.RETRYABLE, code, retry_after_s(response))
        case _:
            return Refused(Failure.RETRYABLE, code, maybe_sent=True)
