"""Parts of long MOs: any order, repeats, losses, equal references of different people."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reading.parts import APART_MS, MISSING, WAIT_MS, Part, assembled, gathered

A, B = b"blind index of A", b"blind index of B"


def part(number, text, *, total=3, sender=A, receiver="8088", reference="7", at=0, id_=0):
    return Part(id_ or number, sender, receiver, reference, number, total, text, at)


THREE = (part(1, "LS TN07 mo l"), part(2, "iet si o do"), part(3, "i che"))


@pytest.mark.parametrize("order", list(itertools.permutations(THREE)))
def test_complete_in_any_order(order):
    (text,) = gathered(order)
    found = assembled(text, now=0)
    assert (found.state, found.text, found.ids, found.missing) == ("complete", "LS TN07 mo liet si o doi che", (1, 2, 3), ())


@pytest.mark.parametrize(
    ("there", "text", "lacking"),
    [
        ([1], f"LS TN07 mo l {MISSING}", (2, 3)),
        ([2], f"{MISSING} iet si o do {MISSING}", (1, 3)),
        ([1, 3], f"LS TN07 mo l {MISSING} i che", (2,)),
        ([2, 3], f"{MISSING} iet si o doi che", (1,)),
    ],
)
def test_incomplete_ones_wait_and_then_are_partial(there, text, lacking):
    parts = [each for each in THREE if each.number in there]
    assert (assembled(parts, now=WAIT_MS - 1).state, assembled(parts, now=WAIT_MS).state) == ("waiting", "partial")
    assert (assembled(parts, now=0).text, assembled(parts, now=0).missing) == (text, lacking)


def test_a_late_part_makes_it_complete():
    late = part(2, "iet si o do", at=WAIT_MS + 5)
    (text,) = gathered([THREE[0], THREE[2], late])
    assert assembled(text, now=WAIT_MS + 5).state == "complete"


def test_repeats_count_once_and_are_named():
    again = part(1, "LS TN07 mo l", at=5, id_=9)
    (text,) = gathered([again, *THREE])
    found = assembled(text, now=9)
    assert (found.text, found.ids) == ("LS TN07 mo liet si o doi che", (1, 9, 2, 3))


def test_people_with_equal_references_are_not_mixed():
    others = [part(i, f"{i}b ", sender=B, id_=10 + i) for i in (1, 2, 3)]
    texts = gathered([each for pair in zip(others, THREE, strict=True) for each in pair])
    assert {assembled(text, now=0).text for text in texts} == {"1b 2b 3b ", "LS TN07 mo liet si o doi che"}


@pytest.mark.parametrize("other", [{"receiver": "8188"}, {"reference": "8"}, {"total": 4}], ids=["receiver", "reference", "total"])
def test_one_person_with_two_texts(other):
    """A contradicting total is another text: nothing says which of the two is wrong, and no words are lost."""
    texts = gathered([THREE[0], part(2, "x", **other, id_=12), *THREE[1:]])
    assert sorted(assembled(text, now=0).state for text in texts) == ["complete", "waiting"]


def test_a_reference_used_again_begins_anew():
    again = [part(i, f"{i}n ", at=60_000 + i, id_=20 + i) for i in (1, 2, 3)]
    texts = gathered([*THREE, *again])
    assert [assembled(text, now=0).text for text in texts] == ["LS TN07 mo liet si o doi che", "1n 2n 3n "]
    assert len(gathered([THREE[0], part(2, "iet si", at=APART_MS + 1)])) == 2


@pytest.mark.parametrize(("number", "total"), [(0, 3), (4, 3), (-1, -1), (1, 256), (300, 300), (1, 0)])
def test_what_no_handset_sends_stands_alone(number, total):
    impossible = part(number, "words", total=total)
    (text,) = gathered([impossible])
    assert (assembled(text, now=0).state, assembled(text, now=0).text) == ("complete", "words")
    assert len(gathered([impossible, impossible])) == 2


def test_one_of_one_is_complete():
    assert assembled([part(1, "words", total=1)], now=0).state == "complete"


def test_nothing_is_no_text():
    with pytest.raises(ValueError, match="at least one part"):
        assembled([], now=0)


def test_a_thousand_people_interleaved():
    people = 1_000
    parts = [part(i, f"{who}/{i};", sender=who, id_=who * 3 + i, at=i) for who in range(people) for i in (1, 2, 3)]
    random.Random(4).shuffle(parts)
    found = [assembled(text, now=0) for text in gathered(parts)]
    assert sorted(each.text for each in found) == sorted(f"{who}/1;{who}/2;{who}/3;" for who in range(people))


_PARTS = st.builds(
    Part,
    st.integers(1, 50), st.sampled_from([A, B]), st.just("8088"), st.sampled_from("12"), st.integers(-1, 5), st.integers(-1, 4),
    st.text(max_size=5), st.integers(0, 3 * APART_MS),
)  # fmt: skip


@given(st.lists(_PARTS, max_size=30), st.integers(0, 4 * APART_MS))
def test_no_word_is_lost_and_none_is_mixed(parts, now):
    texts = gathered(parts)
    assert sorted(map(repr, itertools.chain(*texts))) == sorted(map(repr, parts))
    for text in texts:
        found = assembled(text, now)
        assert len({each.key for each in text}) == 1
        assert all(each.text in found.text for each in text)
        assert (found.state == "complete") == (not found.missing)


def test_the_repr_hides_words_and_sender():
    assert "LS" not in repr(THREE) + repr(assembled(THREE, now=0))
    assert "blind" not in repr(THREE)
