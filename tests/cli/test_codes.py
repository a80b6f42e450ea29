"""`tinbao codes`: a printed code is switched off, re-pointed and restored; what is no code of ours is refused."""

from pathlib import Path

import pytest

from gateway.domain.code import placement_code
from tests.harness import Gateway, deployment, route

ONE, OTHER = placement_code("TN01", 5), placement_code("TN07", 3)


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return deployment(tmp_path / "d", routes=route("tuyen", "kannel", "http://127.0.0.1:9/"))


def test_a_code_is_switched_off_pointed_elsewhere_and_restored(gateway) -> None:
    assert gateway.run("codes", "list").stdout == "Every code means what was printed.\n"
    assert gateway.run("codes", "off", ONE.lower(), "--why", "giả mạo").stdout == f"{ONE} is switched off\n"
    assert gateway.run("codes", "list").stdout == f"{ONE}  off  giả mạo\n"
    assert gateway.run("codes", "point", ONE, "--to", OTHER, "--why", "dời chỗ").stdout == f"{ONE} leads to where {OTHER} leads\n"
    listed = gateway.run("codes", "list", "--json").stdout
    assert listed == f'{{"code": "{ONE}", "target": "{OTHER}", "disabled": false, "why": "dời chỗ"}}\n'
    assert gateway.run("codes", "restore", ONE).stdout == f"{ONE} means again what was printed\n"
    assert gateway.run("codes", "restore", ONE).stdout == f"{ONE} was not changed\n"


@pytest.mark.parametrize(
    "words", [("off", "XX9999", "--why", "x"), ("point", ONE, "--to", "TN01", "--why", "x"), ("point", ONE, "--to", ONE, "--why", "x")]
)
def test_what_is_no_code_of_ours_is_refused(gateway, words) -> None:
    done = gateway.run("codes", *words)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
