"""A carrier described in a TOML file: any HTTP API that takes a text to a number and says yes or no. docs/custom-carrier.md is its page.

Address, headers and body are Jinja2 templates in a sandbox: they see the account's words, the number, the text, our reference, and nothing
of this machine. What an answer or a call of theirs means is found by JMESPath in JSON, by name in a form, or by a regular expression.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import SimpleNamespace
from typing import Any, Final, Literal

import jmespath
from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.carriers import custom_bounds
from gateway.carriers.protocol import (
    Accepted,
    Account,
    Batch,
    Capabilities,
    Dlr,
    Malformed,
    Mo,
    Outcome,
    Signing,
    outcome_from_status,
    retry_after_s,
)
from gateway.carriers.shared import code_of, count_of, form_of, id_of, international, iso_ms, local_ms, words_of
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, decode_text, encoded, form_fields
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.segments import Alphabet, alphabet_of

NAME: Final = "custom"
LOOKED_AT: Final = 65_536  # bytes of an answer or a call
_MOST: Final = 200_000  # characters that a template may make of one batch
_SHORT: Final = 200  # bytes of an answer whose code is remembered, and how many such
_FEW: Final = 64
_TOO_LONG: Final = "the description makes too long a request"


class BadDescription(ValueError):
    """The file describes what can't be; the message names the key and says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Find:
    """Where a value lies: `jmes:PATH` in JSON, `field:NAME` in a form or query, `header:NAME`, `regex:PATTERN` (one group) in a body."""

    way: Literal["jmes", "field", "regex", "header"]
    what: Any = field(repr=False)  # Any: a compiled path, a pattern, a name

    @classmethod
    def read(cls, text: str, key: str) -> "Find":
        """Raises BadDescription."""
        way, colon, what = text.partition(":")
        try:
            match way:
                case "jmes" if colon:
                    return cls("jmes", custom_bounds.path(what))
                case "regex" if colon:
                    return cls("regex", custom_bounds.pattern(what))
                case "field" | "header" if what:
                    return cls(way, what if way == "field" else what.lower())
        except custom_bounds.OutOfBounds as why:
            raise BadDescription(f"{key}: “{what[:60]}” can't be used: {why}") from None
        except jmespath.exceptions.JMESPathError as why:
            raise BadDescription(f"{key}: “{what}” can't be read ({type(why).__name__})") from None
        raise BadDescription(f"{key}: write jmes:PATH, field:NAME, header:NAME or regex: with one group")

    def inside(self, seen: "Seen") -> object:
        """The value, or None."""
        match self.way:
            case "jmes":
                try:
                    return self.what.search(seen.json) if seen.json is not None else None
                except (jmespath.exceptions.JMESPathError, TypeError, ValueError, ArithmeticError):
                    return None  # a type of theirs changed
            case "field":
                return seen.fields.get(self.what)
            case "header":
                return seen.headers.get(self.what)
            case _:
                found = self.what.search(seen.text)
                return found[1] if found else None


class Seen:
    """An answer or call, opened in each of the ways it is looked at, once."""

    def __init__(self, body: bytes, headers: Mapping[str, str], query: bytes = b"") -> None:
        self._body, self._query, self.headers = body, query, headers
        self.text = decode_text(body[:LOOKED_AT])

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """Of the query, and of a form in the body."""
        return {name: decode_text(value) for name, value in form_fields(self._query).items()} | (
            form_of(HookCall("POST", "", body=self._body)) if "form" in self.headers.get("content-type", "") else {}
        )

    @cached_property
    def json(self) -> object:
        """None where the body is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None


def _quoted(value: object) -> str:
    """A number or a reference, of each MT its own, is looked at alone and leaves the memory to what a wave shares."""
    text = str(value)
    return encoded(text) if text.removeprefix("+").isalnum() else _long_quoted(text)


@lru_cache(maxsize=512)  # all MTs of a wave share the text, the account's words, the address for reports
def _long_quoted(text: str) -> str:
    return encoded(text)


_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)
_ENVIRONMENT.filters = {
    "json": lambda value: json.dumps(value, ensure_ascii=False),
    "url": _quoted,
    "base64": lambda value: base64.b64encode(str(value).encode()).decode(),
    "hex16": lambda value: str(value).encode("utf-16-be").hex(),
    "sha256": lambda value: hashlib.sha256(str(value).encode()).hexdigest(),
    "md5": lambda value: hashlib.md5(str(value).encode(), usedforsecurity=False).hexdigest(),
    "xml": lambda value: str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;"),
    "join": lambda values, between="": between.join(map(str, values)),
    "default": lambda value, other="": value or other,
}
_ENVIRONMENT.globals = {}
_ENVIRONMENT.tests = {}


def template(text: str, key: str, example: Mapping[str, object] | None = None) -> Template:
    """Raises BadDescription, also for one that asks for what templates here don't have. `example`: what it sees; else a message's."""
    seen = _example() if example is None else example
    try:
        custom_bounds.check_template(text, _ENVIRONMENT.parse(text), seen)
        made = _ENVIRONMENT.from_string(text)
        made.render(seen)
    except custom_bounds.OutOfBounds as why:
        raise BadDescription(f"{key}: {why}") from None
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as why:
        raise BadDescription(f"{key}: {type(why).__name__}: {str(why).splitlines()[0][:120]}") from None
    return made


def _example() -> dict[str, object]:
    words = {"url": "http://x", "username": "u", "password": "p", "sender": "S", "text": "a", "alphabet": "gsm7", "ref": "R"}
    one = SimpleNamespace(number="+84300000001", digits="84300000001", local="0300000001", ref="R1")
    return {**words, **vars(one), "mts": [one], "dlr_url": "", "option": _Options({}), "segments": 1}


class _Options:
    """`option.NAME` of the account; what is missing is a fault."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._options = options

    def __getattr__(self, name: str) -> str:
        return self._options.get(name, "")


@dataclass(frozen=True, slots=True)
class Hooked:
    """How a call of theirs is read: values by the names that Mo and Dlr give them; `words` of theirs by the status of ours."""

    finds: Mapping[str, Find]
    words: Mapping[str, DlrStatus] = field(default_factory=dict)
    time: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """How their calls are signed: HMAC of `over` with the account's hook_key, in `header`. `over`: a template of body and header values."""

    header: str
    algorithm: Literal["sha1", "sha256", "sha512"]
    encoding: Literal["hex", "base64"]
    over: Template
    stamp: str = ""
    fresh_s: int = 300


@dataclass(frozen=True, slots=True)
class Custom:
    """A carrier by description; it satisfies the Protocol as a module does."""

    NAME: str
    CAPABILITIES: Capabilities
    CODES: Mapping[str, Failure | None]
    OPTIONS: Mapping[str, str]
    NEEDED: tuple[str, ...]
    method: str
    url: Template = field(repr=False)
    headers: Mapping[str, Template] = field(repr=False)
    body: Template | None = field(repr=False)
    code: Find = field(repr=False)
    ref: Find | None = field(repr=False)
    parts: Find | None = field(repr=False)
    mo: Hooked | None = field(repr=False)
    dlr: Hooked | None = field(repr=False)
    answers: Mapping[Literal["mo", "dlr"], HttpResponse] = field(repr=False)
    signature: Signature | None = field(default=None, repr=False)
    _codes_seen: dict[bytes, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def build_send(self, account: Account, batch: Batch) -> HttpRequest:
        """The request as the templates make it. A template that fails on this very text raises ValueError: planning tries every text."""
        words = self._words(account, batch)
        render = _render_all if len(batch.mts) > 1 else _render
        url = render(self.url, words)
        body = render(self.body, words) if self.body is not None else ""
        if len(url) + len(body) > _MOST:
            raise ValueError(_TOO_LONG)
        headers = {name: _one_line(render(made, words)) for name, made in self.headers.items()}
        return HttpRequest(self.method, _one_line(url), headers, body.encode("utf-8", "replace"))

    def _words(self, account: Account, batch: Batch) -> dict[str, object]:
        mts = [_recipient(mt.msisdn.e164, mt.ref) for mt in batch.mts]
        return {
            "url": account.url,
            "username": account.username,
            "password": account.password.reveal(),
            "sender": account.sender_id,
            "text": batch.text,
            "alphabet": _alphabet(batch.text),
            "segments": batch.mts[0].segments,
            "dlr_url": account.dlr_url,
            "option": _Options(account.options),
            "mts": mts,
            **vars(mts[0]),
            "ref": batch.ref,
        }

    def parse_send(self, response: HttpResponse, batch: Batch) -> tuple[Outcome, ...]:
        """One Outcome per MT: the description's code decides for all of them, the HTTP status where there is none."""
        code = self._code(response)
        if not code:
            return (outcome_from_status(response),) * len(batch.mts)
        if code not in self.CODES:
            return (Refused(Failure.RETRYABLE, code, unknown=True),) * len(batch.mts)
        failure = self.CODES[code]
        if failure is None:
            if not (self.ref or self.parts):
                return (Accepted(),) * len(batch.mts)
            seen = Seen(response.body, response.headers)
            ref = id_of(self.ref.inside(seen)) if self.ref else None
            segments = count_of(self.parts.inside(seen)) if self.parts else None
            return (Accepted(ref, segments),) * len(batch.mts)
        wait_s = retry_after_s(response) if failure is Failure.THROTTLED else None
        return (Refused(failure, code, wait_s),) * len(batch.mts)

    def _code(self, response: HttpResponse) -> str:
        """Where it lies in the body alone: of the first few short bodies it is remembered, for a yes without an id is always the same."""
        body = response.body
        code = self._codes_seen.get(body)
        if code is None:
            code = code_of(self.code.inside(Seen(body, response.headers)))
            if self.code.way in ("jmes", "regex") and len(body) <= _SHORT and len(self._codes_seen) < _FEW:
                self._codes_seen[body] = code
        return code

    def parse_mo(self, call: HookCall) -> Mo | Malformed:
        """The MO as the description finds it."""
        if self.mo is None:
            return Malformed("custom: this carrier brings no MOs")
        found = _found(self.mo, call)
        sender = international(words_of(found.get("sender")))
        if not sender:
            return Malformed("sender: not where the description says")
        text = found.get("text")
        words = text.replace("\0", "").encode("utf-8", "replace").decode() if isinstance(text, str) else words_of(text)
        sent_at = words_of(found.get("time"))
        at_ms = local_ms(sent_at, self.mo.time) if self.mo.time else iso_ms(sent_at)
        return Mo(id_of(found.get("id")), sender, words_of(found.get("receiver")), words, at_ms)

    def parse_dlr(self, call: HookCall) -> Dlr | Malformed:
        """The report as the description finds it: under our reference where it brings one back, else under theirs."""
        if self.dlr is None:
            return Malformed("custom: this carrier sends no reports")
        found = _found(self.dlr, call)
        ours, theirs, word = id_of(found.get("ref")), id_of(found.get("id")), code_of(found.get("status"))
        status = self.dlr.words.get(word)
        if (ours or theirs) is None or status is None:
            return Malformed("ref, id or status: not where the description says, or a word it doesn't name")
        return Dlr(ours or theirs or "", ours=ours is not None, status=status, code=word)

    def is_signed(self, call: HookCall, by: Signing) -> bool | None:
        """By the description's signature; None where it describes none."""
        made = self.signature
        if made is None:
            return None
        stamp = call.headers.get(made.stamp, "").strip() if made.stamp else ""
        if made.stamp and not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
            return False
        if made.stamp and abs(by.now_ms - int(stamp) * 1000) > made.fresh_s * 1000:
            return False
        over = made.over.render(body=call.body.decode("utf-8", "surrogateescape"), stamp=stamp, url=by.url_of(call))
        digest = hmac.new(by.key.reveal().encode(), over.encode("utf-8", "surrogateescape"), made.algorithm).digest()
        right = digest.hex().encode() if made.encoding == "hex" else base64.b64encode(digest)
        given = call.headers.get(made.header, "").strip().encode("utf-8", "replace")
        return hmac.compare_digest(given.lower() if made.encoding == "hex" else given, right)

    def acknowledge(self, call_kind: Literal["mo", "dlr"]) -> HttpResponse:
        """What the description says; 200 and nothing, where it says nothing."""
        return self.answers.get(call_kind, HttpResponse(200, {}, b""))


@lru_cache(maxsize=64)
def _alphabet(text: str) -> str:
    return "gsm7" if alphabet_of(text) is Alphabet.GSM7 else "ucs2"


def _recipient(e164: str, ref: str) -> SimpleNamespace:
    digits = e164.removeprefix("+")
    return SimpleNamespace(number=e164, digits=digits, local="0" + digits[2:] if digits.startswith("84") else digits, ref=ref)


def _render(made: Template, words: dict[str, object]) -> str:
    """`made.render(words)` in half its time: `words` are not copied, and there are no globals to name."""
    return "".join(made.root_render_func(Context(made.environment, words, made.name, {})))


def _render_all(made: Template, words: Mapping[str, object]) -> str:
    """The same for many recipients, given up as soon as it is too long: a loop can write a text a thousand times."""
    pieces, length = list[str](), 0
    for piece in made.generate(words):
        pieces.append(piece)
        length += len(piece)
        if length > _MOST:
            raise ValueError(_TOO_LONG)
    return "".join(pieces)


def _one_line(text: str) -> str:
    """A header or address: a line break in it would begin another header."""
    return text.replace("\r", "").replace("\n", "").strip()


def _found(hooked: Hooked, call: HookCall) -> dict[str, object]:
    seen = Seen(call.body, call.headers, call.query)
    return {name: find.inside(seen) for name, find in hooked.finds.items()}
