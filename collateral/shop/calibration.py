"""The calibration sheet: printed on both sides and measured, it tells how far a printer shifts front and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from collateral.display import Op, Page, Stroke
from collateral.geometry import Box, Point, line, rectangle
from collateral.ink import BLACK
from collateral.setting import Style
from collateral.shop.paper import BODY, GREY, SETTER, SMALL, paper_pdf, step
from collateral.type import SEMIBOLD

INSET: Final = 10.0  # where the strong line stands, mm from every edge
_TICKS: Final = range(4, 17)  # mm from the edge, a line a millimetre
_SIDES: Final = ("MẶT TRƯỚC", "MẶT SAU")


def calibration_pdf(sheet: tuple[float, float]) -> bytes:
    """Front and back, at 1:1. Printed without fit-to-page."""
    return paper_pdf((Page(*sheet, tuple(_side(sheet, side))) for side in _SIDES), "Tờ căn máy in")


def _side(sheet: tuple[float, float], side: str) -> Iterator[Op]:
    width, height = sheet
    yield Stroke(rectangle(Box(0, 0, width, height).inset(INSET)), BLACK, 0.3)
    for tick in _TICKS:
        length = 8.0 if tick == INSET else 4.0
        for x in (tick, width - tick):
            yield Stroke(line((Point(x, height / 2 - length / 2), Point(x, height / 2 + length / 2))), GREY, 0.1)
        for y in (tick, height - tick):
            yield Stroke(line((Point(width / 2 - length / 2, y), Point(width / 2 + length / 2, y))), GREY, 0.1)
    yield Stroke(line((Point(width / 2 - 5, height / 2), Point(width / 2 + 5, height / 2))), BLACK, 0.1)
    yield Stroke(line((Point(width / 2, height / 2 - 5), Point(width / 2, height / 2 + 5))), BLACK, 0.1)
    yield from _words(sheet, side)


def _words(sheet: tuple[float, float], side: str) -> Iterator[Op]:
    left, y = 2.2 * INSET, 3 * INSET
    room = sheet[0] - 2 * left
    yield SETTER.fitted(f"Tờ căn máy in – {side}", left, y, Style(SEMIBOLD, 13, BLACK), room)
    told = (
        f"In hai mặt, 100 %, không co giãn. Khổ {sheet[0]:g} × {sheet[1]:g} mm.",
        f"Đo từ mép giấy trái đến nét đậm: đúng là {INSET:g} mm. Đo được a mm thì x = {INSET:g} − a.",
        f"Đo từ mép giấy trên đến nét đậm: đúng là {INSET:g} mm. Đo được b mm thì y = {INSET:g} − b.",
        "Ghi x, y của mặt trước, rồi của mặt sau, vào: tinbao print impose --shift X,Y,X,Y",
    )
    for number, text in enumerate(told, 2):
        yield SETTER.fitted(text, left, y + number * step(BODY), BODY, room)
    yield SETTER.fitted("Vạch nhỏ ở giữa mỗi cạnh cách nhau 1 mm.", left, y + 7 * step(BODY), SMALL, room)
