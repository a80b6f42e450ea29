"""The print room: a selection made in the background, proved, approved by another person, packed; what hangs; codes switched off."""

import io
import os
import re
import shutil
import time
import zipfile
from dataclasses import replace
from datetime import date

import pypdfium2
import pytest

from gateway.deployment import load_deployment, shipped_deployment
from gateway.domain.permission import Role
from gateway.domain.print_cell import CellState, Spot, cell_state, is_banner
from gateway.services import print_room as print_room_service
from gateway.storage import links, print_room
from gateway.storage.links import Visits, count_visits
from gateway.storage.print_room import Hung, JobState, PrintFile
from gateway.storage.schema import audit
from gateway.web.desk.print_room import maker
from gateway.web.desk.print_room.grid import grid_of, usual_pieces
from gateway.web.desk.print_room.pages import PRESS, Press
from tests.cpu import least_cpu_s
from tests.harness import eventually
from tests.services.people import rows
from tests.web.desk.conftest import NOW

OTHERS = "06580"  # another commune
one_engine = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)  # what draws is dear, and draws alike on both


def runner(desk):
    return desk.app[PRESS].runner


async def job_row(desk, job):
    async with desk.database.read() as connection:
        return await print_room.job_by_id(connection, job)


async def made_job(desk, clerk, villages=("TN02",), pieces=("leaflet-a5",)):
    """A job that the clerk began, run to its end."""
    answer = await clerk.post("/desk/print/jobs", {"shop": "in-offset", "village": list(villages), "piece": list(pieces), "lang": "vi"})
    assert answer.status == 303, answer.text
    job = int(answer.location.rpartition("/")[2])
    await runner(desk).settled(job)
    return await job_row(desk, job)


async def pretend_made(desk, clerk, hash_="ab" * 32):
    """A job that stands as made, without drawing."""

    async def unit(connection):
        job = await print_room.add_job(connection, "06577", "in-offset", "vi", [("TN02", "leaflet-a5")], clerk.user.id, NOW)
        await print_room.end(connection, job, JobState.MADE, hash_, None, NOW)
        return job

    return await desk.database.write(unit)


async def test_a_day_of_the_print_clerk(desk):
    """Made in the background, seen as pictures, approved by another person, packed, downloaded, handed to the shop."""
    clerk, boss = await desk.login(Role.PRINT), await desk.login(Role.APPROVER)
    first = await clerk.get("/desk/print")
    assert first.status == 200
    assert "Chưa làm 90" in first.text
    assert len(first.body) < 100_000
    job = await made_job(desk, clerk)
    assert (job.state, job.made, job.failed, job.total) == (JobState.MADE, 1, 0, 1)
    grid = await clerk.get("/desk/print?at=TN02:leaflet-a5&state=ready")
    assert "HTTPS://" in grid.text  # what the codes said when they were read back
    (file,) = set(re.findall(r"/desk/print/files/(\d+)/small.png", grid.text))
    small = await clerk.get(f"/desk/print/files/{file}/small.png")
    assert small.body.startswith(b"\x89PNG")
    assert len(small.body) <= 20_000
    assert (await clerk.get(f"/desk/print/files/{file}/large.png")).body.startswith(b"\x89PNG")
    assert (await clerk.get(f"/desk/print/files/{file}")).body.startswith(b"%PDF")
    assert (await boss.get(f"/desk/print/jobs/{job.id}/proof.pdf")).body.startswith(b"%PDF")
    assert (await clerk.get(f"/desk/print/jobs/{job.id}/package.zip")).status == 422  # not before the yes
    assert (await clerk.post(f"/desk/print/jobs/{job.id}/package")).status == 422
    yes = {"hash": job.hash, "seen": ["proof", "words"]}
    assert (await clerk.post(f"/desk/print/jobs/{job.id}/approve", yes)).status == 403
    assert (await boss.post(f"/desk/print/jobs/{job.id}/approve", yes)).status == 303
    assert (await clerk.post(f"/desk/print/jobs/{job.id}/package")).status == 303
    package = await clerk.get(f"/desk/print/jobs/{job.id}/package.zip")
    with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
        names = archive.namelist()
        (pdf,) = (name for name in names if "leaflet-a5" in name)
        assert len(pypdfium2.PdfDocument(archive.read(pdf))) == 2
    assert {"approval.json", "manifest.json", "proof.pdf", "so-treo.xlsx"} <= {name.rpartition("/")[2] for name in names}
    assert (await clerk.post(f"/desk/print/jobs/{job.id}/handed")).status == 303
    assert "Đang in 1" in (await clerk.get("/desk/print")).text
    done = [row.action for row in await rows(desk.database, audit)]
    assert {"print.make", "print.approve", "print.taken"} <= set(done)


@one_engine
async def test_what_stands_is_taken_over_and_a_stop_is_resumed(desk):
    """A second job of the same shop draws nothing that the first one made; one that a restart ended says so and goes on."""
    clerk = await desk.login(Role.PRINT)
    first = await made_job(desk, clerk)
    second = await made_job(desk, clerk)
    assert second.hash == first.hash
    one, two = (next((runner(desk).home(job.id) / "files").glob("TN02*.pdf")) for job in (first, second))
    assert one.stat().st_ino == two.stat().st_ino

    async def unit(connection):
        return await print_room.add_job(connection, "06577", "in-offset", "vi", [("TN02", "leaflet-a5")], clerk.user.id, NOW)

    job = await desk.database.write(unit)
    home = runner(desk).home(job)
    home.mkdir(parents=True)
    (home / "running.lock").touch()  # its process died: nobody holds the lock
    assert "Đang làm" in (await clerk.get(f"/desk/print/jobs/{job}")).text  # it may be about to take it
    desk.clock += 6_000
    assert "khởi động lại" in (await clerk.get(f"/desk/print/jobs/{job}")).text
    assert (await clerk.post(f"/desk/print/jobs/{job}/resume")).status == 303
    await runner(desk).settled(job)
    assert (await job_row(desk, job)).state is JobState.MADE


async def test_one_job_at_a_time_per_shop(desk):
    clerk = await desk.login(Role.PRINT)

    async def unit(connection):
        return await print_room.add_job(connection, "06577", "in-offset", "vi", [("TN02", "leaflet-a5")], clerk.user.id, desk.clock)

    await desk.database.write(unit)
    assert await desk.database.write(unit) is None
    again = await clerk.post("/desk/print/jobs", {"shop": "in-offset", "village": "TN02"})
    assert again.status == 422
    assert "làm dở" in again.text


async def test_two_approve_at_once_and_one_of_them_is_heard(desk):
    clerk, one, two = [await desk.login(role) for role in (Role.PRINT, Role.APPROVER, Role.APPROVER)]
    job = await pretend_made(desk, clerk)

    async def yes(officer):
        return await desk.database.write(lambda connection: print_room.approve(connection, job, "ab" * 32, officer.user.id, NOW))

    assert [await yes(clerk), await yes(one), await yes(two)] == [False, True, False]
    assert (await job_row(desk, job)).approver == one.user.name


@one_engine
async def test_an_approval_holds_for_the_hash_that_was_seen(desk):
    """Files that are not those of the hash, or another hash than the job's: no yes."""
    clerk, boss = await desk.login(Role.PRINT), await desk.login(Role.APPROVER)
    job = await made_job(desk, clerk)
    assert (await boss.post(f"/desk/print/jobs/{job.id}/approve", {"hash": "0" * 64, "seen": ["proof", "words"]})).status == 422
    assert (await boss.post(f"/desk/print/jobs/{job.id}/approve", {"hash": job.hash, "seen": "proof"})).status == 422
    spoiled = next((runner(desk).home(job.id) / "files").glob("*.pdf"))
    spoiled.write_bytes(spoiled.read_bytes() + b"\n")
    assert (await boss.post(f"/desk/print/jobs/{job.id}/approve", {"hash": job.hash, "seen": ["proof", "words"]})).status == 422
    assert (await job_row(desk, job.id)).state is JobState.MADE


async def test_what_is_another_communes_is_not_there(desk):
    """IDOR: job, file, proof, package, placement, village: all 404, none of it changed."""
    clerk, stranger = await desk.login(Role.PRINT), await desk.login(Role.PRINT, Role.APPROVER, commune=OTHERS)
    job = await pretend_made(desk, clerk)
    file = PrintFile(0, job, "06577", "TN02", "leaflet-a5", "nguon", "vi", 3, "x.pdf", "0" * 64, 2, (), (), NOW)
    await desk.database.write(lambda connection: print_room.add_files(connection, [file]))
    code = next(each.code for each in desk.desk.deployment.placements if each.village == "TN02")
    for path in (f"jobs/{job}", f"jobs/{job}/proof.pdf", f"jobs/{job}/package.zip", f"jobs/{job}/progress", "files/1", "files/1/small.png"):
        assert (await stranger.get(f"/desk/print/{path}")).status == 404, path
    for path, data in (
        (f"jobs/{job}/stop", {}),
        (f"jobs/{job}/approve", {"hash": "ab" * 32, "seen": ["a", "b"]}),
        (f"jobs/{job}/handed", {}),
        (f"placements/{code}/switch", {"do": "off", "why": "x"}),
        (f"placements/{code}/hung", {"hung_on": "2026-11-01"}),
        ("jobs", {"shop": "in-offset", "village": "TN02"}),
    ):
        assert (await stranger.post(f"/desk/print/{path}", data)).status == 404, path
    assert (await job_row(desk, job)).state is JobState.MADE
    assert "TN02" not in (await stranger.get("/desk/print")).text


@pytest.mark.parametrize(
    "path", ["files/..%2f..%2fgateway.toml", "files/1/..%2flarge.png", "jobs/1%00", "register.csv", "jobs/999999999999999"]
)
async def test_no_path_comes_from_the_address(desk, path):
    clerk = await desk.login(Role.PRINT)
    assert (await clerk.get(f"/desk/print/{path}")).status == 404


async def test_readers_of_tips_have_no_business_here(desk):
    reader, planner = await desk.login(Role.READER), await desk.login(Role.PLANNER)
    assert (await reader.get("/desk/print")).status == 403
    assert (await planner.get("/desk/print")).status == 200
    assert (await planner.post("/desk/print/jobs", {"shop": "in-offset", "village": "TN02"})).status == 403


async def test_hung_overdue_down_scans_and_codes_off(desk):
    """A banner's fifteen days; visits and tips by placement as counts; a code switched off and on, each with its reason."""
    clerk = await desk.login(Role.PRINT)
    placement = next(each for each in desk.desk.deployment.placements if (each.village, each.piece) == ("TN02", "banner-h"))
    place, at = f"/desk/print/placements/{placement.code}", "/desk/print?at=TN02:banner-h"
    visits = {Visits("TN02", placement.code, 20261101): 6, Visits("TN02", placement.code.lower(), 20261101): 2}
    await desk.database.write(lambda connection: count_visits(connection, visits))
    sheet = {"hung_on": "2026-11-01", "gps": "21.6874, 106.7861", "photo": "TN02.jpg", "by": "Ông Ví Dụ"}
    assert (await clerk.post(f"{place}/hung", sheet)).status == 303
    page = await clerk.get(at)
    assert "Quá 15 ngày" in page.text
    assert "phải gỡ từ 16/11" in page.text
    assert '<td class="num">6</td>' in page.text
    assert (await clerk.post(f"{place}/hung", {"hung_on": "2026-11-01", "photo": "../x"})).status == 422
    assert (await clerk.post(f"{place}/hung", {"hung_on": "2027-01-01"})).status == 422
    assert (await clerk.post(f"{place}/hung", {"down_on": "2026-10-01"})).status == 422
    assert (await clerk.post(f"{place}/hung", {"down_on": "2026-11-17"})).status == 303
    assert "Quá 15 ngày" not in (await clerk.get(at)).text
    assert (await clerk.post(f"{place}/switch", {"do": "off", "why": ""})).status == 422
    assert (await clerk.post(f"{place}/switch", {"do": "off", "why": "bị gỡ trộm"})).status == 303
    async with desk.database.read() as connection:
        assert (await links.overrides(connection))[placement.code].disabled_at == NOW
    assert "bị gỡ trộm" in (await clerk.get(at)).text
    assert (await clerk.post(f"{place}/switch", {"do": "on", "why": "đã treo lại"})).status == 303
    async with desk.database.read() as connection:
        assert await links.overrides(connection) == {}


@one_engine
async def test_the_register_goes_out_and_comes_back(desk):
    """PDF and XLSX; what comes back is taken whole or not at all, and of our own villages only."""
    clerk, stranger = await desk.login(Role.PRINT), await desk.login(Role.PRINT, commune=OTHERS)
    assert (await clerk.get("/desk/print/register.pdf?village=TN02")).body.startswith(b"%PDF")
    assert (await clerk.get("/desk/print/register.xlsx?village=TN02")).body.startswith(b"PK")
    code = next(each.code for each in desk.desk.deployment.placements if each.village == "TN02")
    good = f"code,hung_on\n{code},2026-11-02\n".encode()
    bad = f"code,hung_on\n{code},2026-11-02\nTN0299X,2026-11-02\n".encode()
    assert (await clerk.post("/desk/print/register", {"register": bad})).status == 422
    assert (await stranger.post("/desk/print/register", {"register": good})).status == 422
    async with desk.database.read() as connection:
        assert await print_room.hung(connection, None) == []
    assert (await clerk.post("/desk/print/register", {"register": good})).status == 303
    async with desk.database.read() as connection:
        assert [each.code for each in await print_room.hung(connection, "06577")] == [code]


@one_engine
async def test_a_full_disk_stops_the_job_and_says_so(desk, tmp_path):
    """A folder that takes no file: the job stops with its reason, nothing stands as made, and it can be gone on with."""
    clerk = await desk.login(Role.PRINT)
    jobs = runner(desk).home(1).parent
    jobs.parent.mkdir(parents=True)
    jobs.write_text("a file where the folder should be")
    answer = await clerk.post("/desk/print/jobs", {"shop": "in-offset", "village": "TN02", "piece": "leaflet-a5"})
    assert answer.status == 422
    assert "đĩa" in answer.text
    async with desk.database.read() as connection:
        (job,) = await print_room.jobs(connection, None)
    assert (job.state, job.trouble, job.made) == (JobState.STOPPED, "disk", 0)
    jobs.unlink()
    assert (await clerk.post(f"/desk/print/jobs/{job.id}/resume")).status == 303
    await runner(desk).settled(job.id)
    assert (await job_row(desk, job.id)).state is JobState.MADE


@one_engine
async def test_a_full_disk_while_packing_leaves_nothing(desk):
    """What can't be written is a sentence: no package, no half of one; once there is room it is made."""
    clerk, boss = await desk.login(Role.PRINT), await desk.login(Role.APPROVER)
    job = await made_job(desk, clerk)
    await boss.post(f"/desk/print/jobs/{job.id}/approve", {"hash": job.hash, "seen": ["proof", "words"]})
    package = runner(desk).home(job.id) / "package"
    package.write_text("a file where the folder should be")
    answer = await clerk.post(f"/desk/print/jobs/{job.id}/package")
    assert answer.status == 422
    assert "đĩa" in answer.text
    assert (await job_row(desk, job.id)).package is None
    package.unlink()
    assert (await clerk.post(f"/desk/print/jobs/{job.id}/package")).status == 303
    taken = runner(desk).package(job)
    taken.write_bytes(taken.read_bytes() + b"x")
    assert (await clerk.get(f"/desk/print/jobs/{job.id}/package.zip")).status == 422  # not the bytes that were made


def test_a_picture_that_cannot_be_written_leaves_nothing(tmp_path):
    """OSError in the process that draws becomes a line, never a traceback."""
    (tmp_path / "taken").write_text("")
    task = {"do": "show", "file": str(tmp_path / "none.pdf"), "pictures": str(tmp_path / "taken"), "sha256": "0" * 64, "size": "small"}
    assert [line["trouble"] for line in maker.done(task)] == ["disk"]


@one_engine
async def test_what_the_command_line_brought_hangs_too(desk, tmp_path):
    """hung.csv of the deployment shows in the grid; what the desk knows of the same placement wins."""
    folder = tmp_path / "xa"
    shutil.copytree(shipped_deployment(), folder)
    deployment = load_deployment(folder)
    one, two = [each.code for each in deployment.placements if each.village == "TN02"][:2]
    (folder / "hung.csv").write_text(f"code,hung_on\n{one},2026-11-10\n{two},2026-11-10\n")
    clerk = await desk.login(Role.PRINT)
    press = Press(replace(desk.desk, deployment=deployment))
    await print_room_service.hang(desk.database, clerk.actor, [Hung(two, "06577", date(2026, 11, 12))], NOW)
    board = await press.board(clerk.actor)
    assert {code: f"{each.hung_on}" for code, each in board.hung.items()} == {one: "2026-11-10", two: "2026-11-12"}


@one_engine
async def test_a_desk_that_ends_ends_what_draws(desk):
    """The process goes with the desk, the row says why, what is made stays; a person's stop is said too."""
    clerk = await desk.login(Role.PRINT)
    whole = {"shop": "in-offset", "every_village": "1", "piece": "leaflet-a5"}
    job = int((await clerk.post("/desk/print/jobs", whole)).location.rpartition("/")[2])

    async def has_made():
        return (await job_row(desk, job)).made > 0

    await eventually(has_made, 120)
    await runner(desk).close()
    found = await job_row(desk, job)
    assert (found.state, found.trouble) == (JobState.STOPPED, "restarted")
    assert 0 < found.made < found.total == 30
    assert (await clerk.post(f"/desk/print/jobs/{job}/resume")).status == 303
    assert (await clerk.post(f"/desk/print/jobs/{job}/stop")).status == 303
    await runner(desk).settled(job)
    assert (await job_row(desk, job)).trouble == "by hand"


@one_engine
async def test_the_grid_costs_little(desk):
    """90 cells with a file each are put together in a fraction of the 300 ms that a page may take."""
    printing, _ = await desk.app[PRESS].known()
    villages = list(printing.deployment.villages.values())
    files = [
        PrintFile(at, 1, "06577", each.village, each.piece, "nguon", "vi", each.number, "x.pdf", "0" * 64, 1, ("A",), (), NOW)
        for at, each in enumerate(printing.deployment.placements)
    ]
    board = print_room_service.Board(files, {}, {1: (JobState.MADE, False)}, {})
    pieces = usual_pieces(printing.deployment.placements, printing.pieces)
    made = grid_of(printing, board, villages, pieces, None, date(2026, 11, 18))
    assert made.counts == {CellState.READY: 90}
    assert least_cpu_s(lambda: grid_of(printing, board, villages, pieces, None, date(2026, 11, 18))) < 0.1


@one_engine
async def test_drawing_leaves_the_loop_free(desk):
    """While a job draws, this process spends a small part of what the drawing costs: it only reads lines."""
    clerk = await desk.login(Role.PRINT)
    await desk.app[PRESS].known()
    began, others = time.process_time(), os.times().children_user
    await made_job(desk, clerk, ("TN02",), ("poster-a3", "leaflet-a5"))
    ours, theirs = time.process_time() - began, os.times().children_user - others
    assert theirs > ours


BANNER, PAPER = Spot(is_banner=True), Spot()
HUNG = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("spots", "state"),
    [
        ([PAPER], CellState.MISSING),
        ([replace(PAPER, is_made=True), PAPER], CellState.MISSING),  # one spot has no file yet
        ([replace(PAPER, is_made=True)] * 2, CellState.READY),
        ([replace(PAPER, is_made=True, hung_on=HUNG), replace(PAPER, is_made=True)], CellState.READY),
        ([replace(PAPER, is_made=True, is_handed=True)], CellState.PRINTING),
        ([replace(PAPER, is_failed=True, hung_on=HUNG)], CellState.FAILED),
        ([replace(PAPER, hung_on=HUNG)], CellState.HUNG),  # made before the desk was there
        ([replace(BANNER, hung_on=date(2026, 11, 3))], CellState.HUNG),  # its fifteenth day
        ([replace(BANNER, hung_on=date(2026, 11, 2))], CellState.OVERDUE),
        ([replace(BANNER, hung_on=HUNG, down_on=date(2026, 11, 9))], CellState.HUNG),
        ([replace(PAPER, hung_on=date(2026, 1, 1))], CellState.HUNG),  # a poster is no banner
    ],
)
def test_what_a_cell_says(spots, state):
    assert cell_state(spots, date(2026, 11, 18)) is state


@pytest.mark.parametrize(
    ("title", "is_one"), [("Băng rôn 6 m", True), ("Phướn 0,8 × 2,5 m", True), ("Pa-nô 3 × 4 m", False), ("Áp phích A3", False)]
)
def test_what_the_law_calls_a_banner(title, is_one):
    assert is_banner(title) is is_one
