"""The product as `pip install .` leaves it in an empty environment, run from another directory (issue: what it must show, 2)."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from gateway.simulator.telco import Hook, telco
from tests.harness import KEY, ROOT, deployment, route
from tests.story import ROUTE, TelcoHandsets, story

# What a tree that people work in holds besides its sources: none of it may travel.
STRAY = ("config/thong-nhat/var/tinbao.key", "config/thong-nhat/var/tinbao.db", "config/thong-nhat/stray.db-wal", "gateway/stray.key")
AT_WORK = (".venv", ".git", "__pycache__", "var", "tinbao-demo", ".*_cache", ".hypothesis", "*.db", "*.key")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with nothing but us, built from a copy of the tree in which strays lie about."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*AT_WORK))
    for name in STRAY:
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text("stray")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = [str(folder / "venv" / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", str(tree / "constraints.txt"), str(tree)], check=True, env=_environ(), timeout=600)
    shutil.rmtree(tree)
    return folder / "venv" / "bin"


def _environ() -> dict[str, str]:
    """This process's variables without those that lead back to the clone."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TINBAO", "VIRTUAL_ENV"))}


def _travelled(installed: Path) -> list[PurePosixPath]:
    """Files that the installation made, relative to site-packages; compiled ones left out."""
    (record,) = installed.parent.glob("lib/python*/site-packages/tinbao-*.dist-info/RECORD")
    with record.open(encoding="utf-8", newline="") as rows:
        return [path for path in (PurePosixPath(row[0]) for row in csv.reader(rows)) if path.suffix != ".pyc"]


def test_the_wheel_holds_our_files_and_nothing_else(installed: Path) -> None:
    """No key, no database; nothing on top that another distribution could also claim; all data that the clone has."""
    files = _travelled(installed)
    ours = [path for path in files if path.parts[0] in ("gateway", "collateral", "tinbao.py")]
    assert {path.parts[0] for path in files if path not in ours and ".dist-info" not in path.parts[0]} == {".."}
    assert [path for path in files if path.parts[0] == ".."] == [PurePosixPath("../../../bin/tinbao")]
    assert {path.suffix for path in ours} <= {".py", ".toml", ".csv", ".j2", ".html", ".mako", ".css", ".js", ".svg"}
    for name in ("config", "templates"):
        there = {path.relative_to(f"gateway/shipped/{name}").as_posix() for path in ours if path.is_relative_to(f"gateway/shipped/{name}")}
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", name], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert there == {str(PurePosixPath(line).relative_to(name)) for line in listed.stdout.splitlines()}


def test_the_installation_agrees_with_itself(installed: Path) -> None:
    """No requirement is missing or at odds."""
    done = subprocess.run([installed / "pip", "check"], capture_output=True, text=True, check=False, env=_environ())
    assert done.returncode == 0, done.stdout


async def test_the_story_by_the_installed_command(installed: Path, tmp_path: Path) -> None:
    """The story unchanged, from a directory that knows nothing of the clone."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with telco() as there:
        gateway = deployment(
            tmp_path / "d",
            routes=route(ROUTE, "simulator", f"{there.url}/sms"),
            tinbao=(str(installed / "tinbao"),),
            environ={"PYTHONPATH": ""},
            cwd=elsewhere,
        )
        there.hook = Hook(f"{gateway.url}/hooks/{ROUTE}/mo?secret=s3cret")
        await story(gateway, TelcoHandsets(there))
    assert not list(elsewhere.iterdir())


def test_the_installed_demo_reaches_ready(installed: Path, tmp_path: Path) -> None:
    """One command, any directory: a wave, tips, three posters; then it ends by itself."""
    done = subprocess.run(
        [installed / "tinbao", "demo", "--once", "--folder", tmp_path / "demo"],
        cwd=tmp_path,
        env=_environ(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "\nready\n" in done.stdout
    assert "Traceback" not in done.stderr
    assert len(list((tmp_path / "demo" / "posters").glob("*.pdf"))) >= 3


def test_the_installed_command_makes_a_deployment_that_checks_out(installed: Path, tmp_path: Path) -> None:
    """`init` finds what travelled with it."""
    for words in (["init", str(tmp_path / "own")], ["--config", str(tmp_path / "own"), "check"]):
        done = subprocess.run([installed / "tinbao", *words], cwd=tmp_path, env=_environ(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert KEY not in (tmp_path / "own" / "var" / "tinbao.key").read_text()
