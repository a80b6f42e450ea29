"""The scan-test sheet: every kind of code that a village has, and one code at five sizes, all read back."""

from dataclasses import replace

import pikepdf
import pytest

from collateral.batch import Failed, Made
from collateral.layout.scan_test import MODULES_MM
from collateral.scan_test import make_scan_test
from tests.collateral.conftest import with_campaign

LINK = "HTTPS://TINBAO.EXAMPLE/Q/TN0101U"


@pytest.mark.parametrize(
    ("zalo", "others"),
    [
        ("", ["SMSTO:8088:LS TN01", "TEL:0300000101"]),
        ("https://zalo.me/4318000000000000000", ["HTTPS://ZALO.ME/4318000000000000000", "SMSTO:8088:LS TN01", "TEL:0300000101"]),
    ],
)
def test_it_holds_what_the_village_has(shop, tmp_path, zalo, others):
    made = make_scan_test(with_campaign(shop, zalo=zalo), "TN01", "vi", tmp_path)
    assert isinstance(made, Made), made
    assert sorted(made.qr) == sorted([LINK] * 6 + others)
    assert {round(code.module_mm, 2) for code in made.codes if code.role == "link"} == {*MODULES_MM, 0.81}
    assert [file.name for file in tmp_path.iterdir()] == ["TN01_scan-test_nguon_vi_210x297mm.pdf"]


def test_office_printers_get_plain_a4(shop, tmp_path):
    made = make_scan_test(shop, "TN01", "vi", tmp_path)
    assert isinstance(made, Made), made
    with pikepdf.open(made.file) as document:
        assert [round(float(value), 1) for value in document.pages[0].mediabox] == [0, 0, 595.3, 841.9]


def test_a_village_without_any_placement_has_none(shop, tmp_path):
    bare = replace(shop, deployment=replace(shop.deployment, placements=()))
    failed = make_scan_test(bare, "TN01", "vi", tmp_path)
    assert isinstance(failed, Failed)
    assert "tinbao placements plan" in failed.error
