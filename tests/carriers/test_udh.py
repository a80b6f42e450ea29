"""The header of a part, as 3GPP TS 23.040 §9.2.3.24 writes it; whatever else it is, no part comes of it and nothing is raised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers.udh import Part, part_of


@pytest.mark.parametrize(("udh", "part"), [
    ("050003 2a 03 01", Part("2a", 1, 3)), ("060804 012a 03 03", Part("012a", 3, 3)),  # §9.2.3.24.1 and .8: a byte of reference, or two
    ("050003 00 ff ff", Part("00", 255, 255)),
    ("0b 0504 0bb9 23f0 0003 2a 02 02", Part("2a", 2, 2)),  # ports first
    ("050003 2a 03 00", None), ("050003 2a 03 04", None), ("050003 2a 01 01", None), ("050003 2a 00 00", None),
    ("", None), ("00", None), ("05", None), ("050003", None), ("0500032a03", None), ("050002 2a 03 01", None),
    ("060504 0bb9 23f0", None), ("ff0003 2a 03 01", Part("2a", 1, 3))])  # fmt: skip
def test_part_of(udh: str, part: Part | None) -> None:
    assert part_of(bytes.fromhex(udh)) == part


@given(st.binary(max_size=300))
def test_no_header_raises(udh: bytes) -> None:
    found = part_of(udh)
    assert found is None or 1 <= found.number <= found.total <= 255
