"""Texts cut and numbered by hand, and the many that only look so."""

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reading.numbered import Numbered, join, missing, numbered
from gateway.reading.parts import MISSING
from tests.reading import test_own_cases
from tests.reading.ordinary import ORDINARY

SAMPLE = [json.loads(line) for line in (Path(__file__).parent / "sample_mo.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("text", "number", "total", "rest"),
    [
        ("(1/2) LS TN17 Toi ke", 1, 2, "LS TN17 Toi ke"),
        ("( 2/2 ) LH 0300000012", 2, 2, "LH 0300000012"),
        ("[1/3]: LS TN07 mo", 1, 3, "LS TN07 mo"),
        ("(phan 2/3) mo o doi", 2, 3, "mo o doi"),
        ("  (2/2)doi che", 2, 2, "doi che"),
        ("LS TN07 (1/2) Toi biet", 1, 2, "LS TN07 Toi biet"),
        ("LS TN 07 (2/4). Toi biet", 2, 4, "LS TN 07 Toi biet"),
        ("LS TN07 mo o khe (1/2)", 1, 2, "LS TN07 mo o khe"),
        ("1/3 LS TN07 co mo", 1, 3, "LS TN07 co mo"),
        ("2/3: chon o doi", 2, 3, "chon o doi"),
        ("2/2. 0300000012", 2, 2, "0300000012"),
        ("3/3 - het", 3, 3, "het"),
        ("5/6) goc da", 5, 6, "goc da"),
        ("Phần 2/3: mộ ở đồi", 2, 3, "mộ ở đồi"),
        ("Phần 2: mộ ở đồi", 2, None, "mộ ở đồi"),
        ("phan thu hai: mo", 2, None, "mo"),
        ("(phan 1) LS TN07 mo", 1, None, "LS TN07 mo"),
        ("P1: LS TN07 mo", 1, None, "LS TN07 mo"),
        ("p2: mo", 2, None, "mo"),
        ("Tin 3: mo", 3, None, "mo"),
        ("Part 2: the hill", 2, None, "the hill"),
        ("phan cuoi: het", None, None, "het"),
        ("Tiếp theo: có 3 mộ", None, None, "có 3 mộ"),
        ("tiep: co 3 mo", None, None, "co 3 mo"),
        ("(tiep) co 3 mo", None, None, "co 3 mo"),
        ("(tt) co 3 mo", None, None, "co 3 mo"),
        ("(tiếp theo) có 3 mộ", None, None, "có 3 mộ"),
        ("tiep tin truoc: co 3 mo", None, None, "co 3 mo"),
    ],
)
def test_parts(text, number, total, rest):
    assert numbered(text) == Numbered(number, total, rest)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("LS TN07 mo o doi (con nua)", Numbered(None, None, "LS TN07 mo o doi", more=True)),
        ("LS TN07 mộ ở đồi, còn nữa...", Numbered(None, None, "LS TN07 mộ ở đồi,", more=True)),
        ("(1/2) LS TN07 mo o doi (con tiep)", Numbered(1, 2, "LS TN07 mo o doi", more=True)),
        ("phan 2: ben suoi, con nua", Numbered(2, None, "ben suoi,", more=True)),
    ],
)
def test_more_follows(text, part):
    assert numbered(text) == part


@pytest.mark.parametrize(
    "text",
    [
        *("1/2 thang 2", "1/2 tháng nữa", "1/2 qua doi", "2/3 so mo da boc", "1/3 nguoi trong lang", "1/4 the ky", "1/2 km nua"),
        *(
            "1/2 nam 1979 chon 3 nguoi",
            "1/2/1979 chon o doi",
            "2/3/79",
            "1/2-3/2 co doan",
            "27/7 vieng mo",
            "2/9 ve que",
            "12/8 toi bao tin",
        ),
        *(
            "1/5 chung toi chon 3 anh",
            "2/9: nghi le",
            "30/4: le",
            "LS TN07 1/2",
            "LS 1/2",
            "1/2",
            "(1/2)",
            "3/2 co mo",
            "0/2 co mo",
            "(3/2) co mo",
        ),
        *("2/3 tieu doan hy sinh", "1/2 dai doi bi mat", "1/3 trung doan", "1/2 don vi", "2/3 hy sinh", "1/4 hs"),
        *("mo o (1/2) doi che ben suoi", "LS TN07 co mo o doi (1/2) qua", "a (12/8) toi bao"),
        *(
            "phan mo o doi",
            "Phan Van Vi Du ke",
            "phan 2 nguoi",
            "p2 c5 d9",
            "tin bao: mo",
            "TN07: mo",
            "phan mo 2: o doi",
            "tin 0: x",
            "phan 2:",
        ),
        *(
            "tiep tuc tim kiem",
            "tiep theo toi xin ke",
            "TT 7K3M9P",
            "tt tin toi bao",
            "tiep:",
            "con nua toi se ke",
            "toi con nua nam tuoi 90",
        ),
        *("", " ", "LS", "(", "((((", "1/", "/2 a", "½ doi"),
    ],
)
def test_whole_texts(text):
    assert numbered(text) is None


def test_the_sample_numbers_two():
    assert [row["id"] for row in SAMPLE if numbered(row["text"])] == ["mo-078", "mo-079"]


@pytest.mark.parametrize("text", [*ORDINARY, *(case[0] for case in test_own_cases.CASES if not case[0].startswith(("(", "[", "1/")))])
def test_ordinary_texts_are_whole(text):
    assert numbered(text) is None


# --- joining ---


@pytest.mark.parametrize("order", list(itertools.permutations(["(1/3) LS TN17 toi ke", "2/3: mo o doi", "(3/3) lh 0300000012"])))
def test_any_order(order):
    assert join(order) == "LS TN17 toi ke mo o doi lh 0300000012"
    assert missing(order) == ()


@pytest.mark.parametrize(
    ("parts", "text", "lacking"),
    [
        (["(2/2) b"], f"{MISSING} b", (1,)),
        (["(1/2) a"], f"a {MISSING}", (2,)),
        (["(1/4) a", "(4/4) d"], f"a {MISSING} d", (2, 3)),
        (["(2/4) b", "(1/4) a"], f"a b {MISSING}", (3, 4)),
        (["phan 3: c"], f"{MISSING} c", (1, 2)),
        (["LS TN07 a", "tiep theo: b"], "LS TN07 a b", ()),
        (["LS TN07 a", "tiep: b", "tiep: c"], "LS TN07 a b c", ()),
        (["LS TN07 a (con nua)", "b (con nua)", "c"], "LS TN07 a b c", ()),
        (["LS TN07 a", "phan 2: b"], "LS TN07 a b", ()),
        (["(1/3) a", "tiep: a2", "(3/3) c"], f"a a2 {MISSING} c", (2,)),
        (["LS TN07 a", "(2/3) b", "tiep: b2", "(3/3) c"], "LS TN07 a b b2 c", ()),
        (["(1/2) a", "(1/2) a", "(2/2) b"], "a b", ()),
        (["(1/2) a", "(1/2) x", "(2/2) b"], "a x b", ()),
        (["(1/2) a", "(2/3) b"], f"a b {MISSING}", (3,)),
        (["a"], "a", ()),
        ([], "", ()),
    ],
    ids=repr,
)
def test_join(parts, text, lacking):
    assert join(parts) == text
    assert missing(parts) == lacking


@given(st.lists(st.text("xyz", min_size=1, max_size=8), min_size=2, max_size=9, unique=True), st.randoms(use_true_random=False))
def test_what_is_cut_comes_back(words, random):
    """However shuffled and repeated."""
    parts = [f"({i}/{len(words)}) {word}" for i, word in enumerate(words, 1)]
    sent = [*parts, random.choice(parts)]
    random.shuffle(sent)
    assert join(sent) == " ".join(words)


@given(st.text())
def test_no_text_makes_it_raise(text):
    found = numbered(text)
    assert found is None or found.rest
    join([text, text])


def test_the_repr_hides_the_words():
    assert "DAUVET" not in repr(numbered("(1/2) DAUVET"))
