"""pieces.toml and the copy decks: what is wrong is named with file, line, field and remedy, all at once."""

import pytest

from collateral.load import load_shop
from gateway.deployment import BadDeployment, shipped


def refusals(path) -> str:
    with pytest.raises(BadDeployment) as raised:
        load_shop(path)
    return str(raised.value)


def test_the_shipped_shop_is_complete(shop):
    assert list(shop.pieces)[:3] == ["poster-a3", "banner-h", "leaflet-a5"]
    assert set(shop.copies) == {"vi", "en", "lo"}
    for piece in shop.pieces.values():
        assert set(piece.layouts) <= set(shop.themes)


def test_a_deployment_without_pieces_prints_ours(deployment_copy, shop):
    path = deployment_copy()
    (path / "pieces.toml").unlink()
    assert load_shop(path).pieces == shop.pieces


def test_a_deployments_own_copy_wins(deployment_copy):
    path = deployment_copy()
    own = path / "templates" / "print" / "vi.toml"
    own.parent.mkdir(parents=True)
    own.write_text((shipped("templates") / "print" / "vi.toml").read_text("utf-8").replace("Quét mã để báo tin", "Quét mã"), "utf-8")
    assert load_shop(path).copies["vi"].shared.verb == "Quét mã"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("bleed = 3\n", "bleeed = 3\n", "pieces.toml:{line}: pieces.poster-a3.bleeed: The key is unknown"),
        ("scale = 1\n", "", "The key is missing"),
        ("trim = [297, 420]", 'trim = "A3"', "pieces.toml:{line}: pieces.poster-a3.trim"),
        ('stock = "sheet"', 'stock = "papyrus"', "pieces.poster-a3.stock"),
        ('nguon = "nguon_sheet"', 'nguon = "nguon_shet"', "There is no layout “nguon_shet”. There are: nguon_sheet, "),
        ('nguon = "nguon_sheet"', 'nguồn-2 = "nguon_sheet"', "pieces.toml"),
        ('nguon = "nguon_sheet"', 'nguoon = "nguon_sheet"', "pieces.toml:{line}: pieces.poster-a3.layouts: There is no theme “nguoon”"),
        ("cloth = { field = [12, 100, 88, 18] }", "", "field of theme “nguon” carries 250 % ink, the piece allows 240 %"),
        (
            "stock = ",
            'condition = "FOGRA99"\nstock = ',
            "pieces.toml:{line}: pieces.poster-a3.condition: There is no printing condition “FOGRA99”",
        ),
        ("uncoated = { field = ", "uncoated = { feld = ", "pieces.toml:{line}: themes.nguon.uncoated"),
        ("[pieces.poster-a3]", "[pieces.poster-a3", "pieces.toml:{line}: This is no TOML"),
    ],
)
def test_a_slip_in_pieces_is_named(deployment_copy, old, new, said):
    path = deployment_copy()
    file = path / "pieces.toml"
    text = file.read_text("utf-8")
    line = text[: text.index(old)].count("\n") + 1
    file.write_text(text.replace(old, new, 1), "utf-8")
    assert said.replace("{line}", str(line)) in refusals(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{caller}", "{calller}", "vi.toml:8: shared.caller: There is no field {calller}"),
        ("{caller}", "{caller", "vi.toml:8: shared.caller: A curly bracket is open or lonely"),
        ("{caller}", "{caller.__class__}", "There is no field {caller.__class__}"),
        ('verb = "', 'werb = "', "shared.werb: The key is unknown"),
    ],
)
def test_a_slip_in_the_copy_is_named(deployment_copy, old, new, said):
    path = deployment_copy()
    own = path / "templates" / "print" / "vi.toml"
    own.parent.mkdir(parents=True)
    text = (shipped("templates") / "print" / "vi.toml").read_text("utf-8")
    assert old in text
    own.write_text(text.replace(old, new, 1), "utf-8")
    assert said in refusals(path)
