"""`tinbao wave` after the plan: moves, looking, watching, and settling lost answers; on a deployment of its own, in this process."""

import io
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from rich.console import Console

from gateway.cli import wave_life
from gateway.cli.wave_view import block_of, line_of
from gateway.domain.message import MtState
from gateway.domain.wave import WaveKind, WaveState
from gateway.domain.window import Window
from gateway.services.progress import Standing
from gateway.storage.waves import Wave
from tests.cli.deployed import folder, made
from tests.cli.door import Ran
from tests.cli.door import run as run_door
from tests.harness import TINBAO

S = WaveState
ZONE = "Asia/Ho_Chi_Minh"
NOON = 1_795_496_400_000  # 2026-11-24 12:00 in Ha Noi
__all__ = ["folder"]  # the fixture


def run(folder: Path, *words: str) -> Ran:
    def add(app: typer.Typer) -> None:
        group = typer.Typer()
        wave_life.add_commands(group)
        app.add_typer(group, name="wave")

    return run_door(add, folder, "wave", *words)


@pytest.mark.parametrize(
    ("words", "state", "said", "after"),
    [
        (("start",), S.PLANNED, "w: 3 messages may go; watch them: tinbao wave show w --watch", "running"),
        (("pause", "--why", "market day"), S.RUNNING, "w: paused; to go on: tinbao wave resume w", "paused"),
        (("resume",), S.PAUSED, "w: goes on; watch it: tinbao wave show w --watch", "running"),
    ],
)
def test_moves(folder: Path, words: tuple[str, ...], state: WaveState, said: str, after: str) -> None:
    made(folder, mts={"queued": 3}, state=state)
    assert run(folder, words[0], "w", *words[1:]).stdout == f"{said}\n"
    assert run(folder, "show", "w", "--json").json["state"] == after


def test_a_move_as_json(folder: Path) -> None:
    made(folder, mts={"queued": 3}, state=S.RUNNING)
    row = run(folder, "pause", "w", "--why", "market day", "--json").json
    assert (row["wave"], row["state"], row["reason"]) == ("w", "paused", "by hand: market day")


def test_go_on(folder: Path) -> None:
    made(folder, mts={"queued": 3}, state=S.RUNNING, ramp_state="asking")
    assert run(folder, "go-on", "w").stdout == "w: the rest may go; watch it: tinbao wave show w --watch\n"
    assert run(folder, "show", "w", "--json").json["ramp_state"] == "passed"


def test_cancel_counts(folder: Path) -> None:
    made(folder, mts={"queued": 30, "sent": 4, "sending": 2}, state=S.RUNNING)
    said = "w: cancelled; 30 messages will not go, 4 had left; 2 are still with a dispatcher\n"
    assert run(folder, "cancel", "w").stdout == said
    again = run(folder, "cancel", "w", "--json").json
    assert (again["state"], again["cancelled"], again["held"], again["messages"]["cancelled"]) == ("cancelled", 0, 2, 30)


def test_show_names_all_there_is(folder: Path) -> None:
    made(folder, mts={"queued": 1_000, "sent": 4, "uncertain": 2}, state=S.PAUSED, reason="by hand", mt={"code": "no answer"}, spent=1_200)
    shown = run(folder, "show", "w").stdout
    for words in (
        "w  paused: by hand",
        "queued",
        "1,000",
        "no answer 2",
        "of 100.0 allowed",
        "1.200 đ, no ceiling",
        "paused, nothing is sent",
    ):
        assert words in shown
    as_json = run(folder, "show", "w", "--json").json
    assert (as_json["messages"]["queued"], as_json["uncertain"], as_json["pace"]["allowed"]) == (1_000, {"no answer": 2}, 100)


def test_list_names_reasons(folder: Path) -> None:
    made(folder, "a", mts={"queued": 1_200}, state=S.PAUSED, reason="by hand")
    made(folder, "b", mts={"sent": 1}, state=S.RUNNING)
    assert run(folder, "list").stdout.splitlines() == [
        "b: running, 1 messages by gia-lap",
        "a: paused (by hand), 1,200 messages by gia-lap",
    ]


def test_watch_in_a_pipe_ends_with_the_wave(folder: Path) -> None:
    """A line each time; a wave that is over has one."""
    made(folder, mts={"delivered": 9, "failed": 1}, state=S.DONE, ended_at=NOON, mt={"code": "absent"})
    (line,) = run(folder, "show", "w", "--watch").stdout.splitlines()
    assert " w done: sent 0, delivered 9, failed 1, uncertain 0, left 0; 0.0 segments/s of 100.0 allowed; " in line
    assert run(folder, "show", "w", "--watch", "--json").json["state"] == "done"


def test_resolve_says_who_settled_what(folder: Path) -> None:
    made(folder, mts={"uncertain": 3}, state=S.DONE, mt={"code": "no answer"})
    assert run(folder, "resolve", "w").stdout.splitlines() == [
        "w: 3 were uncertain, 3 still are; settled 0 by reports, 0 by the carrier, 0 by your word",
        "for the rest decide yourself: tinbao wave resolve w --as sent, --as failed or --as again",
    ]
    done = run(folder, "resolve", "w", "--as", "sent", "--code", "no answer", "--json").json
    assert (done["before"], done["after"], done["by_word"], done["messages"]["sent"]) == ({"no answer": 3}, {}, 3, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as", "lost"), "--as lost is no word for it; write --as sent, --as failed or --as again"),
        (("--code", "x"), "--code chooses for whom --as speaks; add --as sent, --as failed or --as again"),
        (("--as", "again"), "--as again queues them once more, and who has the message already gets it twice; add --yes if that is meant"),
    ],
)
def test_resolve_is_careful(folder: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(folder, "resolve", "w", *words)
    assert (ran.exit_code, ran.stdout, ran.stderr.strip() or capsys.readouterr().err.strip()) == (2, "", said)


# --- the picture ---

COUNTS = {state.value: 0 for state in MtState} | {"queued": 47_229, "sending": 31, "sent": 12_001, "delivered": 39_900, "failed": 439}
WAVE = Wave(
    1, "tri-an-27-7", "xa", WaveKind.OWN, "viettel", "vi", {}, S.RUNNING, None, Window(7 * 60, 21 * 60), 0, None, None, None, 1, {},
    100_000, 131_204, 40_000_000, 15_702_000, None, None, None, None, 0, 0, None,
)  # fmt: skip
STANDING = Standing(NOON, WAVE, COUNTS, {"no answer": 20}, {"absent": 439}, 96.84, 100.0, "segments", True, NOON + 480_000, None)


def picture(standing: Standing) -> list[str]:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    console.print(block_of(standing, ZONE))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_the_block() -> None:
    assert picture(STANDING)[5:] == [
        "queued       47,229",
        "sending          31",
        "sent         12,001  taken by the carrier, no report yet",
        "delivered    39,900",
        "failed          439  absent 439",
        "uncertain         0  no answer 20",
        "not sent          0",
        "",
        "pace        96.8 segments/s of 100.0 allowed",
        "cost        15.702.000 đ of 40.000.000 đ approved",
        "end         about 12:08",
    ]


def test_the_block_stands_still() -> None:
    """Whatever the numbers are, each thing has its line and each number ends in the same column."""
    later = replace(STANDING, counts=COUNTS | {"queued": 7, "delivered": 87_122, "uncertain": 12}, pace_used=3.0, eta=None, failed={})
    one, two = picture(STANDING), picture(later)
    assert [line[:10] for line in one[5:]] == [line[:10] for line in two[5:]]
    assert {len(line[:19].rstrip()) for line in (*one[5:12], *two[5:12])} == {19}
    assert all(len(line) <= 80 for line in (*one, *two))


def test_a_long_reason_is_read_whole() -> None:
    reason = "ramp: 140 of 1,000 failed (absent 90, barred 50), limit 10 %, and much more that somebody wrote"
    shown = " ".join(picture(replace(STANDING, wave=replace(WAVE, state=S.PAUSED, reason=reason))))
    assert "much more that somebody wrote" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"opens_at": NOON + 19 * 3_600_000, "eta": None}, "end window shut until 2026-11-25 07:00"),
        ({"eta": None}, "end not known"),
        ({"wave": replace(WAVE, state=S.PAUSED)}, "end about 12:08"),
        ({"wave": replace(WAVE, state=S.DONE, ended_at=NOON - 60_000)}, "end ended 11:59"),
        ({"wave": replace(WAVE, kind=WaveKind.PARTNER)}, "end known to the partner who sends it"),
        ({"pace_allowed": None}, "96.8 segments/s, no limit"),
        ({"counts_money": False, "wave": replace(WAVE, spent=0)}, "cost not counted, the route has no price"),
    ],
)
def test_the_line(changes: dict, said: str) -> None:
    assert said in line_of(replace(STANDING, **changes), ZONE)


# --- on a terminal ---


@pytest.mark.skipif(sys.platform == "win32", reason="its consoles are no pseudo-terminals")
def test_ctrl_c_ends_only_the_view(folder: Path) -> None:
    """A real process on a pseudo-terminal: it draws, draws over what it drew, and leaves the wave as it is."""
    made(folder, mts={"queued": 9, "sent": 1}, state=S.RUNNING)
    ours, theirs = os.openpty()
    command = [*TINBAO, "--config", str(folder), "wave", "show", "w", "--watch"]
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "90", "LINES": "30", "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True) as process:
        os.close(theirs)
        drawn = b""
        while drawn.count(b"pace ") < 2:
            drawn += os.read(ours, 65_536)
        process.send_signal(signal.SIGINT)
        while True:
            try:
                if not (more := os.read(ours, 65_536)):
                    break
            except OSError:  # Linux says so when the other end is gone
                break
            drawn += more
        assert process.wait(30) == 0
    os.close(ours)
    assert b"\x1b[1A" in drawn  # it went up and drew over itself
    assert b"Traceback" not in drawn
    assert run(folder, "show", "w", "--json").json["state"] == "running"
