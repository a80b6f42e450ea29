"""The labelled sets (invented messages, README_sample_mo): what was reached is held."""

import pytest

from gateway.reading import gazetteer, read
from tests.reading.deployment import ALIASES, PLACES, VILLAGES
from tests.reading.score import OWN, SAMPLE, Score, Tally, held_out, load, main, matches, score, table

ROWS = load(SAMPLE)
OWN_ROWS = load(OWN)


@pytest.fixture(scope="module", params=[PLACES, gazetteer(VILLAGES)], ids=["home-known", "home-unknown"])
def readings(request):
    return [(row["expect"], read(row["text"], row["channel"], request.param, ALIASES)) for row in ROWS]


@pytest.fixture(scope="module", params=[ROWS, OWN_ROWS, held_out(OWN_ROWS)], ids=["sample", "own", "held-out"])
def scored(request):
    return score(request.param)


def share(right):
    return sum(right) / len(right)


def test_the_sets_are_whole():
    assert len(ROWS) == 150
    assert len(OWN_ROWS) >= 120
    assert len(held_out(OWN_ROWS)) * 3 >= len([row for row in OWN_ROWS if row["id"].startswith("own")]) - 2
    assert len({row["text"] for row in OWN_ROWS}) == len(OWN_ROWS)


def test_keyword(readings):
    assert share([found.keyword == expect["keyword"] for expect, found in readings]) >= 0.98


def test_no_wrong_village(readings):
    assert [(e["village_hint"], f.village) for e, f in readings if f.village not in (None, e["village_hint"])] == []


def test_village_recall(readings):
    assert share([found.village == expect["village_hint"] for expect, found in readings]) >= 0.98


def test_kind(readings):
    assert share([found.kind == expect["kind"] for expect, found in readings]) >= 0.98


@pytest.mark.parametrize("name", ["urgent", "case_code", "contact_phone"])
def test_what_others_act_on(readings, name):
    """Precision too: nothing of these is drawn out that the label does not hold."""
    assert [(f.fields.get(name), e["fields"].get(name)) for e, f in readings if f.fields.get(name) != e["fields"].get(name)] == []


def test_candidates(readings):
    labelled = [(tuple(e["fields"]["village_candidates"]), f) for e, f in readings if "village_candidates" in e["fields"]]
    assert len(labelled) == 2
    assert all(found.village_candidates == candidates for candidates, found in labelled)


def test_reached(scored):
    """What was reached less what one odd label may cost."""
    assert scored.share("keyword") >= 0.98
    assert scored.share("kind") >= 0.98
    assert scored.share("village") >= 0.97
    assert scored.wrong_villages == []
    assert scored.micro.f1 >= 0.96, scored.misses


def test_no_name_where_the_label_says_none(scored):
    """A named informant is not the martyr: a wrong name sends a letter to the wrong family."""
    assert scored.fields["martyr_name"].precision >= 0.97, scored.misses


def test_every_span_lies_in_the_text():
    for row in (*ROWS, *OWN_ROWS):
        found = read(row["text"], row["channel"], PLACES, ALIASES)
        assert all(0 <= start < end <= len(found.text) and 0 < f.confidence <= 1 for f in found.found for start, end in [f.span]), row["id"]


def test_spans_hold_the_words_of_their_values():
    """What is taken as written stands at its span, letter for letter."""
    as_written = {"martyr_name", "hometown", "rank", "burial_place", "landmark", "death_place"}
    for row in (*ROWS, *OWN_ROWS):
        found = read(row["text"], row["channel"], PLACES, ALIASES)
        wrong = [f for f in found.found if f.name in as_written and found.text[slice(*f.span)] != f.value]
        assert wrong == [], row["id"]


# --- the scorer itself ---


@pytest.mark.parametrize(
    ("name", "got", "want", "hit"),
    [
        ("landmark", "dưới gốc đa to", "goc da", True),
        ("landmark", "goc da", "duoi goc da dau ban", True),
        ("landmark", "o chan doi sau truong hoc cu nguoi gia trong ban ke lai", "chan doi", False),  # more than twice two words and two
        ("martyr_name", "Nguyễn Văn Ví Dụ", "Nguyen Van Vi Du", True),
        ("martyr_name", "Nguyen Van Vi", "Nguyen Van Vi Du", False),
        ("death_date", "1979-02-17", "1979-02", True),
        ("death_date", "1979", "1979-02", False),
        ("relics", ("mũ cối",), ["mu coi"], True),
        ("relics", ("mũ cối", "dép"), ["mu coi"], False),
        ("grave_count", 2, 3, False),
        ("coords", {"system": "WGS84", "lat": 21.0, "lon": 106.0}, {"system": "WGS84", "lat": 21.0001, "lon": 106.0, "tol_m": 20}, True),
        ("coords", {"system": "WGS84", "lat": 21.0, "lon": 106.0}, {"system": "WGS84", "lat": 21.001, "lon": 106.0, "tol_m": 20}, False),
    ],
)
def test_matches(name, got, want, hit):
    assert matches(name, got, want) is hit


def test_null_labels_count_against_precision():
    row = {"id": "x", "channel": "sms", "text": "LS TN07 liet si Le Van Thu", "expect": {
        "keyword": "LS", "village_hint": "TN07", "kind": "tip", "fields": {"martyr_name": None, "rank": "ha si"}}}  # fmt: skip
    result = score([row])
    assert result.fields == {"martyr_name": Tally(0, 1, 0), "rank": Tally(0, 0, 1)}
    assert result.micro == Tally(0, 1, 1)
    assert len(result.misses) == 2


def test_the_table(tmp_path):
    said = []
    main([str(OWN), "--held-out", "-v"], said.append)
    assert "all (micro)" in said[0]
    assert "wrong villages: 0" in said[0]
    assert table(Score()).endswith("0 texts · keyword 100.0% · kind 100.0% · village 100.0% · wrong villages: 0")
