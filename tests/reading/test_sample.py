"""The labelled set (invented messages, README_sample_mo): what was reached is held."""

import json
from pathlib import Path

import pytest

from gateway.reading import gazetteer, read
from tests.reading.deployment import ALIASES, PLACES, VILLAGES

SAMPLE = [json.loads(line) for line in (Path(__file__).parent / "sample_mo.jsonl").read_text("utf-8").splitlines()]


def share(right):
    return sum(right) / len(right)


@pytest.fixture(scope="module", params=[PLACES, gazetteer(VILLAGES)], ids=["home-known", "home-unknown"])
def readings(request):
    return [(row["expect"], read(row["text"], row["channel"], request.param, ALIASES)) for row in SAMPLE]


def test_the_set_is_whole():
    assert len(SAMPLE) == 150


def test_keyword(readings):
    assert share([found.keyword == expect["keyword"] for expect, found in readings]) >= 0.98


def test_no_wrong_village(readings):
    assert [(e["village_hint"], f.village) for e, f in readings if f.village not in (None, e["village_hint"])] == []


def test_village_recall(readings):
    assert share([found.village == expect["village_hint"] for expect, found in readings]) >= 0.98


def test_kind(readings):
    assert share([found.kind == expect["kind"] for expect, found in readings]) >= 0.98


@pytest.mark.parametrize("name", ["urgent", "case_code", "contact_phone"])
def test_fields_of_now(readings, name):
    """Precision: nothing is extracted that the label does not hold; recall of what this reading draws out."""
    assert [(f.fields.get(name), e["fields"].get(name)) for e, f in readings if f.fields.get(name) != e["fields"].get(name)] == []


def test_candidates(readings):
    labelled = [(tuple(e["fields"]["village_candidates"]), f) for e, f in readings if "village_candidates" in e["fields"]]
    assert len(labelled) == 2
    assert all(found.village_candidates == candidates for candidates, found in labelled)
