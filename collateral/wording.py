"""The words on the pieces: copy with fields, filled for one village. The copy itself is data (templates/print/<language>.toml)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, TypeVar

from gateway.domain.campaign import Campaign
from gateway.domain.fold import nfc
from gateway.domain.keyword import Keyword
from gateway.domain.msisdn import Msisdn
from gateway.domain.village import Village

_OF_VILLAGE: Final = ("village", "kind", "name", "code", "head", "caller", "number")
_OF_CAMPAIGN: Final = ("commune", "province", "issuer", "campaign", "desk", "short_code", "price", "keyword", "ussd", "hotline", "abroad")
FIELDS: Final = frozenset((*_OF_VILLAGE, *_OF_CAMPAIGN))
STRICT: Final[Mapping[str, str]] = {"extra": "forbid"}
HOME: Final = "vi"  # whose readers dial numbers as the country does and reach short codes
Section = TypeVar("Section")


@dataclass(frozen=True, slots=True)
class Shared:
    """Lines that every piece may use. `~…~` stands aside in smaller type, `**…**` is typed literally."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    verb: str
    commune: str
    caller: str
    sms: str
    ussd: str
    hotline: str
    safety: tuple[str, ...]
    heads: Mapping[str, str]  # kind of village -> what its head is called
    head: str = "trưởng {kind}"  # what the head of any other kind is called
    desk: str = ""  # the desk's name in this language; "": as the campaign writes it
    reviewed_by: str = ""
    draft: str = ""  # what a file of this language warns of until somebody has read the deck


@dataclass(frozen=True, slots=True)
class Copy:
    """One language's copy deck. `sections`: what each layout says, by its class; a deck may lack layouts it has no words for yet."""

    lang: str
    shared: Shared
    sections: Mapping[type, object]

    def section(self, of: type[Section]) -> Section | None:
        """The words of one layout."""
        found = self.sections.get(of)
        return found if isinstance(found, of) else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to say of every file in this language: that nobody who speaks it has read the words."""
        return (self.shared.draft,) if self.shared.draft and not self.shared.reviewed_by else ()


@dataclass(frozen=True, slots=True)
class Words:
    """The copy's fields for one village, all NFC: decomposed marks would print in the wrong place."""

    fields: Mapping[str, str]

    def say(self, template: str) -> str:
        """`template` with its {fields} filled."""
        return nfc(template.format_map(self.fields))

    def has(self, field: str) -> bool:
        return bool(self.fields[field])


def words_for(village: Village, campaign: Campaign, shared: Shared, lang: str = HOME) -> Words:
    """What the copy may say about `village`. The head of the village is called; without a number, the campaign's desk is.

    Other languages are read abroad too: numbers stand with +84, and short code and USSD, which nobody reaches from there, are empty; the
    head's name stays away, for the village list writes it with a Vietnamese office.
    """
    number, at_home = village.contact or campaign.hotline, lang == HOME
    head = shared.heads.get(village.kind.lower()) or shared.head.replace("{kind}", village.kind)
    desk = shared.desk or campaign.desk_name
    caller = _caller(village, head, shared.heads.values()) if at_home else head
    fields = {
        "village": village.title,
        "kind": village.kind,
        "name": village.name,
        "code": village.code,
        "commune": campaign.commune_title,
        "province": campaign.province_name,
        "issuer": campaign.issuer,
        "campaign": campaign.name,
        "desk": desk,
        "head": head if village.contact else desk,
        "caller": caller if village.contact else desk,
        "number": _digits(number, at_home=at_home),
        "short_code": campaign.short_code if at_home else "",
        "price": campaign.price_note(),
        "keyword": Keyword.LS.value,
        "ussd": campaign.ussd if at_home else "",
        "hotline": _digits(campaign.hotline, at_home=at_home) if village.contact else "",
        "abroad": "" if at_home else _digits(campaign.number_abroad, at_home=False),
    }
    return Words({key: nfc(value) for key, value in fields.items()})


def _caller(village: Village, head: str, offices: Iterable[str]) -> str:
    """Office and name, as in trưởng thôn Hoàng Văn Thí Dụ; an office that the list names before the person wins."""
    name = village.contact_name.strip()
    for office in (head, *offices):
        if name.lower().startswith(office.lower()):
            return f"{office}{name[len(office) :]}"
    return f"{head} {name}".strip()


def _digits(number: Msisdn | None, *, at_home: bool) -> str:
    if number is None:
        return ""
    return number.national if at_home else number.international
