"""Old communes and districts to those of today: by name, never by a person's, and side by side where several fit."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.deployment import Merger, load_deployment, shipped_deployment
from gateway.reading.old_places import OldPlaces, old_places, read_places
from gateway.reading.passage import passage
from gateway.reading.places import PlaceNames, place_names_of
from gateway.reading.words import clean, words_of

NAMES = place_names_of(load_deployment(shipped_deployment())).old
LOC_BINH = ("06526", "06529", "06541", "06565", "06577", "06601", "06607")


def mentions(text, names=NAMES, skip=0):
    """`skip`: words of a keyword to leave out, as read() does."""
    text = clean(text)
    return read_places(passage(text, words_of(text)[skip:]), names)


def only(text, skip=0):
    found = mentions(text, skip=skip)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "name", "codes"),
    [
        # the trap of field.md §5: no commune of the district's name
        ("xã Hữu Lân, huyện Lộc Bình", "xã Hữu Lân, huyện Lộc Bình", ("06577",)),
        ("xa Huu Lan huyen Loc Binh", "xã Hữu Lân, huyện Lộc Bình", ("06577",)),
        ("XA HUU LAN, H. LOC BINH", "xã Hữu Lân, huyện Lộc Bình", ("06577",)),
        ("Huu Lan - Loc Binh - Lang Son", "xã Hữu Lân, huyện Lộc Bình", ("06577",)),
        ("x. Hữu Lân", "xã Hữu Lân, huyện Lộc Bình", ("06577",)),
        ("mo o xa Minh Hiep", "xã Minh Hiệp, huyện Lộc Bình", ("06577",)),
        ("quê xã Hữu Lân cũ", "xã Hữu Lân, huyện Lộc Bình", ("06577",)),
        ("que huu lan", "xã Hữu Lân, huyện Lộc Bình", ("06577",)),
        ("ông nội tôi ở Hữu Lân", "xã Hữu Lân, huyện Lộc Bình", ("06577",)),
        ("huyện Lộc Bình", "huyện Lộc Bình", LOC_BINH),
        ("H. Lộc Bình", "huyện Lộc Bình", LOC_BINH),
        ("xã Lộc Bình", "xã Lộc Bình", ("06529",)),  # the commune of today
        ("TT. Lộc Bình", "thị trấn Lộc Bình, huyện Lộc Bình", ("06529",)),
        ("thi tran Loc Binh", "thị trấn Lộc Bình, huyện Lộc Bình", ("06529",)),
        ("xã Thống Nhất", "xã Thống Nhất", ("06577",)),
        ("mo o Thong Nhat", "xã Thống Nhất", ("06577",)),
        ("xa Huong Do", "xã Hương Đô", ("18550",)),
        ("tx Ky Anh", "thị xã Kỳ Anh", None),
        ("tp Ha Tinh", "thành phố Hà Tĩnh", None),
        ("xa Ky Trinh", "phường Kỳ Trinh, thị xã Kỳ Anh", ("18754",)),  # xã in the mouth, phường on paper
        ("thi tran Nghen", "thị trấn Nghèn, huyện Can Lộc", ("18406",)),
        # one name, several communes: the district tells, else all of them
        ("xã Tân Thành, huyện Cao Lộc", "xã Tân Thành, huyện Cao Lộc", ("06316",)),
        ("xã Tân Thanh huyện Văn Lãng", "xã Tân Thanh, huyện Văn Lãng", ("06172",)),
        ("Tân Thành (Bắc Sơn)", "xã Tân Thành, huyện Bắc Sơn", ("06376",)),
        ("xã Tân Thành", "xã Tân Thành", ("06445", "06316", "06376")),
        ("xa Tan Thanh", "xã Tân Thành", ("06445", "06172", "06316", "06376")),  # without marks Tân Thanh, too
        ("xã Tân Thanh", "xã Tân Thanh, huyện Văn Lãng", ("06172",)),
        ("xã Chi Lăng", "xã Chi Lăng", ("06463", "06040")),
        ("Cao Loc cu", "thị trấn Cao Lộc, huyện Cao Lộc", ("06187",)),  # today's commune of the name is another
        ("phường Trần Phú (cũ)", "phường Trần Phú, thành phố Hà Tĩnh", ("18073",)),
        ("phường Trần Phú", "phường Trần Phú", ("18100", "18073")),
        # land that was shared out: the likely part first
        ("xã Kỳ Lợi, thị xã Kỳ Anh, Hà Tĩnh", "xã Kỳ Lợi, thị xã Kỳ Anh", ("18823", "18754", "18832")),
        ("xã Hồng Phong (cũ), huyện Bình Gia", "xã Hồng Phong, huyện Bình Gia", ("06079", "06184")),
        # two provinces have it: the text names one
        ("phường Đông Kinh, Lang Son", "phường Đông Kinh, thành phố Lạng Sơn", ("05977",)),
    ],
)
def test_names(text, name, codes):
    found = only(text)
    assert found.name == name
    assert codes is None or found.new_codes == codes
    assert len(found.new_codes) == 1 or found.confidence <= 0.7 or found.kind in ("huyện", "thị xã", "thành phố")


@pytest.mark.parametrize(
    ("text", "codes"),
    [("LS Minh Hiep cu, thon Song Hoa", ("06577",)), ("ADN Huong Khe me liet si 91t", ("18496",)), ("LS Ky Thuong co 2 mo", ("18844",))],
)
def test_right_behind_the_keyword(text, codes):
    assert only(text, skip=1).new_codes == codes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mo o xa Huu Lan, huyen Loc Binh, gan suoi", "xa Huu Lan, huyen Loc Binh"),
        ("que Minh Hiep (cu)", "Minh Hiep (cu"),
        ("TT. Lộc Bình", "TT. Lộc Bình"),
        ("nha o huu lan nhe", "huu lan"),
        ("xã Hữu Lân. Huyện Cao Lộc thì không", "xã Hữu Lân"),
    ],
)
def test_the_span_holds_what_was_said(text, said):
    found = mentions(text)[0]
    assert clean(text)[slice(*found.span)] == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anh Nguyễn Tân Thành",
        "liệt sĩ Tân Thành",
        "ong Huu Lan",
        "Nguyen Huu Lan",
        "Hoàng Văn Thụ",
        "bac Hoang Van Thu",
        "Hữu Lân Anh, quê Nam Định",
        "thôn Tân Thành",
        "ban Thong Nhat",
        "cầu Hữu Lân",
        "ải Chi Lăng",
        "đường Trần Phú",
        "sau khi thống nhất đất nước",
        "da thong nhat voi gia dinh",
        "ngày chiến thắng",
        "hoa binh lap lai",
        "quê Hòa Bình",  # the province
        "tỉnh Lạng Sơn",
        "Lang Son",
        "thị xã Sơn Tây",
        "huyện Hữu Lân",  # no such district
        "xahuulan",
        "minh hiepcu",
        "Minh. Hiep cu",  # parted
        "minh, hiep",
        "Hựu Lân",  # other marks, another name
        "xã Hữu Lần",
    ],
)
def test_other_words_are_no_places(text):
    assert mentions(text) == ()


def test_a_district_that_does_not_fit_narrows_nothing():
    """ "Xã Hữu Lân, huyện Cao Lộc": both are said as they stand, and nobody decides for the informant."""
    commune, district = mentions("xã Hữu Lân, huyện Cao Lộc")
    assert (commune.name, commune.new_codes) == ("xã Hữu Lân, huyện Lộc Bình", ("06577",))
    assert district.name == "huyện Cao Lộc"


def test_several_in_the_text_s_order():
    found = mentions("quê xã Hồng Lộc, Lộc Hà; hy sinh ở xã Hữu Lân; mộ ở xã Minh Hiệp, huyện Lộc Bình")
    assert [m.new_codes for m in found][-2:] == [("06577",), ("06577",)]
    assert [m.span for m in found] == sorted(m.span for m in found)


def test_every_old_commune_is_found_in_its_district():
    deployment = load_deployment(shipped_deployment())
    assert len({merger.code for merger in deployment.mergers}) == 403
    for merger in deployment.mergers:
        found = mentions(f"{merger.kind} {merger.name}, {merger.district}, {merger.province}")[0]
        assert merger.new_code in found.new_codes, merger
        assert len(found.new_codes) == 1 or merger.divided, merger


def test_no_names_no_places():
    assert mentions("xã Hữu Lân, huyện Lộc Bình", old_places(())) == ()
    assert PlaceNames().meridian is None


def test_an_installation_s_meridian():
    assert place_names_of(load_deployment(shipped_deployment())).meridian == 107.25


# -- laws -------------------------------------------------------------------------------------------------------------------------------

_TYPED = "xa xã huyen huyện Huu Hữu Lan Lân lan Loc Binh Tan Thành Thanh cu cũ cụ o , . ( ) thon LS Chi Lăng tp tt TT. H \0 ﷺ"
_WORDS = st.sampled_from(_TYPED.split())


@given(st.one_of(st.text(), st.lists(_WORDS, max_size=30).map(" ".join), st.lists(_WORDS).map("".join)))
def test_no_text_makes_it_raise(text):
    codes, end = {merger.new_code for merger in load(NAMES)}, 0
    for found in mentions(text):
        assert found.new_codes
        assert set(found.new_codes) <= codes
        assert 0 < found.confidence <= 1
        assert end <= found.span[0] < found.span[1] <= len(clean(text))
        end = found.span[1]


@given(st.text("abcdefghiklmnoprstuvxyăâđêôơưáàảãạ", min_size=1, max_size=6))
def test_never_inside_a_word(letters):
    """What is glued to a name makes another word of it."""
    assert mentions(f"xã Hữu Lân{letters}") == ()
    assert mentions(f"o {letters}huu lan") == ()


def load(names: OldPlaces) -> list[Merger]:
    return [
        Merger("", "", "", "", "", code, "", "", False, True) for units in names.units.values() for unit in units for code in unit.codes
    ]


# -- the list ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_deployment(), tmp_path / "xa"))


@pytest.mark.parametrize(
    ("before", "after", "field", "words", "remedy"),
    [
        ("06598,Hữu Lân,", "O6598,Hữu Lân,", "old_code", "no commune code", "five digits"),
        ("06598,Hữu Lân,", "06598,,", "old_name", "empty", "Fill it in"),
        ("06598,Hữu Lân,", "06598,123,", "old_name", "no name", "letters"),
        ("06598,Hữu Lân,xã,", "06598,Hữu Lân,làng,", "old_kind", "not known", "xã, phường or thị trấn"),
        ("06598,Hữu Lân,xã,huyện ", "06598,Hữu Lân,xã,", "old_district", "does not say what it is", "huyện"),
        ("06577,Thống Nhất,xã,whole,1\n06598", "6577x,Thống Nhất,xã,whole,1\n06598", "new_code", "no commune code", "five digits"),
        ("Thống Nhất,xã,whole,1\n06598", "Thống Nhất,thôn,whole,1\n06598", "new_kind", "not known", "đặc khu"),
        ("Thống Nhất,xã,whole,1\n06598", "Thống Nhất,xã,half,1\n06598", "split", "not known", "whole or divided"),
        ("Thống Nhất,xã,whole,1\n06598", "Thống Nhất,xã,whole,yes\n06598", "is_default", "not known", "0 or 1"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_kept(folder, before, after, field, words, remedy):
    path = folder / "old_communes.csv"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    deployment = load_deployment(folder)
    (fault,) = deployment.faults
    line = next(i for i, row in enumerate(path.read_text("utf-8").splitlines(), 1) if row not in text.splitlines())
    assert (fault.file, fault.line, fault.field) == ("old_communes.csv", line, field)
    assert words in fault.text
    assert remedy in fault.remedy
    assert len(deployment.mergers) == len(text.splitlines()) - 2


HEAD = "old_code,old_name,old_kind,old_district,province,new_code,new_name,new_kind,split,is_default\n"
ROW = "00001,A Xá,xã,huyện B,tỉnh C,"


@pytest.mark.parametrize(
    ("rows", "field", "words"),
    [
        ([ROW + "00002,D,xã,whole,1", ROW + "00002,D,xã,whole,1"], "old_code", "became 00002 in line 2 already"),
        ([ROW + "00002,D,xã,whole,1", ROW + "00003,E,xã,whole,1"], "split", "stands in line 2 already"),
        ([ROW + "00002,D,xã,divided,1", ROW + "00003,E,xã,whole,0"], "split", "stands in line 2 already"),
        ([ROW + "00002,D,xã,divided,1", ROW + "00003,E,xã,divided,1"], "is_default", "has its 1 in line 2 already"),
    ],
)
def test_rows_that_contradict_each_other(folder, rows, field, words):
    (folder / "old_communes.csv").write_text(HEAD + "\n".join(rows), "utf-8")
    deployment = load_deployment(folder)
    (fault,) = deployment.faults
    assert (fault.line, fault.field) == (3, field)
    assert words in fault.text
    assert len(deployment.mergers) == 1


def test_a_deployment_without_the_list(folder):
    """As all were that were made before there was one."""
    (folder / "old_communes.csv").unlink()
    deployment = load_deployment(folder)
    assert (deployment.mergers, deployment.faults) == ((), ())


def test_a_list_that_can_t_be_read_or_has_no_columns(folder):
    (folder / "old_communes.csv").write_bytes(b"\x00")
    assert load_deployment(folder).faults
    (folder / "old_communes.csv").write_text("a,b\n1,2", "utf-8")
    assert {fault.field for fault in load_deployment(folder).faults} >= {"old_code", "new_code", "split"}


def test_what_a_spreadsheet_makes_of_it(folder):
    """Semicolons and lost zeros."""
    whole = load_deployment(folder).mergers
    path = folder / "old_communes.csv"
    path.write_text(path.read_text("utf-8").replace(",", ";").replace("\n0", "\n").replace(";0", ";"), "utf-8")
    deployment = load_deployment(folder)
    assert [fault.field for fault in deployment.faults] == [] or {fault.field for fault in deployment.faults} == {"is_default"}
    assert {(merger.code, merger.new_code) for merger in deployment.mergers} <= {(merger.code, merger.new_code) for merger in whole}
