"""A sealed package: only the receiver's key opens it, and no byte of it can be changed."""

import base64
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.hand_over.container import KEY_FILE, MAGIC, new_key, open_package, seal
from gateway.services.refusal import Refusal

CHANCE = Random(7).randbytes
FILE, PUBLIC = new_key(CHANCE)


@given(st.binary(max_size=2000))
def test_what_is_sealed_opens_as_it_was(content):
    assert open_package(seal(content, PUBLIC, CHANCE), FILE) == content


def test_two_seals_of_one_content_differ():
    assert seal(b"a", PUBLIC, CHANCE) != seal(b"a", PUBLIC, CHANCE)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_no_byte_can_be_changed(at, by):
    """Neither of the words nor of the header: magic, key, key id."""
    package = bytearray(seal(b"noi chon bo doi", PUBLIC, CHANCE))
    package[at % len(package)] ^= by
    with pytest.raises(Refusal):
        open_package(bytes(package), FILE)


@given(st.integers(min_value=0))
def test_no_end_can_be_cut_off(length):
    package = seal(b"noi chon bo doi", PUBLIC, CHANCE)
    with pytest.raises(Refusal):
        open_package(package[: length % len(package)], FILE)


def test_another_key_opens_nothing():
    other, _ = new_key(CHANCE)
    with pytest.raises(Refusal, match="another key"):
        open_package(seal(b"a", PUBLIC, CHANCE), other)


@pytest.mark.parametrize("file", ["", "abc", KEY_FILE, KEY_FILE + "!!!", KEY_FILE + base64.b64encode(b"short").decode()])
def test_what_is_no_key_file_is_said(file):
    with pytest.raises(Refusal, match="key file"):
        open_package(MAGIC + bytes(80), file)


def test_the_layout_is_what_the_page_says():
    """A receiver who writes a program of their own reads it by the docstring: 16, 32, 8 bytes, then ciphertext and tag."""
    package = seal(b"x" * 10, PUBLIC, CHANCE)
    assert len(MAGIC) == 16
    assert len(package) == 16 + 32 + 8 + 10 + 16
