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
from gateway.services.alerts import raise_alert
from gateway.services.attachments import Attachments, folder_beside
from gateway.services.corroboration import mind_corroboration
from tests.cli.door import run
from tests.services.media_files import bomb, jpeg
from tests.services.people import BINH, NOW, arrive, inbound, said
from tests.services.tip_rows import make_tip


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
    assert {name: shown[name] for name in first} == first
    assert [each["kind"] for each in shown["events"]] == ["received"]
    assert (shown["attachments"], shown["corroborated_by"], shown["may_call"]) == ([], [], None)
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


async def _urgent_with_photos(here) -> str:
    """A tip of two people, with a good photo, one that can't be opened, and an alert."""
    id_ = await make_tip(here.database, STORY, urgent="uxo", code="7K3M9N")
    await make_tip(here.database, f"Nghe noi {STORY}", sender=BINH)
    store = Attachments(here.database, folder_beside(here.settings.spool_dir))
    await store.keep(id_, jpeg(), "image/jpeg", NOW)
    await store.keep(id_, bomb(), "image/png", NOW)
    await here.database.write(lambda connection: raise_alert(connection, id_, "uxo", NOW))
    await mind_corroboration(here.database, NOW)
    return "7K3M9N"


STORY = "Ong Vi Du ke chon ba nguoi duoi goc cay nghien dau ban Lung Vai, goi 0300000077"


@pytest.fixture
def photographed(folder: Path) -> Path:
    async def tell() -> None:
        async with opened(Door(folder, json=False)) as here:
            await _urgent_with_photos(here)

    asyncio.run(tell())
    return folder


def test_one_tip_with_all_that_belongs_to_it(photographed) -> None:
    shown = run(tips.add_commands, photographed, "tips", "show", "7K3M9N", json=True).json
    assert shown["attachments"] == [
        {"number": 1, "media": "image/jpeg", "bytes": shown["attachments"][0]["bytes"], "state": "kept"},
        {"number": 2, "media": "image/png", "bytes": len(bomb()), "state": "quarantined"},
    ]
    assert shown["alert"] == {"why": "uxo", "texts": 0, "taken": None}
    assert [each["likeness"] for each in shown["corroborated_by"]] == [1.0]
    words = run(tips.add_commands, photographed, "tips", "show", "7K3M9N").stdout
    assert "attachments: \n  number 1, media image/jpeg" in words
    assert "alert: why uxo, texts 0\n" in words
    assert "may_call: -\n" in words
    assert "21.63" not in words  # where the photo was taken
    assert "0300000077" not in words


def test_attachments_are_written_bare_and_on_request_whole(photographed, tmp_path) -> None:
    ran = run(tips.add_commands, photographed, "tips", "attachments", "7k3m9n", "--to", tmp_path / "anh")
    assert ran.stdout == f"{tmp_path / 'anh' / '7K3M9N-1.jpg'}\n"
    assert "1 can't be shown safely" in ran.stderr
    (bare,) = (tmp_path / "anh").iterdir()
    assert b"Thi Du Phone" not in bare.read_bytes()
    assert bare.stat().st_mode & 0o777 == 0o600
    whole = run(tips.add_commands, photographed, "tips", "attachments", "7K3M9N", "--to", tmp_path / "goc", "--original")
    assert (whole.stdout.count("\n"), (tmp_path / "goc" / "7K3M9N-2.png").read_bytes()) == (2, bomb())
    assert b"Thi Du Phone" in (tmp_path / "goc" / "7K3M9N-1.jpg").read_bytes()


def test_writing_to_an_informant_says_where_it_goes_and_no_number(photographed) -> None:
    ran = run(tips.add_commands, photographed, "tips", "write", "7K3M9N", "--text", "Mộ gần suối nào?")
    assert (ran.exit_code, ran.stdout) == (0, "")
    assert ran.stderr == "on its way to +843…11 by gia-lap, 1 segment(s); a running serve sends it\n"
    events = run(tips.add_commands, photographed, "tips", "show", "7K3M9N", json=True).json["events"]
    assert [(each["kind"], each["note"]) for each in events] == [("received", None), ("written", "Mộ gần suối nào?")]
