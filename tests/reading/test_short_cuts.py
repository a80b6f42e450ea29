"""Where reading takes a short cut, it finds what the long way finds."""

import re

from hypothesis import given
from hypothesis import strategies as st

from gateway.reading import dates
from gateway.reading.passage import passage
from gateway.reading.telex import from_vni_keys, has_vni_signs
from gateway.reading.words import phrases, words_behind, words_of


def _said(pieces, most=12):
    """Texts of these pieces, written between bars, in any order."""
    return st.lists(st.sampled_from(pieces.split("|")), min_size=1, max_size=most).map(" ".join)


_TEXTS = st.one_of(st.text(max_size=60), _said("LSTN07|Mộ|hòm-thư|1,2|c3_d2|Ở|ký|mùi|，x|3/4"))
_WORDS = _said("mo|mot|mo_|liet|si|liets|s|a", 4)
_DATES = _said(
    "17/2/79|2 - 1979|5 /6 /75|17- 2-79|5|.|2.79|thang 2|nam 79|1979|t2/79|hy sinh|Ky Mui|quy|ti|mar 3, 1979|tet mau than|12-1968|(75)|70"
)
_KEYS = _said("TN16|mo65|mo56|lie6t5|si4|c3d2|to6i|e6|a5|www.a6.vn|d9o6i2|0300000011|ba81n", 8)


@given(_TEXTS, st.integers(0, 70))
def test_words_behind_a_place_are_those_of_the_rest(text, begin):
    assert words_behind(words_of(text), begin) == words_of(text[begin:])


@given(st.lists(_WORDS, min_size=1, max_size=8), st.lists(_WORDS, max_size=6))
def test_a_tree_of_phrases_finds_what_a_row_of_them_finds(table, said):
    text = f" {' '.join(said)} "
    row = re.compile(f" (?:{'|'.join(map(re.escape, table))})(?= )")
    assert (phrases("|".join(table)).search(text) is None) == (row.search(text) is None)


@given(_DATES)
def test_a_finder_that_is_left_out_would_have_found_nothing(text):
    laid = passage(text)
    tried = list(dates._finders(laid.low))
    every = (dates._full, dates._worded, dates._english, dates._month_year, dates._years, dates._short_years)
    assert [finder.__name__ for finder in every if finder not in tried and list(finder(laid.low))] == []
    assert dates._NAMED.search(laid.low) or list(dates._can_chi(laid)) == []


@given(_KEYS)
def test_a_text_without_a_strong_word_is_not_played(text):
    assert has_vni_signs(text) or not from_vni_keys(text).strong


@given(_TEXTS)
def test_places_answer_as_the_words_do(text):
    laid = passage(text)
    assert [laid.plain(i) for i in range(-3, len(laid.words) + 3)] == ["", "", "", *(word.plain for word in laid.words), "", "", ""]
    assert [laid.capital(i) for i in range(-1, len(laid.words) + 1)] == [
        False, *(not laid.loud and word.raw[0].isupper() for word in laid.words), False
    ]  # fmt: skip
    assert [i for i, key in enumerate(laid.keys) if not key.isalpha()] == list(laid.figured)
