import os
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from collateral.batch import Failed, Made, NoSuchChoice, Ticket, Tickets, make, make_all, placement_for, tickets_for
from collateral.refusal import Refused
from gateway.domain.placement import Placement
from tests.collateral.conftest import ticket, with_village


def without_placements(shop, *kept: Placement):
    return replace(shop, deployment=replace(shop.deployment, placements=kept))


def test_a_file_gets_its_name_when_all_is_proved(shop, tmp_path):
    made = make(shop, ticket("leaflet-a5"), tmp_path)
    assert isinstance(made, Made)
    assert made.pages == 2
    assert made.qr == ("HTTPS://TINBAO.EXAMPLE/Q/TN0103Q",)
    assert [file.name for file in tmp_path.iterdir()] == ["TN01_leaflet-a5_ban-do_vi_148x210mm.pdf"]


def test_a_refused_piece_leaves_nothing_behind(shop, tmp_path):
    failed = make(with_village(shop, name="Khuổi Tẳng " * 9), ticket("poster-a3"), tmp_path)
    assert isinstance(failed, Failed)
    assert "TN01 poster-a3" in failed.error
    assert list(tmp_path.iterdir()) == []


def test_the_lowest_placement_of_the_piece_counts(shop):
    some = without_placements(
        shop, Placement("TN01", 9, "poster-a3", ""), Placement("TN01", 4, "poster-a3", ""), Placement("TN01", 2, "banner-h", "")
    )
    assert placement_for(some, "TN01", "poster-a3").number == 4


def test_every_spot_has_a_file_with_its_own_code(shop, tmp_path):
    """A village's first file keeps the plain name; the others carry their number."""
    some = without_placements(shop, Placement("TN01", 9, "poster-a3", "Chợ"), Placement("TN01", 5, "poster-a3", "Cổng"))
    tickets = tickets_for(some, "TN01", "poster-a3", "", "vi", every_spot=True)
    assert list(tickets) == [ticket("poster-a3"), replace(ticket("poster-a3"), placement=9)]
    made = list(make_all(some, tickets, tmp_path))
    assert [Path(each.file).name for each in made] == [
        "TN01_poster-a3_nguon_vi_297x420mm.pdf",
        "TN01_poster-a3_9_nguon_vi_297x420mm.pdf",
    ]
    assert [each.qr[0].rsplit("/", 1)[1] for each in made] == [Placement("TN01", n, "", "").code for n in (5, 9)]
    with pytest.raises(Refused, match="no placement 7 of poster-a3"):
        placement_for(some, "TN01", "poster-a3", 7)
    assert len(tickets_for(some, "TN02", "poster-a3", "", "vi", every_spot=True)) == 1  # it fails by name


def test_no_placement_is_refused_with_its_remedy(shop):
    with pytest.raises(Refused, match=r"no placement of poster-a3 in TN01.*tinbao placements plan"):
        placement_for(without_placements(shop), "TN01", "poster-a3")


def test_one_failure_leaves_the_others_done(shop, tmp_path):
    spoiled = with_village(shop, name="Khuổi Tẳng " * 9)
    results = list(make_all(spoiled, [ticket("poster-a3"), ticket("poster-a3", "TN02")], tmp_path))
    assert [type(result) for result in results] == [Failed, Made]


def test_processes_give_the_same_files_in_the_same_order(shop, tmp_path):
    tickets = [ticket("poster-a3"), ticket("banner-h", "TN05"), ticket("leaflet-a5", "TN03")]
    alone = list(make_all(shop, tickets, tmp_path / "one"))
    together = list(make_all(shop, tickets, tmp_path / "two", jobs=2))
    assert [result for result in alone if isinstance(result, Failed)] == []
    assert [result.sha256 for result in alone] == [result.sha256 for result in together]


def test_a_folder_that_takes_no_file_is_said(shop, tmp_path):
    (tmp_path / "TN01_poster-a3_nguon_vi_297x420mm.pdf").mkdir()
    failed = make(shop, ticket("poster-a3"), tmp_path)
    assert isinstance(failed, Failed)
    assert "Look at the folder" in failed.error
    assert not list(tmp_path.glob(".*"))


def test_an_older_file_is_replaced_whole(shop, tmp_path):
    """A reader that holds the old file keeps it: the new one takes its name, not its bytes."""
    old, held = tmp_path / "TN01_poster-a3_nguon_vi_297x420mm.pdf", tmp_path / "held.pdf"
    old.write_bytes(b"old")
    held.hardlink_to(old)
    assert isinstance(make(shop, ticket("poster-a3"), tmp_path), Made)
    assert held.read_bytes() == b"old"
    assert old.read_bytes().startswith(b"%PDF-1.4")


def test_all_means_every_village_and_what_is_placed_there(shop):
    tickets = tickets_for(shop, "all", "all", "", "vi")
    placed = {(each.village, each.piece) for each in shop.deployment.placements}
    assert {(each.village, each.piece) for each in tickets} == placed
    assert len(tickets) == len(placed)
    assert tickets[-1].village == "TN30"
    assert [each.village for each in tickets] == sorted(each.village for each in tickets)


def test_all_themes_and_languages(shop):
    kinds = [(each.theme, each.lang) for each in tickets_for(shop, "TN01", "poster-a3", "all", "all")]
    assert kinds == [(theme, lang) for theme in shop.pieces["poster-a3"].layouts for lang in shop.copies]


def test_a_village_without_any_placement_fails_by_name(shop, tmp_path):
    bare = without_placements(shop, Placement("TN02", 1, "poster-a3", ""))
    results = list(make_all(bare, tickets_for(bare, "TN01", "all", "", "vi"), tmp_path))
    assert len(results) == len(shop.pieces)
    assert all("no placement of" in each.error for each in results)


def test_tickets_are_made_as_they_are_asked_for(shop):
    """A province's tickets weigh nothing before they are walked through."""
    villages = [f"TN{n:05}" for n in range(100_000)]
    tickets = Tickets.of(shop, villages, [(("poster-a3", "nguon", "vi"),)] * len(villages))
    assert len(tickets) == 100_000
    assert tickets[99_999] == Ticket("TN99999", "poster-a3", "nguon", "vi")
    assert tickets[-1] == tickets[99_999]
    with pytest.raises(IndexError):
        tickets[100_000]


def test_only_a_few_are_handed_out_ahead(shop, tmp_path):
    """The source is walked a window ahead of the result that is taken, however long it is."""
    asked = 0

    def endless():
        nonlocal asked
        while True:
            asked += 1
            yield Failed(ticket("poster-a3"), str(asked))

    taken = list(islice(make_all(shop, endless(), tmp_path, jobs=2), 100))
    assert [each.error for each in taken] == [str(n) for n in range(1, 101)]
    assert asked <= 100 + 2 * 4 + 1


def test_what_is_a_result_already_passes_through_in_its_place(shop, tmp_path):
    known = Failed(ticket("banner-h"), "known")
    results = list(make_all(shop, [known, ticket("poster-a3"), known], tmp_path, jobs=2))
    assert [type(each) for each in results] == [Failed, Made, Failed]


def test_a_process_that_dies_costs_one_ticket(deployment_copy, tmp_path):
    """A village whose name is a bomb: every process that lays it out ends itself."""
    config = deployment_copy()
    code = (
        "import collateral.batch as batch, os\n"
        "real = batch.lay_out\n"
        "def deadly(shop, ticket, *more):\n"
        "    os._exit(9) if ticket.village == 'TN02' else None\n"
        "    return real(shop, ticket, *more)\n"
        "batch.lay_out = deadly\n"
    )
    (tmp_path / "sitecustomize.py").write_text(code)
    run = (
        "from pathlib import Path; import sys; from collateral.batch import *; from collateral.load import load_shop\n"
        "if __name__ == '__main__':\n"
        f"    shop = load_shop(Path({str(config)!r}))\n"
        "    tickets = [Ticket(f'TN{n:02}', 'poster-a3', 'nguon', 'vi') for n in range(1, 7)]\n"
        f"    print(*(type(each).__name__ for each in make_all(shop, tickets, Path({str(tmp_path / 'out')!r}), jobs=2)))\n"
    )
    (tmp_path / "run.py").write_text(run)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"}
    ran = subprocess.run([sys.executable, tmp_path / "run.py"], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.stdout.split() == ["Made", "Failed", "Made", "Made", "Made", "Made"], ran.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit")
def test_a_full_disk_costs_files_not_the_run(tmp_path):
    """A file may not grow beyond 20 kB: no half file stays, each failure names its cause and what to do."""
    run = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from pathlib import Path; from collateral.batch import *; from collateral.load import load_shop\n"
        "from gateway.deployment import shipped_deployment\n"
        "shop = load_shop(shipped_deployment())\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "for each in make_all(shop, [Ticket(f'TN0{n}', 'poster-a3', 'nguon', 'vi') for n in (1, 2)], Path('out')):\n"
        "    print(each.error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run(
        [sys.executable, "-c", run], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.stdout.count("File too large. Look at the folder's permissions and the disk's room") == 2, ran.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_piece_without_the_theme_fails_by_itself(shop):
    tickets = tickets_for(shop, "tn01", "all", "nguon", "vi")
    (failed,) = (each for each in tickets if isinstance(each, Failed) and each.ticket.piece == "leaflet-trifold")
    assert "leaflet-trifold has no theme “nguon”; there is: o-trong" in failed.error
    assert Ticket("TN01", "poster-a3", "nguon", "vi") in tickets


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (("TN99", "all", "", "vi"), "there is no village “TN99”; there is: TN01, "),
        (("all", "stamp", "", "vi"), "there is no piece “stamp”; there is: poster-a3, banner-h, leaflet-a5"),
        (("all", "all", "baroque", "vi"), "there is no theme “baroque” for all; there is: ban-do, nguon"),
        (("all", "all", "", "tlh"), "there is no language “tlh”; there is: en, lo, vi"),
    ],
)
def test_unknown_choices_list_what_there_is(shop, choice, said):
    with pytest.raises(NoSuchChoice) as raised:
        tickets_for(shop, *choice)
    assert str(raised.value).startswith(said)
