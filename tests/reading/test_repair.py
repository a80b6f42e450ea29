"""Repair by tables: what old fonts, keyboard programs and wrong decoders made of Vietnamese comes back, and nothing else is touched."""

import json
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.fold import unaccent
from gateway.reading.legacy import from_tcvn3, from_vni
from gateway.reading.mojibake import from_mojibake
from gateway.reading.repair import Repaired, repair
from gateway.reading.syllables import DOT, HOOK, LEVEL, _tables, is_plain, is_syllable, with_tone
from gateway.reading.telex import from_telex, from_vni_keys
from gateway.reading.viqr import from_viqr
from gateway.reading.words import LOOKED_AT
from tests.reading import spoilers, test_own_cases
from tests.reading.deployment import VILLAGES
from tests.reading.ordinary import ORDINARY

SAMPLE = [json.loads(line) for line in (Path(__file__).parent / "sample_mo.jsonl").read_text("utf-8").splitlines()]
SPOILED = {
    "mo-052": ("vni", "LS TN07 Mộ liệt sĩ ở đầu bản"),
    "mo-053": ("tcvn3", "LS TN07 Mộ liệt sĩ ở đầu bản"),
    "mo-054": ("viqr", "LS TN07 Mộ liệt sĩ ở đầu bản"),
    "mo-055": ("telex", "LS TN07 Mộ liệt sĩ ở đầu bản"),
    "mo-056": ("vni keys", "LS TN07 Mộ liệt sĩ ở đầu bản"),
    "mo-059": ("mojibake", "LS TN11 Mộ liệt sĩ ở đầu bản"),
}
STORY = (
    "Tôi là cựu chiến binh, đã chôn cất bốn đồng đội ở lưng đồi phía tây suối Khuổi Tẳng, tháng hai năm 1979. Ai biết xin gọi 0300 000 012"
)
ENCODERS = {
    "tcvn3": spoilers.tcvn3,
    "vni": spoilers.vni,
    "viqr": spoilers.viqr,
    "telex": spoilers.telex,
    "vni keys": spoilers.vni_keys,
    "mojibake": spoilers.mojibake,
}


# --- what was spoiled comes back ---


@pytest.mark.parametrize(("row", "was", "text"), [(row, *SPOILED[row["id"]]) for row in SAMPLE if row["id"] in SPOILED])
def test_the_sample(row, was, text):
    found = repair(row["text"])
    assert (found.was, found.text) == (was, text)
    assert 0.8 < found.sure <= 1


@pytest.mark.parametrize("was", ENCODERS)
def test_a_story(was):
    assert repair(ENCODERS[was](STORY)) == Repaired(STORY, was, pytest.approx(1, abs=0.1))


@pytest.mark.parametrize("was", ENCODERS)
def test_a_story_in_capitals(was):
    assert repair(ENCODERS[was](STORY.upper())).text == STORY.upper()


@pytest.mark.parametrize("was", ENCODERS)
@pytest.mark.parametrize("letter", spoilers.LETTERS)
def test_every_letter(was, letter):
    """All 134, each in a syllable of its own inside words that give the evidence."""
    syllable = next(each for each in spoilers.syllables_with(letter) if is_syllable(each))
    syllable, words = (syllable, "đồng đội tôi chôn cất") if letter.islower() else (syllable.upper(), "ĐỒNG ĐỘI TÔI CHÔN CẤT")
    text = f"{words} {syllable}, {words}"
    assert letter in text
    assert repair(ENCODERS[was](text)).text == text


def test_the_encoders_know_134_letters():
    assert len(set(spoilers.LETTERS)) == 134


EVERY = sorted(syllable for syllable in _tables()[1] if not syllable.isascii())
NEW_PLACE = sorted({syllable for (_, _), syllable in _tables()[0].items() if not syllable.isascii()})


@pytest.mark.parametrize(
    ("decode", "encode", "syllables"),
    [
        (from_tcvn3, spoilers.tcvn3, EVERY),
        (from_vni, spoilers.vni, EVERY),
        (from_mojibake, spoilers.mojibake, EVERY),
        (lambda text: from_viqr(text).text, spoilers.viqr, EVERY),
        (lambda text: from_telex(text).text, spoilers.telex, NEW_PLACE),
        (lambda text: from_telex(text).text, lambda text: spoilers.telex(text, tone_last=False), NEW_PLACE),
        (lambda text: from_vni_keys(text).text, spoilers.vni_keys, NEW_PLACE),
        (lambda text: from_vni_keys(text).text, lambda text: spoilers.vni_keys(text, tone_last=True), NEW_PLACE),
    ],
    ids=["tcvn3", "vni", "mojibake", "viqr", "telex", "telex, tone behind its vowel", "vni keys", "vni keys, tone last"],
)
def test_every_syllable(decode, encode, syllables):
    """Word by word and all at once: 13,000 syllables, in small letters."""
    wrong = [each for each in syllables if decode(encode(f"{each} a")) != f"{each} a"]
    assert [each for each in wrong if not _is_typed_alike(each)] == []


def _is_typed_alike(syllable):
    """Keys that are two syllables: coocs is cốc and no coóc; a1 to e6 are units; quơ and qươ have one key."""
    return "oong" in unaccent(syllable) or "ooc" in unaccent(syllable) or len(syllable) == 1


ACCENTED = [
    text
    for text in [*(row["text"] for row in SAMPLE if row["id"] not in SPOILED), *(case[0] for case in test_own_cases.CASES)]
    if sum(not word.isascii() and is_syllable(word.lower()) for word in text.split()) > 2 and unicodedata.is_normalized("NFC", text)
]


@pytest.mark.parametrize("was", ENCODERS)
@pytest.mark.parametrize("text", ACCENTED)
def test_accented_texts_come_back(was, text):
    """Whole texts, with their names, units, dates, numbers and punctuation; the keys put the tone in its new place (hoá for hóa)."""
    found = repair(ENCODERS[was](text))
    assert found.was == was
    assert unaccent(found.text) == unaccent(text)
    if was not in ("telex", "vni keys"):
        assert found.text == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [  # other hands at the same keyboard
        ("mojo lieejt six", "mộ liệt sĩ"),
        ("muwowif nguwowif owr ddoong khee", "mười người ở đông khê"),
        ("mwowif ngwowif", "mười người"),
        ("nguowif linhs dduowcj chon owr dday", "người lính được chon ở đay"),
        ("dduongwf leen ddooif", "đường lên đồi"),
        ("dand nguwowif dduowcj", "đan người được"),
        ("duongdwf lietej six", "đường liệt sĩ"),
        ("Khoong bieets DDoongs Khe", "Không biết Đống Khe"),
        ("MOOJ LIEETJ SIX", "MỘ LIỆT SĨ"),
        ("mooj lieetj six, sddt 0300000012 ddc Du", "mộ liệt sĩ, sđt 0300000012 đc Du"),
        ("mooj voo danh", "mộ vô danh"),
        ("ong veef huuw, khuaays ddoongf", "ong về hưu, khuấy đồng"),
        ("Ddawng kys TN30", "Đăng ký TN30"),
        ("D9a8ng ky1 TN30", "Đăng ký TN30"),
        ("chau1 o73 d9a6y d9i3nh d9o62i a5.", "cháu ở đây đỉnh đồi ạ."),
        ("a5 thuo6c5 b3, mo65 o73 d9o62i", "a5 thuộc b3, mộ ở đồi"),
        (
            "mooj 3 ddoongf chis d9 e777, lh 0300000012 http://vidu.example/mooj",
            "mộ 3 đồng chí d9 e777, lh 0300000012 http://vidu.example/mooj",
        ),
        ("mo65 liet65 si4, c5 d9 e888, xom 7", "mộ liệt sĩ, c5 d9 e888, xom 7"),
        ("Ngu7o7i2 lie65t si4 b6 c7 d8 TN07 K6", "Người liệt sĩ b6 c7 d8 TN07 K6"),
        ("nguoi72 dong961 d9o62i", "người đống đồi"),
    ],
)
def test_keystrokes(typed, text):
    assert repair(typed).text == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("Mo^. o+? dda^u? Co' ai bie^'t kho^ng?", "Mộ ở đâu? Có ai biết không?"),
        ("Mo^. lie^.t si~ o+? ddo^`i. Co' hai ngu+o+`i.", "Mộ liệt sĩ ở đồi. Có hai người."),
        ("Mo^. o+? nha`. Cu. Nguye^~n ke^?.", "Mộ ở nhà. Cụ Nguyễn kể."),
        ("Thu+a ca'c o^ng... mo^. na(`m o+? kho^?\nXin ca?m o+n", "Thưa các ông... mộ nằm ở khô?\nXin cảm ơn"),
        ("mo^. lie^.t si~ (2 ngo^i) o+? TN07, d9 e777", "mộ liệt sĩ (2 ngôi) ở TN07, d9 e777"),
        ("lie^.t si~\\. xong ro^`i\\?", "liệt sĩ. xong rồi?"),
        ("ong ho^? ddi vo+? co' mo^..", "ong hổ đi vở có mộ."),
        ("Nha` co' li.ch su+? cu?a Tra^`n Gia? DDi.nh.", "Nhà có lịch sử của Trần Giả Định."),
        ("Mo^.t ngu*o*`i du*o*.c cho^n", "Một người dược chôn"),
    ],
)
def test_viqr_keeps_its_punctuation(typed, text):
    assert repair(typed) == Repaired(text, "viqr", pytest.approx(0.9, abs=0.15))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: spoilers.mojibake(spoilers.mojibake(text)),
        lambda text: spoilers.mojibake(spoilers.mojibake(spoilers.mojibake(text))),
        lambda text: spoilers.mojibake(text, "latin-1"),
        lambda text: unicodedata.normalize("NFD", spoilers.mojibake(text)),
        lambda text: spoilers.mojibake(unicodedata.normalize("NFD", text)),
    ],
    ids=["doubled", "trebled", "latin-1", "decomposed after", "decomposed before"],
)
def test_mojibake_of_every_kind(spoil):
    assert repair(spoil(STORY)) == Repaired(STORY, "mojibake", pytest.approx(1, abs=0.1))


@pytest.mark.parametrize("lost", ["", "?", "\ufffd"])
def test_letters_that_lost_a_byte(lost):
    """cp1252 has no 81 8D 8F 90 9D: what stood there is known by the syllable."""
    text = "Người ở Đông Khọn biết chờ về suối đỏ"
    shown = "".join(lost if c in "\x81\x8d\x8f\x90\x9d" else c for c in spoilers.mojibake(text))
    found = repair(shown)
    assert found.was == "mojibake"
    assert unaccent(found.text).split()[:4] == ["Nguoi", "o", "Dong", "Khon"]
    assert found.text.startswith("Người ở Đông Kh")


def test_a_space_for_the_byte_that_is_one():
    assert repair("nhÃ  tÃ´i lÃ m á»Ÿ báº£n").text == "nhà tôi làm ở bản"
    assert repair("nhÃ tÃ´i á»Ÿ báº£n nhÃ ").text == "nhà tôi ở bản nhà"


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("M&#7897; li&#7879;t s&#297; &#7903; b&#7843;n", "Mộ liệt sĩ ở bản"),
        ("M&#x1ED9; li&ecirc;&#803;t s&#x129;", "Mộ liệt sĩ"),
        ("t&ocirc;i &amp; ch&uacute; &lt;LS&gt;", "tôi &amp; chú &lt;LS&gt;"),
    ],
)
def test_letters_sent_as_entities(sent, text):
    """carriers.md: inbound text can hold HTML entities."""
    assert repair(sent) == Repaired(text, "mojibake", 0.9)


def test_other_scripts_come_back_too():
    assert repair(spoilers.mojibake("ຂ້ອຍຮູ້ບ່ອນຝັງສົບ 🙏 “LS TN07”")).text == "ຂ້ອຍຮູ້ບ່ອນຝັງສົບ 🙏 “LS TN07”"


@pytest.mark.parametrize("was", ["tcvn3", "vni"])
def test_old_words_pasted_into_new_ones(was):
    assert repair(f"Kính gửi ở xã: {ENCODERS[was]('liệt sĩ ở đầu bản')}").text.endswith("liệt sĩ ở đầu bản")


def test_bytes_that_no_decoder_took():
    raw = spoilers.tcvn3("Mộ liệt sĩ ở đầu bản").encode("latin-1").decode("utf-8", "surrogateescape")
    assert repair(raw) == Repaired("Mộ liệt sĩ ở đầu bản", "tcvn3", pytest.approx(0.9, abs=0.1))


def test_soft_hyphens_are_letters_in_tcvn3_and_nothing_elsewhere():
    assert repair("ng\u00adêi Th\u00ad¬ng binh").text == "người Thương binh"
    assert repair("nghĩa\u00adtrang liệt sĩ").was == ""


@pytest.mark.parametrize(
    ("raw", "text"),
    [  # without one sign that good Vietnamese has not
        ("Tõ chèi", "Từ chối"),
        ("L.S. TN-12: mé v« danh", "L.S. TN-12: mộ vô danh"),
    ],
)
def test_short_texts_of_an_old_font(raw, text):
    assert repair(raw).text == text


@pytest.mark.parametrize("raw", ["LS TN06 ®/c Vi Du", "LS TN06 ñ/c Vi Du", "mé", "Dõng", "mooj", "mo65", "Mo^.", "5µm", "2×nha"])
def test_one_letter_is_no_evidence(raw):
    assert repair(raw) == Repaired(raw)


# --- what is good stays ---


@pytest.mark.parametrize("row", [row for row in SAMPLE if row["id"] not in SPOILED], ids=lambda row: row["id"])
def test_clean_rows_of_the_sample_stay(row):
    assert repair(row["text"]) == Repaired(unicodedata.normalize("NFC", row["text"]))


@pytest.mark.parametrize("text", [*ORDINARY, *(case[0] for case in test_own_cases.CASES)])
def test_ordinary_texts_stay(text):
    assert repair(text) == Repaired(text)


def test_three_hundred_of_them():
    assert (
        len({*ORDINARY, *(case[0] for case in test_own_cases.CASES)} | {row["text"] for row in SAMPLE if row["id"] not in SPOILED}) >= 300
    )


_WORDS = st.sampled_from([*EVERY, *_tables()[2]])
_OTHER = st.sampled_from(
    "LS TN07 7K3M9P c5 d9 e888 f399 K6 DK82 0300000012 17/2/79 21,6921 106.8133 https://vidu.example/mooj?a=b 50k (2) ? . ,".split()  # noqa: SIM905 - reads as a text
)


@given(st.lists(st.one_of(_WORDS, _WORDS, _OTHER), max_size=30))
def test_good_vietnamese_stays(words):
    """Any syllables, accented, plain or mixed, among codes, units and numbers."""
    text = " ".join(words)
    assert repair(text) == Repaired(text)


@given(st.text())
def test_repair_ends_and_is_nfc(text):
    found = repair(text)
    assert unicodedata.is_normalized("NFC", found.text)
    assert len(found.text) <= LOOKED_AT
    assert 0 <= found.sure <= 1


@given(st.sampled_from(sorted(ENCODERS)), st.lists(st.sampled_from([name.name for name in VILLAGES.values()]), min_size=5, max_size=8))
def test_what_is_repaired_is_good(was, names):
    """A second repair finds nothing to do."""
    found = repair(ENCODERS[was]("đồng đội chôn cất ở " + ", ".join(names)))
    assert repair(found.text) == Repaired(found.text)


def test_the_repr_hides_the_words():
    assert "DAUVET" not in repr(repair("LS DAUVET mooj lieetj six"))


# --- syllables ---


@pytest.mark.parametrize(
    "word",
    "mộ liệt sĩ sỹ hòa hoà thuỷ thủy giếng giũ giục gì quý quốc nghĩa khuya ngoằn khuyên yêu ý ạ đắk oằn uỷ ủy nguyễn xoong kạn".split(),  # noqa: SIM905 - reads as a text
)
def test_syllables(word):
    assert is_syllable(word)
    assert is_plain(unaccent(word))


@pytest.mark.parametrize("word", "lieät mộc2 că â kô ce gê nghô giia giiu qà bhộ liêt̀ cach̀ tế́t mổp zô wă được. được_".split())  # noqa: SIM905 - reads as a text
def test_no_syllables(word):
    assert not is_syllable(unicodedata.normalize("NFC", word))


def test_tones_of_stopped_syllables():
    assert with_tone("liêt", DOT) == "liệt"
    assert with_tone("liêt", HOOK) is None
    assert with_tone("liêt", LEVEL) is None


# --- cost ---


def _cpu_us(text, rounds=400):
    """CPU time of one repair, µs: the least of several short runs, so that a busy machine doesn't count."""
    runs = []
    for _ in range(7):
        start = time.process_time()
        for _ in range(rounds):
            repair(text)
        runs.append((time.process_time() - start) / rounds * 1e6)
    return min(runs)


@pytest.mark.parametrize(
    "text",
    [
        (SAMPLE[0]["text"] * 2)[:100],
        (SAMPLE[10]["text"] * 2)[:100],
        "I am a veteran and I remember the hill near the bridge in May 1968, " * 2,
    ],
    ids=["plain", "accented", "english"],
)
def test_good_texts_cost_little(text):
    """15 µs for 100 characters; ten times that here, so that no slow machine fails."""
    assert _cpu_us(text[:100]) < 150
