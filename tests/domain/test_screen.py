"""What fits on a screen of a feature phone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.screen import pages, room, units
from gateway.domain.segments import alphabet_of


@pytest.mark.parametrize(("text", "septets", "units_"), [("abc", 160, 160), ("suối", 160, 70), ("abc", 182, 182), ("suối", 182, 79)])
def test_accents_leave_70_of_160(text: str, septets: int, units_: int):
    assert room(text, septets) == units_


@pytest.mark.parametrize(("length", "count"), [(160, 1), (161, 2)])
def test_a_page_holds_160(length: int, count: int):
    assert len(pages("x" * length, 160, "98 Tiep")) == count


def test_brackets_take_two():
    assert len(pages("[" * 80, 160, "98")) == 1
    assert len(pages("[" * 81, 160, "98")) == 2


def test_lines_stay_whole_and_every_page_but_the_last_says_how_to_go_on():
    text = "\n".join(f"{n} Thon so {n}" for n in range(1, 21))
    found = pages(text, 160, "98 Tiep")
    assert len(found) == 2
    assert found[0].endswith("\n98 Tiep")
    assert "98 Tiep" not in found[1]
    assert found[0].removesuffix("\n98 Tiep") + "\n" + found[1] == text


@given(st.text(st.sampled_from("ab {€ệ\n😀"), max_size=600), st.integers(60, 182))
def test_every_page_fits_and_no_word_is_lost(text: str, septets: int):
    found = pages(text, septets, "98")
    alphabet = alphabet_of(text + "98")
    assert all(units(page, alphabet) <= room(text + "98", septets) for page in found)
    whole = "".join(page.removesuffix("\n98") if page is not found[-1] else page for page in found)
    assert "".join(whole.split()) == "".join(text.split())
