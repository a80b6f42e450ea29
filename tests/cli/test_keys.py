"""`tinbao keys restore`: the key back from paper."""

import subprocess
from pathlib import Path

from gateway.keys import read_key_file, recovery_key
from tests.harness import Gateway, deployment, route


def _gateway(tmp_path: Path) -> Gateway:
    return deployment(tmp_path / "d", routes=route("r", "simulator", "http://127.0.0.1:9/sms"))


def _restore(gateway: Gateway, typed: str) -> subprocess.CompletedProcess[str]:
    return gateway.run("keys", "restore", stdin=typed + "\n")


def test_what_was_written_on_paper_opens_again(tmp_path: Path) -> None:
    """The same 32 bytes, also in small letters with blanks; the file is its owner's alone."""
    gateway = _gateway(tmp_path)
    path = gateway.folder / "var" / "tinbao.key"
    key = read_key_file(path)
    path.unlink()
    ran = _restore(gateway, recovery_key(key).lower().replace("-", " "))
    assert ran.returncode == 0, ran.stderr
    assert read_key_file(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_slip_and_an_old_key_are_refused_in_words(tmp_path: Path) -> None:
    """One wrong letter is named as such; a key file that is there is never written over."""
    gateway = _gateway(tmp_path)
    path = gateway.folder / "var" / "tinbao.key"
    key = read_key_file(path)
    paper = recovery_key(key)
    slip = ("B" if paper[0] != "B" else "C") + paper[1:]
    ran = _restore(gateway, slip)
    assert (ran.returncode, ran.stdout) == (78, "")
    assert "no recovery key of ours" in ran.stderr
    ran = _restore(gateway, paper)
    assert ran.returncode == 1
    assert "is there already" in ran.stderr
    assert read_key_file(path) == key
