"""`tinbao tips` on a deployment of its own."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from gateway.cli import tips
from gateway.cli.context import Door, opened
from gateway.cli.init import make_deployment
from gateway.deployment import shipped_deployment
from tests.cli.door import run
from tests.services.people import NOW, arrive, inbound, said


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TINBAO_KEY", raising=False)
    make_deployment(shipped_deployment(), tmp_path / "xa")
    return tmp_path / "xa"


@pytest.fixture
def told(folder: Path) -> Path:
    async def tell() -> None:
        async with opened(Door(folder, json=False)) as here:
            await arrive(here.database, said("LS TN07 mộ ở bờ suối \x1b[2J, gọi 0300000077"), said("LS TN03 thay qua bom o bo suoi"))
            await inbound(here.database).process_once(NOW)

    asyncio.run(tell())
    return folder


def test_without_tips_the_list_says_so(folder) -> None:
    assert run(tips.add_commands, folder, "tips", "list").stdout == "no tips yet\n"
    assert run(tips.add_commands, folder, "tips", "list", "--json").stdout == ""


def test_the_list_shows_a_line_a_tip_with_masked_numbers(told) -> None:
    lines = run(tips.add_commands, told, "tips", "list").stdout.splitlines()
    assert len(lines) == 2
    assert "2026-11-18 18:06  TN07  sms  new      +843…11  " in lines[0]
    assert "TN03  sms  uxo" in lines[1]
    assert "300000077" not in lines[0]
    assert "\x1b" not in lines[0]


def test_one_tip_as_json_and_in_words(told) -> None:
    first = json.loads(run(tips.add_commands, told, "tips", "list", json=True).stdout.splitlines()[0])
    shown = run(tips.add_commands, told, "tips", "show", first["code"].lower(), "--json").json
    assert shown == first
    assert f"code: {first['code']}" in run(tips.add_commands, told, "tips", "show", first["code"]).stdout


def test_an_unknown_code_is_one_sentence(told) -> None:
    ran = run(tips.add_commands, told, "tips", "show", "AAAAAA")
    assert (ran.exit_code, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)


def test_an_export_goes_to_the_file_and_its_count_to_stderr(told, tmp_path) -> None:
    ran = run(tips.add_commands, told, "tips", "export", "--to", tmp_path / "tin.csv")
    table = list(csv.DictReader(io.StringIO((tmp_path / "tin.csv").read_text("utf-8-sig"))))
    assert (ran.exit_code, ran.stdout, [row["sender"] for row in table]) == (0, "", ["0300 000 011"] * 2)
    assert ran.stderr.startswith("2 tips in ")
    assert run(tips.add_commands, told, "tips", "export", "--to", tmp_path / "tin.doc").exit_code == 1
