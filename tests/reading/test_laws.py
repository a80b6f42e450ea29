"""Laws of reading: nothing makes it raise, it looks at 4,000 characters, and its work grows no faster than the text."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.keyword import Keyword, Kind
from gateway.reading import read
from gateway.reading.words import LOOKED_AT
from tests.reading.deployment import ALIASES, NAMES, PLACES, VILLAGES

_TYPED = """
liet si nguyen van vi du que nam dinh hs 17/2/79 chon o bo suoi khuoi tang c3d2 e 777 K4 0300000011 hom thu 12.345 YK ky mui mung 5 Mộ ở
LS TN 07 TN07 na lai tan lap 2 mo o dau xa huyen hoi tc huy dk adn gui tin ? ( ) - 8088 7K3M9P ﷺ İ ß ３ ້
"""
_PIECES = st.sampled_from([*_TYPED.split(), "\ud800", "\0"])


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=40).map(" ".join)), st.sampled_from(["sms", "ussd", "qr_web", "zalo", ""]))
def test_no_text_makes_it_raise(text, channel):
    found = read(text, channel, PLACES, ALIASES, names=NAMES)
    assert isinstance(found.kind, Kind)
    assert found.village is None or (found.village in VILLAGES and not found.village_candidates)
    assert 0 <= found.confidence <= 1
    assert all(0 <= f.span[0] <= f.span[1] <= len(found.text) and 0 < f.confidence <= 1 for f in found.found)
    json.dumps(dict(found.fields))


@given(st.text(), st.text())
def test_only_the_first_4000_characters_count(head, tail):
    padded = (head + " " * LOOKED_AT)[:LOOKED_AT]
    assert read(padded, "sms", PLACES, ALIASES) == read(padded + tail, "sms", PLACES, ALIASES)


_OUT_AND_IN = st.sampled_from("huy stop tc tu choi dk dang ky lay mau khong nhan tin".split())  # noqa: SIM905 - reads as a text


@given(st.lists(_OUT_AND_IN, max_size=12))
def test_words_inside_a_tip_take_nobody_off_the_list(words):
    found = read(f"LS TN07 co mo liet si {' '.join(words)}", "sms", PLACES, ALIASES)
    assert found.keyword is Keyword.LS
    assert found.kind not in (Kind.OPTOUT, Kind.OPTIN)


def calls(text):
    """How many calls one reading makes: steps that no slow machine changes."""
    count = 0

    def step(*_):
        nonlocal count
        count += 1

    sys.setprofile(step)
    try:
        read(text, "sms", PLACES, ALIASES, names=NAMES)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "unit",
    [
        "na sla ",
        "o na lai ",
        "tn 07 ",
        "xa a ",
        "keo co hong ",
        "tan lap 2 mo ",
        "gap xuong ",
        "LS ",
        "0 ",
        "? ",
        "(",
        "dung gui tin ",
        "hs 1979 ",
        "chon nam 79 ",
        "mo 3 nguoi ",
        "liet si Nguyen Van A ",
        "nguyen van a ",
        "que nam dinh ",
        "c3 d2 ",
        "e ",
        "0300000011 ",
        "hai ba ",
        "o canh duoi ",
        "o doi Khau Ma, canh ",
        "hy sinh o ",
        "bac toi ",
        "ban do ",
        "1/2 ",
        "ky mui ",
        "cu ba tung chon ",
        "me liet si ",
        "chung toi chon ",
        "xa tan thanh ",
        "21.6, 106.8 ",
        "moj ",
        "Mé ",
        "mộ ở đồi ",
        "a-",
        "1,",
        "hom thu 12.345 YK ",
        "tu ngay thang nam ",
    ],
)
def test_work_is_linear(unit):
    short, long = LOOKED_AT // (4 * len(unit)), LOOKED_AT // len(unit)
    assert calls(unit * long) < 5 * calls(unit * short) + 1_000
    assert calls(unit * long * 3) <= calls(unit * long + unit) * 1.1


def test_the_repr_hides_the_words():
    found = read("LS TN07 DAUVETBIMAT 0300000012", "sms", PLACES, ALIASES)
    assert found.fields["contact_phone"] == "+84300000012"
    assert "DAUVET" not in repr(found)
    assert "0300" not in repr(found)
    assert "8430" not in repr(found)
