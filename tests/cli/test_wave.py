"""`tinbao wave` as a real process: lists as offices make them, texts that don't fit, waves that may not go."""

import asyncio
import json
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from gateway.deployment import load_deployment
from gateway.domain.wave import WaveState
from gateway.services.contact_lists import import_list
from gateway.storage import waves
from gateway.storage.database import Database
from gateway.storage.schema import mt, route_state
from gateway.storage.waves import Wave
from tests.cli.refused import refusal
from tests.harness import Gateway, contacts_csv, deployment, eventually, route
from tests.story import ROUTE

NOWHERE = "http://127.0.0.1:9/cgi-bin/sendsms"
REAL = "that-su"  # leads to subscribers
TEXT = "{{ ma_thon }} tri an 27/7"
HEAD = "msisdn,village,legal_basis\n"
BASIS = "KH 238/KH-UBND"
ROWS, ROWS_S = 100_000, 60.0
MANY = 50_000


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    routes = route(ROUTE, "kannel", NOWHERE) + route(REAL, "kannel", NOWHERE, max_unapproved=3)
    return deployment(tmp_path_factory.mktemp("wave") / "d", routes=routes)


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(contacts_csv(4))
    return path


def plan(name: str, contacts: Path | str, text: str = TEXT, *more: str, by: str = ROUTE) -> tuple[str, ...]:
    return ("wave", "plan", "--id", name, "--route", by, "--text", text, "--contacts", str(contacts), *more)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Chao {{ ho_ten }}", "text vi:1: ho_ten: The text names {{ ho_ten }}, which nobody has. Did you mean {{ ten }}?"),
        ("Chao {{ thon", "text vi:1: The text can't be read"),
        ("x" * 161, "a text has 161 characters, 2 segments, over the limit of 1 (4 such texts); shorten it by 1 character"),
        ("Xin báo tin liệt sĩ. " * 4, "a text has 84 characters, 2 segments, over the limit of 1"),
        ("{{ ''.__class__ }}", "text vi:1: The text asks for a part of a field"),  # a text is no program
    ],
)  # fmt: skip
def test_a_text_that_does_not_fit_makes_no_wave(gateway: Gateway, contacts: Path, text: str, said: str) -> None:
    """One sentence with the remedy."""
    assert refusal(gateway.run(*plan("khong", contacts, text)), 1).startswith(said)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--route", "nope"), 1, f"there is no enabled route nope; enabled are: {ROUTE}, {REAL}"),
        (("--village", "TN99"), 1, "TN99 is no village of villages.csv; tinbao villages check shows them"),
        (("--window", "sang-toi"), 2, "“sang-toi” is no window; write it like 07:00-21:00"),
        (("--contacts", "nowhere.csv"), 1, "nowhere.csv can't be read: No such file or directory; check its name and permissions"),
    ],
)
def test_a_wrong_choice_is_named(gateway: Gateway, contacts: Path, words: tuple[str, str], code: int, said: str) -> None:
    assert refusal(gateway.run(*plan("khong", contacts, TEXT, *words)), code) == said


def test_a_list_with_faults_keeps_its_good_rest(gateway: Gateway, tmp_path: Path) -> None:
    """A number twice, a number of a spreadsheet (9.1E+08), a lost zero, an unknown village, nobody's consent: by line; the others go."""
    path = tmp_path / "to-dan.csv"
    rows = (
        f"0300000901,TN01,{BASIS}",
        f"+84300000901,TN02,{BASIS}",
        f"9.1E+08,TN03,{BASIS}",
        f"300000902,TN04,{BASIS}",
        f"0300000903,TN99,{BASIS}",
        "0300000904,TN05,",
        f"0300000905,TN06,{BASIS}",
    )
    path.write_text("\ufeff" + HEAD.replace(",", ";") + "\n".join(rows).replace(",", ";") + "\n", "utf-8")
    done = gateway.run(*plan("co-loi", path), "--json")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    told = done.stderr.splitlines()
    assert [line.split(": ")[0] for line in told[:4]] == ["to-dan.csv:3", "to-dan.csv:4", "to-dan.csv:5", "to-dan.csv:6"]
    assert "The number stands in line 2 already" in told[0]
    assert told[2] == "to-dan.csv:5: leading zero put back (+843…02)"
    assert told[4] == "3 rows left out, 1 row repaired"
    made = json.loads(done.stdout)
    assert (made["audience"], made["left_out"]) == (3, 2)
    assert {why: count for why, count in made["left_out_why"].items() if count} == {"no_basis": 1, "repeated": 1}


def test_a_list_without_a_good_row_makes_no_wave(gateway: Gateway, tmp_path: Path) -> None:
    path = tmp_path / "xau.csv"
    path.write_text(HEAD + f"mười hai,TN01,{BASIS}\n", "utf-8")
    done = gateway.run(*plan("khong", path))
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("xau.csv:2: msisdn: ")
    assert done.stderr.splitlines()[-1] == "xau.csv has no usable row; mend the lines named above"
    assert len(done.stderr.splitlines()) == 2


def test_100_000_rows_are_planned_in_bounded_time(gateway: Gateway, tmp_path: Path) -> None:
    """Two of them wrong: they are named, the others are in the queue."""
    path = tmp_path / "lon.csv"
    path.write_text(contacts_csv(ROWS - 2) + f"0300000000,TN01,{BASIS}\nabc,TN01,{BASIS}\n", "utf-8")
    begun = time.monotonic()
    done = gateway.run(*plan("lon", path), "--json")
    assert done.returncode == 0, done.stderr
    assert len(done.stderr.splitlines()) == 3
    assert f'"audience": {ROWS - 2}' in done.stdout
    assert time.monotonic() - begun < ROWS_S


def test_a_wave_is_planned_once_and_started_once(gateway: Gateway, contacts: Path) -> None:
    """The second plan of a name leaves the first as it is; show and list say where it stands."""
    planned = [gateway.json(*plan("mot-lan", contacts)) for _ in range(2)]
    assert [each["new"] for each in planned] == [True, False]
    assert [each["audience"] for each in planned] == [4, 4]
    assert gateway.run("wave", "start", "mot-lan").returncode == 0
    assert refusal(gateway.run("wave", "start", "mot-lan"), 1).startswith("wave mot-lan is running already")
    shown = gateway.json("wave", "show", "mot-lan")
    assert (shown["state"], shown["audience"]) == ("running", 4)
    listed = gateway.run("wave", "list", "--json").stdout
    assert '"mot-lan"' in listed
    assert '"khong"' not in listed  # a refused plan leaves nothing behind


def test_an_unapproved_wave_reaches_no_subscriber(gateway: Gateway, contacts: Path) -> None:
    """Over `max_unapproved` a second person is wanted, and the planner is told in time that nobody signed for the plan."""
    done = gateway.run(*plan("that", contacts, "{{ ma_thon }} den on 27/7", by=REAL))
    assert "nobody can approve this wave, because nobody said who planned it" in done.stderr
    sentence = refusal(gateway.run("wave", "start", "that"), 1)
    assert sentence.startswith(f"wave that is not approved, and route {REAL} takes at most 3 recipients in 24 hours without approval")
    assert gateway.json("wave", "show", "that")["state"] == "planned"


@pytest.mark.parametrize("command", ["start", "show"])
def test_an_unknown_wave_is_named(gateway: Gateway, command: str) -> None:
    assert refusal(gateway.run("wave", command, "khong-co"), 1) == "there is no wave khong-co; tinbao wave list shows all"


# --- options ---


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--commune", "99999"), 1, "99999 is no commune of communes.csv; tinbao villages check shows them"),
        (("--phase", "2"), 1, "a list's people are known from today on, so --phase says nothing of them; leave it out"),
        (("--not-answered", "dot-0"), 1, "there is no wave dot-0; tinbao wave list shows all"),
        (("--start-at", "mai"), 2, "“mai” is no time; write it like 2026-12-22 07:00"),
        (("--start-at", "2020-01-01 07:00"), 1, "2020-01-01 07:00 has gone by; name a time ahead, or leave --start-at out"),
        (("--preset", "1/1"), 1, "the calendar has no “1/1” ahead; it has "),
        (("--preset", "22/12", "--start-at", "2099-01-01 07:00"), 2, "--preset names the day already; leave --start-at out"),
        (("--ramp", "0"), 2, "a ramp is a part of the audience over 0 to 100 %"),
        (("--field", "ngay:gio"), 2, "“ngay:gio” is of no known kind; write ngay: and one of text, int, date, money"),
        (("--document", "238/KH-UBND"), 2, "a document has a number and a day: --document 238/KH-UBND --document-date 2026-06-15"),
        (("--text-file", "loi.txt"), 2, "“loi.txt” names no text; write it like vi=loi.txt"),
        (("--template", "khong-co"), 1, "there is no ready text khong-co; there are "),
    ],
)
def test_an_option_that_can_t_be_meant_is_named(gateway: Gateway, contacts: Path, words: tuple[str, ...], code: int, said: str) -> None:
    assert refusal(gateway.run(*plan("khong", contacts, TEXT, *words)), code).startswith(said)


def test_a_ready_text_in_all_its_languages(gateway: Gateway, contacts: Path) -> None:
    """The campaign's first language comes first: it is everybody's who has no other."""
    done = gateway.run("wave", "plan", "--id", "san", "--route", ROUTE, "--template", "dip-22-12", "--contacts", str(contacts), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["audience"] == 4
    shown = gateway.json("wave", "preview", "san")
    assert shown["languages"] == {"vi": 4}


def test_the_day_of_the_calendar(gateway: Gateway, contacts: Path) -> None:
    """A preset sets day and window; what is left a week later has expired."""
    assert gateway.run(*plan("ngay", contacts, "Tri an", "--preset", "27/7", "--ramp", "25", "--pace", "1")).returncode == 0
    shown = gateway.json("wave", "preview", "ngay")
    assert shown["begins_at"] > time.time() * 1000
    assert shown["window"] == "07:00-21:00"
    assert shown["ends_at"] == shown["begins_at"] + round(4000 / 0.96)


def test_a_report_names_every_row(gateway: Gateway, tmp_path: Path) -> None:
    """In the order of the list, as a spreadsheet reads it, no number in full."""
    path, report = tmp_path / "dan.csv", tmp_path / "bao-cao.csv"
    path.write_text(HEAD + f"0300000911,TN01,{BASIS}\nabc,TN01,{BASIS}\n300000912,TN01,{BASIS}\n0300000911,TN02,{BASIS}\n", "utf-8")
    assert gateway.run(*plan("bao-cao", path, TEXT, "--report", str(report))).returncode == 0
    lines = report.read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["line", "3", "4", "5"]
    assert lines[2] == "4,leading zero put back,msisdn,300xxxx12,+843…12,"
    assert not any(number in report.read_text("utf-8") for number in ("0300000911", "300000912", "0300000912"))


# --- preview and test ---


def test_a_preview_shows_what_would_go(gateway: Gateway, contacts: Path) -> None:
    """Counts, cost, texts; what is personal is masked."""
    text = "Chao {{ ten|khong_dau }}, LS {{ ma_thon }}"
    path = contacts.with_name("ten.csv")
    path.write_text("msisdn,village,legal_basis,ho ten\n" + f"0300000921,TN01,{BASIS},Vi Văn Ví Dụ\n", "utf-8")
    assert gateway.run(*plan("xem", path, text)).returncode == 0
    shown = gateway.json("wave", "preview", "xem")
    assert (shown["audience"], shown["villages"], shown["operators"]) == (1, {"TN01": 1}, {"": 1})
    assert [each["text"] for each in shown["samples"]] == ["Chao Xx Xxx Xx Xx, LS TN01"]
    page = gateway.run("wave", "preview", "xem")
    assert page.returncode == 0
    assert "Thôn Nà Lải (TN01)" in page.stdout
    assert "next: tinbao wave test xem" in page.stdout
    assert "Ví Dụ" not in page.stdout


def test_own_phones_read_it_first(gateway: Gateway, contacts: Path) -> None:
    """Each test has an id of its own, so that a second one goes out too; at most five phones."""
    assert gateway.run(*plan("thu", contacts, TEXT, "--again")).returncode == 0
    for at in (1, 2):
        done = gateway.json("wave", "test", "thu", "--to", "0300000931", "--to", "0300000932")
        assert (done["sent"], done["send_ids"]) == (2, [f"test:thu:{at}"])
    assert len(gateway.json("wave", "preview", "thu")["tested_at"]) == 2
    many = [word for at in range(6) for word in ("--to", f"030000094{at}")]
    assert refusal(gateway.run("wave", "test", "thu", *many), 1).startswith("a test goes to one to 5 phones, and 6 are named")
    assert refusal(gateway.run("wave", "test", "thu", "--to", "ai do"), 2).startswith("--to names neither a number nor a user")


# --- killed ---


@pytest.mark.parametrize("listed", [True, False], ids=["from a list", "from the database"])
async def test_killed_while_planning(database: Database, database_url: str, tmp_path: Path, listed: bool) -> None:
    """kill -9 in the middle of 50,000: it can't start; planned again it goes on, and each number stands once."""
    there = deployment(tmp_path / "d", routes=route(ROUTE, "kannel", NOWHERE), database=database_url)
    path = tmp_path / "lon.csv"
    path.write_text(contacts_csv(MANY), "utf-8")
    if not listed:
        with path.open("rb") as file:
            await import_list(database, file, "lon.csv", load_deployment(there.folder).villages, 1, [].append)
    command = ("wave", "plan", "--id", "lon", "--route", ROUTE, "--text", TEXT, *(("--contacts", str(path)) if listed else ()))
    planner = subprocess.Popen(there.command(*command), env=there.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    async def begun() -> bool:
        stored = await _wave(database)
        return stored is not None and stored.audience > 5_000

    await eventually(begun, pause=0.005)
    planner.kill()
    await asyncio.to_thread(planner.communicate)
    assert (await _wave(database)).state is WaveState.PLANNING
    assert "is not planned to its end" in refusal(await asyncio.to_thread(there.run, "wave", "start", "lon"), 1)
    done = await asyncio.to_thread(there.json, *command)
    assert (done["new"], done["resumed"], done["audience"]) == (True, True, MANY)
    async with database.read() as connection:
        assert await connection.scalar(select(func.count(func.distinct(mt.c.bidx)))) == MANY
        assert await connection.scalar(select(func.count()).select_from(mt)) == MANY


async def _wave(database: Database) -> Wave | None:
    async with database.read() as connection:
        return await waves.find(connection, "lon")


async def test_others_write_while_it_plans(database: Database, database_url: str, tmp_path: Path) -> None:
    """A hook's row waits for a page at most, never for the wave: no write gives up on the lock in all that time."""
    there = deployment(tmp_path / "d", routes=route(ROUTE, "kannel", NOWHERE), database=database_url)
    path = tmp_path / "lon.csv"
    path.write_text(contacts_csv(2 * MANY), "utf-8")
    planner = subprocess.Popen(there.command(*plan("lon", path)), env=there.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    between = 0
    while planner.poll() is None:
        await database.write(_knock)  # raises StorageDown after 1.5 s
        stored = await _wave(database)
        between += stored is not None and 0 < stored.audience < 2 * MANY
    _, told = await asyncio.to_thread(planner.communicate)
    assert planner.returncode == 0, told
    assert between > 5


async def _knock(connection) -> None:
    await connection.execute(update(route_state).values(next_slot_us=0))


def test_who_plans_signs_with_a_passphrase(gateway: Gateway, contacts: Path) -> None:
    """Handed over on stdin, never as an argument; a wrong one plans nothing."""
    added = gateway.run("users", "add", "Lan", "--role", "planner", stdin="Cau noi rat dai 27/7 cua toi\n")
    assert added.returncode == 0, added.stderr
    words = plan("ky-ten", contacts, TEXT, "--again", "--as", "Lan", by=REAL)
    wrong = gateway.run(*words, stdin="khong phai cau nay\n")
    assert wrong.returncode == 1
    assert "the name or the passphrase is wrong" in wrong.stderr
    assert gateway.run("wave", "show", "ky-ten").returncode == 1
    right = gateway.run(*words, stdin="Cau noi rat dai 27/7 cua toi\n")
    assert right.returncode == 0, right.stderr
    assert "nobody can approve" not in right.stderr
