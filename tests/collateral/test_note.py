import json

import pytest

from collateral.note import SheetNote


def test_a_note_reads_back_as_written(drawn):
    for each in drawn.values():
        assert SheetNote.from_json(each.note.to_json()) == each.note


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"codes": [{}]}', '{"codes": 5}', "\ud800"])
def test_what_is_no_note_is_a_value_error(text):
    with pytest.raises(ValueError):
        SheetNote.from_json(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("scale", 0),
        ("scale", 1e9),
        ("trim_mm", [0, 5]),
        ("ink_limit", -1),
        ("pages", 0),
        ("least_module_mm", 0),
        ("safe_mm", "NaN"),
        ("codes", [1]),
    ],
)
def test_a_note_that_makes_no_sense_is_a_value_error(drawn, key, value):
    raw = {**json.loads(drawn["poster-a3"].note.to_json()), key: value}
    with pytest.raises(ValueError):
        SheetNote.from_json(json.dumps(raw))


@pytest.mark.parametrize(
    ("key", "value"),
    [("page", 0), ("modules", 0), ("modules", 10**6), ("module_mm", 0), ("box_pt", [0, 0, 0, 0]), ("box_pt", [0, 0, 9, 10**6])],
)
def test_a_code_that_makes_no_sense_is_a_value_error(drawn, key, value):
    raw = json.loads(drawn["poster-a3"].note.to_json())
    raw["codes"][0][key] = value
    with pytest.raises(ValueError):
        SheetNote.from_json(json.dumps(raw))
