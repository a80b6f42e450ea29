"""Cells as offices write them become what stands in the text, or a fault of their row."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.segments import Alphabet, alphabet_of
from gateway.domain.text_field import BadField, BadValue, Field, FieldKind, clean, fill, grouped, parse_field, value_of


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("text", "  Triệu   Thị\u00a0Thí\u200b Dụ ", "Triệu Thị Thí Dụ"),
        ("text", unicodedata.normalize("NFD", "Nà Lải"), "Nà Lải"),
        ("text", "{{ ten }}", "{{ ten }}"),  # a value is no template
        ("int", "1234", "1.234"),
        ("int", "1.234", "1.234"),
        ("int", "1,234,567", "1.234.567"),
        ("int", "1 234", "1.234"),
        ("int", "1\u00a0234", "1.234"),
        ("int", "12.0", "12"),  # a spreadsheet's number
        ("int", "-5", "-5"),
        ("int", "0", "0"),
        ("date", "27/7/2027", "27/07/2027"),
        ("date", "27-07-2027", "27/07/2027"),
        ("date", "27.7.2027", "27/07/2027"),
        ("date", "2027-07-27", "27/07/2027"),
        ("date", "2027-07-27 00:00:00", "27/07/2027"),
        ("money", "1000", "1000d"),
        ("money", "1.000 đ", "1000d"),
        ("money", "1.000đ", "1000d"),
        ("money", "1000 VND", "1000d"),
        ("money", "1,500,000 vnđ", "1.500.000d"),
        ("money", "1000.0", "1000d"),
    ],
)
def test_values(kind: str, cell: str, value: str) -> None:
    assert value_of(Field("x", FieldKind(kind)), cell) == value


def test_money_in_an_accented_text() -> None:
    assert value_of(Field("x", FieldKind.MONEY), "1000", accented=True) == "1.000 đ"


@pytest.mark.parametrize(
    ("kind", "cell", "said"),
    [
        ("text", "", "The cell is empty"),
        ("text", "\u200b \u00a0", "The cell is empty"),
        ("text", "x" * 161, "The cell has 161 characters"),
        ("text", "a\x07b", "The cell holds characters that no phone can show"),
        ("int", "1.5", "The cell is no whole number"),
        ("int", "12.34", "The cell is no whole number"),
        ("int", "9.1E+08", "The cell is no whole number"),
        ("int", "năm", "The cell is no whole number"),
        ("int", "໑໒", "The cell is no whole number"),
        ("int", "9" * 400, "The number has more than 15 digits"),
        ("date", "27/7/27", "The cell is no date"),
        ("date", "7/27/2027", "There is no such day"),  # the American order
        ("date", "31/02/2027", "There is no such day"),
        ("date", "0000-01-01", "There is no such day"),
        ("date", "2027-07-27 08:30:00", "The cell is no date"),
        ("date", "46230", "The cell is no date"),
        ("money", "-1000", "The amount is below 0"),
        ("money", "1000 USD", "The cell is no whole number"),
        ("money", "đ", "The cell is no whole number"),
    ],
)
def test_bad_values(kind: str, cell: str, said: str) -> None:
    """What is wrong, and a remedy; never the value."""
    with pytest.raises(BadValue, match=f"^{said}$") as caught:
        value_of(Field("x", FieldKind(kind)), cell)
    assert caught.value.remedy


def test_a_row_keeps_its_good_values_and_names_the_bad_ones() -> None:
    """By file, line and field; an optional one may be empty."""
    fields = (Field("ten"), Field("ngay", FieldKind.DATE), Field("so_mo", FieldKind.INT), Field("ghi_chu", optional=True))
    values, faults = fill(fields, {"ten": "Vi Thị Ví Dụ", "ngay": "mai", "so_mo": "3"}, accented=False, file="list.csv", line=7)
    assert values == {"ten": "Vi Thị Ví Dụ", "so_mo": "3", "ghi_chu": ""}
    assert [str(fault) for fault in faults] == [
        "list.csv:7: ngay: The cell is no date. Write day/month/year with four digits of the year, like 27/07/2027"
    ]
    assert "mai" not in str(faults[0])


def test_an_empty_cell_says_both_ways_out() -> None:
    _, (fault,) = fill((Field("ten"),), {}, accented=False, file="list.csv", line=2)
    assert str(fault) == "list.csv:2: ten: The cell is empty. Fill it in, or let the text do without it: {% if ten %}…{% endif %}"


@pytest.mark.parametrize(
    ("declared", "field"),
    [
        ("ten", Field("ten")),
        ("so_tien:money", Field("so_tien", FieldKind.MONEY)),
        (" ngay : date ", Field("ngay", FieldKind.DATE)),
        ("ghi_chu:text?", Field("ghi_chu", optional=True)),
        ("ghi_chu?", Field("ghi_chu", optional=True)),
    ],
)
def test_declarations(declared: str, field: Field) -> None:
    assert parse_field(declared) == field


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("so tien:money", "names no field; write a name of a-z"),
        ("", "names no field"),
        ("tien:euro", "is of no known kind; write tien: and one of text, int, date, money"),
    ],
)
def test_bad_declarations(declared: str, said: str) -> None:
    with pytest.raises(BadField, match=said):
        parse_field(declared)


@given(st.sampled_from(FieldKind), st.text(max_size=40))
def test_any_cell_is_a_value_or_a_fault(kind: FieldKind, cell: str) -> None:
    """And numbers, dates and amounts never need UCS-2 in an unaccented text."""
    try:
        value = value_of(Field("x", kind), cell)
    except BadValue:
        return
    assert value
    assert kind is FieldKind.TEXT or alphabet_of(value) is Alphabet.GSM7


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_numbers_are_read_back(number: int) -> None:
    """As written by us, by a person or by a spreadsheet."""
    field = Field("x", FieldKind.INT)
    assert value_of(field, grouped(number)) == value_of(field, str(number)) == value_of(field, f"{number}.0") == grouped(number)


@given(st.text(max_size=60))
@example("a\u200b\u0301")
def test_cleaning_twice_changes_nothing(cell: str) -> None:
    """The second example: what stood between a letter and its mark is gone, and they join."""
    assert clean(clean(cell)) == clean(cell) == unicodedata.normalize("NFC", clean(cell))
