"""The print path needs nothing that only Unix has: an office prints from Windows."""

import json
import subprocess
import sys
from pathlib import Path

_WITHOUT = """
import sys
for name in ("fcntl", "uvloop", "resource", "pwd", "grp", "termios", "asyncpg", "aiohttp"):
    sys.modules[name] = None  # an import of it fails
sys.argv = ["tinbao", *sys.argv[1:]]
from gateway.cli import main
main()
"""


def test_print_works_without_unix(tmp_path: Path) -> None:
    """Make one of each piece for a village, and check them, with Unix's modules and the gateway's libraries out of reach."""
    command = [sys.executable, "-c", _WITHOUT]
    made = subprocess.run(
        [*command, "print", "make", "--village", "TN05", "--out", str(tmp_path), "--json"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    files = [json.loads(line)["file"] for line in made.stdout.splitlines()]
    assert len(files) == 3
    checked = subprocess.run(
        [*command, "print", "check", *files, "--json"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    assert [json.loads(line)["ok"] for line in checked.stdout.splitlines()] == [True] * 3
