"""`tinbao check --online`: one line a route, the network only when asked, never a password; and the files that nobody had looked at."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gateway.cli.check import add_commands
from gateway.deployment import shipped_deployment
from tests.cli.door import Ran, run
from tests.harness import deployment, free_ports

PASSWORD = "s3cret-of-the-contract"


@asynccontextmanager
async def carriers(asked: list[str]) -> AsyncIterator[str]:
    """Several vendors at one address: Jasmin takes the account, eSMS refuses it, Vonage is a router's page."""

    async def take(request: web.Request) -> web.Response:
        asked.append(request.path)
        match request.path:
            case "/balance":
                return web.json_response({"balance": 1250.5, "sms_count": "ND"})
            case "/json/GetBalance_json":
                return web.json_response({"CodeResponse": "101", "Balance": 0})
            case _:
                return web.Response(text="<html>Please log in</html>")

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def route(name: str, carrier: str, url: str, password: str = PASSWORD) -> str:
    return (
        f'[[routes]]\nname = "{name}"\ncarrier = "{carrier}"\nurl = "{url}"\ntps = 1\nhook_secret = "x"\n'
        f'account = {{ username = "u", password = "{password}" }}\n'
    )


async def checked(folder: Path, *words: str, json: bool = False) -> Ran:
    return await asyncio.to_thread(run, add_commands, folder, "check", *words, json=json)


def of(tmp_path: Path, url: str) -> Path:
    (nobody,) = free_ports(1)
    routes = [
        route("a", "jasmin", f"{url}/send"),
        route("b", "esms", f"{url}/json/Send/"),
        route("c", "vmg", f"{url}/SendSMS"),
        route("d", "jasmin", f"http://127.0.0.1:{nobody}/send"),
        route("e", "vonage", f"{url}/sms/json"),
        route("f", "jasmin", f"{url}/f/send", "${NOT_SET_HERE}"),
    ]
    return deployment(tmp_path / "d", routes="\n".join(routes)).folder


async def test_one_line_a_route(tmp_path: Path) -> None:
    asked: list[str] = []
    async with carriers(asked) as url:
        ran = await checked(of(tmp_path, url), "--online")
    lines = ran.stdout.splitlines()
    assert lines[0] == "a (jasmin): takes our account, 1,250.5 credits left"
    assert lines[1] == "c (vmg): no call of this carrier's sends nothing; only a test message shows more"
    said = {line.partition(": ")[2].partition(":")[0]: line for line in lines[2:]}
    assert "esms: it answers 101. Look at user name, password and options" in said["routes b"]
    assert "jasmin: no answer (" in said["routes d"]
    assert "vonage: it answers http-200" in said["routes e"]
    assert any("NOT_SET_HERE" in line for line in lines)  # and that route is not asked: its account is not whole
    assert sorted(asked) == ["/account/get-balance", "/balance", "/json/GetBalance_json"]
    assert ran.exit_code == 78
    assert PASSWORD not in ran.stdout + ran.stderr


async def test_the_same_as_json(tmp_path: Path) -> None:
    async with carriers([]) as url:
        ran = await checked(of(tmp_path, url), "--online", json=True)
    rows = {row["route"]: row for row in ran.json["online"]}
    assert rows["a"] == {"route": "a", "carrier": "jasmin", "stands": True, "balance": "1250.5", "currency": "credits"}
    assert [rows[name]["stands"] for name in "bcde"] == [False, None, False, False]
    assert "f" not in rows
    assert ran.json["ok"] is False
    assert PASSWORD not in ran.stdout


async def test_without_the_flag_nobody_is_asked(tmp_path: Path) -> None:
    asked: list[str] = []
    async with carriers(asked) as url:
        await checked(of(tmp_path, url))
    assert asked == []


# --- the other files of a deployment ---


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_deployment(), tmp_path / "xa"))


def spoilt(name: str, before: str, after: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert before in text
        (folder / name).write_text(text.replace(before, after, 1), "utf-8")

    return spoil


def appended(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text((folder / name).read_text("utf-8") + text, "utf-8") and None


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        (name, appended(name, "\n[nonsense]\nx = 1\n"))
        for name in ("retention.toml", "hand_over.toml", "plan.toml", "shops.toml", "numbers.toml", "deadlines.toml", "desk.toml")
    ]
    + [("retention.toml", appended("retention.toml", "\nbroken = = 1\n"))],
)
def test_every_file_that_serve_reads_is_read(folder: Path, name: str, spoil: Callable[[Path], None]) -> None:
    spoil(folder)
    ran = run(add_commands, folder, "check")
    assert ran.exit_code == 78
    assert any(line.startswith(f"{name}:") for line in ran.stdout.splitlines()), ran.stdout


def test_a_term_that_is_no_term(folder: Path) -> None:
    (folder / "retention.toml").write_text("[keep.tip]\nmonths = -3\n", "utf-8")
    assert "retention.toml:" in run(add_commands, folder, "check").stdout


def test_a_file_that_nobody_reads(folder: Path) -> None:
    """Misspelt, it would be as if it said nothing."""
    (folder / "retension.toml").write_text("", "utf-8")
    (folder / "vi-du.toml").write_text("", "utf-8")  # a description, a note: nobody's business
    ran = run(add_commands, folder, "check")
    assert "retension.toml: Nobody reads this file. Did you mean “retention.toml”?" in ran.stdout
    assert "vi-du" not in ran.stdout
