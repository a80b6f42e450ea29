"""What Jasmin tells a client of its message, and how: the parameters of its HTTP callbacks. Pure.

Source: Jasmin's documentation of its HTTP API, "Receiving DLR", and `jasmin/routing/throwers.py` (carriers.md §4.7). Level 1 is what the
SMSC said, level 2 the end: `level` names which of the two this call tells of, not which the client asked for. `text` stays empty: Jasmin
repeats the beginning of the message there, and no words of ours stand in a URL.
"""

from base64 import b32decode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, Self
from urllib.parse import urlencode

from gateway.domain.kannel_escapes import ACCEPTED, DELIVERED, FAILED, REJECTED

ACKNOWLEDGED: Final = "ACK/Jasmin"
_START: Final = "jasmin:"
MASKS: Final = {1: ACCEPTED | REJECTED, 2: DELIVERED | FAILED | REJECTED, 3: ACCEPTED | REJECTED | DELIVERED | FAILED}  # by dlr-level
_WORDS: Final = {ACCEPTED: "ESME_ROK", REJECTED: "ESME_RSUBMITFAIL", DELIVERED: "DELIVRD", FAILED: "UNDELIV"}


def message_id(ref: str) -> str:
    """Our name of an MT as the UUID that Jasmin's clients keep: its 80 bits and zeros."""
    digits = b32decode(ref).hex().ljust(32, "0")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@dataclass(frozen=True, slots=True)
class JasminReport:
    """What a client asked for: calls to `url`, of `level`. As text it stands where a dlr-url with Kannel's escapes does."""

    level: int
    url: str = field(repr=False)

    def __str__(self) -> str:
        return f"{_START}{self.level}:{self.url}"

    @classmethod
    def of(cls, text: str) -> Self | None:
        """What `str` made; None for any other address."""
        level, _, url = text.removeprefix(_START).partition(":")
        return cls(int(level), url) if text.startswith(_START) else None


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an MT. `bit`: as Kannel's mask counts; times are epoch ms."""

    ref: str
    bit: int
    route: str
    carrier_ref: str | None
    code: str
    sent_at: int | None
    at: int


def call_of(report: JasminReport, method: Literal["GET", "POST"] | str, fate: Fate) -> tuple[str, dict[str, str], str]:
    """URL, headers and body of the call."""
    form = urlencode(_fields(report, fate))
    if method == "POST":
        return report.url, {"Content-Type": "application/x-www-form-urlencoded"}, form
    return f"{report.url}{'&' if '?' in report.url else '?'}{form}", {}, ""


def _fields(report: JasminReport, fate: Fate) -> dict[str, str]:
    at_smsc = fate.bit == ACCEPTED or (fate.bit == REJECTED and report.level != 2)  # who asks for the end alone hears of that one too
    word = "REJECTD" if fate.bit == REJECTED and not at_smsc else _WORDS[fate.bit]
    head = {"id": message_id(fate.ref), "message_status": word, "level": "1" if at_smsc else "2", "connector": fate.route}
    if at_smsc:
        return head
    return head | {
        "id_smsc": fate.carrier_ref or "",
        "sub": "001",
        "dlvrd": "001" if fate.bit == DELIVERED else "000",
        "subdate": _minute(fate.sent_at if fate.sent_at is not None else fate.at),
        "donedate": _minute(fate.at),
        "err": fate.code[:3] if fate.code.isascii() and fate.code.isdigit() else "000",
        "text": "",
    }


def _minute(at: int) -> str:
    """SMPP's YYMMDDhhmm."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%y%m%d%H%M")
