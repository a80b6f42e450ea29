"""Placements by rules: by households, and one for all villages near."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.code import read_placement_code
from gateway.domain.hanging import distance_km
from gateway.domain.placement import Placement
from gateway.domain.placement_plan import Rule, proposed
from gateway.domain.village import Village


def village(code, households=50, lat=None, lon=None):
    return Village(code, f"Thôn {code}", "thôn", "06577", households, lat, lon)


def villages(*made):
    return {each.code: each for each in made}


def test_one_for_so_many_households_begun():
    rule = Rule(("Nhà văn hóa", "Chợ"), per_households=60, most=3)
    assert [rule.wanted(village("TN01", n)) for n in (0, 1, 60, 61, 120, 500)] == [1, 1, 1, 2, 2, 3]


def test_spots_come_in_order_and_none_twice():
    planned = proposed(villages(village("TN01", 200)), (), {"poster-a3": Rule(("Nhà văn hóa", "Chợ"), per_households=50, most=4)})
    assert [each.spot for each in planned] == ["Nhà văn hóa", "Chợ", "Nhà văn hóa 2", "Chợ 2"]


def test_what_is_there_counts_and_keeps_its_spot():
    there = (Placement("TN01", 5, "poster-a3", "Nhà văn hóa"), Placement("TN01", 9, "banner-h", "Cổng"))
    planned = proposed(villages(village("TN01", 100)), there, {"poster-a3": Rule(("Nhà văn hóa", "Chợ"), per_households=50)})
    assert [(each.spot, each.number > 9) for each in planned] == [("Chợ", True)]
    assert read_placement_code(planned[0].code) == ("TN01", planned[0].number)


def test_one_board_serves_all_villages_near_and_stands_where_most_live():
    """Three villages in a row, 2 km apart, and one far away: the middle one reaches all three."""
    step = 2 / 111.19
    row = [village(f"TN0{n}", 50, 21 + n * step, 106) for n in (1, 2, 3)]
    planned = proposed(villages(*row, village("TN09", 10, 22.5, 106)), (), {"board-3x4": Rule(("Ngã ba",), within_km=2.5)})
    assert [each.village for each in planned] == ["TN02", "TN09"]


def test_a_board_that_stands_serves_already():
    step = 2 / 111.19
    row = [village(f"TN0{n}", 50, 21 + n * step, 106) for n in (1, 2, 3)]
    assert proposed(villages(*row), (Placement("TN02", 1, "board-3x4", ""),), {"board-3x4": Rule(("Ngã ba",), within_km=2.5)}) == []


def test_a_village_without_a_position_gets_its_own():
    planned = proposed(villages(village("TN01", 50, 21, 106), village("TN02")), (), {"board-3x4": Rule(("Ngã ba",), within_km=50)})
    assert [each.village for each in planned] == ["TN01", "TN02"]


@given(st.lists(st.tuples(st.floats(21, 22), st.floats(106, 107), st.integers(0, 300)), min_size=1, max_size=12), st.floats(0.5, 60))
def test_every_village_has_one_near(places, km):
    """And planning again finds nothing missing."""
    made = villages(*(village(f"TN{n:02}", households, lat, lon) for n, (lat, lon, households) in enumerate(places, 1)))
    rules = {"board-3x4": Rule(("Ngã ba",), within_km=km)}
    planned = proposed(made, (), rules)
    for each in made.values():
        assert min(distance_km((each.lat, each.lon), (made[p.village].lat, made[p.village].lon)) for p in planned) <= km
    assert proposed(made, planned, rules) == []
