"""`tinbao users`: passphrases come from the terminal or from stdin, and are in no argument, no output and no file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import doctor, users, wave_approval
from gateway.cli.context import Door, complain
from tests.cli.door import Ran
from tests.harness import KEY, Gateway, deployment, route

WORDS = "con trâu đen gặm cỏ"
LAN = "Nông Thị Lan"


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return deployment(tmp_path / "d", routes=route("tuyen", "kannel", "http://127.0.0.1:9/", max_unapproved=3, price_vnd=350))


def tinbao(gateway: Gateway, *words: str, typed: str = "", key: str = KEY) -> Ran:
    """Run a command as `main()` would, with `typed` on stdin; what people can mend becomes a sentence."""
    app = typer.Typer()

    @app.callback()
    def door(ctx: typer.Context) -> None:
        ctx.obj = Door(gateway.folder, False)

    users.add_commands(app)
    doctor.add_commands(app)
    wave = typer.Typer()
    wave_approval.add_commands(wave)
    app.add_typer(wave, name="wave")

    result = CliRunner().invoke(app, list(words), input=typed.encode(), env={"TINBAO_KEY": key})
    if result.exception is None or isinstance(result.exception, SystemExit):
        return Ran(result.exit_code, result.stdout, result.stderr)
    with pytest.raises(SystemExit) as left, complain():
        raise result.exception
    return Ran(int(left.value.code or 0), result.stdout, str(result.exception))


def add(gateway: Gateway, name: str = LAN, role: str = "planner", *more: str, words: str = WORDS) -> Ran:
    return tinbao(gateway, "users", "add", name, "--role", role, *more, typed=f"{words}\n")


def test_add_and_list(gateway: Gateway) -> None:
    """The passphrase is one line of stdin; phones are shown masked; nothing anybody typed is shown again."""
    done = add(gateway, LAN, "planner", "--phone", "0300 000 991")
    assert (done.exit_code, done.stdout) == (0, f"{LAN} is planner\n")
    assert add(gateway, "Hoàng Văn Hùng", "approver").exit_code == 0
    listed = tinbao(gateway, "users", "list")
    assert listed.stdout == f"{LAN}: planner, +843…91\nHoàng Văn Hùng: approver, no phone\n"
    assert tinbao(gateway, "users", "list", "--json").stdout.splitlines()[0] == (
        f'{{"name": "{LAN}", "roles": ["planner"], "phone": "+843…91", "disabled": false, "locked": false}}'
    )
    held = b"".join(path.read_bytes() for path in (gateway.folder / "var").iterdir() if path.is_file())
    assert WORDS.encode() not in held
    assert b"300000991" not in held


@pytest.mark.parametrize(
    ("words", "typed", "code", "said"),
    [
        ((LAN, "--role", "boss"), WORDS, 2, "“boss” is no role; take of: planner, approver"),
        ((LAN, "--role", "planner", "--phone", "12"), WORDS, 2, "--phone: too short or too long"),
        ((LAN, "--role", "planner"), "", 1, "no passphrase was given; type it, or hand it over as a line on stdin"),
        ((LAN, "--role", "planner"), "\n", 1, "no passphrase was given"),
        ((LAN, "--role", "planner"), "ngan\n", 1, "the passphrase is too short"),
        ((LAN, "--role", "planner"), "nong thi lan\n", 1, "the passphrase contains the name"),
        (("@", "--role", "planner"), WORDS, 1, "“@” is no name"),
    ],
)
def test_what_makes_no_user(gateway: Gateway, words: tuple[str, ...], typed: str, code: int, said: str) -> None:
    done = tinbao(gateway, "users", "add", *words, typed=typed)
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.startswith(said)
    assert tinbao(gateway, "users", "list").stdout == ""


def test_a_passphrase_is_no_argument(gateway: Gateway) -> None:
    """There is no option for it, so that none stands in a shell's history or in `ps`."""
    done = tinbao(gateway, "users", "add", LAN, "--role", "planner", "--passphrase", WORDS)
    assert done.exit_code == 2
    assert "No such option" in done.stderr


def test_bytes_that_are_no_utf8(gateway: Gateway) -> None:
    script = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})\nfrom gateway.cli.passphrase import ask\nprint(ask('x'))"
    done = subprocess.run([sys.executable, "-c", script], input=b"tr\xe2u \xff\n", capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == "the passphrase on stdin is no UTF-8; save it so, or type it\n"


def test_at_a_terminal_it_is_typed_twice_without_echo() -> None:
    """On a real pseudo-terminal: two different words are asked for again, and none of them comes back."""
    import pty

    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from gateway.cli.passphrase import ask\nprint('GOT', len(ask('Passphrase', new=True)))"
    )
    terminal, theirs = pty.openpty()
    child = subprocess.Popen([sys.executable, "-c", script], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen = b""
    for asked, typed in ((b"Passphrase: ", b"bon"), (b"Once more: ", b"nam"), (b"Passphrase: ", b"bon"), (b"Once more: ", b"bon")):
        seen += _until(terminal, asked)  # what is typed ahead of a prompt is thrown away
        os.write(terminal, b"mot hai ba " + typed + b"\n")
    seen += _until(terminal, b"GOT 14")
    assert child.wait(30) == 0
    os.close(terminal)
    assert b"Once more" in seen
    assert b"mot hai" not in seen


def _until(terminal: int, mark: bytes) -> bytes:
    seen = b""
    while mark not in seen:
        seen += os.read(terminal, 1024)
    return seen


def test_disable_and_enable(gateway: Gateway) -> None:
    add(gateway)
    assert tinbao(gateway, "users", "disable", "nong thi lan").stdout == f"{LAN} is disabled; waves and approvals keep the name\n"
    assert tinbao(gateway, "users", "list").stdout == f"{LAN}: planner, no phone, disabled\n"
    again = tinbao(gateway, "users", "disable", LAN)
    assert (again.exit_code, again.stderr) == (1, f"{LAN} is disabled already")
    assert tinbao(gateway, "users", "enable", LAN).stdout == f"{LAN} is planner again\n"
    assert tinbao(gateway, "users", "disable", "Ai").stderr == "there is no user Ai; tinbao users list shows all"


def test_a_passphrase_is_changed_by_who_knows_it_or_holds_the_key(gateway: Gateway) -> None:
    add(gateway)
    new = "gà trống gáy sáng"
    wrong = tinbao(gateway, "users", "passphrase", LAN, typed=f"không phải đâu nhé\n{new}\n")
    assert wrong.exit_code == 1
    assert wrong.stderr.startswith("the name or the passphrase is wrong")
    assert tinbao(gateway, "users", "passphrase", LAN, typed=f"{WORDS}\n{new}\n").stdout == f"{LAN} has a new passphrase\n"
    assert tinbao(gateway, "users", "passphrase", LAN, typed=f"{WORDS}\n{new}\n").exit_code == 1
    assert tinbao(gateway, "users", "passphrase", LAN, "--forgotten", typed=f"{WORDS}\n").exit_code == 0
    assert tinbao(gateway, "users", "passphrase", LAN, typed=f"{WORDS}\n{new}\n").exit_code == 0


def test_a_phone_is_registered_and_taken_back(gateway: Gateway) -> None:
    add(gateway)
    assert tinbao(gateway, "users", "phone", LAN, "--phone", "0300000201").stdout == f"{LAN} has the phone +843…01\n"
    add(gateway, "Hoàng Văn Hùng", "approver")
    taken = tinbao(gateway, "users", "phone", "hoang van hung", "--phone", "+84300000201")
    assert taken.stderr == f"the phone +843…01 belongs to {LAN}; a person has one name"
    assert tinbao(gateway, "users", "phone", LAN).stdout == f"{LAN} has no phone\n"


def test_without_the_key_of_the_installation_nobody_is_added(gateway: Gateway) -> None:
    """The key is all that is asked of who adds the first user; another key is refused."""
    add(gateway)
    done = tinbao(gateway, "users", "add", "Hoàng Văn Hùng", "--role", "approver", typed=f"{WORDS}\n", key=KEY[::-1][1:] + "=")
    assert done.exit_code == 78


def test_several_roles_and_a_commune(gateway) -> None:
    done = add(gateway, LAN, "reader", "--role", "reporter", "--commune", "06577")
    assert (done.exit_code, done.stdout.strip()) == (0, f"{LAN} is reader, reporter")
    done = tinbao(gateway, "users", "roles", "nong thi lan", "--role", "print")
    assert done.stdout.strip() == f"{LAN} is print"


def test_nobody_plans_and_approves(gateway) -> None:
    done = add(gateway, LAN, "planner", "--role", "approver")
    assert (done.exit_code, done.stderr.strip()) == (
        1,
        "nobody is planner and approver at once: who plans a wave must not approve it. Take one of the two",
    )


def test_a_commune_that_is_none(gateway) -> None:
    done = add(gateway, LAN, "reader", "--commune", "99999")
    assert (done.exit_code, "99999 is no commune" in done.stderr) == (2, True)


def test_a_lost_phone_counts_no_more(gateway) -> None:
    add(gateway, LAN, "reader")
    done = tinbao(gateway, "users", "lost-phone", "nong thi lan")
    assert (done.exit_code, f"{LAN} sets up a phone" in done.stdout) == (0, True)


def test_what_commands_do_to_users_is_noted(gateway) -> None:
    add(gateway, LAN, "reader")
    off = tinbao(gateway, "users", "disable", LAN)
    assert (off.exit_code, off.stderr) == (0, "")
    told = tinbao(gateway, "doctor", "--json")
    assert told.json["log"].startswith("2 ")
