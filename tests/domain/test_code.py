"""ISO 7064 MOD 37,36, and the codes made with it."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.code import (
    CODE_ALPHABET,
    MAX_PLACEMENT,
    check_character,
    is_valid,
    next_placement_number,
    placement_code,
    read_placement_code,
    read_tip_code,
    tip_code,
)

ALL = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_the_standards_own_example() -> None:
    """The Global Release Identifier (GRid) uses MOD 37,36; its published example is A1-2425G-ABC1234002-M."""
    assert check_character("A12425GABC1234002") == "M"


@given(st.text(ALL, min_size=1, max_size=10), st.data())
def test_one_wrong_character_is_found(payload: str, data: st.DataObject) -> None:
    """Every single substitution."""
    code = payload + check_character(payload)
    at = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from(ALL.replace(code[at], "")))
    assert not is_valid(code[:at] + other + code[at + 1 :])


@given(st.integers(1, MAX_PLACEMENT - 8))
def test_placement_codes_read_back(number: int) -> None:
    """Also in small letters and with blanks; numbers whose check character can't be read are refused."""
    if next_placement_number("TN07", number - 1) != number:
        with pytest.raises(ValueError, match="must be skipped"):
            placement_code("TN07", number)
        return
    code = placement_code("TN07", number)
    assert not set(code[4:]) & set("ILO")
    assert read_placement_code(f" {code[:4].lower()}-{code[4:].lower()} ") == ("TN07", number)


def test_lookalikes_count_alike() -> None:
    """What people type for 0 and 1 finds the code where only one reading checks out."""
    number = next_placement_number("TN01", 34)
    code = placement_code("TN01", number)
    assert read_placement_code(code.replace("0", "O")) == ("TN01", number)
    assert read_placement_code(code.replace("1", "I")) == ("TN01", number)
    assert read_placement_code("TN01") is None
    assert read_placement_code("TN01ZZZ" * 3) is None


def test_numbers_are_skipped_not_reused() -> None:
    """The plan walks up; no two are equal."""
    number, numbers = 0, []
    for _ in range(60):
        number = next_placement_number("TN09", number)
        numbers.append(number)
    assert all(a < b for a, b in pairwise(numbers))
    with pytest.raises(ValueError, match="outside"):
        placement_code("TN09", MAX_PLACEMENT + 1)


def test_tip_codes() -> None:
    """Six characters without I, L, O, U; slips of the eye are forgiven, of the hand found."""
    codes = {tip_code(Random(seed)) for seed in range(300)}
    assert len(codes) > 295
    for code in codes:
        assert len(code) == 6
        assert set(code) <= set(CODE_ALPHABET) - {"U"}
        assert read_tip_code(code.lower().replace("0", "o").replace("1", "l")) == code
    assert read_tip_code("7K3M9") is None
