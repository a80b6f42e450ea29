"""The rule of an audience and what was found: stored, read back, said in words."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.audience import IN_WORDS, AudienceRule, LeftOut, ListFile, Tally, matches_tags

_words = st.lists(st.text(min_size=1, max_size=6), max_size=3).map(tuple)
TITLES = {"TN01": "Thôn Nà Lải", "TN02": "Thôn Nà Lài"}


@given(_words, _words, st.none() | st.integers(1, 3), st.text(max_size=5), st.none() | st.just(ListFile("a.csv", "00")))
def test_a_rule_is_read_back_as_it_was(villages, tags, phase, wave, listed):
    rule = AudienceRule(villages=villages, tags=tags, phase=phase, not_answered=wave, list=listed)
    assert AudienceRule.of_json(rule.as_json() | {"found": {}}) == rule


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (AudienceRule(), "everybody we may write to"),
        (AudienceRule(villages=("TN01", "TN02")), "everybody we may write to of Thôn Nà Lải (TN01), Thôn Nà Lài (TN02)"),
        (AudienceRule(list=ListFile("dan.csv", "00"), tags=("cuu-chien-binh",)), "the people of the list dan.csv, tagged cuu-chien-binh"),
        (
            AudienceRule(languages=("lo",), phase=2, not_answered="dot-1"),
            "everybody we may write to, who read lo, whom we came to know in phase 2, who got wave dot-1 and wrote nothing since",
        ),
    ],
)
def test_a_rule_in_words(rule, words):
    assert rule.in_words(TITLES) == words


def test_many_villages_are_counted():
    codes = tuple(f"TN{at:02d}" for at in range(1, 10))
    assert AudienceRule(villages=codes).in_words({}).endswith("(TN05) and 4 more")


def test_a_tally_is_read_back_as_it_was():
    tally = Tally(audience=3, segments=4, left_out=Counter({LeftOut.CAPPED.value: 2}), samples={"vi": ["A"]}, last="00ff")
    assert Tally.of_json(tally.as_json()) == tally
    assert Tally.of_json({}) == Tally()


def test_every_reason_has_its_words():
    assert set(IN_WORDS) == set(LeftOut)
    assert Tally().left_out_why == dict.fromkeys(map(str, LeftOut), 0)
    assert Tally(left_out=Counter({"opted_out": 1_200})).left_out_words() == ("1,200 said stop",)


@pytest.mark.parametrize(
    ("tags", "wanted", "fits"),
    [(None, (), True), (None, ("a",), False), (["a", "b"], ("b", "c"), True), ([], ("a",), False)],
)
def test_one_tag_suffices(tags, wanted, fits):
    assert matches_tags(tags, frozenset(wanted)) is fits
