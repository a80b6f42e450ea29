"""Sealed contents: whole pieces or none, random access, and nothing to read without the key."""

import io
import resource
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.seal import Keyring, Unsealable
from gateway.storage.sealed_files import PIECE, OutOfOrder, SealedFiles
from tests.conftest import TEST_KEY

UPLOAD = bytes(range(32))


@pytest.fixture
def files(tmp_path) -> SealedFiles:
    return SealedFiles(tmp_path / "contents", Keyring.of(TEST_KEY))


@contextmanager
def _disk_of(size: int):
    """No file of this process grows beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_file_as_it_was(files, tmp_path) -> None:
    files.append(UPLOAD, 0, b"a" * 1000)
    (part,) = tmp_path.rglob("*.part")
    before = part.read_bytes()
    with _disk_of(1500), pytest.raises(OSError):
        files.append(UPLOAD, 1000, b"b" * 1000)
    assert part.read_bytes() == before
    assert files.append(UPLOAD, 1000, b"b" * 1000) == 2000


def test_a_piece_has_a_limit_and_an_empty_one_is_nothing(files) -> None:
    with pytest.raises(ValueError, match="1 MiB"):
        files.append(UPLOAD, 0, bytes(PIECE + 1))
    assert files.append(UPLOAD, 0, b"") == 0
    assert files.size(b"x" * 32) == 0
    with pytest.raises(OutOfOrder):
        files.append(UPLOAD, 3, b"abc")


def test_another_key_opens_nothing(files, tmp_path) -> None:
    files.append(UPLOAD, 0, b"a" * 100)
    with pytest.raises(Unsealable):
        SealedFiles(tmp_path / "contents", Keyring.of(bytes(32))).open(UPLOAD, partial=True)


pieces = st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=6)
moves = st.lists(
    st.tuples(st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END]), st.integers(-400, 400), st.integers(-1, 200)), max_size=12
)


@given(pieces=pieces, moves=moves)
def test_it_reads_like_any_file(tmp_path_factory, pieces, moves) -> None:
    """Against the same bytes in memory."""
    files, whole = SealedFiles(tmp_path_factory.mktemp("f"), Keyring.of(TEST_KEY)), b"".join(pieces)
    at = 0
    for piece in pieces:
        at = files.append(UPLOAD, at, piece)
    digest, size = files.digest(UPLOAD)
    files.settle(UPLOAD, digest)
    assert size == len(whole)
    with files.open(digest) as content:
        here = 0
        for whence, offset, length in moves:
            here = max(0, min({io.SEEK_SET: 0, io.SEEK_CUR: here, io.SEEK_END: len(whole)}[whence] + offset, len(whole)))
            assert content.seek(offset, whence) == here == content.tell()
            wanted = whole[here:] if length < 0 else whole[here : here + length]
            assert content.read(length) == wanted
            here += len(wanted)
        assert b"".join(content.pieces()) == whole
