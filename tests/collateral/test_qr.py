import pytest
import qrcode
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as some
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError

from collateral import payload, qr_encode
from collateral.qr import QUIET_ZONE, TooLong, symbol_of, symbols

LEVELS = (ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q, ERROR_CORRECT_H)


def stock(text: str, version: int, level: int) -> tuple[tuple[bool, ...], ...] | None:
    """The symbol as qrcode makes it, None where it overflows."""
    code = qrcode.QRCode(version=version, error_correction=level)
    code.add_data(text)
    try:
        code.make(fit=False)
    except DataOverflowError:
        return None
    return tuple(tuple(map(bool, row)) for row in code.modules)


def ours(text: str, version: int, level: int) -> tuple[tuple[bool, ...], ...] | None:
    return qr_encode.modules(text, version, level) if qr_encode.fits(text, version, level) else None


@settings(max_examples=60, deadline=None)
@given(
    some.one_of(
        some.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", min_size=1, max_size=60),
        some.text(min_size=1, max_size=40),
        some.text("0123456789", min_size=1, max_size=60),
        some.builds("{}{}{}".format, some.text("ALS /", max_size=30), some.text("01239", max_size=30), some.text("aá đ", max_size=9)),
    ).filter(bool),
    some.integers(1, 11),
    some.sampled_from(LEVELS),
)
def test_symbols_are_stock_qrcode_s_module_by_module(text, version, level):
    """Letters, digits, bytes and mixtures, over the steps where length fields grow (10) and version information begins (7)."""
    assert ours(text, version, level) == stock(text, version, level)


@pytest.mark.parametrize("version", [14, 27, 40])
def test_large_symbols_are_stock_qrcode_s_too(version):
    """Many blocks of two lengths, and the widest length fields."""
    text = "LS TN01 BAC THAY MO O DAU LANG, 0300 000 101: Khuổi Tẳng. " * 3
    assert ours(text, version, ERROR_CORRECT_Q) == stock(text, version, ERROR_CORRECT_Q) is not None


@pytest.mark.parametrize("number", range(1, 40))
def test_every_village_s_link_is_stock_qrcode_s(number):
    """All eight masks come up among them, or the search would go untested."""
    text = f"HTTPS://TINBAO.EXAMPLE/Q/TN{number:02}03Q"
    assert symbol_of(text, 2).rows == stock(text, 2, ERROR_CORRECT_M)


@pytest.mark.parametrize(
    ("text", "version", "level"),  # press.md §4.1: the smallest version at M, then the highest level that it still holds
    [
        ("TEL:0300000101", 1, "Q"),
        ("SMSTO:8088:LS TN01", 1, "M"),
        ("HTTPS://TINBAO.EXAMPLE/Q/TN0101U", 2, "M"),
        ("HTTPS://LS500.VN/DONGY", 2, "Q"),
        ("HTTPS://LS.THONGNHAT.GOV.VN/B/TN-DONGY-07", 3, "Q"),
    ],
)
def test_smallest_version_then_highest_level(text, version, level):
    (symbol,) = symbols((text,), 5)
    assert (symbol.version, symbol.level, symbol.modules) == (version, level, 17 + 4 * version)


def test_codes_of_one_piece_share_their_version():
    """Else equal squares would hold unequal modules."""
    assert {s.version for s in symbols(("HTTPS://TINBAO.EXAMPLE/Q/TN0101U", "TEL:0300000101"), 3)} == {2}


def test_a_payload_too_long_for_the_piece_is_refused():
    with pytest.raises(TooLong, match="version 2"):
        symbols(("HTTPS://TINBAO.EXAMPLE.GOV.VN/CHIENDICH/Q/TN0101U",), 2)


@pytest.mark.parametrize("text", ["HTTPS://TINBAO.EXAMPLE/Q/TN0101U", "SMSTO:8088:LS TN01", "TEL:0300000101"])
def test_a_reader_reads_the_matrix(text):
    """Drawn by hand at four pixels a module, with its quiet zone."""
    (symbol,) = symbols((text,), 3)
    side = symbol.with_quiet_zone * 4
    pixels = bytearray(b"\xff" * side * side)
    for y, row in enumerate(symbol.rows):
        for x, dark in enumerate(row):
            for i in range(16 if dark else 0):
                pixels[((y + QUIET_ZONE) * 4 + i // 4) * side + (x + QUIET_ZONE) * 4 + i % 4] = 0
    assert [code.text for code in zxingcpp.read_barcodes(memoryview(pixels).cast("B", (side, side)))] == [text]


def test_runs_cover_exactly_the_dark_modules():
    (symbol,) = symbols(("TEL:0300000101",), 3)
    covered = {(x + i, y) for x, y, length in symbol.bars() for i in range(length)}
    dark = {(x + QUIET_ZONE, y + QUIET_ZONE) for y, row in enumerate(symbol.rows) for x, module in enumerate(row) if module}
    assert covered == dark


def test_a_link_stays_in_alphanumeric_mode_and_is_typed_without_its_scheme():
    said = payload.link("https://tinbao.example/", "TN0101U")
    assert said == "HTTPS://TINBAO.EXAMPLE/Q/TN0101U"
    assert set(said) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")  # ISO/IEC 18004 table 5
    assert payload.typed(said) == "TINBAO.EXAMPLE/Q/TN0101U"
