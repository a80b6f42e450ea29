"""The same input gives the same file under another Python and another hash seed: every piece, theme and language, at both levels."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.harness import ROOT

VERSIONS = ("3.13", "3.12", "3.11")


@pytest.fixture(scope="module")
def other_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of another version with our dependencies in the pinned versions, and nothing else."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = next((python for version in VERSIONS if version != here and (python := _python(version))), None)
    assert found, f"no other Python found; install one of {', '.join(VERSIONS)} beside {here}"
    folder = tmp_path_factory.mktemp("python")
    subprocess.run([found, "-m", "venv", folder], check=True, env=_environ())
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    subprocess.run([*pip, "--constraint", ROOT / "constraints.txt", *needed], check=True, env=_environ(), timeout=600)
    return folder / "bin" / "python"


def _python(version: str) -> str | None:
    """A working interpreter of that version: on the path, or one that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *sorted(map(str, kept.glob(f"{version}.*/bin/python{version}")))]
    return next((each for each in candidates if each and _starts(each)), None)


def _starts(python: str) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False, env=_environ()).returncode == 0


def _environ(**more: str) -> dict[str, str]:
    """This process's variables without those that lead back to its own Python."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TINBAO", "VIRTUAL_ENV"))}
    return {**kept, **more}


def _printed(python: str | Path, out: Path, standard: str, seed: str) -> dict[str, str]:
    """sha256 by file name of all that TN01 has."""
    command = [python, "main.py", "print", "make", "--village", "TN01", "--piece", "all", "--theme", "all", "--lang", "all"]
    command += ["--standard", standard, "--out", out, "--json"]
    done = subprocess.run(command, cwd=ROOT, env=_environ(PYTHONHASHSEED=seed), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {Path(row["file"]).name: row["sha256"] for row in rows}


@pytest.mark.parametrize("standard", ["x1a", "x4"])
def test_another_python_makes_the_same_bytes(other_python: Path, tmp_path: Path, standard: str) -> None:
    ours = _printed(sys.executable, tmp_path / "ours", standard, "1")
    theirs = _printed(other_python, tmp_path / "theirs", standard, "7")
    assert len(ours) > 100
    assert [name for name in ours if ours[name] != theirs.get(name)] == []
    assert ours.keys() == theirs.keys()
