"""Each field by itself: the habits and traps of field.md §3–4, one line each. `None`: must not be drawn out."""

import pytest

from gateway.reading import read
from tests.reading.deployment import ALIASES, PLACES


def field(text, name, channel="sms"):
    return read(text, channel, PLACES, ALIASES).fields.get(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("LS TN05 liet si Nguyen Van Vi Du que Nam Dinh", "Nguyen Van Vi Du"),
        ("LS TN05 liet si nguyen van vi du que nam dinh", "nguyen van vi du"),
        ("LS TN05 LIET SI TRAN GIA DINH SINH NAM 1957", "TRAN GIA DINH"),
        ("LS TN05 ls Vi Van Thu, don vi d3", "Vi Van Thu"),
        ("LS TN05 thieu uy Duong Van Nhap hs 79", "Duong Van Nhap"),
        ("LS TN05 Hoang Van Hu Cau, 1955, Dong Hy Thai Nguyen", "Hoang Van Hu Cau"),
        ("Anh trai tôi là liệt sĩ Phạm Văn Hư Cấu, quê Kiến Xương, Thái Bình", "Phạm Văn Hư Cấu"),
        ("LS TN05 bac ruot toi Dinh Gia Dinh hy sinh nam 68", "Dinh Gia Dinh"),
        ("LS TN05 bia mo ghi ten Le Van Thi Du", "Le Van Thi Du"),
        ("LS TN05 Toi la Ly Van Phong Tac, nguyen y ta c7 d3, don vi hi sinh 6 dc", None),
        ("LS TN05 Toi la Ly Van Phong Tac c7 d3 e888, don vi hi sinh 6 dc", None),
        ("LS TN05 mo liet si, nguoi bao anh Vi Van Thu c3 d2", None),
        ("LS TN05 bo toi la Sam Van Gia Dinh hy sinh 1975", "Sam Van Gia Dinh"),
        ("LS TN05 o doi phia nam cau Dong Khon co mo liet si", None),  # cầu Đông Khọn, no cậu
        ("LS TN05 toi ten Nong Thi Thu, nha toi co 1 ngoi mo", None),
        ("LS TN05 mo bo doi o khe. LH anh Ly Van Thu 0300000011", None),
        ("LS TN05 mo liet si, nguoi bao: Vi Thi Thu", None),
        ("LS TN05 co mo vo danh", None),
        ("LS TN05 liet si khong ro ten chon canh bo rao", None),
        ("LS TN05 mo liet si dang nam o ruong", None),
        ("LS TN05 mo bo doi o Vang Phja", None),
        ("LS TN05 dong doi que Thai Binh hy sinh", None),
        ("LS TN05 cu Hoang Van Nhap ke co mo liet si", None),
        ("LS TN05 ho chon o doi, ma khong ai biet liet si la nguoi dau", None),
    ],
)
def test_martyr_name(text, name):
    assert field(text, "martyr_name") == name


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("LS TN21 liet si c3 d2 e777", "c3/d2/e777"),
        ("LS TN21 hs c3d2e777", "c3/d2/e777"),
        ("LS TN21 hs e777, d2, c3", "c3/d2/e777"),
        ("LS TN21 hs C trg c11, K4 (d4), E 777", "c11/d4/e777"),
        ("LS TN21 dai doi 2 tieu doan 5 trung doan 777 su doan 399, trung si", "c2/d5/e777/f399"),
        ("Liệt sĩ thuộc đại đội 10, tiểu đoàn 3", "c10/d3"),
        ("LS TN21 b trg b2 c5 d9", "b2/c5/d9"),
        ("LS TN21 trung doan bo binh 43", "e43"),
        ("Bac oi e biet 1 ngoi mo bo doi", None),  # em
        ("LS TN21 a 2 nguoi chon o doi", None),  # anh
        ("LS TN21 mo tren doi C1", None),
        ("LS TN21 thay bat B52 va dan B40", None),
        ("LS TN21 hy sinh mat tran B5", None),
        ("LS TN21 mo canh xac C130", None),
        ("LS TN21 lop a2 biet mo liet si", None),
        ("LS TN21 dai uy tieu doan truong d7 hs 79", "d7"),
        ("LS TN21 liet si don vi p2", None),  # a cover code is never decoded
    ],
)
def test_unit(text, unit):
    assert field(text, "unit") == unit


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("LS TN28 hom thu 12.345 YK, giay bao tu", "12345 YK"),
        ("LS TN28 hòm thư số 4512 KN", "4512 KN"),
        ("LS TN28 ht 86231JA", "86231 JA"),
        ("LS TN28 liet si don vi p2", "p2"),
        ("LS TN28 liet si phien hieu KN", "KN"),
        ("LS TN28 liet si don vi o xa", None),
    ],
)
def test_unit_code(text, code):
    assert field(text, "unit_code") == code


@pytest.mark.parametrize(
    ("text", "death", "burial"),
    [
        ("LS TN05 hy sinh 17/02/1979", "1979-02-17", None),
        ("LS TN05 hs 17-2-79", "1979-02-17", None),
        ("LS TN05 hs 17.2.1979", "1979-02-17", None),
        ("LS TN05 hi sinh thang 3/1979", "1979-03", None),
        ("LS TN05 hs 03/79", "1979-03", None),
        ("LS TN05 hy sinh thang 2 nam 79", "1979-02", None),
        ("LS TN05 hy sinh tháng hai năm 1979", "1979-02", None),
        ("LS TN05 hy sinh ngày 4 tháng 3 năm 79", "1979-03-04", None),
        ("LS TN05 hy sinh mung 5 Tet Ky Mui", "1979", None),
        ("LS TN05 hy sinh 27 thang gieng nam Ky Mui", "1979", None),
        ("LS TN05 chon nam 1979", None, "1979"),
        ("LS TN05 biet cho chon bo doi 79", None, "1979"),
        ("LS TN05 hoi nam 68 chon 3 anh", None, "1968"),
        ("LS TN05 nam 79 don vi hy sinh 3 nguoi", "1979", None),
        ("LS TN05 mo o dau ban, nam 1984", None, "1984"),
        ("LS TN05 sinh 1950 nhap ngu 1968 hy sinh 25/4/1972", "1972-04-25", None),
        ("LS TN05 hy sinh va chon tai day nam 1979", "1979", "1979"),
        ("LS TN05 hy sinh 27 thang gieng nam 1979", "1979", None),  # a lunar month: the day is not claimed
        ("LS TN05 hs 5/6/12", None, None),
        ("LS TN05 chon khoang 40 thuong binh", None, None),
        ("LS TN05 hy sinh 31/2/1979", "1979", None),  # no such day: the year is left
        ("LS TN05 hs 12/8", None, None),  # a day without a year
        ("LS TN05 cu ba 92 tuoi biet mo", None, None),
        ("LS TN05 mo liet si quy tap nam 2015", None, None),
        ("LS TN05 co mo, goi 0300.019.790", None, None),
    ],
)
def test_dates(text, death, burial):
    found = read(text, "sms", PLACES, ALIASES).fields
    assert (found.get("death_date"), found.get("burial_date")) == (death, burial)


def test_a_lunar_date_keeps_its_year_and_says_so():
    found = read("LS TN08 anh toi hy sinh ngay 27 thang gieng nam Ky Mui", "sms", PLACES, ALIASES).fields
    assert (found["death_date"], found["death_date_lunar"]) == ("1979", True)
    assert "death_date_lunar" not in read("LS TN08 anh toi hy sinh 27/1/1979", "sms", PLACES, ALIASES).fields


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("LS TN05 co 3 mo vo danh", 3),
        ("LS TN05 hai chu bo doi chon o khe", 2),
        ("LS TN05 Hai ngôi mộ", 2),
        ("LS TN05 năm ngôi mộ", 5),
        ("LS TN05 muoi hai ngoi mo", 12),
        ("LS TN05 hai chuc ngoi mo", 20),
        ("LS TN05 hai mươi ba ngôi mộ", 23),
        ("LS TN05 dam ngoi mo", 5),
        ("LS TN05 5-6 ngoi mo o khe", 5),
        ("LS TN05 chon khoang 40 thuong binh chet", 40),
        ("LS TN05 mo tap the 5 nguoi", 5),
        ("LS TN05 don vi hi sinh 6 dc", 6),
        ("LS TN05 1 to 3 nguoi, sau mat ca 3", 3),
        ("LS TN05 Ngôi mộ nằm sát gốc đa", 1),
        ("LS TN05 mot nam mo o doi", 1),
        ("We buried about 20 NVA soldiers near the hill", 20),
        ("LS TN05 các ngôi mộ ở đồi", None),
        ("LS TN05 nam 79 mo o doi", None),
        ("LS TN05 cao diem 386 co mo", None),
        ("LS TN05 nam mo o chan doi", None),  # nấm mộ, or: in the year
        ("LS TN05 thay hai cot", None),  # hài cốt
        ("LS TN05 co 1 doi dep cao su canh mo", None),
    ],
)
def test_grave_count(text, count):
    assert field(text, "grave_count") == count


def test_a_vague_number_is_less_sure():
    sure, vague = (
        next(f for f in read(text, "sms", PLACES, ALIASES).found if f.name == "grave_count") for text in ("co 5 ngoi mo", "co dam ngoi mo")
    )
    assert vague.value == sure.value == 5
    assert vague.confidence < 0.5 < sure.confidence


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("ADN TN05 me liet si 93 tuoi", "me"),
        ("ADN TN05 bo toi la em trai liet si", "anh_chi_em"),
        ("ADN TN05 toi la chau goi ls bang cau ruot", "chau"),
        ("ADN TN05 vo liet si", "vo"),
        ("LS TN05 anh toi hy sinh nam 79", "anh_chi_em"),
        ("LS TN05 bo toi la liet si", "con"),
        ("nhà cháu có bác là liệt sĩ Trần Giả Định", "chau"),
        ("LS TN05 Toi la dong doi cua anh", "dong_doi"),
        ("LS TN05 toi la nguoi dan di rung", "nguoi_dan"),
        ("LS TN05 Người báo: Vi Thị Thử (em gái)", "anh_chi_em"),
        ("LS TN05 Bo toi ke co hai chu bo doi chon", None),
        ("LS TN05 mo liet si o doi", None),  # mợ
        ("LS TN05 còn liệt sĩ chưa được quy tập", None),  # con
    ],
)
def test_relation(text, relation):
    assert field(text, "relation") == relation


@pytest.mark.parametrize(
    ("text", "home"),
    [
        ("LS TN05 liet si Le Van Thu que Nam Dinh hy sinh", "Nam Dinh"),
        ("liệt sĩ Vi Văn Thử, quê xã Hữu Lân cũ, nhập ngũ 1968", "xã Hữu Lân"),
        ("LS TN05 ls Le Van Thu que quan: Tien Lang, Hai Phong, c5", "Tien Lang, Hai Phong"),
        ("LS TN05 ko nho ten, nguoi Thanh Hoa", "Thanh Hoa"),
        ("LS TN05 Hoang Van Hu Cau, 1955, Dong Hy Thai Nguyen, binh nhat", "Dong Hy Thai Nguyen"),
        ("LS TN05 nguoi dan que toi biet mo", None),
    ],
)
def test_hometown(text, home):
    assert field(text, "hometown") == home


@pytest.mark.parametrize(
    ("text", "landmark"),
    [
        ("LS TN05 mo o chan doi sau truong hoc cu, nguoi gia ke", "chan doi sau truong hoc cu"),
        ("LS TN05 mộ cạnh con suối nhỏ, gần cây sấu già", "cạnh con suối nhỏ, gần cây sấu già"),
        ("LS TN02 Mộ ở Nà Lài, cạnh miếu thổ công", "cạnh miếu thổ công"),
        ("LS TN05 doi 386 cach duong mon 200m, co tang da lon khac chu e888", "doi 386 cach duong mon 200m, co tang da lon khac chu e888"),
        ("LS TN05 mo o dau ban canh gieng da, nam 1979", "dau ban canh gieng da"),
        ("LS TN05 chon 2 anh o chan ru, boc bang ao mua", "chan ru"),
        ("LS TN05 mo o goc khe bo doi chon 2 nguoi", "goc khe"),
        ("LS TN05 thay 3 ngoi mo. Toi la Nong Van Phong Tac", None),
        ("LS TN05 nam 79 nha toi o Hang Dong", None),
        ("LS TN05 mo bo doi o dau vay", None),
        ("LS TN05 bo doi chon nam 79", None),
        ("LS TN05 ong cau toi biet mo, cong an xa den roi", None),  # cậu is no cầu, công an no cống
    ],
)
def test_landmark(text, landmark):
    assert field(text, "landmark") == landmark


@pytest.mark.parametrize(
    ("text", "burial", "death"),
    [
        ("LS TN05 hy sinh 1979 chon o bo suoi Khuoi Tang", "bo suoi Khuoi Tang", None),
        ("LS TN05 chon o Lung Muoi", "Lung Muoi", None),
        ("LS TN05 mo o cao diem 386", "cao diem 386", None),
        ("LS TN05 hs 5-3-79 tai cong Song Hoa", "cong Song Hoa", "cong Song Hoa"),
        ("LS TN05 hy sinh năm 1972 tại Quảng Trị", None, "Quảng Trị"),
        ("LS TN05 hy sinh 1978 ben Campuchia gia dinh mong tim", None, "Campuchia"),
        ("LS TN05 o thon Na Sla co mo", None, None),
        ("LS TN05 ls Le Van Thu hs tai Huong Hoa, Quang Tri", "Huong Hoa", "Huong Hoa, Quang Tri"),
        ("LS TN05 ls hy sinh nam 68, gia dinh da tim duoc", None, None),
    ],
)
def test_places(text, burial, death):
    found = read(text, "sms", PLACES, ALIASES).fields
    assert (found.get("burial_place"), found.get("death_place")) == (burial, death)


@pytest.mark.parametrize(
    ("text", "relics", "documents"),
    [
        ("LS TN15 gap 1 doi dep cao su, 1 binh tong canh mo", ("dep cao su", "binh tong"), None),
        ("LS TN18 Me toi con giu giay bao tu va thu cua cau", None, ("giay bao tu", "thu")),
        ("LS TN18 mo boc trong tang, co mu coi", ("tang", "mu coi"), None),
        ("LS TN18 mo canh tang da to", None, None),
        ("LS TN18 ba anh hy sinh o day, anh Thu ke", None, None),
        ("LS TN18 manh vo dan DK82 va mu sat canh mo", ("mu sat",), None),
        ("giay bao tu mat thi xin lai o dau a", None, None),
    ],
)
def test_relics_and_papers(text, relics, documents):
    found = read(text, "sms", PLACES, ALIASES).fields
    assert (found.get("relics"), found.get("documents")) == (relics, documents)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("LS TN05 co mo. LH 0300000011", "+84300000011"),
        ("LS TN05 co mo, dt 0300.000.011", "+84300000011"),
        ("LS TN05 co mo, so +84 300 000 011", "+84300000011"),
        ("LS TN05 co mo, 84300000011", "+84300000011"),
        ("LS TN05 co mo, 0300 0000 11", "+84300000011"),
        ("LS TN05 chu nha 0300000012, co mo, lh con toi 0300000011", "+84300000011"),
        ("LS TN05 co mo 0300000012 0300000011", None),
        ("LS TN03 106.8133 21.6921", None),
        ("LS mo o TN03 106813321 do", None),
        ("LS TN05 0300000011 3 mo", "+84300000011"),
        ("LS TN05 mo so 123456789012", None),
    ],
)
def test_contact_phone(text, number):
    assert field(text, "contact_phone") == number


@pytest.mark.parametrize(
    ("text", "channel", "name", "value"),
    [
        ("(1/2) LS TN17 co mo liet si", "sms", "part", "1/2"),
        ("1/2/1979 chon bo doi o khe", "ussd", "part", None),
        ("LS TN44 toi biet mo, goi lai cho toi so nay", "sms", "callback", True),
        ("ADN TN07 me liet si di lai kho, xin lay mau tai nha", "sms", "home_visit", True),
        ("xoa so toi khoi danh sach", "sms", "erasure", True),
        ("co cu ba 92 tuoi tung chon cat bo doi nam 1979", "sms", "witness", True),
        ("toi tan mat chung kien chon bo doi", "sms", "witness", None),
        ("ຂ້ອຍຮູ້ບ່ອນຝັງສົບທະຫານ", "zalo", "lang", "lo"),
        ("I know where two soldiers are buried near the river", "qr_web", "lang", "en"),
        ("mo o day the a, to bi lo the thoi", "sms", "lang", None),
        ("LS TN08 trung uy Le Van Thu", "sms", "rank", "trung uy"),
        ("LS TN08 toi la dai ta ve huu biet mo", "sms", "rank", None),
        ("LS TN08 liet si sn 57", "sms", "birth_year", 1957),
        ("LS TN08 ls Ha Van Thi Du 1949", "sms", "birth_year", 1949),
        ("LS TN08 liet si hy sinh 1950", "sms", "birth_year", None),
    ],
)
def test_asides(text, channel, name, value):
    assert field(text, name, channel) == value


def test_fields_are_those_of_the_surest_position_first():
    found = read("LS TN07 mo o 21.68041, 106.82405 hoac 21.7012,106.8411", "sms", PLACES, ALIASES)
    assert [f.name for f in found.found].count("coords") == 2
    assert found.fields["coords"]["lat"] == 21.68041


def test_figures_of_a_position_are_no_graves_years_or_numbers():
    found = read("LS ban do Gauss X=2399565 Y=18688796 mo o doi", "sms", PLACES, ALIASES).fields
    assert set(found) <= {"coords", "landmark", "burial_place"}
    assert "contact_phone" not in read("LS TN07 mo o 21.68041, 106.8240567890", "sms", PLACES, ALIASES).fields


@pytest.mark.parametrize("text", ["LS VN2000 X=2009718 Y=520963 KTT 105 30 mo liet si o doi", "LS mo o 21.68041, 106.82405 nguoi ta chon"])
def test_a_meridian_counts_no_graves(text):
    found = read(text, "sms", PLACES, ALIASES).fields
    assert "coords" in found
    assert "grave_count" not in found


def test_spans_behind_a_code_before_the_keyword():
    found = read("TN19 LS mo liet si Le Van Thu, thon Vang Phja", "sms", PLACES, ALIASES)
    name = next(f for f in found.found if f.name == "martyr_name")
    assert found.text[slice(*name.span)] == "Le Van Thu"
    assert found.text[slice(*found.village_span)] == "TN19"
    assert found.text[slice(*found.keyword_span)] == "LS"
