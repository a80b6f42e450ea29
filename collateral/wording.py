"""The words on the pieces: copy with fields, filled for one village. The copy itself is data (templates/print/<language>.toml)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from gateway.domain.campaign import Campaign
from gateway.domain.fold import nfc
from gateway.domain.keyword import Keyword
from gateway.domain.msisdn import Msisdn
from gateway.domain.village import Village

_OF_VILLAGE: Final = ("village", "kind", "name", "code", "head", "caller", "number")
_OF_CAMPAIGN: Final = ("commune", "province", "issuer", "campaign", "desk", "short_code", "price", "keyword", "ussd", "hotline")
FIELDS: Final = frozenset((*_OF_VILLAGE, *_OF_CAMPAIGN))
_STRICT: Final[Mapping[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Shared:
    """Lines that every piece may use. `~…~` stands aside in smaller type, `**…**` is typed literally."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _STRICT

    verb: str
    commune: str
    caller: str
    sms: str
    ussd: str
    hotline: str
    safety: tuple[str, ...]
    heads: Mapping[str, str]  # kind of village -> what its head is called


@dataclass(frozen=True, slots=True)
class NguonSheet:
    __pydantic_config__: ClassVar[Mapping[str, str]] = _STRICT

    slogan: tuple[str, str]
    ask: tuple[str, str]
    issuer: str
    campaign: str


@dataclass(frozen=True, slots=True)
class NguonBanner:
    __pydantic_config__: ClassVar[Mapping[str, str]] = _STRICT

    ask: tuple[str, str]
    caller: tuple[str, ...]  # the full sentence first, then the shorter ones for long names
    issuer: str


@dataclass(frozen=True, slots=True)
class BanDoLeaflet:
    __pydantic_config__: ClassVar[Mapping[str, str]] = _STRICT

    headline: tuple[str, str]
    question: tuple[str, str]
    items: tuple[tuple[str, str], ...]
    ways_title: str
    call: tuple[str, str]
    text: tuple[str, str]
    visit: tuple[str, str]
    hints: tuple[str, ...]
    dial: str
    promise: tuple[str, ...]
    confidence: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One language's copy deck."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _STRICT

    shared: Shared
    nguon_sheet: NguonSheet
    nguon_banner: NguonBanner
    ban_do_leaflet: BanDoLeaflet


@dataclass(frozen=True, slots=True)
class Words:
    """The copy's fields for one village, all NFC: decomposed marks would print in the wrong place."""

    fields: Mapping[str, str]

    def say(self, template: str) -> str:
        """`template` with its {fields} filled."""
        return nfc(template.format_map(self.fields))

    def has(self, field: str) -> bool:
        return bool(self.fields[field])


def words_for(village: Village, campaign: Campaign, shared: Shared) -> Words:
    """What the copy may say about `village`. The head of the village is called; without a number, the campaign's desk is."""
    number = village.contact or campaign.hotline
    head = shared.heads.get(village.kind.lower(), f"trưởng {village.kind}")
    fields = {
        "village": village.title,
        "kind": village.kind,
        "name": village.name,
        "code": village.code,
        "commune": campaign.commune_title,
        "province": campaign.province_name,
        "issuer": campaign.issuer,
        "campaign": campaign.name,
        "desk": campaign.desk_name,
        "head": head if village.contact else campaign.desk_name,
        "caller": _caller(village, head, shared.heads.values()) if village.contact else campaign.desk_name,
        "number": _digits(number),
        "short_code": campaign.short_code,
        "price": campaign.price_note(),
        "keyword": Keyword.LS.value,
        "ussd": campaign.ussd,
        "hotline": _digits(campaign.hotline) if village.contact else "",
    }
    return Words({key: nfc(value) for key, value in fields.items()})


def _caller(village: Village, head: str, offices: Iterable[str]) -> str:
    """Office and name, as in trưởng thôn Hoàng Văn Thí Dụ; an office that the list names before the person wins."""
    name = village.contact_name.strip()
    for office in (head, *offices):
        if name.lower().startswith(office.lower()):
            return f"{office}{name[len(office) :]}"
    return f"{head} {name}".strip()


def _digits(number: Msisdn | None) -> str:
    return number.national if number else ""
