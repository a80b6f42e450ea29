"""The spool keeps what the database can't take: whole, in order, sealed."""

import os
import resource

import pytest

from gateway.storage.spool import Spool, SpoolDown


@pytest.fixture
def spool(tmp_path, keyring) -> Spool:
    return Spool(tmp_path / "spool", keyring)


def _drain(spool: Spool) -> list[object]:
    found = []
    with spool.draining() as files:
        for path in files:
            found += [(call.kind, call.values["n"]) for call in spool.read(path)]
            spool.done(path)
    return found


def test_calls_come_out_in_order_and_once(spool) -> None:
    for n in range(5):
        spool.append("mo" if n % 2 else "dlr", {"n": n})
    assert not spool.is_empty()
    assert _drain(spool) == [("dlr", 0), ("mo", 1), ("dlr", 2), ("mo", 3), ("dlr", 4)]
    assert spool.is_empty()
    assert _drain(spool) == []


def test_a_drain_that_stopped_is_taken_up_first(spool) -> None:
    spool.append("mo", {"n": 1})
    with spool.draining():
        spool.append("mo", {"n": 2})  # a new call meanwhile
    assert _drain(spool) == [("mo", 1), ("mo", 2)]


def test_only_one_drains_at_a_time(spool) -> None:
    spool.append("mo", {"n": 1})
    with spool.draining() as first, spool.draining() as second:
        assert (len(first), len(second)) == (1, 0)


def test_a_torn_line_is_set_aside_and_the_next_call_stands_apart(spool, tmp_path) -> None:
    """The power failed in the middle of a line: it was never acknowledged."""
    spool.append("mo", {"n": 1})
    with (tmp_path / "spool/calls.spool").open("ab") as handle:
        handle.write(b"QUJD")
    spool.append("mo", {"n": 2})
    assert _drain(spool) == [("mo", 1), ("mo", 2)]
    assert (tmp_path / "spool/calls.unreadable").read_bytes() == b"QUJD\n"


def test_the_file_holds_no_words_and_nobody_else_may_read_it(spool, tmp_path) -> None:
    spool.append("mo", {"text": "bi mat", "n": "0300000011"})
    path = tmp_path / "spool/calls.spool"
    assert b"bi mat" not in path.read_bytes()
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_full_disk_is_said_and_leaves_no_half_line(spool, tmp_path) -> None:
    """A file size limit stands for the disk: the write comes back short, as it does when the last block is taken."""
    spool.append("mo", {"n": 1})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "spool/calls.spool").stat().st_size + 10, limits[1]))
    try:
        with pytest.raises(SpoolDown, match="space"):
            spool.append("mo", {"n": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    spool.append("mo", {"n": 3})
    assert _drain(spool) == [("mo", 1), ("mo", 3)]
