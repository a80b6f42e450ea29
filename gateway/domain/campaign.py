"""The campaign as `campaign.toml` states it: names, legal basis, phases, channels, prices."""

from dataclasses import dataclass, field
from datetime import date, time

from gateway.domain.caps import Caps
from gateway.domain.msisdn import Msisdn


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the campaign; both days belong to it."""

    number: int
    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class PeakDay:
    """A day of the year on which waves gather (27/7, 22/12)."""

    month: int
    day: int
    name: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """All that print, page, replies and waves say of the campaign. `sms_price_vnd`: what a resident pays for an SMS to `short_code`.

    `free_by_contract`: number of the contract that makes it free, else "". `window`: local hours in which waves may go out.
    `caps`: how many messages of waves a person gets at most. `hotline_hours`: when the hotline answers; None: day and night.
    `emergency`: answered day and night. `number_abroad`: where an SMS from a foreign network can go. `zalo`: link of the official account.
    """

    name: str
    commune: str
    commune_name: str
    commune_title: str
    province_name: str
    issuer: str
    issuer_address: str
    short_code: str
    sms_price_vnd: int
    free_by_contract: str
    ussd: str
    hotline: Msisdn | None
    desk_name: str
    languages: tuple[str, ...]
    day_one: date
    phases: tuple[Phase, ...]
    peak_days: tuple[PeakDay, ...]
    legal_basis: tuple[str, ...]
    timezone: str
    window: tuple[time, time]
    link_base: str
    caps: Caps = field(default_factory=Caps)
    hotline_hours: tuple[time, time] | None = None
    emergency: Msisdn | None = None
    number_abroad: Msisdn | None = None
    zalo: str = ""

    def price_note(self, accented: bool = True) -> str:
        """ "1.000 đ/tin"; "miễn phí" only where a contract says so (field.md §6.1)."""
        if self.free_by_contract:
            return "miễn phí" if accented else "mien phi"
        grouped = f"{self.sms_price_vnd:,}".replace(",", ".")
        return f"{grouped} đ/tin" if accented else f"{self.sms_price_vnd}d/tin"
