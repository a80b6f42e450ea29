"""`tinbao wave` as a real process: lists as offices make them, texts that don't fit, waves that may not go."""

import time
from pathlib import Path

import pytest

from tests.cli.refused import refusal
from tests.harness import Gateway, contacts_csv, deployment, route
from tests.story import ROUTE

NOWHERE = "http://127.0.0.1:9/cgi-bin/sendsms"
REAL = "that-su"  # leads to subscribers
TEXT = "{{ ma_thon }} tri an 27/7"
HEAD = "msisdn,village,legal_basis\n"
BASIS = "KH 238/KH-UBND"
ROWS, ROWS_S = 100_000, 60.0


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    routes = route(ROUTE, "kannel", NOWHERE) + route(REAL, "kannel", NOWHERE, rehearsal=False)
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
        ("Chao {{ ho_ten }}", "the text names {{ ho_ten }}, which nobody has; it may name: dau_so, duong_day_nong, gia, ma_thon, "),
        ("Chao {{ thon", "line 1: "),
        ("x" * 161, "a text has 161 characters, 2 segments, over the limit of 1; shorten it"),
        ("Xin báo tin liệt sĩ. " * 4, "a text has 84 characters, 2 segments, over the limit of 1; write it without accents or"),
        ("{{ ''.__class__ }}", "the text can't be filled in: "),  # a sandbox: a text is no program
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
    assert [line.split(": ")[0] for line in told[:3]] == ["to-dan.csv:3", "to-dan.csv:4", "to-dan.csv:6"]
    assert "The number stands in line 2 already" in told[0]
    assert "numbers were repaired, first in line 5" in told[3]
    assert '"audience": 3' in done.stdout
    assert '"left_out": 1' in done.stdout  # neither consent nor legal basis


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
    assert len(done.stderr.splitlines()) == 2
    assert f'"audience": {ROWS - 2}' in done.stdout
    assert time.monotonic() - begun < ROWS_S


def test_a_wave_is_planned_once_and_started_once(gateway: Gateway, contacts: Path) -> None:
    """The second plan of a name leaves the first as it is; show and list say where it stands."""
    planned = [gateway.json(*plan("mot-lan", contacts)) for _ in range(2)]
    assert [each["new"] for each in planned] == [True, False]
    assert [each["audience"] for each in planned] == [4, 4]
    assert gateway.run("wave", "start", "mot-lan").returncode == 0
    assert refusal(gateway.run("wave", "start", "mot-lan"), 1) == "wave mot-lan is running already"
    shown = gateway.json("wave", "show", "mot-lan")
    assert (shown["state"], shown["audience"]) == ("running", 4)
    listed = gateway.run("wave", "list", "--json").stdout
    assert '"mot-lan"' in listed
    assert '"khong"' not in listed  # a refused plan leaves nothing behind


def test_an_unapproved_wave_reaches_no_subscriber(gateway: Gateway, contacts: Path) -> None:
    """A route that is no rehearsal wants a second person."""
    assert gateway.run(*plan("that", contacts, by=REAL)).returncode == 0
    sentence = refusal(gateway.run("wave", "start", "that"), 1)
    assert sentence == f"wave that is not approved, and route {REAL} reaches real subscribers; a second person must approve it first"
    assert gateway.json("wave", "show", "that")["state"] == "planned"


@pytest.mark.parametrize("command", ["start", "show"])
def test_an_unknown_wave_is_named(gateway: Gateway, command: str) -> None:
    assert refusal(gateway.run("wave", command, "khong-co"), 1) == "there is no wave khong-co; tinbao wave list shows all"
