"""The key: found, made, refused in words, and carried on paper."""

import base64
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.keys import MissingKey, create_key_file, find_key, read_key_file, read_recovery_key, recovery_key
from gateway.storage.seal import Keyring, WrongKey

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


@dataclass
class Place:
    key_file: Path


def same(keyring: Keyring, key: bytes) -> bool:
    return keyring.check_value() == Keyring.of(key).check_value()


def test_the_variable_wins_over_the_file(tmp_path):
    place = Place(tmp_path / "var" / "tinbao.key")
    written = create_key_file(place.key_file, random=lambda n: OTHER[:n])
    assert written == OTHER
    assert same(find_key(place, {}), OTHER)
    assert same(find_key(place, {"TINBAO_KEY": base64.b64encode(KEY).decode() + "\n"}), KEY)


def test_a_key_file_is_closed_to_others_and_never_written_over(tmp_path):
    path = tmp_path / "tinbao.key"
    key = create_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key_file(path) == key
    with pytest.raises(FileExistsError):
        create_key_file(path)
    assert read_key_file(path) == key


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_file_that_others_may_read_is_refused(tmp_path, mode):
    path = tmp_path / "tinbao.key"
    create_key_file(path)
    path.chmod(mode)
    with pytest.raises(MissingKey, match="chmod 600"):
        find_key(Place(path), {})


def test_no_key_names_both_places_and_the_remedy(tmp_path):
    with pytest.raises(MissingKey, match=r"TINBAO_KEY is not set and .*none\.key does not exist.*tinbao init"):
        find_key(Place(tmp_path / "none.key"), {"TINBAO_KEY": " "})


@pytest.mark.parametrize("content", [b"", b"abc", base64.b64encode(bytes(31)), base64.b64encode(bytes(33)), b"\xff\xfe", b'"' + bytes(44)])
def test_what_is_no_key(tmp_path, content):
    path = tmp_path / "tinbao.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(WrongKey) as why:
        find_key(Place(path), {})
    assert str(path) in str(why.value)


def test_a_wrong_variable_is_named_and_not_shown(tmp_path):
    with pytest.raises(WrongKey, match="TINBAO_KEY") as why:
        find_key(Place(tmp_path / "none.key"), {"TINBAO_KEY": "hemmelig-77"})
    assert "hemmelig" not in str(why.value)


@given(st.binary(min_size=32, max_size=32))
def test_paper_carries_the_key(key):
    paper = recovery_key(key)
    assert len(paper.split("-")) == 14
    assert read_recovery_key(paper.lower().replace("-", " ").replace("o", "0").replace("i", "1")) == key


@given(st.data())
def test_one_slip_on_paper_is_noticed(data):
    letters = list(recovery_key(KEY).replace("-", ""))
    at = data.draw(st.integers(0, len(letters) - 1))
    letters[at] = data.draw(st.sampled_from([c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if c != letters[at]]))
    if at == 51:  # it holds four bits of padding: a slip in them changes nothing
        with suppress(WrongKey):
            assert read_recovery_key("".join(letters)) == KEY
        return
    with pytest.raises(WrongKey, match="letter by letter"):
        read_recovery_key("".join(letters))


@pytest.mark.parametrize("text", ["", "ABCD", "é" * 56, "A" * 55, "A" * 57, "A" * 56])
def test_what_is_no_recovery_key(text):
    with pytest.raises(WrongKey):
        read_recovery_key(text)
