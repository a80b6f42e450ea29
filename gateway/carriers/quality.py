"""How sure we are of each carrier, and how far it was proved: docs/carriers.md is made from this, and settings ask it (`unproved`).

bronze: sends, and parses recorded answers. silver: reports and all its codes too. gold: proved against the carrier itself.
V2: seen in two or more independent sources. V1: in one. MEM: from memory; such a route must say memory_ok = true.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Facts(StrEnum):
    """Where what the module says was seen."""

    TWO = "V2"
    ONE = "V1"
    MEMORY = "MEM"
    OURS = "ours"  # its other side is ours: nothing to be sure of


class Mark(StrEnum):
    """How far it was proved."""

    NONE = "n/a"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


@dataclass(frozen=True, slots=True)
class Quality:
    """`sure`, `proved`: the sentences of docs/carriers.md that go on from the words."""

    facts: Facts
    sure: str
    mark: Mark
    proved: str

    def __str__(self) -> str:
        return f"{self.facts}{self.sure} | {self.mark}{self.proved}"


_TWO, _ONE = Facts.TWO, Facts.ONE
_BRONZE, _SILVER = Mark.BRONZE, Mark.SILVER
QUALITY: Final[Mapping[str, Quality]] = {
    "abenla": Quality(
        _TWO,
        " for sending (four clients); its callback is not documented",
        _BRONZE,
        ": sends, and all its codes have a case",
    ),
    "africastalking": Quality(
        _TWO,
        ": an open-source gateway and the SDKs' documentation",
        _SILVER,
        ": reports, MOs and all its codes have a case; the sandbox has not been tried",
    ),
    "classic-soap": Quality(
        _ONE,
        ": one public code base of 2015 that spoke with many partners; every partner differs",
        _BRONZE,
        ": sends, reads MOs and answers them under the operation that was called; no partner has been tried",
    ),
    "esms": Quality(
        _TWO,
        " for sending and reports, V1 for the short code: the order of the signed parts is the page's",
        _SILVER,
        ": reports, signed MOs with the vector, all its codes have a case; no live account has been tried",
    ),
    "esms-ads": Quality(
        _TWO,
        ": the vendor's pages, as for esms",
        _BRONZE,
        ": sends up to 5,000 at once, all its codes have a case; each recipient's result is asked for",
    ),
    "esms-zns": Quality(
        _TWO,
        ": the vendor's pages, as for esms",
        _SILVER,
        ": template messages, reports, all its codes have a case; no live account has been tried",
    ),
    "fpt": Quality(
        _TWO,
        " for the requests; its error numbers rest on memory, so their words are read too",
        _BRONZE,
        ": logs in, sends, renews its token across processes, all its words have a case; it pushes no reports",
    ),
    "incom": Quality(
        _TWO,
        ": a client with the vendor's table, a bank's client",
        _BRONZE,
        ": sends, and all its codes have a case",
    ),
    "infobip": Quality(
        _TWO,
        ", but for the name of the sender field, which is an option",
        _SILVER,
        ": reports and MOs as arrays, all groups have a case",
    ),
    "jasmin": Quality(
        _TWO,
        ": its documentation and its sources",
        _SILVER,
        ": reports, MOs and all its words have a case",
    ),
    "kannel": Quality(
        _TWO,
        ": the user guide and the 1.4.5 sources agree",
        _SILVER,
        ": sends, reads recorded answers, DLRs and all its words have a case. Gold once `make peers` has passed against a real bearerbox "
        "and smsbox on your machine",
    ),
    "mobifone": Quality(
        _TWO,
        " for the requests, V1 for what stands under 401; its other statuses are not known",
        _BRONZE,
        ": logs in, sends, renews its session across processes; it pushes no reports",
    ),
    "playsms": Quality(
        _ONE,
        ": its documentation and sources",
        _BRONZE,
        ": sends, and all its codes have a case",
    ),
    "plivo": Quality(
        _TWO,
        "; the signature of an address with a query rests on one source",
        _SILVER,
        ": reports, MOs, the signature's vector; no live call has been tried",
    ),
    "rapidpro": Quality(
        _TWO,
        ": an open-source gateway's handler and its tests",
        _SILVER,
        ": sends by templates, MOs, sent, delivered, failed and stopped; no live sender has been tried",
    ),
    "simulator": Quality(
        Facts.OURS,
        ": its other side is `gateway/simulator/telco.py`",
        Mark.NONE,
        ": it reaches no subscriber",
    ),
    "smsgate": Quality(
        _TWO,
        ": the project's sources and its server's; what Android allows rests on memory",
        _SILVER,
        ": reports, MOs, the signature's vector",
    ),
    "speedsms": Quality(
        _TWO,
        " for sending; the ranges of a report's status rest on memory",
        _SILVER,
        ": reports, MOs and all its codes have a case",
    ),
    "stringee": Quality(
        _ONE,
        ": the vendor's page and one client; what `r` means but 0 is not known",
        _BRONZE,
        ": sends, signs its token; it pushes no reports",
    ),
    "traccar": Quality(
        Facts.MEMORY,
        ": no page was seen",
        _BRONZE,
        ": sends and reads MOs as remembered; off until a route says `memory_ok = true`",
    ),
    "twilio": Quality(
        _TWO,
        "; the class of some 30xxx codes rests on memory",
        _SILVER,
        ": reports, MOs, the public vector of its signature, all its codes have a case",
    ),
    "vcom": Quality(
        _TWO,
        ": two of the vendor's articles",
        _BRONZE,
        ": answers MOs, the checksum's vector, all its codes have a case; it sends no reports",
    ),
    "vietguys": Quality(
        _TWO,
        " for the request, V1 for reports; the negative codes rest on memory",
        _SILVER,
        ": reports, and all its codes have a case",
    ),
    "viettel": Quality(
        _TWO,
        ": the vendor's page and five clients; `SOAPAction` rests on memory",
        _BRONZE,
        ": sends, and all its words have a case; the API has no reports",
    ),
    "vmg": Quality(
        _TWO,
        ": the vendor's table of codes and four clients",
        _BRONZE,
        ": sends, and all its codes have a case",
    ),
    "vnpt": Quality(
        _TWO,
        " for the request; what its codes mean is inferred, all but 0",
        _BRONZE,
        ": sends, and all its codes have a case",
    ),
    "vonage": Quality(
        _TWO,
        ": its pages and an open-source gateway",
        _SILVER,
        ": reports, pieces of long MOs, the signature's vector, all its codes have a case",
    ),
    "zalo": Quality(
        _TWO,
        " for the wire and the signature (its vector is a case); codes marked (memory) in `gateway/carriers/zalo.py` rest on memory",
        _SILVER,
        ": sends, reads events and receipts, all codes have a case; a real OA has not been tried",
    ),
    "zalo-zns": Quality(
        _TWO,
        " for the wire; codes marked (memory) in `gateway/carriers/zalo_zns.py` rest on memory",
        _SILVER,
        ": template messages, receipts, the signature's vector, all its codes have a case; a real OA has not been tried",
    ),
}
USSD_BY_MEMORY: Final = frozenset({"arkesel"})  # conventions of carriers.ussd_registry for which no page was seen


def unproved(name: str) -> str:
    """`name` of a carrier or of a USSD convention, if what is known of it rests on memory alone; else ""."""
    quality = QUALITY.get(name)
    return name if name in USSD_BY_MEMORY or (quality is not None and quality.facts is Facts.MEMORY) else ""
