"""What a stolen database reveals: nothing, and what was moved or damaged opens nowhere."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, select
from sqlalchemy.engine import Engine

from gateway.storage.seal import Keyring, Sealed, Unsealable, WrongKey

A, B, INDEX = b"a" * 32, b"b" * 32, b"i" * 32
KEYRING = Keyring.of(A)
TIP = Table(
    "tip", MetaData(), Column("id", Integer, primary_key=True), Column("text", Sealed("tip.text")), Column("note", Sealed("tip.note"))
)


@given(st.binary(max_size=300))
def test_what_is_sealed_opens(value):
    sealed = KEYRING.seal(value, "mo.text")
    assert KEYRING.open(sealed, "mo.text") == value
    assert len(sealed) == len(value) + 31  # version, key id, nonce, tag
    assert sealed[:3] == b"\x01\x00\x01"


def test_the_same_value_never_looks_the_same():
    assert KEYRING.seal(b"x", "mo.text") != KEYRING.seal(b"x", "mo.text")


def test_a_value_moved_to_another_place_stays_shut():
    with pytest.raises(Unsealable, match=r"tip\.text"):
        KEYRING.open(KEYRING.seal(b"x", "mo.text"), "tip.text")


@given(st.data())
def test_any_changed_byte_is_noticed(data):
    sealed = bytearray(KEYRING.seal("Nà Lải".encode(), "mo.text"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Unsealable, WrongKey)):
        KEYRING.open(bytes(sealed), "mo.text")


@pytest.mark.parametrize("value", [b"", b"\x01", b"plain text that nobody sealed", b"\x02" + bytes(60)])
def test_what_is_no_sealed_value(value):
    with pytest.raises(Unsealable):
        KEYRING.open(value, "mo.text")


def test_many_open_at_once_and_one_that_does_not_keeps_no_other_shut():
    both = Keyring({1: A, 2: B}, INDEX)
    same = [both.seal(each, "p") for each in (b"x", b"", b"z")]
    other = [Keyring({1: A}, INDEX).seal(b"of key 1", "p"), Keyring({9: A}, INDEX).seal(b"of a key that is gone", "p")]
    assert both.open_all(same, "p") == [b"x", b"", b"z"]
    assert both.open_all([*same, *other], "p") == [b"x", b"", b"z", b"of key 1", b""]
    assert both.open_all([same[0], same[0][:-1] + b"!", b"", b"\x01", bytes(60), both.seal(b"x", "elsewhere")], "p") == [b"x", *[b""] * 5]
    assert both.open_all([b""], "p") == both.open_all([b"\x01\x00\x02short"], "p") == [b""]
    assert both.open_all([], "p") == []


def test_rotation_old_values_open_new_ones_take_the_new_key():
    old, both, new = Keyring({1: A}, INDEX), Keyring({1: A, 2: B}, INDEX), Keyring({2: B}, INDEX)
    before, after = old.seal(b"x", "p"), both.seal(b"x", "p")
    assert both.open(before, "p") == both.open(after, "p") == new.open(after, "p") == b"x"
    assert after[1:3] == b"\x00\x02"
    assert old.blind("0300000101", "msisdn") == new.blind("0300000101", "msisdn")
    with pytest.raises(WrongKey, match="key 1"):
        new.open(before, "p")


def test_blind_indexes_are_keyed_and_apart():
    blind = KEYRING.blind("+84300000101", "msisdn")
    assert len(blind) == 32
    assert blind == Keyring.of(A).blind("+84300000101", "msisdn")
    assert len({blind, KEYRING.blind("+84300000101", "content"), Keyring.of(B).blind("+84300000101", "msisdn")}) == 3


def test_the_key_check_value_tells_keys_apart():
    KEYRING.verify(Keyring.of(A).check_value())
    with pytest.raises(WrongKey, match="not the one"):
        KEYRING.verify(Keyring.of(B).check_value())


def test_a_key_has_32_bytes_and_shows_none():
    with pytest.raises(ValueError, match="32"):
        Keyring({1: b"short"}, INDEX)
    assert "aaaa" not in repr(Keyring({1: A}, INDEX))


# -- in a database -------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://", hide_parameters=True)
    engine.dialect.keyring = KEYRING
    TIP.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_a_sealed_column(engine):
    with engine.begin() as connection:
        connection.execute(TIP.insert(), [{"id": 1, "text": "Nà Lải", "note": None}, {"id": 2, "text": "", "note": "x"}])
        assert connection.execute(select(TIP.c.text, TIP.c.note).order_by(TIP.c.id)).fetchall() == [("Nà Lải", None), ("", "x")]
        raw = connection.exec_driver_sql("SELECT text FROM tip WHERE id = 1").scalar_one()
        assert isinstance(raw, bytes)
        assert "Nà Lải".encode() not in raw
        assert connection.execute(select(TIP.c.id).where(TIP.c.note.is_(None))).scalars().all() == [1]


def test_a_value_copied_to_another_column_stays_shut(engine):
    with engine.begin() as connection:
        connection.execute(TIP.insert(), {"id": 1, "text": "a", "note": "b"})
        connection.exec_driver_sql("UPDATE tip SET note = text")
        with pytest.raises(Unsealable, match=r"tip\.note"):
            connection.execute(select(TIP.c.note)).scalar()


@pytest.mark.parametrize(
    "compare", [lambda c: c == "x", lambda c: c != "x", lambda c: c < "x", lambda c: c.in_(["x"]), lambda c: c.like("x"), lambda c: c + "x"]
)
def test_a_sealed_column_can_t_be_compared(compare):
    with pytest.raises(TypeError, match="blind index"):
        compare(TIP.c.text)


@pytest.mark.parametrize("damaged", [b"", b"\x01\x00\x02short", bytes(60)])
def test_of_many_the_first_that_does_not_open_is_an_error(damaged):
    """Where a value must be there, as an MT's number, nothing stands in for it."""
    same = [KEYRING.seal(each, "p") for each in (b"x", b"y")]
    assert KEYRING.open_each(same, "p") == [b"x", b"y"]
    assert KEYRING.open_each([], "p") == []
    with pytest.raises((Unsealable, WrongKey)):
        KEYRING.open_each([*same, damaged], "p")


def test_texts_sealed_at_once_open_one_by_one():
    """None stays; no two nonces are alike, not even of the same words."""
    texts = ["Nà Lải", None, "", "Nà Lải"]
    sealed = KEYRING.seal_texts(texts, "tip.text")
    assert [None if each is None else KEYRING.open(each, "tip.text").decode() for each in sealed] == texts
    assert sealed[0] != sealed[3]
    assert len({each[3:15] for each in sealed if each}) == 3
    assert KEYRING.seal_texts([], "tip.text") == []
