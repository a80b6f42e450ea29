"""`tinbao placements plan`: numbers that are new and can be read."""

import shutil
from pathlib import Path

import pytest

from gateway.cli.placements import add_commands
from gateway.deployment import load_deployment, shipped_deployment
from gateway.domain.code import read_placement_code
from tests.cli.door import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_deployment(), tmp_path / "xa"))


def test_nothing_is_missing_in_the_shipped_deployment(folder):
    ran = run(add_commands, folder, "placements", "plan")
    assert (ran.exit_code, ran.stdout) == (0, "Nothing is missing: every village has each piece\n")


def test_the_shipped_file_is_what_plan_makes(folder):
    shipped = (folder / "placements.csv").read_text("utf-8")
    (folder / "placements.csv").write_text("village,number,piece,spot\n")
    pieces = [word for piece in ("poster-a3", "banner-h", "leaflet-a5") for word in ("--piece", piece)]
    assert run(add_commands, folder, "placements", "plan", *pieces, "--write").exit_code == 0
    made = (folder / "placements.csv").read_text("utf-8")
    assert [line.split(",")[:3] for line in made.splitlines()] == [line.split(",")[:3] for line in shipped.splitlines()]


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
    ran = run(add_commands, folder, "placements", "plan", "--piece", "phuon", "--write")
    assert ran.exit_code == 0
    after = (folder / "placements.csv").read_bytes()
    assert after.startswith(before + b"\n")
    deployment = load_deployment(folder)
    assert (len(deployment.placements), deployment.faults) == (120, ())
    assert run(add_commands, folder, "placements", "plan", "--write").stdout.startswith("Nothing is missing")


def test_a_faulty_row_stops_the_plan(folder):
    """Its number may hang somewhere already and must not be given out again."""
    with (folder / "placements.csv").open("a", encoding="utf-8") as file:
        file.write("TN99,3,poster-a3,x\n")
    ran = run(add_commands, folder, "placements", "plan", "--piece", "phuon")
    assert ran.exit_code == 78
    assert ran.stdout.startswith("placements.csv:92: village: “TN99”")


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
