"""A tip: one report by one person, whatever the channel."""

from dataclasses import dataclass, field
from enum import StrEnum


class Channel(StrEnum):
    """How it came."""

    SMS = "sms"
    USSD = "ussd"
    ZALO = "zalo"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Tip:
    """What the desk reads. `code` is the informant's receipt; words and number are shown by name only."""

    code: str
    channel: Channel
    village: str | None
    placement: str | None
    text: str = field(repr=False)
    sender: str = field(repr=False)  # E.164, or "" where the informant gave none
    urgent: str | None  # "remains" | "uxo"
    received_at_ms: int
