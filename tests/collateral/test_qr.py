import pytest
import zxingcpp

from collateral import payload
from collateral.qr import QUIET_ZONE, TooLong, symbols


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
