import math

import pytest

from collateral.display import Fill, Stroke
from collateral.geometry import Box, Point, flattened
from collateral.ink import BLACK, PAPER, REGISTRATION, Ink
from collateral.ornament import MemoryMap, Pen, frame, lotus, memory_map, star, stem

PEN = Pen(Ink(4, 16, 58, 0), 0.95, Ink(20, 100, 100, 30))


def test_the_lotus_is_eight_petals_each_covering_what_lies_behind():
    ops = lotus(Point(0, 0), 1, PEN)
    assert [type(op) for op in ops] == [Fill, Stroke] * 8
    assert {op.ink for op in ops[::2]} == {PEN.ground}


def test_the_lotus_stands_on_its_base_and_is_as_large_as_drawn():
    drawn = [point for op in lotus(Point(100, 200), 0.5, PEN)[::2] for point in flattened(op.path)]
    width, height = (max(side) - min(side) for side in zip(*drawn, strict=True))
    assert (width, height) == pytest.approx((116, 69), abs=1.5)  # 232 × 138 units at half a millimetre
    assert any(math.dist(point, (100, 200)) < 1 for point in drawn)


def test_the_stem_first_bends_away_and_ends_upright():
    way = stem(Point(183.3, 205.6), 4.95, 168.3, 248.5).segments[1].points
    assert way[0].x > 183.3
    assert way[1].x == way[2].x == 168.3


def test_the_frame_stops_short():
    way = flattened(frame(Box(0, 0, 100, 80), 8, -10, 12))
    assert (way[0], way[-1]) == (Point(0, -10), Point(12, 0))


def test_a_star_has_five_points_and_stands_upright():
    corners = flattened(star(Point(0, 0), 10))[:10]
    radii = [round(math.dist(corner, (0, 0)), 6) for corner in corners]
    assert radii == [10, 3.82] * 5
    assert (round(corners[0].x, 9), corners[0].y) == (0, -10)


def test_the_path_of_the_map_leads_to_the_code():
    u, end = 148 / 60, Point(90.7, 121.6)
    dots = [op for op in memory_map(MemoryMap(u, PEN, BLACK, 0.95, 2.1), end) if isinstance(op, Fill) and op.ink == BLACK][-1]
    circles = [segment.points[0] for segment in dots.path.segments if segment.op == "M"]
    assert math.dist(circles[-1], end) == pytest.approx(0.95 / 2)
    steps = {round(math.dist(a, b), 1) for a, b in zip(circles, circles[1:], strict=False)}  # noqa: RUF007 # reads like the rule
    assert steps <= {2.0, 2.1, 2.2}


def test_only_pure_black_overprints():
    assert BLACK.overprints
    assert not any(ink.overprints for ink in (PAPER, REGISTRATION, Ink(0, 0, 0, 75), Ink(0, 0, 1, 100)))


@pytest.mark.parametrize("parts", [(-1, 0, 0, 0), (0, 101, 0, 0)])
def test_an_ink_is_percent(parts):
    with pytest.raises(ValueError, match="percent"):
        Ink(*parts)


def test_deep_red_is_lighter_on_cloth(shop):
    nguon = shop.themes["nguon"]
    assert (nguon.palette("sheet").field.total, nguon.palette("cloth").field.total) == (250, 218)  # design §2.3
