"""Who lies there: the martyr's name, year of birth, home and rank. A name alone is nobody: what stands before it says whose it is.

A wrong name sends a letter to the wrong family, so an informant ("Tôi là …", "LH …", "người báo: …") is never the martyr.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gateway.reading.country import PROVINCES
from gateway.reading.dates import Date
from gateway.reading.field import Field
from gateway.reading.passage import COMMA, NONE, STOP, Passage, lexicon, listed
from gateway.reading.words import word_set

# Family names of the Kinh and of the Tày, Nùng, Thái, Mường, Dao and Mông of the north (about the language).
_SURNAMES: Final = listed(
    """
    Nguyễn|Ng|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Vi|Vy|Nông|Triệu|Lộc|Hứa|Chu|Đàm|Hà|Lương|Lã|Mã|Bế|Ma|
    Linh|Lưu|Đinh|Đào|Đoàn|Trịnh|Tô|Tạ|Mai|Cao|Thái|Phùng|Quách|Tăng|Kiều|Tống|Vương|Lâm|La|Ninh|Lục|Lường|Lò|Cà|Quàng|Tòng|Giàng|
    Vàng|Sùng|Thào|Hầu|Bàn|Phàn|Chảo|Lèng|Lành|Liễu|Lăng|Nghiêm|Trương|Từ|Chử|Châu|Cù|Doãn|Khuất|Khúc|Khương|Kim|Lại|Mạc|Nhữ|Phí|Thân|
    Tiêu|Trà|Viên|Mông|Phương|Hoàn|Sầm|Âu|Bạch|Biện|Cấn|Cung|Đậu|Đồng|Giáp|Hán|Hàn|Hạ|Hình|Hoa|Hồng|Hùng|Khổng|Lô|Lều|Luyện|Lù|Lỳ|Mùa|
    Ngân|Ngọ|Ngụy|Nhan|Phó|Phù|Quản|Sái|Sơn|Thạch|Thang|Thi|Thiều|Tôn|Trang|Trình|Tưởng|Ung|Văn|Vừ|Xa|Xồng|Y|Lầu|Moong|Cụt|Vang|Kha|
    Lữ|Ốc|Nhạc|Lộ|Lèo|Lự|Cầm|Bạc|Điêu|Hảng|Chẩu|Chúng|Tẩn|Lồ|Sằn|Tằng|Voòng|Chíu|Trạc|Đường|Ân|Hoàng Phủ|Ngọc|Dư|Mạch|Tào|Ứng|Tiến|
    Ngũ|Bồ|Lạc|Lai|Lôi
    """
)
# Surnames that, small and unaccented, are mostly other words: họ/hồ, chú, mà, là, do, đường, to …
_EVERYDAY: Final = word_set(
    """
    ho chu ma la do duong to ta mai cao linh luc le ha vi long lam lanh hoa kim than tu dao dinh hung y xa trang van thi ba ca ban
    vang tra thai dong hau thang pho phu quan son lai loi bo vo mach tien tang ong hoan ngoc au hong hinh han mua ngu giap ung cut bac
    cam kha khong cung dang chau truong trinh thieu mac khuc phi lo oc du lau cu thach phuong doan tieu luu nhan ngo ninh mong ng lac tao
    an lu
    """
)
_MIDDLE: Final = word_set(
    """
    van thi duc huu ngoc quang minh xuan dinh cong the trong viet quoc thanh hong manh ba si tien kim
    """
)
# What can't be part of a name: the sentence has gone on. A name in capitals letters stops at small ones anyway.
_NO_NAME: Final = word_set(
    """
    que quan sinh sn hy hi hs o tai nam la thuoc nguoi chon mat nhap cap chuc cung chua da bi duoc co khong ko k hien gio truoc ngay
    thang lien lh dt sdt goi tham di nha em anh chi ong tren gan trong xin muon va voi cua tu den bao tin don trung thuong thieu dai
    chuan binh ha tieu su nguyen ke biet noi chet con toi chau minh tui bo me dang ky lay adn ls liet cuu ccb bac cau chu gia hoi tuoi
    nguyenquan khi vao boi do dc hay dan huong roi nay ay nhe a thon xa ban xom vo chong ruot tim mo bia giay hom thi
    """
)
_MAYBE_NAME: Final = word_set(
    """
    nam quan ha trung dai bac chi co minh binh nguyen gia thi thuong su anh cong ban don xuan huong con ba an hoi di que tu tin tai ky
    dang cau chu son hy
    """
)
_LONGEST: Final = 5  # words of a name
MOST: Final = 40  # names looked at in one text; a longer list is for a person

MARTYR, POST, KIN, INFORMANT, CONTACT, OTHER = "martyr", "post", "kin", "informant", "contact", "other"
_BEFORE: Final = lexicon(
    {
        """
        liệt sĩ|liệt sỹ|ls|anh hùng|anh hùng liệt sĩ|mộ|mộ ls|mộ liệt sĩ|liet si ten|tên liệt sĩ|bia ghi|khắc tên|ghi tên|tên|họ tên|
        họ và tên|tên là|người hy sinh|quân nhân|hài cốt|binh nhì|binh nhất|hạ sĩ|hạ sỹ|trung sĩ|thượng sĩ|chuẩn úy|thiếu úy|trung úy|
        thượng úy|đại úy|thiếu tá|trung tá|thượng tá|đại tá|martyr|soldier named
        """: MARTYR,
        """
        chiến sĩ|đồng chí|đ c|dc|đc|tnxp|dân công|du kích|chính trị viên|ctv|y tá|bác sĩ|liên lạc|trinh sát|đ chí|d c|c trưởng|
        b trưởng|d trưởng|a trưởng|e trưởng|c trg|b trg|d trg|a trg|đại đội trưởng|trung đội trưởng|tiểu đội trưởng|tiểu đoàn trưởng|
        lái xe|pháo thủ
        """: POST,
        """
        anh|chú|bác|ông|cậu|dì|cô|chị|em|bố|cha|thầy|con trai|chồng|cháu|ông nội|ông ngoại|dượng|anh trai|em trai|chị gái|em gái|
        bộ đội
        """: KIN,
        """
        tôi là|em là|cháu là|mình là|tui là|tôi tên|tôi tên là|em tên|cháu tên|tên tôi là|người báo|người báo tin|ký tên|người gửi|
        người kể|theo lời|ccb|cựu chiến binh|chủ nhà|trưởng thôn|trưởng bản|bí thư|cụ|bà|già làng|nhà|nhà ông|nhà bà|nhà anh|vườn|
        ruộng|con tôi là|báo tin|nhân chứng|kính thư|cán bộ|thầy cúng|công an viên|my name is|i am
        """: INFORMANT,
        "lh|liên hệ|liên lạc với|gọi|gọi cho|gặp|hỏi|hỏi ông|sđt|số đt|đt|hỏi bác|gọi con|alo|nhờ|qua": CONTACT,
    }
)
# "anh trai tôi Đặng …"
_OWN: Final = word_set("toi em chau minh tui chung")
_KIN_TAIL: Final = word_set("ruot trai gai de noi ngoai ho re rể vo")
_KIN_WORDS: Final = word_set("anh chu bac ong cau di co chi em bo cha chong con thay chau duong o")
# What follows an informant's or a witness's name.
_TELLS: Final = word_set("ke biet bao noi chi nho truong dan nhin")
_DIED: Final = listed(
    """
    hy sinh|hi sinh|hs|liệt sĩ|liệt sỹ|ls|mất tích|tử trận|báo tử|mộ|chôn|hài cốt|quê|đơn vị|nhập ngũ|bộ đội|hy sinh tại|ngã xuống|
    mất|giỗ
    """
)
RANKS: Final = listed(
    """
    binh nhì|binh nhất|hạ sĩ|trung sĩ|thượng sĩ|chuẩn úy|thiếu úy|trung úy|thượng úy|đại úy|thiếu tá|trung tá|thượng tá|đại tá|
    thiếu tướng|trung tướng|thượng tướng|đại tướng|chuẩn uý|thiếu uý|trung uý|thượng uý|đại uý
    """
)
_BORN: Final = listed("sinh|sinh năm|sn|năm sinh|sinh ngày|ns|born|born in")
_HOME: Final = listed(
    """
    quê|quê quán|quê ở|quê quán ở|quê gốc|nguyên quán|trú quán|quê tại|quê xã|quê huyện|quê tỉnh|quê quán xã|hometown|from
    """
)
_FROM: Final = listed("người|bộ đội|gốc|anh người|dân")
_UNTIL: Final = word_set(
    """
    hy hi hs nhap sinh sn don vi cap chuc nam ngay thang chon mat thuoc la o tai co da chua toi khong ko ten con di tham gia duoc bi
    lh dt sdt goi cung va voi tim xin muon nhe nha thi nay khi truoc binh mo vao nhung lien he bo tay biet ai that a hien chet tu theo
    cho gui tui em chau minh ta
    """
)
_ADDRESS: Final = word_set("xa huyen tinh thon xom ban phuong thi tran tp lang tong chau khu quan tx")
_LONGEST_HOME: Final = 8
_FORM: Final = 12  # words behind a name in which the form's home stands


class Name(NamedTuple):
    """Words `first`..`last` (exclusive) are a person's name. `role`: MARTYR … OTHER. `confidence`: of being the martyr's, 0 for none."""

    first: int
    last: int
    role: str
    confidence: float


# --- names ---


def find_names(text: Passage) -> tuple[Name, ...]:
    """Every person's name, with whose it is."""
    found: list[Name] = []
    died: bool | None = None
    behind = 0
    for i in _name_places(text):
        if i < behind or len(found) >= MOST or (last := _name_end(text, i)) is None:
            continue
        died = any(True for _ in _DIED.all(text)) if died is None else died
        role, confidence = _role(text, i, last, died)
        found.append(Name(i, last, role, confidence))
        behind = last
    return tuple(found)


def _name_places(text: Passage) -> list[int]:
    """Words with which a name may begin: surnames, and capitals that mean something."""
    return sorted(text.capitals.union(text.places(_SURNAMES.firsts)))


def _name_end(text: Passage, i: int) -> int | None:
    """Index behind the name that begins at word `i`, or None."""
    if text.gaps[i] != NONE or not text.words[i].raw.isalpha():
        return None
    known = _SURNAMES.at(text, i) is not None
    if not known and not (text.capital(i) and _behind_liet_si(text, i)):
        return None
    if text.capital(i) and text.capital(i + 1):
        last = _capital_end(text, i)
    elif text.capital(i) != text.capital(i + 1) and not text.loud:
        return None
    else:
        last = _small_end(text, i) if known and _small_begins(text, i) else i
    province = PROVINCES.at(text, i)
    if province is not None and province.last == last and not _behind_liet_si(text, i):
        return None
    return last if last - i > 1 else None


def _behind_liet_si(text: Passage, i: int) -> bool:
    return text.plain(i - 1) == "ls" or (text.plain(i - 1) in ("si", "sy") and text.plain(i - 2) == "liet")


def _capital_end(text: Passage, i: int) -> int:
    """The capitals go on; "Que", "Sinh" and the like in capitals end it all the same, from the third word on."""
    last = i + 1
    while (
        last < min(i + _LONGEST, len(text.words)) and text.gaps[last - 1] == NONE and text.capital(last) and text.words[last].raw.isalpha()
    ):
        raw = text.words[last].raw
        if (last - i > 2 and text.plain(last) in _NO_NAME - _MAYBE_NAME) or (
            len(raw) > 2 and raw.isupper() and not text.words[i].raw.isupper()
        ):
            break  # "… Hu Cau TNXP"
        last += 1
    return last


def _small_begins(text: Passage, i: int) -> bool:
    """A small (or shouted) surname needs "văn", "thị" behind it, or a word before it that announces a name."""
    if text.plain(i + 1) in ("van", "thi"):
        return True
    before = _cue(text, i)
    if before is None or (text.plain(i) in _EVERYDAY and text.plain(i + 1) not in _MIDDLE):
        return False
    return before[0] == MARTYR and text.plain(i + 1) not in _NO_NAME - {"gia", "minh", "thi", "nam"}


def _small_end(text: Passage, i: int) -> int:
    longest = 4 if text.plain(i + 1) in _MIDDLE else 3
    last = i + 1
    while last < min(i + longest, len(text.words)) and text.gaps[last - 1] == NONE and text.words[last].raw.isalpha():
        if text.plain(last) in _NO_NAME and not _goes_on(text, i, last):
            break
        last += 1
    return last


def _goes_on(text: Passage, i: int, at: int) -> bool:
    """True for a stop word that is part of the name here: "Thi" in the middle, "Gia" of Gia Định, "Minh" of Minh Hoa."""
    plain, following = text.plain(at), text.plain(at + 1)
    if at == i + 1:
        return plain in ("thi", "van", "gia", "minh")
    if plain in ("gia", "minh", "thi"):
        return following not in _NO_NAME and text.gaps[at] == NONE and following != ""
    return False


# --- whose name ---


def _cue(text: Passage, i: int) -> tuple[str, int] | None:
    """(role, index where it begins) of the longest announcing phrase before word `i`; "là", a colon and "tôi" may stand between."""
    ends = [i]
    if text.plain(i - 1) in ("la", "ten", "ghi"):
        ends.append(i - 1)
        if text.plain(i - 2) in ("la", "ten"):
            ends.append(i - 2)
    for end in ends:
        hit = _BEFORE.before(text, end)
        if hit is not None and STOP not in text.gaps[hit.first : i]:
            if hit.value == INFORMANT and text.plain(hit.first) in _OWN and text.plain(hit.first - 1) in _KIN_WORDS | _KIN_TAIL:
                break  # "bố tôi là …" speaks of the father
            return hit.value, hit.first
    return _kin_cue(text, i)


def _kin_cue(text: Passage, i: int) -> tuple[str, int] | None:
    """ "anh trai tôi", "bác ruột của cháu" before the name."""
    at = i - 1
    if text.plain(at) == "la":
        at -= 1
    if text.plain(at) in _OWN:
        at -= 1 + (text.plain(at - 1) == "cua")
        while text.plain(at) in _KIN_TAIL:
            at -= 1
        return (KIN, at) if text.plain(at) in _KIN_WORDS else (INFORMANT, i - 1)
    if text.plain(at) == "o" and text.plain(i + 1) == "thi":
        return KIN, at  # Nghệ Tĩnh: an aunt, or a girl of the volunteers
    while text.plain(at) in _KIN_TAIL:
        at -= 1
    return (KIN, at) if at < i - 1 and text.plain(at) in _KIN_WORDS else None


def _role(text: Passage, first: int, last: int, died: bool) -> tuple[str, float]:
    cue = _cue(text, first)
    role, begin = cue if cue is not None else (OTHER, first)
    following = text.plain(last)
    if role == MARTYR and text.plain(begin) in ("ten", "ho") and text.plain(begin - 1) in _OWN:
        return INFORMANT, 0.0  # "tôi tên Nông Thị …"
    if role in (INFORMANT, CONTACT) or (role != MARTYR and _is_contact(text, begin, last)) or _in_parting(text, begin):
        return INFORMANT, 0.0
    if following in _TELLS and role not in (MARTYR, POST) and text.gaps[last - 1] == NONE:
        return INFORMANT, 0.0
    if role == MARTYR:
        return MARTYR, 0.95
    if role == POST:
        return MARTYR, 0.85
    if role == KIN:
        return (KIN, 0.8) if died or _listed(text, last) else (OTHER, 0.0)
    if _listed(text, last) or (died and _dies(text, last)):
        return MARTYR, 0.85 if first == 0 else 0.7
    return OTHER, 0.0


def _is_contact(text: Passage, begin: int, last: int) -> bool:
    """True if the name belongs to a phone number: "LH anh Ly Van Thu 0300…"."""
    hit = _BEFORE.before(text, begin)
    announced = hit is not None and hit.value == CONTACT
    phone = any(len(text.plain(i)) >= 3 and text.plain(i).isdecimal() and text.plain(i).startswith("0") for i in range(last, last + 2))
    return announced or (phone and not _listed(text, last))


def _in_parting(text: Passage, begin: int) -> bool:
    """True behind "Người báo:", "Kính thư," whatever title follows."""
    return any(text.plain(i) == "bao" and text.plain(i - 1) == "nguoi" for i in (begin - 1, begin - 2))


def _listed(text: Passage, last: int) -> bool:
    """True if a year, a unit, a rank, a birth or a home follows: the order of the paper form."""
    word = text.plain(last)
    unit = len(word) > 1 and word[0] in "abcdef" and word[1:].isdecimal()
    return (
        unit
        or (len(word) == 4 and word[:2] == "19" and word.isdecimal())
        or any(table.at(text, last) is not None for table in (_BORN, _HOME, RANKS))
    )


def _dies(text: Passage, last: int) -> bool:
    return any(text.plain(i) in ("hs", "sinh", "chon") for i in range(last, last + 3))


# --- fields ---


def read_people(text: Passage, names: Sequence[Name], dates: Sequence[Date]) -> Iterator[Field]:
    """martyr_name, birth_year, hometown and rank."""
    martyr = max((name for name in names if name.confidence > 0), key=lambda name: name.confidence, default=None)
    if martyr is not None:
        yield Field("martyr_name", text.said(martyr.first, martyr.last), martyr.confidence, text.span(martyr.first, martyr.last))
    yield from _birth(text, martyr, dates)
    yield from _home(text, names, martyr)
    yield from _rank(text)


def _rank(text: Passage) -> Iterator[Field]:
    for hit in RANKS.all(text):
        own = any(
            text.plain(i) in _OWN and text.plain(i + 1) in ("la", "nguyen") and text.plain(i - 1) not in _KIN_WORDS | _KIN_TAIL
            for i in (hit.first - 2, hit.first - 3)
        )
        if not own:
            yield Field("rank", text.said(hit.first, hit.last), 0.9, text.span(hit.first, hit.last))
            return


def _birth(text: Passage, martyr: Name | None, dates: Sequence[Date]) -> Iterator[Field]:
    for hit in _BORN.all(text):
        if text.plain(hit.first - 1) in ("hy", "hi", "hoc", "ve"):
            continue
        if (year := _year_behind(text, hit.last)) is not None:
            yield Field("birth_year", year[0], 0.95, year[1])
            return
    if martyr is not None:
        at = martyr.last
        word = text.plain(at)
        if (
            len(word) == 4
            and word.isdecimal()
            and 1890 <= int(word) <= 1975
            and not any(d.span[0] < text.words[at].start < d.span[1] for d in dates)
        ):
            yield Field("birth_year", int(word), 0.8, text.span(at, at + 1))


def _year_behind(text: Passage, i: int) -> tuple[int, tuple[int, int]] | None:
    """The year within the next words behind "sinh": "năm 1957", "ngày 5/6/1957", ": 57"."""
    for at in range(i, min(i + 6, len(text.words))):
        word = text.plain(at)
        if len(word) == 4 and word.isdecimal() and 1890 <= int(word) <= 1975:
            return int(word), text.span(at, at + 1)
        if len(word) == 2 and word.isdecimal() and int(word) > 31 and (at == i or text.plain(at - 1) == "nam" or not word):
            return 1900 + int(word), text.span(at, at + 1)
        if not (word.isdecimal() or word in ("nam", "ngay", "thang", "khoang", "la")):
            return None
    return None


# --- home ---


def _home(text: Passage, names: Sequence[Name], martyr: Name | None) -> Iterator[Field]:
    for hit in _HOME.all(text):
        first = hit.last - (text.plain(hit.last - 1) in _ADDRESS - {"quan"})
        last = _home_end(text, first)
        if last > first and not _is_informants(text, hit.first, names, martyr):
            yield _home_field(text, first, last, 0.9)
            return
    for hit in _FROM.all(text):
        if PROVINCES.at(text, hit.last) is not None or (
            text.plain(hit.first) == "nguoi" and text.capital(hit.last) and text.capital(hit.last + 1)
        ):
            last = _home_end(text, hit.last)
            if last > hit.last:
                yield _home_field(text, hit.last, last, 0.8 if text.plain(hit.first) == "nguoi" else 0.5)
                return
    if martyr is not None:
        yield from _listed_home(text, martyr)


def _home_field(text: Passage, first: int, last: int, confidence: float) -> Field:
    return Field("hometown", text.said(first, last), confidence, text.span(first, last))


def _home_end(text: Passage, i: int) -> int:
    """Index behind the address that begins at word `i`. Across a comma it goes on only with a capital, a province or "huyện"."""
    last = i
    capitals = text.capital(i + (text.plain(i) in _ADDRESS))
    while last < min(i + _LONGEST_HOME, len(text.words)):
        word = text.words[last]
        if not word.raw.isalpha() or (text.plain(last) in _UNTIL and not (capitals and text.capital(last))) or _is_unit_word(text, last):
            break
        if capitals and not text.capital(last) and text.plain(last) not in _ADDRESS:
            break
        if last > i and text.gaps[last - 1] != NONE and not _address_goes_on(text, last):
            break
        last += 1
    return last


def _is_unit_word(text: Passage, i: int) -> bool:
    return (text.plain(i) in ("dai", "tieu", "trung", "su") and text.plain(i + 1) in ("doi", "doan")) or RANKS.at(text, i) is not None


def _address_goes_on(text: Passage, i: int) -> bool:
    if text.gaps[i - 1] != COMMA:
        return False
    return (
        PROVINCES.at(text, i) is not None
        or text.plain(i) in _ADDRESS - {"quan", "lang", "khu"}
        or (text.capital(i) and text.capital(i + 1) and PROVINCES.at(text, i + 2) is not None)
    )


def _is_informants(text: Passage, at: int, names: Sequence[Name], martyr: Name | None) -> bool:
    """True for "tôi … quê Thống Nhất" with no other person between."""
    nearest = max((name for name in names if name.last <= at), key=lambda name: name.last, default=None)
    if nearest is not None:
        return nearest.role == INFORMANT and nearest is not martyr
    return any(text.plain(i) in ("toi", "chau", "em", "tui") for i in range(max(0, at - 4), at)) and martyr is None


def _listed_home(text: Passage, martyr: Name) -> Iterator[Field]:
    """The chunk of the paper form that ends with a province: "…, 1955, Dong Hy Thai Nguyen, binh nhat, …"."""
    first = martyr.last
    for last in range(martyr.last + 1, min(martyr.last + _FORM, len(text.words)) + 1):
        if text.gaps[last - 1] == NONE:
            continue
        if any(text.plain(i) in ("o", "tai", "hs", "sinh") for i in range(first, last)):
            return  # where he fell, not where he came from
        if last - first <= _LONGEST and _is_address(text, first, last):
            yield _home_field(text, first, last, 0.8)
            return
        first = last


def _is_address(text: Passage, first: int, last: int) -> bool:
    """True if words `first`..`last` are letters only and end with a province."""
    if not all(word.raw.isalpha() for word in text.words[first:last]):
        return False
    province = PROVINCES.before(text, last)
    return province is not None and not any(
        text.plain(i) in _UNTIL and not text.capital(i) for i in range(first, max(first, province.first))
    )
