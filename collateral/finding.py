"""What preflight and read-back say about a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

_REMEDIES: Final[Mapping[str, str]] = {  # by rule, or by the rule's family before the dot
    "file": "Save the file again as PDF/X from the program that made it",
    "file.read": "Look at the file's name and its permissions",
    "file.pdf": "Ask for the file again: it was cut short or damaged on its way",
    "file.encrypted": "Save it without a password",
    "file.active": "Save it without forms, scripts, layers and attached files",
    "info": "Export it as PDF/X, with a title, dates and Trapped set",
    "info.piece": "Make the piece again with: tinbao print make",
    "xmp": "Export it as PDF/X-4: its metadata must say the same as Info",
    "intent": "Name the press's printing condition (FOGRA39 unless the shop says otherwise) on export",
    "intent.profile": "Embed the ICC profile of a press (class prtr, CMYK) on export",
    "box": "Set trim, bleed and media box on export, each four numbers, one inside the other",
    "box.size": "Export it at the piece's size and scale, without fit-to-page",
    "box.bleed": "Let the ground run past the trim and set the bleed box there",
    "page": "Export the page without what PDF/X forbids",
    "page.count": "Take the file as it was made: pages were added or lost",
    "page.transparency": "Flatten transparency on export, or replace shadows and alpha by plain inks",
    "page.annotations": "Remove links, notes and buttons from the page",
    "colour": "Convert the object to CMYK with the press's profile",
    "colour.ink": "Write a recipe with less ink, or convert with a profile of that limit",
    "colour.registration": "Set it in black: registration colour is for marks outside the page",
    "text.black": "Set text in K100 alone: four inks never meet exactly on small letters",
    "text.size": "Set it larger, or in one ink",
    "text.safe": "Move or shorten the text until it stands inside the safe area",
    "overprint": "Let K100 text and cut lines overprint and nothing else",
    "line": "Draw the line at least 0.25 pt wide at final size",
    "spot": "Give each spot ink one name and one recipe",
    "image": "Place the picture smaller, or scan it finer",
    "font": "Embed the font, or set the text as outlines",
    "resource": "Export the file again: an object names what its own resources lack",
    "content": "Export the page again without PostScript",
    "state": "Export without transfer functions and halftones of your own",
    "stream": "Save pictures with Flate or JPEG",
    "xobject": "Replace linked and alternate pictures by embedded ones",
    "screen": "Play the file as it was made, in its own pixels: no other size, no JPEG, no smoothing",
    "copy": "Let somebody who speaks the language read templates/print, and write reviewed_by there",
    "place": "Ask the commune's office for culture before it is put up",
    "code": "Print nothing: make the piece again with: tinbao print make",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule`: stable name, e.g. "colour.rgb"; `page`: from 1, 0 for the file as a whole; `thing`: the object it speaks of, "" for the page.

    An error forbids printing, a warning does not.
    """

    rule: str
    page: int
    text: str
    severity: Literal["error", "warning"] = "error"
    thing: str = ""

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return _REMEDIES.get(self.rule) or _REMEDIES.get(self.rule.partition(".")[0], "Make the file again")

    def __str__(self) -> str:
        where = f"page {self.page}: " if self.page else ""
        thing = f" ({self.thing})" if self.thing else ""
        return f"{where}{self.text}{thing}. {self.remedy} [{self.rule}]"


def acceptable(findings: tuple[Finding, ...]) -> bool:
    """Whether nothing found forbids printing."""
    return all(finding.severity != "error" for finding in findings)
