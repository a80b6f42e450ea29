"""The table of operators: the package's, and a deployment's own in its place with every fault named by its line."""

from pathlib import Path

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.operator_file import load_operators, shipped_operators
from gateway.settings import BadSettings, load_settings
from tests.harness import deployment, route

GOOD = """version = "2027-01"
source = "our contract"
[[operators]]
name = "A"
prefixes = ["030", "0311"]
networks = ["45204"]
written = ["a telecom"]
[[operators]]
name = "B"
prefixes = []
host = "A"
"""


def test_the_packages_table_says_where_it_is_from() -> None:
    table = shipped_operators()
    assert table.version
    assert "from memory" in table.source  # what is, it says
    assert set(table.hosts.values()) == {"VinaPhone", "MobiFone"}


def test_a_deployment_without_one_has_the_packages(tmp_path: Path) -> None:
    assert load_operators(tmp_path) == (shipped_operators(), ())


def test_a_deployments_own_stands_in_for_the_whole(tmp_path: Path) -> None:
    (tmp_path / "operators.toml").write_text(GOOD, "utf-8")
    table, faults = load_operators(tmp_path)
    assert faults == ()
    assert (table.names, table.version, table.source) == (("A", "B"), "2027-01", "our contract")
    assert [table.of(Msisdn(each)) for each in ("+84300000101", "+84311000101", "+84320000101")] == ["A", "A", ""]
    assert (table.of_network("45204"), table.read("A Telecom"), table.carried_by("B")) == ("A", "A", ("B", "A"))


@pytest.mark.parametrize(
    ("before", "after", "place", "words"),
    [
        ('"030"', '"30"', ("operators.1.prefixes.1", 5), "A prefix is 0"),
        ('"45204"', '"452-04"', ("operators.1.networks.1", 6), "MCC and MNC"),
        ('host = "A"', 'host = "C"', ("operators.2.host", 11), "no operator “C”"),
        ("prefixes = []", 'prefixes = ["030"]', ("operators.2", 8), "“030” is another operator's already"),
        ('written = ["a telecom"]', 'writen = ["a telecom"]', ("operators.1.writen", 7), "unknown"),
        ('source = "our contract"', "", ("source", None), "missing"),
        ('version = "2027-01"', "version = ", ("", 1), "no TOML"),
    ],
)
def test_each_fault_has_its_line(tmp_path: Path, before: str, after: str, place: tuple[str, int | None], words: str) -> None:
    (tmp_path / "operators.toml").write_text(GOOD.replace(before, after), "utf-8")
    _, faults = load_operators(tmp_path)
    assert [(fault.file, fault.field, fault.line) for fault in faults] == [("operators.toml", *place)]
    assert words in faults[0].text


def test_what_is_wrong_in_it_stops_the_start(tmp_path: Path) -> None:
    """And so does a route that names an operator which the deployment's own table has no more."""
    folder = deployment(tmp_path / "d", routes=route("vt", "kannel", "http://127.0.0.1:9/", operators=["Viettel"])).folder
    assert load_settings(folder, {}).operators is shipped_operators()
    (folder / "operators.toml").write_text(GOOD, "utf-8")
    with pytest.raises(BadSettings) as bad:
        load_settings(folder, {})
    assert [fault.text for fault in bad.value.faults] == ["There is no operator “Viettel”"]
    (folder / "operators.toml").write_text("x", "utf-8")
    with pytest.raises(BadSettings) as bad:
        load_settings(folder, {})
    assert {fault.file for fault in bad.value.faults} == {"operators.toml"}
