import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collateral.geometry import Box, Path, Point, circle, curve, flattened, line, parsed, points, rounded_way, smooth, spaced, y_at

coordinates = st.floats(-500, 500)
some_points = st.lists(st.builds(Point, coordinates, coordinates), min_size=2, max_size=8, unique=True)


def sketch(path: Path, size: int) -> list[str]:
    """Which unit squares the path's corners and flattened curve touch, as letters."""
    grid = [["."] * size for _ in range(size)]
    for point in flattened(path):
        grid[min(size - 1, int(point.y))][min(size - 1, int(point.x))] = "#"
    return ["".join(row) for row in grid]


def test_a_box_holds_what_lies_inside():
    outer = Box(0, 0, 10, 10)
    assert outer.holds(outer.inset(1))
    assert outer.holds(outer)
    assert not outer.holds(outer.inset(-0.1))
    assert outer.holds(outer.inset(-0.1), slack=0.2)


def test_points_read_the_construction_sheets():
    assert points("(1,2)(-3,4.5)") == (Point(1, 2), Point(-3, 4.5)) == points("1,2 -3,4.5")


def test_parsed_closes_what_it_reads():
    path = parsed("M 0,0 C 1,0 2,1 2,2 2,3 1,4 0,4")
    assert [segment.op for segment in path.segments] == ["M", "C", "C", "Z"]


def test_placing_flips_scales_and_turns():
    path = line((Point(0, 0), Point(2, 1)))
    assert path.placed(Point(10, 10), 3, flip=True).segments[1].points == (Point(16, 7),)
    turned = path.placed(Point(0, 0), turn_deg=90).segments[1].points[0]
    assert (round(turned.x, 9), round(turned.y, 9)) == (-1, 2)  # clockwise, for y points down


def test_a_circle_is_round():
    radii = [math.dist(point, (5, 5)) for point in flattened(circle(Point(5, 5), 3))]
    assert max(abs(r - 3) for r in radii) < 0.002


@given(some_points)
def test_smooth_goes_through_every_point(through):
    path = smooth(through)
    assert [segment.points[-1] for segment in path.segments] == through


@given(some_points.filter(lambda ps: all(math.dist(a, b) > 1 for a, b in itertools.pairwise(ps))), st.floats(0.5, 20))
def test_spaced_keeps_both_ends_and_equal_steps(through, step):
    found = spaced(line(through), step)
    total = sum(math.dist(a, b) for a, b in itertools.pairwise(through))
    assert found[0] == through[0]
    assert found[-1] == through[-1]
    assert len(found) == max(1, round(total / step)) + 1


def test_spaced_steps_are_equal_on_a_straight_line():
    assert [p.x for p in spaced(line((Point(0, 0), Point(10, 0))), 2.4)] == [0, 2.5, 5, 7.5, 10]


def test_y_at_reads_a_slope_and_refuses_what_is_beside_it():
    slope = line((Point(0, 0), Point(10, 5)))
    assert y_at(slope, 4) == pytest.approx(2)
    with pytest.raises(ValueError, match="no point"):
        y_at(slope, 11)


def test_rounded_way_stops_short_of_its_corner():
    way = rounded_way((Point(0.5, 0), Point(0.5, 7.5), Point(7.5, 7.5), Point(7.5, 2)), 2)
    assert sketch(way, 8)[-1] == "..####.." or sketch(way, 8)[-1].count("#") >= 2
    assert Point(0.5, 7.5) not in flattened(way)
    assert flattened(way)[0] == Point(0.5, 0)
    assert flattened(way)[-1] == Point(7.5, 2)


def test_bounds_hold_the_handles():
    assert curve(Point(0, 0), (Point(5, -3), Point(6, 9), Point(4, 4))).bounds() == Box(0, -3, 6, 12)
