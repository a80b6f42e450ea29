"""A tip: one report by one person, whatever the channel."""

from enum import StrEnum
from typing import Final


class Channel(StrEnum):
    """How it came."""

    SMS = "sms"
    USSD = "ussd"
    ZALO = "zalo"
    WEB = "web"
    PHONE = "phone"  # told to staff, who typed it in
    PAPER = "paper"
    WALK_IN = "walk_in"


BY_STAFF: Final = frozenset({Channel.PHONE, Channel.PAPER, Channel.WALK_IN})
