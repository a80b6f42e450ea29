"""The map drawn by ourselves: names that never overlap, circles in true scale, nothing of a position in the picture."""

import math
import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.commune_map import Candidate, Fix, Scene, Spot, Zoom, draw
from gateway.services.commune_map.labels import Name, place
from gateway.services.commune_map.plane import View, Xy, bar_km, distance_km, hull
from gateway.services.desk_intake import scene_of
from tests.cpu import least_cpu_s
from tests.services.people import deployment

SVG = "{http://www.w3.org/2000/svg}"
DATA = deployment()
VILLAGES = tuple(Spot(v.code, v.name, v.lat, v.lon) for v in DATA.villages.values() if v.lat and v.lon)
BY_CODE = {spot.code: spot for spot in VILLAGES}
A = Candidate("A", BY_CODE["TN01"], 112, ("Trùng tên khi bỏ dấu",))
B = Candidate("B", BY_CODE["TN02"], 127, ("Trùng tên khi bỏ dấu", "Tin khác cũng nói “miếu thổ công”"))
FIX = Fix(21.6712345, 106.8123456, 500, "điện thoại của người báo")
SCENE = Scene("xã Thống Nhất", VILLAGES, (), (A, B), (FIX,))


def _root(zoom: Zoom = Zoom.COMMUNE, scene: Scene = SCENE):
    drawing = draw(scene, zoom)
    assert drawing is not None
    return ElementTree.fromstring(drawing.svg), drawing  # noqa: S314 # our own drawing


@pytest.mark.parametrize("zoom", list(Zoom))
def test_a_drawing_is_small_whole_and_has_its_words(zoom) -> None:
    root, drawing = _root(zoom)
    assert len(drawing.svg) < 16_000
    assert root.get("role") == "img"
    assert "A Nà Lải" in root.find(f"{SVG}title").text
    assert {text.text for text in root.iter(f"{SVG}text")} >= {"A", "B"}
    assert [row.mark for row in drawing.rows] == ["A", "B", "+"]
    assert drawing.rows[1].why == "Trùng tên khi bỏ dấu. Tin khác cũng nói “miếu thổ công”"


def test_no_coordinate_stands_in_the_picture() -> None:
    _, drawing = _root(Zoom.VILLAGE)
    for number in ("21.67", "106.81", "21,67", "106,81", "21.63", "106.83"):
        assert number not in drawing.svg


@pytest.mark.parametrize("zoom", list(Zoom))
def test_the_circle_is_as_large_as_the_fix_may_be_off(zoom) -> None:
    root, drawing = _root(zoom)
    (circle,) = [each for each in root.iter(f"{SVG}circle") if each.get("class") == "map-accuracy"]
    assert float(circle.get("r")) == pytest.approx(max(5.0, 0.5 * 560 / drawing.km), rel=0.02)


def test_words_of_the_scale_bar_are_its_length() -> None:
    view = View(21.68, 106.82, 14.0)
    assert bar_km(view) == 2
    assert bar_km(View(21.68, 106.82, 0.5)) == 0.1
    one, other = view.at(21.68, 106.82), view.at(21.68, 106.82 + 1 / (111.32 * math.cos(math.radians(21.68))))
    assert math.dist(one, other) == pytest.approx(view.scale)  # a kilometre is a kilometre


@given(st.lists(st.tuples(st.floats(0, 560), st.floats(0, 400), st.text("Nà Lải", min_size=1, max_size=14)), max_size=40))
def test_names_never_overlap_and_stay_on_the_sheet(points) -> None:
    placed = place([Name(text, Xy(x, y)) for x, y, text in points], (), 560, 400)
    assert all(not one.box.meets(other.box) for one, other in combinations(placed, 2))
    assert all(each.box.x >= 0 and each.box.x + each.box.w <= 560 for each in placed)


def test_candidates_have_their_names_before_others() -> None:
    root, _ = _root()
    named = [text.text for text in root.iter(f"{SVG}text") if "is-candidate" in text.get("class", "")]
    assert named == ["Nà Lài TN02", "Nà Lải TN01"]


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=3, max_size=30))
def test_a_hull_holds_all_its_points(points) -> None:
    corners = hull(Xy(*point) for point in points)
    if len(corners) < 3:
        return
    for x, y in points:
        for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0]), strict=True):
            assert (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= -1e-6


def test_strange_names_are_words() -> None:
    spot = Spot("TN01", '<script>"&', 21.64, 106.83)
    drawing = draw(Scene("xã <b>", (spot, *VILLAGES[1:]), (), (Candidate("A", spot, 1, ("<i>",)),)))
    assert drawing is not None
    assert "<script>" not in drawing.svg
    ElementTree.fromstring(drawing.svg)  # noqa: S314 # our own drawing


def test_one_village_or_none_is_drawn_or_not_drawn() -> None:
    assert draw(Scene("xã Thống Nhất", ())) is None
    root, drawing = _root(scene=Scene("xã Thống Nhất", (BY_CODE["TN01"],)))
    assert (drawing.km, re.search("NaN|inf", drawing.svg)) == (4.0, None)
    assert root.find(f"{SVG}path") is not None


def test_where_a_fix_lies_is_told_from_the_nearest_village() -> None:
    tn01 = BY_CODE["TN01"]
    north = Fix(tn01.latitude + 1 / 111.32, tn01.longitude, 30, "máy định vị")
    rows = draw(Scene("xã Thống Nhất", (tn01,), (), (), (north,))).rows
    assert (rows[0].what, rows[0].near) == ("Tọa độ, sai số 30 m", "1,0 km về phía bắc Nà Lải")
    assert distance_km((21.0, 106.0), (21.0, 107.0)) == pytest.approx(103.9, abs=0.2)


def test_a_drawing_costs_little() -> None:
    assert least_cpu_s(lambda: draw(SCENE), rounds=3) < 0.1


def test_the_region_shows_known_places_round_the_commune() -> None:
    scene = scene_of(DATA, "06577")
    assert "Đồng Đăng" in {spot.title for spot in scene.around}
    near, far = (draw(scene, zoom) for zoom in (Zoom.COMMUNE, Zoom.REGION))
    assert (near.km < far.km, "Đồng Đăng" in near.svg, "Đồng Đăng" in far.svg) == (True, False, True)
