"""What the person who writes, or who offers a sample, is to the fallen: me, cha, vo, con, anh_chi_em, chau, dong_doi, nguoi_dan, khac."""

from collections.abc import Iterator
from typing import Final

from gateway.domain.keyword import Kind
from gateway.reading.field import Field
from gateway.reading.passage import STOP, Hit, Passage, lexicon, listed
from gateway.reading.words import word_set

# The word by which a person is called -> what that person is to the martyr: "em gái liệt sĩ".
_OF_MARTYR: Final = lexicon(
    {
        "mẹ|mẹ đẻ|má|bầm|bu|mạ|mẹ ruột|mệ": "me",
        "bố|cha|ba|thầy|bố đẻ|cha đẻ|tía|bọ": "cha",
        "vợ": "vo",
        "con|con trai|con gái|con ruột|con đẻ|con trưởng|con út": "con",
        """
        anh|chị|em|anh trai|chị gái|em gái|em trai|anh ruột|chị ruột|em ruột|anh cả|chị cả|em út|anh em|em trai ruột|em gái ruột|
        anh trai ruột|chị gái ruột|anh chị em
        """: "anh_chi_em",
        "cháu|cháu ruột|cháu nội|cháu ngoại|cháu gọi|cháu họ|cháu đích tôn|cháu trai|cháu gái|cháu gọi bằng": "chau",
        "đồng đội|đồng đội cũ|bạn chiến đấu|đồng chí cũ|cùng đơn vị|đồng ngũ|bạn lính": "dong_doi",
        """
        bà ngoại|bà nội|ông nội|ông ngoại|dì|cô|chú|cậu|bác|mợ|thím|dượng|con dâu|con rể|em dâu|em rể|chị dâu|anh rể|chồng|dì ruột|
        cậu ruột|cô ruột|chú ruột|bác ruột|bà|thông gia|con nuôi|mẹ nuôi|bố nuôi
        """: "khac",
    }
)
# The word by which the martyr is called by the writer -> what the writer is: "bác tôi hy sinh".
_TO_WRITER: Final = lexicon(
    {
        "bố|cha|ba|thầy|bố đẻ|cha đẻ|tía|bọ|mẹ|mẹ đẻ": "con",
        "chồng": "vo",
        """
        anh|chị|em|anh trai|chị gái|em gái|em trai|anh ruột|chị ruột|em ruột|anh cả|chị cả|em út|em trai ruột|em gái ruột|
        anh trai ruột|chị gái ruột|anh hai
        """: "anh_chi_em",
        """
        ông|ông nội|ông ngoại|bác|chú|cậu|dì|cô|o|mợ|bác ruột|chú ruột|cậu ruột|dì ruột|cô ruột|ông bác|ông chú|ông cậu|cụ|ông trẻ|
        cụ ngoại|cụ nội|bác họ|chú họ
        """: "chau",
        "bố vợ|bố chồng|cha vợ|cha chồng|anh rể|em rể|anh vợ|anh chồng|em vợ|em chồng|ông bà": "khac",
    }
)
_I: Final = word_set("toi em chau minh tui choa ta con")
_OWN: Final = word_set("toi em chau minh tui choa")
_MARTYR: Final = listed(
    """
    liệt sĩ|ls|của liệt sĩ|của ls|cua mot liet si|một liệt sĩ|martyr|gọi liệt sĩ|gọi ls|gọi bác|của anh|của bác|của chú
    """
)
_FELL: Final = listed(
    """
    hy sinh|hs|liệt sĩ|ls|mất tích|tử trận|ngã xuống|chuẩn úy|thiếu úy|trung úy|thượng úy|đại úy|thiếu tá|trung tá|thượng tá|hạ sĩ|
    trung sĩ|thượng sĩ|báo tử|mất năm|mất ngày|mất tại|mất ở
    """
)
_SERVED: Final = listed(
    """
    đi bộ đội|đi dân công|nhập ngũ|tnxp|thanh niên xung phong|đi b|đi lính|đi chiến trường
    """
)
_TELLER: Final = word_set(
    """
    ke biet noi bao giu chon nho chi thay tung dat dan muon dang lay xin gap khong dao
    """
)
_FIRST_PERSON: Final = lexicon(
    {
        """
        đồng đội|đồng đội cũ|đồng đội của|bạn chiến đấu|cùng đơn vị|cựu chiến binh|ccb|lính|lính cũ|cựu binh|bạn lính|cựu quân nhân|
        nguyên
        """: "dong_doi",
        """
        người dân|dân|dân bản|dân thường|dân thôn|dân đi rừng|dân trong bản|dân địa phương|dân làng|người đi rừng|người trong thôn|
        nông dân|thợ|lái xe
        """: "nguoi_dan",
    }
)
_WITH: Final = listed(
    """
    chúng tôi chôn|chúng tôi mai táng|chúng tôi an táng|bọn tôi mai táng|chúng tôi đã chôn|tụi tôi chôn|đơn vị tôi|chính tay tôi chôn|
    tôi chôn|tôi cùng đơn vị|đơn vị chúng tôi|cùng đơn vị với tôi|đồng đội tôi|bọn tôi chôn
    """
)
_REACH: Final = 8  # words between the kin and what befell him


def read_relation(text: Passage, kind: Kind) -> Iterator[Field]:
    """The one relation that the text says most clearly; none where it says none."""
    for find in (_informant_in_brackets, _is_self, _kin_of_martyr, _martyr_is_kin, _comrade):
        for hit, confidence in find(text):
            yield Field("relation", hit.value, confidence, text.span(hit.first, hit.last))
            return
    if kind is Kind.DNA:
        yield from _offered(text)


def _is_grave(text: Passage, i: int) -> bool:
    """ "mo" unaccented is mộ, a grave, before it is mợ, an aunt."""
    return text.plain(i) == "mo" and text.words[i].raw.lower() != "mợ"


def _kin(text: Passage, i: int) -> Hit[str] | None:
    return None if _is_grave(text, i) else _OF_MARTYR.at(text, i)


def _kin_of_martyr(text: Passage) -> Iterator[tuple[Hit[str], float]]:
    """ "em gái liệt sĩ", "mẹ đẻ của liệt sĩ", "cháu gọi ls bằng cậu". "Con liệt sĩ" may also be another's child, but who would say so?"""
    for hit in _OF_MARTYR.each(text):
        i, following = hit.first, _MARTYR.at(text, hit.last)
        if (
            following is not None
            and not _is_grave(text, i)
            and not any(text.gaps[i : hit.last])
            and not (hit.value == "khac" and text.plain(i - 1) in ("ve", "tim"))
        ):
            if text.plain(i - 1) in ("cac", "nhung", "mo", "may") or (text.plain(i) == "con" and _still(text, i)):
                continue
            yield hit, 0.9
            return


def _still(text: Passage, i: int) -> bool:
    """True for "còn liệt sĩ …": still, not child."""
    return text.words[i].raw.lower() == "còn"


def _is_self(text: Passage) -> Iterator[tuple[Hit[str], float]]:
    """ "tôi là đồng đội", "em là em ruột của …", "tui là dân bản"."""
    for i in text.places(_I):
        if text.plain(i + 1) != "la" or i + 2 >= len(text.words) or any(text.gaps[i : i + 2]):
            continue
        first = _FIRST_PERSON.at(text, i + 2)
        if first is not None and text.plain(i + 2) != "nguyen":
            yield first, 0.9
            return
        hit = _kin(text, i + 2)
        own_kin = text.plain(i - 1) in _KIN_HEADS and text.plain(i) in _OWN  # "mẹ tôi là mẹ liệt sĩ"
        if hit is not None and (not own_kin or _MARTYR.at(text, hit.last)) and not _is_name(text, hit):
            yield hit, 0.9
            return


_KIN_HEADS: Final = word_set(
    """
    anh chi em bo me cha bac chu cau co di ong ba chong vo noi ngoai ruot trai gai con
    """
)


def _is_name(text: Passage, hit: Hit[str]) -> bool:
    return text.capital(hit.first) and text.capital(hit.last)


def _martyr_is_kin(text: Passage) -> Iterator[tuple[Hit[str], float]]:
    """ "bác tôi hy sinh", "nhà cháu có bác là liệt sĩ", "anh trai tôi Đặng … hs"; never "bố tôi kể"."""
    for hit in _TO_WRITER.each(text):
        i = hit.first
        if any(text.gaps[i : hit.last - 1]) or (i and _TO_WRITER.at(text, i - 1) is not None and text.gaps[i - 1] == ""):
            continue
        at = hit.last
        at += text.plain(at) == "cua"
        own = text.plain(at) in _OWN
        at += own
        if (own and _befell(text, at)) or (not own and _introduced(text, hit)):
            yield hit, 0.85
            return


def _befell(text: Passage, at: int) -> bool:
    """True if what follows says that he fell; a teller's verb right behind the kin says that he is alive."""
    if any(text.plain(i) in _TELLER and text.plain(i + 1) != "cong" for i in (at, at + 1)):  # "đi dân công" went and fell
        return False
    for i in range(at, min(at + _REACH, len(text.words))):
        if STOP in text.gaps[at - 1 : i]:
            return False
        if _FELL.at(text, i) is not None or (_SERVED.at(text, i) is not None and any(True for _ in _FELL.all(text))):
            return True
    return False


def _introduced(text: Passage, hit: Hit[str]) -> bool:
    """ "có bác là liệt sĩ", "về cậu ruột là liệt sĩ", "gia đình có chú hy sinh"."""
    before, following = text.plain(hit.first - 1), text.plain(hit.last)
    if following == "la" and _FELL.at(text, hit.last + 1) is not None:
        return before in ("co", "ve", "tim", "nguoi")
    return (
        before == "co" and _FELL.at(text, hit.last) is not None and text.plain(hit.first - 2) in ("toi", "chau", "dinh", "em", "nha", "tui")
    )


def _informant_in_brackets(text: Passage) -> Iterator[tuple[Hit[str], float]]:
    """ "Người báo: Vi Thị Thử (em gái)"."""
    for i in range(1, len(text.words) if "(" in text.text else 0):
        if text.gaps[i - 1] == "," and "(" in text.text[text.words[i - 1].end : text.words[i].start] and (hit := _kin(text, i)) is not None:
            closed = (
                text.text[text.words[hit.last - 1].end : text.words[hit.last - 1].end + 1] == ")" or _MARTYR.at(text, hit.last) is not None
            )
            if closed:
                yield hit, 0.9
                return


def _comrade(text: Passage) -> Iterator[tuple[Hit[str], float]]:
    hit = next(iter(_WITH.each(text)), None)
    if hit is not None and any(_is_soldierly(word.plain) for word in text.words):
        yield Hit(hit.first, hit.last, "dong_doi"), 0.6


def _is_soldierly(word: str) -> bool:
    """A unit, or a word that only a soldier says of himself."""
    return word in ("ccb", "don", "dong", "chien") or (len(word) > 1 and word[0] in "bcdef" and word[1:].isdecimal())


def _offered(text: Passage) -> Iterator[Field]:
    """Who is to give a sample, where nobody says what he is to the martyr: "cho bà ngoại lấy mẫu"."""
    for i in range(len(text.words) - 1):
        if text.plain(i) == "cho" and (hit := _kin(text, i + 1)) is not None and hit.value == "khac":
            yield Field("relation", hit.value, 0.4, text.span(hit.first, hit.last))
            return
