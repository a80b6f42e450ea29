"""What a layout needs to know, and the parts that several layouts share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from collateral import payload, qr
from collateral.display import Code, Page, Text
from collateral.geometry import Box
from collateral.ink import Ink
from collateral.piece import Piece
from collateral.refusal import refused
from collateral.setting import Setter, Style
from collateral.theme import Palette
from collateral.type import MEDIUM
from collateral.wording import Copy, Words
from gateway.domain.campaign import Campaign
from gateway.domain.village import Village


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

    @property
    def link(self) -> str:
        """The main code's payload."""
        return payload.link(self.campaign.link_base, self.placement_code)

    @property
    def piece_code(self) -> str:
        """ "AP-A3 · TN01056": for counting, and for reporting a damaged piece."""
        return f"{self.piece.code} · {self.placement_code}"

    def web_code(self, x: float, y: float, square: float) -> Code:
        """The web code on a white square of `square` mm. Refused where its modules would be too small to scan from the piece's distance."""
        try:
            symbol = qr.symbols((self.link,), self.piece.max_version)[0]
        except qr.TooLong as why:
            raise refused(self.setter.place, "link_base", f"{self.link}: {why}", "Shorten link_base in gateway.toml") from why
        module = square / symbol.with_quiet_zone
        if module < self.piece.least_module_mm - 1e-9:
            needed = f"scanning from {self.piece.scan_m:g} m needs {self.piece.least_module_mm:.2f}"
            text = f"{self.link} leaves modules of {module:.2f} mm, {needed}"
            raise refused(self.setter.place, "link_base", text, "Shorten link_base in gateway.toml")
        return Code(x, y, module, symbol, "link")

    def address(self, centre_x: float, y: float, size_pt: float, ink: Ink, width: float) -> Text:
        """The code's address as a person types it, centred under its square."""
        style = Style(MEDIUM, size_pt, ink, tracking_em=0.02)
        text = payload.typed(self.link)
        return self.setter.line(text, centre_x, y, style.at(self.setter.size_to_fit(text, style, width)), width=width, align="centre")

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
        return self.setter.fitted(self.words.say("{number}"), x, y, style, width)


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


def checked(pages: Sequence[Page], piece: Piece, place: str) -> tuple[Page, ...]:
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
    return tuple(pages)


def _said(text: Text) -> str:
    return '"' + "".join(run.text for run in text.runs) + '"'


def _overlap(a: Box, b: Box) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def _outside(safe: Box, box: Box) -> float:
    return max(safe.x - box.x, safe.y - box.y, box.right - safe.right, box.bottom - safe.bottom)
