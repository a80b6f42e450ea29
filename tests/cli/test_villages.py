"""`tinbao villages check`: every bad row of a commune's own list is named."""

import pytest

from gateway.cli.villages import add_commands
from gateway.deployment import shipped_deployment
from tests.cli.door import run

LIST = (shipped_deployment() / "villages.csv").read_text("utf-8")


def test_the_shipped_list_is_good_and_its_look_alikes_are_told():
    ran = run(add_commands, shipped_deployment(), "villages", "check")
    assert ran.exit_code == 0
    assert ran.stdout.splitlines() == ["30 villages, nothing to put right", "Alike without accents: Thôn Nà Lải (TN01), Thôn Nà Lài (TN02)"]
    assert run(add_commands, shipped_deployment(), "villages", "check", json=True).json["look_alikes"] == [["TN01", "TN02"]]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (LIST.replace("TN30,", "TN29,").encode(), "v.csv:31: code: The code TN29 stands in line 30 already. "),
        (LIST.replace("0300000101", "03000").encode("utf-8-sig"), "v.csv:2: contact: The number can't be used: too short or too long"),
        (LIST.replace("0300000101", "9.1E+08").encode("utf-16"), "v.csv:2: contact: The number can't be used: the spreadsheet has rounded"),
        (LIST.replace("code,", "x,", 1).encode(), "v.csv:1: code: The column is missing. Add a column headed “code” or “mã thôn”"),
        (LIST.replace(",", ";").replace("TN30;", "QN30;").encode(), "v.csv:31: code: “QN30” is no village code of xã Thống Nhất. "),
    ],
    ids=["duplicate", "bom-bad-number", "utf16-9.1E+08", "missing-column", "semicolon-letters"],
)
def test_bad_lists(tmp_path, data, line):
    (tmp_path / "v.csv").write_bytes(data)
    ran = run(add_commands, shipped_deployment(), "villages", "check", tmp_path / "v.csv")
    assert ran.exit_code == 78
    assert ran.stdout.startswith(line)
    assert ran.stderr == "1 to put right\n"


def test_a_list_that_names_the_commune_and_not_its_code(tmp_path):
    (tmp_path / "v.csv").write_text(LIST.replace("06577", "Thống Nhất"), "utf-8")
    assert run(add_commands, shipped_deployment(), "villages", "check", tmp_path / "v.csv").exit_code == 0


def test_thousands_of_faults_are_cut_for_people_and_whole_in_json(tmp_path):
    (tmp_path / "v.csv").write_text("code,name,kind,commune\n" + "TN1,a,thôn,1\n" * 1000, "utf-8")
    ran = run(add_commands, shipped_deployment(), "villages", "check", tmp_path / "v.csv")
    assert ran.stdout.splitlines()[-1] == "and 800 more; --json lists them all"
    assert len(run(add_commands, shipped_deployment(), "villages", "check", tmp_path / "v.csv", json=True).json["faults"]) == 1000


def test_no_such_file(tmp_path):
    ran = run(add_commands, shipped_deployment(), "villages", "check", tmp_path / "v.csv")
    assert (ran.exit_code, ran.stdout) == (78, "")
    assert "can't be read: No such file" in ran.stderr
