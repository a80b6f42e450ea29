"""A backup file can't be cut, swapped, put together anew or opened with another key; what it gives is what was written."""

import io
import os
import random

import pytest

from gateway.storage.archive import PIECE, ArchiveReader, ArchiveWriter, BadArchive, Member, new_file, read_head
from gateway.storage.seal import Keyring, WrongKey

KEYS = Keyring.of(bytes(range(32)))
NOISE = random.Random(7).randbytes(PIECE + 500)


def archive(keyring: Keyring = KEYS) -> bytes:
    """Two members over several pieces."""
    file = io.BytesIO()
    writer = ArchiveWriter(file, keyring, "0010", 1_000)
    for name in ("a", "b"):
        writer.begin(Member("table", name, {"columns": ["id"]}))
        writer.data(NOISE)
        writer.data(name.encode())
        writer.end()
    writer.close({"tables": {}})
    return file.getvalue()


def pieces(data: bytes) -> tuple[bytes, list[bytes]]:
    file = io.BytesIO(data)
    head, found = file.readline(), []
    while length := file.read(4):
        found.append(length + file.read(int.from_bytes(length, "big")))
    return head, found


def walk(data: bytes, keyring: Keyring = KEYS) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    reader = ArchiveReader(io.BytesIO(data), keyring)
    for block in reader.blocks():
        found[block.member.name] = found.get(block.member.name, b"") + block.data
    assert reader.manifest == {"tables": {}}
    return found


def test_what_was_written_is_read():
    assert walk(archive()) == {"a": NOISE + b"a", "b": NOISE + b"b"}


def test_two_backups_of_the_same_differ_and_say_no_word_of_it():
    one, two = archive(), archive()
    assert one != two
    assert NOISE[:32] not in one


def test_another_key_is_told_apart_from_damage():
    with pytest.raises(WrongKey, match="another key"):
        walk(archive(), Keyring.of(bytes(32)))


@pytest.mark.parametrize("cut", [1, 5, 100, PIECE])
def test_a_cut_file_is_refused(cut):
    with pytest.raises(BadArchive):
        walk(archive()[:-cut])


@pytest.mark.parametrize("change", ["last left out", "swapped", "twice", "first left out", "of another file", "bit", "appended"])
def test_pieces_are_a_chain(change):
    """Each of these leaves whole, well-sealed pieces; only their order, number or file is wrong."""
    head, found = pieces(archive())
    assert len(found) >= 3
    if change == "last left out":
        found = found[:-1]
    elif change == "swapped":
        found[0], found[1] = found[1], found[0]
    elif change == "twice":
        found.insert(1, found[0])
    elif change == "first left out":
        found = found[1:]
    elif change == "of another file":
        found[1] = pieces(archive())[1][1]
    elif change == "bit":
        found[1] = found[1][:-1] + bytes([found[1][-1] ^ 1])
    else:
        found.append(found[-1])
    with pytest.raises(BadArchive):
        walk(head + b"".join(found))


def test_the_head_is_bound_to_the_pieces():
    """An older schema in the clear head would restore rows into the wrong tables."""
    data = archive()
    with pytest.raises(BadArchive):
        walk(data.replace(b'"0010"', b'"0009"', 1))


@pytest.mark.parametrize("data", [b"", b"\n", b"{}\n", b"PK\x03\x04", b'{"format": "tinbao-backup/1"}\n', b"\x00" * 9000, b"[1]\n"])
def test_what_is_no_backup_is_said(data):
    with pytest.raises(BadArchive, match="no backup"):
        read_head(io.BytesIO(data))


def test_a_file_takes_its_name_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.backup"
    with pytest.raises(OSError, match="space"), new_file(path):
        raise OSError(28, os.strerror(28))
    assert list(tmp_path.iterdir()) == []
    with new_file(path) as file:
        file.write(b"whole")
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError), new_file(path) as file:
        file.write(b"other")
    assert path.read_bytes() == b"whole"
