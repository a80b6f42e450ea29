"""Never a wrong village: what settles one, what leaves candidates."""

import pytest

from gateway.domain.code import placement_code
from gateway.domain.village import Village
from gateway.reading import gazetteer
from gateway.reading.village import VillageReading, read_village
from tests.reading.deployment import PLACES, VILLAGES


@pytest.mark.parametrize(
    "text", ["TN07", "tn7", "tn 07", "TNO7", "TN-07", "tn.7", "TN007", "mo o doi TN07", "TN07 gan TN08", "o bản Chang", "BANCHANG"]
)
def test_settled(text):
    assert read_village(text, PLACES, after_keyword=True).code == "TN07"


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("na lai", ("TN01", "TN02")),
        ("Tan Lap", ("TN28", "TN29")),
        ("thon tan lap 2 ngoi mo", ("TN28", "TN29")),
        ("o doi, TN07 va TN08", ("TN07", "TN08")),
        ("TN02 mộ ở Nà Lải", ("TN01", "TN02")),
        ("TN07 thon Na Sla", ("TN07", "TN26")),
        ("TM10 co mo", ("TN10",)),
        ("mo o thon keo co hong", ("TN09", "TN11")),  # Kéo Cọ or Co Hồng: the names overlap
        ("cau Dong Khon", ("TN22",)),
        ("ở Tân Lập 1, huyện Bắc Sơn", ("TN28",)),
    ],
)
def test_candidates(text, candidates):
    found = read_village(text, PLACES, after_keyword=True)
    assert (found.code, found.candidates) == (None, candidates)


@pytest.mark.parametrize("text", ["", "TN99", "TN", "TNXP 79", "thon Nha Sla", "Nà Lái", "07", "TN 1950"])
def test_nothing_named(text):
    assert read_village(text, PLACES) == VillageReading(None)


def test_a_placement_code_names_its_village():
    assert read_village(f"LS {placement_code('TN12', 3)} mo", PLACES).code == "TN12"


def test_span_covers_the_words_read():
    assert read_village("mo o thon Na Sla", PLACES).span == (10, 16)


def test_old_and_new_tone_places_are_one_name():
    villages = {"XX01": Village("XX01", "Hoà Bình", "thôn", "06577")}
    assert read_village("thôn Hòa Bình", villages).code == "XX01"


def test_another_deployment_has_its_own_letters():
    places = gazetteer({"KT03": Village("KT03", "Ví Dụ", "xóm", "18844")})
    assert read_village("kt3 co mo", places).code == "KT03"
    assert read_village("TN03 co mo", places).code is None


def test_no_villages():
    assert read_village("LS TN07 o ban Chang", {}).code is None


def test_every_village_is_found_by_code_and_by_accented_name():
    for code, village in VILLAGES.items():
        assert read_village(code.lower(), PLACES).code == code
        assert read_village(f"ở thôn {village.name}, có mộ", PLACES).code == code
