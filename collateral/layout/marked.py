"""Emblem, sponsor and imprint in the slots that a piece keeps free for them: layouts leave them empty, pieces.toml says where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from collateral.display import Drawing, Page, Picture, Pixels, Text
from collateral.geometry import PT_PER_MM, Box
from collateral.layout.order import Order
from collateral.piece import Slots
from collateral.refusal import Refused, refused
from collateral.setting import Style
from collateral.type import MEDIUM

_SPONSOR_SHARE: Final = 0.2  # of the area, on pieces that carry a cause (Luật Quảng cáo 16/2012/QH13 Art. 27; press.md §5.1)
_BANNER: Final = 3.0  # from this ratio of width to height a piece is a horizontal banner: the logo stands right, not at the foot
_LAST_PART: Final = 0.6  # "right" and "at the foot" begin here
_CLEAR_MM: Final = 0.5
_BETWEEN: Final = " · "
_LEADING: Final = 1.35  # em; no capital with two marks stands in an imprint
_LEAST_IMPRINT: Final = 0.9


@dataclass(frozen=True, slots=True)
class Additions:
    """The marks as read from their files. `imprint`: one line, "" where there is none."""

    emblem: Drawing | Pixels | None = None
    sponsor: Drawing | Pixels | None = None
    imprint: str = ""


def marked(order: Order, pages: tuple[Page, ...], theme: str, additions: Additions) -> tuple[Page, ...]:
    """The pages with the marks that their piece has a slot for. Raises Refused."""
    slots = order.piece.slots.get(theme)
    if slots is None or not pages:
        return pages
    page = pages[slots.page - 1]
    added = tuple(_added(order, slots, additions))
    _check(order, page, added)
    whole = replace(page, ops=page.ops + added)
    return (*pages[: slots.page - 1], whole, *pages[slots.page :])


def _added(order: Order, slots: Slots, additions: Additions) -> Iterator[Picture | Text]:
    if additions.emblem is not None and slots.emblem is not None:
        yield Picture(Box(*slots.emblem), additions.emblem)
    if additions.sponsor is not None and slots.sponsor is not None:
        room = Box(*slots.sponsor)
        picture = Picture(room, additions.sponsor)
        picture = replace(picture, box=replace(room, x=room.x + room.right - picture.placed.right))  # flush right, as the piece's code is
        _check_sponsor(order, picture.placed, Box(*slots.emblem) if slots.emblem and additions.emblem else None)
        yield picture
    if additions.imprint and slots.imprint is not None:
        style = Style(MEDIUM, slots.imprint[3], order.palette.ivory if slots.on_field else order.palette.grey, level=5)
        yield from _imprint(order, additions.imprint, slots.imprint, style)


def _imprint(order: Order, said: str, slot: tuple[float, float, float, float], style: Style) -> Iterator[Text]:
    """On one line, or on two that end where the one would: broken between its parts, as evenly as they allow."""
    x, y, width, size_pt = slot
    parts = said.split(_BETWEEN)
    if order.setter.width(said, style) <= width or len(parts) == 1:
        yield order.setter.fitted(said, x, y, style, width, least=_LEAST_IMPRINT)
        return
    breaks = [(_BETWEEN.join(parts[:i]), _BETWEEN.join(parts[i:])) for i in range(1, len(parts))]
    for up, line in zip((1, 0), min(breaks, key=lambda lines: max(map(len, lines))), strict=True):
        yield order.setter.fitted(line, x, y - up * _LEADING * size_pt / PT_PER_MM, style, width, least=_LEAST_IMPRINT)


def _check_sponsor(order: Order, logo: Box, emblem: Box | None) -> None:
    """At most a fifth of the piece, at the foot or on a banner's right, never beside a state symbol; then the issuer's address is due."""
    width, height = order.piece.trim
    if logo.w * logo.h > _SPONSOR_SHARE * width * height:
        share = 100 * logo.w * logo.h / (width * height)
        raise _bad_sponsor(
            order, f"the sponsor's logo takes {share:.0f} % of {order.piece.title}, the law allows 20 %", "Make its slot smaller"
        )
    banner = width >= _BANNER * height
    if (logo.x < _LAST_PART * width) if banner else (logo.y < _LAST_PART * height):
        where = "on the right" if banner else "at the foot"
        raise _bad_sponsor(order, f"the sponsor's logo stands elsewhere than {where} of {order.piece.title}", f"Move its slot {where}")
    if emblem is not None and _gap(logo, emblem) < max(emblem.w, emblem.h):
        raise _bad_sponsor(order, "the sponsor's logo stands beside the emblem", "Leave at least the emblem's width between them")
    if not (order.campaign.issuer.strip() and order.campaign.issuer_address.strip()):
        raise refused("campaign.toml", "issuer_address", "a piece with a sponsor names who made it, with the address", "Write both")


def _bad_sponsor(order: Order, text: str, remedy: str) -> Refused:
    return refused(f"pieces.toml ({order.piece.name})", "slots", text, remedy)


def _gap(a: Box, b: Box) -> float:
    return math.hypot(max(0.0, a.x - b.right, b.x - a.right), max(0.0, a.y - b.bottom, b.y - a.bottom))


def _check(order: Order, page: Page, added: Sequence[Picture | Text]) -> None:
    """Inside the safe area, and clear of every text and code."""
    standing = [(text.box, "".join(run.text for run in text.runs)) for text in page.texts] + [(code.box, "a code") for code in page.codes]
    for op in added:
        box = op.placed if isinstance(op, Picture) else op.box
        name = "the imprint" if isinstance(op, Text) else "a mark"
        if not order.piece.safe_box.holds(box, slack=0.05):
            raise refused(order.setter.place, "slots", f"{name} stands outside the safe area", "Correct the slot in pieces.toml")
        for other, said in standing:
            if _gap(box, other) < _CLEAR_MM:
                raise refused(order.setter.place, "slots", f"{name} runs into “{said}”", "Correct the slot in pieces.toml")
