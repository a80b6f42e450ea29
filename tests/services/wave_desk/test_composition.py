"""What a planner types, as values: texts without accents, what a text must have, what stands against asking."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.segments import Alphabet, alphabet_of
from gateway.services.texts import fields_of, filled
from gateway.services.wave_desk.composition import Composition, blocks, checks, plain
from gateway.services.wave_desk.deciding import outcome, pieces
from gateway.web.desk.form import Form
from gateway.web.desk.waves_form import composed_of, day_of
from tests.services.people import deployment

CAMPAIGN = deployment().campaign
GOOD = "UBND xã: báo tin, soạn LS {{ ma_thon }}. Từ chối: soạn TC"
KNOWN = ("ma_thon", "thon", "dau_so")
TODAY = date(2026, 11, 18)
PAPER = {"document": "238/KH-UBND", "document_date": "2026-06-15"}


@pytest.mark.parametrize(
    ("template", "without"),
    [
        ("Báo tin", "Bao tin"),
        ("Soạn {{ ma_thon }} gửi", "Soan {{ ma_thon|khong_dau }} gui"),
        ("{{ thon|upper }} ạ", "{{ thon|upper|khong_dau }} a"),
        ("{{ thon|khong_dau }} ạ", "{{ thon|khong_dau }} a"),
        ("{% if ten %}Ông {{ ten }}{% endif %}", "{% if ten %}Ong {{ ten|khong_dau }}{% endif %}"),
    ],
)
def test_a_text_without_accents(template: str, without: str) -> None:
    assert plain(template) == without


@given(st.text("aăâđ êôơư,.{}%", min_size=1, max_size=60), st.text("ăâđêôơư Nà Lải", min_size=1, max_size=20))
def test_without_accents_it_is_plain_whatever_its_fields_bring(words: str, village: str) -> None:
    """Law: what goes without accents fits GSM-7, and asks for the same fields."""
    template = f"{words.replace('{', '').replace('}', '').replace('%', '')} {{{{ thon }}}}"
    assert fields_of(plain(template)) == fields_of(template)
    assert alphabet_of(filled(plain(template), {"thon": village})) is Alphabet.GSM7


def test_only_the_chosen_languages_keep_their_accents() -> None:
    composed = Composition(texts={"lo": "ສະບາຍດີ", "vi": "Báo tin", "en": " "}, accented=("lo",))
    assert composed.sent == {"vi": "Bao tin", "lo": "ສະບາຍດີ"}  # Vietnamese first: it is everybody's who has no other


def test_it_comes_back_as_it_was_stored() -> None:
    composed = Composition(texts={"vi": "x"}, villages=("TN01",), ramp=(1.0, 10.0, 5.0), window=("08:00", "20:00"), phase=2)
    assert Composition.of_json(composed.as_json() | {"of another release": 1}) == composed


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (GOOD, []),
        ("{{ xa }}: báo tin. Từ chối: TC", []),
        ("Báo tin. Từ chối: TC", ["có tên cơ quan"]),
        ("UBND xã: báo tin cho TCB", ["có cách từ chối"]),
        ("Commune: text LS. To stop: TC", []),
    ],
)
def test_what_a_text_must_have(text: str, missing: list[str]) -> None:
    assert [each.label for each in checks("vi", text, CAMPAIGN) if not each.passed] == missing


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"texts": {}}, ["Chưa có lời nhắn."]),
        ({"texts": {"vi": GOOD + " {{ luong }}"}}, ["Lời nhắn dùng {{ luong }}, mà không người nhận nào có."]),
        ({"texts": {"vi": GOOD + " {% for x in y %}{% endfor %}"}}, ["Lời nhắn có chỗ máy không đọc được."]),
        ({"document": ""}, ["Chưa ghi văn bản chỉ đạo"]),
        ({"document_date": "2027-01-01"}, ["Số hoặc ngày văn bản chưa đúng."]),
    ],
)
def test_what_stands_against_asking(changes: dict, said: list[str]) -> None:
    found = blocks(Composition(**({"texts": {"vi": GOOD}} | PAPER | changes)), CAMPAIGN, KNOWN, TODAY)
    assert len(found) == len(said)
    assert all(each.startswith(begin) for each, begin in zip(found, said, strict=True))


def test_the_form_as_values() -> None:
    """What is not ticked is off; a peak day fills day and hour in; days may be written as people do."""
    sent = Form({"text_vi": ["a"], "village": ["TN01", "TN02", "TN01"], "peak": ["2026-12-22 07:00"], "document_date": ["15/6/2026"]})
    found = composed_of(sent, Composition(accented=("vi",), route="r"))
    assert (found.texts, found.accented, found.villages, found.route) == ({"vi": "a"}, (), ("TN01", "TN02"), "r")
    assert (found.day, found.at, found.document_date, found.ramp) == ("2026-12-22", "07:00", "2026-06-15", ())
    assert day_of("hôm nay") == "hôm nay"


@pytest.mark.parametrize(
    ("template", "text", "marked"),
    [
        ("Soan {{ ma_thon }} gui {{ dau_so }}", "Soan TN07 gui 8088", ["TN07"]),
        ("{{ thon|khong_dau }}: chao", "Na Lai: chao", ["Na Lai"]),
        ("Chao {% if ten %}{{ ten }}{% endif %}", "Chao xxx", []),
        ("Chao", "Chao", []),
        ("Soan {{ ma_thon }}", "khac han", []),
    ],
)
def test_what_differs_by_person_stands_out(template: str, text: str, marked: list[str]) -> None:
    found = pieces(template, text)
    assert "".join(piece for piece, _ in found) == text
    assert [piece for piece, own in found if own] == marked


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({"delivered": 2}, "đã nhận đủ"),
        ({"delivered": 1, "failed": 1}, "1 máy đã nhận, 1 máy không nhận được"),
        ({"sent": 2}, "2 tin chưa có báo phát"),
    ],
)
def test_how_a_trial_went(states: dict, said: str) -> None:
    assert outcome(states) == said
