"""A custom carrier's TOML as a Custom, with every fault named by its line (docs/custom-carrier.md)."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from jinja2 import Template
from pydantic import Field

from gateway.carriers.custom import NAME, BadDescription, Custom, Find, Hooked, Signature, template
from gateway.carriers.protocol import Capabilities
from gateway.carriers.wire import HttpResponse
from gateway.domain.failure import Failure
from gateway.domain.fault import Fault
from gateway.domain.message import DlrStatus
from gateway.toml_file import Frozen, TomlFile, matching, read_toml, validated

T = TypeVar("T")
Words = tuple[str, ...]

_HEADER: Final = matching(r"[A-Za-z0-9-]{1,64}", "a header's name has letters, digits and dashes")


class _Send(Frozen):
    method: Literal["GET", "POST", "PUT"] = "POST"
    url: str = "{{ url }}"
    headers: dict[Annotated[str, _HEADER], str] = Field(default_factory=dict)
    body: str = ""
    max_batch: int = Field(default=1, ge=1, le=1_000)
    dedupe_window_s: int = Field(default=0, ge=0, le=7 * 86_400)
    unicode: bool = True


class _Answer(Frozen):
    code: str
    ref: str = ""
    segments: str = ""
    taken: Words
    permanent: Words = ()
    unroutable: Words = ()
    retryable: Words = ()
    throttled: Words = ()
    misconfigured: Words = ()


class _Mo(Frozen):
    sender: str
    text: str
    id: str = ""
    receiver: str = ""
    time: str = ""
    time_format: str = ""
    acknowledge: str = ""


class _Dlr(Frozen):
    status: str
    ref: str = ""
    id: str = ""
    delivered: Words = ()
    failed: Words = ()
    rejected: Words = ()
    accepted: Words = ()
    buffered: Words = ()
    acknowledge: str = ""


class _Signature(Frozen):
    header: Annotated[str, _HEADER]
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    over: str = "{{ body }}"
    stamp: str = ""
    fresh_s: int = Field(default=300, ge=10, le=3_600)


class _File(Frozen):
    send: _Send
    answer: _Answer
    mo: _Mo | None = None
    dlr: _Dlr | None = None
    signature: _Signature | None = None
    options: dict[str, str] = Field(default_factory=dict)
    needed: Words = ()


def load_custom(path: Path) -> tuple[Custom | None, tuple[Fault, ...]]:
    """The carrier that the TOML at `path` describes, and what is wrong with it; None where anything is."""
    toml, faults = read_toml(path), list[Fault]()
    if toml.fault is not None:
        return None, (toml.fault,)
    file = validated(_File, toml, toml.values, faults)
    if file is None or faults:
        return None, tuple(faults)
    made = _custom(toml, file, faults)
    return (None if faults else made), tuple(faults)


def _custom(toml: TomlFile, file: _File, faults: list[Fault]) -> Custom | None:
    def part(make: Callable[[str, str], T], text: str, *place: str) -> T | None:
        try:
            return make(text, ".".join(place)) if text else None
        except BadDescription as why:
            remedy = "Correct it; docs/custom-carrier.md lists what may stand there"
            faults.append(Fault(toml.file, toml.places.line(place), ".".join(place), str(why), remedy))
            return None

    faults += _word_faults(toml, file)
    code, url = part(Find.read, file.answer.code, "answer", "code"), part(template, file.send.url, "send", "url")
    headers = {name: part(template, text, "send", "headers", name) for name, text in file.send.headers.items()}
    body = part(template, file.send.body, "send", "body")
    ref, segments = part(Find.read, file.answer.ref, "answer", "ref"), part(Find.read, file.answer.segments, "answer", "segments")
    mo, dlr = _mo(file.mo, part), _dlr(file.dlr, part)
    signature = _signature(file.signature, part)
    if code is None or url is None or faults:
        return None
    return Custom(
        NAME=NAME,
        CAPABILITIES=Capabilities(
            file.send.max_batch, file.send.dedupe_window_s, "none", file.send.unicode, dlr is not None, mo is not None
        ),
        CODES=_codes(file.answer),
        OPTIONS=file.options | ({"hook_key": "the key that signs its calls"} if signature else {}),
        NEEDED=file.needed,
        method=file.send.method,
        url=url,
        headers={name: made for name, made in headers.items() if made is not None},
        body=body,
        code=code,
        ref=ref,
        parts=segments,
        mo=mo,
        dlr=dlr,
        answers=_answers(file),
        signature=signature,
    )


_BY_KIND: Final = {
    "taken": None,
    "permanent": Failure.PERMANENT,
    "unroutable": Failure.UNROUTABLE,
    "retryable": Failure.RETRYABLE,
    "throttled": Failure.THROTTLED,
    "misconfigured": Failure.MISCONFIGURED,
}


def _codes(answer: _Answer) -> dict[str, Failure | None]:
    return {code: failure for kind, failure in _BY_KIND.items() for code in getattr(answer, kind)}


def _word_faults(toml: TomlFile, file: _File) -> Iterator[Fault]:
    """Codes under two kinds, and a carrier that never says yes."""
    seen: dict[str, str] = {}
    for kind in _BY_KIND:
        for code in getattr(file.answer, kind):
            if (other := seen.setdefault(code, kind)) != kind:
                yield Fault(
                    toml.file, toml.places.line(("answer", kind)), f"answer.{kind}", f"“{code}” stands under {other} too", "Keep one"
                )
    if not file.answer.taken:
        yield Fault(toml.file, toml.places.line(("answer", "taken")), "answer.taken", "No code means yes", "Name at least one")
    if file.dlr is not None and not (file.dlr.ref or file.dlr.id):
        yield Fault(toml.file, toml.places.line(("dlr",)), "dlr", "A report must name its message", "Add ref (our name) or id (theirs)")
    for name in file.needed:
        if name not in file.options:
            yield Fault(
                toml.file, toml.places.line(("needed",)), "needed", f"“{name}” is none of the options", "Describe it under [options]"
            )


def _mo(mo: _Mo | None, part: Callable[..., Find | None]) -> Hooked | None:
    if mo is None:
        return None
    finds = {name: part(Find.read, getattr(mo, name), "mo", name) for name in ("sender", "text", "id", "receiver", "time")}
    return Hooked({name: find for name, find in finds.items() if find is not None}, time=mo.time_format)


def _dlr(dlr: _Dlr | None, part: Callable[..., Find | None]) -> Hooked | None:
    if dlr is None:
        return None
    finds = {name: part(Find.read, getattr(dlr, name), "dlr", name) for name in ("status", "ref", "id")}
    words = {word: status for status in DlrStatus for word in getattr(dlr, status.value)}
    return Hooked({name: find for name, find in finds.items() if find is not None}, words)


def _signature(signature: _Signature | None, part: Callable[..., Template | None]) -> Signature | None:
    if signature is None:
        return None
    over = part(lambda text, key: template(text, key, {"body": "", "stamp": "", "url": ""}), signature.over, "signature", "over")
    if over is None:
        return None
    return Signature(signature.header.lower(), signature.algorithm, signature.encoding, over, signature.stamp.lower(), signature.fresh_s)


def _answers(file: _File) -> Mapping[Literal["mo", "dlr"], HttpResponse]:
    said: dict[Literal["mo", "dlr"], str] = {"mo": file.mo.acknowledge if file.mo else "", "dlr": file.dlr.acknowledge if file.dlr else ""}
    return {kind: _answer(words) for kind, words in said.items() if words}


def _answer(words: str) -> HttpResponse:
    """As JSON or XML where it begins like it."""
    kind = {"{": "application/json", "[": "application/json", "<": "text/xml; charset=utf-8"}.get(words[:1], "text/plain; charset=utf-8")
    return HttpResponse(200, {"content-type": kind}, words.encode())
