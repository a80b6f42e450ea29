"""The keyword by position, and the words that are none."""

import pytest

from gateway.domain.keyword import Keyword
from gateway.reading.keyword import read_keyword
from tests.reading.deployment import ALIASES, PLACES


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("LS TN07 mo", "TN07 mo"),
        ("LSTN07 mo", "TN07 mo"),
        ("TN07 LS mo", "TN07 mo"),
        ('"LS" - mo', "mo"),
        ("Soạn: LS, mo", "mo"),
        ("(1/2) liet si: mo", "mo"),
        ("L S mo", "mo"),
        ("KSTN07", "TN07"),
        ("ＬＳ mo", "mo"),
        ("l\u200bs mo", "mo"),
    ],
)
def test_ls_and_the_rest(text, rest):
    found = read_keyword(text, ALIASES, PLACES)
    assert (found.keyword, found.rest) == (Keyword.LS, rest)


@pytest.mark.parametrize(
    "text",
    [
        "mo ls o doi",
        "KS mo",
        "LA mo",
        "Lang Son",
        "LSD",
        "HUY lich",
        "DK82",
        "TC Nguyen Van A",
        "cho hoi",
        "Hội CCB",
        "hồi đó",
        "is it true",
        "15 mo",
        "dang ky lay mau",
        "",
    ],
)
def test_no_keyword(text):
    assert read_keyword(text, ALIASES, PLACES).keyword is None


def test_a_keyword_needs_no_alias():
    assert [read_keyword(k.value, {}, {}).keyword for k in Keyword] == list(Keyword)


def test_the_deployment_adds_aliases():
    assert read_keyword("bao tin co mo", {Keyword.LS: ("Báo tin",)}, PLACES).keyword is Keyword.LS
