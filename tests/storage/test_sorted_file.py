"""Rows come back by their keys, however many there were and wherever a walk begins."""

import os

from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.sorted_file import SortedFile

_keys = st.binary(min_size=2, max_size=4)


def walked(file: SortedFile, size: int, after: bytes = b"") -> list[tuple]:
    return [row for page in file.pages(size, after) for row in page]


@given(st.lists(_keys, max_size=300), st.integers(1, 20), _keys)
def test_a_walk_is_sorted_and_stable(keys, size, after):
    """Rows of one key stay in the order in which they came; a walk behind a key begins after all of its rows."""
    with SortedFile() as file:
        for at, key in enumerate(keys):
            file.add((key, at))
        rows = [(key, at) for at, key in enumerate(keys)]
        assert walked(file, size) == sorted(rows)
        assert walked(file, size, after) == sorted(row for row in rows if row[0] > after)


@given(st.lists(st.sampled_from([b"aa", b"ab", b"ac"]), max_size=60), st.integers(1, 7))
def test_one_key_is_never_parted(keys, size):
    """A number that stands twice in a list is seen as such, also at the end of a page."""
    with SortedFile() as file:
        for key in keys:
            file.add((key,))
        pages = list(file.pages(size))
        ends = [page[-1][0] for page in pages]
        assert len(set(ends)) == len(ends)
        assert all(len({row[0] for row in page}) == 1 or len(page) <= size + len(keys) for page in pages)


def test_100_000_rows() -> None:
    with SortedFile() as file:
        for at in range(100_000):
            file.add((os.urandom(8), at, b"x" * 50))
        keys = [row[0] for row in walked(file, 2_500)]
    assert keys == sorted(keys)
    assert len(keys) == file.count == 100_000
