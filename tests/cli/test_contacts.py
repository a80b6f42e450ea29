"""`tinbao contacts`: lists taken in, the block list, counts without numbers."""

from pathlib import Path

import openpyxl
import pytest

from gateway.cli.contacts import add_commands
from tests.cli.door import Ran, run
from tests.harness import Gateway, deployment, route

HEAD = "msisdn;village;consent\n"


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    there = deployment(tmp_path / "d", routes=route("tuyen", "kannel", "http://127.0.0.1:9/"))
    monkeypatch.setenv("TINBAO_KEY", there.variables()["TINBAO_KEY"])
    return there


def contacts(gateway: Gateway, *words: str | Path, json: bool = False) -> Ran:
    return run(add_commands, gateway.folder, "contacts", *words, json=json)


def test_a_list_is_taken_in_once(gateway: Gateway, tmp_path: Path) -> None:
    """Who names a basis is stored; the others only with --legal-basis; again nobody is new."""
    path = tmp_path / "dan.csv"
    path.write_text(HEAD + "0300000901;TN01;họp thôn\n0300000902;TN02;\n0300000903;TN02;\n", "utf-8-sig")
    first = contacts(gateway, "import", path, json=True)
    assert first.json == {"file": "dan.csv", "stored": 1, "new": 1, "no_basis": 2, "repeated": 0}
    second = contacts(gateway, "import", path, "--legal-basis", "KH 238", json=True)
    assert (second.json["stored"], second.json["new"]) == (3, 2)
    shown = contacts(gateway, "show")
    assert shown.exit_code == 0
    assert "TN02" in shown.stdout
    assert "0300" not in shown.stdout
    rows = [line for line in contacts(gateway, "show", json=True).stdout.splitlines() if "TN01" in line]
    assert rows == ['{"village": "TN01", "known": 1, "consent": 1, "legal_basis": 0, "opted_out": 0, "blocked": 0}']


def test_a_workbook_is_taken_in(gateway: Gateway, tmp_path: Path) -> None:
    """As Excel keeps numbers: the zero is put back, row by row in the report."""
    path, report = tmp_path / "dan.xlsx", tmp_path / "r.csv"
    book = openpyxl.Workbook()
    for row in (["Số điện thoại", "Mã thôn", "Căn cứ"], [300000901, "TN01", "KH"], [300000902, "TN99", "KH"]):
        book.active.append(row)
    book.save(path)
    done = contacts(gateway, "import", path, "--report", report)
    assert done.exit_code == 0
    assert done.stdout == "dan.xlsx: 1 people, 1 of them new\n"
    assert [line.split(",")[:2] for line in report.read_text("utf-8-sig").splitlines()[1:]] == [
        ["2", "leading zero put back"],
        ["3", "left out: “TN99” is no village of villages.csv"],
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "abc;TN01;x\n", "dan.csv has no usable row; mend the lines named above"),
        ("so,ten\n1,2\n", "dan.csv has no usable row; mend the lines named above"),
        (None, "dan.csv can't be read: No such file or directory; check its name and permissions"),
    ],
)
def test_a_list_of_no_use_is_refused(gateway: Gateway, tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "dan.csv"
    if text is not None:
        path.write_text(text, "utf-8")
    done = gateway.run("contacts", "import", str(path))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == said
    assert "Traceback" not in done.stderr


def test_the_block_list(gateway: Gateway) -> None:
    """A number never seen before can be on it; it is masked in what is said."""
    assert contacts(gateway, "block", "0300 000 911", "--why", "xin thôi qua điện thoại").stdout.startswith("+843…11 is written to no more")
    assert '"blocked": 1' in contacts(gateway, "show", json=True).stdout
    assert contacts(gateway, "unblock", "0300000911").exit_code == 0
    again = contacts(gateway, "unblock", "0300000911")
    assert (again.exit_code, again.stderr) == (1, "+843…11 is not on the block list; check the number\n")
    assert contacts(gateway, "block", "abc", "--why", "x").exit_code == 2
