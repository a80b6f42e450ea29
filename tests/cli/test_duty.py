"""`tinbao duty`: numbers come from the terminal or stdin, are in no argument and no output."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import duty
from gateway.cli.context import Door, complain
from tests.cli.door import Ran
from tests.harness import KEY, Gateway, deployment, route

LAN = "Nông Thị Lan"


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return deployment(tmp_path / "d", routes=route("tuyen", "kannel", "http://127.0.0.1:9/"))


def tinbao(gateway: Gateway, *words: str, typed: str = "") -> Ran:
    app = typer.Typer()

    @app.callback()
    def door(ctx: typer.Context) -> None:
        ctx.obj = Door(gateway.folder, False)

    duty.add_commands(app)
    result = CliRunner().invoke(app, list(words), input=typed.encode(), env={"TINBAO_KEY": KEY})
    if result.exception is None or isinstance(result.exception, SystemExit):
        return Ran(result.exit_code, result.stdout, result.stderr)
    with pytest.raises(SystemExit) as left, complain():
        raise result.exception
    return Ran(int(left.value.code or 0), result.stdout, str(result.exception))


def test_add_list_and_remove(gateway) -> None:
    assert "nobody is on the duty list" in tinbao(gateway, "duty", "list").stdout
    done = tinbao(gateway, "duty", "add", LAN, typed="0300 000 991\n")
    assert (done.exit_code, done.stdout) == (0, f"{LAN} is on the duty list, level 1, +843…91\n")
    assert tinbao(gateway, "duty", "add", "Hoàng Văn Hùng", "--level", "2", typed="+84300000992").exit_code == 0
    assert tinbao(gateway, "duty", "list").stdout == f"1  {LAN}, +843…91\n2  Hoàng Văn Hùng, +843…92\n"
    assert tinbao(gateway, "duty", "list", "--json").stdout.splitlines()[0] == f'{{"name": "{LAN}", "level": 1, "phone": "+843…91"}}'
    assert tinbao(gateway, "duty", "remove", "nong thi lan").stdout == f"{LAN} is off the duty list\n"
    held = b"".join(path.read_bytes() for path in (gateway.folder / "var").iterdir() if path.is_file())
    assert b"300000991" not in held


@pytest.mark.parametrize(("words", "typed", "code", "said"), [
    (("add", LAN), "12\n", 2, "Write it like 0300 000 101"), (("add", LAN), "", 2, "typed or as a line on stdin"),
    (("add", LAN, "--level", "0"), "0300000991\n", 1, "outside 1..9"), (("remove", "Ai Đó"), "", 1, "nobody of that name"),
])  # fmt: skip
def test_what_is_wrong_is_one_sentence(gateway, words, typed, code, said) -> None:
    ran = tinbao(gateway, "duty", *words, typed=typed)
    assert (ran.exit_code, ran.stdout, ran.stderr.strip().count("\n")) == (code, "", 0)
    assert said in ran.stderr
    assert typed.strip() == "" or typed.strip() not in ran.stderr
