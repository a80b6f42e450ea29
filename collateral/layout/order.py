"""What a layout needs to know, and the parts that several layouts share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from collateral import finishing, payload, qr
from collateral.display import Code, Page, Text
from collateral.geometry import Box
from collateral.ink import Ink
from collateral.ornament import House
from collateral.piece import Piece
from collateral.refusal import Refused, refused
from collateral.setting import Setter, Style
from collateral.theme import Palette
from collateral.type import MEDIUM
from collateral.uncoated import Paper
from collateral.wording import HOME, Copy, Section, Words
from gateway.domain.campaign import Campaign
from gateway.domain.village import Village

_MOST_CODES: Final = 3  # a side: with more of them a phone picks the wrong one (press.md §8.3)
_FEWEST: Final = 21 + 8  # modules of the smallest symbol and its quiet zone: no shorter payload takes less
_NARROW_DIGITS: Final = 0.85  # of a number in zeros: under a shorter one the line would be too small to read
_CODES_APART: Final = 8  # modules of paper or ground between two white squares
_SHORTEN: Final = {
    "link": ("link_base", "Shorten link_base in gateway.toml"),
    "zalo": ("zalo", "Shorten the address in campaign.toml"),
}


@dataclass(frozen=True, slots=True)
class Order:
    """One piece for one placement in one village, with all that is printed on it."""

    piece: Piece
    palette: Palette
    village: Village
    campaign: Campaign
    placement_code: str
    copy: Copy
    words: Words
    setter: Setter
    house: House = "stilt"
    beside: Order | None = None  # the same in the second language of a bilingual piece
    paper: Paper = "coated"  # by which contrast is judged

    @property
    def unit(self) -> float:
        """A sixtieth of the short side: the u of design §2.1, mm."""
        return min(self.piece.trim) / 60

    @property
    def is_home(self) -> bool:
        """Whether readers dial at home: elsewhere there is no short code, no USSD and no price."""
        return self.copy.lang == HOME

    def said(self, of: type[Section]) -> Section:
        """What the layout's own section of the copy deck says. Refused where the deck has none: nothing is printed half in one language."""
        if (found := self.copy.section(of)) is None:
            text = f"there are no words for {self.piece.title} in “{self.copy.lang}”"
            raise refused(f"templates/print/{self.copy.lang}.toml", of.__name__, text, "Write the section, as in vi.toml")
        return found

    @property
    def link(self) -> str:
        """The main code's payload."""
        return payload.link(self.campaign.link_base, self.placement_code)

    @property
    def piece_code(self) -> str:
        """ "AP-A3 · TN01056": for counting, and for reporting a damaged piece."""
        return f"{self.piece.code} · {self.placement_code}"

    @property
    def small_payloads(self) -> Mapping[str, str]:
        """By role what smaller codes this village and language can have: "sms", "call", "zalo". Never USSD: no iPhone dials it."""
        number, abroad = self.village.contact or self.campaign.hotline, self.campaign.number_abroad
        texted = self.words.fields["short_code"] or (abroad.international if abroad and not self.is_home else "")
        body = f"{self.words.fields['keyword']} {self.village.code}"
        return {
            **({"sms": payload.sms(texted, body)} if texted else {}),
            **({"call": payload.call(number.national if self.is_home else number.international)} if number else {}),
            **({"zalo": payload.zalo(self.campaign.zalo)} if self.campaign.zalo else {}),
        }

    def web_code(self, x: float, y: float, square: float) -> Code:
        """The web code on a white square of `square` mm. Refused where its modules would be too small to scan from the piece's distance."""
        return self._code("link", self._symbols({"link": self.link})["link"], x, y, square)

    def small_code(self, role: str, x: float, y: float, square: float) -> Code:
        """One of `small_payloads` on a white square of `square` mm; all of them have one version. Refused where modules get too small."""
        return self._code(role, self._symbols(self.small_payloads)[role], x, y, square)

    def _symbols(self, payloads: Mapping[str, str]) -> Mapping[str, qr.Symbol]:
        try:
            return dict(zip(payloads, qr.symbols(tuple(payloads.values()), self.piece.max_version), strict=True))
        except qr.TooLong as why:
            role, longest = max(payloads.items(), key=lambda each: len(each[1]))
            raise self._unscannable(role, f"{longest}: {why}") from why

    def _code(self, role: str, symbol: qr.Symbol, x: float, y: float, square: float) -> Code:
        module, least = square / symbol.with_quiet_zone, self.piece.least_module_of(role)
        if not least:
            text = f"{self.piece.title} does not say from where its smaller codes are scanned"
            raise refused(self.setter.place, "small_scan_m", text, "Write small_scan_m in pieces.toml")
        if module < least - 1e-9:
            needed = f"scanning from {self.piece.scan_m_of(role):g} m needs {least:.2f}"
            text = f"{symbol.payload} leaves modules of {module:.2f} {self.piece.unit}, {needed}"
            if square / _FEWEST < least:
                raise refused(self.setter.place, "scan_m", text, "Make the piece larger, or let it be scanned from nearer (pieces.toml)")
            raise self._unscannable(role, text)
        return Code(x, y, module, symbol, role)

    def _unscannable(self, role: str, text: str) -> Refused:
        field, remedy = _SHORTEN.get(role, ("layout", "Give the code more room, or leave it out"))
        return refused(self.setter.place, field, text, remedy)

    def address(self, centre_x: float, y: float, size_pt: float, ink: Ink, width: float) -> Text:
        """The code's address as a person types it, centred under its square."""
        style = Style(MEDIUM, size_pt, ink, tracking_em=0.02)
        text = payload.typed(self.link)
        return self.setter.line(text, centre_x, y, style.at(self.setter.size_to_fit(text, style, width)), width=width, align="centre")

    def in_writing(self) -> str:
        """How to answer in writing: by SMS at home, elsewhere at the address that the code leads to."""
        return self.words.say(self.copy.shared.sms) if self.words.has("short_code") else f"**{payload.typed(self.link)}**"

    def ways(self) -> str:
        """The second line of ways to answer: USSD and desk in digits, whichever there are; "" if none."""
        said = ((self.copy.shared.ussd, "ussd"), (self.copy.shared.hotline, "hotline"))
        return "  ·  ".join(self.words.say(template) for template, field in said if self.words.has(field))

    def number(self, x: float, y: float, style: Style, width: float) -> Text:
        """The number to call, fitted to its column. Refused where there is none: a piece without a number helps nobody over 60."""
        if not self.words.has("number"):
            raise refused(
                self.setter.place, "contact", "there is no number to call", "Give the village a contact, or the campaign a hotline"
            )
        return self.setter.fitted(self.words.say("{number}"), x, y, replace(style, level=3), width)

    def under_number(self, number: Text, style: Style, width: float) -> float:
        """How wide the line under `number` may be: no wider than it, but for digits that are all narrow; at most `width`."""
        return min(width, max(number.box.w, _NARROW_DIGITS * self.number_width(style)))

    def number_width(self, style: Style) -> float:
        """As wide as any number written like this one: what lines up with it looks alike in all villages."""
        return self.setter.width(re.sub(r"\d", "0", self.words.say("{number}")) or "0", style)


@dataclass(frozen=True, slots=True)
class NameBlock:
    """How a village's name stands: `kind` alone above it or "", the name's lines, their size."""

    kind: str
    lines: tuple[str, ...]
    size_pt: float


def name_block(setter: Setter, village: Village, style: Style, width: float) -> NameBlock:
    """The steps of design §2.6: as set; shrunk to 80 %; the kind on a line of its own; the name on two balanced lines; refused."""
    least = 0.8 * style.size_pt
    for kind, name in (("", village.title), (village.title[: len(village.kind)], village.name)):
        if (size := _half_points(setter.size_to_fit(name, style, width))) >= least:
            return NameBlock(kind, (name,), size)
    for lines in _two_lines(village.name):
        if max(setter.width(line, style.at(least)) for line in lines) <= width:
            return NameBlock(village.title[: len(village.kind)], lines, least)
    text = f'"{village.title}" does not fit {width:g} mm, not even on two lines'
    raise refused(setter.place, "name", text, f"Shorten the name of {village.code} in villages.csv")


def _half_points(size_pt: float) -> float:
    return int(size_pt * 2) / 2


def _two_lines(name: str) -> Iterator[tuple[str, str]]:
    """Ways to break `name` in two, best first: after a hyphen, then after a number, then anywhere; the most even ones before the others."""
    words = name.split()
    breaks = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]

    def rank(lines: tuple[str, str]) -> tuple[int, int]:
        last = lines[0].split()[-1]
        kind = 0 if last in "-–" else 1 if last.isdigit() else 2
        return kind, abs(len(lines[0]) - len(lines[1]))

    yield from sorted(breaks, key=rank)


def checked(pages: Sequence[Page], piece: Piece, place: str, most_codes: int = _MOST_CODES) -> tuple[Page, ...]:
    """The pages, if all text and codes stand in the safe area and none touches another. Raises Refused."""
    for page in pages:
        things = [(text.box, text.letters, _said(text)) for text in page.texts]
        things += [(code.box, (code.box,), f"the {code.role} code") for code in page.codes]
        for box, _, name in things:
            if not piece.safe_box.holds(box, slack=0.05):
                raise refused(
                    place, "layout", f"{name} stands outside the safe area by {_outside(piece.safe_box, box):.1f} mm", "Shorten it"
                )
        for (box, parts, name), (other, other_parts, other_name) in combinations(things, 2):
            if _overlap(box, other) and any(_overlap(a, b) for a in parts for b in other_parts):
                raise refused(place, "layout", f"{name} runs into {other_name}", "Shorten one of them")
        _check_codes(page.codes, place, most_codes)
    finishing.check(tuple(pages), piece, place)
    return tuple(pages)


def _check_codes(codes: Sequence[Code], place: str, most: int) -> None:
    """At most `most` a side, and so far apart that a phone sees one at a time. Raises Refused."""
    if len(codes) > most:
        raise refused(place, "layout", f"{len(codes)} codes stand on one side", f"Leave at most {most}")
    for one, other in combinations(codes, 2):
        across = max(one.box.x, other.box.x) - min(one.box.right, other.box.right)
        down = max(one.box.y, other.box.y) - min(one.box.bottom, other.box.bottom)
        if (apart := max(across, down) / max(one.module_mm, other.module_mm)) < _CODES_APART - 1e-6:
            text = f"the {one.role} code and the {other.role} code stand {apart:.1f} modules apart"
            raise refused(place, "layout", text, f"Leave {_CODES_APART} modules between their white squares")


def _said(text: Text) -> str:
    return '"' + "".join(run.text for run in text.runs) + '"'


def _overlap(a: Box, b: Box) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def _outside(safe: Box, box: Box) -> float:
    return max(safe.x - box.x, safe.y - box.y, box.right - safe.right, box.bottom - safe.bottom)
