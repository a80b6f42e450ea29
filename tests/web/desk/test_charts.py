"""Charts: well-formed, named, quiet about colour, and safe for any name of a place."""

import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from gateway.web.desk.charts import Bar, Spot, bar, columns, curve, points

NAME = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=20)


def parsed(markup: object) -> ElementTree.Element:
    return ElementTree.fromstring(str(markup))  # noqa: S314 # our own drawing


def test_a_chart_has_a_title_and_a_description() -> None:
    drawn = parsed(columns([Bar("01/11", 3, 1), Bar("08/11", 0)], "Tin báo theo tuần", "2 tuần; nhiều nhất 3 tin."))
    assert drawn.attrib["role"] == "img"
    named = drawn.attrib["aria-labelledby"].split()
    assert [each.attrib["id"] for each in drawn if each.tag in ("title", "desc")] == named
    assert not any("style" in node.attrib for node in drawn.iter())  # the desk's policy lets none in


def test_a_part_is_told_by_its_pattern_not_by_its_colour() -> None:
    drawn = parsed(columns([Bar("a", 4, 2)], "t", "d"))
    assert any(node.attrib.get("fill", "").startswith("url(#hatch") for node in drawn.iter())


def test_a_silent_village_is_a_square_and_says_so() -> None:
    drawn = parsed(points([Spot("Thôn A", 21.6, 106.8, 0), Spot("Thôn B", 21.7, 106.9, 9)], "t", "d"))
    (square,) = [node for node in drawn.iter() if node.tag == "rect" and len(node)]
    assert square[0].text == "Thôn A: chưa có tin"


@given(st.lists(st.tuples(NAME, st.integers(0, 10**9)), max_size=12))
def test_any_names_and_numbers_are_drawn_within_the_picture(rows: list[tuple[str, int]]) -> None:
    parsed(columns([Bar(name, value, value // 2) for name, value in rows], "t", "d"))
    if rows:
        drawn = parsed(points([Spot(name, 21.0, 106.0 + at / 100, value) for at, (name, value) in enumerate(rows)], "t", "d"))
        for node in drawn.iter("circle"):
            assert 0 <= float(node.attrib["cx"]) <= 430
            assert 0 <= float(node.attrib["cy"]) <= 300


def test_nothing_to_draw_is_nothing() -> None:
    assert curve([], "t") == curve([5], "t") == points([], "t", "d") == ""
    assert parsed(curve([0, 0], "t")).attrib["role"] == "img"
    assert parsed(bar(0, 0)).attrib["aria-hidden"] == "true"
