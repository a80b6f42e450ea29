"""Things found with the fallen, and papers that families keep (field.md §4.1)."""

from collections.abc import Iterator
from typing import Final

from gateway.reading.field import Field
from gateway.reading.passage import NONE, Hit, Passage, listed
from gateway.reading.words import word_set

_RELICS: Final = listed(
    """
    bình tông|bi đông|bình toong|dép cao su|dép râu|dép lốp|mũ cối|mũ tai bèo|mũ sắt|mũ cối vải|cúc áo|khuy áo|khóa thắt lưng|
    khoá thắt lưng|thắt lưng|dây lưng|xẻng bộ binh|xẻng|cuốc chim|bát b52|bát sắt|bát nhôm|cao sao vàng|dây thông tin|dây dù|
    ống thuốc|ống thuốc quân y|lọ thuốc|khâu đeo dây súng|khâu đeo súng|đạn ak|vỏ đạn|băng đạn|hòm đạn|lọ thủy tinh|lọ thuỷ tinh|
    lọ penicillin|lọ penixilin|vải dù|mảnh vải dù|dù pháo sáng|tấm tăng|tăng|tăng ni lông|võng|võng dù|ni lông|nilon|tấm nilon|ba lô|
    balo|thẻ quân nhân|thẻ bài|quân hàm|phù hiệu|mũ|áo mưa|quân phục|áo lính|áo bộ đội|lược|lược nhôm|bút máy|bút|bật lửa|nhẫn|
    đồng hồ|hăng gô|ăng gô|gà mên|ca inox|ca nhôm|thìa|thìa inox|muỗng|muôi|đèn pin|bao xe|bao đạn|túi cứu thương|túi vải|lưỡi lê|
    dao găm|súng ak|khẩu súng|súng|ruột tượng|ống nhòm|la bàn|địa bàn|kính|răng vàng|răng bịt|gương|kéo|kim chỉ|huy hiệu|sao mũ|
    giày vải|giày|dép|mảnh dù|chăn|màn|áo trấn thủ|tấm bia|biển tôn|mảnh tôn|dog tag|dog tags|canteen|helmet|sandals|belt buckle
    """
)
_DOCUMENTS: Final = listed(
    """
    giấy báo tử|giấy báo|bằng tổ quốc ghi công|tổ quốc ghi công|bằng tqgc|tqgc|giấy chứng nhận gia đình liệt sĩ|giấy chứng nhận|
    trích lục|trích lục hồ sơ|trích lục quân nhân|lý lịch|lý lịch quân nhân|thư|lá thư|bức thư|nhật ký|sổ tay|sơ đồ mộ|sơ đồ mộ chí|
    sơ đồ|bản đồ|bản đồ vẽ tay|huân chương|huy chương|ảnh|tấm ảnh|bức ảnh|di ảnh|hồ sơ|hồ sơ liệt sĩ|giấy tờ|giấy khen|thẻ đảng|
    danh sách|giấy xác nhận|biên bản|quyết định|sổ|sketch map|map|diary|letter|letters|photo|photos|photograph|sketch|list|documents
    """
)
# Unaccented these are mostly other words: thu is Thu, anh a man, giay paper …; only marks or a neighbour make them things.
_NEEDS_COMPANY: Final = word_set(
    """
    thu anh tang mu ban but keo kinh guong giay dep man chan so ho thia list map sketch xeng vong sung nhan luoc bia dia muoi
    """
)
_PIECE: Final = listed(
    """
    lá|bức|tấm|quyển|cuốn|tờ|chiếc|cái|đôi|mảnh|con|những|các|mấy|khẩu|bộ|một|hai|ba|1|2|3|4|5|6|7|8|9|vài|của
    """
)
# "bọc trong tăng"
_WRAPPED: Final = word_set("trong bang boc quan goi cuon lot dap")
_CLOTHS: Final = frozenset({"tang", "vong", "chan", "man"})
_PICTURES: Final = frozenset({"tam", "buc", "to", "gui", "chup"})
_GIVEN: Final = listed(
    """
    giữ|còn giữ|gửi|có|tìm được|thấy|gặp|và|với|cùng|nhặt được|đào được|boc bằng|gồm|kèm|chụp|the|a|letter|still have
    """
)
# Who asks for a paper or lost one has none to show.
_LOST: Final = listed("mất|xin lại|cấp lại|thất lạc|không có|ko có|chưa có|làm lại")


def read_relics(text: Passage) -> Iterator[Field]:
    """relics and documents, each as the words typed, in their order, each once."""
    yield from _listed("relics", text, [hit for hit in _RELICS.all(text) if _is_thing(text, hit)])
    papers = [hit for hit in _DOCUMENTS.all(text) if _is_thing(text, hit) and not _is_lost(text, hit)]
    yield from _listed("documents", text, papers)


def _listed(name: str, text: Passage, hits: list[Hit[bool]]) -> Iterator[Field]:
    if hits:
        values = tuple(dict.fromkeys(text.said(hit.first, hit.last) for hit in hits))
        yield Field(name, values, 0.9, text.span(hits[0].first, hits[-1].last))


def _is_thing(text: Passage, hit: Hit[bool]) -> bool:
    """False for a word that is more often another one, unless it is counted, held, or typed with its marks."""
    if text.plain(hit.first) == "ban" and hit.last - hit.first == 2:  # a map that a position is read from is nobody's paper
        return _PIECE.before(text, hit.first) is not None or _GIVEN.before(text, hit.first) is not None
    if text.plain(hit.first) == "vo" and text.plain(hit.first - 1) == "manh":  # a splinter
        return False
    if hit.last - hit.first > 1 or text.plain(hit.first) not in _NEEDS_COMPANY:
        return True
    if text.plain(hit.first) == "tang" and text.plain(hit.first + 1) == "da":  # tảng đá, a rock
        return False
    if text.plain(hit.first) == "giay" and text.plain(hit.first - 1) != "doi" and text.words[hit.first].raw.isascii():  # paper
        return False
    if _follows_on(text, hit):
        return False
    piece = _PIECE.before(text, hit.first)
    if text.plain(hit.first) == "anh" and text.words[hit.first].raw.isascii():  # mostly anh, a man: "ba anh", "các anh"
        return text.plain(hit.first - 1) in _PICTURES
    if text.plain(hit.first - 1) in _WRAPPED and text.plain(hit.first) in _CLOTHS:
        return True
    counted = piece is not None
    return counted or _listed_beside(text, hit)


def _listed_beside(text: Passage, hit: Hit[bool]) -> bool:
    """True between commas or behind "giữ", "và": a list of things."""
    before = hit.first > 0 and (text.gaps[hit.first - 1] != NONE or _GIVEN.before(text, hit.first) is not None)
    after = bool(text.gaps[hit.last - 1]) or text.plain(hit.last) in ("va", "cua", "cung", "with", "of")
    return before and after


def _follows_on(text: Passage, hit: Hit[bool]) -> bool:
    """True if the word begins a name or address: "anh Nguyen", "Thu ke", "so dien thoai"."""
    return text.capital(hit.first) and text.gaps[hit.last - 1] == NONE and text.capital(hit.last)


def _is_lost(text: Passage, hit: Hit[bool]) -> bool:
    return _LOST.at(text, hit.last) is not None or _LOST.before(text, hit.first) is not None
