from dataclasses import replace

import pytest

from collateral.batch import Failed, Made, NoSuchChoice, Ticket, make, make_all, placement_for, tickets_for
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


def test_no_placement_is_refused_with_its_remedy(shop):
    with pytest.raises(Refused, match=r"no placement of poster-a3 in TN01.*tinbao placements plan"):
        placement_for(without_placements(shop), "TN01", "poster-a3")


def test_one_failure_leaves_the_others_done(shop, tmp_path):
    spoiled = with_village(shop, name="Khuổi Tẳng " * 9)
    results = list(make_all(spoiled, [ticket("poster-a3"), ticket("poster-a3", "TN02")], tmp_path))
    assert [type(result) for result in results] == [Failed, Made]


def test_processes_give_the_same_files_in_the_same_order(shop, tmp_path):
    tickets = [ticket("poster-a3"), ticket("banner-h", "TN05"), ticket("leaflet-a5", "TN03")]
    alone = [result.sha256 for result in make_all(shop, tickets, tmp_path / "one")]
    together = [result.sha256 for result in make_all(shop, tickets, tmp_path / "two", jobs=2)]
    assert alone == together


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


def test_all_means_every_village_and_piece(shop):
    tickets = tickets_for(shop, "all", "all", "", "all")
    assert len(tickets) == 30 * 3
    assert tickets[:3] == [ticket("poster-a3"), ticket("banner-h"), ticket("leaflet-a5")]


def test_a_piece_without_the_theme_fails_by_itself(shop):
    tickets = tickets_for(shop, "tn01", "all", "nguon", "vi")
    assert [type(each) for each in tickets] == [Ticket, Ticket, Failed]
    assert "leaflet-a5 has no theme “nguon”; there is: ban-do" in tickets[2].error


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (("TN99", "all", "", "vi"), "there is no village “TN99”; there is: TN01, "),
        (("all", "stamp", "", "vi"), "there is no piece “stamp”; there is: poster-a3, banner-h, leaflet-a5"),
        (("all", "all", "baroque", "vi"), "there is no theme “baroque” for all; there is: ban-do, nguon"),
        (("all", "all", "", "tlh"), "there is no language “tlh”; there is: vi"),
    ],
)
def test_unknown_choices_list_what_there_is(shop, choice, said):
    with pytest.raises(NoSuchChoice) as raised:
        tickets_for(shop, *choice)
    assert str(raised.value).startswith(said)
