"""`tinbao placements plan`: numbers that are new and can be read."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from gateway.cli.placements import add_commands
from gateway.deployment import load_deployment, shipped_deployment
from gateway.domain.code import read_placement_code
from tests.cli.door import run

EVERYWHERE = [word for piece in ("poster-a3", "banner-h", "leaflet-a5") for word in ("--piece", piece)]  # the rest hangs in TN01 alone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_deployment(), tmp_path / "xa"))


def test_nothing_is_missing_in_the_shipped_deployment(folder):
    ran = run(add_commands, folder, "placements", "plan", *EVERYWHERE)
    assert (ran.exit_code, ran.stdout) == (0, "Nothing is missing: every village has each piece\n")


def test_the_shipped_file_is_what_plan_makes(folder):
    shipped = (folder / "placements.csv").read_text("utf-8")
    (folder / "placements.csv").write_text("village,number,piece,spot\n")
    assert run(add_commands, folder, "placements", "plan", *EVERYWHERE, "--write").exit_code == 0
    made = (folder / "placements.csv").read_text("utf-8")
    everywhere = [line.split(",")[:3] for line in shipped.splitlines() if line.split(",")[2] in ("piece", *EVERYWHERE)]
    assert sorted(line.split(",")[:3] for line in made.splitlines()) == sorted(everywhere)


def test_a_new_piece_gets_numbers_above_all_that_were_given(folder):
    before = load_deployment(folder)
    ran = run(add_commands, folder, "placements", "plan", "--piece", "phuon", "--village", "tn07", "--json")
    (row,) = ran.json["planned"]
    assert row["number"] > max(placement.number for placement in before.placements_of("TN07"))
    assert read_placement_code(row["code"]) == ("TN07", row["number"])
    assert ran.json["written"] is False
    assert load_deployment(folder).placements == before.placements


def test_write_appends_and_keeps_every_row(folder):
    before = (folder / "placements.csv").read_bytes().rstrip(b"\n")
    (folder / "placements.csv").write_bytes(before)  # an editor that leaves the last line open
    ran = run(add_commands, folder, "placements", "plan", "--piece", "tranh", "--write")
    assert ran.exit_code == 0
    after = (folder / "placements.csv").read_bytes()
    assert after.startswith(before + b"\n")
    deployment = load_deployment(folder)
    assert (len(deployment.placements), deployment.faults) == (before.count(b"\n") + 30, ())
    assert run(add_commands, folder, "placements", "plan", "--piece", "tranh", "--write").stdout.startswith("Nothing is missing")


def test_a_faulty_row_stops_the_plan(folder):
    """Its number may hang somewhere already and must not be given out again."""
    with (folder / "placements.csv").open("a", encoding="utf-8") as file:
        file.write("TN99,3,poster-a3,x\n")
    ran = run(add_commands, folder, "placements", "plan", "--piece", "phuon")
    assert ran.exit_code == 78
    line = (folder / "placements.csv").read_text("utf-8").count("\n")
    assert ran.stdout.startswith(f"placements.csv:{line}: village: “TN99”")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_file_in_another_dress_is_not_written_to(folder, encoding):
    text = (folder / "placements.csv").read_text("utf-8").replace(",", ";")
    (folder / "placements.csv").write_bytes(text.encode(encoding))
    before = (folder / "placements.csv").read_bytes()
    ran = run(add_commands, folder, "placements", "plan", "--piece", "phuon", "--write")
    assert ran.exit_code == 78
    assert "village,number,piece,spot" in ran.stderr
    assert (folder / "placements.csv").read_bytes() == before


def test_no_piece_and_an_unknown_village(folder):
    ran = run(add_commands, folder, "placements", "plan", "--village", "XX01")
    assert (ran.exit_code, "no village" in ran.stderr) == (2, True)
    (folder / "placements.csv").write_text("village,number,piece,spot\n")
    ran = run(add_commands, folder, "placements", "plan")
    assert (ran.exit_code, "--piece poster-a3" in ran.stderr) == (78, True)


def test_rules_ask_for_more_where_more_people_live(folder):
    """30 villages with a poster each: those of more than 60 households lack one or two."""
    ran = run(add_commands, folder, "placements", "plan", "--by-rules", "--piece", "poster-a3", "--json")
    deployment = load_deployment(folder)
    planned = Counter(row["village"] for row in ran.json["planned"])
    for code, village in deployment.villages.items():
        assert planned[code] == max(0, min(4, -(-village.households // 60)) - 1), code
    assert {row["spot"] for row in ran.json["planned"]} <= {"Cửa hàng tạp hóa", "Điểm trường", "Trạm y tế"}


def test_rules_are_written_and_then_nothing_is_missing(folder):
    assert run(add_commands, folder, "placements", "plan", "--by-rules", "--write").exit_code == 0
    assert load_deployment(folder).faults == ()
    assert run(add_commands, folder, "placements", "plan", "--by-rules").stdout.startswith("Nothing is missing")


def test_a_piece_without_a_rule_and_rules_that_are_none(folder):
    ran = run(add_commands, folder, "placements", "plan", "--by-rules", "--piece", "standee")
    assert (ran.exit_code, "no rule for standee" in ran.stderr) == (78, True)
    (folder / "plan.toml").write_text("[rules.poster-a3]\nspots = []\nper_household = 3\n")
    ran = run(add_commands, folder, "placements", "plan", "--by-rules")
    assert ran.exit_code == 78
    assert "plan.toml" in ran.stdout


def test_what_was_hung_comes_back(folder, tmp_path):
    """The good row is kept, the bad one named by line; a second import replaces what was known."""
    register = tmp_path / "so-treo.csv"
    register.write_text("Mã,Ngày treo,GPS,Ảnh\nTN0101U,1/11/2026,,a.jpg\nTN0102S,sometime,,\n", "utf-8")
    ran = run(add_commands, folder, "placements", "import", register)
    assert ran.exit_code == 78
    assert "so-treo.csv:3: hung_on" in ran.stdout
    assert "1 placements taken in; 1 of" in ran.stdout
    assert (folder / "hung.csv").read_text("utf-8") == "code,hung_on,lat,lon,photo,by,note\nTN0101U,2026-11-01,,,a.jpg,,\n"
    register.write_text("Mã,Ngày treo,GPS,Ảnh\nTN0101U,2/11/2026,,b.jpg\nTN0102S,2/11/2026,,\n", "utf-8")
    ran = run(add_commands, folder, "placements", "import", register, "--json")
    assert (ran.exit_code, ran.json["taken"], ran.json["hung"]) == (0, 2, 2)
    assert "b.jpg" in (folder / "hung.csv").read_text("utf-8")


def test_a_dry_run_writes_nothing(folder, tmp_path):
    (tmp_path / "r.csv").write_text("code,hung_on\nTN0101U,2026-11-01\n")
    ran = run(add_commands, folder, "placements", "import", tmp_path / "r.csv", "--dry-run")
    assert (ran.exit_code, "would be taken in" in ran.stdout) == (0, True)
    assert not (folder / "hung.csv").exists()


def test_a_register_of_ours_that_was_spoiled_is_not_written_over(folder, tmp_path):
    (folder / "hung.csv").write_text("code,hung_on\nTN0101U,some day\n")
    (tmp_path / "r.csv").write_text("code,hung_on\nTN0102S,2026-11-01\n")
    ran = run(add_commands, folder, "placements", "import", tmp_path / "r.csv")
    assert (ran.exit_code, "hung.csv:2" in ran.stderr) == (78, True)
    assert "some day" in (folder / "hung.csv").read_text()


def test_a_register_that_is_none_is_said(folder, tmp_path):
    assert run(add_commands, folder, "placements", "import", tmp_path / "none.xlsx").exit_code == 1
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 broken")
    assert run(add_commands, folder, "placements", "import", tmp_path / "x.xlsx").exit_code == 78
