"""Battles and places in Laos: named as people write them, a lead with a wide radius; and a table that deployments extend."""

import shutil
from math import cos, hypot, radians
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.deployment import load_deployment, shipped_deployment
from gateway.reading.coordinates import read_points
from gateway.reading.outline import is_here
from gateway.reading.passage import passage
from gateway.reading.place_names import known_places, read_known_places
from gateway.reading.places import place_names_of
from gateway.reading.words import clean

DEPLOYMENT = load_deployment(shipped_deployment())
NAMES = place_names_of(DEPLOYMENT).known


def named(text, names=NAMES):
    return [mention.name for mention in read_known_places(passage(clean(text)), names)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("hy sinh tại mặt trận Vị Xuyên năm 1984", ["Vị Xuyên"]),
        ("hs o Khe Sanh 1968", ["Khe Sanh"]),
        ("mat tran khe sanh", ["Khe Sanh"]),
        ("chien dich duong 9 nam lao", ["Đường 9 - Nam Lào"]),
        ("near Hamburger Hill, A Shau valley", ["A Bia", "A Sầu"]),
        ("o canh dong chum, xieng khoang", ["Cánh Đồng Chum", "Xiêng Khoảng"]),
        ("hy sinh ở Bôlykhămxay (Lào)", ["Bô Ly Khăm Xay"]),
        ("Bô-li-khăm-xay", ["Bô Ly Khăm Xay"]),
        ("tinh Bolikhamxay", ["Bô Ly Khăm Xay"]),
        ("huyện Khăm Cợt, gần Lạc Xao", ["Khăm Cợt", "Khăm Cợt"]),
        ("Savannakhet, Sepon", ["Sa Van Na Khẹt", "Sê Pôn"]),
        ("thành cổ Quảng Trị", ["Thành cổ Quảng Trị"]),
        ("Điện Biên Phủ 1954", ["Điện Biên Phủ"]),
        ("mo bo doi canh suoi", []),
        ("an loc cho gia dinh", []),  # small and plain: any two words
        ("anh An Lộc", []),
        ("Nguyễn Xuân Lộc", []),
        ("Khe Sanhh", []),
        ("Đồng. Đăng", []),
        ("dong dang lam", []),
        ("ở Đồng Đăng", ["Đồng Đăng"]),
        ("", []),
    ],
)
def test_names(text, names):
    assert named(text) == names


def test_a_mention_is_a_lead():
    (found,) = read_known_places(passage("hy sinh o Khe Sanh nam 68"), NAMES)
    assert (found.kind, found.area) == ("trận đánh", "tỉnh Quảng Trị")
    assert found.radius_m >= 5_000
    assert found.confidence < 0.9
    assert "hy sinh o Khe Sanh nam 68"[slice(*found.span)] == "Khe Sanh"


@pytest.mark.parametrize(
    ("name", "reference"),
    [("A Bia", "YC 328 981"), ("Ia Đrăng", "grid YA 93 01"), ("Cồn Tiên", "YD 115 703"), ("Khe Sanh", "XD 850 418"),
     ("Làng Vây", "grid XD 79 36"), ("An Lộc", "grid XT 76 88"), ("Đắk Tô - Tân Cảnh", "grid ZB 00 21")],
)  # fmt: skip
def test_battles_lie_where_american_references_put_them(name, reference):
    place = next(place for place in DEPLOYMENT.known_places if place.name == name)
    (point,) = read_points(reference)
    off_m = hypot((point.latitude - place.latitude) * 110_600, (point.longitude - place.longitude) * 111_320 * cos(radians(place.latitude)))
    assert off_m < place.radius_m


def test_the_shipped_table():
    """Every place lies in one of the three countries, none is given closer than it is known, and every spelling finds its own."""
    assert len(DEPLOYMENT.known_places) >= 60
    for place in DEPLOYMENT.known_places:
        assert is_here(place.latitude, place.longitude), place.name
        assert place.radius_m >= (20_000 if "Lào" in place.area and place.kind == "tỉnh" else 5_000), place.name
        for spelling in (place.name, *place.spellings):
            assert place.name in named(f"o {spelling}"), spelling


def test_a_deployment_adds_its_own(tmp_path):
    folder = Path(shutil.copytree(shipped_deployment(), tmp_path / "xa"))
    row = 'Khau Ma,đồi Khâu Mạ|cao điểm 386,trận đánh,xã Thống Nhất,"21,70","106,80",800,2/1979,CCB xã kể\n'
    path = folder / "known_places.csv"
    path.write_text(path.read_text("utf-8") + row, "utf-8")
    deployment = load_deployment(folder)
    assert deployment.faults == ()
    assert named("tại cao điểm 386", known_places(deployment.known_places)) == ["Khau Ma"]


_TYPED = "Khe Sanh o Đồng Đăng Lạc Xao A Bia , . ( Bô li Khăm Xay \0 ﷺ"


@given(st.one_of(st.text(), st.lists(st.sampled_from(_TYPED.split())).map(" ".join)))
def test_no_text_makes_it_raise(text):
    end = 0
    for found in read_known_places(passage(clean(text)), NAMES):
        assert end <= found.span[0] < found.span[1]
        assert 0 < found.confidence < 1
        end = found.span[1]


# -- the table's faults -----------------------------------------------------------------------------------------------------------------

HEAD = "name,spellings,kind,area,latitude,longitude,radius_m,note,source\n"
GOOD = "Khe Sanh,Tà Cơn,trận đánh,Quảng Trị,16.65,106.73,12000,,sách\n"


@pytest.mark.parametrize(
    ("row", "field", "words", "remedy"),
    [
        (",,trận đánh,Lào,18,104,5000,,sách", "name", "empty", "Fill it in"),
        ("937,,trận đánh,Lào,18,104,5000,,sách", "name", "no name", "letters"),
        ("B,khe sanh,trận đánh,Lào,18,104,5000,,sách", "spellings", "“khe sanh” stands in line 2 already", "Tell the two apart"),
        ("B,,hồ,Lào,18,104,5000,,sách", "kind", "“hồ” is not known here", "trận đánh, địa danh, tỉnh or huyện"),
        ("B,,tỉnh,,18,104,5000,,sách", "area", "empty", "Fill it in"),
        ("B,,tỉnh,Lào,104,18,5000,,sách", "latitude", "lies outside Viet Nam, Laos and Cambodia", "changed places"),
        ("B,,tỉnh,Lào,18,,5000,,sách", "latitude", "position is missing", "both"),
        ("B,,tỉnh,Lào,18,abc,5000,,sách", "longitude", "lies outside", "decimal degrees"),
        ("B,,tỉnh,Lào,18,104,,,sách", "radius_m", "empty", "Fill it in"),
        ("B,,tỉnh,Lào,18,104,5 km,,sách", "radius_m", "no whole number", "digits"),
        ("B,,tỉnh,Lào,18,104,5,,sách", "radius_m", "can't be meant", "metres"),
        ("B,,tỉnh,Lào,18,104,5000,,", "source", "empty", "Fill it in"),
        ("B,,tỉnh,Lào,18,104,5000", "row", "7 cells", "quotation marks"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_kept(tmp_path, row, field, words, remedy):
    folder = Path(shutil.copytree(shipped_deployment(), tmp_path / "xa"))
    (folder / "known_places.csv").write_text(HEAD + GOOD + row, "utf-8")
    deployment = load_deployment(folder)
    (fault,) = deployment.faults
    assert (fault.file, fault.line, fault.field) == ("known_places.csv", 3, field)
    assert words in fault.text
    assert remedy in fault.remedy
    assert [place.name for place in deployment.known_places] == ["Khe Sanh"]


def test_a_deployment_without_the_table(tmp_path):
    folder = Path(shutil.copytree(shipped_deployment(), tmp_path / "xa"))
    (folder / "known_places.csv").unlink()
    deployment = load_deployment(folder)
    assert (deployment.known_places, deployment.faults) == ((), ())
    assert named("ở Khe Sanh", known_places(deployment.known_places)) == []
