"""The register as it comes back: good rows in, each bad one with its line and its remedy."""

from datetime import date

import pytest

from gateway.domain.hanging import COLUMNS, Hanging, distance_km, hangings_csv, merged, read_hangings
from gateway.domain.placement import Placement
from gateway.domain.table import read_table
from gateway.domain.village import Village

VILLAGES = {"TN01": Village("TN01", "Nà Lải", "thôn", "06577", 112, 21.6385, 106.8378), "TN02": Village("TN02", "Nà Lài", "thôn", "06577")}
PLACEMENTS = (Placement("TN01", 1, "poster-a3", ""), Placement("TN01", 2, "banner-h", ""), Placement("TN02", 1, "poster-a3", ""))
TODAY = date(2026, 12, 5)


def read(text, today=TODAY):
    table = read_table(text.encode(), file="so-treo.csv", columns=COLUMNS)
    return read_hangings(table, PLACEMENTS, VILLAGES, today)


def test_a_row_as_offices_write_it():
    """Vietnamese heads, a day with slashes, a comma for the point, the code in small letters."""
    hung, faults = read(
        "Mã;Thôn;Ngày treo;Vĩ độ;Kinh độ;Ảnh;Người treo\ntn0101u;Thôn Nà Lải;1/12/2026;21,6390;106,8380;TN0101U.jpg;Vi Văn A\n"
    )
    assert faults == []
    assert hung == [Hanging("TN01", 1, "TN0101U", date(2026, 12, 1), 21.639, 106.838, "TN0101U.jpg", "Vi Văn A")]


def test_rows_without_a_day_are_still_to_be_hung():
    assert read("code,hung_on\nTN0101U,\n") == ([], [])


@pytest.mark.parametrize("gps", ["21.639, 106.838", "21.639 106.838", "21.639,106.838", '"21,639 106,838"', '"21,639; 106,838"'])
def test_one_column_may_hold_the_position(gps):
    quoted = gps if gps.startswith('"') else f'"{gps}"'
    (hung,), faults = read(f"code,hung_on,gps\nTN0101U,2026-12-01,{quoted}\n")
    assert (faults, hung.lat, hung.lon) == ([], 21.639, 106.838)


@pytest.mark.parametrize("day", ["2026-12-01", "2026-12-01 00:00:00", "1/12/2026", "01-12-2026", "1.12.2026"])
def test_days_of_all_kinds(day):
    assert read(f"code,hung_on\nTN0101U,{day}\n")[0][0].hung_on == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("TN0101X,2026-12-01,,,", "code", "no placement code"),
        ("TN0103Q,2026-12-01,,,", "code", "not in placements.csv"),
        ("TN0101U,hôm qua,,,", "hung_on", "is no day"),
        ("TN0101U,31/2/2026,,,", "hung_on", "There is no day"),
        ("TN0101U,6/12/2026,,,", "hung_on", "still to come"),
        ("TN0101U,2026-12-01,21.6,,", "lon", "half missing"),
        ("TN0101U,2026-12-01,x,106.8,", "lat", "no number of degrees"),
        ("TN0101U,2026-12-01,106.8,21.6,", "lat", "outside Vietnam"),
        ("TN0101U,2026-12-01,20.0,106.0,", "gps", "km from Thôn Nà Lải"),
        ("TN0101U,2026-12-01,nan,106.8,", "lat", "outside Vietnam"),
        ("TN0101U,2026-12-01,,,../a.jpg", "photo", "no file name"),
    ],
)
def test_a_bad_row_names_its_line_and_the_others_stay(row, column, said):
    hung, faults = read(f"code,hung_on,lat,lon,photo\nTN0102S,2026-12-01,,,\n{row}\n")
    assert [each.code for each in hung] == ["TN0102S"]
    assert [(fault.line, fault.field) for fault in faults] == [(3, column)]
    assert said in faults[0].text
    assert faults[0].remedy


def test_the_same_placement_twice_is_a_fault():
    hung, (fault,) = read("code,hung_on\nTN0101U,2026-12-01\nTN0101U,2026-12-02\n")
    assert len(hung) == 1
    assert "line 2" in fault.text


def test_what_is_written_is_read_back_the_same():
    known = [
        Hanging("TN01", 1, "TN0101U", date(2026, 12, 1), 21.639, 106.838, "a b.jpg", 'Vi "A", B', "x"),
        Hanging("TN02", 1, "TN0201M", TODAY),
    ]
    assert read(hangings_csv(known)) == (known, [])


def test_new_words_replace_old_ones_of_the_same_placement():
    old, new = Hanging("TN01", 1, "TN0101U", date(2026, 12, 1)), Hanging("TN01", 1, "TN0101U", date(2026, 12, 3))
    other = Hanging("TN02", 1, "TN0201M", TODAY)
    assert merged([other, old], [new]) == [new, other]


def test_distance():
    """A degree of latitude is 111.2 km on this sphere."""
    assert distance_km((21, 106), (22, 106)) == pytest.approx(111.19, abs=0.01)
