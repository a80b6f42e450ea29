"""`tinbao report make|list|missing|figures|take|key`: files whole or not at all, also on a full disk; periods; the doctor's word."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import doctor, report
from gateway.cli.context import Door, opened
from gateway.services.refusal import Refusal
from tests.cli.door import run
from tests.harness import deployment, route
from tests.services.numbers_rows import campaign


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment with a month of rows."""
    monkeypatch.delenv("TINBAO_KEY", raising=False)
    made = deployment(tmp_path / "xa", routes=route("viettel", "kannel", "http://127.0.0.1:9/", price_vnd=350)).folder

    async def fill() -> None:
        async with opened(Door(made, json=False)) as it:
            await campaign(it.database)

    asyncio.run(fill())
    return made


PERIOD = ("report", "make", "ad-hoc", "--period", "2026-03-14..2026-11-20")


def test_a_report_and_its_files(folder: Path, tmp_path: Path) -> None:
    told = run(report.add_commands, folder, *PERIOD, "--out", tmp_path / "ra", "--format", "docx,pdf,xlsx,csv", "--json").json
    assert told["figures"]["tips:now"] == [4, None]
    assert [Path(file).suffix for file in told["files"]] == [".docx", ".pdf", ".xlsx", ".csv"]
    assert all(Path(file).stat().st_mode & 0o777 == 0o600 for file in told["files"])
    again = run(report.add_commands, folder, *PERIOD, "--out", tmp_path / "ra")
    assert "version 2" in again.stdout
    assert len(run(report.add_commands, folder, "report", "list", "--json").json["reports"]) == 2


def test_what_is_no_period_or_no_kind(folder: Path, tmp_path: Path) -> None:
    wrong = ((("month", "--period", "11/2026"), "is no period"), (("year",), "a report is one of"), (("month", "--format", "exe"), "docx"))
    for words, why in wrong:
        done = run(report.add_commands, folder, "report", "make", *words, "--out", tmp_path / "ra")
        assert done.exit_code == 2
        assert why in done.stderr
    with pytest.raises(Refusal, match="chưa bắt đầu"):
        run(report.add_commands, folder, "report", "make", "month", "--period", "2099-01", "--out", tmp_path / "ra")
    assert not (tmp_path / "ra").exists()


def test_a_full_disk_leaves_no_half_file(folder: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk without room: the old file stays, no other is there, the report is kept."""
    out = tmp_path / "ra"
    out.mkdir()
    kept = out / "bao-cao-ad-hoc-2026-11-20-ban-1.docx"
    kept.write_bytes(b"cu")
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from gateway.cli.report_make import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))\n"
        "write_whole(Path(sys.argv[1]), b'x' * 40_000)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(kept)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "make room" in done.stderr
    assert [path.name for path in out.iterdir()] == [kept.name]
    assert kept.read_bytes() == b"cu"


def test_figures_travel_signed(folder: Path, tmp_path: Path) -> None:
    made = run(report.add_commands, folder, *PERIOD, "--out", tmp_path, "--format", "csv", "--json").json
    file = tmp_path / "so-lieu.json"
    run(report.add_commands, folder, "report", "figures", str(made["report"]), "--out", file)
    told = json.loads(file.read_bytes())
    key = run(report.add_commands, folder, "report", "key").stdout.strip()
    assert key == f'"06577" = "{told["key"]}"'
    with pytest.raises(Refusal, match="Chưa có khóa"):
        run(report.add_commands, folder, "report", "take", file)
    rules = (folder / "numbers.toml").read_text("utf-8").replace("[report_keys]", f"[report_keys]\n{key}\n#")
    (folder / "numbers.toml").write_text(rules, "utf-8")
    assert "taken: xã Thống Nhất" in run(report.add_commands, folder, "report", "take", file).stdout
    assert run(report.add_commands, folder, "report", "figures", "999", "--out", file).exit_code == 1


def test_the_doctor_speaks_of_reports_once_there_are_any(folder: Path, tmp_path: Path) -> None:
    assert "the report of" not in run(doctor.add_commands, folder, "doctor").stdout
    run(report.add_commands, folder, *PERIOD, "--out", tmp_path)
    missing = run(report.add_commands, folder, "report", "missing", "--json").json["missing"]
    assert [each["commune"] for each in missing] == ["06577"]
    sms = run(report.add_commands, folder, "report", "missing", "--text").stdout
    assert sms.startswith("Tin Bao: bao cao thang")
    assert sms.isascii()
    assert ("the report of xã Thống Nhất" in run(doctor.add_commands, folder, "doctor").stdout) is True
