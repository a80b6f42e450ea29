"""Typography, judged on what was laid out: can people read it from where they stand, on that ground, on that stock? Raises Refused.

Sizes: design §2.2, press.md §1.4 and §8.2; contrast and gold: design §2.3, press.md §8.5. All measures are those of the final size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Final

from collateral.contrast import contrast, luminance
from collateral.display import Clip, Code, Fill, Op, Page, Stroke, Text, Turned
from collateral.geometry import PT_PER_MM, Box, Path, Point
from collateral.ink import PAPER, Ink
from collateral.layout.order import Order
from collateral.refusal import Refused, refused

READ_FROM: Final = 200  # cap heights between a reader and what must be read
_ELDERLY_FROM: Final = 100  # and between people over 60 and the number, which is theirs
_LARGE_FROM: Final = 100  # capitals this near count as large
_MUST: Final = 3  # levels up to here are read at the piece's distance
_NEARLY: Final = 0.95  # nobody stands on a line
_SMALL_PRINT: Final = 5
_ONE_INK_PT, _MORE_INKS_PT = 6.0, 8.0  # the least that a press holds: one plate; reversed or several plates
_PT_SLACK: Final = 0.21  # presses do not count tenths of a point
_CLOTH_CAP_MM: Final = 10.0
_SCREEN_CAP_PX: Final = 7.0  # fewer rows of pixels can't hold a capital, let alone a mark over it
_BODY, _LARGE = 7.0, 4.5  # least contrast on paper: of what is read, and of what is large or small print
_ELSEWHERE: Final = 4.5  # on cloth all type is large, a screen shines by itself
_MODEL: Final = 0.97  # collateral.contrast says up to 3 % too little
_AIR_EM: Final = 0.03  # between what hangs under one line and what stands over the next
_MOST_GOLD: Final = 0.10  # of the piece


def judged(order: Order, pages: Sequence[Page]) -> tuple[Page, ...]:
    """The pages, if all that must be read can be. Raises Refused, which names the text, the measure and the remedy."""
    for page in pages:
        for fault in faults(order, page):
            raise fault
    return tuple(pages)


def faults(order: Order, page: Page) -> Iterator[Refused]:
    """Everything on `page` that can't be read as it stands."""
    grounds: list[tuple[Box, Ink]] = []
    for op in _upright(page):
        if isinstance(op, Text):
            under = _under(op.box, grounds)
            yield from (*_sized(order, op, under), *_contrasting(order, op, under))
        else:
            grounds += _ground(op)
    yield from _leading(order, page.texts)
    yield from _gold(order, page)


def _upright(page: Page) -> Iterator[Op]:
    """The page's ops; of what stands on its head, texts and codes where they come to stand."""
    for op in page.ops:
        yield from op.placed() if isinstance(op, Turned) else (op,)


def _sized(order: Order, text: Text, grounds: Sequence[Ink]) -> Iterator[Refused]:
    """Large enough for the distance where it must be read from there; never so small that the press loses it."""
    piece, cap = order.piece, _cap(order, text) * order.piece.unit_mm
    needed = piece.distance_m * 1000 / _read_from(order, text)
    if cap < needed * _NEARLY:
        what = f"has capitals of {cap:.1f} mm, read from {piece.distance_m:g} m it needs {needed:.1f} mm"
    elif piece.on_screen:
        rows = _cap(order, text)
        what = f"has capitals of {rows:.1f} pixels, the least is {_SCREEN_CAP_PX:g}" if rows < _SCREEN_CAP_PX else ""
    elif piece.stock == "cloth":
        what = f"has capitals of {cap:.1f} mm, on cloth the least is {_CLOTH_CAP_MM:g} mm" if cap < _CLOTH_CAP_MM else ""
    else:
        smallest, least = min(run.size_pt for run in text.runs), _least_pt(text.ink, grounds)
        what = f"is set in {smallest:.1f} pt, in these inks the least is {least:g} pt" if smallest < least - _PT_SLACK else ""
    if what:
        yield _fault(order, text, what, "Shorten it, or set it larger")


def _read_from(order: Order, text: Text) -> float:
    """How many cap heights away the text must still be read; without end where it need not be."""
    if _said(text) == order.words.fields["number"]:
        return _ELDERLY_FROM
    return READ_FROM if text.level <= _MUST else math.inf


def _cap(order: Order, text: Text) -> float:
    """Cap height of the line's own size, in the piece's units: what is said aside (~) is smaller on purpose."""
    return max(order.setter.faces(run.face).cap_em * run.size_pt for run in text.runs) / PT_PER_MM


def _least_pt(ink: Ink, grounds: Sequence[Ink]) -> float:
    one_plate = sum(part > 0 for part in (ink.c, ink.m, ink.y, ink.k)) == 1 or bool(ink.spot)
    reversed_out = any(luminance(ground) < luminance(ink) for ground in grounds)
    return _ONE_INK_PT if one_plate and not reversed_out else _MORE_INKS_PT


def _contrasting(order: Order, text: Text, grounds: Sequence[Ink]) -> Iterator[Refused]:
    needed, uncoated = _least_contrast(order, text), order.paper == "uncoated"
    for ground in grounds:
        if (found := contrast(text.ink, ground, order.paper)) < needed * _MODEL:
            what = f"stands off its ground by {found:.1f}{' on uncoated paper' * uncoated}, it needs {needed:g}"
            yield _fault(order, text, what, "Take another ink" + " (uncoated in the theme)" * uncoated + ", or set it larger")
            return


def _least_contrast(order: Order, text: Text) -> float:
    if order.piece.stock != "sheet":
        return _ELSEWHERE
    large = _cap(order, text) >= order.piece.distance_m * 1000 / _LARGE_FROM
    return _LARGE if large or text.level in (1, _SMALL_PRINT) else _BODY


def _ground(op: Op) -> Iterator[tuple[Box, Ink]]:
    """Where the op paints what text may stand on. Clipped ones count with what shows."""
    if isinstance(op, Fill):
        yield op.path.bounds(), op.ink
    elif isinstance(op, Code):
        yield op.box, PAPER
    elif isinstance(op, Clip):
        for inner in op.inside:
            for box, ink in _ground(inner):
                left, top = max(box.x, op.box.x), max(box.y, op.box.y)
                right, bottom = min(box.right, op.box.right), min(box.bottom, op.box.bottom)
                if left < right and top < bottom:
                    yield Box(left, top, right - left, bottom - top), ink


def _under(box: Box, grounds: Sequence[tuple[Box, Ink]]) -> tuple[Ink, ...]:
    """The inks that `box` lies on: the last painted that holds it all, those painted over that which hold its middle; else paper."""
    found: list[Ink] = []
    x, y = box.x + box.w / 2, box.y + box.h / 2
    for area, ink in reversed(grounds):
        if area.holds(box):
            return (*found, ink)
        if area.x <= x <= area.right and area.y <= y <= area.bottom:
            found.append(ink)
    return (*found, PAPER)


def _leading(order: Order, texts: Sequence[Text]) -> Iterator[Refused]:
    """Marks and descenders of neighbouring lines stand clear of each other, glyph by glyph: ọ over Ẩ needs more than o over A."""
    airs = [_AIR_EM * min(run.size_pt for run in text.runs) / PT_PER_MM for text in texts]
    for (one, one_air), (other, other_air) in combinations(zip(texts, airs, strict=True), 2):
        upper, lower = (one.box, other.box) if one.box.y + one.box.bottom < other.box.y + other.box.bottom else (other.box, one.box)
        air = min(one_air, other_air)
        if one.y == other.y or lower.y - upper.bottom >= air or upper.x >= lower.right or lower.x >= upper.right:
            continue
        above, below = (one, other) if upper is one.box else (other, one)
        letters = ((a, b) for a in above.letters for b in below.letters if a.x < b.right and b.x < a.right and a.y < b.y)
        gap = min((b.y - a.bottom for a, b in letters), default=air)
        if gap < air:
            yield _fault(
                order, below, f'comes within {gap:.2f} mm of "{_said(above)}", it needs {air:.2f} mm', "Give the lines more leading"
            )


def _gold(order: Order, page: Page) -> Iterator[Refused]:
    """Gold is a line and a slogan. What is counted is never less than what is printed."""
    gold = {order.palette.gilt, order.palette.gold}
    share = sum(_area(op, gold) for op in page.ops) / (page.width * page.height)
    if share > _MOST_GOLD:
        text = f"gold covers {share:.0%} of {order.piece.title}, the most is {_MOST_GOLD:.0%}"
        yield refused(order.setter.place, "layout", text, "Leave gold to the line and the slogan")


def _area(op: Op, inks: set[Ink]) -> float:
    if isinstance(op, Clip):
        return sum(_area(inner, inks) for inner in op.inside)
    if isinstance(op, Text):
        return sum(letter.w * letter.h for letter in op.letters) if op.ink in inks else 0.0
    if isinstance(op, Stroke):
        return _length(op.path) * op.width_mm if op.ink in inks else 0.0
    return _filled(op.path) if isinstance(op, Fill) and op.ink in inks else 0.0


@lru_cache(maxsize=256)
def _length(path: Path) -> float:
    """Length of the way over all handles: a curve is never longer."""
    total, last = 0.0, None
    for op, at in path.segments:
        for point in at:
            if last is not None and op != "M":
                total += ((point.x - last.x) ** 2 + (point.y - last.y) ** 2) ** 0.5
            last = point
    return total


@lru_cache(maxsize=256)
def _filled(path: Path) -> float:
    """Area of the boxes round the subpaths."""
    total = 0.0
    points: list[Point] = []
    for op, at in (*path.segments, ("M", ())):
        if op == "M" and points:
            xs, ys = [p.x for p in points], [p.y for p in points]
            total += (max(xs) - min(xs)) * (max(ys) - min(ys))
            points = []
        points += at
    return total


def _fault(order: Order, text: Text, what: str, remedy: str) -> Refused:
    return refused(order.setter.place, "layout", f'"{_said(text)}" {what}', remedy)


def _said(text: Text) -> str:
    return "".join(run.text for run in text.runs)
