"""A tip: one report by one person, whatever the channel."""

from enum import StrEnum


class Channel(StrEnum):
    """How it came."""

    SMS = "sms"
    USSD = "ussd"
    ZALO = "zalo"
    WEB = "web"
