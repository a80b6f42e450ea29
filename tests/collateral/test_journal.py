"""What a folder remembers: a run goes on after a kill, and only what changed is made anew."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from collateral.batch import Failed, Made, Ticket
from collateral.journal import FILE, Journal, fingerprint, make_changed
from collateral.press import OFFICE, Press
from collateral.refusal import Refused
from gateway.domain.placement import Placement
from tests.collateral.conftest import ticket, with_campaign, with_village

VILLAGES = [ticket("poster-a3", f"TN{n:02}") for n in range(1, 6)]


def stamps(folder: Path) -> dict[str, int]:
    return {file.name[:4]: file.stat().st_mtime_ns for file in folder.glob("*.pdf")}


def interrupted(shop, folder: Path, after: int) -> None:
    """A run that is cut off after so many files: its generator is thrown away as a kill would leave it, the journal unended."""
    run = make_changed(shop, VILLAGES, folder)
    for _ in range(after):
        next(run)
    path = folder / FILE
    before = path.read_bytes()
    run.close()
    path.write_bytes(before)


def test_a_run_goes_on_after_a_kill(shop, tmp_path):
    interrupted(shop, tmp_path, 3)
    (tmp_path / ".TN04_poster.pdf.77.part").write_bytes(b"half")
    kept = stamps(tmp_path)
    results = list(make_changed(shop, VILLAGES, tmp_path))
    assert [type(each) for each in results] == [Made] * 5
    assert [each.ticket for each in results] == VILLAGES
    assert {name: when for name, when in stamps(tmp_path).items() if name in kept} == kept
    assert list(tmp_path.glob(".*.part")) == []


def test_a_run_that_ended_is_made_anew_unless_only_changes_are_wanted(shop, tmp_path):
    first = list(make_changed(shop, VILLAGES[:2], tmp_path))
    before = stamps(tmp_path)
    assert list(make_changed(shop, VILLAGES[:2], tmp_path, only_changed=True)) == first
    assert stamps(tmp_path) == before
    assert list(make_changed(shop, VILLAGES[:2], tmp_path)) == first
    assert all(when > before[name] for name, when in stamps(tmp_path).items())


def test_a_real_kill(tmp_path):
    """kill -9 of the command while it works; the same command again ends the run, with every file whole."""
    command = [
        sys.executable,
        "main.py",
        "print",
        "make",
        "--village",
        "all",
        "--piece",
        "poster-a3",
        "--out",
        str(tmp_path),
        "--json",
        "--jobs",
        "2",
    ]
    root = Path(__file__).parents[2]
    ran = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root)
    seen = [ran.stdout.readline() for _ in range(4)]
    ran.kill()
    ran.stdout.close()
    ran.wait(30)
    kept = {Path(json.loads(line)["file"]): Path(json.loads(line)["file"]).stat().st_mtime_ns for line in seen}
    again = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=240, check=False)
    assert again.returncode == 0, again.stderr
    assert len(again.stdout.splitlines()) == 30
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert len(list(tmp_path.glob("*.pdf"))) == 30


@pytest.mark.parametrize("harm", ["changed", "gone", "spoiled line"])
def test_what_was_touched_is_made_again(shop, tmp_path, harm):
    (made,) = make_changed(shop, VILLAGES[:1], tmp_path)
    file, journal = Path(made.file), tmp_path / FILE
    if harm == "changed":
        file.write_bytes(file.read_bytes()[:-1])
    elif harm == "gone":
        file.unlink()
    else:
        journal.write_bytes(journal.read_bytes().replace(b'"fingerprint"', b'"finger'))
    (again,) = make_changed(shop, VILLAGES[:1], tmp_path, only_changed=True)
    assert again == made
    assert hashlib.sha256(file.read_bytes()).hexdigest() == made.sha256


def test_a_torn_last_line_costs_itself_only(shop, tmp_path):
    list(make_changed(shop, VILLAGES[:2], tmp_path))
    journal = tmp_path / FILE
    journal.write_bytes(journal.read_bytes() + b'{"made":{"ticket":{"vill')
    before = stamps(tmp_path)
    list(make_changed(shop, VILLAGES[:2], tmp_path, only_changed=True))
    assert stamps(tmp_path) == before
    assert not Journal(tmp_path).interrupted


def test_a_moved_folder_still_counts(shop, tmp_path):
    list(make_changed(shop, VILLAGES[:1], tmp_path / "a"))
    (tmp_path / "a").rename(tmp_path / "b")
    (made,) = make_changed(shop, VILLAGES[:1], tmp_path / "b", only_changed=True)
    assert Path(made.file).parent == tmp_path / "b"


def test_failures_stand_in_their_place_and_are_tried_again(shop, tmp_path):
    spoiled = with_village(shop, name="Khuổi Tẳng " * 9)
    known = Failed(ticket("banner-h"), "said before")
    results = list(make_changed(spoiled, [VILLAGES[0], known, VILLAGES[1]], tmp_path))
    assert [type(each) for each in results] == [Failed, Failed, Made]
    assert isinstance(next(make_changed(shop, VILLAGES[:1], tmp_path, only_changed=True)), Made)


def test_everything_that_decides_the_bytes_decides_the_fingerprint(shop):
    one = ticket("poster-a3")
    piece = shop.pieces["poster-a3"]
    lighter = replace(shop.themes["nguon"], gold=(10, 20, 50, 0))
    deck = shop.copies["vi"]
    others = [
        (with_village(shop, name="Khác"), OFFICE),
        (with_village(shop, contact=None), OFFICE),
        (with_campaign(shop, short_code="8099"), OFFICE),
        (replace(shop, pieces={**shop.pieces, "poster-a3": replace(piece, bleed=4)}), OFFICE),
        (replace(shop, themes={**shop.themes, "nguon": lighter}), OFFICE),
        (replace(shop, copies={**shop.copies, "vi": replace(deck, shared=replace(deck.shared, verb="Quét đi"))}), OFFICE),
        (replace(shop, copies={**shop.copies, "vi": replace(deck, sections={})}), OFFICE),
        (replace(shop, deployment=replace(shop.deployment, placements=(Placement("TN01", 9, "poster-a3", ""),))), OFFICE),
        (shop, Press(level="x4")),
        (shop, Press(outlines=True)),
        (shop, Press(condition="FOGRA51")),
    ]
    marks = [fingerprint(shop, one)] + [fingerprint(other, one, press) for other, press in others]
    assert len(set(marks)) == len(marks)
    assert fingerprint(with_village(shop, name="Khác"), ticket("poster-a3", "TN02")) == fingerprint(shop, ticket("poster-a3", "TN02"))


def test_the_fingerprint_is_the_same_in_another_process_with_another_hash_seed(shop):
    code = (
        "from collateral.journal import fingerprint; from collateral.load import load_shop; from collateral.batch import Ticket\n"
        "from gateway.deployment import shipped_deployment\n"
        "print(fingerprint(load_shop(shipped_deployment()), Ticket('TN01', 'board-3x4-bi', 'nguon', 'en')))"
    )
    run = [sys.executable, "-c", code]
    seen = {
        subprocess.run(
            run, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert seen == {fingerprint(shop, Ticket("TN01", "board-3x4-bi", "nguon", "en"))}


def test_no_placement_is_no_fingerprint(shop):
    with pytest.raises(Refused, match="no placement"):
        fingerprint(replace(shop, deployment=replace(shop.deployment, placements=())), ticket("poster-a3"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit")
def test_a_journal_that_can_not_grow_costs_a_memory_not_the_run(tmp_path):
    """Files may have 90 kB and are smaller; the journal is that large already. All files are made, and the next run makes them again."""
    (tmp_path / FILE).write_bytes(b"x" * 89_999 + b"\n")
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from pathlib import Path; from collateral.batch import *; from collateral.journal import make_changed\n"
        "from collateral.load import load_shop; from gateway.deployment import shipped_deployment\n"
        "shop = load_shop(shipped_deployment())\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (90_000, 90_000))\n"
        "tickets = [Ticket(f'TN0{n}', 'poster-a3', 'nguon', 'vi') for n in (1, 2)]\n"
        "for _ in range(2):\n"
        "    print(*(type(each).__name__ for each in make_changed(shop, tickets, Path(sys.argv[1]), only_changed=True)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.stdout.split() == ["Made"] * 4, ran.stderr
    assert (tmp_path / FILE).stat().st_size <= 90_000
