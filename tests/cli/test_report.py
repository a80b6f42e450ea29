"""`tinbao report routes`: on the terminal, as JSON, as a workbook and as a paper."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from gateway.cli import report
from gateway.cli.context import Door, opened
from gateway.services.refusal import Refusal
from tests.cli.door import run
from tests.harness import deployment, route
from tests.papers.sheets import look
from tests.services.test_reports import at, row, store


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment that sent three messages in November 2026."""
    monkeypatch.delenv("TINBAO_KEY", raising=False)
    made = deployment(tmp_path / "xa", routes=route("viettel", "kannel", "http://127.0.0.1:9/", price_vnd=350)).folder

    async def fill() -> None:
        day = at(date(2026, 11, 18))
        async with opened(Door(made, json=False)) as it:
            await store(it.database, row("delivered", day, charged_segments=3), row("sent", day), row("failed", day, failure="permanent"))

    asyncio.run(fill())
    return made


def test_a_month_as_json(folder: Path) -> None:
    found = run(report.add_commands, folder, "report", "routes", "--month", "2026-11", "--json").json
    (line,) = found["lines"]
    assert line == {
        "route": "viettel", "operator": "Viettel", "day": "2026-11-18", "mts": 2, "segments": 4, "charged_known_for": 1,
        "charged_segments": 3, "difference": 1, "delivered": 1, "failed": 0, "open": 1, "uncertain": 0, "refused": 1, "price_vnd": 350,
        "cost_vnd": 1400, "cost_carrier_vnd": 1750,
    }  # fmt: skip
    assert (found["totals"][0]["day"], found["partners"]) == (None, [])


def test_a_month_on_paper_and_as_a_workbook(folder: Path, tmp_path: Path) -> None:
    pdf, xlsx = tmp_path / "doi-soat.pdf", tmp_path / "doi-soat.xlsx"
    done = run(report.add_commands, folder, "report", "routes", "--month", "2026-11", "--pdf", pdf, "--xlsx", xlsx)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:3] == [
        "route    day         network  MTs  segments  charged  more  delivered  failed  open  uncertain  refused    VND",
        "viettel  2026-11-18  Viettel    2         4        3     1          1       0     1          0        1  1,400",
        "viettel  all                    2         4        3     1          1       0     1          0        1  1,400",
    ]
    assert "18/11/2026 Viettel 2 4 3 1 1 0 1 0 1 1.400 1.750" in look(pdf.read_bytes()).text
    assert [cell.value for cell in load_workbook(xlsx)["Theo ngày"][2]][:4] == ["viettel", "18/11/2026", "Viettel", 2]


def test_no_month_and_no_place_to_write(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="“11” is no month; write it like 2026-11"):
        run(report.add_commands, folder, "report", "routes", "--month", "11")
    done = run(report.add_commands, folder, "report", "routes", "--month", "2026-11", "--pdf", tmp_path / "nie" / "x.pdf")
    assert done.exit_code == 1
    assert "can't be written: No such file or directory; choose another place" in done.stderr
