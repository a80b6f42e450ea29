"""`tinbao clients`: a secret is shown once, and stands in no argument, list or file."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import clients
from gateway.cli.context import Door, complain
from tests.cli.door import Ran
from tests.harness import KEY, Gateway, deployment, route


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return deployment(tmp_path / "d", routes=route("tuyen", "kannel", "http://127.0.0.1:9/"))


def tinbao(gateway: Gateway, *words: str, typed: str = "", as_json: bool = False) -> Ran:
    """Run a command as `main()` would, with `typed` on stdin; what people can mend becomes a sentence."""
    app = typer.Typer()

    @app.callback()
    def door(ctx: typer.Context) -> None:
        ctx.obj = Door(gateway.folder, as_json)

    clients.add_commands(app)
    result = CliRunner().invoke(app, ["clients", *words], input=typed.encode(), env={"TINBAO_KEY": KEY})
    if result.exception is None or isinstance(result.exception, SystemExit):
        return Ran(result.exit_code, result.stdout, result.stderr)
    with pytest.raises(SystemExit) as left, complain():
        raise result.exception
    return Ran(int(left.value.code or 0), result.stdout, str(result.exception))


def test_add_list_revoke(gateway: Gateway) -> None:
    """What one system's life looks like; its secret is in the first answer alone, and in no file."""
    done = tinbao(gateway, "add", "crm", "--scope", "send", "--scope", "read", "--route", "tuyen")
    assert done.exit_code == 0, done.stderr
    first, shown, bearer, _ = done.stdout.splitlines()
    secret = shown.rpartition(" ")[2]
    assert first == "crm may: send, read"
    assert len(secret) == 43
    assert bearer.endswith(f" crm.{secret}")
    assert tinbao(gateway, "list").stdout == "crm (06577): send, read, by tuyen\n"
    assert tinbao(gateway, "revoke", "crm").stdout == "crm may nothing from now on; what it sent stays\n"
    assert tinbao(gateway, "list").stdout == "crm (06577): send, read, by tuyen, revoked\n"
    assert not any(secret.encode() in path.read_bytes() for path in gateway.folder.rglob("*") if path.is_file())


def test_json(gateway: Gateway) -> None:
    """For machines: the secrets at adding; addresses by their host only."""
    words = ("add", "crm", "--scope", "webhooks", "--webhook", "-", "--mo-url", "-", "--callback-host", "crm.noibo")
    added = json.loads(tinbao(gateway, *words, typed="http://a.example/?p=hush\nhttps://b.example/hush\n", as_json=True).stdout)
    assert set(added) == {"name", "secret", "webhook_secret"}
    assert added["webhook_secret"]
    listed = tinbao(gateway, "list", "--json").stdout
    assert "hush" not in listed
    row = json.loads(listed)
    assert (row["mo_host"], row["webhook_host"], row["callback_hosts"]) == ("a.example", "b.example", ["crm.noibo"])
    assert row["events"] == ["tip.received", "mt.settled"]


def test_set_and_retry(gateway: Gateway) -> None:
    """Reached elsewhere under the same secret; a first webhook shows its own, once."""
    tinbao(gateway, "add", "crm", "--scope", "webhooks")
    done = tinbao(
        gateway, "set", "crm", "--webhook", "-", "--event", "mt.settled", "--callback-host", "crm.noibo", typed="https://b.example/hush\n"
    )
    said, shown = done.stdout.splitlines()
    assert said == "crm is reached as you say from now on; its secret is what it was"
    assert len(shown.rpartition(" ")[2]) == 43
    assert json.loads(tinbao(gateway, "set", "crm", "--mo-url", "https://a.example/?p=hush", as_json=True).stdout) == {
        "name": "crm",
        "webhook_secret": None,
    }
    row = json.loads(tinbao(gateway, "list", "--json").stdout)
    assert (row["mo_host"], row["webhook_host"], row["events"]) == ("a.example", "b.example", ["mt.settled"])
    assert tinbao(gateway, "retry", "crm").stdout == "crm has nothing to be told again\n"
    assert json.loads(tinbao(gateway, "retry", "crm", as_json=True).stdout) == {"name": "crm", "again": 0, "faulty": 0, "gone": 0}


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("add", "crm", "--scope", "send", "--route", "none"), 2, "there is no route none"),
        (("add", "crm", "--scope", "send", "--commune", "1"), 2, "no commune"),
        (("add", "crm", "--scope", "all"), 1, "no scope"),
        (("add", "C R M", "--scope", "send"), 1, "name"),
        (("add", "crm"), 2, "scope"),
        (("revoke", "crm"), 1, "no client crm"),
        (("set", "crm", "--mo-url", "https://a.example/"), 1, "no client crm"),
        (("set", "crm"), 1, "nothing to change"),
        (("retry", "crm"), 1, "no client crm"),
    ],
)
def test_refused(gateway: Gateway, words: tuple[str, ...], code: int, why: str) -> None:
    done = tinbao(gateway, *words)
    assert done.exit_code == code
    assert why in done.stderr
