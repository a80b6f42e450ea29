"""A package of tips for another body: what may be in it, how it goes, what comes back. Values alone; pure."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Way(StrEnum):
    """How a package goes."""

    SEALED = "sealed"  # a file that only the receiver's key opens
    PAPER = "paper"


class Format(StrEnum):
    """In what form its list lies in a sealed package; on paper it is always the paper."""

    JSON = "json"
    XLSX = "xlsx"
    PDF = "pdf"


class Part(StrEnum):
    """What of a tip goes in. Codes, days and results always do."""

    WORDS = "words"
    FIELDS = "fields"
    ATTACHMENTS = "attachments"
    INFORMANT = "informant"  # the number, of those alone who agreed to be called


class State(StrEnum):
    """Where a hand-over stands."""

    PREPARED = "prepared"  # waits for the second person
    REFUSED = "refused"
    RELEASED = "released"  # decided: it may leave, and its clock runs
    RECEIVED = "received"


class Status(StrEnum):
    """What the receiver says of a tip."""

    ACCEPTED = "accepted"
    NEEDS_MORE = "needs_more"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A body that packages go to, by `hand_over.toml`. `public_key`: base64 of 32 bytes, "": it gets paper alone."""

    name: str
    title: str
    way: Way
    format: Format
    term_days: int
    public_key: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class TipSheet:
    """One tip as it goes: numbers inside its words are masked. `informant`: a number in full, "" without consent."""

    code: str
    received: str
    channel: str
    village: str
    kind: str
    result: str
    words: str = field(default="", repr=False)
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    informant: str = field(default="", repr=False)
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """What was prepared, and is decided on as it stands. `receipt`: the code on the slip that comes back."""

    number: str
    version: int
    sender: str
    receiver: str
    prepared_by: str
    day: str
    receipt: str
    note: str = field(repr=False)
    tips: tuple[TipSheet, ...] = field(repr=False)


FORMAT: Final = "tinbao-hand-over/1"
