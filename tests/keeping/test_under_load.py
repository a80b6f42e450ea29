"""A backup while a real serve sends 1,000/s, a kill in the middle of either way: what is restored adds up and sends nothing."""

import asyncio
import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.services.keeping.backup import Places, Wish, make_backup
from gateway.simulator.behaviour import Behaviour
from gateway.storage.database import open_database
from gateway.storage.seal import Keyring
from tests.chaos import laws
from tests.chaos.arena import Case, arena, new_database, planned
from tests.conftest import TEST_KEY
from tests.harness import Gateway, deployment, eventually, route
from tests.keeping.test_backup import empty_database
from tests.services.people import NOW

MANY = 3_000
CALM = Case("a telco that answers", "simulator", "hold", 32, 1_000, Behaviour(dlr="shuffled", dlr_delay_s=0.05))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_a_backup_under_load_restores_to_a_ledger_that_balances(tmp_path: Path, engine: str) -> None:
    """Every MT of the backup has ended or waits for a word; the telco has what it calls sent; a serve on it sends nothing by itself."""
    name = f"load_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    database = await new_database(os.environ["TINBAO_TEST_PG"], name) if engine == "postgresql" else None
    async with arena(tmp_path / "d", CALM, database) as it:
        accepted = await planned(it, MANY)
        with it.gateway.serving():
            await eventually(lambda: _left(it, MANY // 10), pause=0.01)
            made = await _backed_up(it, tmp_path / "b")
        into = ("--database", await empty_database()) if engine == "postgresql" else ()
        done = await asyncio.to_thread(it.gateway.json, "restore", str(made), "--to", str(tmp_path / "new"), *into)
        url = into[1] if into else f"sqlite:///{tmp_path / 'new' / 'var' / 'tinbao.db'}"
        again = replace(it, gateway=replace(it.gateway, folder=tmp_path / "new"), database=url)
        settings = tmp_path / "new" / "gateway.toml"  # as the operator would: its database has another name now
        settings.write_text(settings.read_text().replace(str(database), url))
        rows, there = await again.rows(), it.counted()
        laws.at_the_end(rows, accepted, there)
        uncertain = sum(row.state == "uncertain" for row in rows.values())
        taken = sum(row.state in laws.TAKEN for row in rows.values())
        assert (taken > 0, int(str(done["uncertain"])) > 0) == (True, True)  # it was made in the middle
        assert taken + uncertain == accepted
        sent = len(it.telco.counts.refs)
        with again.gateway.serving():
            await eventually(lambda: _beats(again), pause=0.01)
        assert (len(it.telco.counts.refs), it.telco.counts.twice) == (sent, 0)
        standing = await again.standing()
        assert "'paused'" in standing


async def _backed_up(it, folder: Path) -> Path:
    """In this process: a command would start when all has left."""
    home = it.gateway.folder
    where = Places(home, it.database, home / "var" / "spool", home / "var" / "attachments", home / "var" / "tinbao.key")
    async with open_database(it.database, Keyring.of(TEST_KEY)) as database:
        return (await make_backup(database, where, Wish(folder), NOW)).path


async def _left(it, many: int) -> bool:
    return len(it.telco.counts.refs) >= many


async def _beats(it) -> bool:
    return bool(await it._asked("SELECT heartbeat_at FROM dispatcher"))


# --- kill -9 ---


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    """A deployment with so many attachments that a copy takes a moment."""
    made = deployment(tmp_path / "d", routes=route("r", "kannel", "http://127.0.0.1:9/"))
    folder = made.folder / "var" / "attachments" / "aa"
    folder.mkdir(parents=True)
    for at in range(4):
        (folder / f"{at}.sealed").write_bytes(os.urandom(16_000_000))
    return made


def killed_when(gateway: Gateway, there, *words: str) -> None:
    """Run a command and SIGKILL it as soon as `there()` says that it is in the middle."""
    process = subprocess.Popen(gateway.command(*words), env=gateway.variables(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not there():
        try:
            process.wait(0.002)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError("it ended before it could be killed")
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_killed_backup_leaves_no_backup_and_the_next_sweeps_up(gateway: Gateway, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    killed_when(gateway, lambda: any(half.stat().st_size for half in folder.glob(".*.half")), "backup", "--to", str(folder))
    assert list(folder.glob("*.backup")) == []
    assert gateway.run("backup", "drill", str(folder)).returncode == 1
    made = gateway.run("backup", "--to", str(folder), "--keep", "3")
    assert made.returncode == 0, made.stderr
    assert list(folder.glob(".*.half")) == []
    assert gateway.run("backup", "drill", str(folder)).stdout.count("as written") == 1


def test_a_killed_restore_leaves_no_deployment_and_the_next_succeeds(gateway: Gateway, tmp_path: Path) -> None:
    made = gateway.json("backup", "--to", str(tmp_path / "b"))
    words = ("restore", str(made["backup"]), "--to", str(tmp_path / "new"))
    killed_when(gateway, (tmp_path / ".new.restoring" / "var").exists, *words)
    assert not (tmp_path / "new").exists()
    done = gateway.run(*words)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / ".new.restoring").exists()
    assert len(list((tmp_path / "new" / "var" / "attachments").rglob("*.sealed"))) == 4
    assert "keys restore" in done.stdout
